/** A start with and without traces, with and without the packages: in a process of its own where modules matter. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { startWorld, type World } from '../../../sandbox/world.ts';
import { readOpenTelemetrySettings } from '../../../src/ops/tracing/open-telemetry-settings.ts';
import {
  INSTALL_OPEN_TELEMETRY,
  OPEN_TELEMETRY_PACKAGES,
  startTracing,
} from '../../../src/ops/tracing/start-tracing.ts';
import { NO_TRACING } from '../../../src/ops/tracing/tracing.ts';
import { memoryLog } from '../../support/logs.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
const HIDE = './test/support/hide-open-telemetry.mjs';
const TELL = './test/support/tell-open-telemetry.mjs';

it('names the packages as package.json does, as optional peers, and as tools for the tests', () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const versions = z.record(z.string(), z.string());
  const manifest = z
    .object({
      dependencies: versions,
      optionalDependencies: versions,
      devDependencies: versions,
      peerDependencies: versions,
      peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.literal(true) })),
    })
    .parse(JSON.parse(read('package.json')));
  const names = Object.keys(OPEN_TELEMETRY_PACKAGES);
  expect(manifest.peerDependencies).toEqual(OPEN_TELEMETRY_PACKAGES);
  expect(manifest.devDependencies).toMatchObject(OPEN_TELEMETRY_PACKAGES);
  expect(Object.keys(manifest.peerDependenciesMeta)).toEqual(names);
  const inEveryImage = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  expect(inEveryImage.filter((name) => names.includes(name))).toEqual([]);
  expect(read('docs/operations.md')).toContain(`\n${INSTALL_OPEN_TELEMETRY}\n`);
});

describe('startTracing', () => {
  const parts = () => ({ version: '1.2.3', log: memoryLog() });

  it('loads nothing when nobody asks for traces, and says nothing', async () => {
    const { version, log } = parts();
    const load = () => Promise.reject(new Error('loaded'));
    expect(await startTracing(readOpenTelemetrySettings({}), { version, log, load })).toBe(NO_TRACING);
    expect(log.lines).toEqual([]);
  });

  it('says in one line what to install when the packages are not there', async () => {
    const { version, log } = parts();
    const missing = Object.assign(new Error("Cannot find package '@opentelemetry/sdk-trace'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const load = () => Promise.reject(missing);
    expect(await startTracing(readOpenTelemetrySettings(ENDPOINT), { version, log, load })).toBe(NO_TRACING);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { install: INSTALL_OPEN_TELEMETRY } }]);
  });

  it('goes on without traces when OpenTelemetry fails in any other way', async () => {
    const { version, log } = parts();
    const startOpenTelemetry = () => {
      throw new TypeError('not what it was');
    };
    const load = async () => ({ startOpenTelemetry });
    expect(await startTracing(readOpenTelemetrySettings(ENDPOINT), { version, log, load })).toBe(NO_TRACING);
    expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('no traces') }]);
  });

  it('tells of mistakes in the variables', async () => {
    const { version, log } = parts();
    await startTracing(readOpenTelemetrySettings({ OTEL_TRACES_EXPORTER: 'zipkin' }), { version, log });
    expect(log.lines).toMatchObject([
      { level: 'warn', fields: { warning: expect.stringContaining('OTEL_TRACES_EXPORTER') } },
    ]);
  });
});

describe('the process', () => {
  let world: World;
  beforeAll(async () => {
    const settings = { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' };
    world = await startWorld({ redisUrl: inject('redisUrl'), settings, replicas: 0 });
  });
  afterAll(() => world?.close());

  /** Runs a script of ours with a module preloaded; a bot is stopped as soon as it has started. */
  async function run(script: string, preloaded: string, variables: Readonly<Record<string, string>>) {
    const child = spawn(process.execPath, ['--import', preloaded, script], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...world.settings(), ...variables },
    });
    let out = '';
    let err = '';
    child.stderr.on('data', (chunk) => (err += chunk));
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (out.includes('"msg":"started"')) child.kill('SIGTERM');
    });
    await once(child, 'close');
    const loaded = [...err.matchAll(/^loaded .*?\/(node_modules\/(?:@[^/]+\/)?[^/]+|src\/.*)/gm)];
    return { status: child.exitCode, out, loaded: new Set(loaded.map(([, name]) => name)) };
  }

  it('loads nothing of OpenTelemetry without the variables, but the API that prom-client brings', async () => {
    const { status, loaded } = await run('src/main.ts', TELL, {});
    expect(status).toBe(0);
    expect([...loaded].sort()).toEqual([
      'node_modules/@opentelemetry/api',
      'src/ops/tracing/open-telemetry-settings.ts',
    ]);
  });

  it('loads the SDK with them, starts, and ends with 0 although nobody takes the traces', async () => {
    const { status, out, loaded } = await run('src/main.ts', TELL, ENDPOINT);
    expect(status).toBe(0);
    for (const name of Object.keys(OPEN_TELEMETRY_PACKAGES)) expect(loaded).toContain(`node_modules/${name}`);
    expect(out).not.toContain('are not installed');
  });

  it('starts without the packages, and says what to install; so does the doctor', async () => {
    const bot = await run('src/main.ts', HIDE, ENDPOINT);
    expect(bot.status).toBe(0);
    const warnings = bot.out.split('\n').filter((line) => line.includes('packages of OpenTelemetry'));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0] ?? '')).toMatchObject({ level: 40, install: INSTALL_OPEN_TELEMETRY });
    const doctor = await run('src/doctor.ts', HIDE, ENDPOINT);
    expect(doctor.out).toMatch(/^warning +Traces +the packages of OpenTelemetry are not installed/m);
    expect(doctor.out).toContain(`-> ${INSTALL_OPEN_TELEMETRY}`);
    const well = await run('src/doctor.ts', TELL, ENDPOINT);
    expect(well.out).toMatch(/^ok +Traces +OpenTelemetry is installed; they go to: otlp/m);
    const off = await run('src/doctor.ts', TELL, {});
    expect(off.out).toMatch(/^ok +Traces +none/m);
  });
});
