/**
 * Undelivered notices in Redis, one line per request. If a caller dies, its lease runs out and the notice is given out
 * again: the one repeat a crash can cause. A notice that cannot be read or doesn't match its seal is left to other
 * replicas for a while (they may have a newer version, or a newer key) and then set aside, so that those behind it wait
 * no longer than that.
 */
import type { AuditKeys } from '../domain/close/audit-chain.ts';
import type { Notice } from '../domain/close/notices.ts';
import {
  type Log,
  type Outbox,
  type OutboxItem,
  type TakenItem,
  UnreadableRecord,
} from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';
import {
  createdAtMsOf,
  decodeNotice,
  encodeNotice,
  keptId,
  noticePrefix,
  originOf,
  redrawId,
} from './outbox-item.ts';
import { decodeRecord, isStored, type StoredRecord } from './request-record.ts';
import { Seals } from './seals.ts';
import { StoreClock } from './store-clock.ts';

/** For metrics. */
export interface OutboxBacklog {
  readonly nowMs: number;
  /** Requests with undelivered notices. */
  readonly requests: number;
  /** Notices that no replica could read, kept for people to look at. */
  readonly setAside: number;
  /** Notices that Slack refuses for a reason that may pass. */
  readonly kept: number;
  /** Null: nothing waits, or nothing that can be read. */
  readonly oldestCreatedAtMs: number | null;
}

const BACKLOG_LOOKS_AT_MOST = 100;
/** Longer than a rolling upgrade. A card that cannot be drawn waits as long before its request is ended. */
const LEAVE_UNREADABLE_FOR_MS = 10 * 60_000;
/** Often enough that a newer replica among many old ones gets its turn. */
const UNREADABLE_DUE_AGAIN_MS = 5_000;

/** Longer than any lease or pause between attempts: what is due later was written while the clock was wrong. */
const PUT_OFF_AT_MOST_MS = 15 * 60_000;

/** What outbox-remove.lua answers. */
const REMOVED_AND_NEXT_IS_DUE = 2;
const NOT_FIRST = 0;

const REDRAW_OF_CARD: Notice = { kind: 'card' };
/** How every stored redraw of a card ends. */
const CARD = JSON.stringify(REDRAW_OF_CARD);

export class RedisOutbox implements Outbox {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;
  readonly #seals: Seals;
  readonly #recordSeals: Seals;
  readonly #clock: StoreClock;
  readonly #log: Log;
  readonly #leaveUnreadableForMs: number;

  constructor(parts: {
    connection: RedisConnection;
    keys: KeyNames;
    auditKeys: AuditKeys;
    log: Log;
    /** Default ten minutes; at least 1. */
    leaveUnreadableForMs?: number;
    /** Default: any time of Redis is believed. */
    clock?: StoreClock;
  }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#seals = new Seals(parts.auditKeys, 'outbox');
    this.#recordSeals = new Seals(parts.auditKeys, 'record');
    this.#clock = parts.clock ?? new StoreClock({ clocks: () => [], log: parts.log });
    this.#log = parts.log;
    this.#leaveUnreadableForMs = parts.leaveUnreadableForMs ?? LEAVE_UNREADABLE_FOR_MS;
  }

  /** With `requestId`: its first notice, unless another caller has it or it waits for its next attempt. */
  async take(leaseMs: number, limit: number, requestId?: string): Promise<readonly TakenItem[]> {
    const keys = this.#keys;
    const [nowMs, ...answer] = await this.#connection.run('outboxTake', (client) =>
      client.outboxTake(
        keys.outboxDue,
        keys.outboxAttempts,
        keys.outboxStem,
        leaseMs,
        limit,
        requestId ?? '',
        PUT_OFF_AT_MOST_MS,
        keys.requestStem,
      ),
    );
    if (answer.length === 0) return [];
    this.#clock.believe(nowMs);
    const items: TakenItem[] = [];
    for (const [ofRequest, text, attempts, record] of answer) {
      const notice = decodeNotice(this.#seals, ofRequest, text);
      if ('why' in notice) {
        const { why } = notice;
        await this.#leaveOrSetAside(ofRequest, { text, beginning: text, attempts: Number(attempts), why });
      } else {
        const stored = this.#storedOf(ofRequest, record, nowMs);
        items.push({ requestId: ofRequest, ...notice, attempts: Number(attempts), stored });
      }
    }
    // Nothing to deliver among these does not mean that nothing is due; none of them is due again at once.
    return items.length === 0 ? this.take(leaseMs, limit, requestId) : items;
  }

  #storedOf(requestId: string, record: StoredRecord, nowMs: number): TakenItem['stored'] {
    if (!isStored(record)) return null;
    try {
      return { ...decodeRecord(this.#recordSeals, requestId, record), nowMs };
    } catch (error) {
      if (error instanceof UnreadableRecord) return error;
      throw error;
    }
  }

  async done({ requestId, id }: OutboxItem): Promise<boolean> {
    return (await this.#remove(requestId, noticePrefix(id))) === REMOVED_AND_NEXT_IS_DUE;
  }

  async retry({ requestId, id, attempts }: OutboxItem, delayMs: number): Promise<void> {
    await this.#retry(requestId, noticePrefix(id), attempts, Math.min(delayMs, PUT_OFF_AT_MOST_MS));
  }

  unreadable(item: OutboxItem, why: string): Promise<'left' | 'set-aside'> {
    const { requestId, id, attempts } = item;
    const text = this.#encode(requestId, item);
    return this.#leaveOrSetAside(requestId, { text, beginning: noticePrefix(id), attempts, why });
  }

  async keep(item: OutboxItem): Promise<void> {
    const { requestId, id } = item;
    const kept = this.#encode(requestId, { ...item, id: keptId(id) });
    const entry = `${requestId} ${kept}`;
    await this.#remove(requestId, noticePrefix(id), { list: this.#keys.outboxKept, entry, onlyOne: CARD });
  }

  retryKept(): Promise<number> {
    const { outboxKept, outboxDue, outboxStem } = this.#keys;
    return this.#connection.run('outboxRetryKept', (client) =>
      client.outboxRetryKept(outboxKept, outboxDue, outboxStem),
    );
  }

  async redraw(requestId: string): Promise<void> {
    const keys = this.#keys;
    const redraw = this.#redrawAt(requestId, await this.#nowMs());
    await this.#connection.run('outboxRedraw', (client) =>
      client.outboxRedraw(keys.outbox(requestId), keys.outboxDue, requestId, redraw, CARD),
    );
  }

  /**
   * For the first notice in line. A redraw of the card takes the place of what is set aside, so that people see the
   * record as it is, unless it was such a redraw itself.
   */
  async #leaveOrSetAside(
    requestId: string,
    { text, beginning, attempts, why }: { text: string; beginning: string; attempts: number; why: string },
  ): Promise<'left' | 'set-aside'> {
    const dueAgainMs = Math.min(UNREADABLE_DUE_AGAIN_MS, this.#leaveUnreadableForMs);
    if (attempts * dueAgainMs < this.#leaveUnreadableForMs) {
      const counted = await this.#retry(requestId, beginning, attempts, dueAgainMs);
      const leftForMs = this.#leaveUnreadableForMs;
      if (counted && attempts === 0)
        this.#log.warn({ requestId, why, leftForMs }, 'unreadable notice left to other replicas');
      return 'left';
    }
    const nowMs = await this.#nowMs();
    const list = this.#keys.outboxSetAside;
    const answer = await this.#remove(requestId, beginning, {
      list,
      entry: `${requestId} ${nowMs} ${text}`,
      inItsPlace: originOf(text) === 'redraw' ? '' : this.#redrawAt(requestId, nowMs),
    });
    if (answer === NOT_FIRST) return 'left';
    this.#log.error({ requestId, why, list }, 'unreadable notice set aside');
    return 'set-aside';
  }

  /** `beginning`: of the stored text of the first notice, so that no other one is meant. */
  #remove(
    requestId: string,
    beginning: string,
    into: { list: string; entry: string; inItsPlace?: string; onlyOne?: string } | null = null,
  ): Promise<number> {
    const keys = this.#keys;
    return this.#connection.run('outboxRemove', (client) =>
      client.outboxRemove(
        keys.outbox(requestId),
        keys.outboxDue,
        keys.outboxAttempts,
        into?.list ?? keys.outboxKept,
        requestId,
        beginning,
        into?.entry ?? '',
        into?.inItsPlace ?? '',
        into?.onlyOne ?? '',
      ),
    );
  }

  /** True: the attempt was counted. */
  async #retry(requestId: string, beginning: string, attempts: number, delayMs: number): Promise<boolean> {
    const keys = this.#keys;
    const counted = await this.#connection.run('outboxRetry', (client) =>
      client.outboxRetry(
        keys.outbox(requestId),
        keys.outboxDue,
        keys.outboxAttempts,
        requestId,
        beginning,
        attempts,
        delayMs,
      ),
    );
    return counted === 1;
  }

  #nowMs(): Promise<number> {
    return this.#connection.run('nowMs', (client) => client.nowMs(this.#keys.outboxDue));
  }

  #redrawAt(requestId: string, nowMs: number): string {
    return this.#encode(requestId, { id: redrawId(nowMs), createdAtMs: nowMs, notice: REDRAW_OF_CARD });
  }

  #encode(requestId: string, { id, createdAtMs, notice }: Pick<OutboxItem, 'id' | 'createdAtMs' | 'notice'>) {
    return encodeNotice(this.#seals, requestId, { id, createdAtMs, notice });
  }

  /**
   * What waits. Among very many requests the oldest is looked for only in those that are due first. Nothing here is
   * checked against its seal: it is counted, not believed.
   */
  async backlog(): Promise<OutboxBacklog> {
    const keys = this.#keys;
    const [nowMs, requests, setAside, kept, ...first] = await this.#connection.run(
      'outboxBacklog',
      (client) =>
        client.outboxBacklog(
          keys.outboxDue,
          keys.outboxSetAside,
          keys.outboxKept,
          keys.outboxStem,
          BACKLOG_LOOKS_AT_MOST,
        ),
    );
    const times = first.flatMap((stored) => createdAtMsOf(stored) ?? []);
    const oldestCreatedAtMs = times.length === 0 ? null : Math.min(...times);
    return { nowMs, requests, setAside, kept, oldestCreatedAtMs };
  }
}
