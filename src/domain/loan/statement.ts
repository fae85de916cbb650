/**
 * A month's statement of one unit: opening principal + borrows − repays = closing principal for each asset. The opening and
 * the closing come from the interest rows and from what is owed now, not from the borrows and repays, so a record that is
 * missing or wrong shows as a difference. What is assumed about Binance is said in principal.ts and outstanding.ts.
 */

import { type Amount, amount, exactText, sum, ZERO } from '../amount.ts';
import { utc, utcDay } from '../calendar-day.ts';
import type { Liability } from '../unit/risk-unit.ts';
import { chargesByAsset, type HourlyCharge } from './interest.ts';
import {
  type InterestRecord,
  isConfirmed,
  isWithin,
  kindOf,
  type LoanRecord,
  type RebateRecord,
  type RecordKind,
  repaidPrincipal,
  type Span,
} from './loan-records.ts';
import { type FollowedInterest, followInterest, type WhyUnchecked } from './outstanding.ts';
import {
  type AssetBooks,
  BOOKED_WITHIN_MS,
  HOUR_MS,
  hoursOf,
  Moves,
  misfitsOf,
  principalAt,
} from './principal.ts';

/** One asset of a statement. Days and the month are UTC, so that everybody reads the same statement. */
export interface StatementAsset {
  readonly asset: string;
  readonly opening: Amount;
  readonly borrowed: Amount;
  /** Principal. */
  readonly repaid: Amount;
  /** Principal. */
  readonly forcedRepaid: Amount;
  /** opening + borrowed − repaid − forced. */
  readonly computedClosing: Amount;
  /** As Binance shows it, now or at the end of the month. */
  readonly statedClosing: Amount;
  readonly interest: Amount;
  readonly interestByDay: readonly {
    readonly day: string;
    readonly interest: Amount;
    readonly rows: number;
  }[];
}

export interface StatementInput {
  /** The whole month in UTC. */
  readonly month: Span;
  /** What was read: `statementSpan`, or more than it. */
  readonly read: Span;
  /** Exchange time of the reading. */
  readonly asOfMs: number;
  /** These three over `read`. */
  readonly records: readonly LoanRecord[];
  readonly interest: readonly InterestRecord[];
  /** Interest that the rebate paid for this unit; null: couldn't be read. */
  readonly offsets: readonly RebateRecord[] | null;
  /** As of the reading; empty for a closed unit; null: couldn't be read. */
  readonly owed: readonly Liability[] | null;
}

export interface Statement {
  readonly assets: readonly StatementAsset[];
  /** In words; none: the principal adds up, and so does the interest paid, except for what is in `interestUnchecked`. */
  readonly differences: readonly string[];
  /** By asset; none: what was paid of the interest was followed through the month. */
  readonly interestUnchecked: readonly UncheckedInterest[];
  /** By asset: by how much the interest paid is off, where rounded figures may explain it. */
  readonly interestRounding: readonly { readonly asset: string; readonly off: Amount }[];
  /** Binance shows no record and no interest of the month, and nothing is owed at its end. */
  readonly isEmpty: boolean;
}

export interface UncheckedInterest {
  readonly asset: string;
  readonly why: readonly WhyUnchecked[];
}

/** Around the month, for the rows beside its ends. */
const MARGIN_MS = 2 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/** What must be read for the statement of a month, before anything around it. */
export function statementSpan({ fromMs, beforeMs }: Span): Span {
  return { fromMs: fromMs - MARGIN_MS, beforeMs: beforeMs + MARGIN_MS };
}

/** Four windows of borrow-repay. */
const READ_AT_ONCE_MS = 28 * DAY_MS;
/** On either side of the month: 364 days, so that no more than 366 are read with the margin. */
const READ_AT_MOST_MS = 13 * READ_AT_ONCE_MS;
const ROWS_AT_MOST = 20_000;

/**
 * What to read next, just after or before what was read, so that interest can be followed from a moment at which nothing
 * was owed to another one or to now. Null: nothing more helps, or it was read as far as it may be.
 */
export function unreadSpan(input: StatementInput): Span | null {
  const { read, month, records, interest, offsets } = input;
  const charges = chargesByAsset(input.interest);
  const why = new Set(
    assetsOf(input, charges).flatMap(
      (asset) => followedInterest(asset, charges.get(asset) ?? [], input).unchecked,
    ),
  );
  if (offsets === null || records.length + interest.length >= ROWS_AT_MOST) return null;
  if (why.has('owed-after') && read.beforeMs - month.beforeMs < READ_AT_MOST_MS)
    return { fromMs: read.beforeMs, beforeMs: read.beforeMs + READ_AT_ONCE_MS };
  if (why.has('owed-before') && month.fromMs - read.fromMs < READ_AT_MOST_MS)
    return { fromMs: read.fromMs - READ_AT_ONCE_MS, beforeMs: read.fromMs };
  return null;
}

export function statementOf(input: StatementInput): Statement {
  const charges = chargesByAsset(input.interest);
  const month = pastOf(input);
  const found = assetsOf(input, charges).map((asset) => assetOf(asset, charges.get(asset) ?? [], input));
  const shown = found.filter(({ isEmpty }) => !isEmpty);
  return {
    assets: shown.map(({ asset }) => asset),
    differences: [...recordDifferences(input), ...found.flatMap(({ differences }) => differences)],
    interestUnchecked: shown.flatMap(({ asset: { asset }, interest: { unchecked } }) =>
      unchecked.length === 0 ? [] : [{ asset, why: unchecked }],
    ),
    interestRounding: shown.flatMap(({ asset: { asset }, interest: { rounding } }) =>
      rounding.eq(ZERO) ? [] : [{ asset, off: rounding }],
    ),
    isEmpty: shown.length === 0 && !input.records.some(({ atMs }) => isWithin(atMs, month)),
  };
}

/** Of which something may have happened in the month: a borrow of its last hour shows only in the row after it. */
function assetsOf(
  input: StatementInput,
  charges: ReadonlyMap<string, readonly HourlyCharge[]>,
): readonly string[] {
  const near = statementSpan(pastOf(input));
  const isNear = ({ atMs }: { readonly atMs: number }) => isWithin(atMs, near);
  const named = [
    ...input.records.filter(isNear).map(({ asset }) => asset),
    ...(input.offsets ?? []).filter(isNear).flatMap(({ liabilityAsset }) => liabilityAsset ?? []),
    ...[...charges].filter(([, rows]) => rows.some(isNear)).map(([asset]) => asset),
    ...(isRunning(input) ? (input.owed ?? []) : [])
      .filter(({ principal, interest }) => principal.plus(interest).gt(ZERO))
      .map(({ asset }) => asset),
  ];
  return [...new Set(named)].toSorted();
}

/** As far as it was read. */
function pastOf({ month: { fromMs, beforeMs }, asOfMs }: StatementInput): Span {
  return { fromMs, beforeMs: Math.min(beforeMs, asOfMs + 1) };
}

function isRunning({ month, asOfMs }: StatementInput): boolean {
  return month.beforeMs > asOfMs;
}

interface AssetFound {
  readonly asset: StatementAsset;
  readonly differences: readonly string[];
  readonly interest: FollowedInterest;
  /** Nothing but failed records. */
  readonly isEmpty: boolean;
}

function assetOf(asset: string, read: readonly HourlyCharge[], input: StatementInput): AssetFound {
  const month = pastOf(input);
  const near = statementSpan(input.month);
  const isNear = ({ atMs }: { readonly atMs: number }) => isWithin(atMs, near);
  const records = input.records.filter((record) => record.asset === asset);
  const charges = read.filter(isNear);
  const moves = new Moves(records.filter(isNear));
  const ofMonth = charges.filter(({ atMs }) => isWithin(atMs, month));
  const opening = principalAt(month.fromMs, charges, moves);
  const statedClosing = closingOf(asset, charges, moves, input);
  const confirmed = records.filter((record) => isConfirmed(record) && isWithin(record.atMs, month));
  const borrowed = sum(ofKind(confirmed, 'borrow').map((record) => record.amount));
  const [repaid, forcedRepaid] = [repaidIn(confirmed, 'repay'), repaidIn(confirmed, 'forced-repay')];
  const computedClosing = opening.plus(borrowed).minus(repaid).minus(forcedRepaid);
  const balanceAfter = ({ atMs }: LoanRecord) => opening.plus(moves.between(month.fromMs, atMs + 1));
  const checkedTo = Math.min(month.beforeMs + HOUR_MS, input.asOfMs - BOOKED_WITHIN_MS);
  const books = { opening, openingMs: month.fromMs, charges, moves };
  const interest = followedInterest(asset, read, input);
  const differences = [
    ...closingDifference(computedClosing, statedClosing, input),
    ...belowZero(opening, ...confirmed.map(balanceAfter), computedClosing, statedClosing),
    // From the hour before, as the opening may come from a row after it.
    ...principalDifferences(books, { fromMs: month.fromMs - HOUR_MS, beforeMs: checkedTo }),
    ...ofMonth.flatMap(interestDifference),
    ...interest.differences,
  ];
  return {
    asset: {
      ...{ asset, opening, borrowed, repaid, forcedRepaid, computedClosing, statedClosing },
      interest: sum(ofMonth.map(({ interest }) => interest)),
      interestByDay: byDay(ofMonth),
    },
    differences: differences.map((text) => `${asset}: ${text}`),
    interest,
    isEmpty: confirmed.length === 0 && ofMonth.length === 0 && opening.eq(ZERO) && statedClosing.eq(ZERO),
  };
}

/** Followed over all that was read until now; its first hours only tell what was owed where that starts. */
function followedInterest(
  asset: string,
  charges: readonly HourlyCharge[],
  input: StatementInput,
): FollowedInterest {
  const { read, asOfMs } = input;
  const followed = { fromMs: read.fromMs + MARGIN_MS, beforeMs: Math.min(read.beforeMs, asOfMs + 1) };
  const isFollowed = ({ atMs }: { readonly atMs: number }) => isWithin(atMs, followed);
  const records = input.records.filter((record) => record.asset === asset && isConfirmed(record));
  const offsets = input.offsets?.filter((row) => row.liabilityAsset === asset && isFollowed(row)) ?? null;
  return followInterest({
    ...{ month: pastOf(input), followed, asOfMs, offsets },
    opening: principalAt(followed.fromMs, charges, new Moves(records)),
    charges: charges.filter(isFollowed),
    records: records.filter(isFollowed),
    owed: interestOwed(asset, input.owed),
  });
}

function ofKind(records: readonly LoanRecord[], kind: RecordKind): readonly LoanRecord[] {
  return records.filter((record) => kindOf(record) === kind);
}

function repaidIn(records: readonly LoanRecord[], kind: RecordKind): Amount {
  return sum(ofKind(records, kind).map((record) => repaidPrincipal(record) ?? record.amount));
}

/** Of a month that isn't over: what is owed now; of another: by the row at its end. */
function closingOf(
  asset: string,
  charges: readonly HourlyCharge[],
  moves: Moves,
  input: StatementInput,
): Amount {
  if (!isRunning(input)) return principalAt(input.month.beforeMs, charges, moves);
  if (input.owed === null) return principalAt(input.asOfMs, charges, moves);
  return sum(input.owed.filter((each) => each.asset === asset).map(({ principal }) => principal));
}

/** Null: couldn't be read. */
function interestOwed(asset: string, owed: readonly Liability[] | null): Amount | null {
  return owed === null
    ? null
    : sum(owed.filter((each) => each.asset === asset).map(({ interest }) => interest));
}

function byDay(charges: readonly HourlyCharge[]): StatementAsset['interestByDay'] {
  const days = Map.groupBy(charges, ({ atMs }) => Math.floor(atMs / DAY_MS));
  return [...days].map(([day, of]) => ({
    day: utcDay(day * DAY_MS),
    interest: sum(of.map(({ interest }) => interest)),
    rows: of.reduce((count, { rows }) => count + rows.length, 0),
  }));
}

function closingDifference(computed: Amount, stated: Amount, input: StatementInput): string[] {
  if (computed.eq(stated)) return [];
  const shown = exactText(stated);
  const from = !isRunning(input)
    ? `Binance shows a principal of ${shown} at the end of the month`
    : input.owed === null
      ? `the interest rows come to ${shown}`
      : `Binance shows a principal of ${shown} now`;
  return [
    `opening, borrows and repays come to ${exactText(computed)}, but ${from}: a difference of ${exactText(stated.minus(computed))}`,
  ];
}

/** What can't be: nobody repays more principal than is owed. */
function belowZero(...principals: readonly Amount[]): string[] {
  const [below] = principals.filter((each) => each.lt(ZERO));
  return below === undefined
    ? []
    : [`a principal comes to ${exactText(below)}, below zero: a borrow or a repay is missing or altered`];
}

function principalDifferences(books: AssetBooks, checked: Span): string[] {
  const misfits = misfitsOf(books).map(({ kind, sinceMs, atMs, stated, expected }) =>
    kind === 'row'
      ? `the interest row of ${utc(atMs)} UTC states a principal of ${exactText(stated)}, but the rows beside it and the records say ${exactText(expected)}`
      : `between ${utc(sinceMs)} and ${utc(atMs)} UTC the principal in the interest rows changed by ${exactText(stated.minus(expected))} that no borrow or repay explains: one is missing or altered`,
  );
  const { missing, twice } = hoursOf(books, checked);
  return [
    ...misfits,
    ...missing.map(({ fromMs, toMs, hours }) =>
      hours === 1
        ? `no interest row for ${utc(fromMs)} UTC, although something was owed`
        : `no interest rows for ${hours} hours from ${utc(fromMs)} to ${utc(toMs)} UTC, although something was owed`,
    ),
    ...twice.map((atMs) => `more than one interest row for the hour of ${utc(atMs)} UTC`),
  ];
}

/** Binance shows rates with eight decimals or more, cut or rounded (page of interest-history: 0.00000833 for 0.0000083333). */
const LEAST_DECIMALS = 8;

function interestDifference({ rows, atMs }: HourlyCharge): string[] {
  return rows.flatMap(({ principal, hourlyRate, interest }) => {
    const product = principal.times(hourlyRate);
    const tolerance = lastDigit(interest).plus(principal.abs().times(lastDigit(hourlyRate)));
    const states = `the interest row of ${utc(atMs)} UTC states ${exactText(interest)}`;
    if (interest.lt(ZERO)) return [`${states}, below zero`];
    if (interest.minus(product).abs().lte(tolerance)) return [];
    return [`${states}, but principal × rate is ${exactText(product)}`];
  });
}

/** One unit of a number's last digit. */
function lastDigit(value: Amount): Amount {
  const decimals = exactText(value).split('.')[1]?.length ?? 0;
  return amount(`1e-${Math.max(LEAST_DECIMALS, decimals)}`);
}

/** Records that don't add up in themselves, or that can't be counted. */
function recordDifferences(input: StatementInput): string[] {
  const month = pastOf(input);
  return input.records
    .filter(({ atMs }) => isWithin(atMs, month))
    .flatMap((record) => {
      const name = `${record.type} ${record.transactionId} of ${utc(record.atMs)} UTC`;
      const what = recordFault(record);
      return what === null ? [] : [`${record.asset}: ${name} ${what}`];
    });
}

function recordFault(record: LoanRecord): string | null {
  const { amount: paid, principal, interest, status } = record;
  if (status === 'FAILED') return null;
  if (status !== 'CONFIRM') return `has the status ${status}, which isn't documented: it counts as nothing`;
  const below = [paid, principal, interest].find((each) => each?.lt(ZERO));
  if (below) return `states an amount that is ${exactText(below)}, below zero`;
  const kind = kindOf(record);
  if (kind === 'unknown') return "is of a type that isn't documented: it counts as nothing";
  if (kind === 'borrow') return null;
  if (repaidPrincipal(record) === null)
    return 'states neither principal nor interest: all of it is taken as principal';
  if (principal === null || interest === null || principal.plus(interest).eq(paid)) return null;
  return `is ${exactText(paid)}, but its principal ${exactText(principal)} and interest ${exactText(interest)} come to ${exactText(principal.plus(interest))}`;
}
