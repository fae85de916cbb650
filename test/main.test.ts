/** The process itself: how it refuses to start, and how it stops. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startWorld, type World } from '../sandbox/world.ts';
import { whyTooOld } from '../src/check-node.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function start(settings: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', './src/check-node.mjs', 'src/main.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...settings },
  });
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

describe('the check of Node', () => {
  it.each(['20.20.2', '22.18.0', '18.0.0'])('says what to do on %s', (version) => {
    expect(whyTooOld(version)).toContain('npm start');
  });
  it.each(['22.19.0', '24.21.0', '26.0.0'])('accepts %s', (version) => {
    expect(whyTooOld(version)).toBeNull();
  });
});
