/**
 * PagerDuty Events API v2 (https://developer.pagerduty.com/docs/send-alert-event). The incident is the
 * deduplication key, so that a repeated event changes nothing there. An acknowledged incident notifies nobody again,
 * whatever it is sent.
 */
import type { PageEvent, Pager } from '../usecases/watch-ports.ts';
import type { Call } from './outgoing-call.ts';
import { pageDetails, pagerSeverity, pageSummary } from './page-text.ts';

export interface PagerDutySettings {
  /** Base URL: `https://events.pagerduty.com`. */
  readonly apiUrl: string;
  readonly routingKey: string;
}

const ACTION = { triggered: 'trigger', acknowledged: 'acknowledge', resolved: 'resolve' } as const;

export function createPagerDuty({ apiUrl, routingKey }: PagerDutySettings, call: Call): Pager {
  const url = new URL('v2/enqueue', apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`).href;
  return {
    name: 'PagerDuty',
    async send(page: PageEvent) {
      const { key, state, episode } = page;
      const event = {
        routing_key: routingKey,
        event_action: ACTION[state],
        dedup_key: key,
        ...(state === 'triggered' && {
          payload: {
            summary: pageSummary(page),
            source: 'loandesk',
            severity: pagerSeverity(page),
            timestamp: new Date(episode.figures.asOfMs).toISOString(),
            component: `risk unit ${episode.groupId}`,
            class: episode.level,
            custom_details: pageDetails(page),
          },
        }),
      };
      return call({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
      });
    },
  };
}
