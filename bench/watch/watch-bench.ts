/** From Binance's answer to the message in Slack; what a round costs; what a month of rounds leaves behind. */
import { z } from 'zod';
import { type BotProcess, startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startRedisServer } from '../../test/support/redis-server.ts';
import { startChild } from '../support/child.ts';
import { atMost, type BenchOptions, type Section } from '../support/report.ts';
import { isFlat, percentile, spread } from '../support/statistics.ts';
import { watchedWorld } from './watched-world.ts';

const EVERY_MS = 5_000;
const REPLICAS = 3;
/** Margin call, then liquidation: the levels that are believed at once. Each unit crosses each of them once. */
const LTVS = ['0.86', '0.91'];
/** A message that is later than this never came. */
const LOST_AFTER_MS = 30_000;
const costAnswer = z.object({ tookMs: z.array(z.number()), cpuMs: z.number(), roundTrips: z.number() });
const daysAnswer = z.object({ heapBytes: z.number(), redisBytes: z.number(), historyBytes: z.number() });
type AfterDays = z.infer<typeof daysAnswer>;

interface Latency {
  /** From the answer of Binance that shows the crossing. */
  readonly answerMs: number[];
  /** From the crossing itself. */
  readonly crossingMs: number[];
}

/** One unit after the other crosses one level after the other, at times that have nothing to do with the rounds. */
async function measureLatency(units: number, samples: number, redisUrl: string): Promise<Latency> {
  const world = await watchedWorld(units, redisUrl, { WATCH_EVERY: `${EVERY_MS / 1000}s` });
  const bots: BotProcess[] = [];
  try {
    for (let started = 0; started < REPLICAS; started += 1)
      bots.push(await startBotProcess(world.settings()));
    await world.workspace.until(() => world.workspace.store.messages(SEED_IDS.loanAlerts)[0], LOST_AFTER_MS);
    const found: Latency = { answerMs: [], crossingMs: [] };
    for (let sample = 0; sample < samples; sample += 1) {
      const unit = String((sample % units) + 1);
      const ltv = LTVS[Math.floor(sample / units)];
      if (ltv === undefined) throw new RangeError(`${units} units can't cross ${samples} times`);
      await new Promise((resolve) => setTimeout(resolve, (sample * 977) % EVERY_MS));
      const { order } = world.workspace.store;
      const crossedMs = performance.now();
      world.exchange.fallTo(unit, ltv);
      let answeredMs = Number.NaN;
      const stop = world.exchange.onAnswered(({ endpoint, status }) => {
        if (endpoint === 'ltv-details' && status === 200 && Number.isNaN(answeredMs))
          answeredMs = performance.now();
      });
      await world.workspace.until(
        () =>
          world.workspace.store
            .messages(SEED_IDS.loanAlerts)
            .find((message) => message.order > order && new RegExp(`\\b${unit}\\b`).test(message.text)),
        LOST_AFTER_MS,
      );
      stop();
      found.answerMs.push(performance.now() - answeredMs);
      found.crossingMs.push(performance.now() - crossedMs);
    }
    return found;
  } finally {
    for (const bot of bots) await bot.stop();
    await world.close();
  }
}

async function measureRounds(units: number, rounds: number, days: number, redisUrl: string) {
  const child = await startChild(import.meta.url, './watch-process.ts', {
    measured: true,
    argument: { units, redisUrl },
  });
  try {
    const cost = await child.ask(costAnswer, 'cost', { rounds });
    const after: AfterDays[] = [];
    for (let part = 0; part < 3; part += 1)
      after.push(await child.ask(daysAnswer, 'days', { days: days / 3 }));
    return { cost, after };
  } finally {
    await child.stop();
  }
}

function memoryRows(units: number, after: readonly AfterDays[]) {
  const heap = after.map(({ heapBytes }) => heapBytes);
  const redis = after.map(({ redisBytes, historyBytes }) => redisBytes - historyBytes);
  return [
    { units, what: 'heap', bytes: heap, isFlat: isFlat(heap) },
    { units, what: 'Redis without the history', bytes: redis, isFlat: isFlat(redis) },
  ];
}

export async function watchBench({ quick }: BenchOptions): Promise<Section> {
  const [worlds, rounds, days] = quick ? [1, 20, 3] : [3, 200, 30];
  const samples = quick ? 3 : 10;
  const redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'everysec');
  try {
    const sizes = [5, 50];
    const latencies: Latency[] = [];
    for (const units of sizes) {
      const found: Latency = { answerMs: [], crossingMs: [] };
      for (let world = 0; world < worlds; world += 1) {
        const { answerMs, crossingMs } = await measureLatency(units, samples, redis.url);
        found.answerMs.push(...answerMs);
        found.crossingMs.push(...crossingMs);
      }
      latencies.push(found);
    }
    const measured: Awaited<ReturnType<typeof measureRounds>>[] = [];
    for (const units of sizes) measured.push(await measureRounds(units, rounds, days, redis.url));
    const ms = (values: readonly number[], percent: number) => percentile(values, percent).toFixed(0);
    const worst = Math.max(...latencies.map(({ crossingMs }) => percentile(crossingMs, 99)));
    const memory = measured.flatMap(({ after }, at) => memoryRows(sizes[at] ?? 0, after));
    return {
      title: 'The watch',
      method: `${REPLICAS} bots as processes, WATCH_EVERY ${EVERY_MS / 1000} s, Redis with its append-only file, the stand-ins of Binance and Slack in the benchmark's process: ${worlds * samples} crossings, one at a time, at moments that have nothing to do with the rounds. A round's cost is that of one bot that reads alone, ${rounds} calm rounds, the stand-ins' share included. ${days} days are a round in each half hour on a turned clock.`,
      tables: [
        {
          title: 'From Binance to Slack',
          columns: ['units', 'answer to message, p50 ms', 'p99 ms', 'crossing to message, p50 ms', 'p99 ms'],
          rows: sizes.map((units, at) => [
            String(units),
            ms(latencies[at]?.answerMs ?? [], 50),
            ms(latencies[at]?.answerMs ?? [], 99),
            ms(latencies[at]?.crossingMs ?? [], 50),
            ms(latencies[at]?.crossingMs ?? [], 99),
          ]),
        },
        {
          title: 'A round',
          columns: ['units', 'round ms', 'CPU ms a round', 'round trips to Redis'],
          rows: sizes.map((units, at) => {
            const cost = measured[at]?.cost;
            return [
              String(units),
              spread(cost?.tookMs ?? [], 1),
              (cost?.cpuMs ?? Number.NaN).toFixed(1),
              (cost?.roundTrips ?? Number.NaN).toFixed(1),
            ];
          }),
        },
        {
          title: `Memory over ${days} days`,
          columns: ['units', 'KB', ...[1, 2, 3].map((third) => `day ${(days / 3) * third}`), ''],
          rows: memory.map(({ units, what, bytes, isFlat: flat }) => [
            String(units),
            what,
            ...bytes.map((each) => (each / 1024).toFixed(0)),
            flat ? 'flat' : 'grows',
          ]),
        },
      ],
      goals: [
        atMost(
          `p99 from the crossing at most WATCH_EVERY + 500 ms, in s`,
          (EVERY_MS + 500) / 1_000,
          worst / 1_000,
        ),
        {
          goal: `flat over ${days} days: heap, and Redis without the history`,
          measured: memory.every(({ isFlat: flat }) => flat) ? 'flat' : 'it grows',
          met: memory.every(({ isFlat: flat }) => flat),
        },
      ],
      notes: [
        'The history of LTVs fills for 90 days, and is not counted. Times for 50 units are ten times what Binance allows a firm.',
      ],
    };
  } finally {
    await redis.stop();
  }
}
