/** What the audit trail says of who could approve on one day, in UTC. */
import { type AuditKeys, type AuditVerdict, sealFits } from '../domain/audit-chain.ts';
import type { RuleEvent } from '../domain/close/rule-book.ts';
import { isRuleEntry } from '../domain/close/rule-entry.ts';
import type { CheckedTrail } from './check-audit.ts';

export interface AccessOfDay {
  /** `2026-12-01`. */
  readonly day: string;
  /** Of that day; more than one only where Redis had lost the record meanwhile. */
  readonly recorded: readonly RecordedAccess[];
  /** What changed on that day: rules that were told, absences that began or ended early. Oldest first. */
  readonly changes: readonly Exclude<RuleEvent, AccessResolved>[];
  /** The nearest days with an entry; null: there is none. */
  readonly before: string | null;
  readonly after: string | null;
  /** Of the whole trail of the rules and its record. */
  readonly verdict: AuditVerdict;
}

type AccessResolved = Extract<RuleEvent, { type: 'access-resolved' }>;

export interface RecordedAccess {
  readonly event: AccessResolved;
  /** Its number in the trail of the rules. */
  readonly sequence: number;
  readonly sealFits: boolean;
}

/** `trail`: of the rules. */
export function accessOfDay(day: string, { verdict, entries }: CheckedTrail, keys: AuditKeys): AccessOfDay {
  const recorded: RecordedAccess[] = [];
  const changes: Exclude<RuleEvent, AccessResolved>[] = [];
  const days: string[] = [];
  for (const entry of entries.filter(isRuleEntry)) {
    const { event, sequence } = entry.body;
    if (event.type !== 'access-resolved') {
      if (new Date(event.atMs).toISOString().startsWith(day)) changes.push(event);
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
