/** The history in Redis: the contract, how much memory it takes, and what is not in the contract. */
import { expect, inject } from 'vitest';
import { longId } from '../../src/domain/amount.ts';
import { watchHistoryContract } from '../contracts/watch-history.ts';
import { MemoryWatchHistory } from '../fakes/memory-watch-history.ts';
import { realRedis, redisParts } from './redis-parts.ts';

watchHistoryContract('Redis', async () => (await redisParts(inject('redisUrl'))).history);
watchHistoryContract('memory', async () => new MemoryWatchHistory());

const DAYS_90_MS = 90 * 24 * 3_600_000;
const STEPS = [
  ['15s', 15_000, 240],
  ['1m', 60_000, 2_880],
  ['15m', 900_000, 8_640],
] as const;

realRedis('a unit whose LTV never rests takes at most 440 kB, all three lists full', async () => {
  const { connection, keys, history } = await redisParts(inject('redisUrl'));
  const groupId = longId('9223372036854775807');
  const nowMs = Date.UTC(2026, 10, 20, 12);
  // Written as add-samples.lua writes, with three different values in every span, which is the longest there is.
  for (const [step, lengthMs, spans] of STEPS) {
    const newest = Math.floor((nowMs - lengthMs) / lengthMs);
    const texts = Array.from({ length: spans }, (_, index) => {
      const value = (offset: number) => `0.${800_000 + ((index * 7 + offset) % 99_999)}`;
      return `${newest - spans + 1 + index} ${value(1)} ${value(3)} ${value(2)}`;
    });
    await connection.client.rpush(keys.trend(groupId, step), ...texts);
  }
  await history.add([{ groupId, ltv: '0.8612349999999' }], nowMs);
  let bytes = 0;
  for (const [step, , spans] of STEPS) {
    expect(await connection.client.llen(keys.trend(groupId, step))).toBe(spans);
    bytes += Number(await connection.client.memory('USAGE', keys.trend(groupId, step), 'SAMPLES', 0));
  }
  expect(bytes).toBeLessThan(440_000);
  const [newest] = (await history.read(groupId, '15m', nowMs)).slice(-1);
  expect(newest).toEqual({ fromMs: nowMs, lowest: '0.861235', highest: '0.861235', last: '0.861235' });
  expect((await history.read(groupId, '15m', 0))[0]?.fromMs).toBeGreaterThan(nowMs - DAYS_90_MS - 900_000);
  expect(await connection.client.pttl(keys.trend(groupId, '15s'))).toBeGreaterThan(3_500_000);
});
