/** The ways out of Slack that are configured. */
import type { Log } from '../usecases/ports.ts';
import type { Heartbeat, Pager } from '../usecases/watch-ports.ts';
import type { Call } from './outgoing-call.ts';
import { createPagerDuty, type PagerDutySettings } from './pagerduty.ts';
import { createSignedWebhook, type WebhookSettings } from './signed-webhook.ts';

export interface PagerSettings {
  readonly pagerDuty: PagerDutySettings | null;
  readonly webhook: WebhookSettings | null;
}

export function createPagers({ pagerDuty, webhook }: PagerSettings, call: Call, now: () => number): Pager[] {
  return [
    ...(pagerDuty === null ? [] : [createPagerDuty(pagerDuty, call)]),
    ...(webhook === null ? [] : [createSignedWebhook(webhook, call, now)]),
  ];
}

export function createHeartbeat(heartbeatUrl: string, call: Call, log: Log): Heartbeat {
  const seeing = new URL(heartbeatUrl);
  const blind = new URL(heartbeatUrl);
  blind.pathname = `${blind.pathname.replace(/\/+$/, '')}/fail`;
  return async (isSeeing) => {
    const called = await call({ method: 'GET', url: (isSeeing ? seeing : blind).href });
    if (!called.ok) log.warn({ why: called.why, isSeeing }, 'heartbeat failed');
  };
}
