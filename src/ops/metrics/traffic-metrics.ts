/** What comes in from people, and what goes to Redis for it. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { RoundTrip } from '../../redis/connection.ts';
import type { HandledInteraction } from '../../slack/guard.ts';

export interface TrafficMetrics {
  interactionHandled(record: HandledInteraction): void;
  redisAnswered(trip: RoundTrip): void;
}

const INTERACTION_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30];
const REDIS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.5];

export function trafficMetrics(registry: Registry): TrafficMetrics {
  return { ...interactionMetrics(registry), ...redisMetrics(registry) };
}

function interactionMetrics(registry: Registry): Pick<TrafficMetrics, 'interactionHandled'> {
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
  // Without labels, so that it is there from the start: Prometheus sees no increase in a series that is new.
  const errors = new Counter({
    name: 'loandesk_interaction_errors_total',
    help: 'Interactions that ended with an unexpected error',
    registers,
  });
  return {
    interactionHandled({ listener, outcome, durationMs }) {
      duration.observe({ listener, outcome }, durationMs / 1000);
      if (outcome === 'duplicate') replays.inc();
      if (outcome === 'error') errors.inc();
    },
  };
}

function redisMetrics(registry: Registry): Pick<TrafficMetrics, 'redisAnswered'> {
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
