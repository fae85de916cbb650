/** Random ledgers of the stand-in: each statement reconciles, and any one row that is removed or altered is named. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactText } from '../../../src/domain/amount.ts';
import {
  type InterestRecord,
  isWithin,
  type LoanRecord,
  type RebateRecord,
} from '../../../src/domain/loan/loan-records.ts';
import { type Statement, statementOf } from '../../../src/domain/loan/statement.ts';
import {
  type Act,
  actsOver,
  DAY_MS,
  HOUR_MS,
  type Ledger,
  MINUTE_MS,
  played,
  readAround,
} from '../../support/loan-ledger.ts';

/** Of five days, for speed: a statement takes any span. */
const MONTH = { fromMs: Date.UTC(2026, 9, 1), beforeMs: Date.UTC(2026, 9, 6) };

const without = <Row>(rows: readonly Row[], index: number) => rows.filter((_, at) => at !== index);
const altered = <Row>(rows: readonly Row[], index: number, change: (row: Row) => Row) =>
  rows.map((row, at) => (at === index ? change(row) : row));
const more = (value: LoanRecord['amount']) => value.times('1.5').plus('0.01');
const thrice = (value: LoanRecord['principal']) => (value === null ? null : value.times('3'));
const orNull = (value: LoanRecord['principal'], change: typeof more) =>
  value === null ? null : change(value);

const otherThan = (asset: string) => (asset === 'USDC' ? 'USDT' : 'USDC');

interface Wrong {
  readonly name: string;
  readonly ledger: Ledger;
}

type Rows = 'records' | 'interest' | 'offsets';

/** Every way in which one row of the month can be wrong. */
function wrongs(ledger: Ledger, pick: number): readonly Wrong[] {
  const { records, interest, offsets } = ledger;
  /** A row of the month; -1: there is none. */
  const picked = <Row extends { readonly atMs: number }>(
    rows: readonly Row[],
    fits: (row: Row) => boolean,
  ) => {
    const indices = rows.flatMap((row, index) => (isWithin(row.atMs, MONTH) && fits(row) ? [index] : []));
    return indices[pick % Math.max(1, indices.length)] ?? -1;
  };
  const every: Wrong[] = [];
  const wrong = (name: string, rows: Rows, index: number, changed: Ledger[Rows]) => {
    if (index >= 0) every.push({ name, ledger: { ...ledger, [rows]: changed } });
  };
  const isRepay = ({ type }: LoanRecord) => type !== 'BORROW';
  const counts = ({ status, amount }: LoanRecord) => status === 'CONFIRM' && amount.gt('0');
  const isOfInterest = (row: LoanRecord) => counts(row) && isRepay(row) && row.principal?.eq('0') === true;
  for (const [kind, fits] of [
    ['a record', counts],
    ['a repay of interest alone', isOfInterest],
    ['a forced repay', (row: LoanRecord) => counts(row) && row.type === 'FORCE_REPAY'],
  ] as const) {
    const at = picked(records, fits);
    const row = records[at];
    if (row === undefined) continue;
    const change = (what: string, to: (each: LoanRecord) => LoanRecord) =>
      wrong(`${what} of ${kind}`, 'records', at, altered(records, at, to));
    wrong(`${kind} is removed`, 'records', at, without(records, at));
    wrong(`${kind} comes twice`, 'records', at, [...records, row]);
    change('the amount', (each) => ({ ...each, amount: more(each.amount) }));
    change('the status', (each) => ({ ...each, status: 'FAILED' }));
    change('the type', (each) => ({ ...each, type: 'TRANSFER' }));
    change('the asset', (each) => ({ ...each, asset: 'ETH' }));
    change('another loan as the asset', (each) => ({ ...each, asset: otherThan(each.asset) }));
    // Of interest alone it may be another payment that is earlier or later.
    if (row.principal?.eq('0') !== true)
      change('the hour', (each) => ({ ...each, atMs: each.atMs + 3 * HOUR_MS }));
    change('the sign', (each) => ({
      ...{ ...each, amount: each.amount.neg() },
      ...{
        principal: orNull(each.principal, (of) => of.neg()),
        interest: orNull(each.interest, (of) => of.neg()),
      },
    }));
    if (!isRepay(row)) continue;
    change('the principal', (each) => ({ ...each, principal: orNull(each.principal, more) }));
    change('the interest', (each) => ({ ...each, interest: orNull(each.interest, more) }));
    change('amount and interest', (each) => ({
      ...{ ...each, amount: each.amount.plus('0.00000001') },
      interest: orNull(each.interest, (value) => value.plus('0.00000001')),
    }));
    change('all', (each) => ({
      ...{ ...each, amount: each.amount.times('3') },
      ...{ principal: thrice(each.principal), interest: thrice(each.interest) },
    }));
  }
  const hour = picked(interest, () => true);
  const charged = (name: string, to: (each: InterestRecord) => InterestRecord) =>
    wrong(`${name} of an interest row`, 'interest', hour, altered(interest, hour, to));
  wrong('an interest row is removed', 'interest', hour, without(interest, hour));
  charged('the interest', (each) => ({ ...each, interest: more(each.interest) }));
  charged('the last digit', (each) => ({ ...each, interest: each.interest.plus('0.00000001') }));
  charged('the principal', (each) => ({ ...each, principal: more(each.principal) }));
  charged('the rate', (each) => ({ ...each, hourlyRate: each.hourlyRate.times('2') }));
  charged('the hour', (each) => ({ ...each, atMs: each.atMs + 90 * MINUTE_MS }));
  charged('the asset', (each) => ({ ...each, asset: 'ETH' }));
  charged('another loan as the asset', (each) => ({ ...each, asset: otherThan(each.asset) }));
  charged('rate and interest', (each) => ({
    ...{ ...each, hourlyRate: each.hourlyRate.times('2'), interest: each.interest.times('2') },
  }));
  charged('the sign', (each) => ({
    ...{ ...each, hourlyRate: each.hourlyRate.neg(), interest: each.interest.neg() },
  }));
  const charge = interest[hour];
  if (charge !== undefined) {
    wrong('an interest row comes twice', 'interest', hour, [...interest, charge]);
    const soonAfter = { ...charge, atMs: charge.atMs + 30 * MINUTE_MS };
    wrong('an interest row comes again half an hour later', 'interest', hour, [...interest, soonAfter]);
  }
  const day = picked(offsets, () => true);
  const rebated = (name: string, to: (each: RebateRecord) => RebateRecord) =>
    wrong(`${name} of a rebate row`, 'offsets', day, altered(offsets, day, to));
  wrong('a rebate row is removed', 'offsets', day, without(offsets, day));
  rebated('the interest', (each) => ({ ...each, deductedInterest: orNull(each.deductedInterest, more) }));
  rebated('the asset', (each) => ({ ...each, liabilityAsset: 'ETH' }));
  rebated('another loan as the asset', (each) => ({
    ...{ ...each, liabilityAsset: otherThan(each.liabilityAsset ?? '') },
  }));
  const rebate = offsets[day];
  if (rebate !== undefined) {
    wrong('a rebate row comes twice', 'offsets', day, [...offsets, rebate]);
    const atNoon = { ...rebate, atMs: rebate.atMs + 12 * HOUR_MS };
    wrong('a rebate row comes again at noon', 'offsets', day, [...offsets, atNoon]);
  }
  return every;
}

const summed = ({ assets }: Statement) =>
  assets.map(({ asset, computedClosing, statedClosing }) => [
    asset,
    exactText(computedClosing),
    exactText(statedClosing),
  ]);

const soon = MONTH.beforeMs - 20 * MINUTE_MS;
// Not just after an hour, when its interest may not be booked yet.
const after = MONTH.beforeMs + 160 * MINUTE_MS;
const later = MONTH.beforeMs + 5 * DAY_MS + 20 * MINUTE_MS;
const before = MONTH.fromMs - 3 * DAY_MS;

describe.each<[string, number, number, boolean, number?]>([
  ['a month that runs and began with nothing owed', MONTH.fromMs, soon, false],
  ['a month that runs and began with a loan', before, soon, false],
  ['a month that runs, read back twice', MONTH.fromMs - 31 * DAY_MS, soon, false, 2],
  ['a month that was over just now', MONTH.fromMs, after, false],
  ['a month that is over and began with nothing owed', MONTH.fromMs, later, false],
  ['a month that is over, in the middle of a loan', before, later, false],
  ['the month in which a unit was closed', before, soon, true],
  ['a month of a unit that was closed later', before, later, true],
])('%s', (_, startMs, endMs, isClosed, numRuns = 12) => {
  const acts = actsOver(Math.floor((endMs - startMs - HOUR_MS) / DAY_MS));
  const ledgerOf = (list: readonly Act[]) => played(list, startMs, endMs, { isClosed, month: MONTH });

  it('reconciles, and all of its interest is checked', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const statement = statementOf(readAround(ledgerOf(list)));
        expect(statement).toMatchObject({ differences: [], interestUnchecked: [], interestRounding: [] });
        for (const [, computed, stated] of summed(statement)) expect(computed).toBe(stated);
      }),
      { numRuns },
    );
  });

  it('names any one row that is removed or altered', () => {
    fc.assert(
      fc.property(acts, fc.nat(), (list, pick) => {
        for (const { name, ledger } of wrongs(ledgerOf(list), pick)) {
          const { differences, interestRounding } = statementOf(readAround(ledger));
          expect([...differences, ...interestRounding], name).not.toEqual([]);
        }
      }),
      { numRuns },
    );
  });

  it('is the same with and without FAILED rows, which move no money', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const ledger = ledgerOf(list);
        const records = ledger.records.filter(({ status }) => status !== 'FAILED');
        const { isEmpty: _all, ...all } = statementOf(readAround(ledger));
        const { isEmpty: _rest, ...rest } = statementOf(readAround({ ...ledger, records }));
        expect(all).toEqual(rest);
      }),
      { numRuns: 4 },
    );
  });
});
