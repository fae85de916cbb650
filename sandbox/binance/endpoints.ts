import {
  activatedRow,
  borrowRepayRow,
  closedRow,
  figuresOf,
  interestRow,
  liquidationRow,
  ltvDetails,
} from './answers.ts';
import { bareNumber } from './json.ts';
import type { Account, AccountRole } from './key-ring.ts';
import type { Ledger } from './ledger.ts';
import type { Unit } from './model.ts';
import { type Params, readLong, readMandatoryLong, readPage, readTimeRange } from './params.ts';
import { isRefusal, REFUSALS, type Refusal } from './refusal.ts';
import type { ExchangeClock, Settings } from './settings.ts';
import type { WeightScope } from './weights.ts';

export type EndpointName =
  | 'time'
  | 'system-status'
  | 'api-restrictions'
  | 'ltv-details'
  | 'closed'
  | 'close'
  | 'activated'
  | 'borrow-repay'
  | 'interest-history'
  | 'force-liquidation'
  | 'max-borrowable';

export interface Backend {
  readonly ledger: Ledger;
  readonly settings: Settings;
  readonly clock: ExchangeClock;
}

/** An answer before it is written; `effect` = the call changed something. */
export interface Answer {
  readonly body: object;
  readonly effect: boolean;
}

interface EndpointBase {
  readonly name: EndpointName;
  readonly method: 'GET' | 'DELETE';
  readonly path: string;
  readonly weight: number;
  readonly scope: WeightScope;
}

export type Endpoint = EndpointBase &
  (
    | { readonly signed: false; answer(backend: Backend): object }
    | {
        readonly signed: true;
        readonly trade: boolean;
        readonly roles: readonly AccountRole[];
        answer(params: Params, caller: Account, backend: Backend): Answer | Refusal;
      }
  );

const LOAN = '/sapi/v1/margin/loan-group';
const LOANS = '/sapi/v1/margin/loan-groups';
const ANYONE: readonly AccountRole[] = ['parent', 'credit', 'other'];
const BORROWABLE = ['USDT', 'USDC'];

const read = (body: object): Answer => ({ body, effect: false });

/** Weights, scopes and roles as the endpoints' pages give them. */
export const ENDPOINTS: readonly Endpoint[] = [
  {
    name: 'time',
    method: 'GET',
    path: '/api/v3/time',
    weight: 1,
    scope: 'mbx',
    signed: false,
    answer: ({ clock }) => ({ serverTime: clock.serverMs() }),
  },
  {
    name: 'system-status',
    method: 'GET',
    path: '/sapi/v1/system/status',
    weight: 1,
    scope: 'ip',
    signed: false,
    answer: ({ settings }) =>
      settings.maintenance ? { status: 1, msg: 'system_maintenance' } : { status: 0, msg: 'normal' },
  },
  signedRead('api-restrictions', '/sapi/v1/account/apiRestrictions', 1, ANYONE, apiRestrictions),
  signedRead('ltv-details', `${LOAN}/ltv-details`, 200, ANYONE, ltvDetailsAnswer),
  signedRead('closed', `${LOANS}/closed`, 1, ['credit'], closedAnswer),
  {
    name: 'close',
    method: 'DELETE',
    path: LOAN,
    weight: 1000,
    scope: 'uid',
    signed: true,
    trade: true,
    roles: ['credit'],
    answer: closeAnswer,
  },
  signedRead('activated', `${LOANS}/activated`, 10, ['parent'], activatedAnswer),
  signedRead('borrow-repay', `${LOAN}/borrow-repay`, 10, ['credit'], borrowRepayAnswer),
  signedRead('interest-history', `${LOAN}/interest-history`, 10, ['credit'], interestAnswer),
  signedRead('force-liquidation', `${LOAN}/force-liquidation`, 1, ['credit'], liquidationAnswer),
  signedRead('max-borrowable', `${LOAN}/max-borrowable`, 100, ANYONE, maxBorrowableAnswer),
];

function signedRead(
  name: EndpointName,
  path: string,
  weight: number,
  roles: readonly AccountRole[],
  answer: (params: Params, caller: Account, backend: Backend) => Answer | Refusal,
): Endpoint {
  return { name, method: 'GET', path, weight, scope: 'ip', signed: true, trade: false, roles, answer };
}

/** Whose units a key sees: a parent all of its own, a credit account the one it owes for, others none. */
function sees(caller: Account, unit: Unit): boolean {
  if (caller.role === 'parent') return unit.parentEmail === caller.email;
  return caller.role === 'credit' && unit.creditEmail === caller.email;
}

function apiRestrictions(_params: Params, caller: Account, { clock }: Backend): Answer {
  return read({
    ipRestrict: caller.allowedIps !== null,
    createTime: clock.serverMs() - 86_400_000,
    enableReading: caller.enableReading,
    enableWithdrawals: false,
    enableInternalTransfer: false,
    enableMargin: false,
    enableFutures: false,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: false,
    enableSpotAndMarginTrading: caller.enableSpotAndMarginTrading,
    enablePortfolioMarginTrading: false,
  });
}

function ltvDetailsAnswer(
  params: Params,
  caller: Account,
  { ledger, settings, clock }: Backend,
): Answer | Refusal {
  const groupId = readLong(params, 'groupId');
  if (isRefusal(groupId)) return groupId;
  const units = ledger
    .shownUnits()
    .filter((unit) => sees(caller, unit) && (groupId === undefined || unit.groupId === groupId));
  return read(units.map((unit) => ltvDetails(unit, settings, clock.serverMs())));
}

function closedAnswer(params: Params, caller: Account, { ledger }: Backend): Answer | Refusal {
  const page = readPage(params);
  if (isRefusal(page)) return page;
  const { total, rows } = ledger.closedOf(caller.email, page.current, page.size);
  return read({ total, rows: rows.map(closedRow) });
}

function closeAnswer(params: Params, caller: Account, { ledger }: Backend): Answer | Refusal {
  const groupId = readMandatoryLong(params, 'groupId');
  if (isRefusal(groupId)) return groupId;
  const refusal = ledger.closeRefusal(groupId, caller.email);
  if (refusal !== null) return refusal;
  ledger.close(groupId);
  return { body: { groupId: bareNumber(groupId), status: 'CLOSED' }, effect: true };
}

function activatedAnswer(_params: Params, caller: Account, { ledger }: Backend): Answer {
  return read(
    ledger
      .activeUnits()
      .filter((unit) => sees(caller, unit))
      .map(activatedRow),
  );
}

function borrowRepayAnswer(params: Params, caller: Account, backend: Backend): Answer | Refusal {
  const type = params.get('type');
  if (type === undefined || type === '') return REFUSALS.missing('type');
  if (type !== 'BORROW' && type !== 'REPAY') return REFUSALS.illegalArgument();
  return history(
    params,
    caller,
    backend,
    (groupId) =>
      backend.ledger.recordsOf(groupId).filter((row) => (row.type === 'BORROW') === (type === 'BORROW')),
    borrowRepayRow,
  );
}

function interestAnswer(params: Params, caller: Account, backend: Backend): Answer | Refusal {
  return history(params, caller, backend, (groupId) => backend.ledger.interestOf(groupId), interestRow);
}

function liquidationAnswer(params: Params, caller: Account, backend: Backend): Answer | Refusal {
  const rows = (groupId: string) =>
    backend.ledger
      .liquidationsOf(groupId)
      .map((row) => ({ ...row, timestampMs: row.startMs, assetName: row.liability.assetName }));
  return history(params, caller, backend, rows, liquidationRow);
}

/**
 * The history endpoints' common ground: newest first, the caller's own active unit unless a groupId (active or
 * closed, its own) is given, asset and time range, pages.
 */
function history<Row extends { timestampMs: number; assetName: string }>(
  params: Params,
  caller: Account,
  { ledger, clock }: Backend,
  rowsOf: (groupId: string) => Row[],
  show: (row: Row) => object,
): Answer | Refusal {
  const asked = readLong(params, 'groupId');
  if (isRefusal(asked)) return asked;
  const range = readTimeRange(params, clock.serverMs());
  if (isRefusal(range)) return range;
  const page = readPage(params);
  if (isRefusal(page)) return page;
  const own = ledger.activeUnits().find((unit) => unit.creditEmail === caller.email)?.groupId;
  const closedOwn = asked !== undefined && ledger.closedUnit(asked)?.creditEmail === caller.email;
  const groupId = asked === undefined || asked === own ? own : closedOwn ? asked : undefined;
  const asset = params.get('asset');
  const rows = (groupId === undefined ? [] : rowsOf(groupId))
    .filter((row) => row.timestampMs >= range.fromMs && row.timestampMs <= range.toMs)
    .filter((row) => asset === undefined || row.assetName === asset)
    .sort((a, b) => b.timestampMs - a.timestampMs);
  const shown = rows.slice((page.current - 1) * page.size, page.current * page.size);
  return read({ total: rows.length, rows: shown.map(show) });
}

function maxBorrowableAnswer(
  params: Params,
  caller: Account,
  { ledger, settings }: Backend,
): Answer | Refusal {
  const asset = params.get('assetName');
  if (asset === undefined || asset === '') return REFUSALS.missing('assetName');
  if (!BORROWABLE.includes(asset.toUpperCase())) return REFUSALS.assetNotSupported(asset);
  const groupId = readLong(params, 'groupId');
  if (isRefusal(groupId)) return groupId;
  if (groupId === undefined && caller.role === 'parent') return REFUSALS.missing('groupId');
  const unit = ledger
    .activeUnits()
    .find((one) => sees(caller, one) && (groupId === undefined || one.groupId === groupId));
  return read({
    maxBorrowableAmount: unit === undefined ? null : figuresOf(unit, settings).maxAllowedBorrowLimit,
  });
}
