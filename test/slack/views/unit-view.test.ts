/** One unit: how bad, what cures it, what backs it; and arithmetic on it. Bad input among it. */
import type { ContainerBlock, TableBlock } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import { amount, longId, ZERO } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS, type RiskUnit } from '../../../src/domain/unit/risk-unit.ts';
import type { Message } from '../../../src/slack/views/blocks.ts';
import { unitMessage } from '../../../src/slack/views/unit-view.ts';
import { whatIfMessage } from '../../../src/slack/views/what-if-view.ts';
import type { UnitView, WhatIfView } from '../../../src/usecases/desk.ts';
import { exampleUnit, START_MS } from '../../support/close-requests.ts';

const wallet = (accountType: string, netEquity: string, maintenanceMargin = '0') => ({
  accountType,
  netEquity: amount(netEquity),
  maintenanceMargin: amount(maintenanceMargin),
});
const UNIT = exampleUnit({
  groupId: longId('12'),
  creditEmail: 'credit012@test.com',
  updatedAtMs: START_MS,
  ltv: amount('0.842'),
  totalNetEquity: amount('3600000'),
  totalMaintenanceMargin: amount('120000'),
  totalLiability: amount('2930160'),
  maxTransferOutAmount: ZERO,
  liabilities: [
    { asset: 'USDT', principal: amount('2000000'), interest: amount('160') },
    { asset: 'USDC', principal: amount('930000'), interest: ZERO },
  ],
  accounts: [
    {
      email: 'credit012@test.com',
      type: 'CREDIT',
      wallets: [wallet('SPOT', '0'), wallet('PORTFOLIO_MARGIN', '1900000', '75000')],
    },
    {
      email: 'collateral121@test.com',
      type: 'COLLATERAL',
      wallets: [wallet('SPOT', '1000000'), wallet('CROSS_MARGIN', '700000', '45000')],
    },
  ],
});
const member = (email: string, enableSpot: boolean) => ({ email, type: 'X', enableMargin: true, enableSpot });
const VIEW: UnitView = {
  kind: 'one',
  unit: UNIT,
  thresholds: PUBLISHED_THRESHOLDS,
  asOfMs: START_MS,
  nowMs: START_MS,
  flaws: [],
  inconsistencies: [],
  details: {
    borrowable: [
      { asset: 'USDT', amount: amount('0') },
      { asset: 'USDC', amount: null },
    ],
    members: [member('credit012@test.com', true), member('Collateral121@test.com', false)],
  },
  openRequest: null,
  whyNotClose: { code: 'role-missing', role: 'requester' },
};

const show = (unit: Partial<RiskUnit>, more: Partial<UnitView> = {}) =>
  unitMessage({ ...VIEW, unit: { ...UNIT, ...unit }, ...more }, '12');

function titleOf({ blocks: [first] }: Message): string {
  return first?.type === 'header' ? first.text.text : '';
}

function walletsOf({ blocks }: Message): { title: string; rows: string[][] } {
  const container = blocks.find((block): block is ContainerBlock => block.type === 'container');
  const table = container?.child_blocks.find((block): block is TableBlock => block.type === 'table');
  const rows = (table?.rows ?? []).map((row) =>
    row.map((cell) => (cell.type === 'rich_text' ? '' : (cell.text ?? ''))),
  );
  return { title: container?.title?.text ?? '', rows };
}

describe('one unit', () => {
  it('says LTV and level first, then the cure to each level it is in, told apart by where the money comes from', () => {
    const message = show({});
    expect(titleOf(message)).toBe('Unit 12 · LTV 84.20% · No transfers out');
    const text = JSON.stringify(message.blocks);
    expect(text).toContain(
      '• under 83% (transfer-out): add *50,314* of collateral, or repay *41,761* with money from outside the unit, or repay *245,648* with money inside the unit',
    );
    expect(text).toContain('• under 80% (initial): ');
    expect(text).not.toContain('under 85%');
    expect(text).toContain('*32,752 (0.9%)* to margin call');
  });

  it('shows each asset owed once, and what Binance still lends of it', () => {
    const text = JSON.stringify(show({}).blocks);
    expect(text).toContain('*Owed*\\n2,930,160 in all\\n2,000,160 USDT (interest 160)\\n930,000 USDC');
    expect(text).toContain("*Can still borrow*\\n0 USDT\\nUSDC: couldn't be read just now\\neach alone");
  });

  it('folds the wallets away, without empty ones, and marks those that do not count', () => {
    const { title, rows } = walletsOf(show({}));
    expect(title).toBe('Collateral: 2 accounts, 3 funded wallets');
    expect(rows).toEqual([
      ['Account', 'Wallet', 'Net equity', 'Share', 'Maint. margin'],
      ['credit012', 'Portfolio margin', '1,900,000', '53%', '75,000'],
      ['collateral121', "Spot (doesn't count)", '1,000,000', '28%', '0'],
      ['collateral121', 'Cross margin', '700,000', '19%', '45,000'],
    ]);
    const unread = show({}, { details: { ...VIEW.details, members: null } });
    expect(JSON.stringify(unread.blocks)).toContain("Which wallets count couldn't be read just now.");
  });

  it('offers nothing but collateral where nothing backs the loan', () => {
    const message = show({ totalNetEquity: amount('-5'), ltv: amount('999') });
    expect(titleOf(message)).toBe('Unit 12 · LTV UNDEFINED');
    const text = JSON.stringify(message.blocks);
    expect(text).toContain('• under 90% (liquidation): add *');
    expect(text).not.toContain('repay *');
    expect(text).toContain('repaying alone cannot cure it');
  });

  it('says that nothing is owed, and what it could borrow in all', () => {
    const repaid = { ltv: ZERO, totalLiability: ZERO, liabilities: [], maxAllowedBorrowLimit: null };
    const message = show(repaid, { details: { borrowable: [], members: null }, whyNotClose: null });
    expect(titleOf(message)).toBe('Unit 12 · LTV 0.0% · Normal');
    expect(JSON.stringify(message.blocks)).toContain('*Can still borrow*\\nnot stated');
    expect(message.text).toContain('Owed: nothing');
    expect(message.text).not.toContain('To get under');
  });

  it('is taken by Slack with ten accounts of 254 characters and odd assets', () => {
    const accounts = Array.from({ length: 10 }, (_, index) => ({
      email: `${index}${'x'.repeat(243)}@test.com`,
      type: 'COLLATERAL',
      wallets: ['SPOT', 'CROSS_MARGIN', 'PORTFOLIO_MARGIN'].map((type) =>
        wallet(type, `${'9'.repeat(30)}.12345678`, '1'),
      ),
    }));
    const liabilities = Array.from({ length: 12 }, (_, index) => ({
      asset: `<!here>${'&'.repeat(30)}${index}`,
      principal: amount('1'),
      interest: amount('0.00000001'),
    }));
    const borrowable = liabilities.slice(0, 4).map(({ asset }) => ({ asset, amount: null }));
    const message = show(
      { accounts, liabilities, creditEmail: `${'x'.repeat(245)}@test.com` },
      { details: { borrowable, members: null } },
    );
    for (const form of [message, message.plainer]) {
      expect(findBlockKitFaults('message', form, { update: true })).toEqual([]);
      expect(JSON.stringify(form)).not.toContain('<!here>');
    }
    expect(walletsOf(message).rows).toHaveLength(31);
  });
});

describe('arithmetic on one unit', () => {
  const ask = (whatIf: WhatIfView['whatIf'], unit: Partial<RiskUnit> = {}) =>
    whatIfMessage(
      {
        kind: 'what-if',
        unit: { ...UNIT, ...unit },
        whatIf,
        thresholds: PUBLISHED_THRESHOLDS,
        asOfMs: START_MS,
        flaws: [],
      },
      '12',
    );

  it('gives the three cures to any level, and says that it is arithmetic', () => {
    const { text, blocks } = ask({ kind: 'target', target: amount('0.75') });
    expect(text).toContain('Unit 12 to 75%: From *84.20%* to just under *75%*, one of these is enough:');
    expect(text).toContain('• add *426,881* of collateral');
    expect(text).toContain('• repay *320,161* with money from outside the unit');
    expect(text).toContain('• repay *1,280,641* with money inside the unit');
    expect(JSON.stringify(blocks)).toContain('with the maintenance margin unchanged');
  });

  it('says so where there is nothing to cure, and where repaying is no way', () => {
    expect(ask({ kind: 'target', target: amount('0.9') }).text).toContain('it is under 90% already');
    const none = { ltv: ZERO, totalLiability: ZERO, liabilities: [] };
    expect(ask({ kind: 'target', target: amount('0.5') }, none).text).toContain('Nothing is owed');
    expect(ask({ kind: 'equity', change: amount('-0.5') }, none).text).toContain('Nothing is owed');
    const under = ask({ kind: 'target', target: amount('0.5') }, { totalNetEquity: ZERO }).text;
    expect(under).toContain('repaying alone cannot do it');
    expect(under).not.toContain('• repay');
  });

  it('gives the LTV and level after a change, and a table of falls', () => {
    const message = ask({ kind: 'equity', change: amount('-0.15') });
    expect(message.text).toContain('LTV *84.20%* → *99.7%*: :red_circle: *LIQUIDATION*.');
    expect(message.text).toContain('• −30%: 122.1%, LIQUIDATION');
    expect(message.blocks.map(({ type }) => type)).toContain('table');
    expect(message.plainer?.blocks.map(({ type }) => type)).not.toContain('table');
    expect(ask({ kind: 'borrow', borrowed: amount('500000') }).text).toContain('LTV *84.20%* → *86.2%*');
  });
});
