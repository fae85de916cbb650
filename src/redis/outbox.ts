/**
 * Undelivered notices in Redis, one line per request. A caller that dies leaves its lease to run out: the notice is
 * then given out again, which is the one stale repeat a crash may cause.
 */
import type { Log, Outbox, OutboxItem } from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';
import { decodeNotice, noticePrefix } from './outbox-item.ts';

/** For metrics. */
export interface OutboxBacklog {
  readonly nowMs: number;
  /** Requests with undelivered notices. */
  readonly requests: number;
  /** Null: nothing waits, or nothing that can be read. */
  readonly oldestCreatedAtMs: number | null;
}

const BACKLOG_LOOKS_AT_MOST = 100;

export class RedisOutbox implements Outbox {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;
  readonly #log: Log;

  constructor(parts: { connection: RedisConnection; keys: KeyNames; log: Log }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#log = parts.log;
  }

  /** With `requestId`: its first notice, unless another caller has it or it waits for its next attempt. */
  async take(leaseMs: number, limit: number, requestId?: string): Promise<readonly OutboxItem[]> {
    const keys = this.#keys;
    const answer = await this.#connection.run((client) =>
      client.outboxTake(
        keys.outboxDue,
        keys.outboxAttempts,
        keys.outboxStem,
        leaseMs,
        limit,
        requestId ?? '',
      ),
    );
    const items: OutboxItem[] = [];
    for (let i = 0; i + 2 < answer.length; i += 3) {
      const [ofRequest = '', stored = '', attempts = ''] = answer.slice(i, i + 3);
      const notice = decodeNotice(stored);
      if (notice === null) {
        this.#log.error({ requestId: ofRequest }, 'a stored notice cannot be read; those behind it wait');
      } else {
        items.push({ requestId: ofRequest, ...notice, attempts: Number(attempts) });
      }
    }
    return items;
  }

  async done(item: OutboxItem): Promise<void> {
    const keys = this.#keys;
    await this.#connection.run((client) =>
      client.outboxDone(
        keys.outbox(item.requestId),
        keys.outboxDue,
        keys.outboxAttempts,
        item.requestId,
        noticePrefix(item.id),
      ),
    );
  }

  async retry(item: OutboxItem, delayMs: number): Promise<void> {
    const keys = this.#keys;
    await this.#connection.run((client) =>
      client.outboxRetry(
        keys.outbox(item.requestId),
        keys.outboxDue,
        keys.outboxAttempts,
        item.requestId,
        noticePrefix(item.id),
        item.attempts,
        delayMs,
      ),
    );
  }

  /** What waits. Among very many requests the oldest is looked for only in those that are due first. */
  async backlog(): Promise<OutboxBacklog> {
    const keys = this.#keys;
    const [nowMs, requests, ...first] = await this.#connection.run((client) =>
      client.outboxBacklog(keys.outboxDue, keys.outboxStem, BACKLOG_LOOKS_AT_MOST),
    );
    const times = first.flatMap((stored) => decodeNotice(stored)?.createdAtMs ?? []);
    return { nowMs, requests, oldestCreatedAtMs: times.length === 0 ? null : Math.min(...times) };
  }
}
