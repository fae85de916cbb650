/**
 * The same events as JSON to a receiver of the desk's own, signed as Standard Webhooks describes
 * (https://github.com/standard-webhooks/standard-webhooks): ids repeat when an event is sent again, so that receivers
 * can recognise it.
 */
import { Webhook } from 'standardwebhooks';
import type { PageEvent, Pager } from '../usecases/watch-ports.ts';
import type { Call } from './outgoing-call.ts';
import { pageDetails, pagerSeverity, pageSummary } from './page-text.ts';

export interface WebhookSettings {
  readonly url: string;
  /** `whsec_…` */
  readonly secret: string;
}

/** `now`: UTC milliseconds, for the signed time. */
export function createSignedWebhook({ url, secret }: WebhookSettings, call: Call, now: () => number): Pager {
  const webhook = new Webhook(secret);
  return {
    name: 'Webhook',
    async send(page: PageEvent) {
      const { key, state, episode, nextKey } = page;
      // Each incident is triggered, acknowledged and resolved at most once.
      const id = `${key}.${state}`;
      const atMs = now();
      const body = JSON.stringify({
        type: `case.${state}`,
        timestamp: new Date(episode.figures.asOfMs).toISOString(),
        data: {
          case: episode.id,
          incident: key,
          next_incident: nextKey,
          state,
          summary: pageSummary(page),
          severity: pagerSeverity(page),
          ...pageDetails(page),
        },
      });
      return call({
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(atMs / 1000)),
          'webhook-signature': webhook.sign(id, new Date(atMs), body),
        },
        body,
      });
    },
  };
}
