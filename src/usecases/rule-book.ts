/**
 * The only way to change what is kept beside the firm's own rules: load, decide, save if nothing changed meanwhile, else
 * start again. After a change its messages are delivered at once.
 */

import type { NewestEntry } from '../domain/audit-chain.ts';
import type { Absence } from '../domain/close/close-rules.ts';
import {
  decideRuleBook,
  inForce,
  NO_RULE_BOOK,
  type RuleBook,
  type RuleBookChange,
  type RuleCommand,
  type RuleEvent,
} from '../domain/close/rule-book.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import { RULES_ID } from '../domain/subject.ts';
import { type Delivery, type Log, type NewestOfRecord, UnreadableRecord } from './ports.ts';

/** Of several replicas, one succeeds in each round of attempts. */
const ATTEMPTS_AT_MOST = 20;

/** All times are UTC milliseconds. */
export interface StoredRuleBook {
  /** Null: there is none yet, or Redis lost it. */
  readonly book: RuleBook | null;
  /** As stored, to compare at the save; '' for none. */
  readonly stored: string;
  /** The newest audit entry that Redis names, also where the record is gone: the chain goes on there. */
  readonly newest: NewestEntry;
  /** The store's clock. */
  readonly nowMs: number;
}

export interface RuleBookSave extends RuleBookChange {
  readonly from: StoredRuleBook;
}

export interface RuleBookStore {
  /** Throws UnreadableRecord (damaged, or put back from earlier), StoreUnavailable. */
  load(): Promise<StoredRuleBook>;
  /** Compare-and-set: the record, its sealed entries and its messages together, or nothing. Throws StoreUnavailable. */
  save(change: RuleBookSave): Promise<'saved' | 'conflict'>;
  /** What the check of the audit trail asks: the entry that the record names; null: there is no record. */
  newestEntry(): Promise<NewestOfRecord>;
}

/** Posts to the approvals channel. */
export interface RuleNotifier {
  deliver(message: RuleMessage): Promise<Delivery>;
}

export interface RuleMessage {
  /** Stable: the same message has the same key at every attempt. */
  readonly key: string;
  readonly event: RuleEvent;
  /** True: an earlier attempt may have posted it, so it is looked for first. */
  readonly mayBeThere: boolean;
  readonly createdAtMs: number;
  readonly nowMs: number;
}

export interface KeepRuleBook {
  /** Who is away now, as entered. A record that can't be read gives nobody a stand-in. Throws StoreUnavailable. */
  absences(): Promise<readonly Absence[]>;
  /** What is stored now. Throws UnreadableRecord, StoreUnavailable. */
  load(): Promise<{ readonly book: RuleBook; readonly nowMs: number }>;
  /** Returns what was stored. Throws UnreadableRecord, StoreUnavailable. */
  apply(command: RuleCommand): Promise<Result<RuleBookChange>>;
}

export interface RuleBookParts {
  readonly ruleBookStore: RuleBookStore;
  readonly log: Log;
  /** Delivers the messages of this subject. */
  readonly afterChange: (subjectId: string) => void;
}

export function createRuleBook({ ruleBookStore: store, log, afterChange }: RuleBookParts): KeepRuleBook {
  /** Why the record couldn't be read at the last look; null: it could. */
  let trouble: string | null = null;

  /** Said once, not at every vote. */
  function note(why: string | null): void {
    if (why === trouble) return;
    trouble = why;
    if (why === null) log.info({}, 'who is away can be read again');
    else log.error({ why }, 'who is away is unreadable: nobody stands in for them');
  }

  async function load(): Promise<StoredRuleBook> {
    try {
      const found = await store.load();
      note(null);
      return found;
    } catch (error) {
      if (error instanceof UnreadableRecord) note(error.message);
      throw error;
    }
  }

  return {
    async absences() {
      try {
        const { book, nowMs } = await load();
        return inForce(book?.absences ?? [], nowMs);
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        return [];
      }
    },
    async load() {
      const { book, nowMs } = await load();
      return { book: book ?? NO_RULE_BOOK, nowMs };
    },
    async apply(command) {
      for (let attempt = 0; attempt < ATTEMPTS_AT_MOST; attempt += 1) {
        const from = await load();
        const decided = decideRuleBook(from.book ?? NO_RULE_BOOK, command, from.nowMs);
        if (!decided.ok) return decided;
        if ((await store.save({ from, ...decided.value })) === 'conflict') continue;
        if (decided.value.notices.length > 0) afterChange(RULES_ID);
        return done(decided.value);
      }
      return refuse({ code: 'changed-meanwhile' });
    },
  };
}
