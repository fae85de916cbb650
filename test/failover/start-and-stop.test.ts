/** Issue 7, item 5: a start with anything down waits and becomes ready; a stop ends in 10 s whatever hangs. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, inject } from 'vitest';
import { type BotProcess, type BotProcessOptions, startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startTcpProxy } from '../../sandbox/tcp-proxy.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { concurrentOnServer } from '../chaos/concurrent-on-server.ts';

const { rina, loanDesk } = SEED_IDS;
const WITHIN_MS = 45_000;

type Start = (settings?: Record<string, string>, options?: BotProcessOptions) => Promise<BotProcess>;

async function scene(act: (world: World, start: Start) => Promise<void>): Promise<void> {
  const bots: BotProcess[] = [];
  const world = await startWorld({
    redisUrl: inject('redisUrl'),
    replicas: 0,
    workspace: { transport: 'http' },
    settings: { REDIS_PREFIX: `life-${randomUUID()}`, REDIS_MAY_FORGET: 'true' },
  });
  const start: Start = async (settings = {}, options = {}) => {
    const bot = await startBotProcess({ ...world.settings(), ...settings }, options);
    bots.push(bot);
    return bot;
  };
  try {
    await act(world, start);
  } finally {
    await Promise.all(bots.map((bot) => bot.kill()));
    await world.close();
  }
}

async function probe(bot: BotProcess, path: '/readyz' | '/livez'): Promise<string> {
  const response = await fetch(`${bot.baseUrl}${path}`);
  return `${response.status} ${(await response.text()).trim()}`;
}

async function becomes(bot: BotProcess, path: '/readyz' | '/livez', words: RegExp): Promise<void> {
  while (!words.test(await probe(bot, path))) await pause(25);
}

/** Milliseconds that SIGTERM took; throws unless the status is 0. */
async function timeToStop(bot: BotProcess): Promise<number> {
  const startedMs = performance.now();
  await bot.stop();
  return performance.now() - startedMs;
}

describe('a start', () => {
  concurrentOnServer('without Redis: listens, waits, and becomes ready when it is there', WITHIN_MS, () =>
    scene(async (world, start) => {
      const proxy = await startTcpProxy(world.redis.url);
      try {
        proxy.cut();
        const bot = await start({ REDIS_URL: proxy.url }, { waitUntilReady: false });
        await becomes(bot, '/readyz', /^503 starting\n.*Redis can't be reached/s);
        expect(await probe(bot, '/livez')).toBe('200 ok');
        while (!bot.log().join('\n').includes('waiting for Redis')) await pause(25);
        proxy.heal();
        await becomes(bot, '/readyz', /^200 ok/);
        await bot.stop();
      } finally {
        await proxy.close();
      }
    }),
  );

  concurrentOnServer('without Slack: listens, waits, and becomes ready when it is there', WITHIN_MS, () =>
    scene(async (world, start) => {
      world.workspace.faults.add('auth.test', { kind: 'http', status: 503 });
      const bot = await start({}, { waitUntilReady: false });
      await becomes(bot, '/readyz', /^503 Slack hasn't confirmed the token$/);
      expect(bot.log().join('\n')).toContain('Slack did not confirm the bot token');
      world.workspace.faults.clear('auth.test');
      await becomes(bot, '/readyz', /^200 ok/);
      await bot.stop();
    }),
  );

  concurrentOnServer(
    'without the exchange: listens, waits, and becomes ready when it is there',
    WITHIN_MS,
    () =>
      scene(async (world, start) => {
        const fault = world.exchange.inject({ effect: { kind: 'error', status: 503 } });
        const bot = await start({}, { waitUntilReady: false });
        await becomes(bot, '/readyz', /^503 Binance hasn't answered yet$/);
        expect(await probe(bot, '/livez')).toBe('200 ok');
        while (!bot.log().join('\n').includes('exchange time could not be read')) await pause(25);
        world.exchange.clearFaults(fault);
        await becomes(bot, '/readyz', /^200 ok/);
        await bot.stop();
      }),
  );

  concurrentOnServer('that waits for Redis still stops at once', WITHIN_MS, () =>
    scene(async (world, start) => {
      const proxy = await startTcpProxy(world.redis.url);
      try {
        proxy.cut();
        const bot = await start({ REDIS_URL: proxy.url }, { waitUntilReady: false });
        expect(await timeToStop(bot)).toBeLessThan(5_000);
      } finally {
        await proxy.close();
      }
    }),
  );
});

describe('SIGTERM', () => {
  concurrentOnServer(
    'with a hanging exchange: whoever waits is told, and it exits with 0 in 10 s',
    WITHIN_MS,
    () =>
      scene(async (world, start) => {
        const { workspace, exchange } = world;
        const bot = await start();
        workspace.setBotUrl(bot.url);
        exchange.inject({ effect: { kind: 'hang' } });
        const asked = await workspace.as(rina).command('/ltv', '', { channelId: loanDesk });
        expect(asked.failure).toBeUndefined();
        const told = workspace.until(
          () =>
            workspace.store
              .ephemerals(rina)
              .find((message) => /is restarting/.test(workspace.renderText(message))),
          15_000,
        );
        expect(await timeToStop(bot)).toBeLessThan(10_000);
        await told;
      }),
  );

  concurrentOnServer('with a hanging Slack: it exits with 0 in 10 s', WITHIN_MS, () =>
    scene(async (world, start) => {
      const { workspace } = world;
      const bot = await start();
      workspace.setBotUrl(bot.url);
      workspace.faults.add('*', { kind: 'hang' });
      await workspace.as(rina).command('/close-unit', '7 repaid', { channelId: loanDesk });
      expect(await timeToStop(bot)).toBeLessThan(10_000);
    }),
  );

  concurrentOnServer('with a Redis that fell silent: it exits with 0 in 10 s', WITHIN_MS, () =>
    scene(async (world, start) => {
      const proxy = await startTcpProxy(world.redis.url);
      try {
        const bot = await start({ REDIS_URL: proxy.url });
        world.workspace.setBotUrl(bot.url);
        proxy.fallSilent();
        await world.workspace.as(rina).command('/loandesk', 'requests', { channelId: loanDesk });
        expect(await timeToStop(bot)).toBeLessThan(10_000);
      } finally {
        await proxy.close();
      }
    }),
  );
});
