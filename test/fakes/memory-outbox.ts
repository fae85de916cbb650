/** The outbox in memory, for the messages of every subject: the same promises as the Redis one. Time is the test's. */

import type { Notice } from '../../src/domain/close/notices.ts';
import type { RuleNotice } from '../../src/domain/close/rule-book.ts';
import { subjectKindOf } from '../../src/domain/subject.ts';
import type { Episode } from '../../src/domain/watch/episode.ts';
import type { EpisodeNotice, WatchNotice } from '../../src/domain/watch/watch.ts';
import type {
  LeasedItem,
  Outbox,
  OutboxItem,
  OutboxNotice,
  TakenItem,
} from '../../src/usecases/outbox-ports.ts';
import type { RecordCopy } from '../../src/usecases/ports.ts';

type QueuedItem = Pick<OutboxItem, 'id' | 'key' | 'origin' | 'createdAtMs' | 'notice'>;

interface Line {
  dueAtMs: number;
  attempts: number;
  timesLeft: number;
  timesTaken: number;
  readonly items: QueuedItem[];
}

export interface MemoryRecords {
  request(id: string): RecordCopy | null;
  episode(id: string): Episode | null;
}

export class MemoryOutbox implements Outbox {
  readonly #now: () => number;
  readonly #records: MemoryRecords;
  readonly #lines = new Map<string, Line>();
  /** Notices that were set aside. */
  readonly putAside: { readonly subjectId: string; readonly id: string }[] = [];
  /** Notices that are kept for later. */
  readonly kept: { readonly subjectId: string; readonly item: QueuedItem }[] = [];

  constructor(now: () => number, records: MemoryRecords) {
    this.#now = now;
    this.#records = records;
  }

  /** The notices of one change, in order; ids begin with `stem`. */
  add(subjectId: string, stem: string, createdAtMs: number, notices: readonly OutboxNotice[]): void {
    if (notices.length === 0) return;
    const line = this.#line(subjectId);
    notices.forEach((notice, index) => {
      const id = `${stem}${index + 1}`;
      const isAlertRedraw = notice.kind === 'alert-card' && !notice.mention;
      if (isAlertRedraw && line.items.slice(1).some((waiting) => isRedraw(waiting.notice))) return;
      line.items.push({
        ...{ id, key: `${subjectId}/${id}`, origin: 'change', createdAtMs },
        notice: structuredClone(notice),
      });
    });
  }

  async take(leaseMs: number, limit: number, subjectId?: string): Promise<readonly TakenItem[]> {
    const nowMs = this.#now();
    const due = [...this.#lines]
      .filter(([id, { dueAtMs }]) => dueAtMs <= nowMs && (subjectId === undefined || id === subjectId))
      .sort(([a, one], [b, other]) => one.dueAtMs - other.dueAtMs || (a < b ? -1 : 1));
    return due.slice(0, limit).flatMap(([id, line]) => {
      const [first] = line.items;
      if (first === undefined) return [];
      line.dueAtMs = nowMs + leaseMs;
      line.timesTaken += 1;
      const { attempts, timesLeft, timesTaken } = line;
      return [this.#withRecord({ subjectId: id, ...first, attempts, timesLeft, timesTaken }, nowMs)];
    });
  }

  #withRecord(item: OutboxItem, nowMs: number): TakenItem {
    const { subjectId } = item;
    const subject = subjectKindOf(subjectId);
    const taken = { ...structuredClone(item), nowMs };
    if (subject === 'watch') return { ...taken, subject, notice: taken.notice as WatchNotice };
    if (subject === 'rules') return { ...taken, subject, notice: taken.notice as RuleNotice };
    if (subject === 'episode') {
      const stored = this.#records.episode(subjectId);
      return { ...taken, subject, notice: taken.notice as EpisodeNotice, stored };
    }
    const copy = this.#records.request(subjectId);
    const stored = copy === null ? null : { ...copy, nowMs };
    return { ...taken, subject, notice: taken.notice as Notice, stored };
  }

  async done(item: LeasedItem): Promise<boolean> {
    return this.#remove(item) && this.#lines.has(item.subjectId);
  }

  async retry(item: LeasedItem, delayMs: number): Promise<void> {
    const line = this.#lineOf(item);
    if (line?.attempts !== item.attempts) return;
    line.attempts += 1;
    line.dueAtMs = this.#now() + delayMs;
  }

  async leave(item: LeasedItem, delayMs: number): Promise<void> {
    const line = this.#lineOf(item);
    if (line?.timesLeft !== item.timesLeft) return;
    line.timesLeft += 1;
    line.dueAtMs = this.#now() + delayMs;
  }

  async setAside(item: LeasedItem): Promise<boolean> {
    const { subjectId, id, origin } = item;
    const redraw = origin === 'redraw' ? null : redrawAt(subjectId, this.#now());
    if (!this.#remove(item, redraw === null ? [] : [redraw])) return false;
    this.putAside.push({ subjectId, id });
    return true;
  }

  async keep(item: OutboxItem): Promise<void> {
    const first = this.#lineOf(item)?.items[0];
    if (first === undefined) return;
    this.#remove(item);
    const { subjectId } = item;
    const isKept = this.kept.some((kept) => kept.subjectId === subjectId && isRedraw(kept.item.notice));
    if (isRedraw(first.notice) && isKept) return;
    this.kept.push({ subjectId, item: { ...first, origin: 'kept' } });
  }

  async retryKept(): Promise<number> {
    const all = this.kept.splice(0);
    for (const { subjectId, item } of all) this.#line(subjectId).items.push(item);
    return all.length;
  }

  async redraw(subjectId: string): Promise<void> {
    const redraw = redrawAt(subjectId, this.#now());
    if (redraw === null) return;
    const line = this.#line(subjectId);
    if (line.items.slice(1).some(({ notice }) => isRedraw(notice))) return;
    line.items.push(redraw);
  }

  /** Notices of a subject that are not delivered yet, in order. */
  undelivered(subjectId: string): readonly QueuedItem[] {
    return structuredClone(this.#lines.get(subjectId)?.items ?? []);
  }

  /** Remembers the lines; the function that it answers goes back to them. */
  snapshot(): () => void {
    const lines = structuredClone([...this.#lines]);
    return () => {
      this.#lines.clear();
      for (const [id, line] of lines) this.#lines.set(id, line);
    };
  }

  /** The line in which the item is first. */
  #lineOf({ subjectId, id }: LeasedItem): Line | undefined {
    const line = this.#lines.get(subjectId);
    return line?.items[0]?.id === id ? line : undefined;
  }

  #remove(item: LeasedItem, inItsPlace: QueuedItem[] = []): boolean {
    const line = this.#lineOf(item);
    if (line === undefined) return false;
    line.items.splice(0, 1, ...inItsPlace);
    Object.assign(line, { attempts: 0, timesLeft: 0, timesTaken: 0, dueAtMs: this.#now() });
    if (line.items.length === 0) this.#lines.delete(item.subjectId);
    return true;
  }

  #line(subjectId: string): Line {
    const none = { dueAtMs: this.#now(), attempts: 0, timesLeft: 0, timesTaken: 0, items: [] };
    const line = this.#lines.get(subjectId) ?? none;
    this.#lines.set(subjectId, line);
    return line;
  }
}

function redrawAt(subjectId: string, nowMs: number): QueuedItem | null {
  const subject = subjectKindOf(subjectId);
  if (subject === 'watch' || subject === 'rules') return null;
  const id = `redraw-${nowMs}`;
  return {
    ...{ id, key: `${subjectId}/${id}`, origin: 'redraw', createdAtMs: nowMs },
    notice: subject === 'request' ? { kind: 'card' } : { kind: 'alert-card', mention: false },
  };
}

function isRedraw(notice: OutboxNotice): boolean {
  return notice.kind === 'card' || (notice.kind === 'alert-card' && !notice.mention);
}
