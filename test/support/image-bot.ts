/** A bot that runs elsewhere than in this process, from an image, in the sandbox's world. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { tourOf } from '../../sandbox/tour.ts';
import type { World } from '../../sandbox/world.ts';
import { freePort } from './redis-server.ts';
import { type Finished, finished } from './simulated-image.ts';

export interface ImageBot {
  readonly url: string;
  readonly port: string;
  /** SIGTERM; resolves with what it printed and how it ended. */
  stop(): Promise<Finished>;
}

/**
 * Starts it with the world's settings and waits for /readyz; the world's people then talk to it. Rejects when it ends
 * first, or is not ready within `readyWithinMs`.
 */
export async function startImageBot(
  world: World,
  start: (settings: Readonly<Record<string, string>>) => ChildProcess,
  readyWithinMs = 15_000,
): Promise<ImageBot> {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const bot = start({ ...world.settings(), HOST: '127.0.0.1', PORT: port });
  const ended = finished(bot);
  const stop = () => {
    bot.kill('SIGTERM');
    return ended;
  };
  const untilMs = performance.now() + readyWithinMs;
  while (!(await isReady(url))) {
    if (bot.exitCode !== null || performance.now() > untilMs) {
      const { status, out, err } = await stop();
      throw new Error(`the bot was not ready, it ended with ${status}:\n${out}${err}`);
    }
    await pause(50);
  }
  world.workspace.setBotUrl(`${url}/slack/events`);
  return { url, port, stop };
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`).catch(() => null);
  return answer?.status === 200;
}

/** The sandbox's tour with this bot: the units, a close by two people, and that exactly one close reached the exchange. */
export async function playTour(world: World, say: (title: string) => void = () => {}): Promise<void> {
  for (const step of tourOf(world)) {
    await step.run();
    say(step.title);
  }
  const closes = world.exchange.requests({ method: 'DELETE' });
  const answered = closes.map(({ groupId, status }) => `unit ${groupId}: ${status}`).join(', ');
  if (answered !== 'unit 7: 200') throw new Error(`the exchange was asked to close: ${answered}`);
}
