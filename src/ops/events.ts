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

type Observe = (...detail: unknown[]) => void;

export function createEvents(metrics: Events, traces: TracedEvents, log: Log): Events {
  const inLog: Partial<Events> = {
    exchangeCalled: (record) => log.info(record, 'exchange called'),
    requestChanged({ request, event, from }) {
      const { id: requestId, groupId, state, revision, audit } = request;
      const { sequence: auditSequence, seal: auditSeal } = audit;
      log.info(
        { requestId, groupId, event, from, state, revision, auditSequence, auditSeal },
        'close request changed',
      );
    },
  };
  /** What happened has happened: a failing observer is logged and changes nothing. */
  const report =
    <Name extends keyof Events>(event: Name): Events[Name] =>
    (...detail: unknown[]): void => {
      try {
        for (const observer of [metrics, traces, inLog] as Partial<Record<string, Observe>>[])
          observer[event]?.(...detail);
      } catch (error) {
        log.error({ err: error, event }, 'event observer failed');
      }
    };
  return {
    requestChanged: report('requestChanged'),
    noticeMissed: report('noticeMissed'),
    auditVerified: report('auditVerified'),
    exchangeCalled: report('exchangeCalled'),
    exchangeStopped: report('exchangeStopped'),
    redisAnswered: report('redisAnswered'),
    slackCalled: report('slackCalled'),
    interactionAcked: report('interactionAcked'),
    interactionHandled: report('interactionHandled'),
    interactionUnacknowledged: report('interactionUnacknowledged'),
    httpRequestRefused: report('httpRequestRefused'),
    watchRead: report('watchRead'),
    alertRaised: report('alertRaised'),
    alertDelivered: report('alertDelivered'),
    pageSent: report('pageSent'),
  };
}
