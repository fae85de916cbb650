/** The npm scripts of an operator: they read `.env`, and end when npm is stopped. */
import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startWorld } from '../sandbox/world.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

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
