/**
 * The records of a loan: borrows and repays, hourly interest, forced liquidations with their transfers, and the firm's
 * interest rebate. At background pace, because a year of them is hundreds of calls.
 */
import type { z } from 'zod';
import type { LongId } from '../domain/amount.ts';
import {
  type ForcedLiquidation,
  type InterestRecord,
  isWithin,
  type LiquidationTransfer,
  type LoanRecord,
  type RebateRecord,
  type Span,
} from '../domain/loan/loan-records.ts';
import type { LoanRecords, Walk, WalkedRead } from '../usecases/loan-ports.ts';
import type { Flaw, Read, ReadOptions } from '../usecases/ports.ts';
import type { HistoryPage, HistorySpan, LoanHistory } from '../usecases/watch-ports.ts';
import type { AccountBook } from './account-book.ts';
import type { Account } from './accounts.ts';
import { openPageAnswer, type ReadRows, readRows } from './answers.ts';
import { LARGEST_PAGE, pageParameters } from './closed-list.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { failed } from './failure.ts';
import {
  forcedLiquidationRow,
  interestRow,
  loanRecordRow,
  rebateBalanceAnswer,
  rebateRow,
  transferRow,
  transfersRow,
} from './loan-rows.ts';
import type { ReadCaller } from './read-caller.ts';
import type { QueryParameter } from './signing.ts';
import { CallCount, identitiesOf, MAX_ROWS, WindowWalk, windowsOf } from './window-walk.ts';

const DAY_MS = 86_400_000;
/** borrow-repay without `asset`; a longer range is cut to its newest 7 days, and nothing in the answer says so. */
const BORROW_REPAY_MS = 7 * DAY_MS;
/** interest-history, force-liquidation and force-liquidation-transfer-record: more is refused. */
const HUNDRED_DAYS_MS = 100 * DAY_MS;
/** The page states no longest range; no endpoint of the product that has one allows less with a filter. */
const REBATE_MS = 30 * DAY_MS;
const BACKGROUND = 'background';
const NOT_A_PAGE = 'it is not a page of records';

export interface LoanHistoryOptions {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
  /** Exchange time. */
  readonly nowMs: () => number;
}

/** What is read page by page over windows. */
interface Source<Row> {
  readonly endpoint: Endpoint;
  readonly parameters: readonly QueryParameter[];
  readonly longestMs: number;
  /** False: the order of its rows is not documented. */
  readonly isNewestFirst: boolean;
  readonly parse: (rows: readonly unknown[]) => ReadRows<Row>;
}

export function createLoanRecords({ book, reads, nowMs }: LoanHistoryOptions): LoanRecords {
  /** No window of the future is asked for. */
  const past = ({ fromMs, beforeMs }: Span): Span => ({ fromMs, beforeMs: Math.min(beforeMs, nowMs() + 1) });

  async function read<Row>(
    account: Account | null,
    { endpoint, parameters, longestMs, isNewestFirst, parse }: Source<Row>,
    span: Span,
    count: CallCount,
  ): Promise<WalkedRead<Row>> {
    const fetch = async (window: readonly QueryParameter[]) => {
      const call = {
        endpoint,
        account,
        parameters: [...parameters, ...window],
        priority: BACKGROUND,
      } as const;
      return reads.read(call, openPageAnswer, NOT_A_PAGE);
    };
    const windows = windowsOf(span, longestMs);
    const result = await new WindowWalk({ windows, fetch, count, isNewestFirst }).run();
    const asOfMs = nowMs();
    if (result.kind === 'stopped') return { ok: true, value: null, asOfMs, flaws: [] };
    if (result.kind !== 'walked') return failed(result, account);
    const { rows, flawed } = parse(result.rows);
    const gaps = result.gaps.map((text): Flaw => ({ groupId: null, text }));
    const value = { rows, isCut: result.isCut };
    return { ok: true, value, asOfMs: result.asOfMs ?? asOfMs, flaws: [...flawed, ...gaps] };
  }

  /** One after the other, through the credit key whose account has the unit's records. */
  async function ofUnit<Row>(
    groupId: LongId,
    sources: readonly Source<Row>[],
    given: Span,
    walk: Walk,
    order: (reads: readonly WalkedRead<Row>[], span: Span) => WalkedRead<Row>,
  ): Promise<WalkedRead<Row>> {
    const span = past(given);
    const count = new CallCount(
      walk,
      sources.reduce((calls, { longestMs }) => calls + windowsOf(span, longestMs).length, 0),
    );
    const owner = await book.findOwnerOfRecords(groupId, BACKGROUND);
    if (!owner.ok) return owner;
    const done: WalkedRead<Row>[] = [];
    for (const source of sources) {
      const each = await read(owner.account, source, span, count);
      if (!each.ok || each.value === null) return each;
      done.push(each);
    }
    return order(done, span);
  }

  return {
    borrowsAndRepays(groupId, span, walk) {
      const sources = [borrowRepay('BORROW', groupId), borrowRepay('REPAY', groupId)];
      return ofUnit(groupId, sources, span, walk, (both, past) => merged(both, past, ({ atMs }) => atMs));
    },
    interest: (groupId, span, walk) =>
      ofUnit(groupId, [interestOf(groupId)], span, walk, (reads, past) =>
        merged(reads, past, ({ atMs }) => atMs),
      ),
    // By which time Binance filters liquidations isn't documented, so what it returns is kept.
    forcedLiquidations: (groupId, span, walk) =>
      ofUnit(groupId, [liquidationsOf(groupId)], span, walk, (reads) =>
        merged(reads, EVER, ({ startedAtMs }) => startedAtMs),
      ),
    liquidationTransfers: (groupId, span, walk) =>
      ofUnit(groupId, [TRANSFERS], span, walk, (reads) => merged(reads, EVER, ({ atMs }) => atMs)),
    async rebate() {
      const account = book.parent();
      const call = {
        endpoint: ENDPOINTS.rebateBalance,
        account,
        parameters: [],
        priority: BACKGROUND,
      } as const;
      const result = await reads.read(call, rebateBalanceAnswer, 'it is not a rebate balance');
      if (result.kind !== 'read') return failed(result, account);
      return { ok: true, value: result.value, asOfMs: result.asOfMs, flaws: [] };
    },
    async rebateRecords(given, walk) {
      const span = past(given);
      const count = new CallCount(walk, windowsOf(span, REBATE_MS).length);
      return merged([await read(book.parent(), REBATES, span, count)], span, ({ atMs }) => atMs);
    },
  };
}

const EVER: Span = { fromMs: 0, beforeMs: Number.POSITIVE_INFINITY };

/** Without `asset`, so that no asset is missed. */
function borrowRepay(type: 'BORROW' | 'REPAY', groupId: LongId): Source<LoanRecord> {
  const name = type === 'BORROW' ? 'borrows' : 'repays';
  return {
    endpoint: ENDPOINTS.borrowRepay,
    parameters: [
      ['type', type],
      ['groupId', groupId],
    ],
    longestMs: BORROW_REPAY_MS,
    isNewestFirst: true,
    parse: (rows) => named(name, readRows(rows, loanRecordRow)),
  };
}

function interestOf(groupId: LongId): Source<InterestRecord> {
  return {
    endpoint: ENDPOINTS.interestHistory,
    parameters: [['groupId', groupId]],
    longestMs: HUNDRED_DAYS_MS,
    isNewestFirst: true,
    parse: (rows) => named('interest', ofUnitAlone(groupId, readRows(rows, interestRow))),
  };
}

/** Without a groupId, only active units are answered. */
function liquidationsOf(groupId: LongId): Source<ForcedLiquidation> {
  return {
    endpoint: ENDPOINTS.forceLiquidation,
    parameters: [['groupId', groupId]],
    longestMs: HUNDRED_DAYS_MS,
    isNewestFirst: true,
    parse: (rows) => named('liquidations', ofUnitAlone(groupId, readRows(rows, forcedLiquidationRow))),
  };
}

const TRANSFERS: Source<LiquidationTransfer> = {
  endpoint: ENDPOINTS.liquidationTransfers,
  parameters: [],
  longestMs: HUNDRED_DAYS_MS,
  isNewestFirst: true,
  parse: transfersOf,
};

/** Its page's example is oldest first. */
const REBATES: Source<RebateRecord> = {
  endpoint: ENDPOINTS.rebateRecords,
  parameters: [],
  longestMs: REBATE_MS,
  isNewestFirst: false,
  parse: (rows) => named('rebate', readRows(rows, rebateRow)),
};

/** One page of a unit's history, for the watch: it reads the newest rows at times of its own. */
export function createLoanHistory({ book, reads }: Omit<LoanHistoryOptions, 'nowMs'>): LoanHistory {
  async function onePage<Row extends { readonly groupId: LongId }>(
    endpoint: Endpoint,
    row: z.ZodType<Row>,
    { groupId, fromMs, toMs, page = 1 }: HistorySpan,
    { priority }: ReadOptions,
  ): Promise<Read<HistoryPage<Row>>> {
    const paging = pageParameters(page, LARGEST_PAGE);
    if (paging === null) return failed({ kind: 'bad-request', detail: 'Pages are numbered from 1' }, null);
    const deadlineMs = reads.deadlineFor(priority);
    const owner = await book.findOwner(groupId, priority, deadlineMs);
    if (!owner.ok) return owner;
    const { account } = owner;
    const parameters: QueryParameter[] = [
      ['groupId', groupId],
      ['startTime', String(fromMs)],
      ['endTime', String(toMs)],
      ...paging,
    ];
    const call = { endpoint, account, parameters, priority, deadlineMs };
    const result = await reads.read(call, openPageAnswer, NOT_A_PAGE);
    if (result.kind !== 'read') return failed(result, account);
    const { rows, flawed } = ofUnitAlone(groupId, readRows(result.value.rows, row));
    return { ok: true, value: { total: result.value.total, rows }, asOfMs: result.asOfMs, flaws: flawed };
  }

  return {
    interestHistory: (query, options) => onePage(ENDPOINTS.interestHistory, interestRow, query, options),
    forcedLiquidations: (query, options) =>
      onePage(ENDPOINTS.forceLiquidation, forcedLiquidationRow, query, options),
  };
}

/** Of several reads, newest first. Where one was cut, rows older than its oldest would be half of the truth. */
function merged<Row>(
  reads: readonly WalkedRead<Row>[],
  span: Span,
  timeOf: (row: Row) => number,
): WalkedRead<Row> {
  const rows: Row[] = [];
  const flaws: Flaw[] = [];
  let { fromMs } = span;
  let isCut = false;
  let asOfMs = Number.POSITIVE_INFINITY;
  for (const read of reads) {
    if (!read.ok || read.value === null) return read;
    asOfMs = Math.min(asOfMs, read.asOfMs);
    flaws.push(...read.flaws);
    for (const row of read.value.rows) if (isWithin(timeOf(row), span)) rows.push(row);
    if (!read.value.isCut) continue;
    isCut = true;
    const oldestMs = read.value.rows.reduce((oldest, row) => Math.min(oldest, timeOf(row)), span.beforeMs);
    fromMs = Math.max(fromMs, oldestMs);
  }
  const kept = rows.filter((row) => timeOf(row) >= fromMs).sort((a, b) => timeOf(b) - timeOf(a));
  const value = { rows: kept.slice(0, MAX_ROWS), isCut: isCut || kept.length > MAX_ROWS };
  return { ok: true, value, asOfMs, flaws };
}

/** Each transfer once: a liquidation that goes on may come twice, with more of them. */
function transfersOf(rows: readonly unknown[]): ReadRows<LiquidationTransfer> {
  const liquidations = readRows(rows, transfersRow);
  const transfers = new Map<string, LiquidationTransfer>();
  const flawed = [...liquidations.flawed];
  for (const { liquidationId, liquidationTransferRecord } of liquidations.rows) {
    const read = named(`liquidation ${liquidationId}`, readRows(liquidationTransferRecord, transferRow));
    for (const [identity, row] of identitiesOf(read.rows))
      transfers.set(`${liquidationId} ${identity}`, { liquidationId, ...row });
    flawed.push(...read.flawed);
  }
  return { rows: [...transfers.values()], flawed };
}

/** Without rows of a unit that wasn't asked for: they would be counted as this one's. */
function ofUnitAlone<Row extends { readonly groupId: LongId }>(
  groupId: LongId,
  { rows, flawed }: ReadRows<Row>,
): ReadRows<Row> {
  const own = rows.filter((row) => row.groupId === groupId);
  const [other] = rows.filter((row) => row.groupId !== groupId);
  if (other === undefined) return { rows, flawed };
  const text = `left out ${rows.length - own.length} that Binance gave for unit ${groupId} and that state another, such as ${other.groupId}`;
  return { rows: own, flawed: [...flawed, { groupId, text }] };
}

function named<Row>(what: string, { rows, flawed }: ReadRows<Row>): ReadRows<Row> {
  return { rows, flawed: flawed.map(({ groupId, text }) => ({ groupId, text: `${what}: ${text}` })) };
}
