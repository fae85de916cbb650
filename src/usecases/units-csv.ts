/** The units with every digit, for a spreadsheet. */
import { type Amount, exactText } from '../domain/amount.ts';
import { cureTo, cushionTo } from '../domain/unit/cure.ts';
import {
  levelOf,
  outstanding,
  owed,
  type RiskUnit,
  standingOf,
  type Thresholds,
} from '../domain/unit/risk-unit.ts';
import { csvText, csvTime } from './csv.ts';

const HEADINGS = [
  'groupId',
  'creditEmail',
  'parentEmail',
  'level',
  'ltv',
  'ltvStated',
  'totalLiability',
  'totalNetEquity',
  'totalMaintenanceMargin',
  'owed',
  'cushionToMarginCall',
  'cushionToLiquidation',
  'addToMarginCall',
  'repayFromOutsideToMarginCall',
  'repayFromInsideToMarginCall',
  'maxTransferOutAmount',
  'maxAllowedBorrowLimit',
  'parentAccountFrozenAmount',
  'updatedAt',
  'readAt',
];

export function unitsCsv(units: readonly RiskUnit[], thresholds: Thresholds, readAtMs: number): string {
  return csvText(
    HEADINGS,
    units.map((unit) => rowOf(unit, thresholds, readAtMs)),
  );
}

function rowOf(unit: RiskUnit, thresholds: Thresholds, readAtMs: number): string[] {
  const standing = standingOf(unit);
  const cure = cureTo(unit, thresholds.marginCall, standing);
  return [
    unit.groupId,
    unit.creditEmail,
    unit.parentEmail,
    levelOf(unit, thresholds, standing),
    computed(standing.ltv, 'half-even'),
    exactText(unit.ltv),
    exactText(unit.totalLiability),
    exactText(unit.totalNetEquity),
    exactText(unit.totalMaintenanceMargin),
    outstanding(unit)
      .map((liability) => `${exactText(owed(liability))} ${liability.asset}`)
      .join('; '),
    computed(cushionTo(unit, thresholds.marginCall, standing)?.amount, 'down'),
    computed(cushionTo(unit, thresholds.liquidation, standing)?.amount, 'down'),
    computed(cure?.add, 'up'),
    computed(cure?.repayFromOutside, 'up'),
    computed(cure?.repayFromInside, 'up'),
    stated(unit.maxTransferOutAmount),
    stated(unit.maxAllowedBorrowLimit),
    stated(unit.parentAccountFrozenAmount),
    csvTime(unit.updatedAtMs),
    csvTime(readAtMs),
  ];
}

function stated(value: Amount | null): string {
  return value === null ? '' : exactText(value);
}

const ROUNDING = { down: 0, 'half-even': 2, up: 3 } as const;
/** As Binance writes amounts. */
const PLACES = 8;

/** A quotient has no last digit: a cushion is rounded down and a cure up. Empty: there is none. */
function computed(value: Amount | null | undefined, direction: keyof typeof ROUNDING): string {
  return value ? exactText(value.round(PLACES, ROUNDING[direction])) : '';
}
