/**
 * The loan's history as the pages describe it: borrow-repay, interest-history and force-liquidation (stored copies of
 * 2026-01-15 and 2026-05-27), force-liquidation-transfer-record (2026-06-28), interest-rebate-balance/records
 * (2026-05-27). The page of interest-rebate-balance is in no stored copy; its fields are those of npm `binance`.
 */

import { Big } from 'big.js';
import {
  borrowRepayRow,
  interestRow,
  liquidationRow,
  liquidationTransfersRow,
  rebateRow,
} from './answers.ts';
import type { Account } from './key-ring.ts';
import type { Ledger } from './ledger.ts';
import type { RebateType } from './model.ts';
import { type Params, type RangeRule, readLong, readMandatory, readPage, readTimeRange } from './params.ts';
import { REFUSALS } from './reply.ts';
import type { ExchangeClock, Settings } from './settings.ts';

/**
 * "If the asset parameter is provided, the maximum query time range is 30 days ahead of endTime; if … not …, 7 days",
 * and over 100 days "an error is reported": so between the two the range is cut, and nothing in the answer says so.
 */
export function borrowRepayAnswer(params: Params, caller: Account, backend: Backend): object {
  const type = readMandatory(params, 'type');
  if (type !== 'BORROW' && type !== 'REPAY') throw REFUSALS.illegalArgument();
  const rows = backend.ledger.records.filter((row) => (row.type === 'BORROW') === (type === 'BORROW'));
  const cutToDays = params.get('asset') === undefined ? 7 : 30;
  return ofOneUnit(params, caller, backend, rows, borrowRepayRow, { cutToDays });
}

/** "If startTime is provided but endTime is omitted, returns records of [max(startTime, now-30d), now]." */
export function interestAnswer(params: Params, caller: Account, backend: Backend): object {
  return ofOneUnit(params, caller, backend, backend.ledger.interest, interestRow, { startAloneDays: 30 });
}

export function liquidationAnswer(params: Params, caller: Account, backend: Backend): object {
  const rows = backend.ledger.liquidations.map((row) => ({
    ...{ ...row, timestampMs: row.startMs, assetName: row.liability.assetName },
  }));
  return ofOneUnit(params, caller, backend, rows, liquidationRow);
}

/**
 * Of every unit of that credit account, the closed ones too, by the time at which the liquidation started: which units
 * and which time count is not documented.
 */
export function transfersAnswer(params: Params, caller: Account, { ledger, clock }: Backend): object {
  const rows = ledger.liquidations
    .filter(({ groupId }) => ledger.creditOf(groupId) === caller.email)
    .map((row) => ({ ...row, timestampMs: row.startMs }));
  return newestFirst(within(rows, params, clock.serverMs()), params, liquidationTransfersRow);
}

/** What DEDUCT takes is in neither total: not documented. */
export function rebateBalanceAnswer(_params: Params, _caller: Account, { ledger }: Backend): object {
  const sumOf = (...types: readonly RebateType[]) =>
    ledger.rebates
      .filter(({ type }) => types.includes(type))
      .reduce((sum, { delta }) => sum.plus(delta), new Big(0));
  return {
    asset: 'USDT',
    balance: sumOf('ADD', 'DEDUCT', 'INTEREST_OFFSET').toFixed(8),
    totalGranted: sumOf('ADD').toFixed(8),
    totalConsumed: sumOf('INTEREST_OFFSET').abs().toFixed(8),
  };
}

const REBATE_TYPES: readonly RebateType[] = ['ADD', 'DEDUCT', 'INTEREST_OFFSET'];

/** The page names neither a default range nor a longest one, so all are shown; it says no order, its example ascends. */
export function rebateRecordsAnswer(params: Params, _caller: Account, { ledger }: Backend): object {
  const type = params.get('type') ?? '';
  if (!/^[012]?$/.test(type)) throw REFUSALS.illegalArgument();
  const fromMs = Number(readLong(params, 'startTime') ?? 0);
  const toMs = Number(readLong(params, 'endTime') ?? Number.MAX_SAFE_INTEGER);
  if (fromMs > toMs) throw REFUSALS.badDateRange();
  const rows = ledger.rebates
    .filter((row) => type === '' || row.type === REBATE_TYPES[Number(type)])
    .filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs <= toMs)
    .sort((a, b) => a.timestampMs - b.timestampMs);
  return paged(rows, params, rebateRow);
}

/** The caller's own active unit unless a groupId (active or closed, its own) is given; asset and time range. */
function ofOneUnit<Row extends { groupId: string; timestampMs: number; assetName: string }>(
  params: Params,
  caller: Account,
  { ledger, clock }: Backend,
  all: readonly Row[],
  show: (row: Row) => object,
  rule?: RangeRule,
): object {
  const asked = readLong(params, 'groupId');
  const own = ledger.activeUnits().find((unit) => unit.creditEmail === caller.email)?.groupId;
  const groupId = asked === undefined || ledger.creditOf(asked) === caller.email ? (asked ?? own) : undefined;
  const asset = params.get('asset');
  const rows = within(all, params, clock.serverMs(), rule).filter(
    (row) => row.groupId === groupId && (asset === undefined || row.assetName === asset),
  );
  return newestFirst(rows, params, show);
}

function within<Row extends { timestampMs: number }>(
  all: readonly Row[],
  params: Params,
  nowMs: number,
  rule?: RangeRule,
): Row[] {
  const { fromMs, toMs } = readTimeRange(params, nowMs, rule);
  return all.filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs <= toMs);
}

function newestFirst<Row extends { timestampMs: number }>(
  rows: readonly Row[],
  params: Params,
  show: (row: Row) => object,
): object {
  return paged(
    rows.toSorted((a, b) => b.timestampMs - a.timestampMs),
    params,
    show,
  );
}

function paged<Row>(rows: readonly Row[], params: Params, show: (row: Row) => object): object {
  const { current, size } = readPage(params);
  return { total: rows.length, rows: rows.slice((current - 1) * size, current * size).map(show) };
}

/** What an endpoint's answer is made from. */
export interface Backend {
  readonly ledger: Ledger;
  readonly settings: Settings;
  readonly clock: ExchangeClock;
}
