/**
 * The one Redis connection of a process, and how its failures look to everybody else: StoreUnavailable, quickly.
 *
 * ioredis' own queues are off. Its offline queue and its re-sending after a reconnect would run commands whose
 * callers were told long ago that they had failed. Instead `run` waits briefly for the connection, and sends a
 * command whose connection broke again as soon as it is back; every script here recognises that (see their headers).
 * A StoreUnavailable still means "not known", not "not done": an answer can be lost after the deed.
 */
import { setTimeout } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';
import { inTime } from '../shared/in-time.ts';
import { type Log, StoreUnavailable } from '../usecases/ports.ts';
import {
  createClient,
  REDIS_TIMES,
  type RedisClient,
  type RedisSettings,
  type RedisTimes,
} from './client.ts';
import type { KeyNames } from './key-names.ts';
import { defineScripts, type ScriptArguments, type ScriptName } from './scripts.ts';

/** What the connection reports, for metrics and traces. */
export interface RedisEvents {
  redisAnswered(trip: RoundTrip): void;
}

/** One command, with its waiting for a lost connection. */
export interface RoundTrip {
  /** The script's or the command's; never a key or a value. */
  readonly command: string;
  readonly durationMs: number;
  readonly ok: boolean;
}

const PAUSE_BEFORE_SENDING_AGAIN_MS = 20;

export class RedisConnection {
  readonly client: RedisClient;
  readonly #times: RedisTimes;
  readonly #events: RedisEvents | null;
  #waiting: Promise<void> | null = null;
  #trouble: string | null = null;
  /** The server's words when it refused the database: it would serve number 0 in its place. */
  #noDatabase: string | null = null;

  /** Starts to connect at once; never throws for an unreachable server. */
  constructor(
    settings: RedisSettings,
    log: Log,
    times: RedisTimes = REDIS_TIMES,
    events: RedisEvents | null = null,
  ) {
    this.#times = times;
    this.#events = events;
    this.client = createClient(settings, times);
    defineScripts(this.client);
    this.#logTrouble(log);
  }

  /**
   * Runs one command; `name` is what metrics and traces call it. Throws StoreUnavailable when Redis cannot be reached,
   * does not answer in time, or refuses; takes at most about twice `patienceMs` plus `commandTimeoutMs`.
   */
  async run<Value>(name: string, command: (client: RedisClient) => Promise<Value>): Promise<Value> {
    const startedAtMs = performance.now();
    const tookMs = () => performance.now() - startedAtMs;
    for (;;) {
      try {
        await this.ready();
        const answer = await command(this.client);
        this.#events?.redisAnswered({ command: name, durationMs: tookMs(), ok: true });
        return answer;
      } catch (error) {
        const early = tookMs() < this.#times.patienceMs;
        if (!early || !isBrokenConnection(error)) {
          this.#events?.redisAnswered({ command: name, durationMs: tookMs(), ok: false });
          throw new StoreUnavailable(withoutCommand(error));
        }
        // The socket may be dead before the client has noticed and calls itself anything but ready.
        await setTimeout(PAUSE_BEFORE_SENDING_AGAIN_MS);
      }
    }
  }

  /** The same for a script of its own name; see the headers in lua/. */
  script<Name extends ScriptName>(name: Name, ...args: ScriptArguments): ReturnType<Redis[Name]> {
    const answer = this.run<unknown>(name, (client) => (client as Redis)[name](...args));
    return answer as ReturnType<Redis[Name]>;
  }

  /** Resolves as soon as commands can be sent; throws after `patienceMs` (or the time given). */
  async ready(patienceMs: number = this.#times.patienceMs): Promise<void> {
    if (this.client.status === 'ready') {
      if (this.#noDatabase !== null) throw new Error('Redis refused the database');
      return;
    }
    this.#waiting ??= new Promise<void>((resolve) => {
      this.client.once('ready', resolve);
    }).finally(() => {
      this.#waiting = null;
    });
    await inTime(this.#waiting, patienceMs, () => {
      throw new Error('Redis is not connected');
    });
    if (this.#noDatabase !== null) throw new Error('Redis refused the database');
  }

  /**
   * Called on every reconnect, not on the first connect; on Cluster, each time its nodes change. A failover may have
   * lost the newest writes.
   */
  onReconnected(listener: () => void): void {
    const { client } = this;
    const from = () => client.on(client instanceof Cluster ? '-node' : 'ready', listener);
    if (client.status === 'ready') from();
    else client.once('ready', from);
  }

  /** Ends the connection after the commands under way; never throws. */
  async close(): Promise<void> {
    if (this.client.status === 'ready') await this.client.quit().catch(() => {});
    this.client.disconnect();
  }

  /** Why there is no connection, in a word or a few, such as a code of TLS; null: nothing is known to be wrong. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Why the database of the settings cannot be used, in the server's words; null: it can, as far as is known. */
  get noDatabase(): string | null {
    return this.#noDatabase;
  }

  /** One line when trouble begins and one when it is over: an outage of an hour is not ten thousand lines. */
  #logTrouble(log: Log): void {
    this.client.on('error', (error: unknown) => {
      const before = this.#trouble;
      this.#trouble = reasonOf(error);
      if (isAnswerToSelect(error)) this.#noDatabase = this.#trouble;
      if (before !== null) return;
      log.error({ code: this.#trouble }, 'Redis unreachable, reconnecting');
    });
    this.client.on('connect', () => {
      this.#noDatabase = null;
    });
    this.client.on('ready', () => {
      if (this.#noDatabase !== null) return;
      if (this.#trouble !== null) log.info({}, 'Redis is connected again');
      this.#trouble = null;
    });
  }
}

export interface StoreParts {
  readonly connection: RedisConnection;
  readonly keys: KeyNames;
}

/** What each store in Redis has. */
export class RedisStore {
  protected readonly connection: RedisConnection;
  protected readonly keys: KeyNames;

  constructor({ connection, keys }: StoreParts) {
    this.connection = connection;
    this.keys = keys;
  }
}

/** Errors of ioredis itself after which the command may go out again; answers of Redis are not among them. */
function isBrokenConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    error.name === 'MaxRetriesPerRequestError' ||
    error.message.startsWith('READONLY') ||
    /^(?:Connection is closed|Stream isn't writeable|Cluster isn't ready)/.test(error.message)
  );
}

/** ioredis goes on with database 0 where SELECT is refused. */
function isAnswerToSelect(error: unknown): boolean {
  if (!(error instanceof Error) || !('command' in error)) return false;
  const { command } = error;
  return typeof command === 'object' && command !== null && 'name' in command && command.name === 'select';
}

/** ioredis hangs the command with all its arguments (AUTH's among them) on its errors: only the words are kept. */
function withoutCommand(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('unknown failure');
  const plain = new Error(messageOf(error));
  plain.name = error.name;
  return plain;
}

/** Sentinel and Cluster say that all nodes failed; why is within. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return reasonOf(error.lastNodeError);
  const message = messageOf(error);
  const [, within] = /Last error: (.+)$/.exec(message) ?? [];
  if (within !== undefined) return within;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // "ERR" alone would say nothing; other codes (WRONGPASS, NOAUTH) say it all.
  return /^(?!ERR\b)[A-Z]{3,}\b/.exec(message)?.[0] ?? message;
}

/** Redis quotes the arguments of a command that it does not know, a password of AUTH's among them. */
function messageOf({ message }: Error): string {
  return message.replace(/,? with args .*/s, '');
}
