/** Our client of the exchange beside its peers: what one call costs. */
import { z } from 'zod';
import { startRedisServer } from '../../test/support/redis-server.ts';
import { type Child, startChild } from '../support/child.ts';
import { atMost, type BenchOptions, type Section } from '../support/report.ts';
import { BENCH_KEY } from '../support/secrets.ts';
import { medianRatio, spread } from '../support/statistics.ts';

const CLIENTS = ['undici', 'loandesk', 'loandesk + Redis', 'binance'] as const;
const CONCURRENCIES = [1, 16] as const;
type Client = (typeof CLIENTS)[number];

const runAnswer = z.object({ callsPerSecond: z.number(), cpuUsPerCall: z.number() });
type Run = z.infer<typeof runAnswer>;

export async function exchangeBench({ quick }: BenchOptions): Promise<Section> {
  const [rounds, calls] = quick ? [3, 300] : [7, 1_000];
  const redis = await startRedisServer();
  const server = await startChild(import.meta.url, '../support/exchange-server.ts');
  const url = await server.ask(z.string(), 'url');
  const clients = new Map<Client, Child>();
  const runs = new Map<string, Run[]>();
  try {
    for (const client of CLIENTS) {
      const argument = { client, url, redisUrl: redis.url, ...BENCH_KEY };
      clients.set(
        client,
        await startChild(import.meta.url, './client-process.ts', { measured: true, argument }),
      );
    }
    for (let round = 0; round <= rounds; round += 1) {
      for (const [client, child] of clients) {
        for (const concurrency of CONCURRENCIES) {
          const run = await child.ask(runAnswer, 'run', { calls, concurrency });
          const key = `${client}, c${concurrency}`;
          // The first round warms up.
          if (round > 0) runs.set(key, [...(runs.get(key) ?? []), run]);
        }
      }
    }
  } finally {
    for (const child of clients.values()) await child.stop();
    await server.stop();
    await redis.stop();
  }
  const of = (client: Client, concurrency: number, read: (run: Run) => number) =>
    (runs.get(`${client}, c${concurrency}`) ?? []).map(read);
  const cpu = (client: Client, concurrency: number) =>
    of(client, concurrency, ({ cpuUsPerCall }) => cpuUsPerCall);
  const ratio = (client: Client, to: Client) =>
    CONCURRENCIES.map((c) => `${medianRatio(cpu(client, c), cpu(to, c)).toFixed(2)} at c${c}`).join(', ');
  return {
    title: 'Exchange client',
    method: `Each client signs and sends the same call; the server checks key and signature and answers the documented ltv-details row. ${rounds} rounds of ${calls} calls each; c1 and c16 are calls at once; CPU is the client's own, user and system. "loandesk" is the product's whole path: role, clock, maintenance, limiter, signature, request, exact JSON, schema, arithmetic of the row. "+ Redis" adds the limiter's shared count, one script on a real Redis. \`binance\` and bare \`undici\` check nothing and have no limiter.`,
    tables: [
      {
        columns: ['client', ...CONCURRENCIES.flatMap((c) => [`calls/s, c${c}`, `CPU us per call, c${c}`])],
        rows: CLIENTS.map((client) => [
          client,
          ...CONCURRENCIES.flatMap((c) => [
            spread(of(client, c, ({ callsPerSecond }) => callsPerSecond)),
            spread(cpu(client, c)),
          ]),
        ]),
      },
    ],
    goals: CONCURRENCIES.flatMap((c) => [
      atMost(
        `CPU per call at most 1.6 x bare undici, c${c}`,
        1.6,
        medianRatio(cpu('loandesk', c), cpu('undici', c)),
      ),
      atMost(
        `CPU per call at most 0.5 x \`binance\`, c${c}`,
        0.5,
        medianRatio(cpu('loandesk', c), cpu('binance', c)),
      ),
    ]),
    notes: [
      `The bounds are for the client without its shared count, as its peers have none. In production each call makes that count, too: CPU per call is then ${ratio('loandesk + Redis', 'undici')} x bare undici and ${ratio('loandesk + Redis', 'binance')} x \`binance\`.`,
    ],
  };
}
