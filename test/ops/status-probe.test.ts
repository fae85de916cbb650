/** `/loandesk status`: what only the store knows of. */
import { expect, inject, it } from 'vitest';
import type { ExchangeSnapshot } from '../../src/binance/exchange-snapshot.ts';
import { createStatusProbe } from '../../src/ops/status-probe.ts';
import { StoreClock } from '../../src/redis/store-clock.ts';
import { redisParts } from '../redis/redis-parts.ts';
import { QUIET } from '../support/logs.ts';

const NOTHING_YET: ExchangeSnapshot = {
  clock: null,
  weights: [],
  stops: [],
  sharedCountDown: false,
  maintenance: false,
  lastSuccessAtMs: null,
  accounts: [],
};

it('says how many messages were set aside, and nothing of it while there are none', async () => {
  const { connection, keys, outbox } = await redisParts(inject('redisUrl'));
  const probe = createStatusProbe({
    exchange: { snapshot: () => NOTHING_YET, stops: { list: async () => [], lift: async () => {} } },
    redis: connection,
    outbox,
    clock: new StoreClock({ clocks: () => [Date.now()], log: QUIET }),
    logState: () => ({ lost: 0, trouble: null }),
    mode: 'live',
    version: '1.2.3',
    now: Date.now,
  });
  const messages = async () => (await probe()).lines.filter(({ name }) => name === 'Messages');
  expect(await messages()).toEqual([]);
  await connection.client.rpush(keys.outboxSetAside, 'R1 1700000000000 2.1 …', 'R1 1700000000000 3.1 …');
  expect(await messages()).toEqual([
    { name: 'Messages', level: 'warning', text: expect.stringMatching(/^2 messages could not be read/) },
  ]);
});
