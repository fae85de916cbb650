/** The watch: who would hear of a case if Slack, the bot or the exchange fails. Calls nothing. */
import type { WatchSettings } from '../settings/watch-settings.ts';
import { type Finding, findingsAbout } from './finding.ts';

const { ok, warning } = findingsAbout('Watch');

export function judgeWatch(watch: WatchSettings | null): Finding[] {
  if (watch === null) {
    return [
      warning(
        'off: nobody is told when a unit reaches a level',
        'Remove WATCH=off, or watch with another tool.',
      ),
    ];
  }
  const { everyMs, pagerDuty, webhook, heartbeatUrl, digest, hasTripwire } = watch;
  const pagers = [...(pagerDuty === null ? [] : ['PagerDuty']), ...(webhook === null ? [] : ['the webhook'])];
  const extras = [
    digest === null ? 'no digest' : `digest in ${digest.timeZone}`,
    hasTripwire ? 'trip-wire on' : 'no trip-wire',
  ];
  return [
    ok(`reads every ${everyMs / 1000} s; ${extras.join(', ')}`),
    pagers.length > 0
      ? ok(`pages through ${pagers.join(' and ')}`)
      : warning(
          'no pager: a case that nobody takes is told in Slack only',
          'Set PAGERDUTY_ROUTING_KEY, or ALERT_WEBHOOK_URL with ALERT_WEBHOOK_SECRET.',
        ),
    heartbeatUrl !== null
      ? ok('heartbeat after each complete reading')
      : warning(
          'no heartbeat: nothing outside notices when the bot itself stops',
          'Set HEARTBEAT_URL to a check that alarms when calls stay away.',
        ),
  ];
}
