/**
 * The close-request store in memory: the same promises as the Redis one, for tests of everything above it. It runs
 * through the same contract and, side by side with the Redis one, through random commands. Time is the test's.
 */
import type { LongId } from '../../src/domain/amount.ts';
import { FIRST_SEAL } from '../../src/domain/audit-chain.ts';
import { LOOKED_AT_EVERY_MS } from '../../src/domain/close/attention.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isTerminal } from '../../src/domain/close/close-state.ts';
import { requestBody } from '../../src/domain/close/request-entry.ts';
import type {
  Change,
  CloseRequestStore,
  RecordCopy,
  RequestOverview,
  Saved,
  StoredRequest,
} from '../../src/usecases/ports.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { MemoryRuleBookStore } from './memory-rule-book.ts';
import { MemoryTrail } from './memory-trail.ts';
import { MemoryWatchStore } from './memory-watch-store.ts';

export class MemoryCloseRequestStore implements CloseRequestStore {
  readonly #now: () => number;
  readonly #records = new Map<string, CloseRequest>();
  readonly #units = new Map<LongId, string>();
  readonly #attention = new Map<string, number>();
  readonly #closedThrough = new Map<LongId, string>();
  readonly outbox: MemoryOutbox;
  readonly audit: MemoryTrail;
  readonly watch: MemoryWatchStore;
  readonly ruleBook: MemoryRuleBookStore;

  constructor(options: { now: () => number; auditKey: Uint8Array }) {
    this.#now = options.now;
    this.audit = new MemoryTrail(options.auditKey);
    this.outbox = new MemoryOutbox(this.#now, {
      request: (id) => {
        const request = this.#records.get(id);
        return request === undefined ? null : copyOf(request);
      },
      episode: (id) => this.watch.peek(id),
    });
    const shared = { now: this.#now, outbox: this.outbox, trail: this.audit };
    this.watch = new MemoryWatchStore(shared);
    this.ruleBook = new MemoryRuleBookStore(shared);
  }

  async nowMs(): Promise<number> {
    return this.#now();
  }

  async open(
    change: Omit<Change, 'from' | 'notAfterMs'>,
  ): Promise<{ readonly kind: 'opened' | 'exists' } & RecordCopy> {
    const holder = this.#units.get(change.next.groupId);
    if (holder !== undefined) return { kind: 'exists', ...copyOf(this.#record(holder)) };
    if (this.#records.has(change.next.id)) {
      throw new Error(`the id ${change.next.id} was used for a request before`);
    }
    const request = this.#write(change, { sequence: 0, seal: FIRST_SEAL }, 1);
    this.#units.set(request.groupId, request.id);
    return { kind: 'opened', ...copyOf(request) };
  }

  async load(requestId: string): Promise<StoredRequest | null> {
    const request = this.#records.get(requestId);
    return request === undefined ? null : { ...copyOf(request), nowMs: this.#now() };
  }

  async newestEntries(requestIds: readonly string[]) {
    return requestIds.map((id) => this.#records.get(id)?.audit ?? null);
  }

  async requestIds(): Promise<readonly string[]> {
    return this.#sorted().map(({ id }) => id);
  }

  async save(change: Change): Promise<Saved> {
    const { next, notAfterMs } = change;
    const from = change.from.request;
    const stored = this.#records.get(from.id);
    if (stored === undefined || copyOf(stored).stored !== change.from.stored) return { kind: 'conflict' };
    if (notAfterMs !== null && this.#now() >= notAfterMs) return { kind: 'too-late' };
    const holdsUnit = this.#units.get(from.groupId) === from.id;
    if (isTerminal(next.state)) {
      if (holdsUnit) this.#units.delete(from.groupId);
    } else if (next.sent !== null && change.event.type !== 'sent') {
      if (!this.#units.has(from.groupId)) this.#units.set(from.groupId, from.id);
    } else if (!holdsUnit) {
      throw new Error(`close request ${from.id} is open but does not hold unit ${from.groupId}`);
    }
    if (next.state === 'closed') this.#closedThrough.set(from.groupId, from.id);
    return { kind: 'saved', ...copyOf(this.#write(change, from.audit, from.revision + 1)) };
  }

  async openRequestFor(groupId: LongId): Promise<CloseRequest | null> {
    const id = this.#units.get(groupId);
    return id === undefined ? null : this.#record(id);
  }

  async listOpen(): Promise<readonly CloseRequest[]> {
    return this.#sorted().filter(({ state }) => !isTerminal(state));
  }

  async listRecent(limit: number, before = Number.POSITIVE_INFINITY): Promise<readonly CloseRequest[]> {
    return this.#sorted()
      .reverse()
      .filter(({ createdAtMs }) => createdAtMs < before)
      .slice(0, limit);
  }

  async overview(limit: number): Promise<RequestOverview> {
    return { open: await this.listOpen(), recent: await this.listRecent(limit), unreadable: [] };
  }

  async closedThrough(groupIds: readonly LongId[]): Promise<ReadonlyMap<LongId, CloseRequest>> {
    const found = new Map<LongId, CloseRequest>();
    for (const groupId of groupIds) {
      const id = this.#closedThrough.get(groupId);
      if (id !== undefined) found.set(groupId, this.#record(id));
    }
    return found;
  }

  async takeAttention(leaseMs: number, limit: number): Promise<readonly StoredRequest[]> {
    const nowMs = this.#now();
    const due = [
      ...dueFirst(this.#attention, nowMs),
      // What nobody would put off so far was put off by a clock that was wrong.
      ...[...this.#attention].filter(([, atMs]) => atMs > nowMs + 2 * LOOKED_AT_EVERY_MS).map(([id]) => id),
    ].slice(0, limit);
    for (const id of due) this.#attention.set(id, nowMs + leaseMs);
    return due.map((id) => ({ ...copyOf(this.#record(id)), nowMs }));
  }

  async postponeAttention(requestId: string, revision: number, atMs: number): Promise<void> {
    if (this.#records.get(requestId)?.revision !== revision || !this.#attention.has(requestId)) return;
    this.#attention.set(requestId, atMs);
  }

  /** Remembers all it holds; the function that it answers goes back to that, as a failover may. */
  snapshot(): () => void {
    const kept = copy({
      records: this.#records,
      units: this.#units,
      attention: this.#attention,
      closedThrough: this.#closedThrough,
    });
    const others = [this.audit.snapshot(), this.outbox.snapshot()];
    const refill = <Value>(map: Map<string, Value>, from: ReadonlyMap<string, Value>) => {
      map.clear();
      for (const [key, value] of from) map.set(key, value);
    };
    return () => {
      refill(this.#records, kept.records);
      refill(this.#units, kept.units);
      refill(this.#attention, kept.attention);
      refill(this.#closedThrough, kept.closedThrough);
      for (const goBack of others) goBack();
    };
  }

  /** When each watched request is looked at again, or until when it is leased. */
  watched(): ReadonlyMap<string, number> {
    return new Map(this.#attention);
  }

  #write(
    { next, event, notices, attentionAtMs }: Omit<Change, 'from' | 'notAfterMs'>,
    previous: CloseRequest['audit'],
    revision: number,
  ): CloseRequest {
    const sequence = previous.sequence + 1;
    const seal = this.audit.write(
      (opening) => requestBody(next, event, sequence, opening),
      sequence,
      previous.seal,
    );
    const request = copy({ ...next, revision, audit: { sequence, seal } });
    this.#records.set(next.id, request);
    if (attentionAtMs === null) this.#attention.delete(next.id);
    else this.#attention.set(next.id, attentionAtMs);
    this.outbox.add(next.id, `${revision}.`, event.atMs, notices);
    return copy(request);
  }

  #record(id: string): CloseRequest {
    const request = this.#records.get(id);
    if (request === undefined) throw new Error(`no request ${id}`);
    return copy(request);
  }

  /** Oldest first; at one instant by id. */
  #sorted(): CloseRequest[] {
    return [...this.#records.values()]
      .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
      .map(copy);
  }
}

/** Ids that are due, the longest due first. */
function dueFirst(dueAt: ReadonlyMap<string, number>, nowMs: number): string[] {
  return [...dueAt]
    .filter(([, atMs]) => atMs <= nowMs)
    .sort(([a, aAtMs], [b, bAtMs]) => aAtMs - bAtMs || (a < b ? -1 : 1))
    .map(([id]) => id);
}

function copyOf(request: CloseRequest): RecordCopy {
  return { request: copy(request), stored: JSON.stringify(request) };
}

/** What is handed out and what is kept must not be one object. */
function copy<Value>(value: Value): Value {
  return structuredClone(value);
}
