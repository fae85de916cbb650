/**
 * Gives the suite its Redis: `REDIS_TEST_URL`, else the `redis-server` on PATH on a port and in a folder of its
 * own, else the embedded one, and then says in plain words what was not tested (with CI=true: refuses).
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
    redisKind: 'given' | 'server' | 'embedded';
  }
}

const NOT_TESTED_ON_EMBEDDED = [
  'persistence and eviction checks at start, restarts of Redis with AOF, cut connections',
  'races and scripts on the real server (the embedded one runs them in JavaScript)',
  'three processes on one Redis (chaos run)',
];

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port could be had');
  return address.port;
}

export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a real `redis-server` on 127.0.0.1 with its own folder; `stop` ends it and removes the folder. */
export async function startRedisServer(...options: string[]): Promise<RedisProcess> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-redis-'));
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...options],
    { stdio: 'ignore' },
  );
  const url = `redis://127.0.0.1:${port}`;
  const probe = new Redis(url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  probe.on('error', () => {});
  await probe.ping();
  probe.disconnect();
  return {
    url,
    port,
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exited;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.REDIS_TEST_URL;
  if (given) {
    project.provide('redisUrl', given);
    project.provide('redisKind', 'given');
    return async () => {};
  }
  if (spawnSync('redis-server', ['--version']).status === 0) {
    const server = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'everysec');
    project.provide('redisUrl', server.url);
    project.provide('redisKind', 'server');
    return () => server.stop();
  }
  if (process.env.CI === 'true') {
    throw new Error('CI needs a real Redis: set REDIS_TEST_URL or put redis-server on PATH.');
  }
  const { createRedisMock } = await import('js-redis-server');
  const embedded = await createRedisMock();
  const address = embedded.addresses()[0];
  if (address === undefined) throw new Error('the embedded Redis gave no address');
  project.provide('redisUrl', `redis://${address.host}:${address.port}`);
  project.provide('redisKind', 'embedded');
  return async () => {
    await embedded.close();
    console.log(
      '\nNo redis-server on this machine: the embedded one stood in. NOT tested in this run:\n' +
        `${NOT_TESTED_ON_EMBEDDED.map((line) => `  - ${line}`).join('\n')}\n` +
        'Install redis-server, or set REDIS_TEST_URL, to test these too.',
    );
  };
}
