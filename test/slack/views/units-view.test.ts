import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import { amount, type LongId, longId, ZERO } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS, type RiskUnit, worstFirst } from '../../../src/domain/unit/risk-unit.ts';
import { ACTIONS } from '../../../src/slack/ids.ts';
import type { Message } from '../../../src/slack/views/blocks.ts';
import { shownIds } from '../../../src/slack/views/units-table.ts';
import { sharedUnitsMessage, unitsMessage } from '../../../src/slack/views/units-view.ts';
import type { UnitsView } from '../../../src/usecases/desk.ts';
import { unitsCsv } from '../../../src/usecases/units-csv.ts';
import { ALICE, exampleUnit, START_MS } from '../../support/close-requests.ts';

/** E, M, L by its sums; `stated` is the LTV that Binance gives. */
const owing = (id: string, equity: string, margin: string, liability: string, stated = '0'): RiskUnit =>
  exampleUnit({
    groupId: longId(id),
    ltv: amount(stated),
    totalNetEquity: amount(equity),
    totalMaintenanceMargin: amount(margin),
    totalLiability: amount(liability),
    updatedAtMs: START_MS,
  });
const UNIT_15 = owing('15', '1250000', '50000', '1104000', '0.920');
const UNIT_12 = owing('12', '3600000', '120000', '2930160', '0.842');
const CALM = owing('1', '100', '0', '50');
const REPAID = owing('7', '500000', '0', '0');

const viewOf = (units: readonly RiskUnit[], changes: Partial<UnitsView> = {}): UnitsView => ({
  kind: 'many',
  units: worstFirst(units, PUBLISHED_THRESHOLDS),
  hidden: 0,
  filter: null,
  thresholds: PUBLISHED_THRESHOLDS,
  asOfMs: START_MS,
  nowMs: START_MS,
  flaws: [],
  ...changes,
});

const formsOf = (message: Message): Message[] =>
  message.plainer === undefined ? [message] : [message, ...formsOf(message.plainer)];
/** The texts of the sections and of the header, in order. */
const saidIn = ({ blocks }: Message): string[] =>
  blocks.flatMap((block) =>
    (block.type === 'section' || block.type === 'header') && block.text ? [block.text.text] : [],
  );
const tableOf = (message: Message): string[][] =>
  message.blocks.flatMap((block) =>
    block.type === 'data_table'
      ? block.rows.map((row) => row.map((cell) => ('text' in cell ? cell.text : '')))
      : [],
  );

describe('/ltv', () => {
  const all = unitsMessage(viewOf([CALM, REPAID, UNIT_12, UNIT_15]), '');

  it('says first how many are in trouble, then of each how bad it is and what to do', () => {
    expect(saidIn(all)).toEqual([
      '2 of 4 units need attention',
      ':red_circle: *Unit 15 · 92.0% · LIQUIDATION*\n`█████████▏` repay *84,001* with money from outside the unit, or add *98,824* of collateral, to get under 85%. Act now: Binance names no deadline.',
      ':large_yellow_circle: *Unit 12 · 84.20% · No transfers out*\n`████████▍\u00a0` *32,752 (0.9%)* to margin call',
    ]);
  });

  it('shows a push notification the worst first', () => {
    expect(all.text).toMatch(
      /^Unit 15: 92\.0%, LIQUIDATION\. Unit 12: 84\.20%, No transfers out\. 2 of 4 units need attention\.\n/,
    );
    expect(all.text).toContain(
      '*Unit 1*: 50.0%, Normal, owed 50, net equity 100, *41.17 (41.1%)* to margin call',
    );
  });

  it('has a table whose first three columns matter most, and buttons for the units in trouble', () => {
    expect(tableOf(all)).toEqual([
      ['Unit', 'LTV', 'To liquidation', 'Owed', 'Net equity', 'Level'],
      ['15', '92.0%', 'crossed', '1,104,000', '1,250,000', 'LIQUIDATION'],
      ['12', '84.20%', '6.2%', '2,930,160', '3,600,000', 'No transfers out'],
      ['1', '50.0%', '44.4%', '50', '100', 'Normal'],
      ['7', '0.0%', '–', '0', '500,000', 'No debt'],
    ]);
    const ids = all.blocks.flatMap((block) =>
      block.type === 'actions' ? block.elements.map((each) => 'action_id' in each && each.action_id) : [],
    );
    expect(ids).toEqual([
      ACTIONS.pickUnit,
      ACTIONS.pickSecondUnit,
      ACTIONS.refreshUnits,
      ACTIONS.unitsCsv,
      ACTIONS.unitsChart,
      ACTIONS.shareUnits,
    ]);
  });

  it('sorts as numbers: ids, and the way to liquidation from the worst', () => {
    const [block] = all.blocks.filter(({ type }) => type === 'data_table');
    const rows = block?.type === 'data_table' ? block.rows.slice(1) : [];
    const values = (column: number) =>
      rows.map((row) => {
        const cell = row[column];
        return cell?.type === 'raw_number' ? cell.value : Number.NaN;
      });
    expect(values(0)).toEqual([15, 12, 1, 7]);
    expect(values(2)).toEqual([...values(2)].sort((a, b) => a - b));
  });

  it('says once whose valuation it is, and no currency that is not known', () => {
    expect(JSON.stringify(all.blocks).match(/as valued by Binance/g)).toHaveLength(1);
    expect(JSON.stringify(all)).not.toMatch(/USD/);
  });

  it('names no account, neither in private nor in a channel', () => {
    const shared = sharedUnitsMessage(viewOf([UNIT_15, CALM]), ALICE);
    expect(JSON.stringify([all, shared])).not.toContain('@test.com');
    expect(shared.blocks.map(({ type }) => type)).not.toContain('actions');
  });

  it.each([
    ['one in trouble', [UNIT_15, CALM], {}, '1 of 2 units needs attention'],
    ['none', [CALM, REPAID], {}, '2 units below 80%'],
    ['one', [CALM], {}, '1 unit below 80%'],
    [
      'what a filter hid is not called fine',
      [CALM],
      { filter: 'LTV < 60%', hidden: 4 },
      '1 of 5 units: LTV < 60%',
    ],
    [
      'nor what could not be read',
      [CALM],
      { flaws: ['row 3'] },
      "1 unit below 80%; part of Binance's answer is unreadable",
    ],
  ])('the heading: %s', (_, units, changes, title) => {
    expect(saidIn(unitsMessage(viewOf(units, changes), ''))[0]).toBe(title);
  });
});

describe('bad input', () => {
  const first = (unit: RiskUnit) => saidIn(unitsMessage(viewOf([unit]), ''))[1];

  it.each([
    [
      'zero equity',
      owing('3', '0', '0', '85'),
      'no LTV · LTV UNDEFINED*\n`██████████` add *100.01* of collateral to get under 85%',
    ],
    ['negative equity', owing('3', '-10', '0', '85'), 'add *110.01* of collateral to get under 85%'],
    [
      'equity all bound as margin',
      owing('3', '10', '10', '85'),
      'add *100.01* of collateral to get under 85%',
    ],
    [
      'exactly at the margin call',
      owing('3', '1', '0', '0.85'),
      '85.00% · MARGIN CALL*\n`████████▌\u00a0` repay *0.01* with money from outside the unit, or add *0.01* of collateral, to get under 85%',
    ],
    [
      'exactly at the transfer level',
      owing('3', '1', '0', '0.83'),
      '83.00% · No transfers out*\n`████████▎\u00a0` *0.02 (2.3%)* to margin call',
    ],
    [
      'a stated LTV where nothing is owed',
      owing('3', '1', '0', '0', '0.95'),
      '95.0% · LIQUIDATION*\n`█████████▌` Binance states this LTV and that nothing is owed',
    ],
    [
      'a debt larger than what backs it',
      owing('3', '1', '0', '5'),
      '500.0% · LIQUIDATION*\n`██████████` repay *4.16* with money from outside the unit, or add *4.89* of collateral, to get under 85%',
    ],
  ])('%s', (_, unit, said) => {
    expect(first(unit)).toContain(said);
  });

  it('50 units in trouble with ids of 19 digits and e-mails of 254 characters', () => {
    const units = Array.from({ length: 50 }, (_, index) => ({
      ...owing(`9${String(index * 7_919).padStart(18, '0')}`, '1000000.123', '0', `${850_000 + index}`),
      creditEmail: `${'x'.repeat(245)}@test.com`,
      liabilities: [{ asset: '1000SATS<!here>*', principal: amount('1'), interest: ZERO }],
    }));
    const message = unitsMessage(viewOf(units), '');
    for (const form of formsOf(message)) {
      expect(findBlockKitFaults('message', form)).toEqual([]);
      expect(JSON.stringify(form.blocks)).not.toMatch(/xxx|SATS/);
    }
    expect(saidIn(message)).toHaveLength(1 + 8 + 1);
    expect(saidIn(message).at(-1)).toBe('… and 42 more in the table');
    const shown = tableOf(message)
      .slice(1)
      .map(([id]) => id);
    expect(new Set(shown).size).toBe(50);
    for (const id of shown) expect(id).toMatch(/^…\d{4,6}$/);
  });

  it.each([
    [
      ['1', '12345678', '123456789', '9223372036854775807'],
      ['1', '12345678', '…6789', '…5807'],
    ],
    [
      ['1000000000000012345', '2000000000000012345'],
      ['…1000000000000012345', '…2000000000000012345'],
    ],
    [
      ['1110000000', '1120000000'],
      ['…10000000', '…20000000'],
    ],
  ])('ids %j are told apart: %j', (ids, shown) => {
    expect([...shownIds(ids.map(longId) as LongId[]).values()]).toEqual(shown);
  });

  it('what a table cuts is said whole below it', () => {
    const message = unitsMessage(viewOf([owing('9007199254740993', '1', '0', '0.1')]), '');
    expect(JSON.stringify(message.blocks)).toContain('…0993 is unit 9007199254740993');
  });

  it('a table that Slack refuses: an older one, then lines', () => {
    const types = formsOf(unitsMessage(viewOf([CALM]), '')).map(({ blocks }) =>
      blocks.map(({ type }) => type),
    );
    expect(types).toEqual([
      ['header', 'data_table', 'context', 'actions'],
      ['header', 'table', 'context', 'actions'],
      ['header', 'section', 'context', 'actions'],
    ]);
  });
});

describe('the CSV', () => {
  it('has every digit, rounds a cure up and a cushion down, and runs no formula', () => {
    const odd = {
      ...UNIT_15,
      creditEmail: '=cmd@test.com',
      totalNetEquity: amount('-1250000.000000001'),
      maxTransferOutAmount: null,
      liabilities: [
        { asset: 'A,"B"', principal: amount('1'), interest: amount('0.5') },
        { asset: 'USDT', principal: amount('0.00000001'), interest: ZERO },
      ],
    };
    const [headings, first, second] = unitsCsv([UNIT_15, odd], PUBLISHED_THRESHOLDS, START_MS).split('\r\n');
    const columns = (line = '') =>
      Object.fromEntries((headings ?? '').split(',').map((name, at) => [name, line.split(',')[at]]));
    expect(columns(first)).toMatchObject({
      groupId: '15',
      ltv: '0.92',
      addToMarginCall: '98823.52941177',
      repayFromOutsideToMarginCall: '84000',
      repayFromInsideToMarginCall: '560000',
      cushionToLiquidation: '0',
    });
    expect(second).toContain("'=cmd@test.com");
    expect(second).toContain(',-1250000.000000001,');
    expect(second).toContain('"1.5 A,""B""; 0.00000001 USDT"');
  });
});
