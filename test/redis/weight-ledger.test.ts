import { once } from 'node:events';
import { describe, expect, inject, it } from 'vitest';
import { sharedPartsContract } from '../contracts/shared-parts.ts';
import { newPrefix, type RedisParts, realRedis, redisParts } from './redis-parts.ts';
import { restartableRedis } from './restartable-redis.ts';

sharedPartsContract('Redis', () => redisParts(inject('redisUrl')));

const MINUTE = 29_000_000;

async function twoProcesses(): Promise<[RedisParts, RedisParts]> {
  const one = await redisParts(inject('redisUrl'));
  return [one, await redisParts(inject('redisUrl'), one.prefix)];
}

describe('two processes on one ledger', () => {
  it('are given exactly the limit of each minute, however they race', async () => {
    const [one, other] = await twoProcesses();
    for (let minute = MINUTE; minute < MINUTE + 5; minute += 1) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          (index % 2 === 0 ? one : other).ledger.reserve('ltv', minute, 200, 12_000),
        ),
      );
      const given = answers.filter(({ ok }) => ok);
      expect(given).toHaveLength(60);
      expect(Math.max(...given.map(({ used }) => used))).toBe(12_000);
    }
  });

  it('both see a stop of a bucket at once', async () => {
    const [one, other] = await twoProcesses();
    const cause = { httpStatus: 418, exchangeCode: null };
    await one.ledger.stop('ltv', 60_000, cause);
    for (const { ledger } of [one, other]) {
      expect(await ledger.reserve('ltv', MINUTE, 1, 12_000)).toEqual({ ok: false, used: 0 });
      expect(await ledger.stops(['ltv'])).toMatchObject([{ bucket: 'ltv', cause }]);
    }
  });

  it('leave nothing behind: a counter ends by itself after its minute', async () => {
    const [one] = await twoProcesses();
    await one.ledger.reserve('ltv', MINUTE, 1, 10);
    await one.ledger.raise('closed', MINUTE, 5);
    for (const bucket of ['ltv', 'closed']) {
      const leftMs = await one.connection.client.pttl(one.keys.weight(bucket, MINUTE));
      expect(leftMs).toBeGreaterThan(120_000);
      expect(leftMs).toBeLessThanOrEqual(150_000);
    }
  });
});

describe('a ledger whose data is lost in the middle of a minute', () => {
  realRedis('counts on, and the exchange’s next header brings it back in step', async () => {
    const redis = await restartableRedis();
    redis.start();
    const { ledger, connection } = await redisParts(redis.url, newPrefix());
    await ledger.reserve('ltv', MINUTE, 11_800, 12_000);
    const noticed = once(connection.client, 'close');
    await redis.kill();
    await noticed;
    redis.start();
    await connection.ready(5_000);
    expect(await ledger.reserve('ltv', MINUTE, 200, 12_000)).toEqual({ ok: true, used: 200 });
    await ledger.raise('ltv', MINUTE, 12_000);
    expect(await ledger.reserve('ltv', MINUTE, 200, 12_000)).toEqual({ ok: false, used: 12_000 });
    expect(await ledger.reserve('ltv', MINUTE + 1, 200, 12_000)).toEqual({ ok: true, used: 200 });
  });
});
