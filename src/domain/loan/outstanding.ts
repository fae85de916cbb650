/**
 * Interest that is charged and not yet paid. Binance states it only now, not for the past, so it can be followed only from
 * a moment at which nothing was owed.
 *
 * Assumed, because no page of Binance says it: a repayment pays interest before principal, so where no principal is left no
 * interest is; the rebate takes interest off and not principal.
 */
import { type Amount, amount, exactText, ZERO } from '../amount.ts';
import type { HourlyCharge } from './interest.ts';
import {
  isWithin,
  kindOf,
  type LoanRecord,
  type RebateRecord,
  repaidPrincipal,
  type Span,
} from './loan-records.ts';
import { HOUR_MS, Moves, unsettledHour } from './principal.ts';

export interface OutstandingInput {
  /** Principal at the start. */
  readonly opening: Amount;
  /** Until now in a month that isn't over. */
  readonly month: Span;
  readonly asOfMs: number;
  readonly charges: readonly HourlyCharge[];
  /** Confirmed ones. */
  readonly records: readonly LoanRecord[];
  /** Null: couldn't be read. */
  readonly offsets: readonly RebateRecord[] | null;
  /** Interest that Binance shows as owed at the end. */
  readonly closing: Amount | 'month-is-over' | 'not-read';
}

/** Why what was paid of the interest couldn't be checked, or only in part of the month. */
export type WhyUnchecked =
  /** Something was owed before the month began, and how much interest isn't stated. */
  | 'owed-before'
  /** Something is owed after the month, and Binance states outstanding interest only now. */
  | 'owed-after'
  /** What the rebate paid couldn't be read. */
  | 'rebate-not-read'
  /** What is owed now couldn't be read. */
  | 'owed-not-read'
  /** The first interest row of a new loan is due, and not booked yet. */
  | 'not-booked';

export interface FollowedInterest {
  /** In words. */
  readonly differences: readonly string[];
  /** None: a payment of interest that is missing or altered would be among the differences. */
  readonly unchecked: readonly WhyUnchecked[];
}

interface Event {
  readonly atMs: number;
  readonly principal: Amount;
  readonly interest: Amount;
  readonly name: string | null;
}

/** Each figure is rounded to this by itself. */
const LAST_DIGIT = amount('0.00000001');

export function followInterest(input: OutstandingInput): FollowedInterest {
  const { opening, closing, offsets } = input;
  const differences: string[] = [];
  let principal = opening;
  // Null: not known, because something was owed before the month began.
  let interest: Amount | null = opening.eq(ZERO) ? ZERO : null;
  let roundings = 0;
  for (const event of eventsOf(input)) {
    principal = principal.plus(event.principal);
    if (interest !== null) {
      interest = interest.plus(event.interest);
      roundings += 1;
      const tolerance = LAST_DIGIT.times(String(roundings));
      if (interest.lt(tolerance.neg()) && event.name !== null) {
        differences.push(
          `${event.name} paid ${exactText(interest.neg())} more interest than was charged until then and not paid yet`,
        );
        interest = ZERO;
      }
      if (principal.eq(ZERO) && event.name !== null && offsets !== null && interest.gt(tolerance))
        differences.push(
          `after ${event.name} no principal is left, but interest of ${exactText(interest)} was charged and not paid`,
        );
    }
    if (principal.lte(ZERO)) {
      interest = ZERO;
      roundings = 0;
    }
  }
  const unchecked: WhyUnchecked[] = [];
  if (opening.gt(ZERO)) unchecked.push('owed-before');
  if (closing === 'month-is-over' && principal.gt(ZERO)) unchecked.push('owed-after');
  if (offsets === null) unchecked.push('rebate-not-read');
  if (closing === 'not-read') unchecked.push('owed-not-read');
  if (typeof closing !== 'string' && interest !== null && offsets !== null) {
    const gap = closing.minus(interest);
    const tolerance = LAST_DIGIT.times(String(roundings + 1));
    const hour = unsettledInterest(input);
    if (
      gap.abs().gt(tolerance) &&
      (hour === null || gap.minus(hour.off).abs().gt(tolerance.plus(hour.tolerance)))
    ) {
      if (hour === null && gap.gt(ZERO)) unchecked.push('not-booked');
      else
        differences.push(
          `interest charged and not paid comes to ${exactText(interest)}, but Binance shows ${exactText(closing)} now: a difference of ${exactText(gap)}`,
        );
    }
  }
  return { differences, unchecked };
}

/**
 * What the closing may be off by just after an hour, while its charge is in the rows and not in what is owed, or the
 * other way around. Null: an amount that isn't known, as the loan has no row yet.
 */
function unsettledInterest({
  asOfMs,
  charges,
  records,
}: OutstandingInput): { readonly off: Amount; readonly tolerance: Amount } | null {
  const hour = unsettledHour(asOfMs, charges);
  if (hour === null) return { off: ZERO, tolerance: ZERO };
  if (hour.charge !== null) return { off: hour.charge.interest.neg(), tolerance: ZERO };
  const before = charges.findLast(({ atMs }) => atMs > hour.atMs - 2 * HOUR_MS);
  if (before === undefined || before.principal.lte(ZERO)) return null;
  const principal = before.principal.plus(new Moves(records).between(before.atMs, hour.atMs));
  const ratio = principal.div(before.principal);
  return { off: before.interest.times(ratio), tolerance: LAST_DIGIT.times(ratio.abs().plus('1')) };
}

/** Oldest first; charges before the rebate and repays of the same moment. */
function eventsOf({ month, charges, records, offsets }: OutstandingInput): readonly Event[] {
  const charged = charges.map(
    ({ atMs, interest }): Event => ({ atMs, principal: ZERO, interest, name: null }),
  );
  const taken = (offsets ?? [])
    .filter(({ atMs }) => isWithin(atMs, month))
    .map(
      ({ atMs, deductedInterest }): Event => ({
        atMs,
        principal: ZERO,
        interest: (deductedInterest ?? ZERO).neg(),
        name: null,
      }),
    );
  const moved = records.flatMap((record): Event[] => {
    const kind = kindOf(record);
    if (kind === 'unknown') return [];
    const { atMs, amount: paid, type, transactionId } = record;
    if (kind === 'borrow') return [{ atMs, principal: paid, interest: ZERO, name: null }];
    const principal = repaidPrincipal(record) ?? paid;
    const interest = (record.interest ?? paid.minus(principal)).neg();
    return [{ atMs, principal: principal.neg(), interest, name: `${type} ${transactionId}` }];
  });
  return [...charged, ...taken, ...moved].sort((a, b) => a.atMs - b.atMs);
}
