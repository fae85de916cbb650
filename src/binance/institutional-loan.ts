/** The other reads of the institutional-loan API, behind the same door: weighted, signed, checked, never shared. */
import type { z } from 'zod';
import type { Amount, LongId } from '../domain/amount.ts';
import type { Read, ReadOptions } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { AccountBook } from './account-book.ts';
import type { CallResult, ReadCaller } from './caller.ts';
import { LARGEST_PAGE, pageParameters } from './closed-pages.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { failureOf } from './failure.ts';
import {
  type ActivatedUnit,
  activatedRow,
  type ForcedLiquidation,
  forcedLiquidationRow,
  type InterestRecord,
  interestRow,
  type LoanRecord,
  loanRecordRow,
  maxBorrowableAnswer,
} from './loan-records.ts';
import { readRows } from './rows.ts';
import { listAnswer, openPageAnswer } from './schemas.ts';
import type { QueryParameter } from './sign.ts';
import type { UnitOwners } from './unit-owners.ts';

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
  /** Null: the answer does not state it. */
  readonly total: number | null;
  readonly rows: readonly Row[];
}

export interface InstitutionalLoan {
  /** Active units with their members, through the parent key. */
  activatedUnits(options: ReadOptions): Promise<Read<readonly ActivatedUnit[]>>;
  borrowRecords(query: HistoryQuery, options: ReadOptions): Promise<Read<Page<LoanRecord>>>;
  repayRecords(query: HistoryQuery, options: ReadOptions): Promise<Read<Page<LoanRecord>>>;
  interestHistory(query: HistoryQuery, options: ReadOptions): Promise<Read<Page<InterestRecord>>>;
  /** The exchange takes a time range of at most 100 days; it knows no asset here. */
  forcedLiquidations(
    query: Omit<HistoryQuery, 'asset'>,
    options: ReadOptions,
  ): Promise<Read<Page<ForcedLiquidation>>>;
  /** Null: no matching unit. Through the parent key. */
  maxBorrowable(groupId: LongId, asset: string, options: ReadOptions): Promise<Read<Amount | null>>;
}

export interface InstitutionalLoanOptions {
  readonly book: AccountBook;
  readonly owners: UnitOwners;
  readonly reads: ReadCaller;
}

export function createInstitutionalLoan(options: InstitutionalLoanOptions): InstitutionalLoan {
  const history = <Row>(
    endpoint: Endpoint,
    row: z.ZodType<Row>,
    query: HistoryQuery,
    read: ReadOptions,
    first: readonly QueryParameter[] = [],
  ) => readHistory(endpoint, row, query, read, first, options);
  return {
    activatedUnits: (read) => readActivated(read, options),
    borrowRecords: (query, read) =>
      history(ENDPOINTS.borrowRepay, loanRecordRow, query, read, [['type', 'BORROW']]),
    repayRecords: (query, read) =>
      history(ENDPOINTS.borrowRepay, loanRecordRow, query, read, [['type', 'REPAY']]),
    interestHistory: (query, read) => history(ENDPOINTS.interestHistory, interestRow, query, read),
    forcedLiquidations: (query, read) =>
      history(ENDPOINTS.forceLiquidation, forcedLiquidationRow, query, read),
    maxBorrowable: (groupId, asset, read) => readMaxBorrowable(groupId, asset, read, options),
  };
}

async function ask(
  endpoint: Endpoint,
  account: Account | null,
  parameters: readonly QueryParameter[],
  { priority }: ReadOptions,
  { reads }: InstitutionalLoanOptions,
  deadlineMs?: number,
): Promise<CallResult> {
  return reads.call({ endpoint, account, parameters, priority, deadlineMs });
}

async function readActivated(
  read: ReadOptions,
  options: InstitutionalLoanOptions,
): Promise<Read<readonly ActivatedUnit[]>> {
  const account = options.book.choose(ENDPOINTS.activated, { by: 'parent' });
  const result = await ask(ENDPOINTS.activated, account, [], read, options);
  if (result.kind !== 'answered') return { ok: false, failure: failureOf(result, account) };
  const list = listAnswer.safeParse(result.json);
  if (!list.success) return unreadable('it is not a list of units', account);
  const { rows, flawed } = readRows(list.data, activatedRow);
  return { ok: true, value: rows, asOfMs: result.asOfMs, flaws: flawed };
}

async function readHistory<Row>(
  endpoint: Endpoint,
  row: z.ZodType<Row>,
  query: HistoryQuery,
  read: ReadOptions,
  first: readonly QueryParameter[],
  options: InstitutionalLoanOptions,
): Promise<Read<Page<Row>>> {
  const paging = pageParameters(query.page ?? 1, query.size ?? LARGEST_PAGE);
  if (paging === null) {
    const detail = `Pages count from 1 and hold 1 to ${LARGEST_PAGE} rows`;
    return { ok: false, failure: failureOf({ kind: 'bad-request', detail }, null) };
  }
  const deadlineMs = options.reads.deadlineFor(read.priority);
  const ownership = await options.owners.find(query.groupId, read.priority, deadlineMs);
  if (ownership.kind === 'unknown') return { ok: false, failure: ownership.failure };
  const account = ownership.kind === 'owner' ? ownership.account : null;
  const parameters = [...first, ...historyParameters(query), ...paging];
  const result = await ask(endpoint, account, parameters, read, options, deadlineMs);
  if (result.kind !== 'answered') return { ok: false, failure: failureOf(result, account) };
  const page = openPageAnswer.safeParse(result.json);
  if (!page.success) return unreadable('it is not a page of records', account);
  const { rows, flawed } = readRows(page.data.rows, row);
  return {
    ok: true,
    value: { total: page.data.total ?? null, rows },
    asOfMs: result.asOfMs,
    flaws: flawed,
  };
}

function historyParameters({ groupId, asset, fromMs, toMs }: HistoryQuery): QueryParameter[] {
  const parameters: QueryParameter[] = [['groupId', groupId]];
  if (asset !== undefined) parameters.push(['asset', asset]);
  if (fromMs !== undefined) parameters.push(['startTime', String(fromMs)]);
  if (toMs !== undefined) parameters.push(['endTime', String(toMs)]);
  return parameters;
}

async function readMaxBorrowable(
  groupId: LongId,
  asset: string,
  read: ReadOptions,
  options: InstitutionalLoanOptions,
): Promise<Read<Amount | null>> {
  const account = options.book.choose(ENDPOINTS.maxBorrowable, { by: 'parent' });
  const parameters: QueryParameter[] = [
    ['groupId', groupId],
    ['assetName', asset],
  ];
  const result = await ask(ENDPOINTS.maxBorrowable, account, parameters, read, options);
  if (result.kind !== 'answered') return { ok: false, failure: failureOf(result, account) };
  const answer = maxBorrowableAnswer.safeParse(result.json);
  if (!answer.success) return unreadable('maxBorrowableAmount is no decimal number', account);
  return { ok: true, value: answer.data.maxBorrowableAmount, asOfMs: result.asOfMs, flaws: [] };
}

function unreadable<Value>(detail: string, account: Account | null): Read<Value> {
  return { ok: false, failure: failureOf({ kind: 'unreadable', detail }, account) };
}
