/** The bot as a process of its own, started as production starts it, so that it can be killed and stopped for real. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { skippedSoFarMs } from './skip-time.ts';

export interface BotExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface BotProcess {
  readonly pid: number;
  /** Where Slack would send events. */
  readonly url: string;
  /** Without a path: for /livez, /readyz, /metrics. */
  readonly baseUrl: string;
  /** Settles when the process is gone; never rejects. */
  readonly exited: Promise<BotExit>;
  /** False once it has exited or was killed. */
  readonly running: boolean;
  readonly paused: boolean;
  /** The newest lines of its log, oldest first. */
  log(): readonly string[];
  /** SIGKILL: the bot finishes and logs nothing. */
  kill(): Promise<BotExit>;
  /** SIGSTOP: the process stops, its sockets stay open. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Tells it how much time is skipped by now. */
  skipTime(): void;
  /** SIGTERM; throws when it does not exit with 0 within 10 s. */
  stop(): Promise<void>;
}

export interface BotProcessOptions {
  /** How long /readyz may take to answer 200: 20,000 ms. */
  readonly readyWithinMs?: number;
  /** False: resolves as soon as it listens, say while Redis is away. */
  readonly waitUntilReady?: boolean;
  /** Called with every line of the log. */
  readonly onLine?: (line: string) => void;
}

/** A URL, since that is what `--import` takes everywhere. */
const END_WITH_PARENT = new URL('./end-with-parent.ts', import.meta.url).href;
const STOPS_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 25;
const KEPT_LINES = 2_000;

/**
 * Starts the bot with these settings and waits for GET /readyz. With PORT `0` it takes a free port. The bot ends
 * with this process, however that ends.
 */
export async function startBotProcess(
  settings: Readonly<Record<string, string>>,
  options: BotProcessOptions = {},
): Promise<BotProcess> {
  const loaded = `${END_WITH_PARENT}?skippedMs=${skippedSoFarMs()}`;
  const child = spawn(process.execPath, ['--import', loaded, programPath('main')], {
    env: { ...passedOn(), PORT: '0', ...settings, LOG_LEVEL: chattyLevel(settings.LOG_LEVEL) },
    stdio: 'pipe',
  });
  const exited = exitOf(child);
  child.stdin.on('error', () => {});
  const lines: string[] = [];
  const listening = Promise.withResolvers<number>();
  const see = (line: string) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    const port = portIn(line);
    if (port !== null) listening.resolve(port);
    options.onLine?.(line);
  };
  readLines(child.stdout, see);
  readLines(child.stderr, see);
  const failed = exited.then(({ code, signal }) => {
    throw new Error(
      `the bot ended with ${code ?? signal} before it was ready:\n${lines.slice(-10).join('\n')}`,
    );
  });
  failed.catch(() => {});
  try {
    const port = await Promise.race([listening.promise, failed]);
    const baseUrl = `http://127.0.0.1:${port}`;
    if (options.waitUntilReady !== false) {
      await Promise.race([ready(baseUrl, options.readyWithinMs ?? 20_000), failed]);
    }
    return handle(child, baseUrl, exited, lines);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function handle(
  child: ChildProcess,
  baseUrl: string,
  exited: Promise<BotExit>,
  lines: readonly string[],
): BotProcess {
  let guard: ChildProcess | null = null;
  const running = () => child.exitCode === null && child.signalCode === null && !child.killed;
  const resume = () => {
    if (guard !== null && running()) process.kill(child.pid ?? 0, 'SIGCONT');
    guard?.stdin?.end();
    guard = null;
  };
  return {
    pid: child.pid ?? 0,
    url: `${baseUrl}/slack/events`,
    baseUrl,
    exited,
    get running() {
      return running();
    },
    get paused() {
      return guard !== null;
    },
    log: () => [...lines],
    kill() {
      child.kill('SIGKILL');
      resume();
      return exited;
    },
    pause() {
      if (!running() || guard !== null) return;
      guard = resumeWithoutUs(child.pid ?? 0);
      process.kill(child.pid ?? 0, 'SIGSTOP');
    },
    resume,
    skipTime() {
      child.stdin?.write(`${skippedSoFarMs()}\n`);
    },
    async stop() {
      resume();
      child.kill('SIGTERM');
      const timer = new AbortController();
      const late = pause(STOPS_WITHIN_MS, null, { signal: timer.signal });
      late.catch(() => {});
      const end = await Promise.race([exited, late]);
      timer.abort();
      if (end?.code === 0) return;
      child.kill('SIGKILL');
      throw new Error(
        `the bot did not stop cleanly: ${end === null ? 'too late' : (end.code ?? end.signal)}`,
      );
    },
  };
}

/** The port is read from the line "listening", which is of level info. */
function chattyLevel(level: string | undefined): string {
  return level === 'debug' || level === 'trace' ? level : 'info';
}

/** A stopped process cannot notice that its parent ended: a shell, which can, resumes it. */
function resumeWithoutUs(pid: number): ChildProcess {
  const script = `read -r nothing; kill -CONT ${pid}`;
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell it is as it would be without this.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  return shell;
}

function readLines(stream: Readable | null, see: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', see);
}

async function exitOf(child: ChildProcess): Promise<BotExit> {
  const gone = once(child, 'exit').then(() => {});
  await gone.catch(() => {});
  return { code: child.exitCode, signal: child.signalCode };
}

function portIn(line: string): number | null {
  if (!line.includes('"listening"')) return null;
  try {
    const entry: unknown = JSON.parse(line);
    const isLine = typeof entry === 'object' && entry !== null && 'msg' in entry && entry.msg === 'listening';
    return isLine && 'port' in entry && typeof entry.port === 'number' ? entry.port : null;
  } catch {
    return null;
  }
}

async function ready(baseUrl: string, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  let last = 'no answer';
  while (performance.now() < untilMs) {
    try {
      const response = await fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
      last = (await response.text()).trim();
      if (response.ok) return;
    } catch {
      last = 'no answer';
    }
    await pause(ASK_EVERY_MS);
  }
  throw new Error(`the bot was not ready within ${withinMs} ms: ${last}`);
}

/** Names a folder with a bundle of the programs, which starts sooner. Without it they run from the sources. */
export const PROGRAMS_FOLDER = 'LOANDESK_PROGRAMS';
/** A program gets its settings and these, nothing else of our environment. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot', 'NODE_COMPILE_CACHE'];

/** The path of its first file, for Node. */
export function programPath(name: 'main' | 'audit' | 'doctor'): string {
  const folder = process.env[PROGRAMS_FOLDER];
  return folder === undefined
    ? fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url))
    : join(folder, `${name}.js`);
}

export function passedOn(): Record<string, string> {
  const { env } = process;
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}
