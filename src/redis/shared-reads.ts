/**
 * Short-lived answers in Redis, so that many people asking at once cost one call. Somebody who can write to Redis must not
 * put figures in front of people: each answer is sealed together with its key, and only a sealed one is given out.
 */
import type { AuditKeys } from '../domain/audit-chain.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';
import { Seals } from './seals.ts';

/** What the exchange client asks of it, in its own words: adapters do not import each other. */
export class RedisSharedReads {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;
  readonly #seals: Seals;

  constructor(parts: { connection: RedisConnection; keys: KeyNames; auditKeys: AuditKeys }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#seals = new Seals(parts.auditKeys, 'read');
  }

  async get(key: string): Promise<string | null> {
    const stored = await this.#connection.run('get', (client) => client.get(this.#keys.sharedRead(key)));
    if (stored === null) return null;
    const blank = Math.max(0, stored.indexOf(' '));
    const value = stored.slice(blank + 1);
    return this.#seals.fits(stored.slice(0, blank), key, value) ? value : null;
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    const sealed = `${this.#seals.seal(key, value)} ${value}`;
    await this.#connection.run('set', (client) =>
      client.set(this.#keys.sharedRead(key), sealed, 'PX', ttlMs),
    );
  }

  async tryLead(key: string, token: string, ttlMs: number): Promise<boolean> {
    const lead = this.#keys.sharedReadLead(key);
    return (await this.#connection.run('takeToken', (client) => client.takeToken(lead, token, ttlMs))) === 1;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#connection.run('releaseToken', (client) =>
      client.releaseToken(this.#keys.sharedReadLead(key), token, 0),
    );
  }
}
