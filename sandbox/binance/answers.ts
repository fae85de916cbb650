import { Big } from 'big.js';
import type {
  ClosedUnit,
  InterestRecord,
  LiquidationRecord,
  LoanRecord,
  RebateRecord,
  Unit,
} from './model.ts';
import { bareNumber } from './reply.ts';
import type { Settings } from './settings.ts';

/** Sums and ratios of a unit as the API shows them. */
export interface UnitFigures {
  readonly ltv: string;
  readonly totalNetEquity: string;
  readonly totalMaintenanceMargin: string;
  readonly totalLiability: string;
  readonly maxTransferOutAmount: string;
  readonly maxAllowedBorrowLimit: string;
}

/** LTV where E - M is not positive: undocumented, so a value that no healthy unit can have. */
const LTV_UNDEFINED = '999.000';

/** Levels of the announcement of 2026-04-02. */
const INITIAL_LTV = '0.80';
const TRANSFER_OUT_LTV = '0.83';

export function figuresOf(unit: Unit): UnitFigures {
  const wallets = unit.members.flatMap((member) => member.wallets);
  const equity = sum(wallets.map((wallet) => wallet.netEquity));
  const margin = sum(wallets.map((wallet) => wallet.maintainMargin));
  const liability = sum(unit.liabilities.flatMap(({ principal, interest }) => [principal, interest]));
  const spot = sum(
    wallets.filter((wallet) => wallet.accountType === 'SPOT').map((wallet) => wallet.netEquity),
  );
  const room = equity.minus(margin);
  const borrow = room.times(INITIAL_LTV).minus(liability).div(new Big(1).minus(INITIAL_LTV));
  const transfer = room.minus(spot).minus(liability.div(TRANSFER_OUT_LTV));
  return {
    ltv: ltvOf(liability, room),
    totalNetEquity: equity.toFixed(),
    totalMaintenanceMargin: margin.toFixed(),
    totalLiability: liability.toFixed(),
    maxTransferOutAmount: atLeastZero(transfer, unit),
    maxAllowedBorrowLimit: unit.shownBorrowLimit ?? atLeastZero(borrow, unit),
  };
}

function ltvOf(liability: Big, room: Big): string {
  if (liability.eq(0)) return '0.000';
  return room.lte(0) ? LTV_UNDEFINED : liability.div(room).toFixed(3, Big.roundHalfUp);
}

function atLeastZero(amount: Big, unit: Unit): string {
  if (amount.lte(0) || unit.liquidation !== null) return '0';
  return amount.round(8, Big.roundDown).toFixed();
}

function sum(amounts: readonly string[]): Big {
  return amounts.reduce((total, amount) => total.plus(amount), new Big(0));
}

/** A row of ltv-details, fields in the order of the document's example. */
export function ltvDetails(unit: Unit, settings: Settings, nowMs: number): object {
  const figures = figuresOf(unit);
  return {
    groupId: bareNumber(unit.groupId),
    parentEmail: unit.parentEmail,
    creditEmail: unit.creditEmail,
    updateTime: settings.liveFigures ? nowMs : unit.updateTimeMs,
    ltv: figures.ltv,
    totalNetEquity: figures.totalNetEquity,
    totalMaintenanceMargin: figures.totalMaintenanceMargin,
    totalLiability: figures.totalLiability,
    parentAccountFrozenAmount: unit.parentAccountFrozenAmount,
    maxTransferOutAmount: figures.maxTransferOutAmount,
    maxAllowedBorrowLimit: figures.maxAllowedBorrowLimit,
    liabilities: unit.liabilities,
    collateralAccounts: unit.members.map(({ email, type, wallets }) => ({ email, type, wallets })),
  };
}

/** A row of `closed`; `enabled` is a boolean there, although documented as a string. */
export function closedRow(row: ClosedUnit): object {
  return {
    groupId: bareNumber(row.groupId),
    parentEmail: row.parentEmail,
    creditEmail: row.creditEmail,
    enabled: false,
    createTime: row.createTimeMs,
    closeTime: row.closeTimeMs,
  };
}

export function activatedRow(unit: Unit): object {
  return {
    groupId: bareNumber(unit.groupId),
    members: unit.members.map(({ wallets: _, ...member }) => member),
    createTime: unit.createTimeMs,
  };
}

/** A row of borrow-repay: amounts are JSON numbers, principal and interest only in repayments. */
export function borrowRepayRow(record: LoanRecord): object {
  const { tranId, assetName, amount, principal, interest, status, type, timestampMs: timestamp } = record;
  return {
    ...{ tranId: bareNumber(tranId), assetName, amount: bareNumber(amount) },
    ...(principal !== undefined && { principal: bareNumber(principal) }),
    ...(interest !== undefined && { interest: bareNumber(interest) }),
    ...{ status, type, timestamp },
  };
}

/** The page's example fits a rate of ten decimals, 0.0000083333, of which eight are shown. */
export function interestRow(record: InterestRecord): object {
  return {
    groupId: bareNumber(record.groupId),
    assetName: record.assetName,
    principal: bareNumber(record.principal),
    interestRate: bareNumber(new Big(record.interestRate).round(8, Big.roundDown).toFixed()),
    interest: bareNumber(record.interest),
    interestTimestamp: record.timestampMs,
  };
}

/** A row of force-liquidation: totals as numbers, `liabilities` one object although documented as an array. */
export function liquidationRow(record: LiquidationRecord): object {
  return {
    groupId: bareNumber(record.groupId),
    startLtv: bareNumber(record.startLtv),
    endLtv: bareNumber(record.endLtv),
    liquidationStartTime: record.startMs,
    liquidationEndTime: record.endMs,
    totalNetEquity: bareNumber(record.totalNetEquity),
    totalMaintenanceMargin: bareNumber(record.totalMaintenanceMargin),
    totalLiability: bareNumber(record.totalLiability),
    liquidationSnapshot: { snapshots: record.snapshots, liabilities: record.liability },
  };
}

/** A row of force-liquidation-transfer-record: UIDs as numbers, as in the example, although documented as strings. */
export function liquidationTransfersRow({ liquidationId, transfers }: LiquidationRecord): object {
  return {
    liquidationId: bareNumber(liquidationId),
    liquidationTransferRecord: transfers.map(({ timestampMs, fromUid, toUid, ...transfer }) => ({
      transferTime: timestampMs,
      fromUid: bareNumber(fromUid),
      fromAccountType: transfer.fromAccountType,
      toUid: bareNumber(toUid),
      toAccountType: transfer.toAccountType,
      status: transfer.status,
      assets: transfer.assets,
    })),
  };
}

/** A row of interest-rebate-balance/records: amounts are texts with eight decimals. */
export function rebateRow({ type, delta, offset, timestampMs }: RebateRecord): object {
  return {
    type,
    ...(offset && { groupId: bareNumber(offset.groupId) }),
    ...{ rebateAsset: 'USDT', delta: new Big(delta).toFixed(8) },
    ...(offset && {
      liabilityAsset: offset.liabilityAsset,
      deductedInterest: new Big(offset.deductedInterest).toFixed(8),
      exchangeRate: new Big(offset.exchangeRate).toFixed(8),
    }),
    createTime: timestampMs,
  };
}
