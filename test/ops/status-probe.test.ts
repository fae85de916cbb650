/** `/loandesk status`: what only the store knows of. */
import { expect, inject, it } from 'vitest';
import type { ExchangeSnapshot } from '../../src/binance/exchange-status.ts';
import { createStatusProbe, type StatusProbeParts } from '../../src/ops/status-probe.ts';
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

/** The lines of this name, on a Redis of its own data. */
async function probeOf(changes: Partial<StatusProbeParts> = {}) {
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
    ...changes,
  });
  const linesOf = async (name: string) => (await probe()).lines.filter((line) => line.name === name);
  return { linesOf, connection, keys };
}

it('says how many messages were set aside, and nothing of it while there are none', async () => {
  const { linesOf, connection, keys } = await probeOf();
  expect(await linesOf('Messages')).toEqual([]);
  await connection.client.rpush(keys.outboxSetAside, 'R1 1700000000000 2.1 …', 'R1 1700000000000 3.1 …');
  expect(await linesOf('Messages')).toEqual([
    { name: 'Messages', level: 'warning', text: expect.stringMatching(/^2 messages couldn't be read/) },
  ]);
});

it.each([
  [
    '5 h ahead',
    5 * 3_600_000,
    /^its clock is 1(?:7999|8000|8001) s ahead of the other clocks: nothing is decided/,
  ],
  [
    '5 h back',
    -5 * 3_600_000,
    /^its clock is 1(?:7999|8000|8001) s behind the other clocks: nothing is decided/,
  ],
])('fault A11, relative: a Redis clock that is %s is said', async (_, offMs, text) => {
  const clock = new StoreClock({ clocks: () => [Date.now() - offMs], log: QUIET });
  const { linesOf } = await probeOf({ clock });
  expect(await linesOf('Redis')).toContainEqual({
    name: 'Redis',
    level: 'fault',
    text: expect.stringMatching(text),
  });
});

it('fault A8, relative: a log that cannot be written is said, and afterwards what was lost', async () => {
  let state: ReturnType<StatusProbeParts['logState']> = { lost: 0, trouble: null };
  const { linesOf } = await probeOf({ logState: () => state });
  expect(await linesOf('Log')).toEqual([]);
  state = { lost: 3, trouble: 'ENOSPC' };
  expect(await linesOf('Log')).toMatchObject([{ level: 'fault', text: expect.stringContaining('(ENOSPC)') }]);
  state = { lost: 3, trouble: null };
  expect(await linesOf('Log')).toMatchObject([
    { level: 'warning', text: '3 lines were lost since the start' },
  ]);
});

it.each([
  ['a minute', 60_000, 'ok', 'last answered 60 s ago'],
  ['an hour', 3_600_000, 'fault', 'last answered 3600 s ago'],
] as const)(
  'relative of fault T10: an exchange that has been silent for %s is said so, by its own time',
  async (_, silentMs, level, text) => {
    const offsetMs = 5 * 3_600_000;
    const nowMs = 1_800_000_000_000;
    const snapshot = {
      ...NOTHING_YET,
      clock: { offsetMs, rttMs: 20, ageMs: 0 },
      lastSuccessAtMs: nowMs + offsetMs - silentMs,
    };
    const stops = { list: async () => [], lift: async () => {} };
    const { linesOf } = await probeOf({ now: () => nowMs, exchange: { snapshot: () => snapshot, stops } });
    expect(await linesOf('Binance')).toEqual([{ name: 'Binance', level, text }]);
  },
);
