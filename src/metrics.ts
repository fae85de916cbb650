/** `/metrics` in Prometheus form. Parts tell it what happened through small observers; the rest is read at a scrape. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CallRecord } from './binance/caller.ts';
import type { ExchangeSnapshot } from './binance/exchange-snapshot.ts';
import type { StopInForce } from './binance/weight-limiter.ts';
import { type CloseState, isTerminal } from './domain/close-request.ts';
import type { ChangeObserver, StoredChange } from './observed-store.ts';
import type { RoundTrip } from './redis/connection.ts';
import type { OutboxBacklog } from './redis/outbox.ts';
import type { HandledInteraction } from './slack/guard.ts';

export interface MetricsSources {
  readonly version: string;
  readonly mode: string;
  /** Milliseconds since each background round last started or ended. */
  readonly roundAgesMs: () => ReadonlyMap<string, number>;
  readonly slackConnected: () => boolean;
  readonly exchange: () => ExchangeSnapshot;
  /** States of all open requests. Throws when the store cannot be asked. */
  readonly openStates: () => Promise<readonly CloseState[]>;
  readonly outbox: () => Promise<OutboxBacklog>;
  /** UTC milliseconds. */
  readonly now: () => number;
}

export interface Metrics extends ChangeObserver {
  interactionHandled(record: HandledInteraction): void;
  exchangeCalled(record: CallRecord): void;
  exchangeStopped(stop: StopInForce): void;
  redisAnswered(trip: RoundTrip): void;
  /** All metrics as text. */
  read(): Promise<string>;
  readonly route: {
    readonly path: string;
    readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  };
}

const INTERACTION_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30];
const EXCHANGE_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15];
const WAIT_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 2, 10, 30, 75];
const REDIS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.5];
const DECISION_SECONDS = [30, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
const OPEN_STATES = ['pending', 'approved', 'sending', 'unknown'] as const satisfies readonly CloseState[];
/** Reading the store at each scrape of each replica would cost more than it tells. */
const READ_STORE_AT_MOST_EVERY_MS = 5_000;

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'loandesk_' });
  new Gauge({
    name: 'loandesk_build_info',
    help: 'Always 1; what runs is in the labels',
    labelNames: ['version', 'node', 'mode'],
    registers: [registry],
  }).set({ version: sources.version, node: process.versions.node, mode: sources.mode }, 1);
  lifeGauges(registry, sources);
  const readStore = storeGauges(registry, sources);
  const text = async () => {
    await readStore();
    return registry.metrics();
  };
  return {
    ...interactionMetrics(registry),
    ...exchangeMetrics(registry, sources),
    ...requestMetrics(registry),
    ...redisMetrics(registry),
    read: text,
    route: {
      path: '/metrics',
      handler: (_, response) =>
        void text().then(
          (body) => response.writeHead(200, { 'content-type': registry.contentType }).end(body),
          () => response.writeHead(500).end(),
        ),
    },
  };
}

function interactionMetrics(registry: Registry): Pick<Metrics, 'interactionHandled'> {
  const registers = [registry];
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
  return {
    interactionHandled({ listener, outcome, durationMs }) {
      duration.observe({ listener, outcome }, durationMs / 1000);
      if (outcome === 'duplicate') replays.inc();
    },
  };
}

function exchangeMetrics(
  registry: Registry,
  { exchange }: MetricsSources,
): Pick<Metrics, 'exchangeCalled' | 'exchangeStopped'> {
  const registers = [registry];
  const labelNames = ['endpoint', 'method', 'status'] as const;
  const duration = new Histogram({
    name: 'loandesk_exchange_call_duration_seconds',
    help: 'Calls to the exchange on the wire, by endpoint and HTTP status (or "timeout", "reset", …)',
    labelNames,
    buckets: EXCHANGE_SECONDS,
    registers,
  });
  const wait = new Histogram({
    name: 'loandesk_exchange_wait_seconds',
    help: 'How long calls waited for their weight before they left',
    labelNames: ['endpoint'],
    buckets: WAIT_SECONDS,
    registers,
  });
  const weight = new Counter({
    name: 'loandesk_exchange_weight_total',
    help: 'Weight spent at the exchange by this process',
    labelNames: ['endpoint'],
    registers,
  });
  const stops = new Counter({
    name: 'loandesk_exchange_stops_total',
    help: 'Times the exchange (or our own count) stopped a bucket',
    labelNames: ['bucket'],
    registers,
  });
  new Gauge({
    name: 'loandesk_exchange_stops_in_force',
    help: 'Buckets that are stopped now, as far as this process knows',
    registers,
    collect() {
      this.set(exchange().stops.length);
    },
  });
  new Gauge({
    name: 'loandesk_exchange_weight_used',
    help: 'Weight used in the present exchange minute, all replicas together',
    labelNames: ['bucket'],
    registers,
    collect() {
      this.reset();
      for (const { bucket, used } of exchange().weights) this.set({ bucket }, used);
    },
  });
  new Gauge({
    name: 'loandesk_exchange_clock_offset_seconds',
    help: "The exchange's clock minus ours; absent until it was read",
    registers,
    collect() {
      const { clock } = exchange();
      if (clock === null) this.remove();
      else this.set(clock.offsetMs / 1000);
    },
  });
  new Gauge({
    name: 'loandesk_exchange_last_success_timestamp_seconds',
    help: 'When the exchange last answered 200, in its own time; 0: not since the start',
    registers,
    collect() {
      this.set((exchange().lastSuccessAtMs ?? 0) / 1000);
    },
  });
  return {
    exchangeCalled(record) {
      const { endpoint, method, status } = record;
      duration.observe({ endpoint, method, status: String(status) }, record.durationMs / 1000);
      wait.observe({ endpoint }, record.waitMs / 1000);
      weight.inc({ endpoint }, record.weight);
    },
    exchangeStopped({ bucket }) {
      stops.inc({ bucket });
    },
  };
}

function requestMetrics(registry: Registry): Pick<Metrics, 'changed'> {
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
  return {
    changed({ event, from, request, atMs }: StoredChange) {
      const { state } = request;
      events.inc({ event });
      if (from === null) opened.inc();
      if (from === state) return;
      if (state === 'unknown') lost.inc();
      if (isTerminal(state)) ended.inc({ state, ending: request.ending?.kind ?? 'none' });
      if (from === 'pending' && state !== 'pending')
        toDecision.observe({ decision: state }, Math.max(0, atMs - request.createdAtMs) / 1000);
    },
  };
}

/** What all replicas share: each shows the same figures, so take their maximum, not their sum. Answers the reading. */
function storeGauges(registry: Registry, sources: MetricsSources): () => Promise<void> {
  const registers = [registry];
  const storeUp = new Gauge({
    name: 'loandesk_store_readable',
    help: '1 if Redis answered at the last scrape; without it the figures of the store are absent',
    registers,
  });
  const open = new Gauge({
    name: 'loandesk_requests_open',
    help: 'Open close requests by state; "unknown": the outcome of a close is not known',
    labelNames: ['state'],
    registers,
  });
  const notices = new Gauge({
    name: 'loandesk_outbox_requests',
    help: 'Requests with messages that have not reached Slack yet',
    registers,
  });
  const age = new Gauge({
    name: 'loandesk_outbox_oldest_age_seconds',
    help: 'Age of the oldest message that has not reached Slack; 0 when there is none',
    registers,
  });
  const setAside = new Gauge({
    name: 'loandesk_outbox_set_aside',
    help: 'Messages that nobody could read, kept in Redis until a person looks at them and deletes them',
    registers,
  });
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = sources.now();
    if (nowMs - readAtMs < READ_STORE_AT_MOST_EVERY_MS) return;
    readAtMs = nowMs;
    // Absent rather than old, until they are read again.
    open.reset();
    notices.remove();
    setAside.remove();
    age.remove();
    try {
      const [states, backlog] = await Promise.all([sources.openStates(), sources.outbox()]);
      for (const state of OPEN_STATES) open.set({ state }, states.filter((each) => each === state).length);
      notices.set(backlog.requests);
      setAside.set(backlog.setAside);
      const { oldestCreatedAtMs } = backlog;
      age.set(oldestCreatedAtMs === null ? 0 : Math.max(0, backlog.nowMs - oldestCreatedAtMs) / 1000);
      storeUp.set(1);
    } catch {
      storeUp.set(0);
    }
  };
}

function redisMetrics(registry: Registry): Pick<Metrics, 'redisAnswered'> {
  const trips = new Histogram({
    name: 'loandesk_redis_round_trip_seconds',
    help: 'Commands to Redis, waiting for a lost connection included, by whether they were answered',
    labelNames: ['outcome'],
    buckets: REDIS_SECONDS,
    registers: [registry],
  });
  return {
    redisAnswered({ durationMs, ok }) {
      trips.observe({ outcome: ok ? 'answered' : 'failed' }, durationMs / 1000);
    },
  };
}

function lifeGauges(registry: Registry, { roundAgesMs, slackConnected }: MetricsSources): void {
  const registers = [registry];
  new Gauge({
    name: 'loandesk_background_round_age_seconds',
    help: 'Since a round of background work last started or ended',
    labelNames: ['round'],
    registers,
    collect() {
      for (const [round, ageMs] of roundAgesMs()) this.set({ round }, ageMs / 1000);
    },
  });
  new Gauge({
    name: 'loandesk_slack_connected',
    help: '1 when Slack has confirmed the token and, in Socket Mode, the connection stands',
    registers,
    collect() {
      this.set(slackConnected() ? 1 : 0);
    },
  });
}
