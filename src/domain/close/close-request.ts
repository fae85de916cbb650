/**
 * A request to close a risk unit: its record, events and commands. `decide` in close-rule.ts moves it from state to
 * state.
 */

import type { LongId } from '../amount.ts';
import type { CardLocation } from '../card-location.ts';
import type { Person, PersonId } from '../person.ts';
import { type ClosePolicy, narrower } from '../policy.ts';
import type { RefusalCode } from '../refusal.ts';
import { type CloseState, isTerminal } from './close-state.ts';
import type { ClosedEvidence } from './closed-evidence.ts';
import { digestOf, type FactChange, type Facts } from './facts.ts';
import type { Need, Seat } from './seats.ts';

export interface Vote {
  readonly voter: PersonId;
  /** The user id of the approver in whose place the voter stood. Absent: in their own. */
  readonly inPlaceOf?: string | undefined;
  readonly atMs: number;
  /** The version and digest that the voter was shown. */
  readonly version: number;
  readonly factsDigest: string;
}

export interface VoidedVote extends Vote {
  readonly voidedAtMs: number;
  readonly because: 'facts-changed' | 'no-longer-eligible';
}

/** The exchange's answer to the one DELETE, without secrets. */
export interface ExchangeAnswer {
  readonly kind: 'closed' | 'refused' | 'not-sent' | 'unknown';
  readonly httpStatus: number | null;
  readonly exchangeCode: number | null;
  readonly meaning: string;
  readonly advice: string;
  readonly atMs: number;
}

/** The marker, written before the DELETE is sent. `signedTimestampMs` is exchange time, `atMs` the store's. */
export interface SentMark {
  readonly atMs: number;
  readonly signedTimestampMs: number;
  readonly recvWindowMs: number;
}

export type Sighting = 'still-active' | 'neither' | 'in-both-lists' | 'unreadable';

/** Results of looking at the exchange's record. A look with the same result as the one before is not recorded. */
export interface ReadBack {
  /** Consecutive reads late enough to prove something, in which the unit was still active. */
  readonly agreeingActiveReads: number;
  /** `why`: for `unreadable`, the reason at the first such look. */
  readonly lastSeen: { readonly kind: Sighting; readonly why: string | null } | null;
  /** When that was first seen, or last counted as proof. */
  readonly lastSeenAtMs: number | null;
}

export const NEVER_LOOKED: ReadBack = { agreeingActiveReads: 0, lastSeen: null, lastSeenAtMs: null };

export type Verdict = 'closed' | 'not-closed';

/** How many people a request lacks: those there are now can't give it the approvals it needs. */
export interface Lack {
  /** People who may vote, each counted once. */
  readonly eligible: number;
  readonly quorum: number;
  /** Places of a rule for which there is nobody left. Absent: only the number of people is short. */
  readonly open?: readonly Need[] | undefined;
}

export interface CloseRequest {
  readonly schema: 1;
  readonly id: string;
  readonly groupId: LongId;
  readonly requester: PersonId;
  readonly reason: string;
  /** As it was when the request was made. */
  readonly policy: ClosePolicy;
  readonly state: CloseState;
  /** Counts every stored change; the store's compare-and-set compares it. */
  readonly revision: number;
  /** Increases when a fact changes; buttons carry it. */
  readonly version: number;
  readonly facts: Facts;
  readonly factsDigest: string;
  /** Facts changed since the previous version; empty at version 1. */
  readonly factChanges: readonly FactChange[];
  readonly votes: readonly Vote[];
  readonly voidedVotes: readonly VoidedVote[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly card: CardLocation | null;
  readonly reminded: { readonly half: boolean; readonly eighty: boolean };
  readonly claim: { readonly owner: string; readonly deadlineAtMs: number } | null;
  /** Claims whose process stopped before anything was sent; after one, a person must restart the sending. */
  readonly abandonedClaims: number;
  /** Why an approved request couldn't be sent; null: no obstacle, or it is over. Approvals are kept. */
  readonly obstacle: { readonly why: string; readonly sinceMs: number } | null;
  /** Absent: enough people can approve it, as far as known. */
  readonly unreachable?: (Lack & { readonly sinceMs: number }) | undefined;
  /** Once set, no DELETE is ever sent for this request again. */
  readonly sent: SentMark | null;
  readonly answer: ExchangeAnswer | null;
  readonly readBack: ReadBack;
  readonly evidence: ClosedEvidence | null;
  readonly settlement: {
    readonly by: PersonId;
    readonly verdict: Verdict;
    readonly note: string;
    readonly atMs: number;
  } | null;
  readonly pagedAtMs: number | null;
  readonly refusalsNoted: number;
  /** The same per user id. Absent: none. */
  readonly refusalsNotedOf?: Readonly<Record<string, number>> | undefined;
  /** Null while open. */
  readonly ending: Ending | null;
  /** The newest audit entry of this request: its number and its seal. */
  readonly audit: { readonly sequence: number; readonly seal: string };
}

export type Ending =
  | { readonly kind: 'read-back'; readonly atMs: number }
  | {
      readonly kind: 'settled';
      readonly verdict: Verdict;
      readonly by: readonly PersonId[];
      readonly note: string;
      readonly atMs: number;
    }
  | { readonly kind: 'rehearsed'; readonly atMs: number }
  | { readonly kind: 'refused-by-exchange'; readonly atMs: number }
  | { readonly kind: 'never-sent'; readonly why: string; readonly atMs: number }
  | { readonly kind: 'not-executed'; readonly atMs: number }
  | { readonly kind: 'card-undeliverable'; readonly why: string; readonly atMs: number }
  | { readonly kind: 'rejected'; readonly by: PersonId; readonly reason: string; readonly atMs: number }
  | { readonly kind: 'withdrawn'; readonly by: PersonId; readonly atMs: number }
  | { readonly kind: 'expired'; readonly atMs: number }
  | { readonly kind: 'closed-elsewhere'; readonly atMs: number };

/** What happened in one stored change, for the audit and the card's thread. */
export type RequestEvent = { readonly atMs: number; readonly by: PersonId | null } & (
  | { readonly type: 'opened'; readonly reason: string; readonly facts: Facts; readonly policy: ClosePolicy }
  | { readonly type: 'card-posted' }
  | { readonly type: 'card-undeliverable'; readonly why: string }
  | {
      readonly type: 'approved';
      readonly votes: number;
      readonly dropped: readonly PersonId[];
      /** As in the vote. */
      readonly inPlaceOf?: string | undefined;
    }
  | { readonly type: 'votes-dropped'; readonly dropped: readonly PersonId[] }
  | ({ readonly type: 'unreachable' } & Lack)
  | { readonly type: 'reachable' }
  | { readonly type: 'rejected'; readonly reason: string }
  | { readonly type: 'withdrawn' }
  | { readonly type: 'expired' }
  | { readonly type: 'reminded'; readonly stage: 'half' | 'eighty' }
  | {
      readonly type: 'facts-changed';
      readonly facts: Facts;
      readonly changes: readonly FactChange[];
      readonly voided: readonly PersonId[];
    }
  | { readonly type: 'superseded'; readonly evidence: ClosedEvidence }
  | { readonly type: 'claimed'; readonly owner: string }
  | { readonly type: 'claim-abandoned'; readonly owner: string }
  | { readonly type: 'claim-released'; readonly owner: string; readonly why: string }
  | { readonly type: 'sent'; readonly signedTimestampMs: number; readonly recvWindowMs: number }
  | { readonly type: 'rehearsed' }
  | { readonly type: 'never-sent'; readonly why: string }
  | { readonly type: 'answered'; readonly answer: ExchangeAnswer }
  /** The record had lost its marker; the process that sent the close restored it. */
  | {
      readonly type: 'mark-restored';
      readonly mark: SentMark;
      readonly answer: ExchangeAnswer | null;
      readonly stateBefore: CloseState;
    }
  | { readonly type: 'lost-track' }
  | {
      readonly type: 'read-back';
      readonly seen: Sighting | 'in-closed-list';
      /** For `unreadable`. */
      readonly why: string | null;
      readonly evidence: ClosedEvidence | null;
    }
  | { readonly type: 'people-paged' }
  | { readonly type: 'settlement-proposed'; readonly verdict: Verdict; readonly note: string }
  | { readonly type: 'settled'; readonly verdict: Verdict; readonly note: string }
  | { readonly type: 'refused'; readonly attempted: string; readonly refusal: RefusalCode }
);

export type RequestEventType = RequestEvent['type'];

/**
 * The same request under the narrower of its own policy and the current settings: this decides, and people see it. The
 * current settings don't change the past: an ended request stays as it was, and a sent close stays a live one.
 */
export function withNarrowerPolicy(request: CloseRequest, current: ClosePolicy): CloseRequest {
  if (request.state === 'rehearsed') return { ...request, policy: { ...request.policy, mode: 'dry-run' } };
  if (isTerminal(request.state)) return request;
  const narrowed = narrower(request.policy, current);
  const policy = request.sent === null ? narrowed : { ...narrowed, mode: request.policy.mode };
  const expiresAtMs = Math.min(request.expiresAtMs, request.createdAtMs + current.expiresAfterMs);
  return { ...request, policy, expiresAtMs };
}

/** In UTF-16 units. Slack cuts a command's text at about this length anyway. */
export const LONGEST_REASON = 4_000;

/** The store sets revision and audit. `nowMs` is the store's clock. */
export function openRequest(
  draft: { id: string; requester: PersonId; reason: string; facts: Facts; policy: ClosePolicy },
  nowMs: number,
): { next: CloseRequest; event: RequestEvent } {
  const { id, requester, reason, facts, policy } = draft;
  const by = { teamId: requester.teamId, userId: requester.userId };
  return {
    next: {
      schema: 1,
      id,
      groupId: facts.groupId,
      requester: by,
      reason,
      policy,
      state: 'pending',
      revision: 0,
      version: 1,
      facts,
      factsDigest: digestOf(facts),
      factChanges: [],
      votes: [],
      voidedVotes: [],
      createdAtMs: nowMs,
      expiresAtMs: nowMs + policy.expiresAfterMs,
      card: null,
      reminded: { half: false, eighty: false },
      claim: null,
      abandonedClaims: 0,
      obstacle: null,
      sent: null,
      answer: null,
      readBack: NEVER_LOOKED,
      evidence: null,
      settlement: null,
      pagedAtMs: null,
      refusalsNoted: 0,
      ending: null,
      audit: { sequence: 0, seal: '' },
    },
    event: { type: 'opened', by, reason, facts, policy, atMs: nowMs },
  };
}

/** Current roles of the people of a request. */
export interface PeopleNow {
  /** Accounts on both the frozen and the current list of approvers that may vote on this request. */
  readonly eligible: ReadonlySet<string>;
  /** The requester is still a requester and a full member. */
  readonly requesterMayAsk: boolean;
  /** Of each rule that decides, the one at the ask and the current one: whom it needs. Empty: only their number. */
  readonly seats: readonly (readonly Seat[])[];
  /** Stand-ins with those in whose place they act now: each such pair counts once. */
  readonly pairs: readonly StandIn[];
  /** Digest of the current rule that they were looked up under; null: the settings. */
  readonly ruleDigest: string | null;
}

/** Somebody who acts in an approver's place; both user ids. */
export interface StandIn {
  readonly approver: string;
  readonly standIn: string;
}

/** Who may decide now: for acts in which one person is enough. */
export type VotersNow = Pick<PeopleNow, 'eligible' | 'pairs'>;

export type Command =
  | { readonly type: 'record-card'; readonly card: CardLocation }
  | { readonly type: 'give-up-card'; readonly why: string }
  | ({
      readonly type: 'approve';
      readonly by: Person;
      readonly version: number;
      readonly factsDigest: string;
    } & PeopleNow)
  | ({
      readonly type: 'reject';
      readonly by: Person;
      readonly version: number;
      readonly reason: string;
    } & VotersNow)
  | { readonly type: 'withdraw'; readonly by: Person }
  | { readonly type: 'expire' }
  | { readonly type: 'remind'; readonly stage: 'half' | 'eighty' }
  /** `releasesMore`: the facts voted on are the same, but the close releases so much more that another rule decides. */
  | { readonly type: 'replace-facts'; readonly facts: Facts; readonly releasesMore?: boolean }
  | ({ readonly type: 'recount-votes' } & PeopleNow)
  /** Whether the people there are now can still give it the approvals it needs. */
  | ({ readonly type: 'note-reach' } & Omit<PeopleNow, 'requesterMayAsk'>)
  | { readonly type: 'supersede'; readonly evidence: ClosedEvidence }
  | {
      readonly type: 'claim';
      readonly owner: string;
      readonly deadlineAtMs: number;
      /** The person who restarted it on the card; null: the last vote or background work started it. */
      readonly starter: {
        readonly by: Person;
        readonly version: number;
        readonly eligible: ReadonlySet<string>;
      } | null;
    }
  | { readonly type: 'abandon-claim' }
  /** The claiming process couldn't go on: another attempt sends it later. */
  | { readonly type: 'release-claim'; readonly owner: string; readonly why: string }
  | ({
      readonly type: 'mark-sent';
      readonly owner: string;
      readonly signedTimestampMs: number;
      readonly recvWindowMs: number;
      readonly deadlineAtMs: number;
    } & PeopleNow)
  | ({ readonly type: 'rehearse'; readonly owner: string } & PeopleNow)
  | { readonly type: 'never-sent'; readonly owner: string; readonly why: string }
  /**
   * The sending process's marker, and the answer when there is one. Restores the marker if Redis lost it.
   */
  | { readonly type: 'record-answer'; readonly mark: SentMark; readonly answer: ExchangeAnswer | null }
  | { readonly type: 'lose-track' }
  /** `afterAnswer`: the record already had the answer when the look began. */
  | { readonly type: 'read-back'; readonly seen: ReadBackSighting; readonly afterAnswer: boolean }
  | { readonly type: 'page-people' }
  | ({
      readonly type: 'settle';
      readonly by: Person;
      readonly verdict: Verdict;
      readonly note: string;
    } & VotersNow)
  | {
      readonly type: 'note-refusal';
      readonly by: PersonId;
      readonly attempted: string;
      readonly refusal: RefusalCode;
    };

/** The result of a look at the exchange's own record. `readAtMs` is exchange time. */
export type ReadBackSighting =
  | { readonly kind: 'in-closed-list'; readonly evidence: ClosedEvidence }
  | { readonly kind: 'still-active'; readonly readAtMs: number }
  | { readonly kind: 'neither' }
  /** In the closed list, but also in the list of active units. */
  | { readonly kind: 'in-both-lists' }
  | { readonly kind: 'unreadable'; readonly why: string };

export type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;
