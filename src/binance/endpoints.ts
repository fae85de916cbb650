/**
 * The endpoints we call: method, path, weight, whose limit it counts against and whose key it wants, as their pages
 * state. Every endpoint under /sapi has a limit of its own: 12,000 a minute per IP or 180,000 per UID (general info).
 */
import type { AccountRole } from './accounts.ts';

export type LimitScope = 'ip' | 'uid' | 'api';

export interface Endpoint {
  readonly name: EndpointName;
  readonly method: 'GET' | 'DELETE';
  readonly path: string;
  readonly weight: number;
  /** `ip`: the endpoint's own per IP; `uid`: its own per account; `api`: the pool that all of /api shares per IP. */
  readonly scope: LimitScope;
  /** Whose key may sign it; empty: not signed. A key of another role is refused before sending. */
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
  | 'max-borrowable';

/** Weight a minute, by whose limit it is. `api` has 6,000 (spot rest-api, "IP Limits"). */
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
} as const satisfies Record<string, Endpoint>;
