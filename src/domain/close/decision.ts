/** The rule's decisions, and how approvals are counted. */

import { type PersonId, personKey } from '../person.ts';
import type { Refusal } from '../refusal.ts';
import type { CloseRequest, Ending, PeopleNow, RequestEvent, VoidedVote, Vote } from './close-request.ts';
import { type Facts, isRepaid } from './facts.ts';

export type Decision =
  | {
      readonly ok: true;
      readonly next: CloseRequest;
      readonly event: RequestEvent;
      /** The store refuses the change from this time on, by its own clock; null: no deadline. */
      readonly notAfterMs: number | null;
    }
  | { readonly ok: false; readonly refusal: Refusal };

export type Changes = Partial<
  Omit<CloseRequest, 'id' | 'groupId' | 'requester' | 'policy' | 'revision' | 'audit' | 'schema'>
>;

export function to(
  request: CloseRequest,
  changes: Changes,
  event: RequestEvent,
  notAfterMs: number | null = null,
): Decision {
  return { ok: true, next: { ...request, ...changes }, event, notAfterMs };
}

export function no(refusal: Refusal): Decision {
  return { ok: false, refusal };
}

export function end(state: CloseRequest['state'], ending: Ending): Changes {
  return { state, ending, claim: null, obstacle: null };
}

export function idOf({ teamId, userId }: PersonId): PersonId {
  return { teamId, userId };
}

export function keyOf(request: CloseRequest, person: PersonId): string {
  return personKey(person.userId, request.policy.samePerson);
}

export function isUnsent(request: CloseRequest): boolean {
  return (
    request.state === 'pending' ||
    request.state === 'approved' ||
    (request.state === 'sending' && request.sent === null)
  );
}

/** Votes that still count, and those whose voter is no longer eligible. */
export function splitVotes(
  request: CloseRequest,
  eligible: ReadonlySet<string>,
  nowMs: number,
): { kept: Vote[]; dropped: VoidedVote[] } {
  const kept: Vote[] = [];
  const dropped: VoidedVote[] = [];
  for (const vote of request.votes) {
    if (eligible.has(vote.voter.userId)) kept.push(vote);
    else dropped.push({ ...vote, voidedAtMs: nowMs, because: 'no-longer-eligible' });
  }
  return { kept, dropped };
}

/** People who approved, each counted once across their accounts. */
export function countApprovals(
  { policy }: Pick<CloseRequest, 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
): number {
  return new Set(votes.map(({ voter }) => personKey(voter.userId, policy.samePerson))).size;
}

/** Enough votes, and requester and voters are at least two people, whatever the settings say. */
export function isDecided(
  request: Pick<CloseRequest, 'requester' | 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
): boolean {
  const people = countApprovals(request, [...votes, { voter: request.requester }]);
  return countApprovals(request, votes) >= request.policy.quorum && people >= 2;
}

export function tooFewApprovals(
  request: Pick<CloseRequest, 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
): Refusal {
  const { quorum } = request.policy;
  return { code: 'too-few-approvals', approvals: countApprovals(request, votes), quorum };
}

/** Refuses to send if the requester may no longer ask or too few of the votes count now. */
export function refuseSending(
  request: CloseRequest,
  { eligible, requesterMayAsk }: PeopleNow,
  nowMs: number,
): Refusal | null {
  if (!requesterMayAsk) return { code: 'requester-not-allowed' };
  const { kept } = splitVotes(request, eligible, nowMs);
  return isDecided(request, kept) ? null : tooFewApprovals(request, kept);
}

/** Waits for approvals that nobody can give, because the unit owes. Derived from what is stored, never stored itself. */
export function isBlocked({ state, facts }: Pick<CloseRequest, 'state' | 'facts'>): boolean {
  return state === 'pending' && !isRepaid(facts);
}

/** Only a repaid unit can be closed. */
export function refuseOwing(facts: Facts): Refusal | null {
  if (isRepaid(facts)) return null;
  const { groupId, liabilities, totalLiability } = facts;
  return { code: 'owes', groupId, liabilities, totalLiability };
}
