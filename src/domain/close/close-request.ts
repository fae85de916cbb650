/**
 * A request to close a risk unit: its record, its states, and what follows from the record alone. The rule that
 * moves it from state to state is `decide` in close-rule.ts; docs/design.md has the diagram of the states.
 */
import type { LongId } from '../amount.ts';
import type { PersonId } from '../person.ts';
import { type ClosePolicy, narrower } from '../policy.ts';
import type { RefusalCode } from '../refusal.ts';
import { type CloseState, isTerminal } from './close-state.ts';
import type { ClosedEvidence } from './closed-evidence.ts';
import type { FactChange, Facts } from './facts.ts';

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

/** Reminders fall due at half and at 80 % of the lifetime. */
export function reminderAtMs(request: CloseRequest, stage: 'half' | 'eighty'): number {
  const lifetimeMs = request.expiresAtMs - request.createdAtMs;
  return request.createdAtMs + Math.floor(stage === 'half' ? lifetimeMs / 2 : (lifetimeMs * 4) / 5);
}

/** How long after the send people are told that the outcome is still not known. */
export const UNKNOWN_PAGES_AFTER_MS = 10 * 60_000;
/**
 * How often an open request is looked at in any case, and compared with the closed list to notice a close made
 * elsewhere. Nothing is put off further: a time that a wrong clock left in a record must not hold it up for hours.
 */
export const LOOKED_AT_EVERY_MS = 5 * 60_000;
/** The process that stored the last vote sends at once; others pick it up after this long. */
const EXECUTOR_GRACE_MS = 5_000;
/** The longer something keeps a request from being sent, the longer the pause, up to this. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Binance answers asynchronously: the closed list may take a moment. Looks fall due so long after the sending, then
 * every five minutes, whatever people do meanwhile.
 */
const LOOKS_AFTER_MS = [1, 3, 7, 15, 30, 60, 120, 180, 240, 300].map((seconds) => seconds * 1_000);
const LOOK_EVERY_MS = 300_000;
/** While the exchange cannot be read. */
const UNREADABLE_AGAIN_MS = 30_000;

function nextLookAtMs({ readBack, sent, pagedAtMs }: CloseRequest, nowMs: number): number {
  const ageMs = Math.max(0, nowMs - (sent?.atMs ?? nowMs));
  const next = (everyMs: number) => (Math.floor(ageMs / everyMs) + 1) * everyMs;
  const due = [LOOKS_AFTER_MS.find((afterMs) => afterMs > ageMs) ?? next(LOOK_EVERY_MS)];
  if (readBack.lastSeen?.kind === 'unreadable') due.push(next(UNREADABLE_AGAIN_MS));
  if (pagedAtMs === null) due.push(Math.max(ageMs, UNKNOWN_PAGES_AFTER_MS));
  return nowMs - ageMs + Math.min(...due);
}

/**
 * When the background work must look at this request again, by the store's clock; null: never. Of the request as
 * `withNarrowerPolicy` gives it.
 */
export function nextAttentionAtMs(request: CloseRequest, nowMs: number): number | null {
  const nextMs = nextReasonAtMs(request, nowMs);
  return nextMs === null ? null : Math.min(nextMs, nowMs + LOOKED_AT_EVERY_MS);
}

function nextReasonAtMs(request: CloseRequest, nowMs: number): number | null {
  switch (request.state) {
    case 'pending': {
      const due = [request.expiresAtMs];
      if (!request.reminded.half) due.push(reminderAtMs(request, 'half'));
      if (!request.reminded.eighty) due.push(reminderAtMs(request, 'eighty'));
      return Math.min(...due);
    }
    case 'approved': {
      if (request.abandonedClaims > 0) return request.expiresAtMs;
      const troubledMs = request.obstacle === null ? 0 : nowMs - request.obstacle.sinceMs;
      const pauseMs = Math.min(Math.max(troubledMs, EXECUTOR_GRACE_MS), LONGEST_PAUSE_MS);
      return Math.min(nowMs + pauseMs, request.expiresAtMs);
    }
    case 'sending':
      if (request.answer === null) return request.claim?.deadlineAtMs ?? nowMs;
      return nextLookAtMs(request, nowMs);
    case 'unknown':
      return nextLookAtMs(request, nowMs);
    default:
      return null;
  }
}
