import type {
  ClosedUnit,
  InterestRecord,
  LedgerSeed,
  LiquidationRecord,
  LoanRecord,
  Member,
  Unit,
} from './model.ts';
import { PARENT_EMAIL } from './seed-accounts.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The seeded unit whose id does not fit a JavaScript number. */
export const LONG_GROUP_ID = '9007199254740993';

/**
 * The state at the start: unit 1 and the closed units 72 and 73 are the documents' examples; 7 is repaid, 12 near
 * margin call (LTV 0.842), 15 being liquidated (0.920), and a repaid one has an id beyond 2^53.
 */
export function seedLedger(nowMs: number): LedgerSeed {
  return {
    units: [
      documentedUnit(),
      repaidUnit(nowMs),
      unitNearMarginCall(nowMs),
      unitInLiquidation(nowMs),
      unitWithLongId(nowMs),
    ],
    closed: documentedClosedUnits(),
    records: loanRecords(nowMs),
    interest: interestRecords(nowMs),
    liquidations: [liquidation(nowMs)],
  };
}

type WalletRow = readonly [accountType: string, netEquity: string, maintainMargin: string];

/** A member whose spot and margin accounts both count. */
export function member(type: Member['type'], email: string, ...wallets: WalletRow[]): Member {
  return {
    email,
    type,
    enableMargin: true,
    enableSpot: true,
    wallets: wallets.map(([accountType, netEquity, maintainMargin]) => ({
      accountType,
      netEquity,
      maintainMargin,
    })),
  };
}

/** The example of "Query Risk Unit Details", field for field; its credit member has another email, as there. */
function documentedUnit(): Unit {
  return {
    groupId: '1',
    parentEmail: PARENT_EMAIL,
    creditEmail: 'tst20241120@test.com',
    createTimeMs: 1_747_637_956_083,
    updateTimeMs: 1_752_137_105_623,
    parentAccountFrozenAmount: '8.18753688',
    shownBorrowLimit: '16.32397222',
    liabilities: [{ assetName: 'USDT', principal: '15.30718771', interest: '0' }],
    members: [
      member(
        'COLLATERAL',
        'collateral001@test.com',
        ['SPOT', '5', '0'],
        ['CROSS_MARGIN', '4.98938226', '0.50106177'],
      ),
      member('COLLATERAL', 'collateral003@test.com', ['SPOT', '5.4284319', '0'], ['CROSS_MARGIN', '0', '0']),
      member(
        'CREDIT',
        'CREDIT20241120@test.com',
        ['SPOT', '0', '0'],
        ['PORTFOLIO_MARGIN', '4.93362203', '0'],
      ),
      member(
        'COLLATERAL',
        'collateral004l@test.com',
        ['SPOT', '0', '0'],
        ['PORTFOLIO_MARGIN', '1.00053327', '0'],
      ),
      member('COLLATERAL', 'collatera005@test.com', ['SPOT', '5', '0'], ['CROSS_MARGIN', '0', '0']),
    ],
    liquidation: null,
    pending: null,
  };
}

function unit(groupId: string, creditEmail: string, nowMs: number, rest: Partial<Unit>): Unit {
  return {
    groupId,
    parentEmail: PARENT_EMAIL,
    creditEmail,
    createTimeMs: nowMs - 60 * DAY_MS,
    updateTimeMs: nowMs - HOUR_MS,
    parentAccountFrozenAmount: '0',
    shownBorrowLimit: null,
    liabilities: [],
    members: [],
    liquidation: null,
    pending: null,
    ...rest,
  };
}

function repaidUnit(nowMs: number): Unit {
  return unit('7', 'credit007@test.com', nowMs, {
    liabilities: [{ assetName: 'USDT', principal: '0', interest: '0' }],
    members: [
      member('CREDIT', 'credit007@test.com', ['SPOT', '0', '0'], ['PORTFOLIO_MARGIN', '250000', '0']),
      member(
        'COLLATERAL',
        'collateral071@test.com',
        ['SPOT', '120000.5', '0'],
        ['CROSS_MARGIN', '80000', '0'],
      ),
      member(
        'COLLATERAL',
        'collateral072@test.com',
        ['SPOT', '49999.5', '0'],
        ['CROSS_MARGIN', '0E-8', '0E-8'],
      ),
    ],
  });
}

function unitNearMarginCall(nowMs: number): Unit {
  return unit('12', 'credit012@test.com', nowMs, {
    liabilities: [
      { assetName: 'USDT', principal: '2000000', interest: '160' },
      { assetName: 'USDC', principal: '929955.25', interest: '44.75' },
    ],
    members: [
      member('CREDIT', 'credit012@test.com', ['SPOT', '0', '0'], ['PORTFOLIO_MARGIN', '1900000', '75000']),
      member(
        'COLLATERAL',
        'collateral121@test.com',
        ['SPOT', '600000', '0'],
        ['CROSS_MARGIN', '700000', '30000'],
      ),
      member(
        'COLLATERAL',
        'collateral122@test.com',
        ['SPOT', '0', '0'],
        ['PORTFOLIO_MARGIN', '400000', '15000'],
      ),
    ],
  });
}

function unitInLiquidation(nowMs: number): Unit {
  return unit('15', 'credit015@test.com', nowMs, {
    liabilities: [{ assetName: 'USDC', principal: '1103000', interest: '1000' }],
    members: [
      member('CREDIT', 'credit015@test.com', ['SPOT', '0', '0'], ['PORTFOLIO_MARGIN', '800000', '35000']),
      member(
        'COLLATERAL',
        'collateral151@test.com',
        ['SPOT', '50000', '0'],
        ['CROSS_MARGIN', '400000', '15000'],
      ),
    ],
    liquidation: -27024,
  });
}

function unitWithLongId(nowMs: number): Unit {
  return unit(LONG_GROUP_ID, 'credit-long@test.com', nowMs, {
    liabilities: [{ assetName: 'USDC', principal: '0E-8', interest: '0E-8' }],
    members: [
      member('CREDIT', 'credit-long@test.com', ['SPOT', '0', '0'], ['CROSS_MARGIN', '1000', '0']),
      member(
        'COLLATERAL',
        'collateral901@test.com',
        ['SPOT', '500000', '0'],
        ['PORTFOLIO_MARGIN', '12.5', '0'],
      ),
    ],
  });
}

/** The example of "Query Closed Risk Unit Record". */
function documentedClosedUnits(): ClosedUnit[] {
  const parentEmail = 'wdywgceiwbfq@test.com';
  return [
    {
      groupId: '72',
      parentEmail,
      creditEmail: 'wdywaxmzlnah@test.com',
      createTimeMs: 1_753_410_654_608,
      closeTimeMs: 1_753_422_899_052,
      listedFromMs: 0,
    },
    {
      groupId: '73',
      parentEmail,
      creditEmail: 'wdyw7x4gfybn@test.com',
      createTimeMs: 1_753_422_987_379,
      closeTimeMs: 1_753_423_516_629,
      listedFromMs: 0,
    },
  ];
}

function loanRecords(nowMs: number): LoanRecord[] {
  const confirmed = { status: 'CONFIRM', assetName: 'USDT' } as const;
  return [
    {
      ...confirmed,
      groupId: '1',
      tranId: '1648963682',
      amount: '15.30718771',
      type: 'BORROW',
      timestampMs: nowMs - 5 * DAY_MS,
    },
    {
      ...confirmed,
      groupId: '1',
      tranId: '1648963681',
      amount: '300',
      status: 'FAILED',
      type: 'BORROW',
      timestampMs: nowMs - 6 * DAY_MS,
    },
    {
      ...confirmed,
      groupId: '7',
      tranId: '1648963683',
      amount: '400000',
      type: 'BORROW',
      timestampMs: nowMs - 6 * DAY_MS,
    },
    {
      ...confirmed,
      groupId: '7',
      tranId: '1648963684',
      amount: '400079.97',
      principal: '400000',
      interest: '79.97',
      type: 'NORMAL_REPAY',
      timestampMs: nowMs - 2 * DAY_MS,
    },
    {
      ...confirmed,
      groupId: LONG_GROUP_ID,
      tranId: '9007199254740995',
      amount: '300',
      principal: '298',
      interest: '2',
      type: 'FORCE_REPAY',
      timestampMs: nowMs - DAY_MS,
    },
  ];
}

/** A day of hourly interest on the example's loan. */
function interestRecords(nowMs: number): InterestRecord[] {
  const hourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  return Array.from({ length: 24 }, (_, index) => ({
    groupId: '1',
    assetName: 'USDT',
    principal: '15.30718771',
    interestRate: '0.00000833',
    interest: '0.00012751',
    timestampMs: hourMs - index * HOUR_MS,
  }));
}

/** The shape of the example of "Force Liquidation Record", zeros written `0E-8` included. */
function liquidation(nowMs: number): LiquidationRecord {
  const row = (subEmail: string, memberType: string, walletType: string, netEquity: string) => ({
    subEmail,
    memberType,
    walletType,
    netEquity,
    maintainMargin: '0E-8',
  });
  return {
    groupId: '15',
    startLtv: '1',
    endLtv: '0',
    startMs: nowMs - 4 * DAY_MS,
    endMs: nowMs - 2 * DAY_MS,
    totalNetEquity: '16671.5507973',
    totalMaintenanceMargin: '0',
    totalLiability: '16667.926',
    snapshots: [
      row('credit015@test.com', 'CREDIT', 'PORTFOLIO_MARGIN', '12671.05079731'),
      row('credit015@test.com', 'CREDIT', 'SPOT', '0E-8'),
      row('collateral151@test.com', 'COLLATERAL', 'CROSS_MARGIN', '4000.50000000'),
    ],
    liability: { assetName: 'USDT', principal: '11667.92600000', interest: '5000.00000000' },
  };
}
