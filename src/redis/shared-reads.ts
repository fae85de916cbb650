/**
 * Short-lived answers in Redis, so that many people asking at once cost one call. Whoever can write to Redis must not
 * put figures in front of people: each answer is sealed together with its key, and only a sealed one is given out.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SharedReads } from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';

const SEAL_BYTES = 32;

export class RedisSharedReads implements SharedReads {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;
  readonly #sealKey: Uint8Array;

  /** `auditKey`: Redis never holds it; the seals are made with a key of their own that is derived from it. */
  constructor(parts: { connection: RedisConnection; keys: KeyNames; auditKey: Uint8Array }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#sealKey = createHmac('sha256', parts.auditKey).update('loandesk shared reads').digest();
  }

  async get(key: string): Promise<string | null> {
    const stored = await this.#connection.run('get', (client) => client.get(this.#keys.sharedRead(key)));
    if (stored === null) return null;
    const end = SEAL_BYTES * 2;
    const value = stored.slice(end + 1);
    const seal = Buffer.from(stored.slice(0, end), 'hex');
    return seal.length === SEAL_BYTES && timingSafeEqual(seal, this.#sealOf(key, value)) ? value : null;
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    const sealed = `${this.#sealOf(key, value).toString('hex')} ${value}`;
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
      client.releaseToken(this.#keys.sharedReadLead(key), token),
    );
  }

  #sealOf(key: string, value: string): Buffer {
    return createHmac('sha256', this.#sealKey)
      .update(JSON.stringify([key, value]))
      .digest();
  }
}
