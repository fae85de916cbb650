/** What is kept beside the firm's rules, in memory: the same promises as the Redis store, on the same trail and outbox. */
import { type NewestEntry, NO_ENTRY } from '../../src/domain/audit-chain.ts';
import type { Absence } from '../../src/domain/close/close-rules.ts';
import { NO_RULE_BOOK, type RuleBook } from '../../src/domain/close/rule-book.ts';
import { RULES_ID } from '../../src/domain/subject.ts';
import type { UnreadableRecord } from '../../src/usecases/ports.ts';
import type { RuleBookSave, RuleBookStore, StoredRuleBook } from '../../src/usecases/rule-book.ts';
import type { MemoryOutbox } from './memory-outbox.ts';
import type { MemoryTrail } from './memory-trail.ts';

export class MemoryRuleBookStore implements RuleBookStore {
  readonly #now: () => number;
  readonly #outbox: MemoryOutbox;
  readonly #trail: MemoryTrail;
  #book: RuleBook | null = null;
  #saves = 0;
  #newest: NewestEntry = NO_ENTRY;
  /** Why the record can't be read; null: it can. */
  unreadable: UnreadableRecord | null = null;

  constructor(parts: { now: () => number; outbox: MemoryOutbox; trail: MemoryTrail }) {
    this.#now = parts.now;
    this.#outbox = parts.outbox;
    this.#trail = parts.trail;
  }

  async load(): Promise<StoredRuleBook> {
    if (this.unreadable !== null) throw this.unreadable;
    const stored = this.#book === null ? '' : `${this.#saves}`;
    return { book: structuredClone(this.#book), stored, newest: this.#newest, nowMs: this.#now() };
  }

  async save({ from, next, events, notices }: RuleBookSave): Promise<'saved' | 'conflict'> {
    if (from.stored !== (this.#book === null ? '' : `${this.#saves}`)) return 'conflict';
    for (const event of events) {
      const sequence = this.#newest.sequence + 1;
      const seal = this.#trail.write(
        (previousOpening) => ({ rules: true, sequence, previousOpening, stateAfter: 'kept', event }),
        sequence,
        this.#newest.seal,
      );
      this.#newest = { sequence, seal };
    }
    this.#saves += 1;
    this.#book = structuredClone({
      ...next,
      revision: (from.book?.revision ?? 0) + 1,
      audit: this.#newest,
    });
    this.#outbox.add(RULES_ID, `${this.#saves}.`, this.#now(), notices);
    return 'saved';
  }

  async newestEntry(): Promise<NewestEntry | UnreadableRecord | null> {
    return this.unreadable ?? this.#book?.audit ?? null;
  }

  /** As if people had entered these and no others. */
  async setAbsences(absences: readonly Absence[]): Promise<void> {
    const from = await this.load();
    const entered = absences.map((each) => ({ ...each, sinceMs: from.nowMs }));
    const next = { ...(from.book ?? NO_RULE_BOOK), absences: entered };
    await this.save({ from, next, events: [], notices: [] });
  }

  /** Remembers what is stored; the function that it answers goes back to that, as a failover that lost writes does. */
  snapshot(): () => void {
    const [book, newest, putBackTrail] = [this.#book, this.#newest, this.#trail.snapshot()];
    return () => {
      [this.#book, this.#newest] = [book, newest];
      putBackTrail();
    };
  }

  /** As when Redis lost the record and nothing else. */
  loseRecord(): void {
    this.#book = null;
  }
}
