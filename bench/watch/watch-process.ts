/**
 * One bot whose rounds are run by hand, with its stand-ins, over a clock that is turned by hand: what a calm round costs,
 * and what a month of rounds leaves behind in Redis and in memory.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { setSkipped, skippedSoFarMs } from '../../sandbox/skip-time.ts';
import { createApp } from '../../src/app.ts';
import { createLogger } from '../../src/ops/logger.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { HandDriven } from '../../test/watch/hand-driven.ts';
import { TurnedClock } from '../../test/watch/turned-clock.ts';
import { answerParent, givenArgument } from '../support/parent.ts';
import { watchedWorld } from './watched-world.ts';

const EVERY_MS = 15_000;
/** Of a month, one round in each half hour. */
const SKIPPED_MS = 30 * 60_000;
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
const { units, redisUrl } = z.object({ units: z.number(), redisUrl: z.string() }).parse(givenArgument());
const world = await watchedWorld(units, redisUrl, { WATCH_EVERY: `${EVERY_MS / 1_000}s` });
const settings = world.settings();
const redis = new Redis(redisUrl);
const skip = (milliseconds: number) => setSkipped(skippedSoFarMs() + milliseconds);
const clock = await TurnedClock.start(redisUrl, settings.REDIS_PREFIX ?? '', skip);
const background = new HandDriven();
const app = await createApp(loadConfig(settings), createLogger('silent'), { background });
await app.start();
await background.settled();

/** Round trips to Redis that the bot made so far, by its own metrics. */
async function roundTrips(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${app.port}/metrics`)).text();
  const counts = [...text.matchAll(/^loandesk_redis_round_trip_seconds_count(?:\{[^}]*\})? (\d+)/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Bytes of each key that the bot wrote. */
async function keySizes(): Promise<ReadonlyMap<string, number>> {
  const keys = await redis.keys(`*{${settings.REDIS_PREFIX}*`);
  const sizes = new Map<string, number>();
  for (const key of keys) sizes.set(key, (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0);
  return sizes;
}

answerParent({
  async cost(argument) {
    const { rounds } = z.object({ rounds: z.number() }).parse(argument);
    const tripsBefore = await roundTrips();
    const tookMs: number[] = [];
    let cpuMs = 0;
    for (let count = 0; count < rounds; count += 1) {
      await clock.pass(EVERY_MS);
      const cpuBefore = process.cpuUsage();
      const startedMs = performance.now();
      await background.turn('watch');
      tookMs.push(performance.now() - startedMs);
      const { user, system } = process.cpuUsage(cpuBefore);
      cpuMs += (user + system) / 1_000;
    }
    const trips = (await roundTrips()) - tripsBefore;
    return { tookMs, cpuMs: cpuMs / rounds, roundTrips: trips / rounds };
  },
  async days(argument) {
    const { days } = z.object({ days: z.number() }).parse(argument);
    for (let passed = 0; passed < days * 86_400_000; passed += SKIPPED_MS) {
      await clock.pass(SKIPPED_MS);
      await background.turn('watch');
      await background.turn('outbox');
    }
    // What the stand-ins remember is theirs.
    world.workspace.store.calls.length = 0;
    world.workspace.store.events.length = 0;
    collectGarbage();
    const sizes = await keySizes();
    const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const history = [...sizes].filter(([key]) => key.includes(':trend:'));
    const ofHistory = history.reduce((sum, [, bytes]) => sum + bytes, 0);
    return { heapBytes: process.memoryUsage().heapUsed, redisBytes: total, historyBytes: ofHistory };
  },
});
