/**
 * Brings what the outbox holds to Slack, in order per request, drawn from the record as it is at that moment. A
 * failed delivery never touches a decision; only a card that cannot be posted at all ends its request.
 */
import { isTerminal } from '../domain/close/close-request.ts';
import type { Access } from './access.ts';
import type { CloseRequestStore, Delivery, Log, Notifier, Outbox, OutboxItem, WithRequest } from './ports.ts';
import type { RequestBook } from './request-book.ts';

const LEASE_MS = 30_000;
const AT_ONCE = 10;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** A card that is not up after this long will not be voted on in time: the requester is told instead. */
const CARD_GIVEN_UP_AFTER_MS = 10 * 60_000;
/** Older news is no news. */
const NOTICE_DROPPED_AFTER_MS = 24 * 3_600_000;

export interface DeliverOutboxParts {
  readonly outbox: Outbox;
  readonly store: CloseRequestStore;
  readonly book: RequestBook;
  readonly access: Access;
  readonly notifier: Notifier;
  readonly log: Log;
  readonly withRequest: WithRequest;
}

/** It cannot be put into words: it is damaged, or of a newer version. Says why. */
interface Undrawable {
  readonly undrawable: string;
}

/** Delivers what is due (of one request, or of all) and answers how many items it handled. */
export type DeliverOutbox = (requestId?: string) => Promise<number>;

export function createDeliverOutbox(parts: DeliverOutboxParts): DeliverOutbox {
  const { outbox, store, book, notifier, log } = parts;

  /** Null: nobody needs to hear of it any more. */
  async function deliver(item: OutboxItem): Promise<Delivery | Undrawable | null> {
    const stored = await store.load(item.requestId);
    if (stored === null) return null;
    const request = book.underRule(stored.request);
    // Without a card there is no thread; a request that ended before its card was up needs none.
    if (item.notice.kind === 'thread' && request.card === null) return null;
    if (item.notice.kind === 'card' && request.card === null && isTerminal(request.state)) return null;
    let approvers: ReadonlySet<string> | null = null;
    if (item.notice.kind === 'approvers' || item.notice.kind === 'card') {
      const eligible = await parts.access.eligibleFor(request.policy, request.requester);
      approvers = eligible.ok ? eligible.value : null;
    }
    try {
      return await notifier.deliver(item.notice, request, approvers);
    } catch (error) {
      // What Slack refuses is an answer, so this is the drawing.
      return { undrawable: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' };
    }
  }

  async function giveUp(item: OutboxItem, why: string): Promise<void> {
    log.error(
      { requestId: item.requestId, notice: item.notice.kind, why },
      'a message could not be delivered',
    );
    await endWithoutCard(item, why);
    await outbox.done(item);
  }

  async function endWithoutCard({ requestId, notice }: OutboxItem, why: string): Promise<void> {
    if (notice.kind === 'card') await book.apply(requestId, () => ({ type: 'give-up-card', why }));
  }

  async function handle(item: OutboxItem, nowMs: number): Promise<void> {
    const delivery = await deliver(item);
    if (delivery === null) {
      await outbox.done(item);
    } else if ('undrawable' in delivery) {
      if ((await outbox.unreadable(item, delivery.undrawable)) === 'set-aside')
        await endWithoutCard(item, 'it could not be drawn');
    } else if (delivery.ok) {
      const { card } = delivery;
      if (card !== null) await book.apply(item.requestId, () => ({ type: 'record-card', card }));
      await outbox.done(item);
    } else if (!delivery.retry || nowMs - item.createdAtMs >= patienceMs(item)) {
      await giveUp(item, delivery.why);
    } else {
      const backOff = Math.min(FIRST_DELAY_MS * 2 ** Math.min(item.attempts, 10), LONGEST_DELAY_MS);
      log.warn(
        { requestId: item.requestId, notice: item.notice.kind, why: delivery.why },
        'delivery is tried again',
      );
      await outbox.retry(item, Math.max(delivery.retryAfterMs ?? 0, backOff));
    }
  }

  return async (requestId) => {
    let handled = 0;
    for (;;) {
      const items = await outbox.take(LEASE_MS, AT_ONCE, requestId);
      if (items.length === 0) return handled;
      const nowMs = await store.nowMs();
      await Promise.all(items.map((item) => parts.withRequest(item.requestId, () => handle(item, nowMs))));
      handled += items.length;
    }
  };
}

function patienceMs(item: OutboxItem): number {
  return item.notice.kind === 'card' ? CARD_GIVEN_UP_AFTER_MS : NOTICE_DROPPED_AFTER_MS;
}
