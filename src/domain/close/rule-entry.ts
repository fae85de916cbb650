/** The audit entries about the firm's own rules for closes, chained like those of close requests. */
import { type AuditBody, type AuditEntry, EntrySealer, type NewestEntry } from '../audit-chain.ts';
import type { RuleBook, RuleBookChange, RuleEvent } from './rule-book.ts';

export interface RuleBody extends AuditBody {
  readonly rules: true;
  readonly stateAfter: 'kept';
  readonly event: RuleEvent;
}

export interface SealedRuleBook {
  /** In the order of writing. */
  readonly entries: readonly AuditEntry<RuleBody>[];
  /** With its newest entry and the next revision. */
  readonly book: RuleBook;
  /** The newest opening after the change. */
  readonly lastOpening: string;
}

/** `from`: of the record before the change; `lastOpening`: the newest opening of the whole trail. */
export function sealRuleBookChange(
  { next, events }: Pick<RuleBookChange, 'next' | 'events'>,
  from: Pick<RuleBook, 'revision' | 'audit'>,
  lastOpening: string,
  key: Uint8Array,
): SealedRuleBook {
  const sealer = new EntrySealer<RuleBody>(lastOpening, key);
  const audit = events.reduce<NewestEntry>(
    (last, event) => sealer.seal(last, (place) => ({ rules: true, ...place, stateAfter: 'kept', event })),
    from.audit,
  );
  const book = { ...next, revision: from.revision + 1, audit };
  return { entries: sealer.entries, book, lastOpening: sealer.lastOpening };
}

/** Every sealed entry about the rules was written from `sealRuleBookChange`. */
export function isRuleEntry(entry: AuditEntry): entry is AuditEntry<RuleBody> {
  return entry.body.rules === true;
}
