/** A real redis-server that keeps its port and its append-only file over a kill and a restart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../support/redis-server.ts';

export interface RestartableRedis {
  readonly url: string;
  start(): void;
  /** SIGKILL, and wait for the end. */
  kill(): Promise<void>;
  /** Bytes in the append-only log. */
  logLength(): Promise<number>;
  /** While it is down: what was appended after so many bytes is lost. */
  cutLog(length: number): Promise<void>;
}

/** Ends, and removes its folder, with the running test. */
export async function restartableRedis(...options: string[]): Promise<RestartableRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-restart-'));
  let running: ChildProcess | null = null;
  const kill = async () => {
    if (running === null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
    running = null;
  };
  onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  });
  const log = async () => {
    const logs = join(folder, 'appendonlydir');
    const name = (await readdir(logs)).find((each) => each.endsWith('.incr.aof'));
    if (name === undefined) throw new Error('there is no append-only log');
    return join(logs, name);
  };
  return {
    logLength: async () => (await stat(await log())).size,
    cutLog: async (length) => truncate(await log(), length),
    url: `redis://127.0.0.1:${port}`,
    kill,
    start: () => {
      running = spawn(
        'redis-server',
        ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...options],
        { stdio: 'ignore' },
      );
    },
  };
}
