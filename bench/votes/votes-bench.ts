/** From the click on "Approve" to the stored vote: time, round trips, and the guarded transition beside redis-benchmark. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { type Child, pinned, startChild } from '../support/child.ts';
import type { BenchOptions } from '../support/options.ts';
import { type RedisProcess, startRedis } from '../support/redis-process.ts';
import { atLeast, atMost, type Section } from '../support/report.ts';
import { median, medianRatio, percentile, spread } from '../support/statistics.ts';

const OPEN = 1_000;

const votesAnswer = z.object({ commands: z.array(z.string()), p50: z.number(), p99: z.number() });
const crowdedAnswer = z.object({
  alone: z.array(z.number()),
  crowded: z.array(z.number()),
  sweep: z.object({
    open: z.number(),
    looked: z.number(),
    rounds: z.number(),
    commands: z.number(),
    exchangeReads: z.number(),
    tookMs: z.number(),
    cpuMs: z.number(),
  }),
});
const argumentsAnswer = z.object({
  sha: z.string(),
  before: z.array(z.string()),
  commandStem: z.string(),
  after: z.array(z.string()),
});
const transitionsAnswer = z.object({ perSecond: z.number(), p50: z.number(), p99: z.number() });

type Arguments = z.infer<typeof argumentsAnswer>;
type Transitions = z.infer<typeof transitionsAnswer>;

interface Pair {
  readonly ours: Transitions[];
  readonly floor: Transitions[];
}

export async function votesBench({ quick }: BenchOptions): Promise<Section> {
  const redis = await startRedis({ keeps: true, core: 0 });
  const child = await startChild(import.meta.url, './votes-process.ts', {
    core: 1,
    argument: { redisUrl: redis.url },
  });
  try {
    const pairs = await measureTransitions(child, redis, quick);
    const votes = await child.ask(votesAnswer, 'votes', { count: quick ? 200 : 2_000 });
    const crowded = await child.ask(crowdedAnswer, 'crowdedVotes', {
      open: quick ? 100 : OPEN,
      rounds: quick ? 50 : 400,
    });
    return section(pairs, votes, crowded);
  } finally {
    await child.stop();
    await redis.stop();
  }
}

async function measureTransitions(
  child: Child,
  redis: RedisProcess,
  quick: boolean,
): Promise<ReadonlyMap<number, Pair>> {
  const pairs = new Map([1, 50].map((c): [number, Pair] => [c, { ours: [], floor: [] }]));
  const given = await child.ask(argumentsAnswer, 'transitionArguments');
  const { sha: _sha, ...transition } = given;
  for (let round = 0; round <= (quick ? 2 : 5); round += 1) {
    for (const [concurrency, pair] of pairs) {
      const count = (concurrency === 1 ? 4_000 : 20_000) * (quick ? 0.2 : 1);
      const ours = await child.ask(transitionsAnswer, 'transitions', { ...transition, count, concurrency });
      const floor = await redisBenchmark(redis, given, count, concurrency);
      // The first round warms up.
      if (round === 0) continue;
      pair.ours.push(ours);
      pair.floor.push(floor);
    }
  }
  return pairs;
}

async function redisBenchmark(
  { port }: RedisProcess,
  { sha, before, commandStem, after }: Arguments,
  count: number,
  concurrency: number,
): Promise<Transitions> {
  const run = `${process.pid}-${performance.now()}`;
  const [program, args] = pinned(1, [
    'redis-benchmark',
    ...['-h', '127.0.0.1', '-p', String(port), '-n', String(count), '-c', String(concurrency)],
    ...['-r', '1000000000', '--csv', 'EVALSHA', sha, String(before.length + 1)],
    ...[...before, `${commandStem}${run}-__rand_int__`, ...after],
  ]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  await once(child, 'close');
  // The last line ends in: rps, average, least, p50, p95, p99, most (milliseconds).
  const fields = (text.trim().split('\n').at(-1) ?? '')
    .match(/"[\d.]+"/g)
    ?.map((field) => Number(field.slice(1, -1)));
  const [perSecond = Number.NaN, , , p50 = Number.NaN, , p99 = Number.NaN] = fields?.slice(-7) ?? [];
  return { perSecond, p50, p99 };
}

function section(
  pairs: ReadonlyMap<number, Pair>,
  votes: z.infer<typeof votesAnswer>,
  { alone, crowded, sweep }: z.infer<typeof crowdedAnswer>,
): Section {
  const ratio = (c: number) => {
    const pair = pairs.get(c) ?? { ours: [], floor: [] };
    const rate = ({ perSecond }: Transitions) => perSecond;
    return medianRatio(pair.ours.map(rate), pair.floor.map(rate));
  };
  const growth = median(crowded) / median(alone);
  return {
    title: 'Votes and the store',
    method: `Redis with its append-only file (fsync every second) on one core, the desk in a process on the other, with people and an exchange that answer at once: what is measured is the rule, the record, the seal and Redis. Transition: the script that guards every change, with the keys and arguments of a real vote, once through the product's connection and once by redis-benchmark.`,
    tables: [
      {
        title: 'Guarded transition',
        columns: ['', 'a second', 'p50 ms', 'p99 ms'],
        rows: [...pairs].flatMap(([c, { ours, floor }]) =>
          (
            [
              [`redis-benchmark, c${c}${c > 1 ? ` (${c} connections)` : ''}`, floor],
              [`Loandesk, c${c}${c > 1 ? ' (one connection)' : ''}`, ours],
            ] as const
          ).map(([name, runs]) => [
            name,
            spread(runs.map(({ perSecond }) => perSecond)),
            spread(
              runs.map(({ p50 }) => p50),
              2,
            ),
            spread(
              runs.map(({ p99 }) => p99),
              2,
            ),
          ]),
        ),
      },
      {
        title: 'A vote, from the submitted form to the stored record',
        columns: ['', 'p50 ms', 'p99 ms', 'Redis round trips'],
        rows: [
          [
            'the desk alone',
            votes.p50.toFixed(2),
            votes.p99.toFixed(2),
            `${votes.commands.length} (${votes.commands.join(', ')})`,
          ],
          ['with 1 request open', percentile(alone, 50).toFixed(2), percentile(alone, 99).toFixed(2), ''],
          [
            `with ${(sweep.open + 1).toLocaleString('en')} requests open`,
            percentile(crowded, 50).toFixed(2),
            percentile(crowded, 99).toFixed(2),
            '',
          ],
        ],
      },
      {
        title: `The background looks once at each of ${sweep.open.toLocaleString('en')} open requests, as it does every 5 minutes`,
        columns: ['looked at', 'rounds', 'Redis commands', 'reads of the closed list', 'time ms', 'CPU ms'],
        rows: [
          [
            ...[sweep.looked, sweep.rounds, sweep.commands, sweep.exchangeReads].map(String),
            sweep.tookMs.toFixed(0),
            sweep.cpuMs.toFixed(0),
          ],
        ],
      },
    ],
    goals: [
      atLeast('transitions at least 0.6 x redis-benchmark, c1', 0.6, ratio(1)),
      atLeast('transitions at least 0.9 x redis-benchmark, c50', 0.9, ratio(50)),
      atMost('Redis round trips of a vote in the store', 2, votes.commands.length, 0),
      atMost(
        `a vote beside ${(sweep.open + 1).toLocaleString('en')} open requests costs at most 1.1 x`,
        1.1,
        growth,
      ),
    ],
    notes: [
      'A click or a form sent by a person costs one more round trip before these two: the token by which a repeated delivery is recognised. The answers, cards and thread lines that follow a vote are the outbox: they are taken, delivered and struck off by commands of their own, after the vote is stored.',
      `Per minute the background's looks at ${sweep.open.toLocaleString('en')} open requests are a fifth of the last table: ${Math.round(sweep.commands / 5)} Redis commands, ${(sweep.cpuMs / 5).toFixed(0)} ms of CPU, ${Math.round(sweep.exchangeReads / 5)} reads of the closed list (weight 1 a page, 12,000 a minute), shared by all replicas. Beside them each replica asks Redis once a second for work and once for undelivered messages.`,
    ],
  };
}
