import { Big } from 'big.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../sandbox/binance/ledger.ts';
import type { Liability } from '../../../sandbox/binance/model.ts';
import { LONG_GROUP_ID, newUnit, seedLedger } from '../../../sandbox/binance/seed.ts';
import { closedHistory } from '../../../sandbox/binance/seed-history.ts';
import { DEFAULT_SETTINGS, ExchangeClock, type Settings } from '../../../sandbox/binance/settings.ts';

const NOW_MS = 1_790_000_000_123;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ZERO = new Big(0);

function ledgerAt(startMs = NOW_MS, given: Partial<Settings> = { interestAccrues: true }) {
  let nowMs = startMs;
  const settings = { ...DEFAULT_SETTINGS, ...given };
  const ledger = new Ledger(new ExchangeClock(() => nowMs, settings), settings);
  ledger.load(seedLedger(startMs));
  const skip = (ms: number) => {
    nowMs += ms;
  };
  return { ledger, settings, skip, now: () => nowMs };
}

interface Dated {
  readonly groupId: string;
  readonly assetName: string;
  readonly timestampMs: number;
}

/** What the borrows and repayments before a time leave of the principal, if nothing was owed before the first. */
function principalAt(ledger: Ledger, { groupId, assetName, timestampMs }: Dated): Big {
  return ledger.records
    .filter((row) => row.groupId === groupId && row.assetName === assetName && row.timestampMs < timestampMs)
    .filter(({ status }) => status === 'CONFIRM')
    .reduce(
      (left, row) => (row.type === 'BORROW' ? left.plus(row.amount) : left.minus(row.principal ?? '0')),
      ZERO,
    );
}

/** What all rows say a unit owes of an asset. */
function replayed(ledger: Ledger, groupId: string, assetName: string) {
  const mine = <Row extends Dated>(rows: readonly Row[]) =>
    rows.filter((row) => row.groupId === groupId && row.assetName === assetName);
  const paid = mine(ledger.records).filter(({ status }) => status === 'CONFIRM');
  const offsets = ledger.rebates.flatMap(({ offset }) =>
    offset?.groupId === groupId && offset.liabilityAsset === assetName ? [offset.deductedInterest] : [],
  );
  const less = [...paid.map(({ interest }) => interest ?? '0'), ...offsets];
  const booked = mine(ledger.interest).reduce((total, { interest }) => total.plus(interest), ZERO);
  return {
    principal: principalAt(ledger, { groupId, assetName, timestampMs: Number.POSITIVE_INFINITY }),
    interest: less.reduce((total, amount) => total.minus(amount), booked),
  };
}

const sum = ({ principal, interest }: { principal: Big; interest: Big }) => [
  principal.toFixed(),
  interest.toFixed(),
];
const owed = ({ principal, interest }: Liability) => [
  new Big(principal).toFixed(),
  new Big(interest).toFixed(),
];

function checkBooks(ledger: Ledger): void {
  for (const { groupId, liabilities } of ledger.units())
    for (const each of liabilities)
      expect(sum(replayed(ledger, groupId, each.assetName))).toEqual(owed(each));
}

function checkInterestRows(ledger: Ledger): void {
  const wrong = ledger.interest.filter((row) => {
    const principal = principalAt(ledger, row);
    const interest = principal.times(row.interestRate).round(8, Big.roundUp);
    return (
      row.timestampMs % HOUR_MS !== 0 ||
      row.principal !== principal.toFixed() ||
      row.interest !== interest.toFixed()
    );
  });
  expect(wrong).toEqual([]);
  const hours = ledger.interest.map((row) => `${row.groupId} ${row.assetName} ${row.timestampMs}`);
  expect(new Set(hours).size).toBe(hours.length);
}

describe('the seeded history', () => {
  it.each([NOW_MS, Math.floor(NOW_MS / DAY_MS) * DAY_MS, Math.floor(NOW_MS / DAY_MS) * DAY_MS + 1_234_567])(
    'ends in exactly what the units owe, whenever the start is: %i',
    (startMs) => {
      const { ledger } = ledgerAt(startMs);
      checkBooks(ledger);
      checkInterestRows(ledger);
      expect(ledger.records.every(({ timestampMs }) => timestampMs <= startMs)).toBe(true);
    },
  );

  it('has what a page about the loan can show', () => {
    const { ledger } = ledgerAt();
    const of12 = ledger.interest.filter((row) => row.groupId === '12' && row.assetName === 'USDT');
    expect(of12).toHaveLength(960);
    expect(new Set(of12.map(({ interestRate }) => interestRate))).toEqual(
      new Set(['0.00000833', '0.00001141']),
    );
    expect(ledger.records.filter(({ status }) => status === 'FAILED')).toHaveLength(2);
    expect(ledger.liquidations).toMatchObject([
      { groupId: '15', liability: { assetName: 'USDC' }, transfers: [{}, {}] },
    ]);
    expect(new Set(ledger.rebates.map(({ type }) => type))).toEqual(
      new Set(['ADD', 'DEDUCT', 'INTEREST_OFFSET']),
    );
    expect(ledger.interest.filter(({ groupId }) => groupId === '72')).toHaveLength(3);
    expect(sum(replayed(ledger, '72', 'USDT'))).toEqual(['0', '0']);
    expect(sum(replayed(ledger, LONG_GROUP_ID, 'USDT'))).toEqual(['0', '0']);
  });
});

describe('interest over time', () => {
  it('is booked for each full hour, when somebody looks', () => {
    const { ledger, skip } = ledgerAt();
    const before = ledger.interest.length;
    skip(30 * DAY_MS);
    // Units 1, 12 (two assets) and 15 owe something.
    expect(ledger.interest.length - before).toBe(720 * 4);
    const last = ledger.interest.filter(({ groupId }) => groupId === '15').at(-1);
    expect(last).toMatchObject({ principal: '1103000', interestRate: '0.0000083333', interest: '9.1916299' });
    checkBooks(ledger);
  });

  it('leaves a repaid unit at zero, and everything as it is while it is off', () => {
    const { ledger, settings, skip } = ledgerAt();
    skip(3 * DAY_MS);
    expect(ledger.unit('7')).toMatchObject({ totalLiability: '0', ltv: '0.000' });
    settings.interestAccrues = false;
    const before = ledger.unit('12');
    skip(3 * DAY_MS);
    expect(ledger.unit('12')).toEqual(before);
    // The hours that passed free of interest are not charged later.
    settings.interestAccrues = true;
    expect(ledger.unit('12')).toEqual(before);
    skip(HOUR_MS);
    expect(ledger.unit('12').totalLiability).not.toBe(before.totalLiability);
  });

  it('changes its rate from the next full hour on', () => {
    const { ledger, skip } = ledgerAt();
    ledger.setRate('12', 'USDT', '0.00002');
    skip(HOUR_MS);
    const rates = ledger.interest
      .filter((row) => row.groupId === '12' && row.assetName === 'USDT')
      .map(({ interestRate }) => interestRate);
    expect(rates.slice(-2)).toEqual(['0.00001141', '0.00002']);
  });

  it('is taken off at midnight by what is left of the rebate', () => {
    const { ledger, skip } = ledgerAt();
    skip(40 * DAY_MS);
    checkBooks(ledger);
    const left = ledger.rebates.reduce((total, { delta }) => total.plus(delta), ZERO);
    expect(left.toFixed()).toBe('0');
    const offsets = ledger.rebates.filter(({ timestampMs }) => timestampMs > NOW_MS);
    expect(offsets.length).toBeGreaterThan(2);
    for (const { type, timestampMs } of offsets)
      expect([type, timestampMs % DAY_MS]).toEqual(['INTEREST_OFFSET', 0]);
    expect(() => ledger.changeRebate('-0.01')).toThrow('less than that left');
    // A rebate that comes later pays for the days after it alone, the day of its grant included.
    ledger.changeRebate('1000000');
    const { interest } = ledger.unit('15').liabilities[0] ?? { interest: '' };
    skip(10 * DAY_MS);
    const grown = new Big(ledger.unit('15').liabilities[0]?.interest ?? '').minus(interest);
    expect(grown.abs().lt(24 * 9.2)).toBe(true);
  });

  it('is the same whether somebody looks each hour or once', () => {
    const often = ledgerAt();
    const once = ledgerAt();
    for (let hour = 0; hour < 100; hour += 1) {
      often.skip(HOUR_MS);
      often.ledger.units();
    }
    once.skip(100 * HOUR_MS);
    const byTime = <Row extends Dated>(rows: readonly Row[]) =>
      rows.toSorted((a, b) => a.timestampMs - b.timestampMs || Number(a.groupId) - Number(b.groupId));
    expect(often.ledger.units()).toEqual(once.ledger.units());
    expect(often.ledger.rebates).toEqual(once.ledger.rebates);
    expect(byTime(often.ledger.interest)).toEqual(byTime(once.ledger.interest));
  });

  it('books the last 400 days of a longer skip', () => {
    const { ledger, skip } = ledgerAt();
    skip(100_000 * DAY_MS);
    expect(ledger.interest.filter(({ groupId }) => groupId === '1')).toHaveLength(120 + 400 * 24);
  });
});

describe('a forced liquidation', () => {
  it('moves collateral to the credit account, repays by force, and leaves its trail', () => {
    const { ledger } = ledgerAt();
    const after = ledger.liquidate('12', '0.80');
    expect(after.ltv).toBe('0.800');
    expect(ledger.liquidations.at(-1)).toMatchObject({ groupId: '12', startLtv: '0.842', endLtv: '0.800' });
    const forced = ledger.records.filter(({ type, groupId }) => groupId === '12' && type === 'FORCE_REPAY');
    const paid = forced.reduce((total, { amount }) => total.plus(amount), ZERO);
    const moved = (ledger.liquidations.at(-1)?.transfers ?? [])
      .flatMap(({ assets }) => assets)
      .reduce((total, { amount }) => total.plus(amount), ZERO);
    expect(moved.toFixed()).toBe(paid.toFixed());
    checkBooks(ledger);
    expect(() => ledger.liquidate('12', '0.80')).toThrow('at LTV 0.800 already');
  });

  it('repays everything, or as much as there is', () => {
    const { ledger } = ledgerAt();
    expect(ledger.liquidate('12', '0')).toMatchObject({ ltv: '0.000', totalLiability: '0' });
    ledger.fallTo('15', '1.2');
    const { totalNetEquity } = ledger.unit('15');
    expect(ledger.liquidate('15', '0')).toMatchObject({ ltv: '999.000', totalNetEquity: '0' });
    expect(ledger.records.at(-1)).toMatchObject({ type: 'FORCE_REPAY', amount: totalNetEquity });
    checkBooks(ledger);
  });
});

describe('the books', () => {
  const asset = fc.constantFrom('USDT', 'USDC', 'BTC');
  const groupId = fc.constantFrom('1', '12', '15', '40', LONG_GROUP_ID);
  const money = fc
    .integer({ min: 1, max: 10_000_000_000 })
    .map((units) => new Big(units).div(10_000).toFixed());
  const rate = fc.integer({ min: 1, max: 99_999 }).map((units) => new Big(units).div(1e10).toFixed());
  const step = fc.oneof(
    fc.record({ kind: fc.constant('skip' as const), minutes: fc.integer({ min: 1, max: 4_000 }) }),
    fc.record({ kind: fc.constant('borrow' as const), groupId, asset, amount: money }),
    fc.record({ kind: fc.constant('repay' as const), groupId, asset, amount: fc.option(money) }),
    fc.record({ kind: fc.constant('fail' as const), groupId, asset, amount: money }),
    fc.record({ kind: fc.constant('rate' as const), groupId, asset, rate }),
    fc.record({ kind: fc.constant('rebate' as const), amount: money }),
    fc.record({ kind: fc.constant('liquidate' as const), groupId, ltv: fc.constantFrom('0', '0.5', '0.8') }),
  );

  it('add up to what is owed, row by row, after any actions and any time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const { ledger, skip, now } = ledgerAt();
        const opening = [{ assetName: 'USDT', principal: '7.5', interest: '0' }];
        ledger.add(newUnit('40', 'credit040@test.com', now(), { liabilities: opening }));
        for (const each of steps) {
          if (each.kind === 'skip') skip(each.minutes * 60_000);
          else if (each.kind === 'borrow') ledger.borrow(each.groupId, each.asset, each.amount);
          else if (each.kind === 'repay') ledger.repay(each.groupId, each.asset, each.amount ?? undefined);
          else if (each.kind === 'rate') ledger.setRate(each.groupId, each.asset, each.rate);
          else if (each.kind === 'rebate') ledger.changeRebate(each.amount);
          else if (each.kind === 'fail') {
            const failed = { assetName: each.asset, amount: each.amount };
            ledger.failLoan(each.groupId, { type: 'NORMAL_REPAY', ...failed });
          } else {
            const atOrBelow = Number(ledger.unit(each.groupId).ltv) <= Number(each.ltv) + 0.001;
            if (!atOrBelow) ledger.liquidate(each.groupId, each.ltv);
          }
        }
        checkBooks(ledger);
        // The seeded rows are checked above, and would take their time in each run.
        const fresh = ledger.interest.filter(({ timestampMs }) => timestampMs > NOW_MS);
        for (const row of fresh.filter((_, index) => index % 7 === 0))
          expect(row.principal).toBe(principalAt(ledger, row).toFixed());
        expect(new Set(ledger.records.map(({ tranId }) => tranId)).size).toBe(ledger.records.length);
      }),
      { numRuns: 60 },
    );
  });
});

it('a unit that was closed paid no interest for a full hour before it borrowed', () => {
  const createTimeMs = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS - 2 * 60_000;
  const unit = newUnit('72', 'credit072@test.com', NOW_MS, { createTimeMs });
  const { records, interest } = closedHistory(unit, '500000', createTimeMs + 5 * HOUR_MS);
  const borrowedMs = records[0]?.timestampMs ?? 0;
  expect(interest.filter(({ timestampMs }) => timestampMs < borrowedMs)).toEqual([]);
  expect(interest).toHaveLength(4);
});
