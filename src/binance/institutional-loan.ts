/**
 * The other reads of the institutional-loan API, never shared. Types and states are plain text, because Binance returns
 * types that its pages don't list (borrow-repay: REPAY).
 */
import { z } from 'zod';
import type { Amount, LongId } from '../domain/amount.ts';
import type { Liability } from '../domain/unit/risk-unit.ts';
import type { ActivatedUnit, Read, ReadOptions, UnitDetails } from '../usecases/ports.ts';
import type { AccountBook } from './account-book.ts';
import {
  amountField,
  flagField,
  liabilityField,
  listAnswer,
  listField,
  longIdField,
  openPageAnswer,
  optionalAmountField,
  readRows,
  textField,
  timeField,
} from './answers.ts';
import { LARGEST_PAGE, pageParameters } from './closed-list.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { failed } from './failure.ts';
import type { ReadCaller } from './read-caller.ts';
import type { QueryParameter } from './signing.ts';

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

export const maxBorrowableAnswer = z.object({ maxBorrowableAmount: optionalAmountField });

export interface HistoryQuery {
  readonly groupId: LongId;
  readonly asset?: string;
  /** UTC milliseconds. */
  readonly fromMs?: number;
  readonly toMs?: number;
  /** From 1; default 1. */
  readonly page?: number;
  /** 1 to 100; default 100. */
  readonly size?: number;
}

export interface Page<Row> {
  /** Null: not in the answer. */
  readonly total: number | null;
  readonly rows: readonly Row[];
}

export interface InstitutionalLoan extends UnitDetails {
  borrowRecords(query: HistoryQuery, options: ReadOptions): Promise<Read<Page<LoanRecord>>>;
  repayRecords(query: HistoryQuery, options: ReadOptions): Promise<Read<Page<LoanRecord>>>;
  interestHistory(query: HistoryQuery, options: ReadOptions): Promise<Read<Page<InterestRecord>>>;
  /** Time range of at most 100 days; no filter by asset. */
  forcedLiquidations(
    query: Omit<HistoryQuery, 'asset'>,
    options: ReadOptions,
  ): Promise<Read<Page<ForcedLiquidation>>>;
}

export interface InstitutionalLoanOptions {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
}

export function createInstitutionalLoan({ book, reads }: InstitutionalLoanOptions): InstitutionalLoan {
  async function readHistory<Row>(
    endpoint: Endpoint,
    row: z.ZodType<Row>,
    query: HistoryQuery,
    { priority }: ReadOptions,
    type: 'BORROW' | 'REPAY' | null = null,
  ): Promise<Read<Page<Row>>> {
    const paging = pageParameters(query.page ?? 1, query.size ?? LARGEST_PAGE);
    if (paging === null) {
      const detail = `Pages are numbered from 1 and have 1 to ${LARGEST_PAGE} rows`;
      return failed({ kind: 'bad-request', detail }, null);
    }
    const deadlineMs = reads.deadlineFor(priority);
    const owner = await book.findOwner(query.groupId, priority, deadlineMs);
    if (!owner.ok) return owner;
    const { account } = owner;
    const parameters = [
      ...(type === null ? [] : [['type', type] as const]),
      ...historyParameters(query),
      ...paging,
    ];
    const call = { endpoint, account, parameters, priority, deadlineMs };
    const result = await reads.read(call, openPageAnswer, 'it is not a page of records');
    if (result.kind !== 'read') return failed(result, account);
    const { rows, flawed } = readRows(result.value.rows, row);
    const value = { total: result.value.total ?? null, rows };
    return { ok: true, value, asOfMs: result.asOfMs, flaws: flawed };
  }

  return {
    async activatedUnits({ priority }) {
      const endpoint = ENDPOINTS.activated;
      const account = book.parent();
      const call = { endpoint, account, parameters: [], priority };
      const result = await reads.read(call, listAnswer, 'it is not a list of units');
      if (result.kind !== 'read') return failed(result, account);
      const { rows, flawed } = readRows(result.value, activatedRow);
      return { ok: true, value: rows, asOfMs: result.asOfMs, flaws: flawed };
    },
    borrowRecords: (query, read) => readHistory(ENDPOINTS.borrowRepay, loanRecordRow, query, read, 'BORROW'),
    repayRecords: (query, read) => readHistory(ENDPOINTS.borrowRepay, loanRecordRow, query, read, 'REPAY'),
    interestHistory: (query, read) => readHistory(ENDPOINTS.interestHistory, interestRow, query, read),
    forcedLiquidations: (query, read) =>
      readHistory(ENDPOINTS.forceLiquidation, forcedLiquidationRow, query, read),
    async maxBorrowable(groupId, asset, { priority }) {
      const endpoint = ENDPOINTS.maxBorrowable;
      const account = book.parent();
      const parameters: QueryParameter[] = [
        ['groupId', groupId],
        ['assetName', asset],
      ];
      const call = { endpoint, account, parameters, priority };
      const result = await reads.read(call, maxBorrowableAnswer, 'maxBorrowableAmount is no decimal number');
      if (result.kind !== 'read') return failed(result, account);
      return { ok: true, value: result.value.maxBorrowableAmount, asOfMs: result.asOfMs, flaws: [] };
    },
  };
}

function historyParameters({ groupId, asset, fromMs, toMs }: HistoryQuery): QueryParameter[] {
  const parameters: QueryParameter[] = [['groupId', groupId]];
  if (asset !== undefined) parameters.push(['asset', asset]);
  if (fromMs !== undefined) parameters.push(['startTime', String(fromMs)]);
  if (toMs !== undefined) parameters.push(['endTime', String(toMs)]);
  return parameters;
}
