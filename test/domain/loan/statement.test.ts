import { describe, expect, it } from 'vitest';
import { LoanBook } from '../../../sandbox/binance/loan-book.ts';
import { amount, exactText, ZERO } from '../../../src/domain/amount.ts';
import { interestByAsset } from '../../../src/domain/loan/interest.ts';
import type { LoanRecord } from '../../../src/domain/loan/loan-records.ts';
import { type StatementInput, statementOf } from '../../../src/domain/loan/statement.ts';
import {
  type Act,
  DAY_MS,
  emptyUnit,
  HOUR_MS,
  type Ledger,
  ledgerOf,
  played as ledgerPlayed,
  MINUTE_MS,
  MONTH,
  readAround,
  UNIT,
} from '../../support/loan-ledger.ts';

const played = (...of: Parameters<typeof ledgerPlayed>) => readAround(ledgerPlayed(...of));

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

  it('a borrow of the last hour that is missing is named, though the month has no row of its asset', () => {
    const late: Act = { minute: 31 * DAY - 30, asset: 'USDT', what: 'borrow', cents: 100 };
    const input = played([late], MONTH.fromMs, MONTH.beforeMs + DAY_MS);
    expect(statementOf(input)).toMatchObject({ differences: [], interestUnchecked: [] });
    const lost = statementOf({ ...input, records: [] });
    expect(lost.differences[0]).toMatch(
      /^USDT: opening, borrows and repays come to 0, but .* difference of 1$/,
    );
    // One of the hour after is none of the month.
    const next = played([{ ...late, minute: 31 * DAY + 30 }], MONTH.fromMs, MONTH.beforeMs + DAY_MS);
    expect(statementOf(next)).toMatchObject({ assets: [], differences: [], isEmpty: true });
  });

  it('a rebate is named that paid interest while nothing was owed, also of an asset without any other row', () => {
    const list: Act[] = [borrowed, { ...repaid, what: 'repay-all' }];
    const input = played(list, MONTH.fromMs, MONTH.beforeMs + DAY_MS);
    const [offset] = input.offsets ?? [];
    if (offset === undefined) throw new Error('an offset expected');
    const withOffset = (changes: Partial<typeof offset>) =>
      statementOf({ ...input, offsets: [...(input.offsets ?? []), { ...offset, ...changes }] }).differences;
    const atMs = MONTH.fromMs + 25 * DAY_MS;
    const deductedInterest = amount('5');
    for (const liabilityAsset of ['USDT', 'ETH'])
      expect(withOffset({ atMs, deductedInterest, liabilityAsset })).toEqual([
        `${liabilityAsset}: the rebate of 2026-10-26 00:00 UTC paid 5 more interest than was charged since 2026-10-26 00:00 UTC and not paid until then`,
      ]);
  });

  it('a repay of more than was owed at its time is named, also when a later borrow makes up for it', () => {
    const [first, second] = [
      borrowed,
      { ...repaid, minute: borrowed.minute + 1, what: 'repay-all' },
    ] as const;
    const input = played([first, second], MONTH.fromMs, MONTH.beforeMs + DAY_MS);
    expect(statementOf(input)).toMatchObject({ differences: [], interestUnchecked: [] });
    const late = input.records.map((row) =>
      row.type === 'BORROW' ? { ...row, atMs: row.atMs + 3 * HOUR_MS } : row,
    );
    expect(statementOf({ ...input, records: late }).differences).toContain(
      'USDT: a principal comes to -1000000, below zero: a borrow or a repay is missing or altered',
    );
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
    expect(differencesWith({ ...second, type: 'BORROW', amount: amount('-1') })).toContain(
      'is -1, below zero',
    );
    expect(differencesWith({ ...second, interest: amount('-1') })).toContain('is -1, below zero');
  });

  it('interest below zero is named, also where the interest paid could not be checked', () => {
    const input = played([borrowed]);
    const interest = input.interest.map((row, at) =>
      at === 5 ? { ...row, hourlyRate: row.hourlyRate.neg(), interest: row.interest.neg() } : row,
    );
    expect(statementOf({ ...input, interest, offsets: null }).differences).toEqual([
      'USDT: the interest row of 2026-10-03 06:00 UTC states -8.33, below zero',
    ]);
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
    // The loan goes on before or after the month: further than what is read, or not.
    const begun = [borrowed, { ...paid, minute: 20 * DAY + 30 }] as const;
    const monthOnly = (ledger: Ledger) => readAround(ledger, { most: 0 });
    const beganBefore = ledgerPlayed(begun, before);
    expect(whyOf(lost(monthOnly(beganBefore)))).toEqual([0, 'USDT', 'owed-before']);
    expect(whyOf(lost(readAround(beganBefore)))).toEqual([1]);
    const over = ledgerPlayed(list, MONTH.fromMs, MONTH.beforeMs + 20 * DAY_MS);
    expect(whyOf(lost(monthOnly(over)))).toEqual([0, 'USDT', 'owed-after']);
    expect(whyOf(lost(readAround(over)))).toEqual([1]);
    expect(whyOf({ ...lost(readAround(over)), owed: null })).toEqual([0, 'USDT', 'owed-not-read']);
    const repaidAll = played(
      [...list, { ...repaid, what: 'repay-all' }],
      MONTH.fromMs,
      MONTH.beforeMs + DAY_MS,
    );
    expect(whyOf(repaidAll)).toEqual([0]);
    expect(whyOf(lost(repaidAll))).toEqual([1]);
  });

  describe('just after a full hour, while its charge is in only one of the two', () => {
    const hourMs = MONTH.fromMs + 12 * DAY_MS + 6 * HOUR_MS;
    const justBefore = 12 * DAY + 6 * 60 - 20;
    const of = (acted: readonly Act[], minute: number, atMs = hourMs) =>
      played(acted, MONTH.fromMs, atMs + minute * MINUTE_MS);
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

    const NOT_BOOKED = { differences: [], interestUnchecked: [{ asset: 'USDT', why: ['not-booked'] }] };

    it.each([1, 9])('the row, %d minutes after, may not be booked or not owed yet', (minute) => {
      const input = of([borrowed], minute);
      expect(statementOf(input)).toMatchObject({ differences: [], interestUnchecked: [] });
      expect(statementOf(withoutNewest(input))).toMatchObject(NOT_BOOKED);
      expect(statementOf(owing(input, '-1'))).toMatchObject(NOT_BOOKED);
    });

    it('a lost payment of as much as the last hour is never called checked', () => {
      const paid: Act = { minute: justBefore, asset: 'USDT', what: 'pay-interest', cents: 1 };
      const whole = of([borrowed, { ...paid, minute: justBefore - 60 }, paid], 5);
      expect(statementOf(whole)).toMatchObject({ differences: [], interestUnchecked: [] });
      const [newest] = whole.records.toSorted((a, b) => b.atMs - a.atMs);
      expect(newest && exactText(newest.amount)).toBe(exactText(whole.interest.at(-1)?.interest ?? ZERO));
      const lost = { ...whole, records: whole.records.filter((record) => record !== newest) };
      expect(statementOf(lost)).toMatchObject(NOT_BOOKED);
    });

    it('neither is more than one hour, nor later, nor the other way around', () => {
      const soon = of([borrowed], 5);
      const late = of([borrowed], 11);
      for (const wrong of [
        owing(soon, '-2'),
        owing(soon, '1'),
        owing(withoutNewest(soon), '-2'),
        owing(late, '-1'),
      ])
        expect(statementOf(wrong).differences).toEqual([expect.stringContaining('but Binance shows')]);
      expect(statementOf(withoutNewest(late)).differences.at(-1)).toContain('but Binance shows');
    });

    it('a row that is not booked yet may be of another rate, for ten minutes', () => {
      const dearer = (input: StatementInput) => owing(withoutNewest(input), '0.5');
      expect(statementOf(dearer(of([borrowed], 5)))).toMatchObject(NOT_BOOKED);
      for (const minute of [11, -6])
        expect(statementOf(dearer(of([borrowed], minute))).differences.at(-1)).toContain('but Binance shows');
    });

    it('the rebate of midnight is not booked, or not taken off yet, for ten minutes', () => {
      const midnightMs = MONTH.fromMs + 4 * DAY_MS;
      const withoutRebate = (input: StatementInput) => ({
        ...input,
        offsets: (input.offsets ?? []).filter(({ atMs }) => atMs < midnightMs),
      });
      const notTakenOff = (input: StatementInput) => owing(input, '24');
      const soon = of([borrowed], 5, midnightMs);
      expect(statementOf(soon)).toMatchObject({ differences: [], interestUnchecked: [] });
      expect(statementOf(notTakenOff(soon))).toMatchObject(NOT_BOOKED);
      expect(statementOf(withoutRebate(soon))).toMatchObject(NOT_BOOKED);
      expect(statementOf(owing(withoutRebate(soon), '-1.5')).differences, 'more than a day').toHaveLength(1);
      const late = of([borrowed], 11, midnightMs);
      for (const wrong of [notTakenOff(late), withoutRebate(late)])
        expect(statementOf(wrong).differences).toEqual([expect.stringContaining('but Binance shows')]);
      // At another hour no rebate is due.
      const noon = of([borrowed], 5, midnightMs + 12 * HOUR_MS);
      expect(statementOf(withoutRebate(noon)).differences).toHaveLength(1);
    });

    it('nothing is due for what was repaid, or never borrowed: interest that is owed there is a difference', () => {
      const whole = of([borrowed, { ...repaid, minute: 5 * DAY + 30, what: 'repay-all' }], 5);
      for (const asset of ['USDT', 'USDC']) {
        const left = { asset, principal: ZERO, interest: amount('5') };
        expect(statementOf({ ...whole, owed: [left] }).differences).toEqual([
          expect.stringMatching(new RegExp(`^${asset}: .* but Binance shows 5 now: a difference of 5$`)),
        ]);
      }
    });

    it('the first row of a loan may not be booked yet', () => {
      const first: Act = { minute: justBefore, asset: 'USDT', what: 'borrow', cents: 777_777_777 };
      expect(statementOf(withoutNewest(of([first], 5)))).toMatchObject(NOT_BOOKED);
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
    const { interest } = ledgerOf(book, unit, MONTH.beforeMs);
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
