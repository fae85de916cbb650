import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../../sandbox/binance/answers.ts';
import { Ledger } from '../../../sandbox/binance/ledger.ts';
import { seedLedger } from '../../../sandbox/binance/seed.ts';
import { DEFAULT_SETTINGS, ExchangeClock } from '../../../sandbox/binance/settings.ts';
import { type Amount, amount, ZERO } from '../../../src/domain/amount.ts';
import { cureTo, cushionTo, ltvAfterBorrow, ltvAfterEquityChange } from '../../../src/domain/unit/cure.ts';
import {
  decisiveLtv,
  PUBLISHED_THRESHOLDS,
  type RiskUnit,
  standingOf,
} from '../../../src/domain/unit/risk-unit.ts';
import { exampleUnit, START_MS } from '../../support/close-requests.ts';

const { marginCall, liquidation } = PUBLISHED_THRESHOLDS;

/** By its sums: E, M, L; `stated` is the LTV that Binance gives, nothing unless a test is about it. */
const owing = (equity: string, margin: string, liability: string, stated = '0') =>
  exampleUnit({
    ltv: amount(stated),
    totalNetEquity: amount(equity),
    totalMaintenanceMargin: amount(margin),
    totalLiability: amount(liability),
  });
/** The sandbox's units 12 and 15. */
const UNIT_12 = owing('3600000', '120000', '2930160', '0.842');
const UNIT_15 = owing('1250000', '50000', '1104000', '0.920');

describe('cushion', () => {
  const text = (unit: RiskUnit, level: Amount) => {
    const cushion = cushionTo(unit, level);
    return cushion && [cushion.amount.toFixed(2), cushion.ofEquity?.toFixed(4) ?? null];
  };

  it.each([
    ['the documented example to margin call', exampleUnit(), marginCall, ['7.84', '0.2976']],
    ['the documented example to liquidation', exampleUnit(), liquidation, ['8.84', '0.3356']],
    ['unit 12 to margin call', UNIT_12, marginCall, ['32752.94', '0.0091']],
    ['unit 12 to liquidation', UNIT_12, liquidation, ['224266.67', '0.0623']],
    ['unit 15, beyond it', UNIT_15, liquidation, ['0.00', '0.0000']],
    ['at the level', owing('1', '0', '0.85'), marginCall, ['0.00', '0.0000']],
    ['E − M is zero', owing('1', '1', '0.85'), marginCall, ['0.00', '0.0000']],
    ['no equity', owing('0', '0', '1'), marginCall, ['0.00', null]],
    ['negative equity', owing('-1', '0', '1'), marginCall, ['0.00', null]],
    ['nothing owed', owing('1', '0', '0'), marginCall, null],
    ['a negative debt', owing('1', '0', '-1'), marginCall, null],
  ])('%s', (_, unit, level, expected) => {
    expect(text(unit, level)).toEqual(expected);
  });

  it.each([
    ['0.91', '0.0000'],
    ['0.90', '0.0000'],
    ['0.5', '0.0222'],
  ])('fault T6, relative: agrees with the level where 0.88 is stated as %s', (stated, ofEquity) => {
    expect(cushionTo(owing('1', '0', '0.88', stated), liquidation)?.ofEquity?.toFixed(4)).toBe(ofEquity);
  });

  it('fault T6, relative: just below a level the cushion is small, not zero', () => {
    expect(cushionTo(owing('1', '0', '0.88', '0.89'), liquidation)?.amount.gt(ZERO)).toBe(true);
  });
});

describe('cure', () => {
  const text = (unit: RiskUnit, target: string) => {
    const cure = cureTo(unit, amount(target));
    const digits = (value: Amount | null) => value?.toFixed(8) ?? null;
    return cure && [digits(cure.add), digits(cure.repayFromOutside), digits(cure.repayFromInside)];
  };

  it.each([
    ['the documented example', exampleUnit(), '0.50', ['4.76346773', '2.38173386', '4.76346773']],
    ['unit 15', UNIT_15, '0.85', ['98823.52941176', '84000.00000000', '560000.00000000']],
    [
      'at the target: nothing, but not fine',
      owing('1', '0', '0.85'),
      '0.85',
      ['0.00000000', '0.00000000', '0.00000000'],
    ],
    ['below the target', UNIT_12, '0.85', null],
    [
      'LTV 100 %: what is inside cannot cure it',
      owing('1', '0', '1'),
      '0.85',
      ['0.17647059', '0.15000000', null],
    ],
    ['E − M is zero: only more collateral can', owing('1', '1', '0.85'), '0.85', ['1.00000000', null, null]],
    ['E is zero', owing('0', '0', '85'), '0.85', ['100.00000000', null, null]],
    ['E is negative', owing('-1', '0', '85'), '0.85', ['101.00000000', null, null]],
    ['nothing owed', owing('1', '0', '0'), '0.85', null],
    ['nothing owed, whatever is stated', owing('1', '0', '0', '0.95'), '0.85', null],
    ['a negative debt', owing('1', '0', '-1', '0.95'), '0.85', null],
  ])('%s', (_, unit, target, expected) => {
    expect(text(unit, target)).toEqual(expected);
  });

  it.each(['0.93', '0.95', '3'])('is larger where Binance states a worse LTV: %s', (stated) => {
    const cure = cureTo({ ...UNIT_15, ltv: amount(stated) }, marginCall);
    const bySums = cureTo(UNIT_15, marginCall);
    expect(cure?.add.gt(bySums?.add ?? ZERO)).toBe(true);
    expect(cure?.repayFromOutside?.gt(bySums?.repayFromOutside ?? ZERO)).toBe(true);
    expect(cure?.repayFromOutside?.lte(UNIT_15.totalLiability)).toBe(true);
  });

  it('is the same where Binance states a better one', () => {
    expect(cureTo({ ...UNIT_15, ltv: amount('0.5') }, marginCall)).toEqual(cureTo(UNIT_15, marginCall));
  });
});

/** Up to ten billion with eight decimals, as Binance prints sums. */
const money = (min: number) =>
  fc.bigInt({ min: BigInt(min), max: 10n ** 18n }).map((units) => amount(`${units}`).div('100000000'));
const target = fc.integer({ min: 1, max: 999 }).map((thousandths) => amount(`${thousandths}`).div('1000'));
/** LTV is printed with three decimals, or is anything else. */
const stated = fc.integer({ min: 0, max: 2_000 }).map((thousandths) => amount(`${thousandths}`).div('1000'));
const unit = fc
  .record({ equity: money(-1_000_000), margin: money(0), liability: money(-1), ltv: stated })
  .map(({ equity, margin, liability, ltv }) =>
    exampleUnit({
      ltv,
      totalNetEquity: equity,
      totalMaintenanceMargin: margin,
      totalLiability: liability,
    }),
  );

const within = (value: Amount | null, wanted: Amount) =>
  expect(value?.minus(wanted).abs().lte('0.00000001'), `${value?.toFixed()} is not ${wanted.toFixed()}`).toBe(
    true,
  );

describe('cure and cushion of any unit', () => {
  it('each form of a cure, applied to what is owed and what backs it, gives the target; none is negative', () => {
    fc.assert(
      fc.property(unit, target, (each, at) => {
        const { ltv, collateral } = standingOf(each);
        const liability = each.totalLiability;
        const cure = cureTo(each, at);
        if (cure === null) {
          expect(liability.lte(ZERO) || ltv?.lt(at)).toBe(true);
          return;
        }
        const { add, repayFromOutside: outside, repayFromInside: inside } = cure;
        for (const form of [add, outside, inside]) expect(form?.lt(ZERO) ?? false).toBe(false);
        within(liability.div(collateral.plus(add)), at);
        if (collateral.lte(ZERO)) expect([outside, inside]).toEqual([null, null]);
        if (outside !== null) within(liability.minus(outside).div(collateral), at);
        if (inside !== null) within(liability.minus(inside).div(collateral.minus(inside)), at);
      }),
      { numRuns: 500 },
    );
  });

  it('losing the cushion gives the level; it is never negative', () => {
    fc.assert(
      fc.property(unit, target, (each, at) => {
        const cushion = cushionTo(each, at);
        if (cushion === null) return;
        expect(cushion.amount.lt(ZERO)).toBe(false);
        if (cushion.amount.eq(ZERO)) return;
        within(each.totalLiability.div(standingOf(each).collateral.minus(cushion.amount)), at);
        if (cushion.ofEquity) within(ltvAfterEquityChange(each, cushion.ofEquity.times('-1')), at);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what if', () => {
  it.each([
    ['-0.15', '0.9966530612'],
    ['0', '0.8420000000'],
    ['0.1', '0.7630625000'],
    ['-0.97', null],
  ])('equity changes by %s', (change, ltv) => {
    expect(ltvAfterEquityChange(UNIT_12, amount(change))?.toFixed(10) ?? null).toBe(ltv);
  });

  it('starts from the LTV that decides', () => {
    const worse = { ...UNIT_12, ltv: amount('0.88') };
    expect(ltvAfterEquityChange(worse, ZERO)?.toFixed(10)).toBe('0.8800000000');
    expect(ltvAfterBorrow(worse, ZERO)?.toFixed(10)).toBe('0.8800000000');
  });

  it('what is borrowed counts in the equity, too', () => {
    expect(ltvAfterBorrow(UNIT_12, amount('500000'))?.toFixed(10)).toBe('0.8618492462');
    expect(ltvAfterBorrow(owing('1', '0', '0.79'), amount('0.05'))?.toFixed()).toBe('0.8');
  });

  it("exchange case 12: borrowing the documented limit leads to its page's 75%, within 5e-8 of the amount", () => {
    const ltvAt = (borrowed: string) => ltvAfterBorrow(exampleUnit(), amount(borrowed)) ?? ZERO;
    expect(ltvAt('16.32397217').lte('0.75')).toBe(true);
    expect(ltvAt('16.32397227').gte('0.75')).toBe(true);
    expect(ltvAt('26.86769221').toFixed(8)).toBe('0.80000000');
  });

  it('nothing owed is LTV zero; a borrow with nothing behind it has none', () => {
    const empty = owing('0', '0', '0');
    expect(ltvAfterEquityChange(empty, amount('-0.15'))?.toFixed()).toBe('0');
    expect(ltvAfterBorrow(owing('0', '10', '0'), amount('5'))).toBeNull();
  });
});

describe("a cure of the stand-in's unit", () => {
  const CLOCK = new ExchangeClock(() => START_MS, DEFAULT_SETTINGS);
  const ledger = () => {
    const made = new Ledger(CLOCK, DEFAULT_SETTINGS);
    made.load(seedLedger(START_MS));
    return made;
  };
  const readUnit = (from: Ledger) => {
    const { ltv, totalNetEquity, totalMaintenanceMargin, totalLiability } = figuresOf(from.unit('15'));
    return owing(totalNetEquity, totalMaintenanceMargin, totalLiability, ltv);
  };
  const WALLET = { email: 'collateral151@test.com', accountType: 'SPOT' };
  const equityOf = (from: Ledger) =>
    amount(
      from
        .unit('15')
        .members.find(({ email }) => email === WALLET.email)
        ?.wallets.find(({ accountType }) => accountType === WALLET.accountType)?.netEquity ?? '',
    );
  const change = (at: Ledger, by: Amount) =>
    at.editEquity('15', { ...WALLET, netEquity: equityOf(at).plus(by).toFixed() });
  const cure = cureTo(readUnit(ledger()), marginCall);

  it('add collateral', () => {
    const at = ledger();
    change(at, cure?.add ?? ZERO);
    within(decisiveLtv(readUnit(at)), marginCall);
  });

  it('repay from outside', () => {
    const at = ledger();
    at.repay('15', 'USDC', cure?.repayFromOutside?.toFixed());
    within(decisiveLtv(readUnit(at)), marginCall);
  });

  it('repay from inside: the wallet falls with it', () => {
    const at = ledger();
    change(at, cure?.repayFromInside?.times('-1') ?? ZERO);
    at.repay('15', 'USDC', cure?.repayFromInside?.toFixed());
    within(decisiveLtv(readUnit(at)), marginCall);
  });
});
