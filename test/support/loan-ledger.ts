/** Random months of a loan in the stand-in's own books, and how a statement's reading sees them. */
import fc from 'fast-check';
import { LoanBook } from '../../sandbox/binance/loan-book.ts';
import type { Unit } from '../../sandbox/binance/model.ts';
import { amount, longId } from '../../src/domain/amount.ts';
import {
  type InterestRecord,
  isWithin,
  type LoanRecord,
  type RebateRecord,
} from '../../src/domain/loan/loan-records.ts';
import { type StatementInput, statementSpan, unreadSpan } from '../../src/domain/loan/statement.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const MINUTE_MS = 60_000;
/** October 2026. */
export const MONTH = { fromMs: Date.UTC(2026, 9, 1), beforeMs: Date.UTC(2026, 10, 1) };
export const UNIT = longId('12');

/** What a firm and Binance did; times in minutes since the start, never on a full hour. */
export interface Act {
  readonly minute: number;
  readonly asset: string;
  readonly what: 'borrow' | 'repay' | 'repay-all' | 'pay-interest' | 'forced' | 'fail' | 'rate';
  readonly cents: number;
}

export function actsOver(days: number): fc.Arbitrary<readonly Act[]> {
  return fc
    .array(
      fc.record({
        minute: fc.integer({ min: 1, max: days * 24 * 60 }).filter((minute) => minute % 60 !== 0),
        asset: fc.constantFrom('USDT', 'USDC', 'BTC'),
        what: fc.constantFrom(
          ...(['borrow', 'borrow', 'repay', 'repay-all', 'pay-interest', 'pay-interest'] as const),
          ...(['forced', 'fail', 'rate'] as const),
        ),
        cents: fc.integer({ min: 1, max: 900_000_000 }),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map((list) => list.toSorted((a, b) => a.minute - b.minute));
}

export function emptyUnit(): Unit {
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

/** All that Binance has of a unit. */
export type Ledger = Omit<StatementInput, 'read' | 'offsets' | 'owed'> & {
  readonly offsets: readonly RebateRecord[];
  readonly owed: NonNullable<StatementInput['owed']>;
};

/** The stand-in's own books. A closed unit is repaid at its end, and looked at later. */
export function played(
  list: readonly Act[],
  startMs = MONTH.fromMs,
  endMs = MONTH.beforeMs - 20 * MINUTE_MS,
  { isClosed = false, month = MONTH } = {},
): Ledger {
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
  if (!isClosed) return { ...ledgerOf(book, unit, endMs), month };
  for (const { assetName, principal, interest } of unit.liabilities)
    if (Number(principal) + Number(interest) > 0) book.repay(unit, { assetName }, endMs);
  return { ...ledgerOf(book, unit, endMs + 50 * DAY_MS), month, owed: [] };
}

export function ledgerOf(book: LoanBook, unit: Unit, asOfMs: number): Ledger {
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
    offsets: book.rebates.flatMap(({ type, delta, timestampMs, offset }): RebateRecord[] =>
      offset === undefined
        ? []
        : [
            {
              ...{ type, groupId: UNIT, asset: 'USDT', delta: amount(delta), atMs: timestampMs },
              liabilityAsset: offset.liabilityAsset,
              deductedInterest: amount(offset.deductedInterest),
            },
          ],
    ),
    owed: unit.liabilities.map(({ assetName, principal, interest }) => ({
      ...{ asset: assetName, principal: amount(principal), interest: amount(interest) },
    })),
  };
}

/** The month, and around it what the statement asks for until it asks for no more. */
export function readAround(
  ledger: Omit<StatementInput, 'read'>,
  { most = Number.POSITIVE_INFINITY } = {},
): StatementInput {
  let read = statementSpan(ledger.month);
  const input = (): StatementInput => {
    const isRead = ({ atMs }: { readonly atMs: number }) => isWithin(atMs, read);
    const { records, interest, offsets } = ledger;
    return {
      ...{ ...ledger, read, records: records.filter(isRead), interest: interest.filter(isRead) },
      offsets: offsets?.filter(isRead) ?? null,
    };
  };
  for (let times = 0; times < most; times += 1) {
    const span = unreadSpan(input());
    if (span === null) break;
    read = {
      fromMs: Math.min(read.fromMs, span.fromMs),
      beforeMs: Math.max(read.beforeMs, span.beforeMs),
    };
  }
  return input();
}
