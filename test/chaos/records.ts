/** What is stored, read straight from Redis: the run looks at the truth, not at what the bots say of it. */
import { randomUUID } from 'node:crypto';
import { type LongId, parseLongId } from '../../src/domain/amount.ts';
import type { AuditEntry, AuditKeys, AuditVerdict } from '../../src/domain/audit-chain.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isRequestEntry, type RequestEntry } from '../../src/domain/close/request-entry.ts';
import { createLogger } from '../../src/ops/logger.ts';
import { RedisAuditLog } from '../../src/redis/audit-log.ts';
import { RedisCloseRequestStore } from '../../src/redis/close-request-store.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisRuleBookStore } from '../../src/redis/rule-book-store.ts';
import { RedisWatchStore } from '../../src/redis/watch-store.ts';
import { createCheckAudit } from '../../src/usecases/check-audit.ts';
import { StoreUnavailable } from '../../src/usecases/ports.ts';

export interface RecordsOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  /** As in AUDIT_KEY, in hex. */
  readonly auditKey: string;
}

export class Records {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;
  readonly #store: RedisCloseRequestStore;
  readonly #audit: RedisAuditLog;
  readonly #watch: RedisWatchStore;
  readonly #ruleBook: RedisRuleBookStore;
  readonly #auditKeys: AuditKeys;

  constructor({ redisUrl, prefix, auditKey }: RecordsOptions) {
    const log = createLogger('silent');
    this.#connection = new RedisConnection({ url: redisUrl }, log);
    this.#keys = new KeyNames(prefix);
    this.#auditKeys = { current: Buffer.from(auditKey, 'hex'), previous: [] };
    const parts = { connection: this.#connection, keys: this.#keys };
    const stored = { ...parts, auditKeys: this.#auditKeys, newId: randomUUID, log };
    this.#store = new RedisCloseRequestStore(stored);
    this.#audit = new RedisAuditLog(parts);
    this.#watch = new RedisWatchStore(stored);
    this.#ruleBook = new RedisRuleBookStore(stored);
  }

  /** Null also while Redis is away. */
  async load(requestId: string): Promise<CloseRequest | null> {
    return (await orNull(this.#store.load(requestId)))?.request ?? null;
  }

  /** The open request of a unit; undefined while Redis is away. */
  async openFor(groupId: string): Promise<CloseRequest | null | undefined> {
    const found = await orNull(this.#store.openRequestFor(longId(groupId)).then((request) => ({ request })));
    return found?.request;
  }

  /** Null while Redis is away. */
  listOpen(): Promise<readonly CloseRequest[] | null> {
    return orNull(this.#store.listOpen());
  }

  /** Requests with messages that have not reached Slack yet; null while Redis is away. */
  undelivered(): Promise<number | null> {
    return orNull(this.#connection.run('zcard', (client) => client.zcard(this.#keys.outboxDue)));
  }

  /** Every request there ever was, by id. */
  async all(): Promise<Map<string, CloseRequest>> {
    const found = new Map<string, CloseRequest>();
    let before: number | undefined;
    for (;;) {
      const page = await this.#store.listRecent(200, before);
      const fresh = page.filter(({ id }) => !found.has(id));
      for (const request of fresh) found.set(request.id, request);
      const last = page.at(-1);
      if (last === undefined || fresh.length === 0) return found;
      // Exclusive by a millisecond: two of the same millisecond may stand on two pages.
      before = last.createdAtMs + 1;
    }
  }

  /** The whole trail of requests, by request, each in the order of writing. */
  async trail(): Promise<Map<string, RequestEntry[]>> {
    const trail = new Map<string, RequestEntry[]>();
    for await (const entry of this.#audit.entries()) {
      if (!isRequestEntry(entry)) continue;
      const { requestId } = entry.body;
      const entries = trail.get(requestId) ?? [];
      entries.push(entry);
      trail.set(requestId, entries);
    }
    return trail;
  }

  /** The trails of the watch's episodes, by episode. */
  async episodeTrails(): Promise<Map<string, AuditEntry[]>> {
    const trails = new Map<string, AuditEntry[]>();
    for await (const entry of this.#audit.entries()) {
      const { episodeId } = entry.body;
      if (episodeId !== undefined) trails.set(episodeId, [...(trails.get(episodeId) ?? []), entry]);
    }
    return trails;
  }

  /** Each request's chain, and the chain through all of them. */
  async verifyAudit(requestIds: Iterable<string>): Promise<readonly AuditVerdict[]> {
    const check = createCheckAudit({
      audit: this.#audit,
      store: this.#store,
      watch: this.#watch,
      ruleBook: this.#ruleBook,
      keys: this.#auditKeys,
    });
    const verdicts = [await check.verify()];
    for (const requestId of requestIds) {
      const verdict = await check.verifySubject(requestId);
      if (verdict === null) throw new Error(`the audit knows no request ${requestId}`);
      verdicts.push(verdict);
    }
    return verdicts;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

function longId(groupId: string): LongId {
  const id = parseLongId(groupId);
  if (id === null) throw new Error(`not a unit id: ${groupId}`);
  return id;
}

async function orNull<Value>(read: Promise<Value>): Promise<Value | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof StoreUnavailable) return null;
    throw error;
  }
}
