/**
 * One clock for bots, stand-ins and a real Redis, which is turned by hand: `Date` by the caller's own means, scripts ask a
 * key in place of TIME, and what has a time to live loses what was skipped. Timers and the network take their real time.
 */
import { Redis } from 'ioredis';

const AGE = `
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', key)
  if left > tonumber(ARGV[2]) then redis.call('PEXPIRE', key, left - ARGV[2])
  elseif left >= 0 then redis.call('DEL', key) end
end`;
const TIME = "redis.call('TIME')";

export class TurnedClock {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #skip: (milliseconds: number) => void;
  readonly #defineCommand = Redis.prototype.defineCommand;

  private constructor(redisUrl: string, prefix: string, skip: (milliseconds: number) => void) {
    this.#redis = new Redis(redisUrl);
    this.#prefix = prefix;
    this.#skip = skip;
  }

  /** `skip` moves `Date`. Connections that are made until `end` see the turned clock of Redis, for good. */
  static async start(
    redisUrl: string,
    prefix: string,
    skip: (milliseconds: number) => void,
  ): Promise<TurnedClock> {
    const clock = new TurnedClock(redisUrl, prefix, skip);
    const define = clock.#defineCommand;
    const asked = `redis.call('HMGET', '${clock.#key}', 's', 'us')`;
    Redis.prototype.defineCommand = function (name, { lua, ...rest }) {
      return define.call(this, name, { ...rest, lua: lua.replaceAll(TIME, asked) });
    };
    await clock.#tellRedis();
    return clock;
  }

  get nowMs(): number {
    return Date.now();
  }

  async pass(milliseconds: number): Promise<void> {
    this.#skip(milliseconds);
    await this.#tellRedis();
    await this.#redis.eval(AGE, 0, `*${this.#prefix}*`, milliseconds);
  }

  /** Redis lost what bots wrote: everything, or only keys that contain `text`. */
  async emptyRedis(text = ''): Promise<void> {
    const keys = await this.#redis.keys(`*{${this.#prefix}*${text}*`);
    if (keys.length > 0) await this.#redis.del(...keys);
  }

  end(): void {
    Redis.prototype.defineCommand = this.#defineCommand;
    this.#redis.disconnect();
  }

  get #key(): string {
    return `${this.#prefix}-clock`;
  }

  async #tellRedis(): Promise<void> {
    const nowMs = Date.now();
    await this.#redis.hset(this.#key, { s: Math.floor(nowMs / 1000), us: (nowMs % 1000) * 1000 });
  }
}
