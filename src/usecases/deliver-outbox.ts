/**
 * Delivers the notices of the outbox to Slack, in order for each subject. Only an answer about this message or this
 * recipient makes a notice final; everything else is retried, and what Slack still refuses is kept and retried every few
 * minutes. A failed delivery changes no decision; only a card that cannot be posted at all ends its request.
 */
import { subjectField } from '../domain/subject.ts';
import { type AlertParts, createAlertMessages } from './deliver-alert.ts';
import { createRequestMessages, type RequestMessagesParts } from './deliver-request.ts';
import { type LeasedItem, mayBeThere, type Outbox, type OutboxItem, type TakenItem } from './outbox-ports.ts';
import { drawn, type Outgoing } from './outgoing.ts';
import { type Delivery, type DeskEvents, UnreadableRecord, type WithRequest } from './ports.ts';
import type { RuleNotifier } from './rule-book.ts';

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
/**
 * What a replica cannot read or draw is left to others (of another version, or with a newer key) for ten minutes, longer
 * than a rolling upgrade: often, so that a newer replica among many old ones gets its turn. Then it is set aside. Waits
 * for a summary count, too: they are 60 at most.
 */
const LEFT_FOR_MS = 5_000;
const LEFT_AT_MOST = 120;

export interface DeliverOutboxParts extends RequestMessagesParts {
  readonly outbox: Outbox;
  /** Absent: messages of cases and of the watch wait for a replica that has the watch on. */
  readonly alerts?: AlertParts;
  readonly ruleNotifier: RuleNotifier;
  readonly withRequest: WithRequest;
  readonly events: Pick<DeskEvents, 'noticeMissed'>;
}

/** Delivers what is due, for one subject or for all, and returns how many items it handled. */
export type DeliverOutbox = (subjectId?: string) => Promise<number>;

type Failure = Extract<Delivery, { ok: false }>;

interface Sendable {
  readonly item: OutboxItem;
  readonly outgoing: Outgoing;
}

/** A message that can be sent; null: its record is gone; or why this process can't. */
type Prepared = Sendable | { readonly unreadable: string } | 'watch-off' | null;

export function createDeliverOutbox(parts: DeliverOutboxParts): DeliverOutbox {
  const { outbox, log } = parts;
  const ofRequest = createRequestMessages(parts);
  const alerts = parts.alerts === undefined ? null : createAlertMessages(parts.alerts);

  function prepare(item: TakenItem): Prepared {
    if (item.subject === 'request') {
      const { notice, stored } = item;
      if (notice.kind === 'unreadable') return { unreadable: notice.why };
      if (stored instanceof UnreadableRecord) return { unreadable: stored.what };
      return stored === null
        ? null
        : { item: { ...item, notice }, outgoing: ofRequest(item, notice, stored) };
    }
    if (item.subject === 'rules') {
      const { notice, key, createdAtMs, nowMs } = item;
      if (notice.kind === 'unreadable') return { unreadable: notice.why };
      const message = { key, event: notice.event, mayBeThere: mayBeThere(item), createdAtMs, nowMs };
      const nothing = async () => {};
      const send = () => drawn(() => parts.ruleNotifier.deliver(message));
      return {
        item: { ...item, notice },
        outgoing: { send, delivered: nothing, kept: nothing, lost: nothing },
      };
    }
    if (alerts === null) return 'watch-off';
    if (item.subject === 'watch') {
      const { notice } = item;
      if (notice.kind === 'unreadable') return { unreadable: notice.why };
      return { item: { ...item, notice }, outgoing: alerts.ofWatch(item, notice) };
    }
    const { notice, stored } = item;
    if (notice.kind === 'unreadable') return { unreadable: notice.why };
    if (stored instanceof UnreadableRecord) return { unreadable: stored.what };
    return stored === null
      ? null
      : { item: { ...item, notice }, outgoing: alerts.ofEpisode(item, notice, stored) };
  }

  async function giveUp({ item, outgoing }: Sendable, why: string): Promise<boolean> {
    log.error({ ...fieldsOf(item), why }, 'message given up');
    parts.events.noticeMissed({ notice: item.notice.kind, outcome: 'given-up' });
    await outgoing.lost(why);
    return outbox.done(item);
  }

  async function keep({ item, outgoing }: Sendable, why: string): Promise<boolean> {
    const fields = { ...fieldsOf(item), why };
    await outbox.keep(item);
    if (item.origin === 'kept') {
      log.warn(fields, 'kept message still refused');
      return true;
    }
    log.error(fields, 'message kept');
    parts.events.noticeMissed({ notice: item.notice.kind, outcome: 'kept' });
    await outgoing.kept(why);
    return true;
  }

  async function retry(sendable: Sendable, nowMs: number, failure: Failure): Promise<boolean> {
    const { item } = sendable;
    const { why } = failure;
    const ageMs = nowMs - item.createdAtMs;
    const isKept = item.origin === 'kept';
    if (isKept && ageMs >= GIVEN_UP_AFTER_MS) return giveUp(sendable, why);
    const patienceMs = failure.onlyThis === true ? KEPT_AFTER_MS : KEPT_AFTER_OUTAGE_MS;
    if (isKept || failure.keepAtOnce === true || ageMs >= patienceMs) return keep(sendable, why);
    const backOff = Math.min(FIRST_DELAY_MS * 2 ** Math.min(item.attempts, 10), LONGEST_DELAY_MS);
    log.warn({ ...fieldsOf(item), why }, 'message delivery failed, will retry');
    await outbox.retry(item, Math.max(failure.retryAfterMs ?? 0, backOff));
    return false;
  }

  /** True: it is set aside. */
  async function leaveOrSetAside(item: LeasedItem, why: string): Promise<boolean> {
    if (item.timesLeft < LEFT_AT_MOST) return leave(item, why);
    const isSetAside = await outbox.setAside(item);
    if (isSetAside) log.error({ ...subjectField(item.subjectId), why }, 'unreadable notice set aside');
    return isSetAside;
  }

  async function leave(item: LeasedItem, why: string): Promise<false> {
    const leftForMs = LEFT_AT_MOST * LEFT_FOR_MS;
    if (item.timesLeft === 0)
      log.warn(
        { ...subjectField(item.subjectId), why, leftForMs },
        'unreadable notice left to other replicas',
      );
    await outbox.leave(item, LEFT_FOR_MS);
    return false;
  }

  /** True: the next item of the same subject may be due now. */
  async function handle(item: TakenItem): Promise<boolean> {
    try {
      const prepared = prepare(item);
      if (prepared === null) return await outbox.done(item);
      if (prepared === 'watch-off') {
        // Another replica may have it on; else it waits until somebody switches it on again.
        return await leave(item, 'the watch is not part of this process');
      }
      if ('unreadable' in prepared) return await leaveOrSetAside(item, prepared.unreadable);
      return await send(prepared, item.nowMs);
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      // No message is drawn from such a record, and other subjects don't wait for it.
      return leaveOrSetAside(item, error.what);
    }
  }

  async function send(sendable: Sendable, nowMs: number): Promise<boolean> {
    const { item, outgoing } = sendable;
    const delivery = await outgoing.send();
    if (delivery === null) return outbox.done(item);
    if ('againAfterMs' in delivery) {
      await outbox.leave(item, delivery.againAfterMs);
      return false;
    }
    if ('undrawable' in delivery) {
      const isSetAside = await leaveOrSetAside(item, delivery.undrawable);
      if (isSetAside) await outgoing.lost('it could not be drawn');
      return isSetAside;
    }
    if (!delivery.ok)
      return delivery.retry ? retry(sendable, nowMs, delivery) : giveUp(sendable, delivery.why);
    try {
      await outgoing.delivered(delivery.card);
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      // People have read it: it must not be posted again and again while a record stays damaged.
      log.error({ ...fieldsOf(item), why: error.message }, 'posted message not recorded');
    }
    return outbox.done(item);
  }

  return async (subjectId) => {
    let handled = 0;
    for (;;) {
      const items = await outbox.take(LEASE_MS, AT_ONCE, subjectId);
      const goOn = await Promise.all(
        items.map((item) =>
          item.subject === 'request' ? parts.withRequest(item.subjectId, () => handle(item)) : handle(item),
        ),
      );
      handled += items.length;
      if (items.length === 0 || (subjectId !== undefined && !goOn.includes(true))) return handled;
    }
  };
}

/** What a log line names. */
function fieldsOf({ subjectId, notice }: OutboxItem): object {
  return { ...subjectField(subjectId), notice: notice.kind };
}
