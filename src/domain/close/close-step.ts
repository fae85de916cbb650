/** The small steps every part of the rule is made of. */

import { type PersonId, personKey } from '../policy.ts';
import type { Refusal } from '../refusal.ts';
import type { CloseRequest, Ending, RequestEvent, VoidedVote, Vote } from './close-request.ts';

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
  return { state, ending, claim: null };
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
    if (eligible.has(keyOf(request, vote.voter))) kept.push(vote);
    else dropped.push({ ...vote, voidedAtMs: nowMs, because: 'no-longer-eligible' });
  }
  return { kept, dropped };
}

/** Enough votes, and never one person alone, whatever the settings say: requester and voters are two people at least. */
export function isDecided(
  request: Pick<CloseRequest, 'requester' | 'policy'>,
  votes: readonly Pick<Vote, 'voter'>[],
): boolean {
  const key = (person: PersonId) => personKey(person.userId, request.policy.samePerson);
  const voters = new Set(votes.map(({ voter }) => key(voter)));
  const people = new Set([key(request.requester), ...voters]);
  return voters.size >= request.policy.quorum && people.size >= 2;
}
