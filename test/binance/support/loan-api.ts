/**
 * Binance's endpoints for a loan's history with the rules of their pages, over real HTTP; the rows are the test's. Unlike
 * the stand-in, its faults are those of an answer: totals that grow, pages that repeat, rows that can't be read.
 */
import { createLoanExchange, type LoanExchange } from '../../../src/binance/loan-exchange.ts';
import type { Walk } from '../../../src/usecases/loan-ports.ts';
import { MemorySharedReads } from '../../fakes/memory-shared-reads.ts';
import { MemoryWeightLedger } from '../../fakes/memory-weight-ledger.ts';
import { capturingLog } from '../../support/logs.ts';
import { accountOf, quickDelay } from './client.ts';
import { type ScriptedAnswer, type ScriptedRequest, scriptedServer } from './scripted-server.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A row as it is sent: JSON, and the time by which it is filtered. */
export interface ApiRow {
  readonly atMs: number;
  readonly json: string;
  /** Default 1. */
  readonly unit?: string;
}

export interface ApiRows {
  borrow?: readonly ApiRow[];
  repay?: readonly ApiRow[];
  interest?: readonly ApiRow[];
  liquidation?: readonly ApiRow[];
  transfers?: readonly ApiRow[];
  rebates?: readonly ApiRow[];
}

export interface ApiRules {
  /** Default true, as other endpoints of Binance read it. */
  readonly endCounts?: boolean;
  /** Default true. */
  readonly startCounts?: boolean;
  /** What the total says; null: no total. Default: how many rows there are. */
  readonly totalOf?: (total: number, request: ScriptedRequest) => number | null;
  /** In place of the answer. */
  readonly instead?: (request: ScriptedRequest) => ScriptedAnswer | null;
  readonly rebateBalance?: string;
}

/** Unit 1 is active through key c1; unit 9 is closed, of key c2, which has unit 2 now. */
const UNITS: Readonly<Record<string, string>> = { c1: '1', c2: '2' };
const CLOSED: Readonly<Record<string, string>> = { c2: '9' };
const NEVER: Walk = { isStopped: () => false, onProgress: () => {} };

export interface LoanApi extends Pick<LoanExchange, 'records' | 'history'> {
  readonly requests: readonly ScriptedRequest[];
  /** Of one endpoint: the last part of its path. */
  calls(path: string): readonly ScriptedRequest[];
  readonly walk: Walk;
  close(): Promise<void>;
}

export async function loanApi(rows: ApiRows, rules: ApiRules = {}): Promise<LoanApi> {
  const server = await scriptedServer(
    (request) => rules.instead?.(request) ?? answerOf(request, rows, rules),
  );
  const exchange = createLoanExchange({
    closeMode: 'dry-run',
    baseUrl: server.url,
    accounts: [
      accountOf({ name: 'fund', role: 'parent', apiKey: 'p', secret: 's' }),
      accountOf({ name: 'loan-1', role: 'credit', apiKey: 'c1', secret: 's' }),
      accountOf({ name: 'loan-2', role: 'credit', apiKey: 'c2', secret: 's' }),
    ],
    ledger: new MemoryWeightLedger(Date.now),
    sharedReads: new MemorySharedReads(Date.now),
    log: capturingLog(),
    delay: quickDelay,
  });
  await exchange.start();
  return {
    records: exchange.records,
    history: exchange.history,
    requests: server.requests,
    calls: (path) => server.requests.filter((request) => request.path.endsWith(`/${path}`)),
    walk: NEVER,
    async close() {
      await exchange.stop();
      await server.close();
    },
  };
}

function answerOf(request: ScriptedRequest, rows: ApiRows, rules: ApiRules): ScriptedAnswer {
  const key = request.apiKey ?? '';
  switch (request.path.split('/').at(-1)) {
    case 'status':
      return { body: '{"status":0,"msg":"normal"}' };
    case 'ltv-details':
      return { body: `[{"groupId":${UNITS[key] ?? '0'}}]` };
    case 'closed':
      return closedAnswer(CLOSED[key]);
    case 'borrow-repay':
      return history(request, request.query.get('type') === 'BORROW' ? rows.borrow : rows.repay, rules, {
        cutToDays: 7,
        ofUnit: true,
      });
    case 'interest-history':
      return history(request, rows.interest, rules, { ofUnit: true });
    case 'force-liquidation':
      return history(request, rows.liquidation, rules, { ofUnit: true });
    case 'force-liquidation-transfer-record':
      return history(request, rows.transfers, rules, { ofUnit: false });
    case 'interest-rebate-balance':
      return { body: rules.rebateBalance ?? '{}' };
    case 'records':
      return history(request, rows.rebates, rules, { ofUnit: false, isAscending: true });
    default:
      return { status: 404, body: '' };
  }
}

function closedAnswer(groupId: string | undefined): ScriptedAnswer {
  const row = `{"groupId":${groupId},"parentEmail":"p@x.com","creditEmail":"c2@x.com","enabled":false,"createTime":1,"closeTime":2}`;
  return { body: groupId === undefined ? '{"total":0,"rows":[]}' : `{"total":1,"rows":[${row}]}` };
}

interface PageRule {
  /** A longer range is cut to this many days before its end, and nothing says so. */
  readonly cutToDays?: number;
  /** Without a groupId: the active unit. */
  readonly ofUnit: boolean;
  readonly isAscending?: boolean;
}

function history(
  request: ScriptedRequest,
  all: readonly ApiRow[] = [],
  { endCounts = true, startCounts = true, totalOf = (total) => total }: ApiRules,
  { cutToDays, ofUnit, isAscending = false }: PageRule,
): ScriptedAnswer {
  const { query, apiKey } = request;
  const endMs = Number(query.get('endTime'));
  const startMs = Number(query.get('startTime'));
  const size = Number(query.get('size') ?? '10');
  if (startMs > endMs || endMs - startMs > 100 * DAY_MS || size > 100) return refused(-27000);
  const fromMs = cutToDays === undefined ? startMs : Math.max(startMs, endMs - cutToDays * DAY_MS);
  const unit = query.get('groupId') ?? UNITS[apiKey ?? ''];
  const isIn = ({ atMs, unit: of = '1' }: ApiRow) =>
    (startCounts ? atMs >= fromMs : atMs > fromMs) &&
    (endCounts ? atMs <= endMs : atMs < endMs) &&
    (!ofUnit || of === unit);
  const rows = all.filter(isIn).sort((a, b) => (isAscending ? a.atMs - b.atMs : b.atMs - a.atMs));
  const first = (Number(query.get('current') ?? '1') - 1) * size;
  const shown = rows.slice(first, first + size).map(({ json }) => json);
  const total = totalOf(rows.length, request);
  return { body: `{${total === null ? '' : `"total":${total},`}"rows":[${shown.join()}]}` };
}

export function refused(code: number, status = 400): ScriptedAnswer {
  return { status, body: `{"code":${code},"msg":"said by Binance"}` };
}

export function borrowAt(atMs: number, tranId: number | string, fields = ''): ApiRow {
  return {
    atMs,
    json: `{"tranId":${tranId},"assetName":"USDT","amount":300,"status":"CONFIRM","type":"BORROW","timestamp":${atMs}${fields}}`,
  };
}

export function interestAt(atMs: number, unit = '1'): ApiRow {
  return {
    atMs,
    unit,
    json: `{"groupId":${unit},"assetName":"USDT","principal":1000,"interestRate":0.00000833,"interest":0.00833,"interestTimestamp":${atMs}}`,
  };
}
