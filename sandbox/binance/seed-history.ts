/**
 * What happened to the seeded units before the start, written in the stand-in's own books: forty days that end in
 * exactly what the seed says they owe.
 */
import { Big } from 'big.js';
import { liquidate } from './forced-liquidation.ts';
import { hourOf, LoanBook } from './loan-book.ts';
import type { LedgerSeed, Liability, Unit } from './model.ts';
import { DAY_MS } from './params.ts';

export type SeedHistory = Required<Omit<LedgerSeed, 'units' | 'closed'>>;

/** What is done to a unit at a time. Amounts are decimals. */
type Act = (book: LoanBook, unit: Unit, atMs: number) => void;
type Step = readonly [daysAgo: number, groupId: string, act: Act];

const MINUTE_MS = 60_000;

/** Steps at 0 days are taken within the last minute, and never before the last full hour: no interest comes after. */
export function seedHistory(units: readonly Unit[], longGroupId: string, nowMs: number): SeedHistory {
  const book = new LoanBook(nowMs - 41 * DAY_MS, 1_648_960_000n);
  const played = new Map(units.map((unit) => [unit.groupId, unit]));
  for (const [daysAgo, groupId, act] of stepsOf(longGroupId).toSorted(([a], [b]) => b - a)) {
    const unit = played.get(groupId);
    if (unit === undefined) throw new Error(`no unit ${groupId} to seed`);
    const atMs = daysAgo === 0 ? Math.max(hourOf(nowMs), nowMs - MINUTE_MS) : nowMs - daysAgo * DAY_MS;
    book.accrueTo(played.values(), atMs);
    act(book, unit, atMs);
  }
  const { records, interest, liquidations, rebates } = book;
  return { records, interest, liquidations, rebates, rates: book.rates() };
}

/** A unit that was closed: borrowed soon after it was opened, repaid soon before it was closed. */
export function closedHistory(unit: Unit, amount: string, closedMs: number): SeedHistory {
  const book = new LoanBook(unit.createTimeMs, 1_648_950_000n);
  const borrowedMs = unit.createTimeMs + 5 * MINUTE_MS;
  // No interest for a full hour between opening and borrowing.
  book.accrueTo([unit], borrowedMs);
  book.borrow(unit, 'USDT', amount, borrowedMs);
  book.accrueTo([unit], closedMs - 5 * MINUTE_MS);
  book.repay(unit, { assetName: 'USDT' }, closedMs - 5 * MINUTE_MS);
  const { records, interest, liquidations, rebates } = book;
  return { records, interest, liquidations, rebates, rates: [] };
}

/**
 * Unit 1 and the one with the long id have the rows of the page's example. The loan of unit 12 turned from a fixed to a
 * variable rate ten days ago; a rebate paid its interest for some days. Unit 15 was liquidated by force six days ago.
 */
function stepsOf(long: string): Step[] {
  return [
    [6, '1', fail('BORROW', 'USDT', '300', '1648963681')],
    [5, '1', borrow('USDT', '15.30718771', '1648963682')],
    [0, '1', payInterestDownTo('USDT', '0')],

    [40, '7', borrow('USDT', '250000')],
    [20, '7', repay('USDT', '100000')],
    [6, '7', borrow('USDT', '250000')],
    [2, '7', repayAll('USDT')],

    [40, '12', borrow('USDT', '1500000')],
    [30, '12', borrow('USDC', '929955.25')],
    [25, '12', borrow('USDT', '800000')],
    [20, '12', (book, _unit, atMs) => book.changeRebate('5000', atMs)],
    [19, '12', (book, _unit, atMs) => book.changeRebate('-1000', atMs)],
    [12, '12', fail('NORMAL_REPAY', 'USDT', '300000')],
    [11, '12', repay('USDT', '300000')],
    [10.5, '12', repay('USDC', '0')],
    [10, '12', setRate('USDT', '0.00001141')],
    [0, '12', payInterestDownTo('USDT', '160')],
    [0, '12', payInterestDownTo('USDC', '44.75')],
    [0, '12', (book, _unit, atMs) => book.changeRebate('2000', atMs)],

    [38, '15', setRate('USDC', '0.0000083333')],
    [38, '15', borrow('USDC', '2400000')],
    [6, '15', (book, unit, atMs) => liquidate(book, unit, '0.80', atMs)],
    [2, '15', borrowUpTo('USDC', '1103000')],
    [0, '15', payInterestDownTo('USDC', '1000')],

    [40, long, setRate('USDT', '0.00001')],
    [40, long, borrow('USDT', '298')],
    [1, long, payInterestDownTo('USDT', '2')],
    [1, long, repayAll('USDT', 'FORCE_REPAY', '9007199254740995')],
  ];
}

function borrow(assetName: string, amount: string, tranId?: string): Act {
  return (book, unit, atMs) => book.borrow(unit, assetName, amount, atMs, tranId);
}

function borrowUpTo(assetName: string, principal: string): Act {
  return (book, unit, atMs) =>
    book.borrow(unit, assetName, new Big(principal).minus(owedOf(unit, assetName).principal).toFixed(), atMs);
}

/** That much principal, and all interest. */
function repay(assetName: string, principal: string): Act {
  return (book, unit, atMs) => {
    const amount = new Big(principal).plus(owedOf(unit, assetName).interest).toFixed();
    book.repay(unit, { assetName, amount }, atMs);
  };
}

function payInterestDownTo(assetName: string, interest: string): Act {
  return (book, unit, atMs) => {
    const amount = new Big(owedOf(unit, assetName).interest).minus(interest).toFixed();
    book.repay(unit, { assetName, amount }, atMs);
  };
}

function repayAll(assetName: string, type?: 'FORCE_REPAY', tranId?: string): Act {
  return (book, unit, atMs) => book.repay(unit, { assetName }, atMs, type, tranId);
}

function fail(type: 'BORROW' | 'NORMAL_REPAY', assetName: string, amount: string, tranId?: string): Act {
  return (book, unit, atMs) => book.fail(unit, { type, assetName, amount }, atMs, tranId);
}

function setRate(assetName: string, hourlyRate: string): Act {
  return (book, { groupId }) => book.setRate(groupId, assetName, hourlyRate);
}

function owedOf(unit: Unit, assetName: string): Liability {
  const found = unit.liabilities.find((each) => each.assetName === assetName);
  if (found === undefined) throw new Error(`unit ${unit.groupId} owes no ${assetName}`);
  return found;
}
