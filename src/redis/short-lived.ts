/** What all replicas remember together for a while: each key ends by itself. */

import type { AuditKeys } from '../domain/audit-chain.ts';
import type { ReadingProgress } from '../usecases/loan-desk.ts';
import type { ReadingProgressStore } from '../usecases/loan-ports.ts';
import type { NewId, SeenOnce } from '../usecases/ports.ts';
import { RedisStore, type StoreParts } from './connection.ts';
import { Seals } from './seals.ts';

/**
 * Answers, so that many people asking at once cost one call. Somebody who can write to Redis must not put figures in
 * front of people: each answer is sealed together with its key, and only a sealed one is given out. What the exchange
 * client asks of it, in its own words: adapters do not import each other.
 */
export class RedisSharedReads extends RedisStore {
  readonly #seals: Seals;

  constructor(parts: StoreParts & { readonly auditKeys: AuditKeys }) {
    super(parts);
    this.#seals = new Seals(parts.auditKeys, 'read');
  }

  async get(key: string): Promise<string | null> {
    const stored = await this.connection.run('get', (client) => client.get(this.keys.sharedRead(key)));
    if (stored === null) return null;
    const blank = Math.max(0, stored.indexOf(' '));
    const value = stored.slice(blank + 1);
    return this.#seals.fits(stored.slice(0, blank), key, value) ? value : null;
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    const sealed = `${this.#seals.seal(key, value)} ${value}`;
    await this.connection.run('set', (client) => client.set(this.keys.sharedRead(key), sealed, 'PX', ttlMs));
  }

  async tryLead(key: string, token: string, ttlMs: number): Promise<boolean> {
    const lead = this.keys.sharedReadLead(key);
    return (await this.connection.script('takeToken', lead, token, ttlMs)) === 1;
  }

  async release(key: string, token: string): Promise<void> {
    await this.connection.script('releaseToken', this.keys.sharedReadLead(key), token, 0);
  }
}

export class RedisSeenOnce extends RedisStore implements SeenOnce {
  readonly #newId: NewId;

  constructor(parts: StoreParts & { readonly newId: NewId }) {
    super(parts);
    this.#newId = parts.newId;
  }

  /** The token tells a re-sent command from a second sighting: without it a cut connection would swallow the first. */
  async first(key: string, ttlMs: number): Promise<boolean> {
    const token = this.#newId();
    return (await this.connection.script('takeToken', this.keys.seen(key), token, ttlMs)) === 1;
  }

  async has(key: string): Promise<boolean> {
    return (await this.connection.run('get', (client) => client.get(this.keys.seen(key)))) !== null;
  }

  async forget(key: string): Promise<void> {
    await this.connection.run('del', (client) => client.del(this.keys.seen(key)));
  }
}

/** Longer than a background call waits for its weight and its answer. */
const ENDS_AFTER_MS = 6 * 60_000;

export class RedisReadingProgress extends RedisStore implements ReadingProgressStore {
  async report(readingId: string, { done, of }: ReadingProgress): Promise<boolean> {
    const key = this.keys.reading(readingId);
    return (await this.connection.script('reportReading', key, done, of, ENDS_AFTER_MS)) === 1;
  }

  async progress(readingId: string): Promise<ReadingProgress | null> {
    const key = this.keys.reading(readingId);
    const [done, of] = await this.connection.run('hmget', (client) => client.hmget(key, 'done', 'of'));
    // Anything may be written to Redis by others.
    const isCount = (text: string | null | undefined) => /^\d{1,9}$/.test(text ?? '');
    return isCount(done) && isCount(of) ? { done: Number(done), of: Number(of) } : null;
  }

  async stop(readingId: string): Promise<boolean> {
    const key = this.keys.reading(readingId);
    return (await this.connection.script('stopReading', key)) === 1;
  }

  async end(readingId: string): Promise<void> {
    await this.connection.run('del', (client) => client.del(this.keys.reading(readingId)));
  }
}
