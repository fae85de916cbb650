/**
 * The rows of the other institutional-loan reads. Binance writes their amounts as numbers or strings and their ids as
 * LONG, and shows types that its pages do not list (borrow-repay: REPAY), so types and states are plain text.
 */
import { z } from 'zod';
import type { Amount, LongId } from '../domain/amount.ts';
import type { Liability } from '../domain/unit/risk-unit.ts';
import {
  amountField,
  flagField,
  listField,
  longIdField,
  optionalAmountField,
  textField,
  timeField,
} from './fields.ts';

export interface ActivatedUnit {
  readonly groupId: LongId;
  readonly createdAtMs: number;
  readonly members: readonly {
    readonly email: string;
    readonly type: string;
    readonly enableMargin: boolean;
    readonly enableSpot: boolean;
  }[];
}

export const activatedRow: z.ZodType<ActivatedUnit> = z
  .object({
    groupId: longIdField,
    createTime: timeField,
    members: listField(
      z.object({ email: textField, type: textField, enableMargin: flagField, enableSpot: flagField }),
    ),
  })
  .transform(({ groupId, createTime, members }) => ({ groupId, createdAtMs: createTime, members }));

export interface LoanRecord {
  readonly transactionId: LongId;
  readonly asset: string;
  readonly amount: Amount;
  /** Stated for repayments. */
  readonly principal: Amount | null;
  readonly interest: Amount | null;
  readonly status: string;
  /** BORROW, NORMAL_REPAY, FORCE_REPAY; the page's example also has REPAY. */
  readonly type: string;
  readonly atMs: number;
}

export const loanRecordRow: z.ZodType<LoanRecord> = z
  .object({
    tranId: longIdField,
    assetName: textField,
    amount: amountField,
    principal: optionalAmountField,
    interest: optionalAmountField,
    status: textField,
    type: textField,
    timestamp: timeField,
  })
  .transform(({ tranId, assetName, timestamp, ...record }) => ({
    ...record,
    transactionId: tranId,
    asset: assetName,
    atMs: timestamp,
  }));

export interface InterestRecord {
  readonly groupId: LongId;
  readonly asset: string;
  readonly principal: Amount;
  /** Per hour. */
  readonly hourlyRate: Amount;
  readonly interest: Amount;
  readonly atMs: number;
}

export const interestRow: z.ZodType<InterestRecord> = z
  .object({
    groupId: longIdField,
    assetName: textField,
    principal: amountField,
    interestRate: amountField,
    interest: amountField,
    interestTimestamp: timeField,
  })
  .transform(({ assetName, interestRate, interestTimestamp, ...record }) => ({
    ...record,
    asset: assetName,
    hourlyRate: interestRate,
    atMs: interestTimestamp,
  }));

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

const liability = z
  .object({ assetName: textField, principal: amountField, interest: amountField })
  .transform(({ assetName, principal, interest }): Liability => ({ asset: assetName, principal, interest }));

/** Documented as a list, shown as one object. */
const liabilities = z.union([listField(liability), liability.transform((one) => [one])]);

export const forcedLiquidationRow: z.ZodType<ForcedLiquidation> = z
  .object({
    groupId: longIdField,
    startLtv: amountField,
    endLtv: optionalAmountField,
    liquidationStartTime: timeField,
    liquidationEndTime: timeField.nullish(),
    totalNetEquity: amountField,
    totalMaintenanceMargin: amountField,
    totalLiability: amountField,
    liquidationSnapshot: z.object({ liabilities: liabilities.optional() }).nullish(),
  })
  .transform(({ liquidationStartTime, liquidationEndTime, liquidationSnapshot, ...record }) => ({
    ...record,
    startedAtMs: liquidationStartTime,
    endedAtMs: liquidationEndTime ?? null,
    liabilities: liquidationSnapshot?.liabilities ?? [],
  }));

export const maxBorrowableAnswer = z.object({ maxBorrowableAmount: optionalAmountField });
