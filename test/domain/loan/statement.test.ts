import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoanBook } from '../../../sandbox/binance/loan-book.ts';
import type { Unit } from '../../../sandbox/binance/model.ts';
import { amount, exactText, longId } from '../../../src/domain/amount.ts';
import { interestByAsset } from '../../../src/domain/loan/interest.ts';
import {
  type InterestRecord,
  isWithin,
  type LoanRecord,
  type RebateRecord,
} from '../../../src/domain/loan/loan-records.ts';
import {
  type Statement,
  type StatementInput,
  statementOf,
  statementSpan,
} from '../../../src/domain/loan/statement.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
const MONTH = { fromMs: Date.UTC(2026, 9, 1), beforeMs: Date.UTC(2026, 10, 1) };
const UNIT = longId('12');

/** What people and Binance did in a month; times in minutes since its start, never on a full hour. */
interface Act {
  readonly minute: number;
  readonly asset: string;
  readonly what: 'borrow' | 'repay' | 'repay-all' | 'pay-interest' | 'forced' | 'fail' | 'rate';
  readonly cents: number;
}

const acts: fc.Arbitrary<readonly Act[]> = fc
  .array(
    fc.record({
      minute: fc.integer({ min: 1, max: 30 * 24 * 60 }).filter((minute) => minute % 60 !== 0),
      asset: fc.constantFrom('USDT', 'USDC', 'BTC'),
      what: fc.constantFrom(
        'borrow',
        'borrow',
        'repay',
        'repay-all',
        'pay-interest',
        'forced',
        'fail',
        'rate',
      ),
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
    const owing = unit.liabilities.find(
      ({ assetName, principal }) => assetName === asset && Number(principal) > 0,
    );
    if (what === 'borrow') book.borrow(unit, asset, text, atMs);
    else if (what === 'fail') book.fail(unit, { type: 'BORROW', assetName: asset, amount: text }, atMs);
    else if (what === 'rate') book.setRate(UNIT, asset, `0.0000${(cents % 10_000) + 10_000}`);
    else if (owing !== undefined) {
      const paid = what === 'pay-interest' ? owing.interest : text;
      const asked = what === 'repay-all' ? { assetName: asset } : { assetName: asset, amount: paid };
      book.repay(unit, asked, atMs, what === 'forced' ? 'FORCE_REPAY' : 'NORMAL_REPAY');
    }
  }
  book.accrueTo([unit], endMs);
  return inputOf(book, unit, endMs);
}

function inputOf(book: LoanBook, unit: Unit, asOfMs: number): StatementInput {
  const stated = (text: string | undefined) => (text === undefined ? null : amount(text));
  const isRead = ({ timestampMs }: { timestampMs: number }) => isWithin(timestampMs, statementSpan(MONTH));
  return {
    month: MONTH,
    asOfMs,
    records: book.records.filter(isRead).map(
      (row): LoanRecord => ({
        ...{ transactionId: longId(row.tranId), asset: row.assetName, amount: amount(row.amount) },
        ...{ principal: stated(row.principal), interest: stated(row.interest), status: row.status },
        ...{ type: row.type, atMs: row.timestampMs },
      }),
    ),
    interest: book.interest.filter(isRead).map(
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
const thrice = (value: LoanRecord['principal']) => (value === null ? null : value.times('3'));

interface Wrong {
  readonly name: string;
  readonly input: StatementInput;
  /** The repay that is wrong; null: another row. */
  readonly repay: LoanRecord | null;
}

/** Every way in which one row of the month can be wrong. */
function wrongs(input: StatementInput, pick: number): readonly Wrong[] {
  const { records, interest } = input;
  const at = <Row>(indices: readonly Row[]) => indices[pick % Math.max(1, indices.length)];
  const record = at(
    records.flatMap(({ status, amount: paid, atMs }, index) =>
      status === 'CONFIRM' && paid.gt('0') && isWithin(atMs, MONTH) ? [index] : [],
    ),
  );
  const row = at(interest.flatMap(({ atMs }, index) => (isWithin(atMs, MONTH) ? [index] : [])));
  const picked = record === undefined ? undefined : records[record];
  const repay = picked === undefined || picked.type === 'BORROW' ? null : picked;
  const changed = (name: string, change: (each: LoanRecord) => LoanRecord): Wrong[] =>
    record === undefined
      ? []
      : [{ name, repay, input: { ...input, records: altered(records, record, change) } }];
  const charged = (name: string, change: (each: InterestRecord) => InterestRecord): Wrong[] =>
    row === undefined
      ? []
      : [{ name, repay: null, input: { ...input, interest: altered(interest, row, change) } }];
  return [
    ...(record === undefined || picked === undefined
      ? []
      : [
          { name: 'a record is removed', repay, input: { ...input, records: without(records, record) } },
          { name: 'a record comes twice', repay, input: { ...input, records: [...records, picked] } },
        ]),
    ...changed('the amount of a record', (each) => ({ ...each, amount: more(each.amount) })),
    ...changed('the status of a record', (each) => ({ ...each, status: 'FAILED' })),
    ...changed('the type of a record', (each) => ({ ...each, type: 'TRANSFER' })),
    ...changed('the asset of a record', (each) => ({ ...each, asset: 'ETH' })),
    ...(repay === null
      ? []
      : [
          ...changed('the principal of a repay', (each) => ({
            ...each,
            principal: each.principal && more(each.principal),
          })),
          ...changed('all of a repay', (each) => ({
            ...each,
            amount: each.amount.times('3'),
            principal: thrice(each.principal),
            interest: thrice(each.interest),
          })),
        ]),
    ...(row === undefined
      ? []
      : [
          {
            ...{ name: 'an interest row is removed', repay: null },
            input: { ...input, interest: without(interest, row) },
          },
        ]),
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

  it.each([
    ['that runs and began with nothing owed', MONTH.fromMs, MONTH.beforeMs - 20 * MINUTE_MS],
    ['that runs and began with a loan', MONTH.fromMs - 10 * DAY_MS, MONTH.beforeMs - 20 * MINUTE_MS],
    ['that is over and began with nothing owed', MONTH.fromMs, MONTH.beforeMs + 3 * HOUR_MS],
    ['that is over and began with a loan', MONTH.fromMs - 10 * DAY_MS, MONTH.beforeMs + 3 * HOUR_MS],
  ])(
    'names any one row that is removed or altered in a month %s, or says that interest paid was not checked',
    (_, startMs, endMs) => {
      fc.assert(
        fc.property(acts, fc.nat(), (list, pick) => {
          const input = played(list, startMs, endMs);
          for (const { name, input: wrong, repay } of wrongs(input, pick)) {
            const { differences, interestUnchecked } = statementOf(wrong);
            const isSaid = interestUnchecked.some(({ asset }) => asset === repay?.asset);
            // What a repay took off the principal is checked always.
            const isOfPrincipal = repay?.principal?.gt('0') === true;
            if (!isSaid || isOfPrincipal) expect(differences, name).not.toEqual([]);
          }
        }),
        { numRuns: 15 },
      );
    },
  );
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

  it('calls what Binance shows now only what was read of it', () => {
    const input = { ...played([borrowed, repaid]), records: [] };
    const named = (each: StatementInput) => statementOf(each).differences.join('\n');
    expect(named(input)).toMatch(/but Binance shows a principal of [\d.]+ now: a difference/);
    const unread = named({ ...input, owed: null });
    expect(unread).toMatch(/come to 0, but the interest rows come to [\d.]+: a difference/);
    expect(unread).not.toContain('now');
  });

  it('says of which asset interest paid could not be checked, and why', () => {
    const paid: Act = { minute: 10 * DAY + 30, asset: 'USDT', what: 'pay-interest', cents: 1 };
    const list = [borrowed, paid];
    const before = MONTH.fromMs - 10 * DAY_MS;
    const whyOf = (input: StatementInput) => {
      const { differences, interestUnchecked } = statementOf(input);
      return [differences.length, ...interestUnchecked.flatMap(({ asset, why }) => [asset, ...why])];
    };
    const lost = (input: StatementInput) => ({
      ...input,
      records: input.records.filter(({ principal }) => principal === null || principal.gt('0')),
    });
    const running = played(list);
    expect(whyOf(running)).toEqual([0]);
    expect(whyOf(lost(running))).toEqual([1]);
    expect(whyOf({ ...lost(running), offsets: null })).toEqual([0, 'USDT', 'rebate-not-read']);
    expect(whyOf({ ...lost(running), owed: null })).toEqual([0, 'USDT', 'owed-not-read']);
    const begun = played([borrowed, { ...paid, minute: 20 * DAY + 30 }], before);
    expect(whyOf(lost(begun))).toEqual([0, 'USDT', 'owed-before']);
    const over = played(list, MONTH.fromMs, MONTH.beforeMs + 3 * HOUR_MS);
    expect(whyOf(lost(over))).toEqual([0, 'USDT', 'owed-after']);
    const repaidAll = played(
      [...list, { ...repaid, what: 'repay-all' }],
      MONTH.fromMs,
      MONTH.beforeMs + DAY_MS,
    );
    expect(whyOf(repaidAll)).toEqual([0]);
    expect(whyOf(lost(repaidAll))).toEqual([1]);
  });

  describe('just after a full hour, while its charge is in only one of the two', () => {
    const hourMs = MONTH.fromMs + 12 * DAY_MS;
    const of = (acted: readonly Act[], minute: number) =>
      played(acted, MONTH.fromMs, hourMs + minute * MINUTE_MS);
    const withoutNewest = (input: StatementInput) => ({
      ...input,
      interest: input.interest.filter(({ atMs }) => atMs < hourMs),
    });
    const owing = (input: StatementInput, hours: string) => ({
      ...input,
      owed: (input.owed ?? []).map((each) => ({
        ...each,
        interest: each.interest.plus(amount(hours).times(input.interest.at(-1)?.interest ?? '0')),
      })),
    });

    it.each([1, 9])('the row, %d minutes after, is not booked or not owed yet', (minute) => {
      const input = of([borrowed], minute);
      expect(statementOf(input).differences).toEqual([]);
      expect(statementOf(withoutNewest(input))).toMatchObject({ differences: [], interestUnchecked: [] });
      expect(statementOf(owing(input, '-1'))).toMatchObject({ differences: [], interestUnchecked: [] });
    });

    it('neither is more than one hour, nor later, nor the other way around', () => {
      const soon = of([borrowed], 5);
      const late = of([borrowed], 11);
      for (const wrong of [
        owing(soon, '-2'),
        owing(soon, '1'),
        owing(withoutNewest(soon), '1'),
        owing(withoutNewest(soon), '-2'),
        owing(late, '-1'),
      ])
        expect(statementOf(wrong).differences).toEqual([expect.stringContaining('but Binance shows')]);
      expect(statementOf(withoutNewest(late)).differences.at(-1)).toContain('but Binance shows');
    });

    it('a row that is not booked yet is of the principal at its hour', () => {
      const more: Act = { minute: 12 * DAY - 20, asset: 'USDT', what: 'borrow', cents: 777_777_777 };
      const input = withoutNewest(of([borrowed, more], 5));
      expect(statementOf(input)).toMatchObject({ differences: [], interestUnchecked: [] });
    });

    it('the first row of a loan that is not booked yet leaves the interest unchecked', () => {
      const first: Act = { minute: 12 * DAY - 20, asset: 'USDT', what: 'borrow', cents: 777_777_777 };
      expect(statementOf(withoutNewest(of([first], 5)))).toMatchObject({
        ...{ differences: [], interestUnchecked: [{ asset: 'USDT', why: ['not-booked'] }] },
      });
    });
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
