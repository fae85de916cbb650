/** Which votes count, how many people they are, and whether they are enough. */

import { accountsByPerson, personKey } from '../person.ts';
import type { Refusal } from '../refusal.ts';
import type { CloseRequest, PeopleNow, VoidedVote, Vote } from './close-request.ts';
import { areFilled, openNeeds, type PersonAccounts } from './seats.ts';

/** Votes that still count, and those whose voter is no longer eligible, or no longer stands in for whom they did. */
export function splitVotes(
  request: CloseRequest,
  { eligible, pairs = [] }: Pick<PeopleNow, 'eligible' | 'pairs'>,
  nowMs: number,
): { kept: Vote[]; dropped: VoidedVote[] } {
  const kept: Vote[] = [];
  const dropped: VoidedVote[] = [];
  for (const vote of request.votes) {
    const { voter, inPlaceOf } = vote;
    const standsIn = pairs.some(
      ({ approver, standIn }) => standIn === voter.userId && approver === inPlaceOf,
    );
    if (eligible.has(voter.userId) && (inPlaceOf === undefined || standsIn)) kept.push(vote);
    else dropped.push({ ...vote, voidedAtMs: nowMs, because: 'no-longer-eligible' });
  }
  return { kept, dropped };
}

/** In whose place this person approves; undefined: in their own. */
export function inWhosePlace(pairs: PeopleNow['pairs'], userId: string): string | undefined {
  return pairs.find(({ standIn }) => standIn === userId)?.approver;
}

/** People who approved, each counted once across their accounts. */
export function countApprovals(
  { policy }: Pick<CloseRequest, 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
): number {
  return new Set(votes.map(({ voter }) => personKey(voter.userId, policy.samePerson))).size;
}

/** The accounts with which each person voted. */
export function votersOf(
  { policy }: Pick<CloseRequest, 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
): readonly PersonAccounts[] {
  return accountsByPerson(
    votes.map(({ voter }) => voter.userId),
    policy.samePerson,
  );
}

/**
 * Enough votes, of the people that each rule asks for, and requester and voters are at least two people, whatever the
 * settings say. Without `seats` only the number is judged: for places that look before the people are looked up.
 */
export function isDecided(
  request: Pick<CloseRequest, 'requester' | 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
  seats: PeopleNow['seats'] = [],
): boolean {
  const people = countApprovals(request, [...votes, { voter: request.requester }]);
  if (countApprovals(request, votes) < request.policy.quorum || people < 2) return false;
  const voters = votersOf(request, votes);
  return seats.every((rule) => areFilled(rule, voters));
}

export function tooFewApprovals(
  request: Pick<CloseRequest, 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
  seats: PeopleNow['seats'] = [],
): Refusal {
  const { quorum } = request.policy;
  const voters = votersOf(request, votes);
  const open = seats.map((rule) => openNeeds(rule, voters)).find((needs) => needs.length > 0);
  const approvals = countApprovals(request, votes);
  return { code: 'too-few-approvals', approvals, quorum, ...(open !== undefined && { open }) };
}

/** From when on an approved request may be sent: its last approval and the time in which it can be stopped. */
export function sendsFromMs({ votes, policy }: Pick<CloseRequest, 'votes' | 'policy'>): number {
  return Math.max(0, ...votes.map(({ atMs }) => atMs)) + (policy.delayMs ?? 0);
}

/** Refuses to send if the requester may no longer ask or too few of the votes count now. */
export function refuseSending(request: CloseRequest, people: PeopleNow, nowMs: number): Refusal | null {
  const { requesterMayAsk, seats } = people;
  if (!requesterMayAsk) return { code: 'requester-not-allowed' };
  const { kept } = splitVotes(request, people, nowMs);
  if (!isDecided(request, kept, seats)) return tooFewApprovals(request, kept, seats);
  const untilMs = sendsFromMs({ ...request, votes: kept });
  return nowMs < untilMs ? { code: 'cooling-off', untilMs } : null;
}
