/**
 * The close-request store in memory: the same promises as the Redis one, for tests of everything above it. It runs
 * through the same contract and, side by side with the Redis one, through random commands. Time is the test's.
 */
import type { LongId } from '../../src/domain/amount.ts';
import { type AuditEntry, FIRST_SEAL, sealEntry } from '../../src/domain/audit-chain.ts';
import { LOOKED_AT_EVERY_MS } from '../../src/domain/close/attention.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isTerminal } from '../../src/domain/close/close-state.ts';
import type { Notice } from '../../src/domain/close/notices.ts';
import type {
  AuditLog,
  Change,
  CloseRequestStore,
  LeasedItem,
  Outbox,
  OutboxItem,
  RecordCopy,
  RequestOverview,
  Saved,
  StoredRequest,
  TakenItem,
} from '../../src/usecases/ports.ts';

interface Line {
  dueAtMs: number;
  attempts: number;
  timesLeft: number;
  readonly items: Pick<OutboxItem, 'id' | 'origin' | 'createdAtMs' | 'notice'>[];
}

export class MemoryCloseRequestStore implements CloseRequestStore {
  readonly #now: () => number;
  readonly #auditKey: Uint8Array;
  readonly #records = new Map<string, CloseRequest>();
  readonly #units = new Map<LongId, string>();
  readonly #attention = new Map<string, number>();
  readonly #closedThrough = new Map<LongId, string>();
  readonly #entries: AuditEntry[] = [];
  readonly #lines = new Map<string, Line>();
  #lastOpening = FIRST_SEAL;
  /** Notices that were set aside. */
  readonly setAside: { readonly requestId: string; readonly id: string }[] = [];
  /** Notices that are kept for later. */
  readonly kept: { readonly requestId: string; readonly item: Line['items'][number] }[] = [];
  readonly outbox: Outbox;
  readonly audit: AuditLog;

  constructor(options: { now: () => number; auditKey: Uint8Array }) {
    this.#now = options.now;
    this.#auditKey = options.auditKey;
    this.outbox = {
      take: async (leaseMs, limit, requestId) => this.#take(leaseMs, limit, requestId),
      done: async (item) => this.#done(item),
      retry: async (item, delayMs) => this.#retry(item, delayMs),
      leave: async (item, delayMs) => this.#leave(item, delayMs),
      setAside: async (item) => this.#setAside(item),
      keep: async (item) => this.#keep(item),
      retryKept: async () => this.#retryKept(),
      redraw: async (requestId) => this.#redraw(requestId),
    };
    const entries = this.#entries;
    this.audit = {
      async *entries(requestId) {
        for (const entry of entries) {
          if (requestId === undefined || entry.body.requestId === requestId) yield copy(entry);
        }
      },
    };
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
      lines: this.#lines,
    });
    const [entries, lastOpening] = [this.#entries.length, this.#lastOpening];
    const refill = <Value>(map: Map<string, Value>, from: ReadonlyMap<string, Value>) => {
      map.clear();
      for (const [key, value] of from) map.set(key, value);
    };
    return () => {
      refill(this.#records, kept.records);
      refill(this.#units, kept.units);
      refill(this.#attention, kept.attention);
      refill(this.#closedThrough, kept.closedThrough);
      refill(this.#lines, kept.lines);
      this.#entries.length = entries;
      this.#lastOpening = lastOpening;
    };
  }

  /** When each watched request is looked at again, or until when it is leased. */
  watched(): ReadonlyMap<string, number> {
    return new Map(this.#attention);
  }

  /** Notices of a request that are not delivered yet, in order. */
  undelivered(requestId: string): readonly { id: string; createdAtMs: number; notice: Notice }[] {
    return copy(this.#lines.get(requestId)?.items ?? []);
  }

  #write(
    { next, event, notices, attentionAtMs }: Omit<Change, 'from' | 'notAfterMs'>,
    previous: CloseRequest['audit'],
    revision: number,
  ): CloseRequest {
    const opens = previous.sequence === 0;
    const body = {
      requestId: next.id,
      groupId: next.groupId,
      sequence: previous.sequence + 1,
      previousOpening: opens ? this.#lastOpening : null,
      stateAfter: next.state,
      version: next.version,
      factsDigest: next.factsDigest,
      event,
    };
    const entry = sealEntry(body, previous.seal, this.#auditKey);
    this.#entries.push(copy(entry));
    if (opens) this.#lastOpening = entry.seal;
    const request = copy({ ...next, revision, audit: { sequence: body.sequence, seal: entry.seal } });
    this.#records.set(next.id, request);
    if (attentionAtMs === null) this.#attention.delete(next.id);
    else this.#attention.set(next.id, attentionAtMs);
    if (notices.length > 0) {
      const line = this.#line(next.id);
      notices.forEach((notice, index) => {
        const id = `${revision}.${index + 1}`;
        line.items.push({ id, origin: 'change', createdAtMs: event.atMs, notice: copy(notice) });
      });
    }
    return copy(request);
  }

  #take(leaseMs: number, limit: number, requestId?: string): readonly TakenItem[] {
    const nowMs = this.#now();
    const dueAt = new Map([...this.#lines].map(([id, { dueAtMs }]) => [id, dueAtMs]));
    const due = dueFirst(dueAt, nowMs).filter((id) => requestId === undefined || id === requestId);
    return due.slice(0, limit).flatMap((id) => {
      const line = this.#lines.get(id);
      const first = line?.items[0];
      if (line === undefined || first === undefined) return [];
      line.dueAtMs = nowMs + leaseMs;
      const request = this.#records.get(id);
      const stored = request === undefined ? null : { ...copyOf(request), nowMs };
      const { attempts, timesLeft } = line;
      return [{ ...copy({ requestId: id, ...first, attempts, timesLeft }), stored }];
    });
  }

  #done(item: LeasedItem): boolean {
    return this.#remove(item) && this.#lines.has(item.requestId);
  }

  #retry(item: LeasedItem, delayMs: number): void {
    const line = this.#lineOf(item);
    if (line?.attempts !== item.attempts) return;
    line.attempts += 1;
    line.dueAtMs = this.#now() + delayMs;
  }

  #leave(item: LeasedItem, delayMs: number): void {
    const line = this.#lineOf(item);
    if (line?.timesLeft !== item.timesLeft) return;
    line.timesLeft += 1;
    line.dueAtMs = this.#now() + delayMs;
  }

  #setAside(item: LeasedItem): boolean {
    const { requestId, id, origin } = item;
    if (!this.#remove(item, origin === 'redraw' ? [] : [redrawAt(this.#now())])) return false;
    this.setAside.push({ requestId, id });
    return true;
  }

  #keep(item: OutboxItem): void {
    const first = this.#lineOf(item)?.items[0];
    if (first === undefined) return;
    this.#remove(item);
    const { requestId } = item;
    const isCard = ({ notice }: Line['items'][number]) => notice.kind === 'card';
    if (isCard(first) && this.kept.some((kept) => kept.requestId === requestId && isCard(kept.item))) return;
    this.kept.push({ requestId, item: { ...first, origin: 'kept' } });
  }

  /** The line in which the item is first. */
  #lineOf({ requestId, id }: LeasedItem): Line | undefined {
    const line = this.#lines.get(requestId);
    return line?.items[0]?.id === id ? line : undefined;
  }

  #remove(item: LeasedItem, inItsPlace: Line['items'] = []): boolean {
    const line = this.#lineOf(item);
    if (line === undefined) return false;
    line.items.splice(0, 1, ...inItsPlace);
    line.attempts = 0;
    line.timesLeft = 0;
    line.dueAtMs = this.#now();
    if (line.items.length === 0) this.#lines.delete(item.requestId);
    return true;
  }

  #retryKept(): number {
    const all = this.kept.splice(0);
    for (const { requestId, item } of all) this.#line(requestId).items.push(item);
    return all.length;
  }

  #redraw(requestId: string): void {
    const line = this.#line(requestId);
    if (line.items.slice(1).some(({ notice }) => notice.kind === 'card')) return;
    line.items.push(redrawAt(this.#now()));
  }

  #line(requestId: string): Line {
    const line = this.#lines.get(requestId) ?? {
      dueAtMs: this.#now(),
      attempts: 0,
      timesLeft: 0,
      items: [],
    };
    this.#lines.set(requestId, line);
    return line;
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

function redrawAt(nowMs: number): Line['items'][number] {
  return { id: `redraw-${nowMs}`, origin: 'redraw', createdAtMs: nowMs, notice: { kind: 'card' } };
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
