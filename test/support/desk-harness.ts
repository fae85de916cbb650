/** One desk over a memory store, a fake exchange and fake people, with a clock that the test moves. */
import { longId } from '../../src/domain/amount.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { PersonId } from '../../src/domain/person.ts';
import type { ClosePolicy } from '../../src/domain/policy.ts';
import { requestIdFrom } from '../../src/domain/request-id.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { createDesk, type DeskParts } from '../../src/usecases/create-desk.ts';
import type { DeskEvents } from '../../src/usecases/ports.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { FakeLoanExchange, repaidUnit } from '../fakes/loan-exchange.ts';
import { FakeLoanRecords, MemoryReadingProgress } from '../fakes/loan-records.ts';
import { MemoryCloseRequestStore } from '../fakes/memory-close-request-store.ts';
import { FakeDirectory, FakeNotifier, FakeRuleNotifier } from '../fakes/people.ts';
import { ALICE, BOB, CAROL, person, policy, REQUESTER, START_MS } from './close-requests.ts';
import { QUIET } from './logs.ts';

export const VIEWER = person('U0VIEW');
export const UNIT = longId('7');
export const NO_EVENTS: DeskEvents = {
  requestChanged: () => {},
  noticeMissed: () => {},
  auditVerified: () => {},
};
const AUDIT_KEY = new Uint8Array(32).fill(1);

/** The same object with some of its methods replaced; private fields keep working. */
export function withMethods<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export class DeskHarness {
  nowMs = START_MS;
  readonly exchange: FakeLoanExchange;
  readonly records: FakeLoanRecords;
  readonly readingProgress = new MemoryReadingProgress();
  readonly directory = new FakeDirectory(REQUESTER, ALICE, BOB, CAROL, VIEWER);
  readonly notifier = new FakeNotifier();
  readonly ruleNotifier = new FakeRuleNotifier();
  readonly store: MemoryCloseRequestStore;
  #parts: DeskParts;
  readonly #pending = new Set<Promise<unknown>>();
  /** Work that a click set off and the test wants to hold back; by name. */
  readonly heldBack = new Set<string>();
  work: ReturnType<typeof createDesk>;

  constructor(policyChanges: Partial<ClosePolicy> = {}, overrides: Partial<DeskParts> = {}) {
    const now = () => this.nowMs;
    this.exchange = new FakeLoanExchange(now, repaidUnit(UNIT));
    this.records = new FakeLoanRecords(now);
    this.store = new MemoryCloseRequestStore({ now, auditKey: AUDIT_KEY });
    let id = 0;
    this.#parts = {
      reader: this.exchange,
      details: this.exchange,
      records: this.records,
      readingProgress: this.readingProgress,
      closer: this.exchange,
      stops: this.exchange.stops,
      store: this.store,
      outbox: this.store.outbox,
      audit: this.store.audit,
      watchRecords: this.store.watch,
      ruleBookStore: this.store.ruleBook,
      auditKeys: onlyKey(AUDIT_KEY),
      directory: this.directory,
      notifier: this.notifier,
      ruleNotifier: this.ruleNotifier,
      roles: {
        requesters: [REQUESTER.userId],
        approvers: policy(policyChanges).approvers,
        viewers: [VIEWER.userId, REQUESTER.userId],
      },
      policy: policy(policyChanges),
      thresholds: PUBLISHED_THRESHOLDS,
      probe: async () => ({ version: '0', nodeVersion: '24', mode: 'live', lines: [] }),
      now,
      pause: async (milliseconds) => {
        this.nowMs += milliseconds;
      },
      newId: () => `id-${++id}`,
      events: NO_EVENTS,
      newRequestId: () => requestIdFrom(new Uint8Array(10).fill(++id)),
      log: QUIET,
      inBackground: (what, run) => {
        if (this.heldBack.has(what)) return;
        const task = run().finally(() => this.#pending.delete(task));
        this.#pending.add(task);
      },
      ...overrides,
    };
    this.work = createDesk(this.#parts);
  }

  get desk() {
    return this.work.desk;
  }

  /** A second desk on the same store and exchange, as another process would be. */
  replica(overrides: Partial<DeskParts> = {}): ReturnType<typeof createDesk> {
    return createDesk({ ...this.#parts, ...overrides });
  }

  /** The process starts again with other settings. */
  restart(policyChanges: Partial<ClosePolicy>, overrides: Partial<DeskParts> = {}): void {
    const current = policy(policyChanges);
    const roles = { ...this.#parts.roles, approvers: current.approvers };
    this.#parts = { ...this.#parts, policy: current, roles, ...overrides };
    this.work = createDesk(this.#parts);
  }

  /** Waits for everything that clicks set off. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Moves the clock and does the background's rounds until nothing is due. */
  async pass(milliseconds: number): Promise<void> {
    this.nowMs += milliseconds;
    while ((await this.work.attendRequests()) > 0) await this.settled();
    await this.work.deliverOutbox();
    await this.settled();
  }

  /** A request that was asked for, its card posted. */
  async open(reason = 'Loan repaid'): Promise<CloseRequest> {
    const asked = await this.desk.askToClose(REQUESTER, UNIT, reason);
    if (!asked.ok) throw new Error(`refused: ${asked.refusal.code}`);
    await this.settled();
    return this.get(asked.value.id);
  }

  async get(requestId: string): Promise<CloseRequest> {
    const stored = await this.store.load(requestId);
    if (stored === null) throw new Error(`no request ${requestId}`);
    return stored.request;
  }

  approve(by: PersonId, request: CloseRequest, typedId: string = request.groupId) {
    const { id, version, factsDigest } = request;
    return this.desk.approve(by, { requestId: id, version, digest: factsDigest, typedId });
  }

  /** What the thread told, event by event. */
  threadOf(requestId: string): string[] {
    return this.#told('thread', requestId);
  }

  /** What those who may approve were told, event by event. */
  approversTold(requestId: string): string[] {
    return this.#told('approvers', requestId);
  }

  #told(kind: 'thread' | 'approvers', requestId: string): string[] {
    return this.notifier.delivered.flatMap(({ notice, request }) =>
      notice.kind === kind && request.id === requestId ? [notice.event.type] : [],
    );
  }
}
