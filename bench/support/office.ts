/** Everything around a bot under load, each in a process of its own on the other core: Redis, exchange, Slack. */
import { z } from 'zod';
import { type Child, startChild } from './child.ts';
import { type BotSettings, writeAccounts } from './programs.ts';
import { type RedisProcess, startRedis } from './redis-process.ts';

export interface Office {
  readonly redis: RedisProcess;
  readonly exchange: Child;
  readonly slack: Child;
  readonly settings: BotSettings;
  /** Sends a load through the stand-in for Slack. */
  load(load: LoadOptions): Promise<Loaded>;
  close(): Promise<void>;
}

export interface LoadOptions {
  /** Of one bot, or of several that take turns. */
  readonly port: number | readonly number[];
  readonly kind: 'command' | 'form';
  readonly count: number;
  readonly command?: string;
  readonly text?: string;
  readonly people?: number;
  readonly concurrency?: number;
  readonly perSecond?: number;
  /** Waits until every one has its answer at its response URL. */
  readonly answers?: boolean;
  readonly keepTexts?: boolean;
}

/** Milliseconds, from sending. */
const loadedSchema = z.object({
  perSecond: z.number(),
  bad: z.number(),
  ackP50: z.number(),
  ackP99: z.number(),
  ackMax: z.number(),
  answered: z.number(),
  answerP50: z.number().nullable(),
  answerP99: z.number().nullable(),
  lastAnswerMs: z.number().nullable(),
  texts: z.record(z.string(), z.number()),
});

export type Loaded = z.infer<typeof loadedSchema>;

export async function openOffice(exchange: object = {}): Promise<Office> {
  const redis = await startRedis({ keeps: true, core: 1 });
  const server = await startChild(import.meta.url, './exchange-server.ts', { core: 1, argument: exchange });
  const slack = await startChild(import.meta.url, '../slack/loader-process.ts', { core: 1 });
  const accounts = await writeAccounts();
  return {
    redis,
    exchange: server,
    slack,
    settings: {
      redisUrl: redis.url,
      exchangeUrl: `http://127.0.0.1:${await server.ask(z.number(), 'port')}`,
      slackUrl: `${await slack.ask(z.string(), 'origin')}/api/`,
      accountsFile: accounts.path,
    },
    load: ({ port, ...load }) => slack.ask(loadedSchema, 'load', { ...load, ports: [port].flat() }),
    async close() {
      await Promise.all([server.stop(), slack.stop(), redis.stop(), accounts.remove()]);
    },
  };
}

/** What the exchange was asked since the last reset, by path; without its clock and its state. */
export async function exchangeCalls({ exchange }: Office): Promise<ReadonlyMap<string, number>> {
  const { calls } = await exchange.ask(z.object({ calls: z.record(z.string(), z.number()) }), 'counts');
  return new Map(Object.entries(calls).filter(([path]) => path.includes('/margin/')));
}

export async function forgetCalls({ exchange }: Office): Promise<void> {
  await exchange.ask(z.null(), 'reset');
}
