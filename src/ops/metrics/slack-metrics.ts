/** Slack, both ways: what it answers to our calls, and how people are answered. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { SlackEvents } from '../../slack/slack-events.ts';

const CALL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5];
const ACK_SECONDS = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];
const INTERACTION_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30];

export function slackMetrics(registry: Registry): SlackEvents {
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
  const duration = new Histogram({
    name: 'loandesk_interaction_duration_seconds',
    help: 'Commands, buttons and forms from arrival to answer, by what became of them',
    labelNames: ['listener', 'outcome'],
    buckets: INTERACTION_SECONDS,
    registers,
  });
  const replays = new Counter({
    name: 'loandesk_replays_refused_total',
    help: 'Repeated deliveries (Slack retries, replayed signatures) that had no second effect',
    registers,
  });
  // Without labels, so that it is there from the start: Prometheus sees no increase in a series that is new.
  const errors = new Counter({
    name: 'loandesk_interaction_errors_total',
    help: 'Interactions that ended with an unexpected error',
    registers,
  });
  return {
    slackCalled: ({ method, outcome, durationMs }) => calls.observe({ method, outcome }, durationMs / 1000),
    interactionAcked: (tookMs) => acks.observe(tookMs / 1000),
    interactionHandled({ listener, outcome, durationMs }) {
      duration.observe({ listener, outcome }, durationMs / 1000);
      if (outcome === 'duplicate') replays.inc();
      if (outcome === 'error') errors.inc();
    },
    interactionUnacknowledged: () => unacknowledged.inc(),
    httpRequestRefused: (why) => refused.inc({ why }),
  };
}
