/**
 * A row of the exchange's closed list as evidence that one unit was closed. Ids are only known to be unique among the
 * units of today, so a row counts when it is of the credit account that owned the unit, is not enabled, and ends later
 * than the unit was seen active.
 */
import type { LongId } from '../amount.ts';
import type { ClosedUnit } from '../unit/risk-unit.ts';
import type { Facts } from './facts.ts';

/** A row that fits; times are the exchange's. */
export interface ClosedEvidence {
  readonly groupId: LongId;
  readonly creditEmail: string;
  readonly createdAtMs: number;
  readonly closedAtMs: number;
}

/** All these times are the exchange's clock; it may round a closeTime down. */
export const CLOSE_TIME_TOLERANCE_MS = 1_000;

/** Null: the row says nothing about the unit that these facts were read of. */
export function evidenceOf(facts: Facts, row: ClosedUnit): ClosedEvidence | null {
  const { groupId, creditEmail, createdAtMs, closedAtMs } = row;
  const evidence = { groupId, creditEmail, createdAtMs, closedAtMs };
  return !row.enabled && fits(facts, evidence) ? evidence : null;
}

export function fits(facts: Facts, { groupId, creditEmail, closedAtMs }: ClosedEvidence): boolean {
  return (
    groupId === facts.groupId &&
    creditEmail.toLowerCase() === facts.creditAccount.toLowerCase() &&
    // The unit was active when the facts were read.
    closedAtMs >= facts.readAtMs - CLOSE_TIME_TOLERANCE_MS
  );
}
