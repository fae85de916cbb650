/** The ways out of Slack that are configured; none: there is no pager. */
import type { Pager } from '../usecases/watch-ports.ts';
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
