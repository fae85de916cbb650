/** Remembers in Redis what was seen. */
import type { NewId, SeenOnce } from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';

export class RedisSeenOnce implements SeenOnce {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;
  readonly #newId: NewId;

  constructor(parts: { connection: RedisConnection; keys: KeyNames; newId: NewId }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#newId = parts.newId;
  }

  /** The token tells a re-sent command from a second sighting: without it a cut connection would swallow the first. */
  async first(key: string, ttlMs: number): Promise<boolean> {
    const token = this.#newId();
    return (
      (await this.#connection.run('takeToken', (client) =>
        client.takeToken(this.#keys.seen(key), token, ttlMs),
      )) === 1
    );
  }

  async has(key: string): Promise<boolean> {
    return (await this.#connection.run('get', (client) => client.get(this.#keys.seen(key)))) !== null;
  }

  async forget(key: string): Promise<void> {
    await this.#connection.run('del', (client) => client.del(this.#keys.seen(key)));
  }
}
