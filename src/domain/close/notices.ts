/**
 * What people are told after a stored change, as data: which messages, not their words. Stored in the outbox in the
 * same script as the change, delivered later, drawn from the record as it is then.
 */

import type { PersonId } from '../person.ts';
import type { CloseRequest, RequestEvent } from './close-request.ts';

export type Notice =
  /** Post the card, or redraw it from the record. */
  | { readonly kind: 'card' }
  /** A reply in the card's thread that tells the event. */
  | { readonly kind: 'thread'; readonly event: RequestEvent }
  /** A direct message that tells the event to one person. */
  | { readonly kind: 'direct'; readonly to: PersonId; readonly event: RequestEvent }
  /** A direct message to everyone who may still vote (resolved when it is delivered). */
  | { readonly kind: 'approvers'; readonly event: RequestEvent };

/** Outcomes and lost votes concern the requester and the voters; progress stays in the thread. */
export function noticesFor(next: CloseRequest, event: RequestEvent): Notice[] {
  const card: Notice = { kind: 'card' };
  const thread: Notice = { kind: 'thread', event };
  const requester: Notice = { kind: 'direct', to: next.requester, event };
  const direct = (people: readonly PersonId[]): Notice[] =>
    people.map((to) => ({ kind: 'direct', to, event }));
  switch (event.type) {
    case 'opened':
      return [card];
    case 'card-posted':
      return [];
    case 'card-undeliverable':
      return [requester];
    case 'approved':
      return [card, thread, ...direct(event.dropped)];
    case 'votes-dropped':
      return [card, thread, ...(event.dropped.length === 0 ? [requester] : direct(event.dropped))];
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
      return [thread, { kind: 'approvers', event }];
    case 'facts-changed':
      return [card, thread, requester, ...direct(event.voided)];
    case 'claimed':
      return [card];
    case 'sent':
      return [card, thread];
    case 'claim-abandoned':
      return [card, thread, requester];
    case 'answered':
      return [card, thread, ...(next.state === 'sending' ? [] : [requester])];
    case 'claim-released':
      // Once for each trouble, however often it is met.
      return next.obstacle?.sinceMs === event.atMs ? [card, thread, requester] : [card];
    case 'mark-restored':
      return [card, thread, requester, { kind: 'approvers', event }];
    case 'lost-track':
      return [
        card,
        thread,
        requester,
        ...(next.pagedAtMs === event.atMs ? [{ kind: 'approvers', event } as const] : []),
      ];
    case 'read-back':
      return next.ending === null ? [] : [card, thread, requester];
    case 'people-paged':
      return [card, thread, requester, { kind: 'approvers', event }];
    case 'settlement-proposed':
      return [card, thread];
    case 'refused':
      return [];
  }
}
