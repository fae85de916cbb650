/** Everything that the parts report, as one interface: metrics count it, traces draw it, and the log tells some of it. */
import type { ExchangeEvents } from '../binance/loan-exchange.ts';
import type { RedisEvents } from '../redis/connection.ts';
import type { SlackEvents } from '../slack/slack-events.ts';
import type { DeskEvents, Log } from '../usecases/ports.ts';

export interface Events extends DeskEvents, ExchangeEvents, RedisEvents, SlackEvents {}

/** What takes time, or says what became of it. */
export type TracedEvents = Pick<
  Events,
  'exchangeCalled' | 'interactionHandled' | 'redisAnswered' | 'requestChanged' | 'slackCalled'
>;

export function createEvents(metrics: Events, traces: TracedEvents, log: Log): Events {
  return {
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
  };
}
