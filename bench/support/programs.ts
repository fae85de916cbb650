/** The programs that the benchmarks start as an operator would: the bot, and bare Bolt beside it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Core, pinned } from './child.ts';
import { builtImage } from './image.ts';
import { freePort } from './redis-process.ts';
import { SIGNING_SECRET } from './signed-request.ts';

export interface Program {
  readonly pid: number;
  readonly port: number;
  readonly process: ChildProcess;
  /** SIGTERM, and SIGKILL after 10 s. */
  stop(): Promise<void>;
}

const ROOT = new URL('../../', import.meta.url);
const SOURCES = ['--import', file('src/check-node.mjs'), file('src/main.ts')];
const REPLAY_GUARD = [file('bench/slack/replay-guard-process.ts')];

function file(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

export interface BotSettings {
  readonly redisUrl: string;
  readonly exchangeUrl: string;
  readonly slackUrl: string;
  readonly accountsFile: string;
}

export interface ProgramOptions {
  readonly core: Core | null;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
}

/** Does not wait until it listens. Its log goes nowhere, as a container's would go elsewhere. */
export async function startBolt({ core, env, port }: ProgramOptions): Promise<Program> {
  const { bolt, environment } = await builtImage();
  return start(bolt, core, { ...environment, ...env }, port);
}

/** The product's way to a listener that does nothing. Does not wait until it listens. */
export async function startReplayGuard(
  redisUrl: string,
  { core, env, port }: ProgramOptions,
): Promise<Program> {
  const { environment } = await builtImage();
  return start(REPLAY_GUARD, core, { ...environment, REDIS_URL: redisUrl, ...env }, port);
}

/** As the image starts it, or `npm start` in a clone. */
export async function startBot(
  settings: BotSettings,
  { core, env, port, from = 'image' }: ProgramOptions & { readonly from?: 'image' | 'sources' },
): Promise<Program> {
  const { bot, environment } = await builtImage();
  const { NODE_COMPILE_CACHE = '' } = environment;
  return start(
    from === 'image' ? bot : SOURCES,
    core,
    {
      ...(from === 'image' ? environment : { NODE_COMPILE_CACHE }),
      SLACK_API_URL: settings.slackUrl,
      SLACK_BOT_TOKEN: 'xoxb-bench',
      SLACK_SIGNING_SECRET: SIGNING_SECRET,
      REDIS_URL: settings.redisUrl,
      REDIS_MAY_FORGET: 'true',
      BINANCE_API_URL: settings.exchangeUrl,
      BINANCE_ACCOUNTS_FILE: settings.accountsFile,
      CLOSE_CHANNEL: 'C0BENCH0001',
      CLOSE_REQUESTERS: 'U0PERSON0',
      CLOSE_APPROVERS: 'U0PERSON1,U0PERSON2,U0PERSON3',
      VIEWERS: '*',
      AUDIT_KEY: 'ab'.repeat(32),
      LOG_LEVEL: 'info',
      ...env,
    },
    port,
  );
}

async function start(
  script: readonly string[],
  core: Core | null,
  env: Record<string, string>,
  givenPort?: number,
): Promise<Program> {
  const port = givenPort ?? (await freePort());
  const [program, args] = pinned(core, [process.execPath, ...script]);
  const child = spawn(program, args, {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      ...env,
      PORT: String(port),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    port,
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(late);
    },
  };
}

/** Waits for GET /readyz to answer 200. */
export async function ready({ port }: Program, withinMs = 20_000): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok === true) return;
    await pause(20);
  }
  throw new Error('the bot was not ready in time');
}

/** A parent and one credit account, with keys that the benchmarks' exchange knows. */
export async function writeAccounts(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-bench-'));
  const path = join(folder, 'accounts.json');
  const secret = 'bench-secret';
  const accounts = [
    { name: 'fund-a', role: 'parent', apiKey: 'bench-api-key', secret },
    { name: 'loan-1', role: 'credit', apiKey: 'bench-api-key-of-loan-1', secret },
  ];
  await writeFile(path, JSON.stringify(accounts), { mode: 0o600 });
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
