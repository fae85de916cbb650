import { activatedRow, closedRow, figuresOf, ltvDetails } from './answers.ts';
import {
  type Backend,
  borrowRepayAnswer,
  interestAnswer,
  liquidationAnswer,
  rebateBalanceAnswer,
  rebateRecordsAnswer,
  transfersAnswer,
} from './history.ts';
import type { Account, AccountRole } from './key-ring.ts';
import type { Unit } from './model.ts';
import { type Params, readLong, readMandatory, readMandatoryLong, readPage } from './params.ts';
import { bareNumber, REFUSALS } from './reply.ts';
import type { WeightScope } from './weight-counter.ts';

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
  | 'liquidation-transfers'
  | 'rebate-balance'
  | 'rebate-records'
  | 'max-borrowable';

type Answer = (params: Params, caller: Account, backend: Backend) => object;

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
        /** The body. @throws Refusal */
        readonly answer: Answer;
      }
  );

const LOAN = '/sapi/v1/margin/loan-group';
const LOANS = '/sapi/v1/margin/loan-groups';
const ANYONE: readonly AccountRole[] = ['parent', 'credit', 'other'];
const BORROWABLE = ['USDT', 'USDC'];

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
  signedRead(
    'liquidation-transfers',
    `${LOAN}/force-liquidation-transfer-record`,
    1,
    ['credit'],
    transfersAnswer,
  ),
  // Its weight is in no stored copy: that of its records is assumed.
  signedRead('rebate-balance', `${LOAN}/interest-rebate-balance`, 100, ['parent'], rebateBalanceAnswer),
  signedRead(
    'rebate-records',
    `${LOAN}/interest-rebate-balance/records`,
    100,
    ['parent'],
    rebateRecordsAnswer,
  ),
  signedRead('max-borrowable', `${LOAN}/max-borrowable`, 100, ANYONE, maxBorrowableAnswer),
];

function signedRead(
  name: EndpointName,
  path: string,
  weight: number,
  roles: readonly AccountRole[],
  answer: Answer,
): Endpoint {
  return { name, method: 'GET', path, weight, scope: 'ip', signed: true, trade: false, roles, answer };
}

/** Whose units a key sees: a parent all of its own, a credit account the one it owes for, others none. */
function sees(caller: Account, unit: Unit): boolean {
  if (caller.role === 'parent') return unit.parentEmail === caller.email;
  return caller.role === 'credit' && unit.creditEmail === caller.email;
}

function apiRestrictions(_params: Params, caller: Account, { clock }: Backend): object {
  return {
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
  };
}

function ltvDetailsAnswer(params: Params, caller: Account, { ledger, settings, clock }: Backend): object {
  const groupId = readLong(params, 'groupId');
  const units = ledger
    .shownUnits()
    .filter((unit) => sees(caller, unit) && (groupId === undefined || unit.groupId === groupId));
  ledger.prices.noteServed(units);
  return units.map((unit) => ({
    ...ltvDetails(unit, settings, clock.serverMs()),
    ...(ledger.prices.hasLtv(unit.groupId) ? {} : { ltv: null }),
  }));
}

function closedAnswer(params: Params, caller: Account, { ledger }: Backend): object {
  const { total, rows } = ledger.closedList.pageOf(caller.email, readPage(params));
  return { total, rows: rows.map(closedRow) };
}

function closeAnswer(params: Params, caller: Account, { ledger }: Backend): object {
  const groupId = readMandatoryLong(params, 'groupId');
  ledger.checkClosable(groupId, caller.email);
  ledger.closeUnit(groupId);
  return { groupId: bareNumber(groupId), status: 'CLOSED' };
}

function activatedAnswer(_params: Params, caller: Account, { ledger }: Backend): object {
  return ledger
    .activeUnits()
    .filter((unit) => sees(caller, unit))
    .map(activatedRow);
}

function maxBorrowableAnswer(params: Params, caller: Account, { ledger }: Backend): object {
  const asset = readMandatory(params, 'assetName');
  if (!BORROWABLE.includes(asset.toUpperCase())) throw REFUSALS.assetNotSupported(asset);
  const groupId = readLong(params, 'groupId');
  if (groupId === undefined && caller.role === 'parent') throw REFUSALS.missing('groupId');
  const unit = ledger
    .activeUnits()
    .find((one) => sees(caller, one) && (groupId === undefined || one.groupId === groupId));
  return { maxBorrowableAmount: unit === undefined ? null : figuresOf(unit).maxAllowedBorrowLimit };
}
