/**
 * Every refusal, as a value. The sentences are in slack/views/refusal-text.ts, whose table is exhaustive: a new code
 * doesn't compile without its sentence.
 */
import type { LongId } from './amount.ts';
import type { CloseState } from './close/close-state.ts';
import type { FactChange, LiabilityFact } from './close/facts.ts';
import type { Need } from './close/seats.ts';
import type { PersonId, PersonKind, Role } from './person.ts';

export type Refusal =
  // What was typed
  | { readonly code: 'bad-unit-id'; readonly input: string }
  | { readonly code: 'unit-id-missing' }
  | { readonly code: 'unknown-unit'; readonly input: string }
  /** It is or may be listed, in rows that are unreadable or contradict each other. */
  | { readonly code: 'unit-unreadable'; readonly input: string; readonly rows: readonly string[] }
  | { readonly code: 'bad-filter'; readonly input: string; readonly expected: string }
  /** Days that were understood and can't be read; `limitDays`: the longest span. */
  | {
      readonly code: 'bad-span';
      readonly input: string;
      readonly why: 'future' | 'reversed' | 'too-long' | 'too-early';
      readonly limitDays: number;
    }
  /** One was asked for. */
  | { readonly code: 'several-units'; readonly input: string; readonly groupIds: readonly LongId[] }
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
  /** `missingGroups`: groups in the settings for this role that don't exist in Slack. */
  | { readonly code: 'role-missing'; readonly role: Role; readonly missingGroups?: readonly string[] }
  /**
   * `groups`: the unreadable user groups; empty or absent: the person couldn't be looked up. `userId`: who, if it isn't
   * the person who asks.
   */
  | {
      readonly code: 'identity-unavailable';
      readonly groups?: readonly string[];
      readonly userId?: string;
    }
  | { readonly code: 'self-approval' }
  | { readonly code: 'not-the-requester' }
  /** The requester is no longer on the list of requesters, or no longer a full member. */
  | { readonly code: 'requester-not-allowed' }
  | {
      readonly code: 'quorum-unreachable';
      readonly eligible: number;
      readonly quorum: number;
      readonly missingGroups?: readonly string[];
      /** Whom the rule needs and who aren't there; absent: only the number is short. */
      readonly open?: readonly Need[];
    }
  // The request
  | { readonly code: 'request-not-found'; readonly requestId: string }
  /** In the audit trail, of the watch or the rules. */
  | { readonly code: 'no-entries'; readonly subjectId: string }
  | { readonly code: 'case-not-found'; readonly caseId: string }
  /** The stored record doesn't match its seal or the audit trail, or can't be read. */
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
  /** A button of a request was clicked outside its card. */
  | { readonly code: 'not-the-card' }
  | { readonly code: 'wrong-state'; readonly state: CloseState; readonly settled?: boolean }
  /** Approved, but by fewer people than are needed now. */
  | {
      readonly code: 'too-few-approvals';
      readonly approvals: number;
      readonly quorum: number;
      /** Whom the rule still needs; absent: only the number is short. */
      readonly open?: readonly Need[];
    }
  /** Approved, but the time in which it can be stopped isn't over. */
  | { readonly code: 'cooling-off'; readonly untilMs: number }
  /** The request would expire before the time to stop it is over. */
  | { readonly code: 'too-late-to-approve'; readonly delayMs: number; readonly expiresAtMs: number }
  /** No rule in CLOSE_RULES_FILE is for this unit. */
  | { readonly code: 'no-rule'; readonly groupId: LongId }
  // Who is away
  | {
      readonly code: 'stand-in-not-allowed';
      readonly standIn: string;
      readonly why: 'yourself' | 'away' | Exclude<PersonKind, 'member'>;
    }
  /** `/loandesk away` or `back` with words that don't say who or until when. */
  | { readonly code: 'absence-unclear'; readonly input: string; readonly why: WhyAbsenceUnclear }
  /** Someone who only stands in for an approver named a stand-in. */
  | { readonly code: 'only-stand-in' }
  | {
      readonly code: 'bad-absence';
      readonly untilMs: number;
      readonly why: 'over' | 'too-long';
      readonly longestMs: number;
    }
  /** `fileUntilMs`: CLOSE_RULES_FILE says that they are away, until then; absent: it doesn't. */
  | { readonly code: 'not-away'; readonly approver: string; readonly fileUntilMs?: number }
  | { readonly code: 'not-claim-owner' }
  | { readonly code: 'claim-expired' }
  | { readonly code: 'nothing-changed' }
  | { readonly code: 'second-person-needed' }
  | { readonly code: 'too-early-to-settle'; readonly notBeforeMs: number }
  /** The row of the closed list doesn't prove that this unit was closed. */
  | { readonly code: 'not-evidence' }
  // The case
  | { readonly code: 'bad-case-id'; readonly input: string }
  | { readonly code: 'case-over'; readonly caseId: string }
  /** An alert below the margin call: it has no owner. */
  | { readonly code: 'not-a-case'; readonly caseId: string }
  | {
      readonly code: 'case-has-owner';
      readonly caseId: string;
      readonly owner: PersonId;
      readonly untilMs: number;
    }
  /** `owner`: null when it has none. */
  | { readonly code: 'case-not-owned-by-you'; readonly caseId: string; readonly owner: PersonId | null }
  /** `why`: of the person who was proposed. */
  | {
      readonly code: 'new-owner-not-allowed';
      readonly to: PersonId;
      readonly why: Exclude<PersonKind, 'member'> | 'no-role' | 'not-looked-up';
    }
  | { readonly code: 'bad-note'; readonly limit: number }
  | { readonly code: 'mute-not-allowed'; readonly caseId: string }
  | { readonly code: 'bad-mute'; readonly limitMs: number }
  | { readonly code: 'not-a-drill'; readonly caseId: string }
  | { readonly code: 'drill-running'; readonly caseId: string }
  | { readonly code: 'watch-off' }
  /** Nothing was read yet, so there are no units to drill on. */
  | { readonly code: 'watch-not-begun' }
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
  // Other systems
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
  /** A long reading that a person gave up. */
  | { readonly code: 'reading-stopped' }
  | { readonly code: 'changed-meanwhile' };

export type WhyAbsenceUnclear =
  | 'no-day'
  | 'bad-day'
  | 'several-days'
  | 'no-person'
  | 'several-people'
  | 'group'
  /** An @name that Slack didn't turn into a mention. */
  | 'plain-name'
  | 'unknown-word';

export type RefusalCode = Refusal['code'];

/** What every use case returns: a value or a refusal. */
export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

export function done<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
