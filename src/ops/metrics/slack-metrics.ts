/** Slack, both ways: what it answers to our calls, how it is answered, and what does not reach people. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { RefusedRequest } from '../../slack/http-transport.ts';
import type { SlackCallRecord } from '../../slack/slack-call.ts';
import type { MissedNotice } from '../../usecases/deliver-outbox.ts';

export interface SlackMetrics {
  slackCalled(record: SlackCallRecord): void;
  /** Milliseconds from the arrival to the ack. */
  acked(tookMs: number): void;
  unacknowledged(): void;
  requestRefused(why: RefusedRequest): void;
  noticeMissed(missed: MissedNotice): void;
}

const CALL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5];
const ACK_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];

export function slackMetrics(registry: Registry): SlackMetrics {
  const registers = [registry];
  const calls = new Histogram({
    name: 'loandesk_slack_call_duration_seconds',
    help: 'Calls to Slack by method and outcome: "ok", "rate-limited", "unreachable", or the error code of Slack',
    labelNames: ['method', 'outcome'],
    buckets: CALL_SECONDS,
    registers,
  });
  const acks = new Histogram({
    name: 'loandesk_slack_ack_seconds',
    help: 'From the arrival of a command, click or form to its acknowledgement; Slack waits 3 s',
    buckets: ACK_SECONDS,
    registers,
  });
  const unacknowledged = new Counter({
    name: 'loandesk_slack_unacknowledged_total',
    help: 'Requests from Slack that had no acknowledgement in time',
    registers,
  });
  const refused = new Counter({
    name: 'loandesk_slack_requests_refused_total',
    help: 'HTTP requests turned away before they were looked into: unsigned, stale, signature mismatch, too large, …',
    labelNames: ['why'],
    registers,
  });
  const missed = new Counter({
    name: 'loandesk_notices_missed_total',
    help: 'Messages that did not reach Slack: kept (tried again from time to time) or given up',
    labelNames: ['notice', 'outcome'],
    registers,
  });
  return {
    slackCalled: ({ method, outcome, durationMs }) => calls.observe({ method, outcome }, durationMs / 1000),
    acked: (tookMs) => acks.observe(tookMs / 1000),
    unacknowledged: () => unacknowledged.inc(),
    requestRefused: (why) => refused.inc({ why }),
    noticeMissed: ({ notice, outcome }) => missed.inc({ notice, outcome }),
  };
}
