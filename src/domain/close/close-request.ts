/**
 * A request to close a risk unit: its record, what can happen to it, and what can be asked of it. The rule that moves
 * it from state to state is `decide` in close-rule.ts.
 */
import type { LongId } from '../amount.ts';
import type { Person, PersonId } from '../person.ts';
import { type ClosePolicy, narrower } from '../policy.ts';
import type { RefusalCode } from '../refusal.ts';
import { type CloseState, isTerminal } from './close-state.ts';
import type { ClosedEvidence } from './closed-evidence.ts';
import { digestOf, type FactChange, type Facts } from './facts.ts';

export interface Vote {
  readonly voter: PersonId;
  readonly atMs: number;
  /** What was voted on: the version and digest the voter had in front of them. */
  readonly version: number;
  readonly factsDigest: string;
}

export interface VoidedVote extends Vote {
  readonly voidedAtMs: number;
  readonly because: 'facts-changed' | 'no-longer-eligible';
}

export interface CardLocation {
  readonly channelId: string;
  readonly messageTs: string;
}

/** The exchange's answer to the one DELETE, without anything secret. */
export interface ExchangeAnswer {
  readonly kind: 'closed' | 'refused' | 'not-sent' | 'unknown';
  readonly httpStatus: number | null;
  readonly exchangeCode: number | null;
  readonly meaning: string;
  readonly advice: string;
  readonly atMs: number;
}

/** Written before the DELETE leaves. `signedTimestampMs` is the exchange's time, `atMs` the store's. */
export interface SentMark {
  readonly atMs: number;
  readonly signedTimestampMs: number;
  readonly recvWindowMs: number;
}

export type Sighting = 'still-active' | 'neither' | 'in-both-lists' | 'unreadable';

/** What the looks at the exchange's own record have shown. One that shows the same as the one before is not noted. */
export interface ReadBack {
  /** Consecutive reads, late enough to prove something, in which the unit was still active and not closed. */
  readonly agreeingActiveReads: number;
  /** `why`: for `unreadable`, the reason at the first such look. */
  readonly lastSeen: { readonly kind: Sighting; readonly why: string | null } | null;
  /** When that was first seen, or last counted as proof. */
  readonly lastSeenAtMs: number | null;
}

export const NEVER_LOOKED: ReadBack = { agreeingActiveReads: 0, lastSeen: null, lastSeenAtMs: null };

export type Verdict = 'closed' | 'not-closed';

export interface CloseRequest {
  readonly schema: 1;
  readonly id: string;
  readonly groupId: LongId;
  readonly requester: PersonId;
  readonly reason: string;
  /** Frozen at the time of asking. */
  readonly policy: ClosePolicy;
  readonly state: CloseState;
  /** Counts every stored change; the store's compare-and-set compares it. */
  readonly revision: number;
  /** Counts what approvers are asked to approve; buttons carry it. Rises when a fact changes. */
  readonly version: number;
  readonly facts: Facts;
  readonly factsDigest: string;
  /** What moved since the version before; empty at version 1. */
  readonly factChanges: readonly FactChange[];
  readonly votes: readonly Vote[];
  readonly voidedVotes: readonly VoidedVote[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly card: CardLocation | null;
  readonly reminded: { readonly half: boolean; readonly eighty: boolean };
  readonly claim: { readonly owner: string; readonly deadlineAtMs: number } | null;
  /** Claims whose process stopped before anything was sent; after one, a person must start the sending again. */
  readonly abandonedClaims: number;
  /** What kept an approved request from being sent; null: nothing yet, or it is over. Approvals are kept. */
  readonly obstacle: { readonly why: string; readonly sinceMs: number } | null;
  /** Once it is there, no DELETE is ever sent for this request again. */
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
  /** How many of them were of one person, by user id. Absent: none was noted. */
  readonly refusalsNotedOf?: Readonly<Record<string, number>> | undefined;
  /** Why it ended, in the rule's words; null while open. */
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

/** What happened in one stored change: the audit records it, the thread tells it. */
export type RequestEvent = { readonly atMs: number; readonly by: PersonId | null } & (
  | { readonly type: 'opened'; readonly reason: string; readonly facts: Facts; readonly policy: ClosePolicy }
  | { readonly type: 'card-posted' }
  | { readonly type: 'card-undeliverable'; readonly why: string }
  | { readonly type: 'approved'; readonly votes: number; readonly dropped: readonly PersonId[] }
  | { readonly type: 'votes-dropped'; readonly dropped: readonly PersonId[] }
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
  /** The record had lost the mark of the DELETE, which its own process put back. */
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
 * The same request under the narrower of its own rule and the settings of now: what decides, and what people see. The
 * settings of now say nothing about what was done before them: an ended request stays as it was, and what was sent was
 * no rehearsal.
 */
export function withNarrowerPolicy(request: CloseRequest, current: ClosePolicy): CloseRequest {
  if (request.state === 'rehearsed') return { ...request, policy: { ...request.policy, mode: 'dry-run' } };
  if (isTerminal(request.state)) return request;
  const narrowed = narrower(request.policy, current);
  const policy = request.sent === null ? narrowed : { ...narrowed, mode: request.policy.mode };
  const expiresAtMs = Math.min(request.expiresAtMs, request.createdAtMs + current.expiresAfterMs);
  return { ...request, policy, expiresAtMs };
}

/** In UTF-16 units. Longer reasons are refused; Slack cuts a command's text at about this length anyway. */
export const LONGEST_REASON = 4_000;

/** The store sets revision and audit when it takes the record in. `nowMs` is the store's clock. */
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

/** Who counts, looked up just now. */
export interface PeopleNow {
  /** Accounts that are on both lists of approvers, the frozen one and the one of now, and may vote on this request. */
  readonly eligible: ReadonlySet<string>;
  /** The requester is still a requester and a full member. */
  readonly requesterMayAsk: boolean;
}

export type Command =
  | { readonly type: 'record-card'; readonly card: CardLocation }
  | { readonly type: 'give-up-card'; readonly why: string }
  | ({
      readonly type: 'approve';
      readonly by: Person;
      readonly version: number;
      readonly factsDigest: string;
    } & PeopleNow)
  | {
      readonly type: 'reject';
      readonly by: Person;
      readonly version: number;
      readonly reason: string;
      readonly eligible: ReadonlySet<string>;
    }
  | { readonly type: 'withdraw'; readonly by: Person }
  | { readonly type: 'expire' }
  | { readonly type: 'remind'; readonly stage: 'half' | 'eighty' }
  | { readonly type: 'replace-facts'; readonly facts: Facts }
  | ({ readonly type: 'recount-votes' } & PeopleNow)
  | { readonly type: 'supersede'; readonly evidence: ClosedEvidence }
  | {
      readonly type: 'claim';
      readonly owner: string;
      readonly deadlineAtMs: number;
      /** The person who starts it on the card they saw; null: the last vote did, or a background round. */
      readonly starter: {
        readonly by: Person;
        readonly version: number;
        readonly eligible: ReadonlySet<string>;
      } | null;
    }
  | { readonly type: 'abandon-claim' }
  /** Its own process could not go on: it is sent later, by the replica that finds the trouble gone. */
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
   * What the sending process knows: its mark, and the answer when there is one. A record that lost the mark (Redis
   * lost its last second) gets it back.
   */
  | { readonly type: 'record-answer'; readonly mark: SentMark; readonly answer: ExchangeAnswer | null }
  | { readonly type: 'lose-track' }
  /** `afterAnswer`: the answer that the record holds was there before the look began. */
  | { readonly type: 'read-back'; readonly seen: ReadBackSighting; readonly afterAnswer: boolean }
  | { readonly type: 'page-people' }
  | {
      readonly type: 'settle';
      readonly by: Person;
      readonly verdict: Verdict;
      readonly note: string;
      readonly eligible: ReadonlySet<string>;
    }
  | {
      readonly type: 'note-refusal';
      readonly by: PersonId;
      readonly attempted: string;
      readonly refusal: RefusalCode;
    };

/** What a look at the exchange's own record showed. `readAtMs` is exchange time. */
export type ReadBackSighting =
  | { readonly kind: 'in-closed-list'; readonly evidence: ClosedEvidence }
  | { readonly kind: 'still-active'; readonly readAtMs: number }
  | { readonly kind: 'neither' }
  /** In the closed list as it should be, and in the list of active units, too. */
  | { readonly kind: 'in-both-lists' }
  | { readonly kind: 'unreadable'; readonly why: string };

export type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;
