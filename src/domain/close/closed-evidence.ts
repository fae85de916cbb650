/**
 * A row of the exchange's closed list as evidence that one unit was closed. Ids are only known to be unique among the
 * units of today, so a row counts when it is of the credit account that owned the unit, is not enabled, and ends later
 * than the unit was seen active.
 */
import type { LongId } from '../amount.ts';
import { ROUNDED_DOWN_MS, sameAccount } from '../unit/close-evidence.ts';
import type { ClosedUnit } from '../unit/risk-unit.ts';
import type { Facts } from './facts.ts';

/** A row that fits; times are the exchange's. */
export interface ClosedEvidence {
  readonly groupId: LongId;
  readonly creditEmail: string;
  readonly createdAtMs: number;
  readonly closedAtMs: number;
}

/** Null: the row says nothing about the unit that these facts were read of. */
export function evidenceOf(facts: Facts, row: ClosedUnit): ClosedEvidence | null {
  const { groupId, creditEmail, createdAtMs, closedAtMs } = row;
  const evidence = { groupId, creditEmail, createdAtMs, closedAtMs };
  return !row.enabled && fits(facts, evidence) ? evidence : null;
}

export function fits(facts: Facts, { groupId, creditEmail, closedAtMs }: ClosedEvidence): boolean {
  return (
    groupId === facts.groupId &&
    sameAccount(creditEmail, facts.creditAccount) &&
    // The unit was active when the facts were read.
    closedAtMs >= facts.readAtMs - ROUNDED_DOWN_MS
  );
}
