/** The program with and without an SDK that an operator preloaded, in a process of its own. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startWorld, type World } from '../../../sandbox/world.ts';
import { missingSdk } from '../../../src/ops/tracing.ts';
import { startSdk } from '../../support/open-telemetry-sdk.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SDK = ['--import', './test/support/preload-sdk.ts'];
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };

let world: World;
beforeAll(async () => {
  const settings = { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' };
  world = await startWorld({ redisUrl: inject('redisUrl'), settings, replicas: 0 });
});
afterAll(() => world?.close());

/** Runs one of our programs, which is asked for traces; a bot is stopped as soon as it has started. */
async function run(script: string, options: readonly string[]) {
  const child = spawn(process.execPath, [...options, script], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...world.settings(), ...ENDPOINT },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
    if (out.includes('"msg":"started"')) child.kill('SIGTERM');
  });
  await once(child, 'close');
  const warnings = out.split('\n').filter((line) => line.includes('no OpenTelemetry SDK is preloaded'));
  return { status: child.exitCode, out, warnings };
}

it('warns only when traces are asked for and no SDK is loaded', async () => {
  trace.disable();
  expect(missingSdk(null)).toBeNull();
  expect(missingSdk('OTEL_TRACES_EXPORTER')).toContain('OTEL_TRACES_EXPORTER asks for traces');
  const sdk = startSdk(20);
  expect(missingSdk('OTEL_TRACES_EXPORTER')).toBeNull();
  await sdk.shutdown();
});

it('starts without an SDK although a variable asks for traces, and says so once; so does the doctor', async () => {
  const bot = await run('src/main.ts', []);
  expect(bot.status).toBe(0);
  expect(bot.warnings).toHaveLength(1);
  expect(JSON.parse(bot.warnings[0] ?? '')).toMatchObject({
    level: 40,
    warning: expect.stringContaining('OTEL_EXPORTER_OTLP_ENDPOINT'),
  });
  const doctor = await run('src/doctor.ts', []);
  expect(doctor.out).toMatch(/^warning +Traces +OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but no/m);
}, 60_000);

it('finds a preloaded SDK, and exits with 0 although no collector answers', async () => {
  expect(await run('src/main.ts', SDK)).toMatchObject({ status: 0, warnings: [] });
}, 60_000);
