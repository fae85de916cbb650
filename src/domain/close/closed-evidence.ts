/**
 * A row of the exchange's closed list as evidence that one unit was closed. Ids may be reused after a close, so a row
 * counts only if it belongs to the same credit account, is not enabled, and closed after the unit was last seen active.
 */
import type { LongId } from '../amount.ts';
import type { ClosedUnit } from '../unit/risk-unit.ts';
import type { Facts } from './facts.ts';

/** A row that proves the close; times are the exchange's. */
export interface ClosedEvidence {
  readonly groupId: LongId;
  readonly creditEmail: string;
  readonly createdAtMs: number;
  readonly closedAtMs: number;
}

/** The exchange may round a closeTime down. */
export const CLOSE_TIME_TOLERANCE_MS = 1_000;

/** Null: the row proves nothing about the unit with these facts. */
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
