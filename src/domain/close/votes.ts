/** Which votes count, how many people they are, and whether they are enough. */

import { personKey } from '../person.ts';
import type { Refusal } from '../refusal.ts';
import type { CloseRequest, PeopleNow, VoidedVote, Vote } from './close-request.ts';

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
