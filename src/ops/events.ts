/** Everything that the parts report, as one interface: metrics count it, traces draw it, and the log tells some of it. */
import type { ExchangeEvents } from '../binance/loan-exchange.ts';
import type { RedisEvents } from '../redis/connection.ts';
import type { SlackEvents } from '../slack/slack-events.ts';
import type { DeskEvents, Log } from '../usecases/ports.ts';
import type { WatchEvents } from '../usecases/watch-ports.ts';

export interface Events extends DeskEvents, ExchangeEvents, RedisEvents, SlackEvents, WatchEvents {}

/** What takes time, or says what became of it. */
export type TracedEvents = Pick<
  Events,
  'exchangeCalled' | 'interactionHandled' | 'redisAnswered' | 'requestChanged' | 'slackCalled'
>;

export function createEvents(metrics: Events, traces: TracedEvents, log: Log): Events {
  return guarded(log, {
    ...metrics,
    exchangeCalled(record) {
      metrics.exchangeCalled(record);
      traces.exchangeCalled(record);
      log.info(record, 'exchange called');
    },
    interactionHandled(record) {
      metrics.interactionHandled(record);
      traces.interactionHandled(record);
    },
    redisAnswered(trip) {
      metrics.redisAnswered(trip);
      traces.redisAnswered(trip);
    },
    requestChanged(change) {
      metrics.requestChanged(change);
      traces.requestChanged(change);
      const { request, event, from } = change;
      log.info(
        {
          requestId: request.id,
          groupId: request.groupId,
          event,
          from,
          state: request.state,
          revision: request.revision,
          auditSequence: request.audit.sequence,
          auditSeal: request.audit.seal,
        },
        'close request changed',
      );
    },
    slackCalled(record) {
      metrics.slackCalled(record);
      traces.slackCalled(record);
    },
  });
}

/** What happened has happened: a failing observer is logged and changes nothing. */
function guarded(log: Log, events: Events): Events {
  const report =
    <Detail extends unknown[]>(event: keyof Events, tell: (...detail: Detail) => void) =>
    (...detail: Detail): void => {
      try {
        tell(...detail);
      } catch (error) {
        log.error({ err: error, event }, 'event observer failed');
      }
    };
  return {
    requestChanged: report('requestChanged', events.requestChanged),
    noticeMissed: report('noticeMissed', events.noticeMissed),
    auditVerified: report('auditVerified', events.auditVerified),
    exchangeCalled: report('exchangeCalled', events.exchangeCalled),
    exchangeStopped: report('exchangeStopped', events.exchangeStopped),
    redisAnswered: report('redisAnswered', events.redisAnswered),
    slackCalled: report('slackCalled', events.slackCalled),
    interactionAcked: report('interactionAcked', events.interactionAcked),
    interactionHandled: report('interactionHandled', events.interactionHandled),
    interactionUnacknowledged: report('interactionUnacknowledged', events.interactionUnacknowledged),
    httpRequestRefused: report('httpRequestRefused', events.httpRequestRefused),
    watchRead: report('watchRead', events.watchRead),
    alertRaised: report('alertRaised', events.alertRaised),
    alertDelivered: report('alertDelivered', events.alertDelivered),
    pageSent: report('pageSent', events.pageSent),
  };
}
