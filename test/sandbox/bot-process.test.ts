/** A bot process ends with the process that started it, however that one ended. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, inject, it, onTestFinished } from 'vitest';
import { startWorld } from '../../sandbox/world.ts';

/** Starts a bot with the settings it is given, tells its address, and waits to be killed. */
const STARTER = `
import { startBotProcess } from ${JSON.stringify(new URL('../../sandbox/bot-process.ts', import.meta.url).href)};
const bot = await startBotProcess(JSON.parse(process.env.BOT_SETTINGS), { waitUntilReady: false });
if (process.env.BOT_PAUSED === 'yes') bot.pause();
console.log(JSON.stringify({ url: bot.baseUrl, pid: bot.pid }));
setInterval(() => {}, 60_000);
`;

async function listens(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/livez`, { signal: AbortSignal.timeout(500) });
    return true;
  } catch (error) {
    // One that stands still takes the connection and does not answer.
    return error instanceof Error && error.name === 'TimeoutError';
  }
}

it.each(['running', 'paused'])(
  'a bot that is %s when its starter is killed does not outlive it',
  async (state) => {
    const world = await startWorld({
      redisUrl: inject('redisUrl'),
      replicas: 0,
      settings: { REDIS_PREFIX: `test-${randomUUID()}` },
    });
    onTestFinished(() => world.close());
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', STARTER], {
      env: {
        PATH: process.env.PATH,
        BOT_SETTINGS: JSON.stringify(world.settings()),
        BOT_PAUSED: state === 'paused' ? 'yes' : 'no',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: starter.stdout }), 'line');
    const { url, pid } = JSON.parse(line);
    onTestFinished(() => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone, as it should be.
      }
    });
    expect(await listens(url)).toBe(true);
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    await expect.poll(() => listens(url), { timeout: 5_000 }).toBe(false);
  },
);
