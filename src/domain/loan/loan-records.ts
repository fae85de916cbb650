/**
 * What Binance records of a unit's loan. Types and states are plain text, because Binance returns ones that its pages
 * don't list (borrow-repay: REPAY).
 */
import { type Amount, type LongId, ZERO } from '../amount.ts';
import type { Liability } from '../unit/risk-unit.ts';

/** From `fromMs`, before `beforeMs`; UTC milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly beforeMs: number;
}

export function isWithin(atMs: number, { fromMs, beforeMs }: Span): boolean {
  return atMs >= fromMs && atMs < beforeMs;
}

export interface LoanRecord {
  readonly transactionId: LongId;
  readonly asset: string;
  readonly amount: Amount;
  /** Stated for repayments. */
  readonly principal: Amount | null;
  readonly interest: Amount | null;
  /** CONFIRM or FAILED. */
  readonly status: string;
  /** BORROW, NORMAL_REPAY, FORCE_REPAY; the page's example also has REPAY. */
  readonly type: string;
  readonly atMs: number;
}

export type RecordKind = 'borrow' | 'repay' | 'forced-repay' | 'unknown';

/** REPAY is a repay, because the page's example has it for one. */
export function kindOf({ type }: LoanRecord): RecordKind {
  switch (type) {
    case 'BORROW':
      return 'borrow';
    case 'NORMAL_REPAY':
    case 'REPAY':
      return 'repay';
    case 'FORCE_REPAY':
      return 'forced-repay';
    default:
      return 'unknown';
  }
}

/** A record of any other status moved no money, as far as is known. */
export function isConfirmed({ status }: LoanRecord): boolean {
  return status === 'CONFIRM';
}

/** What a repayment took off the principal; null: not stated, not even through its interest. */
export function repaidPrincipal({ amount, principal, interest }: LoanRecord): Amount | null {
  if (principal !== null) return principal;
  return interest === null ? null : amount.minus(interest);
}

export interface LoanTotals {
  readonly asset: string;
  readonly borrowed: Amount;
  readonly repaidPrincipal: Amount;
  readonly repaidInterest: Amount;
}

/** Of the confirmed records, by name of the asset; forced repays are repays. */
export function totalsOf(records: readonly LoanRecord[]): readonly LoanTotals[] {
  const totals = new Map<string, LoanTotals>();
  for (const record of records) {
    const kind = kindOf(record);
    if (!isConfirmed(record) || kind === 'unknown') continue;
    const { asset, amount } = record;
    const before = totals.get(asset) ?? {
      asset,
      borrowed: ZERO,
      repaidPrincipal: ZERO,
      repaidInterest: ZERO,
    };
    const principal = repaidPrincipal(record) ?? amount;
    const after =
      kind === 'borrow'
        ? { borrowed: before.borrowed.plus(amount) }
        : {
            repaidPrincipal: before.repaidPrincipal.plus(principal),
            repaidInterest: before.repaidInterest.plus(record.interest ?? amount.minus(principal)),
          };
    totals.set(asset, { ...before, ...after });
  }
  return [...totals.values()].sort((a, b) => (a.asset < b.asset ? -1 : 1));
}

/** Interest that was charged for one hour. */
export interface InterestRecord {
  readonly groupId: LongId;
  readonly asset: string;
  readonly principal: Amount;
  /** Per hour. */
  readonly hourlyRate: Amount;
  readonly interest: Amount;
  readonly atMs: number;
}

export interface ForcedLiquidation {
  readonly groupId: LongId;
  readonly startLtv: Amount;
  readonly endLtv: Amount | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly totalNetEquity: Amount;
  readonly totalMaintenanceMargin: Amount;
  readonly totalLiability: Amount;
  readonly liabilities: readonly Liability[];
}

/** Money that a forced liquidation moved between accounts of the firm; UIDs, not e-mails. */
export interface LiquidationTransfer {
  readonly liquidationId: LongId;
  readonly atMs: number;
  readonly fromUid: LongId;
  readonly fromAccountType: string;
  readonly toUid: LongId;
  readonly toAccountType: string;
  readonly status: string;
  readonly assets: readonly { readonly asset: string; readonly amount: Amount }[];
}

/** The firm's interest rebate, in its own asset. */
export interface RebateBalance {
  readonly asset: string;
  readonly balance: Amount;
  readonly totalGranted: Amount;
  readonly totalConsumed: Amount;
}

export interface RebateRecord {
  /** ADD, DEDUCT, INTEREST_OFFSET. */
  readonly type: string;
  /** Null: it is not about one unit. */
  readonly groupId: LongId | null;
  readonly asset: string;
  readonly delta: Amount;
  /** For INTEREST_OFFSET: which interest it paid. */
  readonly liabilityAsset: string | null;
  readonly deductedInterest: Amount | null;
  readonly atMs: number;
}
