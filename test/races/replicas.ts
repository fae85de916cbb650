/**
 * Several desks as several processes would run them: each with a Redis connection and an exchange client of its own,
 * all on one Redis and one exchange stand-in. The exchange's clock is turned by the test, a minute a round, so that
 * no limit of the exchange is ever reached; deadlines are by the clock of Redis, which nobody turns.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { inject, onTestFinished } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import { createLoanExchange } from '../../src/binance/loan-exchange.ts';
import type { CloseRequest, RequestEventType } from '../../src/domain/close/close-request.ts';
import type { PersonId } from '../../src/domain/person.ts';
import type { ClosePolicy } from '../../src/domain/policy.ts';
import { requestIdFrom } from '../../src/domain/request-id.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { createDesk, type DeskParts, type DeskWork } from '../../src/usecases/create-desk.ts';
import type { CloseRequestStore } from '../../src/usecases/ports.ts';
import { accountsOf } from '../binance/support/client.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { MemoryReadingProgress } from '../fakes/loan-records.ts';
import { FakeDirectory, FakeNotifier, FakeRuleNotifier } from '../fakes/people.ts';
import { AUDIT_KEY, newPrefix, type RedisParts, redisParts } from '../redis/redis-parts.ts';
import { ALICE, BOB, CAROL, policy, REQUESTER, START_MS } from '../support/close-requests.ts';
import { NO_EVENTS } from '../support/desk-harness.ts';

const CREDIT_EMAIL = 'credit007@test.com';

/** More cost more each: a check of the audit trail reads what all of them wrote. */
const AT_ONCE = 5;

/** How often a race is run: `count` times on a real Redis; the embedded one is a hundred times slower. */
export function rounds(count: number): number {
  return inject('redisKind') === 'embedded' ? Math.ceil(count / 25) : count;
}

export interface Replica {
  readonly work: DeskWork;
  readonly redis: RedisParts;
  readonly notifier: FakeNotifier;
}

export interface ReplicaOptions {
  /** Default: the suite's Redis. */
  readonly redisUrl?: string;
  /** Default live. */
  readonly mode?: 'live' | 'dry-run';
  /** The settings; default: two of three people. */
  readonly policy?: ClosePolicy;
  /** Default: none. */
  readonly rules?: DeskParts['rules'];
  /** Called at each step of a unit's close, before anything else happens. */
  readonly onStep?: OnStep;
}

/** A change that was decided and is about to be stored, or that is stored; a close about to be signed, unmarked yet. */
export type Step = `${'saving' | 'saved'} ${RequestEventType}` | 'signing';
export type OnStep = (groupId: string, step: Step) => void;

export class Replicas {
  readonly exchange: Exchange;
  readonly directory: FakeDirectory;
  readonly #clock: { nowMs: number };
  readonly #prefix = newPrefix();
  readonly #running = new Set<Promise<unknown>>();
  /** What background work threw, which nobody would see otherwise. */
  readonly failures: unknown[] = [];
  #unit = 1_000;
  #askedNow: Promise<number> | null = null;

  private constructor(exchange: Exchange, directory: FakeDirectory, clock: { nowMs: number }) {
    this.exchange = exchange;
    this.directory = directory;
    this.#clock = clock;
  }

  /** `directory`: default, the requester and three approvers. */
  static async start(directory = new FakeDirectory(REQUESTER, ALICE, BOB, CAROL)): Promise<Replicas> {
    const clock = { nowMs: START_MS };
    const exchange = await startExchange({
      now: () => clock.nowMs,
      settings: { closedOrder: 'closeTime-descending' },
    });
    onTestFinished(() => exchange.close());
    return new Replicas(exchange, directory, clock);
  }

  /** One more process. It ends with the running test. */
  async add({
    redisUrl = inject('redisUrl'),
    mode = 'live',
    policy: settings = policy({ mode }),
    rules,
    onStep = () => {},
  }: ReplicaOptions = {}): Promise<Replica> {
    const redis = await redisParts(redisUrl, this.#prefix);
    const now = () => this.#clock.nowMs;
    const client = createLoanExchange({
      closeMode: mode,
      baseUrl: this.exchange.url,
      accounts: accountsOf(this.exchange, 'fund-a', 'loan-7'),
      ledger: redis.ledger,
      sharedReads: redis.reads,
      log: redis.log,
      now,
    });
    onTestFinished(() => client.stop());
    const notifier = new FakeNotifier();
    const work = createDesk({
      events: NO_EVENTS,
      reader: client.reader,
      details: client.institutionalLoan,
      records: client.records,
      readingProgress: new MemoryReadingProgress(),
      closer: {
        prepareClose(groupId) {
          onStep(groupId, 'signing');
          return client.closer.prepareClose(groupId);
        },
      },
      stops: client.stops,
      store: announced(redis.store, onStep),
      outbox: redis.outbox,
      audit: redis.audit,
      watchRecords: redis.watch,
      ruleBookStore: redis.ruleBook,
      auditKeys: onlyKey(AUDIT_KEY),
      directory: this.directory,
      notifier,
      ruleNotifier: new FakeRuleNotifier(),
      roles: { requesters: [REQUESTER.userId], approvers: settings.approvers, viewers: '*' },
      policy: settings,
      ...(rules && { rules }),
      thresholds: PUBLISHED_THRESHOLDS,
      probe: async () => ({ version: '0', nodeVersion: '24', mode: 'live', lines: [] }),
      now,
      pause: async () => {},
      newId: randomUUID,
      newRequestId: () => requestIdFrom(randomBytes(10)),
      log: redis.log,
      inBackground: (_, run) => this.#run(run),
    });
    return { work, redis, notifier };
  }

  #run(work: () => Promise<unknown>): void {
    const task = work()
      .catch((error: unknown) => this.failures.push(error))
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  /** Waits for everything that clicks set off. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** A repaid unit that nobody has seen before, in a fresh minute of the exchange. */
  newUnit(): string {
    const [unit = ''] = this.newUnits(1);
    return unit;
  }

  /** Several in the same minute. */
  newUnits(count: number): readonly string[] {
    this.#clock.nowMs += 60_000;
    return Array.from({ length: count }, () => {
      this.#unit += 1;
      this.exchange.addUnit({ groupId: String(this.#unit), creditEmail: CREDIT_EMAIL });
      return String(this.#unit);
    });
  }

  /** A request for this unit, or a new one, its card posted. */
  async open({ work, redis }: Replica, unit = this.newUnit()): Promise<CloseRequest> {
    const asked = await work.desk.askToClose(REQUESTER, unit, 'Loan repaid');
    if (!asked.ok) throw new Error(`the ask was refused: ${asked.refusal.code}`);
    await this.settled();
    return loaded(redis, asked.value.id);
  }

  /** Runs races for new units, a few at a time: each sees what the others write to Redis meanwhile. */
  async sideBySide(races: number, race: (unit: string, round: number) => Promise<void>): Promise<void> {
    for (let first = 0; first < races; first += AT_ONCE) {
      const units = this.newUnits(Math.min(AT_ONCE, races - first));
      await Promise.all(units.map((unit, at) => race(unit, first + at)));
    }
  }

  /** By the clock of Redis, asked once for all that wait. */
  redisNowMs({ redis }: Replica): Promise<number> {
    this.#askedNow ??= redis.store.nowMs().finally(() => {
      this.#askedNow = null;
    });
    return this.#askedNow;
  }

  deletesOf({ groupId }: CloseRequest): number {
    return this.exchange.deletes().get(groupId) ?? 0;
  }
}

/** Lets whatever is ready go on, so many times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The same store, which says when it is asked to store a change and when it has. */
function announced(store: RedisParts['store'], onStep: OnStep): CloseRequestStore {
  const save: CloseRequestStore['save'] = async (change) => {
    const { groupId } = change.from.request;
    onStep(groupId, `saving ${change.event.type}`);
    const saved = await store.save(change);
    if (saved.kind === 'saved') onStep(groupId, `saved ${change.event.type}`);
    return saved;
  };
  return new Proxy<CloseRequestStore>(store, {
    get(_, name) {
      if (name === 'save') return save;
      const value: unknown = Reflect.get(store, name);
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}

export async function loaded({ store }: RedisParts, requestId: string): Promise<CloseRequest> {
  const stored = await store.load(requestId);
  if (stored === null) throw new Error(`no request ${requestId}`);
  return stored.request;
}

export function approve({ work }: Replica, by: PersonId, request: CloseRequest) {
  const { id: requestId, version, factsDigest: digest, groupId: typedId } = request;
  return work.desk.approve(by, { requestId, version, digest, typedId });
}
