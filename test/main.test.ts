/** The process itself: how it refuses to start, and how it stops; by itself and under npm. */
import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { startWorld, type World } from '../sandbox/world.ts';
import { whyTooOld } from '../src/check-node.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function start(settings: Record<string, string>) {
  const env = { PATH: process.env.PATH, ...settings };
  return run(process.execPath, ['--import', './src/check-node.mjs', 'src/main.ts'], { cwd: ROOT, env });
}

function run(command: string, words: readonly string[], options: SpawnOptionsWithoutStdio) {
  const child = spawn(command, words, options);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  /** Resolves when the process and all that share its output have ended: under npm the bot, too. */
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, out, err }));
  /** Resolves when the log has this line. */
  const logged = (message: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => out.includes(`"msg":"${message}"`) && resolve();
      child.stdout.on('data', look);
      child.once('exit', () => reject(new Error(`ended before it logged "${message}": ${err}`)));
      look();
    });
  return { child, ended, logged };
}

describe('the process', () => {
  let world: World;
  beforeAll(async () => {
    const settings = { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' };
    world = await startWorld({ redisUrl: inject('redisUrl'), settings, replicas: 0 });
  });
  afterAll(() => world?.close());

  it('names every faulty setting in one message, without their values, and exits with 78', async () => {
    const { status, out, err } = await start({ PORT: 'hunter2', AUDIT_KEY: 'hunter2' }).ended;
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
      .ended;
    expect(status).toBe(78);
    expect(err).toMatch(/BINANCE_ACCOUNTS_FILE: /);
  });

  it('starts, answers its probes, and stops on SIGTERM with 0', async () => {
    const bot = start(world.settings());
    await bot.logged('started');
    bot.child.kill('SIGTERM');
    const { status, out, err } = await bot.ended;
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

describe('npm', () => {
  /** A checkout of which only `.env` is its own; npm keeps what it writes for itself there, too. */
  function checkout(dotEnv: Record<string, string>) {
    const folder = mkdtempSync(join(tmpdir(), 'loandesk-npm-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    for (const name of ['src', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
    const lines = Object.entries(dotEnv).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, '.env'), lines.join(''), { mode: 0o600 });
    return (words: readonly string[], settings: Record<string, string> = {}) => {
      const env = { PATH: process.env.PATH, HOME: folder, npm_config_update_notifier: 'false', ...settings };
      // A process group of its own: a bot that outlives its npm is killed with it.
      const npm = run('npm', words, { cwd: folder, env, detached: true });
      onTestFinished(() => {
        try {
          process.kill(-(npm.child.pid ?? Number.NaN), 'SIGKILL');
        } catch {
          // The whole group has ended, as it should.
        }
      });
      return npm;
    };
  }

  it('start reads .env, and a kill of npm ends the bot in order', async () => {
    const world = await startWorld({
      redisUrl: inject('redisUrl'),
      settings: { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' },
      replicas: 0,
    });
    onTestFinished(() => world.close());
    const bot = checkout(world.settings())(['start']);
    await bot.logged('started');
    bot.child.kill('SIGTERM');
    const { out } = await bot.ended;
    expect(out).toContain('"signal":"SIGTERM"');
  });

  it.each([
    ['start', ['start']],
    ['doctor', ['run', 'doctor']],
    ['audit', ['run', 'audit', '--', 'verify']],
  ])(
    '%s: a setting of the environment goes before the one in .env, and bad ones end npm with 78',
    async (_, words) => {
      const npm = checkout({ CLOSE_QUORUM: 'many', PORT: 'none' })(words, { PORT: '3000' });
      const { status, out, err } = await npm.ended;
      expect(out + err).toContain('CLOSE_QUORUM: expected a whole number');
      expect(out + err).not.toContain('PORT:');
      expect(status).toBe(78);
    },
  );

  it.each(['doctor', 'audit'])('%s leaves no shell between npm and Node', (script) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(scripts[script]).toMatch(/^exec node --env-file-if-exists=\.env /);
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
