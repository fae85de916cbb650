/**
 * Interest that is charged and not yet paid. Binance states it only as of now, so it is followed: from a moment before the
 * month at which nothing was owed, to one after it or to now. A payment of interest that is missing or altered on the way
 * shows as a difference at its end.
 *
 * Assumed, because no page of Binance says it: a repayment pays interest before principal, so where no principal is left no
 * interest is; the rebate takes interest off and not principal, at midnight UTC.
 */

import { type Amount, amount, exactText, sum, ZERO } from '../amount.ts';
import { utc } from '../calendar-day.ts';
import type { HourlyCharge } from './interest.ts';
import { kindOf, type LoanRecord, type RebateRecord, repaidPrincipal, type Span } from './loan-records.ts';
import { BOOKED_WITHIN_MS, HOUR_MS, Moves, unsettledHour } from './principal.ts';

/** Of one asset. */
export interface OutstandingInput {
  /** Until now where it isn't over. */
  readonly month: Span;
  /** The month and what was read around it, until now at most. */
  readonly followed: Span;
  /** Exchange time of the reading. */
  readonly asOfMs: number;
  /** Principal where `followed` starts. */
  readonly opening: Amount;
  /** These three over `followed`. */
  readonly charges: readonly HourlyCharge[];
  /** Confirmed ones. */
  readonly records: readonly LoanRecord[];
  /** Null: couldn't be read. */
  readonly offsets: readonly RebateRecord[] | null;
  /** Interest that Binance shows as owed now; null: couldn't be read. */
  readonly owed: Amount | null;
}

/** Why what was paid of the interest couldn't be checked, or only in part of the month. */
export type WhyUnchecked =
  /** Something was owed before the month, and what was read doesn't go back to a moment at which nothing was. */
  | 'owed-before'
  /** Something is owed after the month, and what was read goes neither on to a moment at which nothing is, nor to now. */
  | 'owed-after'
  /** What the rebate paid couldn't be read. */
  | 'rebate-not-read'
  /** What is owed now couldn't be read. */
  | 'owed-not-read'
  /** Binance's figure of now differs by no more than the last hour's interest or the last day's rebate, which may not be booked yet. */
  | 'not-booked';

export interface FollowedInterest {
  /** In words. */
  readonly differences: readonly string[];
  /** None: a payment of interest that is missing or altered is among the differences, or in `rounding`. */
  readonly unchecked: readonly WhyUnchecked[];
  /** The largest difference that rounded figures may explain. */
  readonly rounding: Amount;
}

interface Event {
  readonly atMs: number;
  /** By how much it changes the interest that is owed. */
  readonly interest: Amount;
  /** The principal after it, from the one before it. */
  readonly principalAfter: (before: Amount) => Amount;
  /** Of a repay or a rebate. */
  readonly name: string | null;
  readonly isRepay: boolean;
}

/** A time in which something was owed. */
interface Stretch {
  readonly sinceMs: number;
  /** False: it began before what was read. */
  readonly isFromStart: boolean;
  readonly events: readonly Event[];
  /** Null: something is owed after the last event. Zero, unless records are missing or altered. */
  readonly principalAtEnd: Amount | null;
}

/** Each figure is rounded to this by itself. */
const LAST_DIGIT = amount('0.00000001');
const DAY_MS = 24 * HOUR_MS;

function roundingOf(figures: number): Amount {
  return LAST_DIGIT.times(String(figures));
}

/** Differences in words, and below them what rounded figures may explain. */
class Findings {
  readonly differences: string[] = [];
  rounding = ZERO;

  compare(off: Amount, tolerance: Amount, text: string): void {
    if (off.abs().gt(tolerance)) this.differences.push(text);
    else if (off.abs().gt(this.rounding)) this.rounding = off.abs();
  }
}

/** Interest that isn't paid at the end of a stretch, and of how many figures it is the sum. */
interface Unpaid {
  readonly interest: Amount;
  readonly figures: number;
  readonly sinceMs: number;
}

export function followInterest(input: OutstandingInput): FollowedInterest {
  const { month, followed, asOfMs, offsets, owed } = input;
  const stretches = stretchesOf(input).filter((stretch) => isOfMonth(stretch, month));
  const found = new Findings();
  const unpaid = stretches.map((stretch) =>
    stretch.isFromStart ? unpaidAfter(stretch, offsets !== null, found) : null,
  );
  const unchecked: WhyUnchecked[] = [];
  if (unpaid.includes(null)) unchecked.push('owed-before');
  if (offsets === null) unchecked.push('rebate-not-read');
  const isOpen = stretches.at(-1)?.principalAtEnd === null;
  if (isOpen && followed.beforeMs <= asOfMs) unchecked.push('owed-after');
  else if (isOpen || month.beforeMs > asOfMs) {
    const atEnd = isOpen ? unpaid.at(-1) : { interest: ZERO, figures: 0, sinceMs: month.fromMs };
    if (owed === null) unchecked.push('owed-not-read');
    else if (offsets !== null && atEnd && !compareWithOwed(owed, atEnd, input, found))
      unchecked.push('not-booked');
  }
  return { differences: found.differences, unchecked, rounding: found.rounding };
}

/** Oldest first. */
function stretchesOf(input: OutstandingInput): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const begin = (sinceMs: number, isFromStart: boolean) => ({ sinceMs, isFromStart, events: [] as Event[] });
  let principal = input.opening;
  let current = principal.gt(ZERO) ? begin(input.followed.fromMs, false) : null;
  for (const event of eventsOf(input)) {
    principal = event.principalAfter(principal);
    current ??= begin(event.atMs, true);
    current.events.push(event);
    if (principal.gt(ZERO)) continue;
    stretches.push({ ...current, principalAtEnd: principal });
    current = null;
    principal = ZERO;
  }
  return current === null ? stretches : [...stretches, { ...current, principalAtEnd: null }];
}

function isOfMonth({ sinceMs, events, principalAtEnd }: Stretch, { fromMs, beforeMs }: Span): boolean {
  const endMs = principalAtEnd === null ? beforeMs : (events.at(-1)?.atMs ?? sinceMs);
  return sinceMs < beforeMs && endMs >= fromMs;
}

function unpaidAfter(
  { sinceMs, events, principalAtEnd }: Stretch,
  isRebateRead: boolean,
  found: Findings,
): Unpaid {
  const since = `was charged since ${utc(sinceMs)} UTC and not paid`;
  const paidMore = (name: string, by: Amount) =>
    `${name} paid ${exactText(by)} more interest than ${since} until then`;
  let interest = ZERO;
  for (const [index, { name, isRepay, interest: change }] of events.entries()) {
    interest = interest.plus(change);
    if (!isRepay || name === null || interest.gte(roundingOf(index + 1).neg())) continue;
    found.differences.push(paidMore(name, interest.neg()));
    interest = ZERO;
  }
  const name = events.at(-1)?.name ?? null;
  if (principalAtEnd?.eq(ZERO) && name !== null && isRebateRead)
    found.compare(
      interest,
      roundingOf(events.length),
      interest.lt(ZERO)
        ? paidMore(name, interest.neg())
        : `after ${name} no principal is left, but interest of ${exactText(interest)} ${since}`,
    );
  return { interest, figures: events.length, sinceMs };
}

/** False: they differ, by no more than what may not be booked yet. */
function compareWithOwed(owed: Amount, unpaid: Unpaid, input: OutstandingInput, found: Findings): boolean {
  const { interest, figures, sinceMs } = unpaid;
  const gap = owed.minus(interest);
  const tolerance = roundingOf(figures + 1);
  // Of what isn't owed, nothing is due.
  if (figures > 0 && gap.abs().gt(tolerance) && mayBeDue(gap, tolerance, input)) return false;
  found.compare(
    gap,
    tolerance,
    `interest charged since ${utc(sinceMs)} UTC and not paid comes to ${exactText(interest)}, but Binance shows ${exactText(owed)} now: a difference of ${exactText(gap)}`,
  );
  return true;
}

/** Around a full hour, its interest and the rebate of midnight may be in only one of the rows and Binance's figure of now. */
function mayBeDue(gap: Amount, tolerance: Amount, { asOfMs, charges, offsets }: OutstandingInput): boolean {
  const hour = unsettledHour(asOfMs, charges);
  if (hour === null) return false;
  const isMidnight = Math.abs(hour.atMs - Math.round(hour.atMs / DAY_MS) * DAY_MS) <= BOOKED_WITHIN_MS;
  const booked = (offsets ?? []).filter(({ atMs }) => isMidnight && atMs > hour.atMs - BOOKED_WITHIN_MS);
  const rebate = sum(booked.map(({ deductedInterest }) => deductedInterest ?? ZERO));
  // The rate of an hour without a row isn't known.
  if (gap.gt(ZERO)) return hour.charge === null || gap.lte(rebate.plus(tolerance));
  // A rebate takes off the day's interest at most.
  const rebated = charges.filter(({ atMs }) => isMidnight && rebate.eq(ZERO) && atMs > hour.atMs - DAY_MS);
  const due = sum([...rebated.map(({ interest }) => interest), hour.charge?.interest ?? ZERO]);
  return gap.neg().lte(due.plus(tolerance));
}

/** Oldest first; charges before the rebate and repays of the same moment. */
function eventsOf({ charges, records, offsets }: OutstandingInput): readonly Event[] {
  const moves = new Moves(records);
  const same = (before: Amount) => before;
  const charged = charges.map(({ atMs, interest, principal }): Event => {
    // The row states what was owed, also where a borrow or a repay is missing; those of its moment may be counted in it.
    const fits = (before: Amount) =>
      principal.eq(before) || principal.eq(before.plus(moves.between(atMs, atMs + 1)));
    const principalAfter = (before: Amount) => (fits(before) ? before : principal);
    return { atMs, interest, principalAfter, name: null, isRepay: false };
  });
  const taken = (offsets ?? []).map(
    ({ atMs, deductedInterest }): Event => ({
      ...{ atMs, interest: (deductedInterest ?? ZERO).neg(), principalAfter: same },
      ...{ name: `the rebate of ${utc(atMs)} UTC`, isRepay: false },
    }),
  );
  const moved = records.flatMap((record): Event[] => {
    const kind = kindOf(record);
    if (kind === 'unknown') return [];
    const { atMs, amount: paid, type, transactionId } = record;
    if (kind === 'borrow')
      return [
        { atMs, interest: ZERO, principalAfter: (before) => before.plus(paid), name: null, isRepay: false },
      ];
    const principal = repaidPrincipal(record) ?? paid;
    const interest = (record.interest ?? paid.minus(principal)).neg();
    const name = `${type} ${transactionId}`;
    return [{ atMs, interest, principalAfter: (before) => before.minus(principal), name, isRepay: true }];
  });
  return [...charged, ...taken, ...moved].sort((a, b) => a.atMs - b.atMs);
}
