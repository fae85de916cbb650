import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoanBook } from '../../../sandbox/binance/loan-book.ts';
import type { Unit } from '../../../sandbox/binance/model.ts';
import { amount, exactText, longId } from '../../../src/domain/amount.ts';
import { interestByAsset } from '../../../src/domain/loan/interest.ts';
import type { InterestRecord, LoanRecord, RebateRecord } from '../../../src/domain/loan/loan-records.ts';
import { type Statement, type StatementInput, statementOf } from '../../../src/domain/loan/statement.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MONTH = { fromMs: Date.UTC(2026, 9, 1), beforeMs: Date.UTC(2026, 10, 1) };
const UNIT = longId('12');

/** What people and Binance did in a month; times in minutes since its start, never on a full hour. */
interface Act {
  readonly minute: number;
  readonly asset: string;
  readonly what: 'borrow' | 'repay' | 'repay-all' | 'forced' | 'fail' | 'rate';
  readonly cents: number;
}

const acts: fc.Arbitrary<readonly Act[]> = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 1, max: 30 * 24 * 60 }).filter((minute) => minute % 60 !== 0),
      asset: fc.constantFrom('USDT', 'USDC', 'BTC'),
      what: fc.constantFrom('borrow', 'borrow', 'repay', 'repay-all', 'forced', 'fail', 'rate'),
      cents: fc.integer({ min: 1, max: 900_000_000 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((list) => list.toSorted((a, b) => a.minute - b.minute));

function emptyUnit(): Unit {
  return {
    ...{
      groupId: UNIT,
      parentEmail: 'p@test.com',
      creditEmail: 'c@test.com',
      createTimeMs: 0,
      updateTimeMs: 0,
    },
    ...{ parentAccountFrozenAmount: null, shownBorrowLimit: null, liabilities: [], members: [] },
    ...{ liquidation: null, pending: null },
  };
}

/** The stand-in's own books over that month, from the time of `startMs`. */
function played(list: readonly Act[], startMs = MONTH.fromMs, endMs = MONTH.beforeMs - 20 * MINUTE_MS) {
  const book = new LoanBook(startMs, 1_648_963_700n);
  const unit = emptyUnit();
  book.changeRebate('1000', startMs);
  for (const { minute, asset, what, cents } of list) {
    const atMs = startMs + minute * MINUTE_MS;
    const text = (cents / 100).toFixed(2);
    book.accrueTo([unit], atMs);
    const owes = unit.liabilities.some(
      ({ assetName, principal }) => assetName === asset && Number(principal) > 0,
    );
    if (what === 'borrow') book.borrow(unit, asset, text, atMs);
    else if (what === 'fail') book.fail(unit, { type: 'BORROW', assetName: asset, amount: text }, atMs);
    else if (what === 'rate') book.setRate(UNIT, asset, `0.0000${(cents % 10_000) + 10_000}`);
    else if (owes) {
      const asked = what === 'repay-all' ? { assetName: asset } : { assetName: asset, amount: text };
      book.repay(unit, asked, atMs, what === 'forced' ? 'FORCE_REPAY' : 'NORMAL_REPAY');
    }
  }
  book.accrueTo([unit], endMs);
  return inputOf(book, unit, endMs);
}

function inputOf(book: LoanBook, unit: Unit, asOfMs: number): StatementInput {
  const stated = (text: string | undefined) => (text === undefined ? null : amount(text));
  return {
    month: MONTH,
    asOfMs,
    records: book.records.map(
      (row): LoanRecord => ({
        ...{ transactionId: longId(row.tranId), asset: row.assetName, amount: amount(row.amount) },
        ...{ principal: stated(row.principal), interest: stated(row.interest), status: row.status },
        ...{ type: row.type, atMs: row.timestampMs },
      }),
    ),
    interest: book.interest.map(
      (row): InterestRecord => ({
        ...{ groupId: UNIT, asset: row.assetName, principal: amount(row.principal) },
        ...{ hourlyRate: amount(row.interestRate), interest: amount(row.interest), atMs: row.timestampMs },
      }),
    ),
    offsets: book.rebates.flatMap((row): RebateRecord[] =>
      row.offset === undefined
        ? []
        : [
            {
              ...{
                type: row.type,
                groupId: UNIT,
                asset: 'USDT',
                delta: amount(row.delta),
                atMs: row.timestampMs,
              },
              liabilityAsset: row.offset.liabilityAsset,
              deductedInterest: amount(row.offset.deductedInterest),
            },
          ],
    ),
    owed: unit.liabilities.map(({ assetName, principal, interest }) => ({
      ...{ asset: assetName, principal: amount(principal), interest: amount(interest) },
    })),
  };
}

const without = <Row>(rows: readonly Row[], index: number) => rows.filter((_, at) => at !== index);
const altered = <Row>(rows: readonly Row[], index: number, change: (row: Row) => Row) =>
  rows.map((row, at) => (at === index ? change(row) : row));
const more = (value: LoanRecord['amount']) => value.times('1.5').plus('0.01');

/** Every way in which one row can be wrong, with a name for the report. */
function wrongs(input: StatementInput, pick: number): readonly (readonly [string, StatementInput])[] {
  const { records, interest } = input;
  const counted = records.flatMap(({ status, amount: paid }, index) =>
    status === 'CONFIRM' && paid.gt('0') ? [index] : [],
  );
  const record = counted[pick % Math.max(1, counted.length)];
  const row = interest.length === 0 ? undefined : pick % interest.length;
  const changed = (name: string, change: (each: LoanRecord) => LoanRecord) =>
    record === undefined ? [] : [[name, { ...input, records: altered(records, record, change) }] as const];
  const charged = (name: string, change: (each: InterestRecord) => InterestRecord) =>
    row === undefined ? [] : [[name, { ...input, interest: altered(interest, row, change) }] as const];
  return [
    ...(record === undefined
      ? []
      : [['a record is removed', { ...input, records: without(records, record) }] as const]),
    ...changed('the amount of a record', (each) => ({ ...each, amount: more(each.amount) })),
    ...changed('the status of a record', (each) => ({ ...each, status: 'FAILED' })),
    ...changed('the type of a record', (each) => ({ ...each, type: 'TRANSFER' })),
    ...changed('the asset of a record', (each) => ({ ...each, asset: 'ETH' })),
    ...(record !== undefined && records[record]?.principal
      ? changed('the principal of a repay', (each) => ({
          ...each,
          principal: each.principal && more(each.principal),
        }))
      : []),
    ...(row === undefined
      ? []
      : [['an interest row is removed', { ...input, interest: without(interest, row) }] as const]),
    ...charged('the interest of a row', (each) => ({ ...each, interest: more(each.interest) })),
    ...charged('the principal of a row', (each) => ({ ...each, principal: more(each.principal) })),
    ...charged('the rate of a row', (each) => ({ ...each, hourlyRate: each.hourlyRate.times('2') })),
    ...charged('the hour of a row', (each) => ({ ...each, atMs: each.atMs + 90 * MINUTE_MS })),
  ];
}

const summed = ({ assets }: Statement) =>
  assets.map(({ asset, computedClosing, statedClosing }) => [
    asset,
    exactText(computedClosing),
    exactText(statedClosing),
  ]);

describe('the statement of a random ledger of the stand-in', () => {
  it('reconciles, in the month that runs and in one that is over', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const running = played(list);
        expect(statementOf(running).differences).toEqual([]);
        for (const [, computed, stated] of summed(statementOf(running))) expect(computed).toBe(stated);
        const over = played(list, MONTH.fromMs, MONTH.beforeMs + 3 * HOUR_MS);
        expect(statementOf({ ...over, owed: [] }).differences).toEqual([]);
        expect(statementOf({ ...over, owed: null }).differences).toEqual([]);
        // The month begins with a loan.
        const begun = played(list, MONTH.fromMs - 10 * 24 * HOUR_MS);
        expect(statementOf(begun).differences).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  it('names a difference when any one row is removed or altered', () => {
    fc.assert(
      fc.property(acts, fc.nat(), (list, pick) => {
        const input = played(list);
        for (const [name, wrong] of wrongs(input, pick))
          expect(statementOf(wrong).differences, name).not.toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

describe('one loan', () => {
  const DAY = 24 * 60;
  const borrowed: Act = { minute: 2 * DAY + 30, asset: 'USDT', what: 'borrow', cents: 100_000_000 };
  const repaid: Act = { minute: 20 * DAY + 30, asset: 'USDT', what: 'repay', cents: 40_000_000 };

  it('opening + borrows − repays = closing, with interest by day', () => {
    const { assets, differences } = statementOf(played([borrowed, repaid]));
    expect(differences).toEqual([]);
    const [usdt] = assets;
    expect(usdt && [exactText(usdt.opening), exactText(usdt.borrowed)]).toEqual(['0', '1000000']);
    expect(usdt && exactText(usdt.computedClosing.minus(usdt.statedClosing))).toBe('0');
    expect(usdt?.interestByDay[0]).toMatchObject({ day: '2026-10-03', rows: 23 });
    expect(usdt && exactText(usdt.interestByDay[0]?.interest ?? usdt.opening)).toBe('191.59');
  });

  it('a FAILED row counts as nothing; an asset with nothing else is not listed', () => {
    const failed: Act = { minute: 5 * DAY + 1, asset: 'BTC', what: 'fail', cents: 100 };
    const { assets, differences } = statementOf(played([borrowed, failed]));
    expect(assets.map(({ asset }) => asset)).toEqual(['USDT']);
    expect(differences).toEqual([]);
  });

  it('dust is shown', () => {
    const input = played([borrowed, { ...repaid, what: 'repay-all' }]);
    const dust = { asset: 'USDC', principal: amount('0.00000001'), interest: amount('0') };
    const { assets, differences } = statementOf({ ...input, owed: [...(input.owed ?? []), dust] });
    const usdc = assets.find(({ asset }) => asset === 'USDC');
    expect(usdc && exactText(usdc.statedClosing)).toBe('0.00000001');
    expect(differences).toEqual([expect.stringContaining('a difference of 0.00000001')]);
  });

  it('says what is missing in words', () => {
    const input = played([borrowed, repaid]);
    const lost = statementOf({
      ...input,
      records: input.records.filter(({ type }) => type !== 'NORMAL_REPAY'),
    });
    expect(lost.differences[0]).toMatch(
      /^USDT: opening, borrows and repays come to 1000000, but Binance shows a principal of 60\d{4}\.\d+ now: a difference of -39\d{4}\.\d+$/,
    );
    expect(lost.differences[1]).toMatch(
      /^USDT: between 2026-10-21 00:00 and 2026-10-21 01:00 UTC the principal .* one is missing or altered$/,
    );
    const hole = statementOf({
      ...input,
      interest: input.interest.filter(({ atMs }) => new Date(atMs).getUTCDate() !== 10),
    });
    expect(hole.differences[0]).toBe(
      'USDT: no interest rows for 24 hours from 2026-10-10 00:00 to 2026-10-10 23:00 UTC, although something was owed',
    );
  });

  it('records of an unknown status or type, and repays that do not add up, are named', () => {
    const input = played([borrowed, repaid]);
    const [first, second] = input.records;
    if (first === undefined || second === undefined) throw new Error('two records expected');
    const differencesWith = (row: LoanRecord) =>
      statementOf({ ...input, records: [first, row] }).differences[0];
    expect(differencesWith({ ...second, status: 'PENDING' })).toContain(
      "has the status PENDING, which isn't documented",
    );
    expect(differencesWith({ ...second, type: 'GIFT' })).toContain("is of a type that isn't documented");
    expect(differencesWith({ ...second, principal: null, interest: null })).toContain(
      'states neither principal nor interest',
    );
    expect(differencesWith({ ...second, amount: amount('1') })).toContain('but its principal');
  });

  it("an interest row fits its rounded rate, as the page's example does", () => {
    const input = played([borrowed]);
    const rounded = input.interest.map((row) => ({
      ...row,
      interest: row.principal.times('0.0000083333').round(8, 3),
    }));
    const text = statementOf({ ...input, interest: rounded }).differences.filter((each) =>
      each.includes('×'),
    );
    expect(text).toEqual([]);
  });
});

describe('interest', () => {
  it('of yesterday, of the month with its rate per year, and the step of a rate with both rates', () => {
    const book = new LoanBook(MONTH.fromMs, 1n);
    const unit = emptyUnit();
    book.borrow(unit, 'USDT', '1000000', MONTH.fromMs + MINUTE_MS);
    book.accrueTo([unit], MONTH.fromMs + 240 * HOUR_MS);
    book.setRate(UNIT, 'USDT', '0.00001141');
    book.accrueTo([unit], MONTH.fromMs + 480 * HOUR_MS);
    const { interest } = inputOf(book, unit, MONTH.beforeMs);
    const yesterday = { fromMs: MONTH.fromMs + 432 * HOUR_MS, beforeMs: MONTH.fromMs + 456 * HOUR_MS };
    const [usdt] = interestByAsset(interest, { span: MONTH, month: MONTH, yesterday });
    expect(usdt?.yesterday && exactText(usdt.yesterday)).toBe('273.84');
    expect(usdt?.month && exactText(usdt.month)).toBe('4737.6');
    expect(usdt?.monthAnnualRate?.toFixed(5)).toBe('0.08646');
    expect(usdt?.annualRate && exactText(usdt.annualRate)).toBe('0.0999516');
    expect(
      usdt?.steps.map(({ atMs, annualBefore, annualAfter }) => [
        atMs,
        exactText(annualBefore),
        exactText(annualAfter),
      ]),
    ).toEqual([[MONTH.fromMs + 241 * HOUR_MS, '0.0729708', '0.0999516']]);
    const none = interestByAsset(interest, {
      span: MONTH,
      month: { fromMs: 0, beforeMs: 1 },
      yesterday: { fromMs: 0, beforeMs: 1 },
    });
    expect(none[0]).toMatchObject({ yesterday: null, month: null, monthAnnualRate: null });
    expect(interestByAsset([], { span: MONTH, month: MONTH, yesterday })).toEqual([]);
  });
});
