/**
 * Traces, as the composition root hangs them on the parts' hooks, beside the metrics. The implementation is in
 * spans.ts; without OpenTelemetry it is `NO_TRACING`, which runs the work and nothing else.
 */
import type { CallRecord } from '../../binance/caller.ts';
import type { RoundTrip } from '../../redis/connection.ts';
import type { HandledInteraction } from '../../slack/guard.ts';
import type { SlackCallRecord } from '../../slack/slack-call.ts';
import type { Desk } from '../../usecases/desk.ts';
import type { WithRequest } from '../../usecases/ports.ts';
import type { ChangeObserver } from '../observed-store.ts';
import type { TraceFields } from './tracer.ts';

export interface Tracing extends ChangeObserver {
  /** One command, button, form or event from Slack. `reference`: the one its log lines carry. */
  interaction<Value>(reference: string, work: () => Promise<Value>): Promise<Value>;
  /** One round of background work. */
  round<Value>(what: string, reference: string, work: () => Promise<Value>): Promise<Value>;
  /** Work that outlives the click or the round that set it off. */
  task<Value>(what: string, work: () => Promise<Value>): Promise<Value>;
  readonly request: WithRequest;
  /** The same desk, each verb a span. */
  desk(desk: Desk): Desk;
  interactionHandled(record: HandledInteraction): void;
  exchangeCalled(record: CallRecord): void;
  redisAnswered(trip: RoundTrip): void;
  slackCalled(record: SlackCallRecord): void;
  /** For log lines; null: they carry no ids of traces. */
  readonly logFields: (() => TraceFields) | null;
  /** Delivers what is left; never rejects, and may take as long as the receiver does. */
  stop(): Promise<void>;
}

export const NO_TRACING: Tracing = {
  interaction: (_reference, work) => work(),
  round: (_what, _reference, work) => work(),
  task: (_what, work) => work(),
  request: (_requestId, work) => work(),
  desk: (desk) => desk,
  interactionHandled: () => {},
  exchangeCalled: () => {},
  redisAnswered: () => {},
  slackCalled: () => {},
  changed: () => {},
  logFields: null,
  stop: async () => {},
};
