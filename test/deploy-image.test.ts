/**
 * The image without a Docker engine: what the Dockerfile copies (as .dockerignore lets it in) in an empty folder, the
 * production dependencies of the lock, nothing writable, the Dockerfile's own command and health check. What this
 * cannot show: that the base image and `npm ci` inside it work, and user 1000 where the suite itself runs as root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { startWorld } from '../src/sandbox/world.ts';
import { freePort } from './support/redis-server.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ dev: z.boolean().optional(), optional: z.boolean().optional(), peer: z.boolean().optional() }),
  ),
});

/** What `npm ci --omit=dev --omit=optional` would install. */
async function productionPackages(): Promise<string[]> {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')));
  return Object.entries(packages).flatMap(([path, { dev, optional }]) =>
    path === '' || dev === true || optional === true ? [] : [path],
  );
}

async function buildImage(): Promise<{ folder: string; dockerfile: string }> {
  const dockerfile = (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).replaceAll('\\\n', ' ');
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-image-'));
  onTestFinished(async () => {
    await makeWritable(folder);
    await rm(folder, { recursive: true, force: true });
  });
  const ignored = (await readFile(join(ROOT, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !/^[#!*]/.test(line));
  const copies = dockerfile
    .split('\n')
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='));
  for (const path of new Set(copies.flatMap((line) => line.split(/\s+/).slice(1, -1)))) {
    const filter = (source: string) => !ignored.some((name) => source === join(ROOT, name));
    await cp(join(ROOT, path), join(folder, path), { recursive: true, filter });
  }
  for (const path of await productionPackages()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const filter = (source: string) =>
      source === join(ROOT, path) || !source.startsWith(join(ROOT, path, 'node_modules'));
    await cp(join(ROOT, path), join(folder, path), { recursive: true, filter });
  }
  return { folder, dockerfile };
}

async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink())
      await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o555 : 0o444);
  }
}

/** So that whoever ran the suite may remove it again. */
async function makeWritable(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
}

function commandAfter(dockerfile: string, word: 'CMD' | 'HEALTHCHECK'): string[] {
  const line = dockerfile.split('\n').find((each) => each.startsWith(word)) ?? '';
  return z.array(z.string()).parse(JSON.parse(line.slice(line.indexOf('['))));
}

async function statusOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

it('starts from what the image holds, is healthy, and ends with 0 at a SIGTERM', async () => {
  const { folder, dockerfile } = await buildImage();
  await makeReadOnly(folder);
  const world = await startWorld({
    redisUrl: inject('redisUrl'),
    replicas: 0,
    settings: { REDIS_MAY_FORGET: 'true' },
  });
  onTestFinished(() => world.close());
  const port = String(await freePort());
  const environment = { ...world.settings(), PATH: process.env.PATH, PORT: port, HOST: '127.0.0.1' };
  const run = (command: readonly string[]) => {
    const [, ...args] = command;
    const options = { cwd: folder, env: { ...environment, NODE_ENV: 'production' } } as const;
    return spawn(process.execPath, args, { ...options, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  const bot = run(commandAfter(dockerfile, 'CMD'));
  onTestFinished(() => void bot.kill('SIGKILL'));
  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200), {
    timeout: 15_000,
    interval: 50,
  });
  expect(await statusOf(run(commandAfter(dockerfile, 'HEALTHCHECK')))).toBe(0);
  bot.kill('SIGTERM');
  expect(await statusOf(bot)).toBe(0);
  // And unhealthy when it is gone.
  expect(await statusOf(run(commandAfter(dockerfile, 'HEALTHCHECK')))).toBe(1);
}, 60_000);
