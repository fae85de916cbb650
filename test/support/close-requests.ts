/** People, facts, units and requests for tests, each with plain defaults. */
import { amount, longId } from '../../src/domain/amount.ts';
import {
  type CloseRequest,
  type Command,
  openRequest,
  type PeopleNow,
} from '../../src/domain/close/close-request.ts';
import { decide } from '../../src/domain/close/close-rule.ts';
import type { Decision } from '../../src/domain/close/decision.ts';
import { digestOf, type Facts } from '../../src/domain/close/facts.ts';
import type { Person } from '../../src/domain/person.ts';
import type { ClosePolicy } from '../../src/domain/policy.ts';
import type { RiskUnit } from '../../src/domain/unit/risk-unit.ts';
import { type ClosePolicies, createClosePolicies } from '../../src/usecases/close-policies.ts';

export const HOME_TEAM = 'T0HOME';
export const START_MS = Date.UTC(2026, 10, 20, 12);

export function person(userId: string, changes: Partial<Person> = {}): Person {
  return { teamId: HOME_TEAM, userId, kind: 'member', timeZone: null, ...changes };
}

export const REQUESTER = person('U0REQ');
export const ALICE = person('U0ALICE');
export const BOB = person('U0BOB');
export const CAROL = person('U0CAROL');
export const ELIGIBLE: ReadonlySet<string> = new Set([ALICE.userId, BOB.userId, CAROL.userId]);

/** Everybody counts as they should. */
export const PEOPLE: PeopleNow = {
  eligible: ELIGIBLE,
  requesterMayAsk: true,
  seats: [],
  pairs: [],
  ruleDigest: null,
};

/** `current`: the settings of now; as at the ask unless given. */
export function decideAt(
  request: CloseRequest,
  command: Command,
  nowMs: number,
  current: ClosePolicy = request.policy,
): Decision {
  return decide(request, command, { nowMs, current });
}

export function policy(changes: Partial<ClosePolicy> = {}): ClosePolicy {
  return {
    quorum: 2,
    requesterMayApprove: false,
    approvers: [ALICE.userId, BOB.userId, CAROL.userId],
    expiresAfterMs: 4 * 3_600_000,
    mode: 'live',
    samePerson: [],
    ...changes,
  };
}

/** The settings alone: no rules, nobody away. */
export function settingsOnly(changes: Partial<ClosePolicy> = {}): ClosePolicies {
  return createClosePolicies({ settings: policy(changes), nowMs: async () => START_MS });
}

export function facts(changes: Partial<Facts> = {}): Facts {
  return {
    groupId: longId('7'),
    creditAccount: 'credit7@test.com',
    totalLiability: '0',
    liabilities: [],
    collateralAccounts: ['collateral71@test.com', 'collateral72@test.com'],
    readAtMs: START_MS,
    ...changes,
  };
}

/** A request as the store would hold it right after opening, with its card posted. */
export function request(
  changes: Partial<CloseRequest> = {},
  policyChanges: Partial<ClosePolicy> = {},
): CloseRequest {
  const bound = changes.facts ?? facts();
  const { next } = openRequest(
    {
      id: 'R000000001',
      requester: REQUESTER,
      reason: 'Loan repaid',
      facts: bound,
      policy: policy(policyChanges),
    },
    START_MS,
  );
  return {
    ...next,
    revision: 2,
    card: { channelId: 'C0DESK', messageTs: '1700000000.000100' },
    factsDigest: digestOf(bound),
    ...changes,
  };
}

/** Unit 1 of the ltv-details page. */
export function exampleUnit(changes: Partial<RiskUnit> = {}): RiskUnit {
  const wallet = (accountType: string, netEquity: string, maintenanceMargin = '0') => ({
    accountType,
    netEquity: amount(netEquity),
    maintenanceMargin: amount(maintenanceMargin),
  });
  const account = (email: string, type: string, ...wallets: ReturnType<typeof wallet>[]) => ({
    email,
    type,
    wallets,
  });
  return {
    groupId: longId('1'),
    parentEmail: 'andrew.kemmer001@test.com',
    creditEmail: 'tst20241120@test.com',
    updatedAtMs: 1_752_137_105_623,
    ltv: amount('0.592'),
    totalNetEquity: amount('26.35196946'),
    totalMaintenanceMargin: amount('0.50106177'),
    totalLiability: amount('15.30718771'),
    parentAccountFrozenAmount: amount('8.18753688'),
    maxTransferOutAmount: amount('0'),
    maxAllowedBorrowLimit: amount('16.32397222'),
    liabilities: [{ asset: 'USDT', principal: amount('15.30718771'), interest: amount('0') }],
    accounts: [
      account(
        'collateral001@test.com',
        'COLLATERAL',
        wallet('SPOT', '5'),
        wallet('CROSS_MARGIN', '4.98938226', '0.50106177'),
      ),
      account(
        'collateral003@test.com',
        'COLLATERAL',
        wallet('SPOT', '5.4284319'),
        wallet('CROSS_MARGIN', '0'),
      ),
      account(
        'CREDIT20241120@test.com',
        'CREDIT',
        wallet('SPOT', '0'),
        wallet('PORTFOLIO_MARGIN', '4.93362203'),
      ),
      account(
        'collateral004l@test.com',
        'COLLATERAL',
        wallet('SPOT', '0'),
        wallet('PORTFOLIO_MARGIN', '1.00053327'),
      ),
      account('collatera005@test.com', 'COLLATERAL', wallet('SPOT', '5'), wallet('CROSS_MARGIN', '0')),
    ],
    ...changes,
  };
}
