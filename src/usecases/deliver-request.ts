/** The messages of close requests, drawn from the record as it is then. Only a card that cannot be posted ends its request. */
import type { CloseRequest, RequestEventType } from '../domain/close/close-request.ts';
import { isTerminal } from '../domain/close/close-state.ts';
import { isBlocked } from '../domain/close/decision.ts';
import type { Notice } from '../domain/close/notices.ts';
import { sendsFromMs } from '../domain/close/votes.ts';
import type { Access, Voters } from './access.ts';
import type { LeasedItem } from './outbox-ports.ts';
import { DrawnCards, drawn, type Outgoing, type Undrawable } from './outgoing.ts';
import type { CloseRequestStore, Delivery, Log, Notifier, StoredRequest } from './ports.ts';
import type { RequestBook } from './request-book.ts';

export interface RequestMessagesParts {
  readonly store: CloseRequestStore;
  readonly book: RequestBook;
  readonly access: Access;
  readonly notifier: Notifier;
  readonly log: Log;
}

export type RequestMessage = (item: LeasedItem, notice: Notice, found: StoredRequest) => Outgoing;

export function createRequestMessages(parts: RequestMessagesParts): RequestMessage {
  const { store, book, notifier, log } = parts;
  /**
   * By the newest audit seal. Not by revision: a store that lost its last writes can give the same revision to another
   * record.
   */
  const cards = new DrawnCards();

  async function send(
    item: LeasedItem,
    notice: Notice,
    { request, nowMs }: StoredRequest,
  ): Promise<Delivery | Undrawable | null> {
    // Without a card there is no thread; a request that ended before its card was posted needs none.
    if (notice.kind === 'thread' && request.card === null) return null;
    if (notice.kind === 'card') {
      if (request.card === null && isTerminal(request.state)) return null;
      // Several changes in a row need one edit, unless a redraw was asked for.
      if (item.origin === 'change' && cards.shows(request.id, request.audit.seal)) return null;
    }
    if (notice.kind === 'approvers' && !isStillAsked(notice.event.type, request, nowMs)) return null;
    if (notice.kind === 'thread') return draw(notice, request, null);
    const isKnown = notice.kind === 'direct' && hasPartIn(request, notice.to.userId);
    if (isKnown) return draw(notice, request, null);
    const found = await parts.access.votersFor(request);
    const voters = found.ok ? found.value : null;
    if (notice.kind === 'direct' && voters?.eligible.has(notice.to.userId) !== true) {
      const why = 'the recipient has no part in this request';
      return { ok: false, retry: voters === null, onlyThis: true, why, retryAfterMs: null };
    }
    return draw(notice, request, voters);
  }

  function draw(notice: Notice, request: CloseRequest, voters: Voters | null) {
    return drawn(() => notifier.deliver(notice, request, voters?.eligible ?? null, voters?.seats));
  }

  /** Their request is recorded but has no card. One try, as they are told when it ends in any case. */
  async function tellWaitingRequester(request: CloseRequest, why: string): Promise<void> {
    const atMs = await store.nowMs();
    const event = { type: 'card-undeliverable', by: null, why, atMs } as const;
    const told = await draw({ kind: 'direct', to: request.requester, event }, request, null);
    if (!('ok' in told && told.ok)) log.warn({ requestId: request.id }, 'requester could not be notified');
  }

  return (item, notice, found) => {
    const stored = { ...found, request: book.underRule(found.request) };
    const { request } = stored;
    return {
      send: () => send(item, notice, stored),
      async delivered(card) {
        if (card !== null) await book.applyTo(found, () => ({ type: 'record-card', card }));
        // Only then: a card that was posted but not recorded is looked after again.
        if (notice.kind === 'card') cards.remember(request.id, request.audit.seal);
      },
      async kept(why) {
        if (notice.kind === 'card' && request.card === null) await tellWaitingRequester(request, why);
      },
      async lost(why) {
        if (notice.kind === 'card') await book.apply(request.id, () => ({ type: 'give-up-card', why }));
      },
    };
  };
}

/** A call for a decision is dropped once it is made, or while no one can make it. */
function isStillAsked(event: RequestEventType, request: CloseRequest, nowMs: number): boolean {
  switch (event) {
    case 'opened':
    case 'reminded':
    case 'facts-changed':
      return request.state === 'pending' && !isBlocked(request) && nowMs < request.expiresAtMs;
    // To be stopped, while it can be.
    case 'approved':
      return request.state === 'approved' && nowMs < sendsFromMs(request);
    case 'mark-restored':
      return true;
    default:
      return request.state === 'unknown';
  }
}

/** The recipient in the outbox is not trusted alone: a full message goes only to people of the request. */
function hasPartIn({ requester, votes, voidedVotes }: CloseRequest, userId: string): boolean {
  const voters = [...votes, ...voidedVotes].map(({ voter }) => voter);
  return [requester, ...voters].some((person) => person.userId === userId);
}
