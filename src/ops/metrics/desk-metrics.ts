/** What the desk reports: changes of close requests, messages not delivered, the audit trail. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { isTerminal } from '../../domain/close/close-state.ts';
import type { DeskEvents } from '../../usecases/ports.ts';

const DECISION_SECONDS = [30, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** `now`: UTC milliseconds. */
export function deskMetrics(registry: Registry, now: () => number): DeskEvents {
  const registers = [registry];
  const opened = new Counter({
    name: 'loandesk_requests_opened_total',
    help: 'Close requests opened through this process',
    registers,
  });
  const events = new Counter({
    name: 'loandesk_request_events_total',
    help: 'Stored changes of close requests: votes, rejections, claims, sends, answers, …',
    labelNames: ['event'],
    registers,
  });
  const ended = new Counter({
    name: 'loandesk_requests_ended_total',
    help: 'Close requests that reached an end state, and why',
    labelNames: ['state', 'ending'],
    registers,
  });
  const lost = new Counter({
    name: 'loandesk_requests_unknown_total',
    help: 'Times the outcome of a close was not known',
    registers,
  });
  const toDecision = new Histogram({
    name: 'loandesk_request_time_to_decision_seconds',
    help: 'From the ask to the moment people (or time) decided: approved, rejected, withdrawn, expired, …',
    labelNames: ['decision'],
    buckets: DECISION_SECONDS,
    registers,
  });
  const missed = new Counter({
    name: 'loandesk_notices_missed_total',
    help: 'Messages that did not reach Slack: kept (tried again from time to time) or given up',
    labelNames: ['notice', 'outcome'],
    registers,
  });
  const whole = new Gauge({
    name: 'loandesk_audit_whole',
    help: '1 if the audit trail was whole when it was last verified, 0 if not; absent until then',
    registers,
  });
  const verified = new Gauge({
    name: 'loandesk_audit_verified_timestamp_seconds',
    help: 'When this process last read the whole audit trail; 0: not since the start',
    registers,
  });
  // A gauge without a value shows 0.
  whole.remove();
  return {
    requestChanged({ event, from, request, atMs }) {
      const { state } = request;
      events.inc({ event });
      if (from === null) opened.inc();
      if (from === state) return;
      if (state === 'unknown') lost.inc();
      if (isTerminal(state)) ended.inc({ state, ending: request.ending?.kind ?? 'none' });
      if (from === 'pending' && state !== 'pending')
        toDecision.observe({ decision: state }, Math.max(0, atMs - request.createdAtMs) / 1000);
    },
    noticeMissed: ({ notice, outcome }) => missed.inc({ notice, outcome }),
    auditVerified(isWhole) {
      whole.set(isWhole ? 1 : 0);
      verified.set(now() / 1000);
    },
  };
}
