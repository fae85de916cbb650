/** The units as rows: one table in the newest block Slack takes, then in older ones, then as text. */
import type { DataTableBlock, RawNumberElement, RawTextElement, TableBlock } from '@slack/types';
import { type Amount, ZERO } from '../../domain/amount.ts';
import { cushionTo } from '../../domain/unit/cure.ts';
import {
  type Level,
  levelOf,
  type RiskUnit,
  standingOf,
  type Thresholds,
} from '../../domain/unit/risk-unit.ts';
import { type Audience, accountPlain, amountText, fallText, ltvText } from './format.ts';
import { escapeMrkdwn, LIMITS, shorten } from './limits.ts';
import { levelText } from './request-text.ts';

type Cell = RawNumberElement | RawTextElement;

const HEADINGS = [
  'Unit',
  'Credit account',
  'LTV',
  'Level',
  'Liability',
  'Net equity',
  'Equity may fall to margin call',
  'Equity may fall to liquidation',
  'Free to borrow',
  'Free to transfer out',
] as const;

/** `value` serves sorting only; what is read is `text`, which keeps every digit. */
function numberCell(value: Amount, text: string): Cell {
  const number = value.toNumber();
  return Number.isFinite(number) ? { type: 'raw_number', value: number, text } : { type: 'raw_text', text };
}

function textCell(text: string): Cell {
  return { type: 'raw_text', text: text === '' ? ' ' : text };
}

function amountCell(value: Amount | null): Cell {
  return value === null ? textCell('n/a') : numberCell(value, amountText(value));
}

/** Beyond every figure, so that the column sorts it as the worst. */
const UNDEFINED_LTV = 1_000_000;

function ltvCell(ltv: Amount | null): Cell {
  return ltv === null
    ? { type: 'raw_number', value: UNDEFINED_LTV, text: ltvText(ltv) }
    : numberCell(ltv, ltvText(ltv));
}

/** A column sorts by number only if all of it is numbers: where nothing is owed, all equity may fall. */
function fallCell(fraction: Amount | null, unit: RiskUnit): Cell {
  if (fraction !== null) return numberCell(fraction, fallText(fraction));
  return { type: 'raw_number', value: unit.totalLiability.gt(ZERO) ? -1 : 1, text: fallText(null) };
}

function cellsOf(
  unit: RiskUnit,
  { ltv, level, toMarginCall, toLiquidation }: Figures,
  audience: Audience,
): Cell[] {
  return [
    textCell(unit.groupId),
    textCell(shorten(accountPlain(unit.creditEmail, audience), 100)),
    ltvCell(ltv),
    textCell(levelText(level)),
    amountCell(unit.totalLiability),
    amountCell(unit.totalNetEquity),
    fallCell(toMarginCall, unit),
    fallCell(toLiquidation, unit),
    amountCell(unit.maxAllowedBorrowLimit),
    amountCell(unit.maxTransferOutAmount),
  ];
}

/** What is worked out about a unit: once, for its divisions cost more than the rest of a row. */
interface Figures {
  /** The decisive one; null: not defined. */
  readonly ltv: Amount | null;
  readonly level: Level;
  readonly toMarginCall: Amount | null;
  readonly toLiquidation: Amount | null;
}

function figuresOf(unit: RiskUnit, thresholds: Thresholds): Figures {
  const standing = standingOf(unit);
  return {
    ltv: standing.ltv,
    level: levelOf(unit, thresholds, standing),
    toMarginCall: cushionTo(unit, thresholds.marginCall, standing)?.ofEquity ?? null,
    toLiquidation: cushionTo(unit, thresholds.liquidation, standing)?.ofEquity ?? null,
  };
}

/** A unit as it is shown: in cells, and in a line that says the same. */
export interface UnitRow {
  readonly cells: readonly Cell[];
  /** mrkdwn, escaped. */
  readonly line: string;
}

function unitRow(unit: RiskUnit, thresholds: Thresholds, audience: Audience): UnitRow {
  const figures = figuresOf(unit, thresholds);
  return { cells: cellsOf(unit, figures, audience), line: lineOf(unit, figures, audience) };
}

/** One line that says the same as a row. mrkdwn, escaped. */
export function unitLine(unit: RiskUnit, thresholds: Thresholds, audience: Audience): string {
  return lineOf(unit, figuresOf(unit, thresholds), audience);
}

function lineOf(unit: RiskUnit, { ltv, level, toMarginCall: fall }: Figures, audience: Audience): string {
  const room =
    fall === null
      ? ''
      : fall.lte(ZERO)
        ? ', margin call crossed'
        : `, equity may fall ${fallText(fall)} to margin call`;
  const name = escapeMrkdwn(shorten(accountPlain(unit.creditEmail, audience), 60));
  return `*Unit ${unit.groupId}* (${name}): LTV ${ltvText(ltv)}, ${levelText(level)}, liability ${amountText(unit.totalLiability)}, equity ${amountText(unit.totalNetEquity)}${room}`;
}

/** Table cells of one message, kept below the stricter of the two limits that Slack's pages give. */
const CELL_BUDGET = LIMITS.table.characters - 500;
const ROWS_A_PAGE = LIMITS.table.rows - 1;

function rowLength(cells: readonly Cell[]): number {
  return cells.reduce((total, cell) => total + cell.text.length, 0);
}

/** The same page told line by line, where Slack takes no table, must be whole, too. */
const LINES_BUDGET = 7_400;

/** The units in pages that each fit one message, in any of its forms. */
export function pagesOf(
  units: readonly RiskUnit[],
  thresholds: Thresholds,
  audience: Audience,
): readonly (readonly UnitRow[])[] {
  const headings = HEADINGS.join('').length;
  const pages: UnitRow[][] = [];
  let page: UnitRow[] = [];
  let used = headings;
  let lines = 0;
  for (const unit of units) {
    const row = unitRow(unit, thresholds, audience);
    const length = rowLength(row.cells);
    const line = row.line.length + 1;
    const isFull = page.length >= ROWS_A_PAGE || used + length > CELL_BUDGET || lines + line > LINES_BUDGET;
    if (page.length > 0 && isFull) {
      pages.push(page);
      page = [];
      used = headings;
      lines = 0;
    }
    page.push(row);
    used += length;
    lines += line;
  }
  return page.length === 0 ? pages : [...pages, page];
}

export function dataTable(rows: readonly UnitRow[]): DataTableBlock {
  return {
    type: 'data_table',
    caption: 'Risk units, worst first',
    rows: [HEADINGS.map(textCell), ...rows.map(({ cells }) => [...cells])],
    page_size: 15,
    row_header_column_index: 0,
  };
}

export function plainTable(rows: readonly UnitRow[]): TableBlock {
  const plain = rows.map(({ cells }) => cells.map(({ text }) => textCell(text)));
  return {
    type: 'table',
    rows: [HEADINGS.map(textCell), ...plain],
    column_settings: HEADINGS.map((_, index) => ({
      align: index === 0 || index === 1 || index === 3 ? 'left' : 'right',
    })),
  };
}
