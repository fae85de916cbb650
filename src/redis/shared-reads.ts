/** Short-lived answers in Redis, so that many people asking at once cost one call. */
import type { SharedReads } from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';

export class RedisSharedReads implements SharedReads {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;

  constructor(parts: { connection: RedisConnection; keys: KeyNames }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
  }

  get(key: string): Promise<string | null> {
    return this.#connection.run('get', (client) => client.get(this.#keys.sharedRead(key)));
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    await this.#connection.run('set', (client) => client.set(this.#keys.sharedRead(key), value, 'PX', ttlMs));
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
}
