/** One refusal of each code; a new code does not compile without its example. Tests and docs/commands.md draw them. */
import { longId } from '../../src/domain/amount.ts';
import type { Refusal, RefusalCode } from '../../src/domain/refusal.ts';
import { LARGEST_SLACK_EXPORT_BYTES } from '../../src/usecases/export-audit.ts';

/** Filled into every field that is free text. */
export interface ExampleTexts {
  readonly typed: string;
  readonly why: string;
  readonly atMs: number;
}

export function refusalExamples({ typed, why, atMs }: ExampleTexts): {
  readonly [Code in RefusalCode]: Extract<Refusal, { code: Code }>;
} {
  const groupId = longId('7');
  const owner = { teamId: 'T0HOME', userId: 'U0ALICE' };
  const liabilities = [{ asset: 'USDT', principal: '15.30718771', interest: '0.00000001' }];
  return {
    'bad-unit-id': { code: 'bad-unit-id', input: typed },
    'unit-id-missing': { code: 'unit-id-missing' },
    'unknown-unit': { code: 'unknown-unit', input: typed },
    'unit-unreadable': {
      code: 'unit-unreadable',
      input: typed,
      rows: ['row 3 (unit 7), ltv: is null, not a decimal number', why],
    },
    'bad-filter': { code: 'bad-filter', input: typed, expected: why },
    'bad-span': { code: 'bad-span', input: typed, why: 'too-long', limitDays: 366 },
    'several-units': { code: 'several-units', input: typed, groupIds: [groupId, longId('72')] },
    'not-shared': { code: 'not-shared', why: 'other-organisation' },
    'reason-missing': { code: 'reason-missing' },
    'reason-too-long': { code: 'reason-too-long', limit: 3_000 },
    'note-missing': { code: 'note-missing' },
    'typed-id-differs': { code: 'typed-id-differs', typed, groupId },
    'bad-request-id': { code: 'bad-request-id', input: typed },
    'unknown-command': { code: 'unknown-command', input: typed },
    'channel-not-allowed': { code: 'channel-not-allowed', channels: ['C0LOANDESK1', typed] },
    'not-a-full-member': { code: 'not-a-full-member', kind: 'guest' },
    'role-missing': { code: 'role-missing', role: 'approver' },
    'identity-unavailable': { code: 'identity-unavailable' },
    'self-approval': { code: 'self-approval' },
    'not-the-requester': { code: 'not-the-requester' },
    'quorum-unreachable': { code: 'quorum-unreachable', eligible: 1, quorum: 2 },
    'request-not-found': { code: 'request-not-found', requestId: typed },
    'no-entries': { code: 'no-entries', subjectId: 'rules' },
    'case-not-found': { code: 'case-not-found', caseId: 'C-7K3M9Q2X' },
    'record-not-proved': {
      code: 'record-not-proved',
      requestId: typed,
      why: "it doesn't match its seal",
    },
    'bad-audit-head': { code: 'bad-audit-head', input: typed },
    'audit-too-large': { code: 'audit-too-large', limitBytes: LARGEST_SLACK_EXPORT_BYTES },
    'already-open': { code: 'already-open', requestId: typed, state: 'pending' },
    'already-decided': { code: 'already-decided', state: 'rejected' },
    'already-executing': { code: 'already-executing' },
    'already-voted': { code: 'already-voted' },
    expired: { code: 'expired' },
    'old-version': { code: 'old-version' },
    'facts-changed': {
      code: 'facts-changed',
      changes: [{ fact: 'liability', which: 'USDT', before: null, after: 'principal 1, interest 0' }],
    },
    'card-not-posted': { code: 'card-not-posted' },
    'not-the-card': { code: 'not-the-card' },
    'wrong-state': { code: 'wrong-state', state: 'approved' },
    'not-claim-owner': { code: 'not-claim-owner' },
    'claim-expired': { code: 'claim-expired' },
    'nothing-changed': { code: 'nothing-changed' },
    'second-person-needed': { code: 'second-person-needed' },
    'too-early-to-settle': { code: 'too-early-to-settle', notBeforeMs: atMs },
    'not-evidence': { code: 'not-evidence' },
    'bad-case-id': { code: 'bad-case-id', input: typed },
    'case-over': { code: 'case-over', caseId: typed },
    'not-a-case': { code: 'not-a-case', caseId: typed },
    'case-has-owner': { code: 'case-has-owner', caseId: typed, owner, untilMs: atMs },
    'case-not-owned-by-you': { code: 'case-not-owned-by-you', caseId: typed, owner },
    'new-owner-not-allowed': { code: 'new-owner-not-allowed', to: owner, why: 'no-role' },
    'bad-note': { code: 'bad-note', limit: 1_000 },
    'mute-not-allowed': { code: 'mute-not-allowed', caseId: typed },
    'bad-mute': { code: 'bad-mute', limitMs: 86_400_000 },
    'not-a-drill': { code: 'not-a-drill', caseId: typed },
    'drill-running': { code: 'drill-running', caseId: typed },
    'watch-off': { code: 'watch-off' },
    'watch-not-begun': { code: 'watch-not-begun' },
    owes: { code: 'owes', groupId, liabilities, totalLiability: '15.30718772' },
    'requester-not-allowed': { code: 'requester-not-allowed' },
    'too-few-approvals': { code: 'too-few-approvals', approvals: 1, quorum: 2 },
    'cooling-off': { code: 'cooling-off', untilMs: atMs },
    'too-late-to-approve': { code: 'too-late-to-approve', delayMs: 900_000, expiresAtMs: atMs },
    'no-rule': { code: 'no-rule', groupId },
    'stand-in-not-allowed': { code: 'stand-in-not-allowed', standIn: 'U0EVE', why: 'away' },
    'absence-unclear': { code: 'absence-unclear', input: typed, why: 'no-day' },
    'only-stand-in': { code: 'only-stand-in' },
    'bad-absence': { code: 'bad-absence', untilMs: atMs, why: 'over', longestMs: 60 * 86_400_000 },
    'not-away': { code: 'not-away', approver: 'U0EVE' },
    'already-closed': { code: 'already-closed', groupId, closedAtMs: atMs },
    'no-credit-key': { code: 'no-credit-key', groupId },
    'facts-unreadable': { code: 'facts-unreadable', why },
    'exchange-busy': {
      code: 'exchange-busy',
      why: "Binance's firewall blocks this machine's address (HTTP 403).",
      retryAtMs: atMs,
    },
    'exchange-unavailable': { code: 'exchange-unavailable', why, retryAtMs: null },
    'exchange-refused': { code: 'exchange-refused', exchangeCode: -27_018, meaning: why, advice: why },
    'store-unavailable': { code: 'store-unavailable' },
    'too-much-at-once': { code: 'too-much-at-once' },
    'reading-stopped': { code: 'reading-stopped' },
    'changed-meanwhile': { code: 'changed-meanwhile' },
  };
}
