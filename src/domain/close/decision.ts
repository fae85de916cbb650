/** What the rule's parts share: a decision and how it is built, and what state and facts allow. */

import { type PersonId, personKey } from '../person.ts';
import type { Refusal } from '../refusal.ts';
import type { CloseRequest, Ending, RequestEvent } from './close-request.ts';
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
