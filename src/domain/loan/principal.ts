/**
 * What was owed when, told twice: by the confirmed borrows and repays, and by the principal in the hourly interest rows.
 *
 * Assumed, because no page of Binance says it: interest is charged once per hour, at the same minute, on the principal
 * owed at that moment and not on interest; a row states that principal; nothing but a borrow or a repay changes it.
 */
import { type Amount, ZERO } from '../amount.ts';
import type { HourlyCharge } from './interest.ts';
import { isConfirmed, kindOf, type LoanRecord, repaidPrincipal, type Span } from './loan-records.ts';

export const HOUR_MS = 3_600_000;
/** Charges this far from the usual minute still count for their hour. */
const LATE_MS = 5 * 60_000;
/** A row that isn't booked yet is no missing one. */
export const BOOKED_WITHIN_MS = 10 * 60_000;

/** Changes of one asset's principal. */
export class Moves {
  /** Oldest first. */
  readonly #times: readonly number[];
  /** Sum of the changes up to and with each. */
  readonly #sums: readonly Amount[];

  /** A repay that states no parts is taken as principal, which the statement names. */
  constructor(records: readonly LoanRecord[]) {
    const counted = records
      .filter((record) => isConfirmed(record) && kindOf(record) !== 'unknown')
      .sort((a, b) => a.atMs - b.atMs);
    this.#times = counted.map(({ atMs }) => atMs);
    let total = ZERO;
    this.#sums = counted.map((record) => {
      const change =
        kindOf(record) === 'borrow' ? record.amount : (repaidPrincipal(record) ?? record.amount).neg();
      total = total.plus(change);
      return total;
    });
  }

  /** From `fromMs`, before `beforeMs`; negative when that is earlier. */
  between(fromMs: number, beforeMs: number): Amount {
    return this.#until(beforeMs).minus(this.#until(fromMs));
  }

  #until(beforeMs: number): Amount {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) < beforeMs) low = middle + 1;
      else high = middle;
    }
    return this.#sums[low - 1] ?? ZERO;
  }
}

/**
 * The principal at a moment by the nearest interest row, within an hour of it; where there is none, nothing was owed.
 */
export function principalAt(atMs: number, charges: readonly HourlyCharge[], moves: Moves): Amount {
  const next = charges.find((charge) => charge.atMs >= atMs && charge.atMs - atMs <= HOUR_MS + LATE_MS);
  if (next !== undefined) return next.principal.minus(moves.between(atMs, next.atMs));
  const before = charges.findLast((charge) => charge.atMs < atMs && atMs - charge.atMs <= HOUR_MS + LATE_MS);
  return before === undefined ? ZERO : before.principal.plus(moves.between(before.atMs, atMs));
}

/** A change of principal in the rows that no borrow or repay explains, or one row that fits neither neighbour. */
interface Misfit {
  readonly kind: 'step' | 'row';
  readonly sinceMs: number;
  readonly atMs: number;
  readonly stated: Amount;
  readonly expected: Amount;
}

/** One asset's two tellings. */
export interface AssetBooks {
  /** The principal at `openingMs`. */
  readonly opening: Amount;
  readonly openingMs: number;
  /** Oldest first. */
  readonly charges: readonly HourlyCharge[];
  readonly moves: Moves;
}

export function misfitsOf({ opening, openingMs, charges, moves }: AssetBooks): readonly Misfit[] {
  const misfits: Misfit[] = [];
  const balances = charges.map(({ atMs }) => opening.plus(moves.between(openingMs, atMs)));
  let shift = ZERO;
  for (const [index, charge] of charges.entries()) {
    const expected = (balances[index] ?? ZERO).plus(shift);
    // A record of the same millisecond may count before or after.
    const atOnce = moves.between(charge.atMs, charge.atMs + 1);
    if (charge.principal.eq(expected) || charge.principal.eq(expected.plus(atOnce))) continue;
    const next = charges[index + 1];
    const fitsNext = next?.principal.eq((balances[index + 1] ?? ZERO).plus(shift)) === true;
    if (!fitsNext) shift = shift.plus(charge.principal.minus(expected));
    const sinceMs = charges[index - 1]?.atMs ?? openingMs;
    const { atMs, principal: stated } = charge;
    misfits.push({ kind: fitsNext ? 'row' : 'step', sinceMs, atMs, stated, expected });
  }
  return misfits;
}

interface HoursWithoutRow {
  /** The first and the last moment at which a row was due. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly hours: number;
}

interface HourCheck {
  readonly missing: readonly HoursWithoutRow[];
  /** Moments of rows for an hour that has one already. */
  readonly twice: readonly number[];
}

/**
 * Hours within the span at which something was owed and no row came, and hours with more than one. `opening`: the principal
 * at `openingMs`.
 */
export function hoursOf({ opening, openingMs, charges, moves }: AssetBooks, span: Span): HourCheck {
  const minuteMs = usualMinuteMs(charges);
  const hourOf = (atMs: number) => Math.round((atMs - minuteMs) / HOUR_MS);
  const charged = new Set<number>();
  const twice: number[] = [];
  for (const { atMs } of charges) {
    const hour = hourOf(atMs);
    if (Math.abs(atMs - minuteMs - hour * HOUR_MS) > LATE_MS) continue;
    if (charged.has(hour)) twice.push(atMs);
    charged.add(hour);
  }
  const missing: { fromMs: number; toMs: number; hours: number }[] = [];
  for (let hour = Math.ceil((span.fromMs - minuteMs) / HOUR_MS); ; hour += 1) {
    const atMs = hour * HOUR_MS + minuteMs;
    if (atMs >= span.beforeMs) return { missing, twice };
    if (charged.has(hour) || !isOwedThroughout(atMs, { opening, openingMs, charges, moves })) continue;
    const last = missing.at(-1);
    if (last !== undefined && atMs - last.toMs === HOUR_MS)
      Object.assign(last, { toMs: atMs, hours: last.hours + 1 });
    else missing.push({ fromMs: atMs, toMs: atMs, hours: 1 });
  }
}

/**
 * A full hour around `atMs` whose interest may be in the rows and not in what Binance shows as owed, or the other way
 * around.
 */
export interface UnsettledHour {
  /** The moment at which its row is due. */
  readonly atMs: number;
  /** Null: it has no row yet. */
  readonly charge: HourlyCharge | null;
}

/** Null: the hour's interest was booked long ago, and the next one's isn't due yet. */
export function unsettledHour(atMs: number, charges: readonly HourlyCharge[]): UnsettledHour | null {
  const minuteMs = usualMinuteMs(charges);
  const dueMs = Math.round((atMs - minuteMs) / HOUR_MS) * HOUR_MS + minuteMs;
  if (dueMs - atMs > LATE_MS || atMs - dueMs > BOOKED_WITHIN_MS) return null;
  const charge = charges.findLast((each) => Math.abs(each.atMs - dueMs) <= LATE_MS);
  return { atMs: dueMs, charge: charge ?? null };
}

/** Just before and just after: a record at that very moment leaves open whether a row was due. */
function isOwedThroughout(atMs: number, { opening, openingMs, charges, moves }: AssetBooks): boolean {
  const last = charges.findLast((charge) => charge.atMs < atMs);
  const [base, sinceMs] = last === undefined ? [opening, openingMs] : [last.principal, last.atMs];
  const before = base.plus(moves.between(sinceMs, atMs));
  const after = base.plus(moves.between(sinceMs, atMs + 1));
  return before.gt(ZERO) && after.gt(ZERO);
}

/** The middle one of the charges' minutes, measured from the first so that 59:59 and 00:01 are neighbours. */
function usualMinuteMs(charges: readonly HourlyCharge[]): number {
  const first = (charges[0]?.atMs ?? 0) % HOUR_MS;
  const half = HOUR_MS / 2;
  const apart = charges.map(({ atMs }) => ((((atMs - first + half) % HOUR_MS) + HOUR_MS) % HOUR_MS) - half);
  return first + (apart.toSorted((a, b) => a - b)[Math.floor(apart.length / 2)] ?? 0);
}
