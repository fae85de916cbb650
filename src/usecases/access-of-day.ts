/**
 * Who could approve on one day, in UTC: written into the audit trail once, with each list of approvers and its people and
 * who stands in for whom, and read from it. One of the replicas is the first to write; until Slack answers for all lists
 * nothing is written.
 */
import { type AuditKeys, type AuditVerdict, sealFits } from '../domain/audit-chain.ts';
import { utcDay } from '../domain/calendar-day.ts';
import { type CloseRules, digestOfRules } from '../domain/close/close-rules.ts';
import type { RuleEvent } from '../domain/close/rule-book.ts';
import { isRuleEntry } from '../domain/close/rule-entry.ts';
import type { Access } from './access.ts';
import type { CheckedTrail } from './check-audit.ts';
import { type Log, UnreadableRecord } from './ports.ts';
import type { KeepRuleBook } from './rule-book.ts';

export interface NoteAccessParts {
  readonly ruleBook: Pick<KeepRuleBook, 'load' | 'apply'>;
  readonly access: Pick<Access, 'whoCouldApprove'>;
  /** Null: there is no CLOSE_RULES_FILE. */
  readonly rules: () => CloseRules | null;
  /** Of the settings: the list where there are no rules. */
  readonly approvers: readonly string[];
  readonly log: Log;
}

/** One round; `failed`: to be tried again in the next one. Throws StoreUnavailable. */
export function createNoteAccess({
  ruleBook,
  access,
  rules,
  approvers,
  log,
}: NoteAccessParts): () => Promise<'noted' | 'not-due' | 'failed'> {
  async function round(): Promise<'noted' | 'not-due' | 'failed'> {
    const { book, nowMs } = await ruleBook.load();
    const day = utcDay(nowMs);
    if (book.accessDay !== null && day <= book.accessDay) return 'not-due';
    const given = rules();
    const found = await access.whoCouldApprove(given === null ? [approvers] : listsOf(given));
    if (!found.ok) {
      log.warn({ day, refusal: found.refusal }, 'who could approve today is not recorded yet');
      return 'failed';
    }
    const rulesDigest = given === null ? null : digestOfRules(given);
    const noted = await ruleBook.apply({
      type: 'note-access',
      day,
      access: { rulesDigest, ...found.value },
    });
    if (noted.ok) return 'noted';
    return noted.refusal.code === 'nothing-changed' ? 'not-due' : 'failed';
  }

  return async () => {
    try {
      return await round();
    } catch (error) {
      // Logged once, by the rule book.
      if (!(error instanceof UnreadableRecord)) throw error;
      return 'failed';
    }
  };
}

/** Each list that a rule names, once. */
function listsOf({ rules }: CloseRules): readonly (readonly string[])[] {
  const lists = rules.flatMap(({ need }) => need.map(({ from }) => from));
  return [...new Map(lists.map((from) => [from.join(), from])).values()];
}

export interface AccessOfDay {
  /** `2026-12-01`. */
  readonly day: string;
  /** Of that day; more than one only where Redis had lost the record meanwhile. */
  readonly recorded: readonly RecordedAccess[];
  /** What changed on that day: rules that were told, absences that began or ended early. Oldest first. */
  readonly changes: readonly ChangeOfDay[];
  /** The nearest days with an entry; null: there is none. */
  readonly before: string | null;
  readonly after: string | null;
  /** Of the whole trail of the rules and its record. */
  readonly verdict: AuditVerdict;
}

type AccessResolved = Extract<RuleEvent, { type: 'access-resolved' }>;

export interface ChangeOfDay {
  readonly event: Exclude<RuleEvent, AccessResolved>;
  /** As in `RecordedAccess`: which of two came first, also within a millisecond. */
  readonly sequence: number;
}

export interface RecordedAccess {
  readonly event: AccessResolved;
  /** Its number in the trail of the rules. */
  readonly sequence: number;
  readonly sealFits: boolean;
}

/** `trail`: of the rules. */
export function accessOfDay(day: string, { verdict, entries }: CheckedTrail, keys: AuditKeys): AccessOfDay {
  const recorded: RecordedAccess[] = [];
  const changes: ChangeOfDay[] = [];
  const days: string[] = [];
  for (const entry of entries.filter(isRuleEntry)) {
    const { event, sequence } = entry.body;
    if (event.type !== 'access-resolved') {
      if (new Date(event.atMs).toISOString().startsWith(day)) changes.push({ event, sequence });
      continue;
    }
    days.push(event.day);
    if (event.day === day) recorded.push({ event, sequence, sealFits: sealFits(entry, keys) });
  }
  const sorted = days.toSorted();
  const before = sorted.findLast((each) => each < day) ?? null;
  const after = sorted.find((each) => each > day) ?? null;
  return { day, recorded, changes, before, after, verdict };
}
