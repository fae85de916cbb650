/** The units as rows: one table in the newest block Slack takes, then in older ones, then as text. */
import type { DataTableBlock, RawNumberElement, RawTextElement, TableBlock } from '@slack/types';
import { type Amount, type LongId, ZERO } from '../../domain/amount.ts';
import { type Cure, type Cushion, cureTo, cushionTo } from '../../domain/unit/cure.ts';
import {
  type Level,
  levelOf,
  type RiskUnit,
  standingOf,
  type Thresholds,
} from '../../domain/unit/risk-unit.ts';
import { fitLines } from './blocks.ts';
import { moneyText } from './format.ts';
import { idCell, numberCell, sortableTable, textCell } from './table-cells.ts';
import { cureText, cushionText, levelEmoji, levelText, ltvBar, ltvText, shareText } from './unit-text.ts';

/** What is worked out about a unit: once, for its divisions cost more than the rest of a row. */
export interface UnitFigures {
  readonly unit: RiskUnit;
  readonly thresholds: Thresholds;
  /** The decisive one; null: not defined. */
  readonly ltv: Amount | null;
  readonly level: Level;
  /** Null: nothing is owed. */
  readonly toMarginCall: Cushion | null;
  readonly toLiquidation: Cushion | null;
  /** To the margin call; null: it is not reached, or nothing is owed. */
  readonly cure: Cure | null;
}

export function figuresOf(unit: RiskUnit, thresholds: Thresholds): UnitFigures {
  const standing = standingOf(unit);
  return {
    unit,
    thresholds,
    ltv: standing.ltv,
    level: levelOf(unit, thresholds, standing),
    toMarginCall: cushionTo(unit, thresholds.marginCall, standing),
    toLiquidation: cushionTo(unit, thresholds.liquidation, standing),
    cure: cureTo(unit, thresholds.marginCall, standing),
  };
}

/** How bad it is, and what to do: "*Unit 12 · 84.20% · No transfers out*", then a bar and the cushion or the cure. */
export function troubleLines(figures: UnitFigures): string {
  const { unit, thresholds, ltv, level } = figures;
  return `${levelEmoji(level)} *Unit ${unit.groupId} · ${ltvText(ltv, thresholds)} · ${levelText(level)}*\n${ltvBar(ltv)} ${wayOut(figures)}`;
}

function wayOut({ toMarginCall, cure, thresholds }: UnitFigures): string {
  if (cure !== null) return `${cureText(cure, thresholds.marginCall)}. Act now: Binance names no deadline.`;
  if (toMarginCall !== null) return cushionText(toMarginCall, 'margin call');
  return 'Binance states this LTV and that nothing is owed';
}

/** One unit in one line. mrkdwn; nothing in it needs escaping. */
export function unitLine(figures: UnitFigures): string {
  const { unit, thresholds, ltv, level, cure, toMarginCall } = figures;
  const rest = cure !== null || toMarginCall !== null ? `, ${wayOut(figures)}` : '';
  return `*Unit ${unit.groupId}*: ${ltvText(ltv, thresholds)}, ${levelText(level)}, owed ${moneyText(unit.totalLiability)}, net equity ${moneyText(unit.totalNetEquity)}${rest}`;
}

/** Or worse. */
export function isAtMarginCall({ level }: UnitFigures): boolean {
  return level === 'margin-call' || level === 'liquidation' || level === 'undefined-ltv';
}

type Cell = RawNumberElement | RawTextElement;

/** The first three are what a phone shows. */
const HEADINGS = ['Unit', 'LTV', 'To liquidation', 'Owed', 'Net equity', 'Level'] as const;

/** Beyond every figure, so that the column sorts it as the worst. */
const UNDEFINED_LTV = 1_000_000;

function cellsOf({ unit, thresholds, ltv, level, toLiquidation }: UnitFigures, shownId: string): Cell[] {
  return [
    idCell(unit.groupId, shownId),
    numberCell(ltv?.toNumber() ?? UNDEFINED_LTV, ltvText(ltv, thresholds)),
    toLiquidationCell(toLiquidation, ltv),
    numberCell(unit.totalLiability.toNumber(), moneyText(unit.totalLiability)),
    numberCell(unit.totalNetEquity.toNumber(), moneyText(unit.totalNetEquity)),
    textCell(level === 'normal' && unit.totalLiability.lte(ZERO) ? 'No debt' : levelText(level)),
  ];
}

/** Sorted from the worst: beyond the level by LTV, then by what is left, then those that owe nothing. */
function toLiquidationCell(cushion: Cushion | null, ltv: Amount | null): Cell {
  if (cushion === null) return numberCell(UNDEFINED_LTV, '–');
  if (cushion.amount.eq(ZERO)) return numberCell(-(ltv?.toNumber() ?? UNDEFINED_LTV), 'crossed');
  if (cushion.ofEquity === null) return textCell(moneyText(cushion.amount));
  return numberCell(cushion.ofEquity.toNumber(), shareText(cushion.ofEquity));
}

const LONGEST_SHOWN_ID = 8;
const SHORTEST_TAIL = 4;

/** Long ids by their ends, so that the LTV fits beside them on a phone; as many digits as tell them apart. */
export function shownIds(ids: readonly LongId[]): ReadonlyMap<LongId, string> {
  const long = ids.filter((id) => id.length > LONGEST_SHOWN_ID);
  let tail = SHORTEST_TAIL;
  while (tail < 19 && new Set(long.map((id) => id.slice(-tail))).size < new Set(long).size) tail += 1;
  return new Map(ids.map((id) => [id, id.length > LONGEST_SHOWN_ID ? `…${id.slice(-tail)}` : id]));
}

/** Which unit each id is that `shownIds` cut: "…0993 is unit 9007199254740993"; empty: none was. */
export function longIdsText(ids: readonly LongId[]): string {
  const cut = [...shownIds(ids)].filter(([id, shown]) => id !== shown);
  const lines = cut.map(([id, shown]) => `${shown} is unit ${id}`);
  return fitLines(lines, 400, () => '…').replaceAll('\n', ', ');
}

export function tableRows(units: readonly UnitFigures[]): readonly Cell[][] {
  const shown = shownIds(units.map(({ unit }) => unit.groupId));
  return units.map((figures) => cellsOf(figures, shown.get(figures.unit.groupId) ?? figures.unit.groupId));
}

export function dataTable(rows: readonly Cell[][]): DataTableBlock {
  return { ...sortableTable('Units, worst first', HEADINGS, rows), page_size: 10 };
}

export function plainTable(rows: readonly Cell[][]): TableBlock {
  return {
    type: 'table',
    rows: [HEADINGS, ...rows.map((cells) => cells.map(({ text }) => text))].map((texts) =>
      texts.map((text) => textCell(text)),
    ),
    column_settings: HEADINGS.map((_, index) => ({
      align: index === 0 || index === HEADINGS.length - 1 ? 'left' : 'right',
    })),
  };
}
