/** What the parts tell of, once for all who listen: metrics count it, traces draw it. */
import type { CallRecord } from '../binance/caller.ts';
import type { RoundTrip } from '../redis/connection.ts';
import type { HandledInteraction } from '../slack/guard.ts';
import type { SlackCallRecord } from '../slack/slack-call.ts';
import type { Log } from '../usecases/ports.ts';
import type { Metrics } from './metrics.ts';
import type { ChangeObserver, StoredChange } from './observed-store.ts';
import type { Tracing } from './tracing.ts';

export interface Observers extends ChangeObserver {
  exchangeCalled(record: CallRecord): void;
  redisAnswered(trip: RoundTrip): void;
  interactionHandled(record: HandledInteraction): void;
  slackCalled(record: SlackCallRecord): void;
}

export function createObservers(metrics: Metrics, tracing: Tracing, log: Log): Observers {
  return {
    exchangeCalled(record) {
      metrics.exchangeCalled(record);
      tracing.exchangeCalled(record);
      log.info(record, 'exchange called');
    },
    redisAnswered(trip) {
      metrics.redisAnswered(trip);
      tracing.redisAnswered(trip);
    },
    interactionHandled(record) {
      metrics.interactionHandled(record);
      tracing.interactionHandled(record);
    },
    slackCalled(record) {
      metrics.slackCalled(record);
      tracing.slackCalled(record);
    },
    changed(change: StoredChange) {
      metrics.changed(change);
      tracing.changed(change);
    },
  };
}
