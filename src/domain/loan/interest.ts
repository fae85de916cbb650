/** What the hourly interest rows say: cost by day and month, the rate per year, and steps of the rate. */
import { type Amount, amount, sum, ZERO } from '../amount.ts';
import { type InterestRecord, isWithin, type Span } from './loan-records.ts';

/** A change of the rate in the hourly interest: also how a fixed-term loan becomes variable. */
export interface RateStep {
  readonly atMs: number;
  /** Per year of 365 days, not compounded: hourly rate × 8,760. */
  readonly annualBefore: Amount;
  readonly annualAfter: Amount;
}

export interface AssetInterest {
  readonly asset: string;
  /** The calendar day before today in the reader's zone; null: no row. */
  readonly yesterday: Amount | null;
  /** This calendar month so far. */
  readonly month: Amount | null;
  /** The month's interest over what was owed in its hours, per year; null: nothing was owed. */
  readonly monthAnnualRate: Amount | null;
  /** The newest row's; null: no row in the span. */
  readonly annualRate: Amount | null;
  /** Newest first, within the span. A variable rate may step every hour. */
  readonly steps: readonly RateStep[];
  /** Of the span. */
  readonly total: Amount;
}

/** All that was charged for one asset at one moment. */
export interface HourlyCharge {
  readonly asset: string;
  readonly atMs: number;
  readonly principal: Amount;
  readonly interest: Amount;
  readonly hourlyRate: Amount;
  readonly rows: readonly InterestRecord[];
}

const HOURS_PER_YEAR = amount('8760');

function perYear(hourlyRate: Amount): Amount {
  return hourlyRate.times(HOURS_PER_YEAR);
}

/**
 * By asset, oldest first. Rows of one asset and moment are taken together, with the rate weighted by principal: whether
 * Binance charges a fixed and a variable loan of one asset in separate rows is not known.
 */
export function chargesByAsset(rows: readonly InterestRecord[]): ReadonlyMap<string, HourlyCharge[]> {
  const byAsset = new Map<string, Map<number, InterestRecord[]>>();
  for (const row of rows) {
    const moments = byAsset.get(row.asset) ?? new Map<number, InterestRecord[]>();
    byAsset.set(row.asset, moments);
    moments.set(row.atMs, [...(moments.get(row.atMs) ?? []), row]);
  }
  const sorted = [...byAsset].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    sorted.map(([asset, moments]) => {
      const charges = [...moments].map(([atMs, at]) => chargeOf(asset, atMs, at));
      return [asset, charges.sort((a, b) => a.atMs - b.atMs)];
    }),
  );
}

function chargeOf(asset: string, atMs: number, rows: readonly InterestRecord[]): HourlyCharge {
  const principal = sum(rows.map((row) => row.principal));
  const interest = sum(rows.map((row) => row.interest));
  const [only, ...others] = rows;
  const isWeighted = only === undefined || others.length > 0;
  const weighted = () => sum(rows.map((row) => row.principal.times(row.hourlyRate)));
  const average = () => (principal.gt(ZERO) ? weighted().div(principal) : ZERO);
  return { asset, atMs, principal, interest, hourlyRate: isWeighted ? average() : only.hourlyRate, rows };
}

export interface InterestSpans {
  readonly span: Span;
  readonly yesterday: Span;
  readonly month: Span;
}

/** By name of the asset. `rows` cover all three spans, and the hour before `span` for a step at its start. */
export function interestByAsset(
  rows: readonly InterestRecord[],
  { span, yesterday, month }: InterestSpans,
): readonly AssetInterest[] {
  return [...chargesByAsset(rows)].map(([asset, charges]) => {
    const within = (part: Span) => charges.filter(({ atMs }) => isWithin(atMs, part));
    const [ofSpan, ofMonth] = [within(span), within(month)];
    const newest = ofSpan.at(-1);
    return {
      asset,
      yesterday: interestOf(within(yesterday)),
      month: interestOf(ofMonth),
      monthAnnualRate: effectiveRate(ofMonth),
      annualRate: newest === undefined ? null : perYear(newest.hourlyRate),
      steps: stepsOf(charges)
        .filter(({ atMs }) => isWithin(atMs, span))
        .reverse(),
      total: interestOf(ofSpan) ?? ZERO,
    };
  });
}

function interestOf(charges: readonly HourlyCharge[]): Amount | null {
  return charges.length === 0 ? null : sum(charges.map(({ interest }) => interest));
}

/** Interest over the principal of each hour in which some was charged, × 8,760; null: nothing was owed. */
function effectiveRate(charges: readonly HourlyCharge[]): Amount | null {
  const owedHours = sum(charges.map(({ principal }) => principal));
  if (owedHours.lte(ZERO)) return null;
  return perYear(sum(charges.map(({ interest }) => interest)).div(owedHours));
}

/** Oldest first. */
function stepsOf(charges: readonly HourlyCharge[]): RateStep[] {
  return charges.flatMap((charge, index) => {
    const before = charges[index - 1];
    if (before === undefined || before.hourlyRate.eq(charge.hourlyRate)) return [];
    const [annualBefore, annualAfter] = [perYear(before.hourlyRate), perYear(charge.hourlyRate)];
    return [{ atMs: charge.atMs, annualBefore, annualAfter }];
  });
}
