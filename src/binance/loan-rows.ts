/**
 * Schemas of the rows of a loan's history. Types and states are plain text, because Binance returns types that its pages
 * don't list (borrow-repay: REPAY).
 */
import { z } from 'zod';
import type {
  ForcedLiquidation,
  InterestRecord,
  LiquidationTransfer,
  LoanRecord,
  RebateBalance,
  RebateRecord,
} from '../domain/loan/loan-records.ts';
import {
  amountField,
  liabilityField,
  listField,
  longIdField,
  nameField,
  optionalAmountField,
  textField,
  timeField,
} from './answers.ts';

export const loanRecordRow: z.ZodType<LoanRecord> = z
  .object({
    tranId: longIdField,
    assetName: nameField,
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

export const interestRow: z.ZodType<InterestRecord> = z
  .object({
    groupId: longIdField,
    assetName: nameField,
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

/** Documented as a list; the example shows one object. */
const liabilities = z.union([listField(liabilityField), liabilityField.transform((one) => [one])]);

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

/** One liquidation with its transfers, each of which is read separately. */
export const transfersRow = z.object({
  liquidationId: longIdField,
  liquidationTransferRecord: z.array(z.unknown()),
});

export const transferRow: z.ZodType<Omit<LiquidationTransfer, 'liquidationId'>> = z
  .object({
    transferTime: timeField,
    fromUid: longIdField,
    fromAccountType: textField,
    toUid: longIdField,
    toAccountType: textField,
    status: textField,
    assets: listField(z.object({ assetName: nameField, amount: amountField })),
  })
  .transform(({ transferTime, assets, ...transfer }) => ({
    ...transfer,
    atMs: transferTime,
    assets: assets.map(({ assetName, amount }) => ({ asset: assetName, amount })),
  }));

/** Fields as in npm `binance`: the page is in no stored copy. Null where a firm has no rebate, however it is said. */
export const rebateBalanceAnswer: z.ZodType<RebateBalance | null> = z.union([
  z.object({
    asset: nameField,
    balance: amountField,
    totalGranted: amountField,
    totalConsumed: amountField,
  }),
  z.union([z.null(), z.strictObject({}), z.array(z.unknown()).length(0)]).transform(() => null),
]);

export const rebateRow: z.ZodType<RebateRecord> = z
  .object({
    type: textField,
    groupId: longIdField.nullish(),
    rebateAsset: nameField,
    delta: amountField,
    liabilityAsset: textField.nullish(),
    deductedInterest: optionalAmountField,
    createTime: timeField,
  })
  .transform(({ groupId, rebateAsset, liabilityAsset, createTime, ...record }) => ({
    ...record,
    groupId: groupId ?? null,
    asset: rebateAsset,
    liabilityAsset: liabilityAsset || null,
    atMs: createTime,
  }));
