/** Signed, validated calls side by side: ours, the npm packages, and a bare loop, on one loopback server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type Child, startChild } from '../support/child.ts';
import { bundled } from '../support/image.ts';
import type { BenchOptions } from '../support/options.ts';
import { startRedis } from '../support/redis-process.ts';
import { atMost, type Goal, type Section } from '../support/report.ts';
import { medianRatio, spread } from '../support/statistics.ts';

const PARTS = 'loandesk: sign, send, validate';
const VARIANTS = [
  'undici',
  'undici + zod',
  PARTS,
  'loandesk',
  'loandesk + Redis',
  'binance',
  'ccxt',
] as const;
const FROM_SOURCES = 'loandesk, from TypeScript';
/** Those whose start is measured. */
const STARTED = [...VARIANTS, FROM_SOURCES] as const;
const PROGRAMS = {
  loandesk: 'bench/exchange/loandesk-process.ts',
  peers: 'bench/exchange/peer-process.ts',
};
type Variant = (typeof STARTED)[number];

const KEY = { apiKey: 'bench-api-key', secret: 'bench-secret' };
const CONCURRENCIES = [1, 16] as const;

const runAnswer = z.object({ callsPerSecond: z.number(), cpuUsPerCall: z.number() });
const countsAnswer = z.object({ calls: z.record(z.string(), z.number()), connections: z.number() });

interface Figures {
  readonly rate: Map<number, number[]>;
  readonly cpu: Map<number, number[]>;
  readonly startMs: number[];
  readonly warmStartMs: number[];
  rssMb: number;
  connections: number;
}

type AllFigures = ReadonlyMap<Variant, Figures>;

export async function exchangeBench({ quick }: BenchOptions): Promise<Section> {
  const redis = await startRedis({ keeps: false, core: 0 });
  const server = await startChild(import.meta.url, '../support/exchange-server.ts', { core: 0 });
  const port = await server.ask(z.number(), 'port');
  const figures: AllFigures = new Map(STARTED.map((variant) => [variant, emptyFigures()]));
  const dist = join(await bundled({ programs: PROGRAMS, outside: ['binance', 'ccxt'] }), 'dist');
  const cache = await mkdtemp(join(tmpdir(), 'loandesk-cache-'));
  const start = (variant: Variant, env: Record<string, string> = {}) =>
    startChild(import.meta.url, scriptOf(variant, dist), {
      core: 1,
      argument: {
        variant: variant === FROM_SOURCES ? 'loandesk' : variant,
        url: `http://127.0.0.1:${port}`,
        redisUrl: redis.url,
        ...KEY,
      },
      env,
    });
  try {
    await measureCalls(figures, server, start, quick);
    await measureStarts(figures, start, cache, quick ? 2 : 7);
  } finally {
    await server.stop();
    await redis.stop();
    await rm(cache, { recursive: true, force: true });
  }
  return toSection(figures, quick);
}

/** Every client from a bundle, so that no start has to strip the types of its benchmark; the peers from npm's folder. */
function scriptOf(variant: Variant, dist: string): string {
  if (variant === FROM_SOURCES) return './loandesk-process.ts';
  return pathToFileURL(join(dist, variant.startsWith('loandesk') ? 'loandesk.js' : 'peers.js')).href;
}

type Start = (variant: Variant, env?: Record<string, string>) => Promise<Child>;

async function measureCalls(figures: AllFigures, server: Child, start: Start, quick: boolean): Promise<void> {
  const [rounds, calls] = quick ? [3, 300] : [7, 2_000];
  const clients = new Map<Variant, Child>();
  try {
    for (const variant of VARIANTS) {
      await server.ask(z.null(), 'reset');
      const client = await start(variant);
      clients.set(variant, client);
      for (const concurrency of CONCURRENCIES)
        await client.ask(runAnswer, 'run', { calls: Math.max(calls / 2, 300), concurrency });
      const counts = await server.ask(countsAnswer, 'counts');
      const own = figures.get(variant);
      if (own !== undefined) own.connections = counts.connections;
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const [variant, client] of clients) {
        for (const concurrency of CONCURRENCIES) {
          const found = await client.ask(runAnswer, 'run', { calls, concurrency });
          figures.get(variant)?.rate.get(concurrency)?.push(found.callsPerSecond);
          figures.get(variant)?.cpu.get(concurrency)?.push(found.cpuUsPerCall);
        }
      }
    }
    for (const [variant, client] of clients) {
      const own = figures.get(variant);
      if (own !== undefined) own.rssMb = await client.ask(z.number(), 'rssMb');
    }
  } finally {
    for (const client of clients.values()) await client.stop();
  }
}

/** From the spawn to the first validated answer; warm: with Node's compile cache, for all of them alike. */
async function measureStarts(
  figures: AllFigures,
  start: Start,
  cache: string,
  rounds: number,
): Promise<void> {
  const timed = async (variant: Variant, env: Record<string, string>) => {
    const startedAtMs = performance.now();
    const client = await start(variant, env);
    const tookMs = performance.now() - startedAtMs;
    // The channel's end lets the process exit by itself, which is when the compile cache is written.
    const ended = new Promise((resolve) => client.process.once('exit', resolve));
    client.process.disconnect();
    await ended;
    return tookMs;
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const variant of STARTED) {
      figures.get(variant)?.startMs.push(await timed(variant, { NODE_DISABLE_COMPILE_CACHE: '1' }));
      if (round === 0) await timed(variant, { NODE_COMPILE_CACHE: cache });
      figures.get(variant)?.warmStartMs.push(await timed(variant, { NODE_COMPILE_CACHE: cache }));
    }
  }
}

function emptyFigures(): Figures {
  const lists = () => new Map(CONCURRENCIES.map((concurrency) => [concurrency, [] as number[]]));
  return { rate: lists(), cpu: lists(), startMs: [], warmStartMs: [], rssMb: 0, connections: 0 };
}

function toSection(figures: AllFigures, quick: boolean): Section {
  const of = (variant: Variant) => figures.get(variant) ?? emptyFigures();
  const cpu = (variant: Variant, concurrency: number) => of(variant).cpu.get(concurrency) ?? [];
  const rate = (variant: Variant, concurrency: number) => of(variant).rate.get(concurrency) ?? [];
  return {
    title: 'Exchange client',
    method: `Each client is a process of its own on one core; the server, which checks key and signature and answers the documented ltv-details row, is on the other. Every round asks all clients in turn (${quick ? '3 rounds of 300' : '7 rounds of 2,000'} calls each); CPU is the client's own, user and system. "loandesk" is the product's whole path, in one bundle as the image has it: role, clock, maintenance, limiter, signature, request, exact JSON, schema, arithmetic of the row; with "+ Redis" the limiter's shared count is the real script on a real Redis. \`binance\` and \`ccxt\` validate nothing and have no limiter here.`,
    tables: [
      {
        title: 'Calls',
        columns: [
          'client',
          'calls/s, c1',
          'CPU us a call, c1',
          'calls/s, c16',
          'CPU us a call, c16',
          'connections',
          'memory MB',
        ],
        rows: VARIANTS.map((variant) => [
          variant,
          spread(rate(variant, 1)),
          spread(cpu(variant, 1)),
          spread(rate(variant, 16)),
          spread(cpu(variant, 16)),
          String(of(variant).connections),
          of(variant).rssMb.toFixed(0),
        ]),
      },
      {
        title: 'From the spawn to the first validated answer, ms',
        columns: ['client', 'no compile cache', 'warm compile cache'],
        rows: STARTED.map((variant) => [
          variant,
          spread(of(variant).startMs),
          spread(of(variant).warmStartMs),
        ]),
      },
    ],
    goals: goals(of, cpu),
    notes: [
      `"${PARTS}" is those parts of ours and nothing else; "loandesk" also decides whether a call may leave (role, clock, maintenance, limiter) and is ${CONCURRENCIES.map((c) => `${medianRatio(cpu('loandesk', c), cpu('undici', c)).toFixed(2)} x bare undici at c${c}`).join(', ')}.`,
      'Connections: those a client opened for its first calls at concurrency 1 and then 16.',
      'The start of ours includes what the others do not do: five samples of the exchange clock before the first signed call.',
      'Every client starts from a bundle, with `binance` and `ccxt` as npm installs them; the types of nobody are stripped at the start.',
      '"From TypeScript" is ours as a clone runs it, for information: without a compile cache every start strips types again; `npm start` turns the cache on.',
    ],
  };
}

function goals(
  of: (variant: Variant) => Figures,
  cpu: (variant: Variant, concurrency: number) => number[],
): Goal[] {
  return [
    ...CONCURRENCIES.flatMap((c) => [
      atMost(
        `sign, send and validate: CPU a call at most 1.25 x bare undici, c${c}`,
        1.25,
        medianRatio(cpu(PARTS, c), cpu('undici', c)),
      ),
      atMost(
        `CPU a call at most 0.45 x \`binance\`, c${c}`,
        0.45,
        medianRatio(cpu('loandesk', c), cpu('binance', c)),
      ),
      atMost(
        `with the shared limiter at most 0.75 x \`binance\` without one, c${c}`,
        0.75,
        medianRatio(cpu('loandesk + Redis', c), cpu('binance', c)),
      ),
    ]),
    atMost(
      'first validated answer within 0.5 x `ccxt`, both with a warm compile cache',
      0.5,
      medianRatio(of('loandesk').warmStartMs, of('ccxt').warmStartMs),
    ),
    atMost('the same without a compile cache', 0.5, medianRatio(of('loandesk').startMs, of('ccxt').startMs)),
  ];
}
