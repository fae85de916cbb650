import { expect, inject, it } from 'vitest';
import { RedisReadingProgress } from '../../src/redis/short-lived.ts';
import { redisParts } from './redis-parts.ts';

it('a reading is seen and stopped by another replica, and ends by itself', async () => {
  const first = await redisParts(inject('redisUrl'));
  const second = await redisParts(inject('redisUrl'), first.prefix);
  const here = new RedisReadingProgress(first);
  const there = new RedisReadingProgress(second);
  expect(await there.progress('r-1')).toBeNull();
  expect(await there.stop('r-1'), 'it never began').toBe(false);
  expect(await here.report('r-1', { done: 1, of: 26 })).toBe(false);
  expect(await there.progress('r-1')).toEqual({ done: 1, of: 26 });
  expect(await there.stop('r-1')).toBe(true);
  expect(await here.report('r-1', { done: 2, of: 26 }), 'somebody asked to stop it').toBe(true);
  expect(await here.report('r-2', { done: 1, of: 1 }), 'another reading goes on').toBe(false);
  const leftMs = await first.connection.run('pttl', (client) => client.pttl(first.keys.reading('r-1')));
  expect(leftMs).toBeGreaterThan(300_000);
  expect(leftMs).toBeLessThanOrEqual(360_000);
  await here.end('r-1');
  expect(await there.progress('r-1')).toBeNull();
  expect(await there.stop('r-1')).toBe(false);
});

it('what somebody else wrote there is no progress', async () => {
  const parts = await redisParts(inject('redisUrl'));
  const store = new RedisReadingProgress(parts);
  await parts.connection.run('hset', (client) =>
    client.hset(parts.keys.reading('r-1'), { done: '<b>', of: '-1' }),
  );
  expect(await store.progress('r-1')).toBeNull();
});
