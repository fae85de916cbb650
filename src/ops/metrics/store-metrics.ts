/** Redis: how quickly it answers this process, and what it holds for all of them. */
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { CloseState } from '../../domain/close/close-state.ts';
import type { RedisEvents } from '../../redis/connection.ts';
import type { OutboxBacklog } from '../../redis/outbox.ts';

export interface StoreSources {
  /** States of all open requests. Throws when the store cannot be asked. */
  readonly openStates: () => Promise<readonly CloseState[]>;
  readonly outbox: () => Promise<OutboxBacklog>;
  /** UTC milliseconds. */
  readonly now: () => number;
}

const REDIS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.5];
const OPEN_STATES = ['pending', 'approved', 'sending', 'unknown'] as const satisfies readonly CloseState[];
/** Reading the store at each scrape of each replica would cost more than it tells. */
const READ_STORE_AT_MOST_EVERY_MS = 5_000;

export function redisMetrics(registry: Registry): RedisEvents {
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

/** What all replicas share: each shows the same figures, so take their maximum, not their sum. Answers the reading. */
export function storeGauges(registry: Registry, sources: StoreSources): () => Promise<void> {
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
    help: 'Messages that no replica could read, kept in Redis until a person has read and deleted them',
    registers,
  });
  const kept = new Gauge({
    name: 'loandesk_outbox_kept',
    help: 'Messages that Slack refuses for a reason that may pass, kept and tried again from time to time',
    registers,
  });
  const clock = new Gauge({
    name: 'loandesk_store_clock_offset_seconds',
    help: "Redis' clock minus ours; beyond five minutes, nothing is decided or sent",
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
    kept.remove();
    age.remove();
    clock.remove();
    try {
      const [states, backlog] = await Promise.all([sources.openStates(), sources.outbox()]);
      for (const state of OPEN_STATES) open.set({ state }, states.filter((each) => each === state).length);
      notices.set(backlog.subjects);
      setAside.set(backlog.setAside);
      kept.set(backlog.kept);
      const { oldestCreatedAtMs } = backlog;
      age.set(oldestCreatedAtMs === null ? 0 : Math.max(0, backlog.nowMs - oldestCreatedAtMs) / 1000);
      clock.set((backlog.nowMs - sources.now()) / 1000);
      storeUp.set(1);
    } catch {
      storeUp.set(0);
    }
  };
}
