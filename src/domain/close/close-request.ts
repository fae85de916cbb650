/**
 * A request to close a risk unit: its record, its states, and what follows from the record alone. The rule that
 * moves it from state to state is `decide` in close-rule.ts; the drawing of the states is in the README.
 */
import type { LongId } from '../amount.ts';
import type { ClosePolicy, PersonId } from '../policy.ts';
import type { RefusalCode } from '../refusal.ts';
import type { UnitLife } from '../unit/close-evidence.ts';
import type { ClosedUnit } from '../unit/risk-unit.ts';
import type { FactChange, Facts } from './facts.ts';

export type CloseState =
  | 'pending'
  | 'approved'
  /** Claimed by one process; `sent` tells whether the DELETE may have left. */
  | 'sending'
  | 'unknown'
  | 'closed'
  /** The end of a dry run: everything but the DELETE. */
  | 'rehearsed'
  | 'failed'
  | 'rejected'
  | 'withdrawn'
  | 'expired'
  | 'superseded';

export const TERMINAL_STATES = [
  'closed',
  'rehearsed',
  'failed',
  'rejected',
  'withdrawn',
  'expired',
  'superseded',
] as const satisfies readonly CloseState[];

export function isTerminal(state: CloseState): boolean {
  return (TERMINAL_STATES as readonly CloseState[]).includes(state);
}

export interface Vote {
  readonly voter: PersonId;
  readonly atMs: number;
  /** What was voted on: the version and digest the voter had in front of them. */
  readonly version: number;
  readonly factsDigest: string;
}

export interface VoidedVote extends Vote {
  readonly voidedAtMs: number;
  readonly because: 'facts-changed' | 'facts-unreadable' | 'no-longer-eligible';
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

/** How `lastSeen` begins after a look that could not be made. */
export const UNREADABLE = 'unreadable';

export interface ReadBack {
  /** Looks that saw something; they set the pace of the next ones. */
  readonly checks: number;
  /** Consecutive reads, late enough to prove something, in which the unit was still active and not closed. */
  readonly agreeingActiveReads: number;
  readonly lastCheckAtMs: number | null;
  readonly lastSeen: string | null;
}

export interface ClosedEvidence {
  readonly groupId: LongId;
  readonly creditEmail: string;
  readonly createdAtMs: number;
  readonly closedAtMs: number;
}

export function evidenceOf({ groupId, creditEmail, createdAtMs, closedAtMs }: ClosedUnit): ClosedEvidence {
  return { groupId, creditEmail, createdAtMs, closedAtMs };
}

/** The life of the unit that this request is about: what ended it must have happened after it was seen active. */
export function lifeOf({ facts }: Pick<CloseRequest, 'facts'>): UnitLife {
  return { creditAccount: facts.creditAccount, activeAtMs: facts.readAtMs };
}

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
  /** Written before the DELETE leaves. Once it stands, no DELETE is ever sent for this request again. */
  readonly sent: {
    readonly atMs: number;
    readonly signedTimestampMs: number;
    readonly recvWindowMs: number;
  } | null;
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
      /** Null: they could not be read. */
      readonly facts: Facts | null;
      readonly changes: readonly FactChange[];
      readonly unreadable: string | null;
      readonly voided: readonly PersonId[];
    }
  | { readonly type: 'superseded'; readonly evidence: ClosedEvidence }
  | { readonly type: 'claimed'; readonly owner: string }
  | { readonly type: 'claim-abandoned'; readonly owner: string }
  | { readonly type: 'sent'; readonly signedTimestampMs: number; readonly recvWindowMs: number }
  | { readonly type: 'rehearsed' }
  | { readonly type: 'never-sent'; readonly why: string }
  | { readonly type: 'answered'; readonly answer: ExchangeAnswer }
  | { readonly type: 'lost-track' }
  | { readonly type: 'read-back'; readonly seen: string; readonly evidence: ClosedEvidence | null }
  | { readonly type: 'people-paged' }
  | { readonly type: 'settlement-proposed'; readonly verdict: Verdict; readonly note: string }
  | { readonly type: 'settled'; readonly verdict: Verdict; readonly note: string }
  | { readonly type: 'refused'; readonly attempted: string; readonly refusal: RefusalCode }
);

export type RequestEventType = RequestEvent['type'];

/** Reminders fall due at half and at 80 % of the lifetime. */
export function reminderAtMs(request: CloseRequest, stage: 'half' | 'eighty'): number {
  const lifetimeMs = request.expiresAtMs - request.createdAtMs;
  return request.createdAtMs + Math.floor(stage === 'half' ? lifetimeMs / 2 : (lifetimeMs * 4) / 5);
}

/** How long after the send people are told that the outcome is still not known. */
export const UNKNOWN_PAGES_AFTER_MS = 10 * 60_000;
/** How often an open request is compared with the closed list, to notice a close made elsewhere. */
const ELSEWHERE_CHECK_EVERY_MS = 5 * 60_000;
/** The process that stored the last vote sends at once; others pick it up after this long. */
const EXECUTOR_GRACE_MS = 5_000;
/** Binance answers asynchronously: the closed list may take a moment (research: poll 1, 2, 4, 8, 15 s). */
const READ_BACK_STEPS_MS = [
  1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000, 60_000, 60_000, 300_000,
] as const;

export function readBackDelayMs(checks: number): number {
  return READ_BACK_STEPS_MS[Math.min(checks, READ_BACK_STEPS_MS.length - 1)] ?? 300_000;
}

/** An exchange that could not be read is asked again after this long, however many looks there were before. */
const UNREADABLE_AGAIN_MS = 30_000;

/** Counted from the last look: what people do meanwhile must not put it off. */
function nextLookAtMs({ readBack, sent }: CloseRequest, nowMs: number): number {
  const lastMs = readBack.lastCheckAtMs ?? sent?.atMs ?? nowMs;
  const pauseMs = readBack.lastSeen?.startsWith(UNREADABLE)
    ? UNREADABLE_AGAIN_MS
    : readBackDelayMs(readBack.checks);
  return Math.max(nowMs, lastMs + pauseMs);
}

/** When the background work must look at this request again, by the store's clock; null: never. */
export function nextAttentionAtMs(request: CloseRequest, nowMs: number): number | null {
  switch (request.state) {
    case 'pending': {
      const due = [request.expiresAtMs, nowMs + ELSEWHERE_CHECK_EVERY_MS];
      if (!request.reminded.half) due.push(reminderAtMs(request, 'half'));
      if (!request.reminded.eighty) due.push(reminderAtMs(request, 'eighty'));
      return Math.min(...due);
    }
    case 'approved':
      return request.abandonedClaims > 0
        ? request.expiresAtMs
        : Math.min(nowMs + EXECUTOR_GRACE_MS, request.expiresAtMs);
    case 'sending':
      if (request.answer === null) return request.claim?.deadlineAtMs ?? nowMs;
      return nextLookAtMs(request, nowMs);
    case 'unknown':
      return nextLookAtMs(request, nowMs);
    default:
      return null;
  }
}
