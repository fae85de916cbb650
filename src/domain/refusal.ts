/**
 * Every way in which Loandesk says no, as values. The sentence for each is in slack/views/refusal-text.ts, whose
 * table is exhaustive: a new code does not compile without its sentence.
 */
import type { LongId } from './amount.ts';
import type { CloseState } from './close/close-state.ts';
import type { FactChange, LiabilityFact } from './close/facts.ts';
import type { PersonKind, Role } from './person.ts';

export type Refusal =
  // What was typed
  | { readonly code: 'bad-unit-id'; readonly input: string }
  | { readonly code: 'unit-id-missing' }
  | { readonly code: 'unknown-unit'; readonly input: string }
  /** It is listed, or may be: these rows could not be read or contradict each other. */
  | { readonly code: 'unit-unreadable'; readonly input: string; readonly rows: readonly string[] }
  | { readonly code: 'bad-filter'; readonly input: string; readonly expected: string }
  | { readonly code: 'reason-missing' }
  | { readonly code: 'reason-too-long'; readonly limit: number }
  | { readonly code: 'note-missing' }
  | { readonly code: 'typed-id-differs'; readonly typed: string; readonly groupId: LongId }
  | { readonly code: 'bad-request-id'; readonly input: string }
  | { readonly code: 'unknown-command'; readonly input: string }
  // Where it was typed
  | { readonly code: 'channel-not-allowed'; readonly channels: readonly string[] }
  /** Figures go to a channel only if it is known who reads it. */
  | { readonly code: 'not-shared'; readonly why: 'other-organisation' | 'not-looked-up' | 'nobody-else' }
  // Who asks
  | { readonly code: 'not-a-full-member'; readonly kind: Exclude<PersonKind, 'member'> }
  /** `missingGroups`: of the lists that would give the role, those that Slack says do not exist. */
  | { readonly code: 'role-missing'; readonly role: Role; readonly missingGroups?: readonly string[] }
  /** `groups`: the user groups that could not be read; empty or absent: the person could not be looked up. */
  | { readonly code: 'identity-unavailable'; readonly groups?: readonly string[] }
  | { readonly code: 'self-approval' }
  | { readonly code: 'not-the-requester' }
  /** The requester is no longer on the list of requesters, or no longer a full member. */
  | { readonly code: 'requester-not-allowed' }
  | {
      readonly code: 'quorum-unreachable';
      readonly eligible: number;
      readonly quorum: number;
      readonly missingGroups?: readonly string[];
    }
  // The request
  | { readonly code: 'request-not-found'; readonly requestId: string }
  /** What is stored does not fit its seal, cannot be read, or does not fit the audit trail. */
  | { readonly code: 'record-not-proved'; readonly requestId: string; readonly why: string }
  | { readonly code: 'audit-too-large'; readonly limitBytes: number }
  | { readonly code: 'bad-audit-head'; readonly input: string }
  | { readonly code: 'already-open'; readonly requestId: string; readonly state: CloseState }
  /** `settled`: the state is what two people stated, not what the exchange's record showed. */
  | { readonly code: 'already-decided'; readonly state: CloseState; readonly settled?: boolean }
  | { readonly code: 'already-executing' }
  | { readonly code: 'already-voted' }
  | { readonly code: 'expired' }
  | { readonly code: 'old-version' }
  | { readonly code: 'facts-changed'; readonly changes: readonly FactChange[] }
  | { readonly code: 'card-not-posted' }
  /** A button that acts on a request, pressed elsewhere than on its card. */
  | { readonly code: 'not-the-card' }
  | { readonly code: 'wrong-state'; readonly state: CloseState; readonly settled?: boolean }
  /** Approved, but not by as many people as count now. */
  | { readonly code: 'too-few-approvals'; readonly approvals: number; readonly quorum: number }
  | { readonly code: 'not-claim-owner' }
  | { readonly code: 'claim-expired' }
  | { readonly code: 'nothing-changed' }
  | { readonly code: 'second-person-needed' }
  | { readonly code: 'too-early-to-settle'; readonly notBeforeMs: number }
  /** A row of the closed list that does not show the end of this very unit. */
  | { readonly code: 'not-evidence' }
  // The unit
  | {
      readonly code: 'owes';
      readonly groupId: LongId;
      readonly liabilities: readonly LiabilityFact[];
      readonly totalLiability: string;
    }
  | { readonly code: 'already-closed'; readonly groupId: LongId; readonly closedAtMs: number }
  | { readonly code: 'no-credit-key'; readonly groupId: LongId }
  | { readonly code: 'facts-unreadable'; readonly why: string }
  // The systems behind
  | { readonly code: 'exchange-busy'; readonly why: string; readonly retryAtMs: number | null }
  | { readonly code: 'exchange-unavailable'; readonly why: string; readonly retryAtMs: number | null }
  | {
      readonly code: 'exchange-refused';
      readonly exchangeCode: number | null;
      readonly meaning: string;
      readonly advice: string;
    }
  | { readonly code: 'store-unavailable' }
  | { readonly code: 'too-much-at-once' }
  | { readonly code: 'changed-meanwhile' };

export type RefusalCode = Refusal['code'];

/** What every usecase answers: a value, or the reason why not. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

export function done<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
