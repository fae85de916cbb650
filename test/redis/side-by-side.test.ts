/**
 * Random commands through the rule, through the Redis store and through the one in memory, side by side: after each
 * step both hold the same records, indexes, notices and audit, and the audit verifies.
 */
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import type { LongId } from '../../src/domain/amount.ts';
import type { Command } from '../../src/domain/close-command.ts';
import { type CloseRequest, type CloseState, isTerminal } from '../../src/domain/close-request.ts';
import { decide } from '../../src/domain/close-rule.ts';
import { noticesFor } from '../../src/domain/notices.ts';
import { decodeNotice } from '../../src/redis/outbox-item.ts';
import { all, verdictOf } from '../contracts/close-request-store.ts';
import {
  approval,
  CARD,
  ELIGIBLE,
  HOUR_MS,
  newRequest,
  newUnit,
  opening,
  person,
  repaidFacts,
} from '../contracts/requests.ts';
import { MemoryCloseRequestStore } from '../fakes/memory-close-request-store.ts';
import { AUDIT_KEY, newPrefix, type RedisParts, redisParts } from './redis-parts.ts';

const OWNER = 'process-1';
const VOTERS = ['U_BEN', 'U_CARA', 'U_DAN', 'U_DAN2', 'U_ANN', 'U_EVE'] as const;
/** Both stores stamp leases by their own clock. */
const CLOCKS_DIFFER_BY_MS = 10_000;

const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), unit: fc.nat(2) }) },
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant('command' as const),
        request: fc.nat(2),
        command: fc.oneof(
          { weight: 5, arbitrary: fc.constant('progress' as const) },
          {
            weight: 2,
            arbitrary: fc.constantFrom(
              ...([
                'vote',
                'reject',
                'withdraw',
                'expire',
                'remind',
                'facts',
                'no-facts',
                'recount',
              ] as const),
              ...(['supersede', 'abandon', 'never-sent', 'answer', 'lose-track', 'read-back'] as const),
              ...(['page', 'settle', 'refusal', 'give-up-card'] as const),
            ),
          },
        ),
        pick: fc.nat(100),
        stale: fc.nat(9).map((n) => n === 0),
        late: fc.nat(9).map((n) => n === 0),
        attention: fc.constantFrom('past', 'future', null),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('time' as const), minutes: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('attention' as const), postpone: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('deliver' as const),
        how: fc.constantFrom('done', 'retry', 'wait'),
      }),
    },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
);
type Step = (typeof steps extends fc.Arbitrary<infer Value> ? Value : never)[number];
type CommandStep = Extract<Step, { do: 'command' }>;

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

class Pair {
  readonly redis: RedisParts;
  readonly memory: MemoryCloseRequestStore;
  readonly #units: readonly LongId[] = [newUnit(), newUnit(), newUnit()];
  readonly #history = new Map<string, CloseRequest[]>();
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
    const answer = await this.redis.store.open(asked);
    expect(await this.memory.open(asked)).toEqual(answer);
    if (answer.kind === 'opened') this.#history.set(answer.request.id, [answer.request]);
  }

  async #command(step: CommandStep): Promise<void> {
    const versions = [...this.#history.values()].at(-1 - (step.request % Math.max(1, this.#history.size)));
    const from = step.stale ? versions?.at(-2) : versions?.at(-1);
    if (versions === undefined || from === undefined) return;
    const nowMs = this.#clockMs + this.#aheadMs;
    const decision = decide(from, commandOf(step, from, nowMs), nowMs);
    if (!decision.ok) return;
    const { next, event } = decision;
    const attentionAtMs =
      step.attention === null || isTerminal(next.state)
        ? null
        : this.#clockMs + (step.attention === 'past' ? -HOUR_MS : HOUR_MS);
    const deadline = decision.notAfterMs === null ? null : decision.notAfterMs - this.#aheadMs;
    const change = {
      from,
      next,
      event,
      notices: noticesFor(next, event),
      notAfterMs: step.late ? this.#clockMs - HOUR_MS : deadline,
      attentionAtMs,
    };
    const saved = await this.redis.store.save(change);
    expect(await this.memory.save(change)).toEqual(saved);
    if (saved.kind === 'saved') versions.push(saved.request);
  }

  async #attention(postpone: boolean): Promise<void> {
    const taken = await this.redis.store.takeAttention(HOUR_MS, 100);
    const same = await this.memory.takeAttention(HOUR_MS, 100);
    expect(byId(same.map(({ request }) => request))).toEqual(byId(taken.map(({ request }) => request)));
    const [first] = taken;
    if (!postpone || first === undefined) return;
    for (const store of [this.redis.store, this.memory]) {
      await store.postponeAttention(first.request.id, first.request.revision, this.#clockMs - HOUR_MS);
    }
  }

  async #deliver(how: 'done' | 'retry' | 'wait'): Promise<void> {
    const taken = await this.redis.outbox.take(HOUR_MS, 100);
    const same = await this.memory.outbox.take(HOUR_MS, 100);
    const order = (a: { requestId: string }, b: { requestId: string }) =>
      a.requestId < b.requestId ? -1 : 1;
    expect([...same].sort(order)).toEqual([...taken].sort(order));
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
      expect(stored.map(decodeNotice)).toEqual(memory.undelivered(id));
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

/** What the step asks of this request; most of it the rule may well refuse. */
function commandOf({ command, pick }: CommandStep, request: CloseRequest, nowMs: number): Command {
  const by = person(VOTERS[pick % VOTERS.length] ?? 'U_BEN');
  const evidence = {
    groupId: request.groupId,
    creditEmail: 'credit@example.com',
    createdAtMs: nowMs - HOUR_MS,
    closedAtMs: pick % 4 === 0 ? nowMs - 24 * HOUR_MS : nowMs,
  };
  const answers = ['closed', 'refused', 'not-sent', 'unknown'] as const;
  switch (command) {
    case 'progress':
      return progress(request, pick, nowMs);
    case 'vote':
      return approval(request, by.userId);
    case 'reject':
      return { type: 'reject', by, version: request.version, reason: 'no 🛑\nקו', eligible: ELIGIBLE };
    case 'withdraw':
      return { type: 'withdraw', by };
    case 'remind':
      return { type: 'remind', stage: pick % 2 === 0 ? 'half' : 'eighty' };
    case 'facts': {
      const facts = {
        ...repaidFacts(request.groupId, nowMs),
        creditAccount: `credit-${pick % 3}@example.com`,
      };
      return { type: 'replace-facts', facts, why: null };
    }
    case 'no-facts':
      return { type: 'replace-facts', facts: null, why: 'timeout' };
    case 'recount':
      return { type: 'recount-votes', eligible: new Set(VOTERS.slice(0, pick % 4)) };
    case 'supersede':
      return { type: 'supersede', evidence };
    case 'abandon':
      return { type: 'abandon-claim' };
    case 'never-sent':
      return { type: 'never-sent', owner: OWNER, why: 'refused connection' };
    case 'answer': {
      const kind = answers[pick % 4] ?? 'unknown';
      const answer = { kind, httpStatus: 200, exchangeCode: null, meaning: kind, advice: '', atMs: nowMs };
      return { type: 'record-answer', answer };
    }
    case 'read-back':
      return {
        type: 'read-back',
        seen:
          pick % 3 === 0
            ? { kind: 'in-closed-list', evidence }
            : { kind: pick % 3 === 1 ? 'still-active' : 'neither', readAtMs: nowMs },
      };
    case 'settle':
      return {
        type: 'settle',
        by,
        verdict: pick % 2 === 0 ? 'closed' : 'not-closed',
        note: 'seen',
        eligible: ELIGIBLE,
      };
    case 'refusal':
      return { type: 'note-refusal', by, attempted: 'approve', refusal: 'self-approval' };
    case 'give-up-card':
      return { type: 'give-up-card', why: 'channel_not_found' };
    case 'expire':
      return { type: 'expire' };
    case 'lose-track':
      return { type: 'lose-track' };
    case 'page':
      return { type: 'page-people' };
  }
}

/** The next step of a close that goes well. */
function progress(request: CloseRequest, pick: number, nowMs: number): Command {
  const deadlineAtMs = nowMs + 60_000;
  if (request.state === 'pending') {
    if (request.card === null) return CARD;
    return approval(request, request.votes.length === 0 ? 'U_BEN' : 'U_CARA');
  }
  if (request.state === 'approved') {
    const by = request.abandonedClaims > 0 ? person('U_ANN') : null;
    return { type: 'claim', owner: OWNER, deadlineAtMs, by, eligible: ELIGIBLE };
  }
  if (request.sent === null) {
    return { type: 'mark-sent', owner: OWNER, signedTimestampMs: nowMs, recvWindowMs: 5_000, deadlineAtMs };
  }
  const command = request.answer === null && request.state === 'sending' ? 'answer' : 'read-back';
  return commandOf({ ...NO_STEP, command, pick }, request, nowMs);
}

const NO_STEP: CommandStep = {
  do: 'command',
  request: 0,
  command: 'expire',
  pick: 0,
  stale: false,
  late: false,
  attention: null,
};
