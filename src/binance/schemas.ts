/**
 * The answers of the three endpoints the desk lives on, and of the unsigned ones. Unknown fields are let through
 * and dropped; account types are plain text, so a new one passes.
 */
import { z } from 'zod';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';
import {
  amountField,
  countField,
  flagField,
  listField,
  longIdField,
  optionalAmountField,
  textField,
  timeField,
} from './fields.ts';

const wallet = z
  .object({ accountType: textField, netEquity: amountField, maintainMargin: amountField })
  .transform(({ accountType, netEquity, maintainMargin }) => ({
    accountType,
    netEquity,
    maintenanceMargin: maintainMargin,
  }));

const liability = z
  .object({ assetName: textField, principal: amountField, interest: amountField })
  .transform(({ assetName, principal, interest }) => ({ asset: assetName, principal, interest }));

/**
 * A row of ltv-details. The last three amounts are in the page's example and the change log of 2025-07-11 only, so
 * they may be absent or null.
 */
export const riskUnitRow: z.ZodType<RiskUnit> = z
  .object({
    groupId: longIdField,
    parentEmail: textField,
    creditEmail: textField,
    updateTime: timeField,
    ltv: amountField,
    totalNetEquity: amountField,
    totalMaintenanceMargin: amountField,
    totalLiability: amountField,
    parentAccountFrozenAmount: optionalAmountField,
    maxTransferOutAmount: optionalAmountField,
    maxAllowedBorrowLimit: optionalAmountField,
    liabilities: listField(liability),
    collateralAccounts: listField(
      z.object({ email: textField, type: textField, wallets: listField(wallet) }),
    ),
  })
  .transform((row) => ({
    groupId: row.groupId,
    parentEmail: row.parentEmail,
    creditEmail: row.creditEmail,
    updatedAtMs: row.updateTime,
    ltv: row.ltv,
    totalNetEquity: row.totalNetEquity,
    totalMaintenanceMargin: row.totalMaintenanceMargin,
    totalLiability: row.totalLiability,
    parentAccountFrozenAmount: row.parentAccountFrozenAmount,
    maxTransferOutAmount: row.maxTransferOutAmount,
    maxAllowedBorrowLimit: row.maxAllowedBorrowLimit,
    liabilities: row.liabilities,
    accounts: row.collateralAccounts,
  }));

/** A row of closed. */
export const closedUnitRow: z.ZodType<ClosedUnit> = z
  .object({
    groupId: longIdField,
    parentEmail: textField,
    creditEmail: textField,
    enabled: flagField,
    createTime: timeField,
    closeTime: timeField,
  })
  .transform(({ createTime, closeTime, ...unit }) => ({
    ...unit,
    createdAtMs: createTime,
    closedAtMs: closeTime,
  }));

export const listAnswer: z.ZodType<unknown[]> = z.array(z.unknown());
export const pageAnswer = z.object({ total: countField, rows: z.array(z.unknown()) });
/** A page whose total is not stated (force-liquidation shows rows only). */
export const openPageAnswer = z.object({ total: countField.optional(), rows: z.array(z.unknown()) });
export const closeAnswer = z.object({ groupId: longIdField, status: textField });
export const timeAnswer = z.object({ serverTime: timeField });
/** 0: normal, 1: system maintenance. */
export const systemStatusAnswer = z.object({ status: countField });
export const errorAnswer = z.object({
  code: z.string().regex(/^-?\d{1,6}$/),
  msg: z.string().optional(),
});
