/**
 * Undelivered notices in Redis, one line per request. If a caller dies, its lease runs out and the notice is given out
 * again: the one repeat a crash can cause.
 */
import type { AuditKeys } from '../domain/audit-chain.ts';
import type { Notice } from '../domain/close/notices.ts';
import {
  type LeasedItem,
  type Log,
  type Outbox,
  type OutboxItem,
  type TakenItem,
  UnreadableRecord,
} from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';
import { createdAtMsOf, decodeNotice, encodeNotice, keptId, redrawId } from './outbox-item.ts';
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

  constructor(parts: {
    connection: RedisConnection;
    keys: KeyNames;
    auditKeys: AuditKeys;
    log: Log;
    /** Default: any time of Redis is believed. */
    clock?: StoreClock;
  }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#seals = new Seals(parts.auditKeys, 'outbox');
    this.#recordSeals = new Seals(parts.auditKeys, 'record');
    this.#clock = parts.clock ?? new StoreClock({ clocks: () => [], log: parts.log });
  }

  /** With `requestId`: its first notice, unless another caller has it or it waits for its next attempt. */
  async take(leaseMs: number, limit: number, requestId?: string): Promise<readonly TakenItem[]> {
    const keys = this.#keys;
    const [nowMs, ...answer] = await this.#connection.run('outboxTake', (client) =>
      client.outboxTake(
        keys.outboxDue,
        keys.outboxAttempts,
        keys.outboxLeft,
        keys.outboxStem,
        leaseMs,
        limit,
        requestId ?? '',
        PUT_OFF_AT_MOST_MS,
        keys.recordStem,
      ),
    );
    if (answer.length === 0) return [];
    this.#clock.believe(nowMs);
    return answer.map(([ofRequest, text, attempts, timesLeft, record]) => ({
      requestId: ofRequest,
      ...decodeNotice(this.#seals, ofRequest, text),
      attempts: Number(attempts),
      timesLeft: Number(timesLeft),
      stored: this.#storedOf(ofRequest, record, nowMs),
    }));
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

  async done(item: LeasedItem): Promise<boolean> {
    return (await this.#remove(item)) === REMOVED_AND_NEXT_IS_DUE;
  }

  retry(item: LeasedItem, delayMs: number): Promise<void> {
    return this.#putOff(item, this.#keys.outboxAttempts, item.attempts, delayMs);
  }

  leave(item: LeasedItem, delayMs: number): Promise<void> {
    return this.#putOff(item, this.#keys.outboxLeft, item.timesLeft, delayMs);
  }

  async setAside(item: LeasedItem): Promise<boolean> {
    const { requestId, origin } = item;
    const nowMs = await this.#nowMs();
    const answer = await this.#remove(item, {
      list: this.#keys.outboxSetAside,
      entryBegins: `${requestId} ${nowMs} `,
      inItsPlace: origin === 'redraw' ? '' : this.#redrawAt(requestId, nowMs),
    });
    return answer !== NOT_FIRST;
  }

  async keep(item: OutboxItem): Promise<void> {
    const { requestId, id } = item;
    await this.#remove(item, {
      list: this.#keys.outboxKept,
      entryBegins: `${requestId} `,
      notice: this.#encode(requestId, { ...item, id: keptId(id) }),
      onlyOne: CARD,
    });
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

  #remove(
    { requestId, id }: LeasedItem,
    into: {
      list: string;
      entryBegins: string;
      notice?: string;
      inItsPlace?: string;
      onlyOne?: string;
    } | null = null,
  ): Promise<number> {
    const keys = this.#keys;
    return this.#connection.run('outboxRemove', (client) =>
      client.outboxRemove(
        keys.outbox(requestId),
        keys.outboxDue,
        keys.outboxAttempts,
        keys.outboxLeft,
        into?.list ?? keys.outboxKept,
        requestId,
        id,
        into?.entryBegins ?? '',
        into?.notice ?? '',
        into?.inItsPlace ?? '',
        into?.onlyOne ?? '',
      ),
    );
  }

  async #putOff(
    { requestId, id }: LeasedItem,
    counts: string,
    counted: number,
    delayMs: number,
  ): Promise<void> {
    const keys = this.#keys;
    const putOffMs = Math.min(delayMs, PUT_OFF_AT_MOST_MS);
    await this.#connection.run('outboxRetry', (client) =>
      client.outboxRetry(keys.outbox(requestId), keys.outboxDue, counts, requestId, id, counted, putOffMs),
    );
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
