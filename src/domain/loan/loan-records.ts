/**
 * What Binance records of a unit's loan. Types and states are plain text, because Binance returns ones that its pages
 * don't list (borrow-repay: REPAY).
 */
import type { Amount, LongId } from '../amount.ts';
import type { Liability } from '../unit/risk-unit.ts';

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
