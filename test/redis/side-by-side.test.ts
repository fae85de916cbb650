/**
 * Random commands through the rule, through the Redis store and through the one in memory, side by side: after each
 * step both hold the same records, indexes, notices and audit, and the audit verifies.
 */
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import type { LongId } from '../../src/domain/amount.ts';
import { LOOKED_AT_EVERY_MS } from '../../src/domain/close/attention.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { decide } from '../../src/domain/close/close-rule.ts';
import { type CloseState, isTerminal } from '../../src/domain/close/close-state.ts';
import { noticesFor } from '../../src/domain/close/notices.ts';
import { decodeNotice, isRequestNotice } from '../../src/redis/outbox-item.ts';
import { Seals } from '../../src/redis/seals.ts';
import type { TakenItem } from '../../src/usecases/outbox-ports.ts';
import type { RecordCopy } from '../../src/usecases/ports.ts';
import { all, onlyKey, verdictOf } from '../contracts/audit-trail.ts';
import { HOUR_MS, newRequest, newUnit, opening } from '../contracts/requests.ts';
import { MemoryCloseRequestStore } from '../fakes/memory-close-request-store.ts';
import { type CommandStep, commandOf, type Step, steps } from './random-steps.ts';
import { AUDIT_KEY, newPrefix, type RedisParts, redisParts } from './redis-parts.ts';

/** Both stores stamp leases by their own clock. */
const SEALS = new Seals(onlyKey(AUDIT_KEY), 'outbox');
const CLOCKS_DIFFER_BY_MS = 10_000;

it('the Redis store and the one in memory agree after every step', async () => {
  const url = inject('redisUrl');
  const reached = new Set<CloseState>();
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const pair = await Pair.create(url);
      for (const step of sequence) {
        await pair.take(step);
        await pair.compare();
      }
      for (const { state } of await pair.redis.store.listRecent(100)) reached.add(state);
      await pair.redis.connection.close();
    }),
    { numRuns: inject('redisKind') === 'embedded' ? 10 : 60 },
  );
  // The walk is worth little if it never leaves the first states.
  expect(reached.size).toBeGreaterThanOrEqual(inject('redisKind') === 'embedded' ? 3 : 6);
}, 60_000);

/** One version of a record as each store holds it. */
interface Versions {
  readonly redis: RecordCopy;
  readonly memory: RecordCopy;
}

class Pair {
  readonly redis: RedisParts;
  readonly memory: MemoryCloseRequestStore;
  readonly #units: readonly LongId[] = [newUnit(), newUnit(), newUnit()];
  readonly #history = new Map<string, Versions[]>();
  #clockMs = 0;
  /** The rule's clock runs ahead of the stores', so that lifetimes pass without waiting. */
  #aheadMs = 0;

  private constructor(redis: RedisParts) {
    this.redis = redis;
    this.memory = new MemoryCloseRequestStore({ now: () => this.#clockMs, auditKey: AUDIT_KEY });
  }

  static async create(url: string): Promise<Pair> {
    return new Pair(await redisParts(url, newPrefix()));
  }

  async take(step: Step): Promise<void> {
    this.#clockMs = await this.redis.store.nowMs();
    switch (step.do) {
      case 'time':
        this.#aheadMs += step.minutes * 60_000;
        return;
      case 'open':
        return this.#open(step.unit);
      case 'command':
        return this.#command(step);
      case 'attention':
        return this.#attention(step.postpone);
      case 'deliver':
        return this.#deliver(step.how);
    }
  }

  async #open(unit: number): Promise<void> {
    const groupId = this.#units[unit];
    if (groupId === undefined) return;
    const asked = opening(newRequest(this.#clockMs + this.#aheadMs, { groupId }), this.#clockMs - HOUR_MS);
    const { kind, ...redis } = await this.redis.store.open(asked);
    const same = await this.memory.open(asked);
    const memory = { request: same.request, stored: same.stored };
    expect([same.kind, same.request]).toEqual([kind, redis.request]);
    if (kind === 'opened') this.#history.set(redis.request.id, [{ redis, memory }]);
  }

  async #command(step: CommandStep): Promise<void> {
    const versions = [...this.#history.values()].at(-1 - (step.request % Math.max(1, this.#history.size)));
    const copies = step.stale ? versions?.at(-2) : versions?.at(-1);
    if (versions === undefined || copies === undefined) return;
    const from = copies.redis.request;
    const nowMs = this.#clockMs + this.#aheadMs;
    const decision = decide(from, commandOf(step, from, nowMs), { nowMs, current: from.policy });
    if (!decision.ok) return;
    const { next, event } = decision;
    const attentionAtMs =
      step.attention === null || isTerminal(next.state)
        ? null
        : this.#clockMs + (step.attention === 'past' ? -HOUR_MS : LOOKED_AT_EVERY_MS);
    const deadline = decision.notAfterMs === null ? null : decision.notAfterMs - this.#aheadMs;
    const change = {
      next,
      event,
      notices: noticesFor(next, event),
      notAfterMs: step.late ? this.#clockMs - HOUR_MS : deadline,
      attentionAtMs,
    };
    const saved = await this.redis.store.save({ ...change, from: copies.redis });
    const same = await this.memory.save({ ...change, from: copies.memory });
    expect(same.kind).toBe(saved.kind);
    if (saved.kind !== 'saved' || same.kind !== 'saved') return;
    expect(same.request).toEqual(saved.request);
    versions.push({ redis: saved, memory: same });
  }

  async #attention(postpone: boolean): Promise<void> {
    const taken = await this.redis.store.takeAttention(LOOKED_AT_EVERY_MS, 100);
    const same = await this.memory.takeAttention(LOOKED_AT_EVERY_MS, 100);
    expect(byId(same.map(({ request }) => request))).toEqual(byId(taken.map(({ request }) => request)));
    const [first] = taken;
    if (!postpone || first === undefined) return;
    for (const store of [this.redis.store, this.memory]) {
      await store.postponeAttention(first.request.id, first.request.revision, this.#clockMs - HOUR_MS);
    }
  }

  async #deliver(how: 'done' | 'retry' | 'wait'): Promise<void> {
    const taken = await this.redis.outbox.take(LOOKED_AT_EVERY_MS, 100);
    const same = await this.memory.outbox.take(LOOKED_AT_EVERY_MS, 100);
    const order = (a: TakenItem, b: TakenItem) => (a.subjectId < b.subjectId ? -1 : 1);
    const drawnFrom = (taken: TakenItem) => {
      if (taken.subject !== 'request' || taken.stored === null || taken.stored instanceof Error)
        throw new Error(`no record for ${taken.subjectId}`);
      const { stored, nowMs, ...item } = taken;
      return { ...item, request: stored.request };
    };
    expect([...same].sort(order).map(drawnFrom)).toEqual([...taken].sort(order).map(drawnFrom));
    for (const item of taken) {
      for (const outbox of [this.redis.outbox, this.memory.outbox]) {
        if (how === 'done') await outbox.done(item);
        if (how === 'retry') await outbox.retry(item, 0);
      }
    }
  }

  async compare(): Promise<void> {
    const { redis, memory } = this;
    const recent = await redis.store.listRecent(100);
    expect(await memory.listRecent(100)).toEqual(recent);
    expect(recent.map(({ id }) => id).sort()).toEqual([...this.#history.keys()].sort());
    expect(await memory.listOpen()).toEqual(await redis.store.listOpen());
    expect(await memory.closedThrough(this.#units)).toEqual(await redis.store.closedThrough(this.#units));
    for (const unit of this.#units) {
      expect(await memory.openRequestFor(unit)).toEqual(await redis.store.openRequestFor(unit));
    }
    expectSameTimes(await scores(redis, redis.keys.attention), memory.watched());
    for (const { id, audit } of recent) {
      const stored = await redis.connection.client.lrange(redis.keys.outbox(id), 0, -1);
      expect(stored.map((text) => decodeNotice(SEALS, id, text, isRequestNotice))).toEqual(
        memory.outbox.undelivered(id),
      );
      expect((await all(redis.audit, id)).at(-1)?.seal).toBe(audit.seal);
    }
    expect(await all(memory.audit)).toEqual(await all(redis.audit));
    const newest = new Map(recent.map(({ id, audit }) => [id, audit]));
    expect((await verdictOf(redis.audit, AUDIT_KEY, newest)).fault).toBeNull();
  }
}

async function scores({ connection }: RedisParts, key: string): Promise<Map<string, number>> {
  const flat = await connection.client.zrange(key, '0', '-1', 'WITHSCORES');
  const found = new Map<string, number>();
  for (let i = 0; i + 1 < flat.length; i += 2) found.set(flat[i] ?? '', Number(flat[i + 1]));
  return found;
}

function expectSameTimes(some: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>): void {
  expect([...some.keys()].sort()).toEqual([...others.keys()].sort());
  for (const [id, atMs] of some)
    expect(Math.abs(atMs - (others.get(id) ?? 0))).toBeLessThan(CLOCKS_DIFFER_BY_MS);
}

function byId(requests: readonly CloseRequest[]): CloseRequest[] {
  return requests.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
