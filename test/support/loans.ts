/** A loan as `/loan 12` shows it, and its statement; tests change what they are about. */
import { amount, longId, ZERO } from '../../src/domain/amount.ts';
import type { LoanRecord } from '../../src/domain/loan/loan-records.ts';
import type { StatementAsset } from '../../src/domain/loan/statement.ts';
import type { LoanView, StatementView } from '../../src/usecases/loan-desk.ts';
import { START_MS } from './close-requests.ts';

const HOUR_MS = 3_600_000;

export function loanRecord(changes: Partial<LoanRecord> = {}): LoanRecord {
  return {
    transactionId: longId('100000000000000001'),
    asset: 'USDT',
    amount: amount('250000.12345678'),
    principal: null,
    interest: null,
    status: 'CONFIRM',
    type: 'BORROW',
    atMs: START_MS - 48 * HOUR_MS,
    ...changes,
  };
}

export const REPAY = loanRecord({
  transactionId: longId('9223372036854775807'),
  type: 'NORMAL_REPAY',
  amount: amount('1500.5'),
  principal: amount('1400'),
  interest: amount('100.5'),
  atMs: START_MS - HOUR_MS,
});

export function loanView(changes: Partial<LoanView> = {}): LoanView {
  const records = changes.records ?? [
    REPAY,
    loanRecord({ type: 'NORMAL_REPAY', status: 'FAILED', atMs: START_MS - 2 * HOUR_MS }),
    loanRecord(),
  ];
  return {
    groupId: longId('12'),
    owed: [{ asset: 'USDT', principal: amount('1230000'), interest: amount('4567.89') }],
    closedAtMs: null,
    creditEmail: 'credit12@test.com',
    span: { fromMs: START_MS - 30 * 24 * HOUR_MS, beforeMs: START_MS },
    spanText: '2026-10-22 to 2026-11-20',
    interest: [
      {
        asset: 'USDT',
        yesterday: amount('168.49315068'),
        month: amount('3369.86301370'),
        monthAnnualRate: amount('0.0691'),
        annualRate: amount('0.073'),
        steps: [
          { atMs: START_MS - 72 * HOUR_MS, annualBefore: amount('0.05'), annualAfter: amount('0.073') },
        ],
        total: amount('5054.79'),
      },
    ],
    records,
    page: 1,
    pages: 1,
    total: records.length,
    sums: [
      {
        asset: 'USDT',
        borrowed: amount('250000.12345678'),
        repaidPrincipal: amount('1400'),
        repaidInterest: amount('100.5'),
      },
    ],
    liquidations: [],
    rebate: null,
    missing: [],
    flaws: [],
    timeZone: 'Asia/Singapore',
    asOfMs: START_MS,
    ...changes,
  };
}

export const LIQUIDATION: LoanView['liquidations'][number] = {
  liquidation: {
    groupId: longId('12'),
    startLtv: amount('0.9123'),
    endLtv: amount('0.61'),
    startedAtMs: START_MS - 5 * HOUR_MS,
    endedAtMs: START_MS - 4 * HOUR_MS,
    totalNetEquity: amount('1500000'),
    totalMaintenanceMargin: amount('100000'),
    totalLiability: amount('1277220.5'),
    liabilities: [{ asset: 'USDT', principal: amount('1270000'), interest: amount('7220.5') }],
  },
  transfers: [
    {
      liquidationId: longId('77'),
      atMs: START_MS - 5 * HOUR_MS,
      fromUid: longId('1000000000000123'),
      fromAccountType: 'SPOT',
      toUid: longId('1000000000000456'),
      toAccountType: 'CROSS_MARGIN',
      status: 'SUCCESS',
      assets: [
        { asset: 'BTC', amount: amount('2.5') },
        { asset: 'USDT', amount: amount('100000') },
      ],
    },
  ],
};

export function statementAsset(changes: Partial<StatementAsset> = {}): StatementAsset {
  return {
    asset: 'USDT',
    opening: amount('1000000'),
    borrowed: amount('250000.12345678'),
    repaid: amount('1400'),
    forcedRepaid: ZERO,
    computedClosing: amount('1248600.12345678'),
    statedClosing: amount('1248600.12345678'),
    interest: amount('5054.7945'),
    interestByDay: [
      { day: '2026-10-01', interest: amount('163.06'), rows: 24 },
      { day: '2026-10-02', interest: amount('6.79'), rows: 1 },
    ],
    ...changes,
  };
}

export function statementView(changes: Partial<StatementView> = {}): StatementView {
  return {
    groupId: longId('12'),
    creditEmail: 'credit12@test.com',
    month: '2026-10',
    isRunning: false,
    assets: [statementAsset()],
    differences: [],
    interestUnchecked: [],
    interestRounding: [],
    read: { fromMs: Date.UTC(2026, 8, 3), beforeMs: Date.UTC(2026, 10, 1, 2) },
    isEmpty: false,
    missing: [],
    missingForInterest: [],
    flaws: [],
    asOfMs: START_MS,
    ...changes,
  };
}
