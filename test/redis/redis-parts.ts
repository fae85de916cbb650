/** The Redis adapters on one server under a prefix of their own, with everything removed afterwards. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject, it, onTestFinished } from 'vitest';
import { MAX_STOP_MS } from '../../src/binance/shared-state.ts';
import { RedisAuditLog } from '../../src/redis/audit-log.ts';
import { REDIS_TIMES, type RedisSettings, type RedisTimes } from '../../src/redis/client.ts';
import { RedisCloseRequestStore } from '../../src/redis/close-request-store.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisOutbox } from '../../src/redis/outbox.ts';
import { RedisRuleBookStore } from '../../src/redis/rule-book-store.ts';
import { RedisSeenOnce, RedisSharedReads } from '../../src/redis/short-lived.ts';
import { RedisWatchHistory } from '../../src/redis/watch-history.ts';
import { RedisWatchStore } from '../../src/redis/watch-store.ts';
import { RedisWeightLedger } from '../../src/redis/weight-ledger.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import type { RuleBookUnderTest } from '../contracts/rule-book.ts';
import type { SharedPartsUnderTest } from '../contracts/shared-parts.ts';
import type { WatchUnderTest } from '../contracts/watch.ts';
import { memoryLog } from '../support/logs.ts';

export const AUDIT_KEY = Buffer.alloc(32, 7);

export interface RedisParts extends WatchUnderTest, RuleBookUnderTest, SharedPartsUnderTest {
  readonly connection: RedisConnection;
  readonly keys: KeyNames;
  readonly prefix: string;
  readonly log: ReturnType<typeof memoryLog>;
  readonly store: RedisCloseRequestStore;
  readonly outbox: RedisOutbox;
  readonly audit: RedisAuditLog;
  readonly watch: RedisWatchStore;
  readonly ruleBook: RedisRuleBookStore;
  readonly history: RedisWatchHistory;
}

export function newPrefix(): string {
  return `test-${randomUUID()}`;
}

/** Parts that end with the running test. A second call with the same prefix is a second process on the same data. */
export async function redisParts(
  server: string | RedisSettings,
  prefix: string = newPrefix(),
  times: RedisTimes = REDIS_TIMES,
): Promise<RedisParts> {
  const log = memoryLog();
  const settings = typeof server === 'string' ? { url: server } : server;
  const connection = new RedisConnection(settings, log, times);
  onTestFinished(() => connection.close());
  await connection.ready(5_000);
  const keys = new KeyNames(prefix);
  const auditKeys = onlyKey(AUDIT_KEY);
  const stored = { connection, keys, auditKeys, newId: randomUUID, log };
  const store = new RedisCloseRequestStore(stored);
  return {
    connection,
    keys,
    prefix,
    log,
    store,
    outbox: new RedisOutbox({ connection, keys, auditKeys, log }),
    audit: new RedisAuditLog({ connection, keys }),
    history: new RedisWatchHistory({ connection, keys }),
    watch: new RedisWatchStore(stored),
    ruleBook: new RedisRuleBookStore(stored),
    ledger: new RedisWeightLedger({ connection, keys, longestStopMs: MAX_STOP_MS }),
    reads: new RedisSharedReads({ connection, keys, auditKeys: onlyKey(AUDIT_KEY) }),
    seen: new RedisSeenOnce({ connection, keys, newId: randomUUID }),
    auditKey: AUDIT_KEY,
    loseWatchRecord: async () => {
      await connection.client.del(keys.record('watch'));
    },
    loseRuleBook: async () => {
      await connection.client.del(keys.record('rules'));
    },
    nowMs: () => store.nowMs(),
    passTime: async (ms) => {
      const untilMs = (await store.nowMs()) + ms;
      while ((await store.nowMs()) <= untilMs) {
        // Redis has no clock to turn: asking again is the waiting.
      }
    },
  };
}

/** A bare client that ends with the running test, or when `atEnd` says. */
export function bareClient(url: string, atEnd: (end: () => void) => void = onTestFinished): Redis {
  const client = new Redis(url);
  client.on('error', () => {});
  atEnd(() => client.disconnect());
  return client;
}

/** Whether tests may start and kill servers of their own. */
export const CAN_START_SERVERS = spawnSync('redis-server', ['--version']).status === 0;

/** A test that needs a real redis-server; without one it says so and passes over it. */
export function realRedis(name: string, body: () => Promise<void>, timeoutMs?: number): void {
  it(
    name,
    async (context) => {
      if (inject('redisKind') === 'embedded' || !CAN_START_SERVERS) {
        console.log(`not tested without a redis-server: ${name}`);
        context.skip('no redis-server on this machine');
      }
      await body();
    },
    timeoutMs,
  );
}
