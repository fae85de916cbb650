/**
 * Which messages follow a stored change; their words are drawn at delivery. Stored in the outbox in the same script as
 * the change, delivered later from the record as it is then.
 */

import type { PersonId } from '../person.ts';
import type { CloseRequest, RequestEvent } from './close-request.ts';
import { isBlocked } from './decision.ts';
import { owedBefore } from './facts.ts';

export type Notice =
  /** Post the card, or redraw it from the record. */
  | { readonly kind: 'card' }
  /** A reply about the event in the card's thread. */
  | { readonly kind: 'thread'; readonly event: RequestEvent }
  /** A direct message about the event to one person. */
  | { readonly kind: 'direct'; readonly to: PersonId; readonly event: RequestEvent }
  /** A direct message to everyone who can still vote (looked up at delivery). */
  | { readonly kind: 'approvers'; readonly event: RequestEvent };

/**
 * The thread has a reply for each vote, each trouble and the outcome; progress is on the card. Outcomes and lost votes
 * concern the requester and the voters; whatever needs approvers is said to all who may vote, at once. `next` is shown as
 * the narrower rule has it.
 */
export function noticesFor(next: CloseRequest, event: RequestEvent): Notice[] {
  const card: Notice = { kind: 'card' };
  const thread: Notice = { kind: 'thread', event };
  const requester: Notice = { kind: 'direct', to: next.requester, event };
  const approvers: Notice = { kind: 'approvers', event };
  const direct = (people: readonly PersonId[]): Notice[] =>
    people.map((to) => ({ kind: 'direct', to, event }));
  switch (event.type) {
    case 'opened':
      return [card, approvers];
    case 'card-posted':
      return [];
    case 'card-undeliverable':
      return [requester];
    case 'approved': {
      // Everyone who can stop it hears that the time for it has begun.
      const isHeld = next.state === 'approved' && (next.policy.delayMs ?? 0) > 0;
      return [card, thread, ...direct(event.dropped), ...(isHeld ? [requester, approvers] : [])];
    }
    case 'votes-dropped':
      return [card, thread, ...(event.dropped.length === 0 ? [requester] : direct(event.dropped))];
    case 'unreachable':
      // Notify once when it becomes so; whom it lacks then is on the card.
      return next.unreachable?.sinceMs === event.atMs ? [card, thread, requester] : [card];
    case 'reachable':
      return [card, thread];
    case 'rejected':
    case 'expired':
    case 'superseded':
    case 'rehearsed':
    case 'never-sent':
    case 'settled':
      return [card, thread, requester];
    case 'withdrawn':
      return [card, thread];
    case 'reminded':
      return [approvers];
    case 'facts-changed': {
      if (!owedBefore(event.facts, event.changes)) return [card, thread, requester, ...direct(event.voided)];
      // Interest that grows on a blocked request is on its card; that it can be approved again is news.
      return isBlocked(next) ? [card] : [card, thread, requester, approvers];
    }
    case 'claimed':
    case 'sent':
      return [card];
    case 'claim-abandoned':
      return [card, thread, requester];
    case 'answered':
      if (next.state === 'sending') return [card];
      return [card, thread, requester, ...(next.state === 'unknown' ? [approvers] : [])];
    case 'claim-released':
      // Notify once per obstacle, not at each attempt.
      return next.obstacle?.sinceMs === event.atMs ? [card, thread, requester] : [card];
    case 'mark-restored':
    case 'lost-track':
      return [card, thread, requester, approvers];
    case 'read-back':
      return next.ending === null ? [card] : [card, thread, requester];
    case 'people-paged':
      return [card, requester, approvers];
    case 'settlement-proposed':
      return [card, thread, approvers];
    case 'refused':
      return [];
  }
}
