/** Which row of the exchange's closed list proves that a unit was closed. */
import type { LongId } from '../amount.ts';
import type { ClosedUnit } from './risk-unit.ts';

/** One life of a unit: an id may be given again after a close, and its older row then proves nothing. */
export interface UnitLife {
  /** E-mail of the credit account that owns it; null: the list that is looked in is known to be its owner's. */
  readonly creditAccount: string | null;
  /** Exchange time at which the unit was last seen active. */
  readonly activeAtMs: number;
}

/** The exchange may round a closeTime down. */
export const ROUNDED_DOWN_MS = 1_000;
/** How far ahead of our knowledge of the exchange's clock a closeTime may be. */
const AHEAD_MS = 60_000;

/**
 * The row that proves the end of this life, or null: the owner's, disabled, and closed between the moment at which the
 * unit was seen active and the answer (`readAtMs`, exchange time). That the unit is not active as well is another read.
 */
export function closeEvidence(
  rows: readonly ClosedUnit[],
  groupId: LongId,
  life: UnitLife,
  readAtMs: number,
): ClosedUnit | null {
  const fits = rows.filter(
    (row) =>
      row.groupId === groupId &&
      !row.enabled &&
      (life.creditAccount === null || sameAccount(row.creditEmail, life.creditAccount)) &&
      row.closedAtMs >= life.activeAtMs - ROUNDED_DOWN_MS &&
      row.closedAtMs <= readAtMs + AHEAD_MS,
  );
  return newest(fits);
}

/** The newest row that says of this id that it was closed, whichever life it was. */
export function newestClosed(rows: readonly ClosedUnit[], groupId: LongId): ClosedUnit | null {
  return newest(rows.filter((row) => row.groupId === groupId && !row.enabled));
}

function newest(rows: readonly ClosedUnit[]): ClosedUnit | null {
  return rows.reduce<ClosedUnit | null>(
    (best, row) => (best === null || row.closedAtMs > best.closedAtMs ? row : best),
    null,
  );
}

export function sameAccount(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
