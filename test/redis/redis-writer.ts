/** What somebody who can write to Redis does to the bot's keys, with the commands that Redis has. No audit key here. */
import type { Redis } from 'ioredis';
import type { KeyNames } from '../../src/redis/key-names.ts';

export type StreamEntry = [id: string, fields: string[]];
/** A stored record, as JSON. */
export type Json = Record<string, unknown>;

/** Everything that stands in Redis about one request. */
export interface Snapshot {
  readonly id: string;
  readonly hash: Record<string, string>;
  readonly entries: readonly StreamEntry[];
  readonly scores: readonly (readonly [key: string, score: string | null])[];
  readonly unit: readonly [key: string, holder: string | null];
}

export class RedisWriter {
  readonly redis: Redis;
  readonly keys: KeyNames;

  constructor(redis: Redis, keys: KeyNames) {
    this.redis = redis;
    this.keys = keys;
  }

  async record(id: string): Promise<Json> {
    return JSON.parse((await this.redis.hget(this.keys.record(id), 'record')) ?? '');
  }

  /** `HSET` of the record with some fields changed; its seal stays as it is. */
  async forge(id: string, changes: Json): Promise<string> {
    const text = JSON.stringify({ ...(await this.record(id)), ...changes });
    await this.redis.hset(this.keys.record(id), 'record', text);
    return text;
  }

  async entries(): Promise<StreamEntry[]> {
    return this.redis.xrange(this.keys.audit, '-', '+');
  }

  /** Writes the trail again, each entry under the place it had. */
  async rewrite(change: (entries: StreamEntry[]) => readonly StreamEntry[]): Promise<void> {
    const kept = change(await this.entries());
    await this.redis.del(this.keys.audit);
    for (const [id, fields] of kept) await this.redis.xadd(this.keys.audit, id, ...fields);
  }

  async snapshot(id: string): Promise<Snapshot> {
    const { redis, keys } = this;
    const hash = await redis.hgetall(keys.record(id));
    const unit = keys.unit(JSON.parse(hash.record ?? '').groupId);
    const indexes = [keys.open, keys.recent, keys.attention];
    return {
      id,
      hash,
      entries: (await this.entries()).filter((entry) => isOf(entry, id)),
      scores: await Promise.all(indexes.map(async (key) => [key, await redis.zscore(key, id)] as const)),
      unit: [unit, await redis.get(unit)],
    };
  }

  /** Puts one request and its part of the trail back to what they were; other requests stay as they are. */
  async putBack({ id, hash, entries, scores, unit }: Snapshot): Promise<void> {
    const { redis, keys } = this;
    const then = new Set(entries.map(([place]) => place));
    await this.rewrite((all) => all.filter((entry) => !isOf(entry, id) || then.has(entry[0])));
    await redis.del(keys.record(id), keys.outbox(id));
    await redis.hset(keys.record(id), hash);
    for (const [key, score] of scores) {
      if (score === null) await redis.zrem(key, id);
      else await redis.zadd(key, score, id);
    }
    if (unit[1] === null) await redis.del(unit[0]);
    else await redis.set(unit[0], unit[1]);
  }

  /** Erases a request whole: record, unit key, indexes, notices and its part of the trail. */
  async erase({ id, unit, hash }: Snapshot): Promise<void> {
    const { redis, keys } = this;
    await this.rewrite((all) => all.filter((entry) => !isOf(entry, id)));
    await redis.del(keys.record(id), keys.outbox(id), unit[0]);
    for (const key of [keys.open, keys.recent, keys.attention, keys.outboxDue]) await redis.zrem(key, id);
    await redis.hdel(keys.closedThrough, JSON.parse(hash.record ?? '').groupId);
  }
}

export function isOf([, fields]: StreamEntry, requestId: string): boolean {
  return fields[fields.indexOf('request') + 1] === requestId;
}
