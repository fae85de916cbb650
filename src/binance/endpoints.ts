/**
 * The endpoints in use, with method, path, weight, limit scope and required key, as documented. Every endpoint under
 * /sapi has its own limit: 12,000 per minute and IP, or 180,000 per minute and UID (general info).
 */
import type { AccountRole } from './accounts.ts';

export type LimitScope = 'ip' | 'uid' | 'api';

export interface Endpoint {
  readonly name: EndpointName;
  readonly method: 'GET' | 'DELETE';
  readonly path: string;
  readonly weight: number;
  /** `ip`: per endpoint and IP; `uid`: per endpoint and account; `api`: shared by all of /api per IP. */
  readonly scope: LimitScope;
  /** Roles whose key may sign it; empty: not signed. Another key is refused before sending. */
  readonly roles: readonly AccountRole[];
}

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
  | 'max-borrowable'
  | 'liquidation-transfers'
  | 'rebate-balance'
  | 'rebate-records';

/** Weight per minute by scope. `api`: spot rest-api, "IP Limits". */
export const LIMIT_PER_MINUTE: Readonly<Record<LimitScope, number>> = {
  ip: 12_000,
  uid: 180_000,
  api: 6_000,
};

const GROUP = '/sapi/v1/margin/loan-group';
const GROUPS = '/sapi/v1/margin/loan-groups';

const get = (
  name: EndpointName,
  path: string,
  weight: number,
  roles: readonly AccountRole[],
  scope: LimitScope = 'ip',
): Endpoint => ({ name, method: 'GET', path, weight, scope, roles });

export const ENDPOINTS = {
  time: get('time', '/api/v3/time', 1, [], 'api'),
  systemStatus: get('system-status', '/sapi/v1/system/status', 1, []),
  apiRestrictions: get('api-restrictions', '/sapi/v1/account/apiRestrictions', 1, ['parent', 'credit']),
  ltvDetails: get('ltv-details', `${GROUP}/ltv-details`, 200, ['parent', 'credit']),
  closed: get('closed', `${GROUPS}/closed`, 1, ['credit']),
  close: { name: 'close', method: 'DELETE', path: GROUP, weight: 1000, scope: 'uid', roles: ['credit'] },
  activated: get('activated', `${GROUPS}/activated`, 10, ['parent']),
  borrowRepay: get('borrow-repay', `${GROUP}/borrow-repay`, 10, ['credit']),
  interestHistory: get('interest-history', `${GROUP}/interest-history`, 10, ['credit']),
  forceLiquidation: get('force-liquidation', `${GROUP}/force-liquidation`, 1, ['credit']),
  maxBorrowable: get('max-borrowable', `${GROUP}/max-borrowable`, 100, ['parent', 'credit']),
  // Page "Query Risk Unit Forced Liquidation Transfer Records" (change log of 2025-12-16): by time only, no groupId.
  liquidationTransfers: get('liquidation-transfers', `${GROUP}/force-liquidation-transfer-record`, 1, [
    'credit',
  ]),
  // Change log of 2026-04-10. No copy of its page states a weight, so it counts as its records do.
  rebateBalance: get('rebate-balance', `${GROUP}/interest-rebate-balance`, 100, ['parent']),
  // Page "Query Interest Rebate Balance Records": 100 (IP), of the master account.
  rebateRecords: get('rebate-records', `${GROUP}/interest-rebate-balance/records`, 100, ['parent']),
} as const satisfies Record<string, Endpoint>;
