/** The bot as its image has it, bare Bolt, and everything around them: Redis, the exchange and Slack. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { imageCommand, imageEnvironment } from '../../scripts/dockerfile.ts';
import { MODALS } from '../../src/slack/ids.ts';
import { freePort, startRedisServer } from '../../test/support/redis-server.ts';
import { simulateImage } from '../../test/support/simulated-image.ts';
import { giveCore0, residentMb, startChild } from './child.ts';
import { BENCH_KEY, SIGNING_SECRET } from './secrets.ts';

/** Milliseconds, from sending. */
const loadedSchema = z.object({
  perSecond: z.number(),
  bad: z.number(),
  ackP50: z.number(),
  ackP99: z.number(),
  answerP99: z.number().nullable(),
});
export type Loaded = z.infer<typeof loadedSchema>;

export interface Load {
  readonly kind: 'command' | 'form';
  readonly count: number;
  readonly text?: string;
  readonly concurrency?: number;
  readonly perSecond?: number;
  readonly answers?: boolean;
  readonly eachAnswered?: boolean;
}

export interface Program {
  /** From its start to its first signed request answered with 200. */
  readonly firstAckMs: number;
  residentMb(): number;
  /** Waits for GET /readyz to answer 200. */
  ready(): Promise<void>;
  /** Sends it requests as Slack does. */
  load(load: Load): Promise<Loaded>;
  stop(): Promise<void>;
}

export interface Office {
  startBolt(): Promise<Program>;
  startBot(): Promise<Program>;
  close(): Promise<void>;
}

export async function openOffice(): Promise<Office> {
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-bench-'));
  const accountsFile = join(folder, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify([{ name: 'fund-a', role: 'parent', ...BENCH_KEY }]), {
    mode: 0o600,
  });
  const image = await simulateImage();
  const redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'everysec');
  const exchange = await startChild(import.meta.url, './exchange-server.ts');
  const slack = await startChild(import.meta.url, './slack-process.ts');
  const settings = {
    SLACK_API_URL: `${await slack.ask(z.string(), 'origin')}/api/`,
    SLACK_BOT_TOKEN: 'xoxb-bench',
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    REDIS_URL: redis.url,
    REDIS_MAY_FORGET: 'true',
    BINANCE_API_URL: await exchange.ask(z.string(), 'url'),
    BINANCE_ACCOUNTS_FILE: accountsFile,
    CLOSE_CHANNEL: 'C0BENCH0001',
    CLOSE_REQUESTERS: 'U0PERSON0',
    CLOSE_APPROVERS: 'U0PERSON1,U0PERSON2,U0PERSON3',
    VIEWERS: '*',
    // It has a benchmark of its own.
    WATCH: 'off',
    AUDIT_KEY: randomBytes(32).toString('hex'),
  };
  const { HOST, PORT, ...memory } = imageEnvironment();
  const bolt = {
    ...memory,
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    BALLOT: MODALS.ballot,
  };

  async function start(command: readonly string[], env: Readonly<Record<string, string>>): Promise<Program> {
    const port = await freePort();
    const startedAtMs = performance.now();
    const child = image.start(command, { ...env, HOST: '127.0.0.1', PORT: String(port) });
    giveCore0(child.pid ?? 0);
    // Its log is read and thrown away, as a container's goes elsewhere.
    child.stdout?.resume();
    child.stderr?.pipe(process.stderr);
    await slack.ask(z.null(), 'firstAck', { port });
    return {
      firstAckMs: performance.now() - startedAtMs,
      residentMb: () => residentMb(child.pid ?? 0) ?? Number.NaN,
      ready: () => ready(port),
      load: (load) => slack.ask(loadedSchema, 'load', { ...load, port }),
      stop: () => stop(child),
    };
  }
  return {
    startBolt: () => start(['node', fileURLToPath(new URL('./bolt-process.mjs', import.meta.url))], bolt),
    startBot: () => start(imageCommand('CMD'), settings),
    async close() {
      await Promise.all([exchange.stop(), slack.stop(), redis.stop(), image.remove()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(port: number): Promise<void> {
  const untilMs = performance.now() + 20_000;
  while (performance.now() < untilMs) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok === true) return;
    await pause(5);
  }
  throw new Error('the bot was not ready in time');
}

/** SIGTERM, and SIGKILL after 10 s. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(late);
}
