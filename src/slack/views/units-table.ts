/** The units as rows: one table in the newest block Slack takes, then in older ones, then as text. */
import type { DataTableBlock, RawNumberElement, RawTextElement, TableBlock } from '@slack/types';
import { type Amount, ZERO } from '../../domain/amount.ts';
import {
  equityFallTo,
  levelOf,
  type RiskUnit,
  recomputeLtv,
  type Thresholds,
} from '../../domain/risk-unit.ts';
import { amountText, fallText, percentText } from './amount-text.ts';
import { escapeMrkdwn, LIMITS, shorten } from './block-kit-limits.ts';
import { type Audience, accountPlain } from './people-text.ts';
import { levelText } from './state-text.ts';

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

/** A column sorts by number only if all of it is numbers: where nothing is owed, all equity may fall. */
function fallCell(fraction: Amount | null, unit: RiskUnit): Cell {
  if (fraction !== null) return numberCell(fraction, fallText(fraction));
  return { type: 'raw_number', value: unit.totalLiability.gt(ZERO) ? -1 : 1, text: fallText(null) };
}

function row(unit: RiskUnit, thresholds: Thresholds, audience: Audience): Cell[] {
  return [
    textCell(unit.groupId),
    textCell(shorten(accountPlain(unit.creditEmail, audience), 100)),
    numberCell(unit.ltv, percentText(unit.ltv)),
    textCell(levelText(levelOf(unit, thresholds))),
    amountCell(unit.totalLiability),
    amountCell(unit.totalNetEquity),
    fallCell(equityFallTo(unit, thresholds.marginCall), unit),
    fallCell(equityFallTo(unit, thresholds.liquidation), unit),
    amountCell(unit.maxAllowedBorrowLimit),
    amountCell(unit.maxTransferOutAmount),
  ];
}

/** One line that says the same as a row. mrkdwn, escaped. */
export function unitLine(unit: RiskUnit, thresholds: Thresholds, audience: Audience): string {
  const fall = equityFallTo(unit, thresholds.marginCall);
  const room =
    fall === null
      ? ''
      : fall.lte(ZERO)
        ? ', margin call crossed'
        : `, equity may fall ${fallText(fall)} to margin call`;
  const undefinedLtv = recomputeLtv(unit) === null ? ' (no net collateral)' : '';
  const name = escapeMrkdwn(shorten(accountPlain(unit.creditEmail, audience), 60));
  return `*Unit ${unit.groupId}* (${name}): LTV ${percentText(unit.ltv)}${undefinedLtv}, ${levelText(levelOf(unit, thresholds))}, liability ${amountText(unit.totalLiability)}, equity ${amountText(unit.totalNetEquity)}${room}`;
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
): readonly (readonly RiskUnit[])[] {
  const headings = HEADINGS.join('').length;
  const pages: RiskUnit[][] = [];
  let page: RiskUnit[] = [];
  let used = headings;
  let lines = 0;
  for (const unit of units) {
    const length = rowLength(row(unit, thresholds, audience));
    const line = unitLine(unit, thresholds, audience).length + 1;
    const isFull = page.length >= ROWS_A_PAGE || used + length > CELL_BUDGET || lines + line > LINES_BUDGET;
    if (page.length > 0 && isFull) {
      pages.push(page);
      page = [];
      used = headings;
      lines = 0;
    }
    page.push(unit);
    used += length;
    lines += line;
  }
  return page.length === 0 ? pages : [...pages, page];
}

function rows(units: readonly RiskUnit[], thresholds: Thresholds, audience: Audience): Cell[][] {
  return [HEADINGS.map(textCell), ...units.map((unit) => row(unit, thresholds, audience))];
}

export function dataTable(
  units: readonly RiskUnit[],
  thresholds: Thresholds,
  audience: Audience,
): DataTableBlock {
  return {
    type: 'data_table',
    caption: 'Risk units, worst first',
    rows: rows(units, thresholds, audience),
    page_size: 15,
    row_header_column_index: 0,
  };
}

export function plainTable(
  units: readonly RiskUnit[],
  thresholds: Thresholds,
  audience: Audience,
): TableBlock {
  return {
    type: 'table',
    rows: rows(units, thresholds, audience).map((cells) => cells.map((cell) => textCell(cell.text))),
    column_settings: HEADINGS.map((_, index) => ({
      align: index === 0 || index === 1 || index === 3 ? 'left' : 'right',
    })),
  };
}
