/** How far long readings are, in Redis: one key per reading, with an end. */
import type { ReadingProgress } from '../usecases/loan-desk.ts';
import type { ReadingProgressStore } from '../usecases/loan-ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';

/** Longer than a background call waits for its weight and its answer. */
const ENDS_AFTER_MS = 6 * 60_000;

export class RedisReadingProgress implements ReadingProgressStore {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;

  constructor(parts: { connection: RedisConnection; keys: KeyNames }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
  }

  async report(readingId: string, { done, of }: ReadingProgress): Promise<boolean> {
    const key = this.#keys.reading(readingId);
    return (
      (await this.#connection.run('reportReading', (client) =>
        client.reportReading(key, done, of, ENDS_AFTER_MS),
      )) === 1
    );
  }

  async progress(readingId: string): Promise<ReadingProgress | null> {
    const key = this.#keys.reading(readingId);
    const [done, of] = await this.#connection.run('hmget', (client) => client.hmget(key, 'done', 'of'));
    // Anything may be written to Redis by others.
    const isCount = (text: string | null | undefined) => /^\d{1,9}$/.test(text ?? '');
    return isCount(done) && isCount(of) ? { done: Number(done), of: Number(of) } : null;
  }

  async stop(readingId: string): Promise<boolean> {
    const key = this.#keys.reading(readingId);
    return (await this.#connection.run('stopReading', (client) => client.stopReading(key))) === 1;
  }

  async end(readingId: string): Promise<void> {
    await this.#connection.run('del', (client) => client.del(this.#keys.reading(readingId)));
  }
}
