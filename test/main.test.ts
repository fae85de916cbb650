/** The process itself: how it refuses to start, and how it stops. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { passedOn, programPath } from '../sandbox/bot-process.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { whyTooOld } from '../src/check-node.mjs';
import { realRedis } from './redis/redis-parts.ts';
import { freePort } from './support/redis-server.ts';

function start(settings: Record<string, string>) {
  const child = spawn(process.execPath, [programPath('main')], { env: { ...passedOn(), ...settings } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const exited = once(child, 'exit').then(([status]) => ({ status: status as number | null, out, err }));
  /** Resolves when the log has this line. */
  const logged = (message: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => out.includes(`"msg":"${message}"`) && resolve();
      child.stdout.on('data', look);
      child.once('exit', () => reject(new Error(`ended before it logged "${message}": ${err}`)));
      look();
    });
  return { child, exited, logged };
}

describe('the process', () => {
  let world: World;
  beforeAll(async () => {
    const settings = { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' };
    world = await startWorld({ redisUrl: inject('redisUrl'), settings, replicas: 0 });
  });
  afterAll(() => world?.close());

  it('names every faulty setting in one message, without their values, and exits with 78', async () => {
    const { status, out, err } = await start({ PORT: 'hunter2', AUDIT_KEY: 'hunter2' }).exited;
    expect(status).toBe(78);
    expect(out).toBe('');
    expect(err).toContain('9 faults in its settings');
    expect(err).toContain('PORT: expected a whole number');
    expect(err).toContain('Nothing was started');
    expect(err).not.toContain('hunter2');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('exits with 78 when the accounts file cannot be read', async () => {
    const { status, err } = await start({ ...world.settings(), BINANCE_ACCOUNTS_FILE: 'no-such-file.json' })
      .exited;
    expect(status).toBe(78);
    expect(err).toMatch(/BINANCE_ACCOUNTS_FILE: /);
  });

  it('starts, answers its probes, and stops on SIGTERM with 0', async () => {
    const bot = start(world.settings());
    await bot.logged('started');
    bot.child.kill('SIGTERM');
    const { status, out, err } = await bot.exited;
    expect(err).toBe('');
    expect(status).toBe(0);
    const secrets = [
      world.workspace.grants.botToken,
      world.workspace.signingSecret,
      ...world.exchange.accounts().map(({ apiKey }) => apiKey),
    ];
    for (const secret of secrets) expect(out).not.toContain(secret);
  });
});

/** One line for each fault, no stack, no secret, status 78. */
function expectNamed(ended: { status: number | null; out: string; err: string }, fault: RegExp) {
  const { status, err } = ended;
  expect(err).toMatch(fault);
  expect(err).toMatch(/^Loandesk can't start: 1 fault in its settings\.\n {2}- .*\nNothing was started\./);
  expect(err).not.toMatch(/\n\s+at /);
  expect(err + ended.out).not.toContain('hunter2');
  expect(status).toBe(78);
}

it('fault W3, relative: an uncaught exception ends the process with one line and no secret', async () => {
  const throwing = 'setTimeout(() => { throw new TypeError(process.env.THROWN) }, 3_000)';
  const settings = {
    PORT: '0',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(throwing)}`,
    THROWN: 'not a URL: http://user:hunter2@proxy:80a',
  };
  const world = await startWorld({ settings: { REDIS_PREFIX: `test-${randomUUID()}` }, replicas: 0 });
  onTestFinished(() => world.close());
  const { status, out, err } = await start({ ...world.settings(), ...settings }).exited;
  const line = out.split('\n').find((each) => each.includes('uncaught exception'));
  expect(JSON.parse(line ?? '{}').error).toMatch(
    /^TypeError: not a URL: http:\/\/\[removed\]@proxy:80a\n\s+at /,
  );
  expect(out + err).not.toContain('hunter2');
  expect(status).toBe(1);
});

describe('settings that cannot work', () => {
  let world: World;
  beforeAll(async () => {
    const settings = { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' };
    world = await startWorld({ redisUrl: inject('redisUrl'), settings, replicas: 0 });
  });
  afterAll(() => world?.close());

  it.each([
    [
      'fault W3',
      { HTTP_PROXY: 'http://user:hunter2@host:80a' },
      / {2}- HTTP_PROXY: expected http:\/\/host:port/,
    ],
    [
      'fault W5',
      { REDIS_URL: 'redis://:hunter2%@127.0.0.1:6379' },
      / {2}- REDIS_URL: expected special characters/,
    ],
    [
      'fault W4',
      { REDIS_URL: 'redis://:hunter2@127.0.0.1:6379/name' },
      / {2}- REDIS_URL: expected a database number/,
    ],
    ['fault W6', { HOST: 'no-such-host.invalid' }, / {2}- HOST: .* \((?:ENOTFOUND|EAI_AGAIN)\)/],
    [
      'fault W6, relative',
      { HOST: '203.0.113.9' },
      / {2}- HOST: this machine has no such address \(EADDRNOTAVAIL\)/,
    ],
  ])('%s: %j is named in one line', async (_, changes, fault) => {
    expectNamed(await start({ ...world.settings(), ...changes }).exited, fault);
  });

  it('fault W6: a port in use is named in one line, in both modes', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const PORT = String(typeof address === 'object' && address !== null ? address.port : '');
    const { SLACK_SIGNING_SECRET: _, ...socketMode } = world.settings();
    const fault = / {2}- PORT: already in use by another process \(EADDRINUSE\)/;
    expectNamed(await start({ ...world.settings(), PORT }).exited, fault);
    const SLACK_APP_TOKEN = world.workspace.grants.appToken;
    expectNamed(await start({ ...socketMode, SLACK_APP_TOKEN, PORT }).exited, fault);
  });

  it('fault W6: HOST=[::1] listens there, or is named where the machine has no IPv6', async () => {
    const PORT = String(await freePort());
    const bot = start({ ...world.settings(), HOST: '[::1]', PORT });
    const hasIPv6 = Object.values(networkInterfaces())
      .flat()
      .some((each) => each?.address === '::1');
    if (!hasIPv6) {
      expectNamed(await bot.exited, / {2}- HOST: .* \((?:EADDRNOTAVAIL|EAFNOSUPPORT)\)/);
      return;
    }
    await bot.logged('listening');
    expect((await fetch(`http://[::1]:${PORT}/livez`)).status).toBe(200);
    bot.child.kill('SIGTERM');
    expect(await bot.exited).toMatchObject({ status: 0, err: '' });
  });

  realRedis(
    'fault W4: a database that Redis does not have is named in one line, and not its first one used',
    async () => {
      const redis = new URL(inject('redisUrl'));
      redis.pathname = '/99';
      redis.password = redis.password || '';
      const ended = await start({ ...world.settings(), REDIS_URL: redis.href }).exited;
      expectNamed(ended, / {2}- REDIS_URL: Redis refuses its database number \(ERR .*out of range\)/);
    },
  );

  it('a setting that looks like one of ours and is not read is warned of in the log', async () => {
    const bot = start({ ...world.settings(), CLOSE_MOD: 'dry-run' });
    await bot.logged('started');
    bot.child.kill('SIGTERM');
    const { out } = await bot.exited;
    const warned = out.split('\n').find((line) => line.includes('"setting ignored"'));
    expect(JSON.parse(warned ?? '{}')).toMatchObject({
      level: 40,
      warning: "CLOSE_MOD is set, but Loandesk doesn't read it: did you mean CLOSE_MODE?",
    });
  });
});

describe('a standard output that takes nothing', () => {
  let world: World;
  beforeAll(async () => {
    const settings = { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' };
    world = await startWorld({ redisUrl: inject('redisUrl'), settings, replicas: 0 });
  });
  afterAll(() => world?.close());

  /** What the process still answers while nothing of its log can be written. */
  async function livesAndEnds(stdout: number | 'pipe', prepare: (bot: ChildProcess) => void = () => {}) {
    const PORT = String(await freePort());
    const bot = spawn(process.execPath, [programPath('main')], {
      env: { ...passedOn(), ...world.settings(), PORT },
      stdio: ['ignore', stdout, 'pipe'],
    });
    onTestFinished(() => void bot.kill('SIGKILL'));
    prepare(bot);
    const ended = once(bot, 'exit').then(([status, signal]) => ({ status, signal }));
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${PORT}${path}`).then(
        async (response) => ({ status: response.status, text: await response.text() }),
        () => ({ status: 0, text: '' }),
      );
    await vi.waitUntil(async () => (await ask('/readyz')).status === 200, { timeout: 30_000, interval: 100 });
    // A stopped reader is noticed after some seconds, an error at once.
    await vi.waitUntil(async () => /^loandesk_log_writable 0$/m.test((await ask('/metrics')).text), {
      timeout: 30_000,
      interval: 100,
    });
    expect((await ask('/livez')).status).toBe(200);
    const stoppedAtMs = performance.now();
    bot.kill('SIGTERM');
    return { ...(await ended), tookMs: performance.now() - stoppedAtMs };
  }

  it('fault A8: with a full disk it works on, says so in its metrics, and SIGTERM ends it', async () => {
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const { status, tookMs } = await livesAndEnds(full);
    expect(status).toBe(0);
    expect(tookMs).toBeLessThan(10_000);
  }, 90_000);

  it('fault A8, relative: the same with a pipe that is not read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loandesk-pipe-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    // Open for reading, too, so that opening it for writing does not wait; filled before the bot begins.
    const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(reader));
    expect(() => {
      for (;;) writeSync(reader, 'x'.repeat(4_096));
    }).toThrow('EAGAIN');
    const writer = openSync(path, 'w');
    onTestFinished(() => closeSync(writer));
    const { status, signal, tookMs } = await livesAndEnds(writer);
    // Node cannot exit while a write hangs: the process ends itself by a signal.
    expect({ status, signal }).toEqual({ status: null, signal: 'SIGKILL' });
    expect(tookMs).toBeLessThan(10_000);
  }, 90_000);

  it('fault A8, relative: so it does with a pipe whose reader is gone', async () => {
    const { status, tookMs } = await livesAndEnds('pipe', ({ stdout }) => stdout?.destroy());
    expect(status).toBe(0);
    expect(tookMs).toBeLessThan(10_000);
  }, 90_000);
});

describe('the check of Node', () => {
  it.each(['20.20.2', '22.18.0', '18.0.0'])('says what to do on %s', (version) => {
    expect(whyTooOld(version)).toContain('npm start');
  });
  it.each(['22.19.0', '24.21.0', '26.0.0'])('accepts %s', (version) => {
    expect(whyTooOld(version)).toBeNull();
  });
});
