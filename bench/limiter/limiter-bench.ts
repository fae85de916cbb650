/** The shared limiter against a strict exchange, and through outages: whole minutes used, never more, and healed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { startExchange } from '../../sandbox/binance/exchange.ts';
import { type Child, startChild } from '../support/child.ts';
import type { BenchOptions } from '../support/options.ts';
import { type RedisProcess, startRedis } from '../support/redis-process.ts';
import { atLeast, atMost, type Goal, type Section, type Table } from '../support/report.ts';

const MINUTE_MS = 60_000;
const REPLICAS = 3;
/** Of 12,000 a minute at 200 a call. */
const CALLS_A_MINUTE = 60;
const HEALED_WITHIN_S = 5;

export async function limiterBench({ quick, say }: BenchOptions): Promise<Section> {
  const [saturated, ...outages] = await Promise.all([
    quick ? null : saturate(2, say),
    outage('Redis killed for 3 s, its data lost', false, async ({ redis }) => {
      await redis.kill();
      await pause(3_000);
      await redis.start();
    }),
    ...(quick
      ? []
      : [
          outage('Redis killed for 15 s, its data kept', true, async ({ redis }) => {
            await redis.kill();
            await pause(15_000);
            await redis.start();
          }),
          outage('one process stopped for 12 s', true, async ({ children: [first] }) => {
            first?.process.kill('SIGSTOP');
            await pause(12_000);
            first?.process.kill('SIGCONT');
          }),
        ]),
  ]);
  return {
    title: 'Shared limiter',
    method: `Saturation: ${REPLICAS} processes with 20 callers each ask for ltv-details (weight 200) without pause, on one real Redis, against the exchange stand-in, which counts 12,000 a minute by its own clock and answers 429 beyond. Outages: two processes ask for ten counted slots a second each (as closes do) while Redis or a process goes away.`,
    tables: [
      ...(saturated === null ? [] : [saturated.table]),
      {
        title: 'Outages',
        columns: [
          'fault',
          'first slot after it, s (worse of 2 processes)',
          'slots asked',
          'counted',
          'refused as not counted',
          'pending at the end',
        ],
        rows: outages.map(({ name, healedAfterS, asked, admitted, uncounted, pending }) => [
          name,
          healedAfterS.toFixed(2),
          ...[asked, admitted, uncounted, pending].map(String),
        ]),
      },
    ],
    goals: [
      ...(saturated === null ? [] : saturated.goals),
      ...outages.flatMap(({ name, healedAfterS, pending }) => [
        atMost(`${name}: slots again within 5 s`, HEALED_WITHIN_S, healedAfterS),
        atMost(`${name}: nothing pending`, 0, pending, 0),
      ]),
    ],
    notes: [
      'The first minute is begun a few seconds before its end, so that the burst stands right at the edge: all callers of all processes go off at the turn of the minute.',
    ],
  };
}

async function saturate(minutes: number, say: BenchOptions['say']) {
  const redis = await startRedis({ keeps: false });
  const exchange = await startExchange();
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-bench-'));
  const accountsFile = join(folder, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify(exchange.accounts()), { mode: 0o600 });
  const children: Child[] = [];
  try {
    for (let replica = 0; replica < REPLICAS; replica += 1) {
      const argument = { url: exchange.url, redisUrl: redis.url, accountsFile };
      children.push(await startChild(import.meta.url, './caller-process.ts', { core: null, argument }));
    }
    await pause((MINUTE_MS - (Date.now() % MINUTE_MS) + MINUTE_MS - 4_000) % MINUTE_MS);
    say('limiter: saturating whole minutes');
    const firstWhole = Math.floor(Date.now() / MINUTE_MS) + 1;
    await Promise.all(children.map((child) => child.ask(z.null(), 'hammer')));
    await pause((firstWhole + minutes) * MINUTE_MS - Date.now() + 3_000);
    return judge(exchange.requests({ endpoint: 'ltv-details' }), firstWhole, minutes);
  } finally {
    for (const child of children) await child.stop();
    await exchange.close();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function judge(
  requests: readonly { readonly receivedAtMs: number; readonly status: number | null }[],
  firstWhole: number,
  minutes: number,
): { readonly table: Table; readonly goals: readonly Goal[] } {
  const counted = new Map<number, { done: number; refused: number }>();
  for (const { receivedAtMs, status } of requests) {
    const minute = Math.floor(receivedAtMs / MINUTE_MS);
    const count = counted.get(minute) ?? { done: 0, refused: 0 };
    count[status === 429 ? 'refused' : 'done'] += 1;
    counted.set(minute, count);
  }
  const inMinute = (minute: number) => counted.get(minute) ?? { done: 0, refused: 0 };
  const all = [...counted.keys()].sort((a, b) => a - b);
  const whole = Array.from({ length: minutes }, (_, index) => inMinute(firstWhole + index).done);
  const share = (calls: number) => (calls / CALLS_A_MINUTE) * 100;
  return {
    table: {
      title: `Calls in each of the exchange's minutes (${CALLS_A_MINUTE} fit)`,
      columns: ['minute', 'answered', 'of the limit', 'answered with 429'],
      rows: all.map((minute) => [
        `${minute < firstWhole ? 'its last 4 s' : minute < firstWhole + minutes ? 'whole' : 'its first 3 s'}`,
        String(inMinute(minute).done),
        `${share(inMinute(minute).done).toFixed(0)} %`,
        String(inMinute(minute).refused),
      ]),
    },
    goals: [
      atMost(
        'at most 100 % in any minute of the exchange, %',
        100,
        share(Math.max(...all.map((minute) => inMinute(minute).done))),
        0,
      ),
      atMost(
        'no 429',
        0,
        all.reduce((sum, minute) => sum + inMinute(minute).refused, 0),
        0,
      ),
      atLeast('at least 98 % of each whole minute, %', 98, share(Math.min(...whole)), 0),
    ],
  };
}

interface Outage {
  readonly name: string;
  readonly healedAfterS: number;
  readonly asked: number;
  readonly admitted: number;
  readonly uncounted: number;
  readonly pending: number;
}

const askedAnswer = z.array(
  z.object({ atMs: z.number(), kind: z.string(), endedAtMs: z.number().nullable() }),
);

async function outage(
  name: string,
  keeps: boolean,
  strike: (parts: { redis: RedisProcess; children: readonly Child[] }) => Promise<void>,
): Promise<Outage> {
  const redis = await startRedis({ keeps });
  const children: Child[] = [];
  try {
    for (let count = 0; count < 2; count += 1) {
      const argument = { redisUrl: redis.url };
      children.push(await startChild(import.meta.url, './slots-process.ts', { core: null, argument }));
    }
    await Promise.all(children.map((child) => child.ask(z.null(), 'begin')));
    await pause(2_000);
    await strike({ redis, children });
    const overAtMs = Date.now();
    await pause(8_000);
    await Promise.all(children.map((child) => child.ask(z.null(), 'end')));
    await pause(4_000);
    const each = await Promise.all(children.map((child) => child.ask(askedAnswer, 'asked')));
    const slots = each.flat();
    const firstAfter = each.map((own) => {
      const ends = own.flatMap(({ kind, endedAtMs }) =>
        kind === 'admitted' && endedAtMs !== null && endedAtMs >= overAtMs ? [endedAtMs] : [],
      );
      return Math.min(...ends) - overAtMs;
    });
    const count = (kind: string) => slots.filter((slot) => slot.kind === kind).length;
    return {
      name,
      healedAfterS: Math.max(...firstAfter) / 1_000,
      asked: slots.length,
      admitted: count('admitted'),
      uncounted: count('uncounted'),
      pending: count('pending'),
    };
  } finally {
    for (const child of children) await child.stop();
    await redis.stop();
  }
}
