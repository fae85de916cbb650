/**
 * Delivers the notices of the outbox to Slack, in order for each request, drawn from the record as it is then. Only an
 * answer about this message or this recipient makes a notice final; everything else is retried, and what Slack still
 * refuses is kept and retried every few minutes. A failed delivery changes no decision; only a card that cannot be
 * posted at all ends its request.
 */
import type { CloseRequest, RequestEventType } from '../domain/close/close-request.ts';
import { isTerminal } from '../domain/close/close-state.ts';
import { isBlocked } from '../domain/close/decision.ts';
import type { Notice } from '../domain/close/notices.ts';
import type { Access } from './access.ts';
import {
  type CloseRequestStore,
  type Delivery,
  type DeskEvents,
  type LeasedItem,
  type Log,
  type Notifier,
  type Outbox,
  type OutboxItem,
  type StoredRequest,
  type TakenItem,
  UnreadableRecord,
  type WithRequest,
} from './ports.ts';
import type { RequestBook } from './request-book.ts';

const LEASE_MS = 30_000;
const AT_ONCE = 10;
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** What is refused for a reason of its own (a channel, a scope) blocks those behind it for so long. */
const KEPT_AFTER_MS = 60_000;
/** While Slack accepts nothing at all, the order is kept for so long. */
const KEPT_AFTER_OUTAGE_MS = 24 * 3_600_000;
/** A kept notice that is still refused after this is given up. */
const GIVEN_UP_AFTER_MS = 7 * 24 * 3_600_000;
const DRAWINGS_REMEMBERED = 500;
/**
 * What a replica cannot read or draw is left to others (of another version, or with a newer key) for ten minutes, longer
 * than a rolling upgrade: often, so that a newer replica among many old ones gets its turn. Then it is set aside.
 */
const LEFT_FOR_MS = 5_000;
const LEFT_AT_MOST = 120;

export interface DeliverOutboxParts {
  readonly outbox: Outbox;
  readonly store: CloseRequestStore;
  readonly book: RequestBook;
  readonly access: Access;
  readonly notifier: Notifier;
  readonly log: Log;
  readonly withRequest: WithRequest;
  readonly events: Pick<DeskEvents, 'noticeMissed'>;
}

/** The notice or record is damaged or of a newer version. Says why. */
interface Undrawable {
  readonly undrawable: string;
}

/** Delivers what is due, for one request or for all, and returns how many items it handled. */
export type DeliverOutbox = (requestId?: string) => Promise<number>;

export function createDeliverOutbox(parts: DeliverOutboxParts): DeliverOutbox {
  const { outbox, store, book, notifier, log } = parts;
  /**
   * The newest audit seal when this process last drew each request. Not the revision: a store that lost its last writes
   * can give the same revision to another record.
   */
  const drawn = new Map<string, string>();

  /** Null: it is no longer needed. */
  async function deliver(
    item: OutboxItem,
    { request, nowMs }: StoredRequest,
  ): Promise<Delivery | Undrawable | null> {
    const { notice } = item;
    // Without a card there is no thread; a request that ended before its card was posted needs none.
    if (notice.kind === 'thread' && request.card === null) return null;
    if (notice.kind === 'card') {
      if (request.card === null && isTerminal(request.state)) return null;
      // Several changes in a row need one edit, unless a redraw was asked for.
      if (item.origin === 'change' && drawn.get(request.id) === request.audit.seal) return null;
    }
    if (notice.kind === 'approvers' && !isStillAsked(notice.event.type, request, nowMs)) return null;
    if (notice.kind === 'thread') return draw(notice, request, null);
    const isKnown = notice.kind === 'direct' && hasPartIn(request, notice.to.userId);
    if (isKnown) return draw(notice, request, null);
    const eligible = await parts.access.eligibleFor(request.policy, request.requester);
    const approvers = eligible.ok ? eligible.value : null;
    if (notice.kind === 'direct' && approvers?.has(notice.to.userId) !== true) {
      const why = 'the recipient has no part in this request';
      return { ok: false, retry: approvers === null, onlyThis: true, why, retryAfterMs: null };
    }
    return draw(notice, request, approvers);
  }

  async function draw(
    notice: Notice,
    request: CloseRequest,
    approvers: ReadonlySet<string> | null,
  ): Promise<Delivery | Undrawable> {
    try {
      return await notifier.deliver(notice, request, approvers);
    } catch (error) {
      // A refusal from Slack is a value, so only drawing throws.
      return { undrawable: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown' };
    }
  }

  async function giveUp(item: OutboxItem, why: string): Promise<boolean> {
    const { requestId, notice } = item;
    log.error({ requestId, notice: notice.kind, why }, 'message given up');
    parts.events.noticeMissed({ notice: notice.kind, outcome: 'given-up' });
    await endWithoutCard(item, why);
    return outbox.done(item);
  }

  async function endWithoutCard({ requestId, notice }: OutboxItem, why: string): Promise<void> {
    if (notice.kind === 'card') await book.apply(requestId, () => ({ type: 'give-up-card', why }));
  }

  async function keep(item: OutboxItem, request: CloseRequest, why: string): Promise<boolean> {
    const { requestId, notice } = item;
    const fields = { requestId, notice: notice.kind, why };
    await outbox.keep(item);
    if (item.origin === 'kept') {
      log.warn(fields, 'kept message still refused');
      return true;
    }
    log.error(fields, 'message kept');
    parts.events.noticeMissed({ notice: notice.kind, outcome: 'kept' });
    if (notice.kind === 'card' && request.card === null) await tellWaitingRequester(request, why);
    return true;
  }

  /** Their request is recorded but has no card. One try, as they are told when it ends in any case. */
  async function tellWaitingRequester(request: CloseRequest, why: string): Promise<void> {
    const atMs = await store.nowMs();
    const event = { type: 'card-undeliverable', by: null, why, atMs } as const;
    const told = await draw({ kind: 'direct', to: request.requester, event }, request, null);
    if (!('ok' in told && told.ok)) log.warn({ requestId: request.id }, 'requester could not be notified');
  }

  async function retry(
    item: OutboxItem,
    { request, nowMs }: StoredRequest,
    failure: Failure,
  ): Promise<boolean> {
    const { why } = failure;
    const ageMs = nowMs - item.createdAtMs;
    const isKept = item.origin === 'kept';
    if (isKept && ageMs >= GIVEN_UP_AFTER_MS) return giveUp(item, why);
    const patienceMs = failure.onlyThis === true ? KEPT_AFTER_MS : KEPT_AFTER_OUTAGE_MS;
    if (isKept || ageMs >= patienceMs) return keep(item, request, why);
    const backOff = Math.min(FIRST_DELAY_MS * 2 ** Math.min(item.attempts, 10), LONGEST_DELAY_MS);
    log.warn(
      { requestId: item.requestId, notice: item.notice.kind, why },
      'message delivery failed, will retry',
    );
    await outbox.retry(item, Math.max(failure.retryAfterMs ?? 0, backOff));
    return false;
  }

  /** True: it is set aside. */
  async function leaveOrSetAside(item: LeasedItem, why: string): Promise<boolean> {
    const { requestId, timesLeft } = item;
    if (timesLeft < LEFT_AT_MOST) {
      const leftForMs = LEFT_AT_MOST * LEFT_FOR_MS;
      if (timesLeft === 0)
        log.warn({ requestId, why, leftForMs }, 'unreadable notice left to other replicas');
      await outbox.leave(item, LEFT_FOR_MS);
      return false;
    }
    const isSetAside = await outbox.setAside(item);
    if (isSetAside) log.error({ requestId, why }, 'unreadable notice set aside');
    return isSetAside;
  }

  /** True: the next item of the same request may be due now. */
  async function handle(item: TakenItem): Promise<boolean> {
    const { notice, stored } = item;
    if (notice.kind === 'unreadable') return leaveOrSetAside(item, notice.why);
    try {
      if (stored instanceof UnreadableRecord) throw stored;
      return await handleOn({ ...item, notice }, stored);
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      // No message is drawn from such a record, and other requests don't wait for it.
      return leaveOrSetAside(item, error.what);
    }
  }

  async function handleOn(item: OutboxItem, found: StoredRequest | null): Promise<boolean> {
    if (found === null) return outbox.done(item);
    const stored = { ...found, request: book.underRule(found.request) };
    const { request } = stored;
    const delivery = await deliver(item, stored);
    if (delivery === null) return outbox.done(item);
    if ('undrawable' in delivery) {
      const isSetAside = await leaveOrSetAside(item, delivery.undrawable);
      if (isSetAside) await endWithoutCard(item, 'it could not be drawn');
      return isSetAside;
    }
    if (!delivery.ok) return delivery.retry ? retry(item, stored, delivery) : giveUp(item, delivery.why);
    const { card } = delivery;
    if (item.notice.kind === 'card') remember(request);
    if (card !== null) await book.applyTo(found, () => ({ type: 'record-card', card }));
    return outbox.done(item);
  }

  function remember({ id, audit }: CloseRequest): void {
    drawn.delete(id);
    drawn.set(id, audit.seal);
    const [oldest] = drawn.keys();
    if (drawn.size > DRAWINGS_REMEMBERED && oldest !== undefined) drawn.delete(oldest);
  }

  return async (requestId) => {
    let handled = 0;
    for (;;) {
      const items = await outbox.take(LEASE_MS, AT_ONCE, requestId);
      const goOn = await Promise.all(
        items.map((item) => parts.withRequest(item.requestId, () => handle(item))),
      );
      handled += items.length;
      if (items.length === 0 || (requestId !== undefined && !goOn.includes(true))) return handled;
    }
  };
}

/** A call for a decision is dropped once it is made, or while no one can make it. */
function isStillAsked(event: RequestEventType, request: CloseRequest, nowMs: number): boolean {
  switch (event) {
    case 'opened':
    case 'reminded':
    case 'facts-changed':
      return request.state === 'pending' && !isBlocked(request) && nowMs < request.expiresAtMs;
    case 'mark-restored':
      return true;
    default:
      return request.state === 'unknown';
  }
}

type Failure = Extract<Delivery, { ok: false }>;

/** The recipient in the outbox is not trusted alone: a full message goes only to people of the request. */
function hasPartIn({ requester, votes, voidedVotes }: CloseRequest, userId: string): boolean {
  const voters = [...votes, ...voidedVotes].map(({ voter }) => voter);
  return [requester, ...voters].some((person) => person.userId === userId);
}
