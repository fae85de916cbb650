import type { AccountSeed } from './key-ring.ts';
import type { ClosedUnit, LedgerSeed, Member, Unit } from './model.ts';
import { closedHistory, type SeedHistory, seedHistory } from './seed-history.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const PARENT_EMAIL = 'andrew.kemmer001@test.com';
const CLOSED_PARENT_EMAIL = 'wdywgceiwbfq@test.com';
/** The seeded unit whose id does not fit a JavaScript number. */
export const LONG_GROUP_ID = '9007199254740993';

/** A parent, a credit account per unit (the closed ones too), and a key that belongs to no unit. */
export const SEED_ACCOUNTS: readonly AccountSeed[] = [
  { name: 'fund-a', role: 'parent', email: PARENT_EMAIL },
  { name: 'loan-1', role: 'credit', email: 'tst20241120@test.com' },
  { name: 'loan-7', role: 'credit', email: 'credit007@test.com' },
  { name: 'loan-12', role: 'credit', email: 'credit012@test.com' },
  { name: 'loan-15', role: 'credit', email: 'credit015@test.com' },
  { name: 'loan-long', role: 'credit', email: 'credit-long@test.com' },
  { name: 'loan-72', role: 'credit', email: 'wdywaxmzlnah@test.com' },
  { name: 'loan-73', role: 'credit', email: 'wdyw7x4gfybn@test.com' },
  { name: 'stranger', role: 'other', email: 'stranger@test.com' },
];

/**
 * The state at the start: unit 1 and the closed units 72 and 73 are the documents' examples; 7 is repaid, 12 near
 * margin call (LTV 0.842), 15 being liquidated (0.920), and a repaid one has an id beyond 2^53.
 */
export function seedLedger(nowMs: number): LedgerSeed {
  return {
    units: [
      documentedUnit(nowMs),
      newUnit('7', 'credit007@test.com', nowMs, {
        liabilities: [{ assetName: 'USDT', principal: '0', interest: '0' }],
        members: [
          member('CREDIT', 'credit007@test.com', { SPOT: '0', PORTFOLIO_MARGIN: '250000' }),
          member('COLLATERAL', 'collateral071@test.com', { SPOT: '120000.5', CROSS_MARGIN: '80000' }),
          member('COLLATERAL', 'collateral072@test.com', { SPOT: '49999.5', CROSS_MARGIN: ['0E-8', '0E-8'] }),
        ],
      }),
      newUnit('12', 'credit012@test.com', nowMs, {
        liabilities: [
          { assetName: 'USDT', principal: '2000000', interest: '160' },
          { assetName: 'USDC', principal: '929955.25', interest: '44.75' },
        ],
        members: [
          member('CREDIT', 'credit012@test.com', { SPOT: '0', PORTFOLIO_MARGIN: ['1900000', '75000'] }),
          member('COLLATERAL', 'collateral121@test.com', {
            SPOT: '600000',
            CROSS_MARGIN: ['700000', '30000'],
          }),
          member('COLLATERAL', 'collateral122@test.com', {
            SPOT: '0',
            PORTFOLIO_MARGIN: ['400000', '15000'],
          }),
        ],
      }),
      newUnit('15', 'credit015@test.com', nowMs, {
        liabilities: [{ assetName: 'USDC', principal: '1103000', interest: '1000' }],
        members: [
          member('CREDIT', 'credit015@test.com', { SPOT: '0', PORTFOLIO_MARGIN: ['800000', '35000'] }),
          member('COLLATERAL', 'collateral151@test.com', {
            SPOT: '50000',
            CROSS_MARGIN: ['400000', '15000'],
          }),
        ],
        liquidation: -27024,
      }),
      newUnit(LONG_GROUP_ID, 'credit-long@test.com', nowMs, {
        liabilities: [{ assetName: 'USDC', principal: '0E-8', interest: '0E-8' }],
        members: [
          member('CREDIT', 'credit-long@test.com', { SPOT: '0', CROSS_MARGIN: '1000' }),
          member('COLLATERAL', 'collateral901@test.com', { SPOT: '500000', PORTFOLIO_MARGIN: '12.5' }),
        ],
      }),
    ],
    closed: CLOSED,
    ...historyOf(nowMs),
  };
}

/** The example of "Query Closed Risk Unit Record". */
const CLOSED: ClosedUnit[] = [
  {
    ...{ groupId: '72', parentEmail: CLOSED_PARENT_EMAIL, creditEmail: 'wdywaxmzlnah@test.com' },
    ...{ createTimeMs: 1_753_410_654_608, closeTimeMs: 1_753_422_899_052, listedFromMs: 0 },
  },
  {
    ...{ groupId: '73', parentEmail: CLOSED_PARENT_EMAIL, creditEmail: 'wdyw7x4gfybn@test.com' },
    ...{ createTimeMs: 1_753_422_987_379, closeTimeMs: 1_753_423_516_629, listedFromMs: 0 },
  },
];

/** The units as they were forty days ago: they owed nothing yet, and unit 15 had what its liquidation took. */
function historyOf(nowMs: number): SeedHistory {
  const members = [
    member('CREDIT', 'credit015@test.com', {
      SPOT: ['0E-8', '0E-8'],
      PORTFOLIO_MARGIN: ['1100000', '35000'],
    }),
    member('COLLATERAL', 'collateral151@test.com', { SPOT: '250000', CROSS_MARGIN: ['1340000', '25000'] }),
  ];
  const units = [
    newUnit('1', 'tst20241120@test.com', nowMs),
    newUnit('7', 'credit007@test.com', nowMs),
    newUnit('12', 'credit012@test.com', nowMs),
    newUnit('15', 'credit015@test.com', nowMs, { members }),
    newUnit(LONG_GROUP_ID, 'credit-long@test.com', nowMs),
  ];
  const open = seedHistory(units, LONG_GROUP_ID, nowMs);
  const closed = CLOSED.slice(0, 1).map(({ groupId, creditEmail, createTimeMs, closeTimeMs }) =>
    closedHistory(newUnit(groupId, creditEmail, nowMs, { createTimeMs }), '500000', closeTimeMs),
  );
  return {
    ...open,
    records: [...closed.flatMap(({ records }) => records), ...open.records],
    interest: [...closed.flatMap(({ interest }) => interest), ...open.interest],
  };
}

/** Net equity by account type, or net equity and maintenance margin. */
type Wallets = Readonly<Record<string, string | readonly [netEquity: string, maintainMargin: string]>>;

/** A member whose spot and margin accounts both count. */
export function member(type: Member['type'], email: string, wallets: Wallets): Member {
  const rows = Object.entries(wallets).map(([accountType, amounts]) => {
    const [netEquity, maintainMargin] = typeof amounts === 'string' ? [amounts, '0'] : amounts;
    return { accountType, netEquity, maintainMargin };
  });
  return { email, type, enableMargin: true, enableSpot: true, wallets: rows };
}

/** A unit that owes nothing and has no members, sixty days old, unless `rest` says otherwise. */
export function newUnit(groupId: string, creditEmail: string, nowMs: number, rest: Partial<Unit> = {}): Unit {
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

/** The example of "Query Risk Unit Details", field for field; its credit member has another email, as there. */
function documentedUnit(nowMs: number): Unit {
  return newUnit('1', 'tst20241120@test.com', nowMs, {
    createTimeMs: 1_747_637_956_083,
    updateTimeMs: 1_752_137_105_623,
    parentAccountFrozenAmount: '8.18753688',
    shownBorrowLimit: '16.32397222',
    liabilities: [{ assetName: 'USDT', principal: '15.30718771', interest: '0' }],
    members: [
      member('COLLATERAL', 'collateral001@test.com', {
        SPOT: '5',
        CROSS_MARGIN: ['4.98938226', '0.50106177'],
      }),
      member('COLLATERAL', 'collateral003@test.com', { SPOT: '5.4284319', CROSS_MARGIN: '0' }),
      member('CREDIT', 'CREDIT20241120@test.com', { SPOT: '0', PORTFOLIO_MARGIN: '4.93362203' }),
      member('COLLATERAL', 'collateral004l@test.com', { SPOT: '0', PORTFOLIO_MARGIN: '1.00053327' }),
      member('COLLATERAL', 'collatera005@test.com', { SPOT: '5', CROSS_MARGIN: '0' }),
    ],
  });
}
