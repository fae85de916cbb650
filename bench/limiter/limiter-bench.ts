/** The shared limiter against a strict exchange: whole minutes used, and never more. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { startExchange } from '../../sandbox/binance/exchange.ts';
import { startRedisServer } from '../../test/support/redis-server.ts';
import { type Child, startChild } from '../support/child.ts';
import { atLeast, atMost, type BenchOptions, type Section } from '../support/report.ts';

const MINUTE_MS = 60_000;
const REPLICAS = 3;
const CALLERS = 20;
/** Of a weight of 12,000 per minute, at 200 per call. */
const CALLS_PER_MINUTE = 60;
const BEFORE_MS = 4_000;
const AFTER_MS = 3_000;

export async function limiterBench({ quick }: BenchOptions): Promise<Section> {
  const minutes = quick ? 1 : 2;
  const redis = await startRedisServer();
  const exchange = await startExchange();
  const children: Child[] = [];
  try {
    const [parent] = exchange.accounts().filter(({ role }) => role === 'parent');
    const argument = { ...parent, url: exchange.url, redisUrl: redis.url, callers: CALLERS };
    for (let replica = 0; replica < REPLICAS; replica += 1)
      children.push(await startChild(import.meta.url, './caller-process.ts', { measured: true, argument }));
    // All callers go off together a few seconds before a minute ends, so that the burst meets its edge.
    await pause((2 * MINUTE_MS - BEFORE_MS - (Date.now() % MINUTE_MS)) % MINUTE_MS);
    const firstWhole = Math.floor(Date.now() / MINUTE_MS) + 1;
    await Promise.all(children.map((child) => child.ask(z.null(), 'hammer')));
    await pause((firstWhole + minutes) * MINUTE_MS - Date.now() + AFTER_MS);
    return section(exchange.requests({ endpoint: 'ltv-details' }), firstWhole, minutes);
  } finally {
    for (const child of children) await child.stop();
    await exchange.close();
    await redis.stop();
  }
}

function section(
  requests: readonly { readonly receivedAtMs: number; readonly status: number | null }[],
  firstWhole: number,
  minutes: number,
): Section {
  const rows = Array.from({ length: minutes + 2 }, (_, index) => {
    const minute = firstWhole - 1 + index;
    const own = requests.filter(({ receivedAtMs }) => Math.floor(receivedAtMs / MINUTE_MS) === minute);
    const refused = own.filter(({ status }) => status === 429).length;
    const whole = index > 0 && index <= minutes;
    const name = whole
      ? 'whole'
      : index === 0
        ? `its last ${BEFORE_MS / 1000} s`
        : `its first ${AFTER_MS / 1000} s`;
    return { name, whole, answered: own.length - refused, refused };
  });
  const share = (calls: number) => (calls / CALLS_PER_MINUTE) * 100;
  const most = Math.max(...rows.map(({ answered }) => answered));
  const leastOfWhole = Math.min(...rows.filter(({ whole }) => whole).map(({ answered }) => answered));
  return {
    title: 'Shared limiter',
    method: `${REPLICAS} processes with ${CALLERS} callers each ask for ltv-details (weight 200) without pause, on one real Redis, against the exchange stand-in, which counts 12,000 per minute by its own clock and answers 429 beyond.`,
    tables: [
      {
        columns: [
          'minute of the exchange',
          `answered (${CALLS_PER_MINUTE} fit)`,
          'of the limit',
          'answered with 429',
        ],
        rows: rows.map(({ name, answered, refused }) => [
          name,
          String(answered),
          `${share(answered).toFixed(0)}%`,
          String(refused),
        ]),
      },
    ],
    goals: [
      atMost('at most 100% in any minute of the exchange, %', 100, share(most), 0),
      atMost(
        'answers with 429',
        0,
        rows.reduce((sum, { refused }) => sum + refused, 0),
        0,
      ),
      atLeast('at least 98% of each whole minute, %', 98, share(leastOfWhole), 0),
    ],
    notes: [],
  };
}
