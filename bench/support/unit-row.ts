/** The documented row of ltv-details (1,466 bytes with its brackets on the page), under another id. */

const WALLETS: readonly (readonly [string, string, readonly (readonly [string, string, string])[]])[] = [
  [
    'collateral001@test.com',
    'COLLATERAL',
    [
      ['SPOT', '5', '0'],
      ['CROSS_MARGIN', '4.98938226', '0.50106177'],
    ],
  ],
  [
    'collateral003@test.com',
    'COLLATERAL',
    [
      ['SPOT', '5.4284319', '0'],
      ['CROSS_MARGIN', '0', '0'],
    ],
  ],
  [
    'CREDIT20241120@test.com',
    'CREDIT',
    [
      ['SPOT', '0', '0'],
      ['PORTFOLIO_MARGIN', '4.93362203', '0'],
    ],
  ],
  [
    'collateral004l@test.com',
    'COLLATERAL',
    [
      ['SPOT', '0', '0'],
      ['PORTFOLIO_MARGIN', '1.00053327', '0'],
    ],
  ],
  [
    'collatera005@test.com',
    'COLLATERAL',
    [
      ['SPOT', '5', '0'],
      ['CROSS_MARGIN', '0', '0'],
    ],
  ],
];

export function unitRow(groupId: number): string {
  return JSON.stringify({
    groupId,
    parentEmail: 'andrew.kemmer001@test.com',
    creditEmail: `credit${groupId}@test.com`,
    updateTime: 1_752_137_105_623,
    ltv: '0.592',
    totalNetEquity: '26.35196946',
    totalMaintenanceMargin: '0.50106177',
    totalLiability: '15.30718771',
    parentAccountFrozenAmount: '8.18753688',
    maxTransferOutAmount: '0',
    maxAllowedBorrowLimit: '16.32397222',
    liabilities: [{ assetName: 'USDT', principal: '15.30718771', interest: '0' }],
    collateralAccounts: WALLETS.map(([email, type, wallets]) => ({
      email,
      type,
      wallets: wallets.map(([accountType, netEquity, maintainMargin]) => ({
        accountType,
        netEquity,
        maintainMargin,
      })),
    })),
  });
}
