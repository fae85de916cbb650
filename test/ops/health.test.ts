/** Approval case 40, second half: liveness is red when the link to Slack or background work is dead, only then. */
import { describe, expect, it } from 'vitest';
import { createBackground } from '../../src/ops/background.ts';
import { createHealth, type HealthParts } from '../../src/ops/health.ts';
import { memoryLog, QUIET } from '../support/logs.ts';

function setUp(changes: Partial<HealthParts> = {}) {
  const state = {
    nowMs: 1_000_000,
    reachable: true,
    connected: true,
    redisUp: true,
    seen: true,
    delayMs: 20,
  };
  const ages = new Map([['outbox', 0]]);
  const health = createHealth({
    background: { sinceLastRoundMs: () => ages },
    redis: {
      ready: async () => {
        if (!state.redisUp) throw new Error('down');
      },
    },
    slackConnected: () => state.connected,
    slackReachable: () => state.reachable,
    exchangeSeen: () => state.seen,
    loopDelayMs: () => state.delayMs,
    now: () => state.nowMs,
    ...changes,
  });
  return { health, state, ages };
}

describe('liveness (approval case 40)', () => {
  it('turns red when the socket to Slack has been down for more than a minute, and green again with it', () => {
    const { health, state } = setUp();
    health.markListening();
    state.reachable = false;
    expect(health.liveness()).toEqual([]);
    state.nowMs += 60_000;
    expect(health.liveness()).toEqual([]);
    state.nowMs += 1_000;
    expect(health.liveness()).toEqual(['the connection to Slack has been down for 61 s']);
    state.reachable = true;
    expect(health.liveness()).toEqual([]);
    state.reachable = false;
    expect(health.liveness()).toEqual([]);
  });

  it('turns red when a background round is dead', () => {
    const { health, ages } = setUp();
    ages.set('attention', 241_000);
    expect(health.liveness()).toEqual(['attention: no round has started or ended for 241 s']);
  });

  it('turns red when the event loop crawls', () => {
    const { health, state } = setUp();
    state.delayMs = 1_500;
    expect(health.liveness()).toEqual(['the event loop is 1500 ms late']);
  });

  it('stays green while Redis and the exchange are down, and while it stops', () => {
    const { health, state } = setUp();
    health.markListening();
    Object.assign(state, { redisUp: false, seen: false, connected: false });
    state.nowMs += 3_600_000;
    expect(health.liveness()).toEqual([]);
    health.markStopping();
    state.reachable = false;
    expect(health.liveness()).toEqual([]);
    state.nowMs += 61_000;
    expect(health.liveness()).toEqual([]);
  });
});

describe('readiness', () => {
  it('waits for the start, Slack, Redis and a first answer of the exchange', async () => {
    const { health, state } = setUp();
    Object.assign(state, { redisUp: false, seen: false, connected: false });
    health.markListening();
    expect(await health.readiness()).toEqual([
      'starting',
      "Slack hasn't confirmed the token",
      "Binance hasn't answered yet",
      "Redis can't be reached",
    ]);
    Object.assign(state, { redisUp: true, seen: true, connected: true });
    health.markStarted();
    expect(await health.readiness()).toEqual([]);
  });

  it('does not close the door when the exchange goes away later, and closes it at once for a stop', async () => {
    const { health, state } = setUp();
    health.markListening();
    health.markStarted();
    expect(await health.readiness()).toEqual([]);
    state.seen = false;
    expect(await health.readiness()).toEqual([]);
    health.markStopping();
    health.markStarted();
    expect(await health.readiness()).toEqual(['stopping']);
  });
});

describe('background rounds', () => {
  it('go on beside one that hangs, and count as dead only when all that may run at once hang', async () => {
    let nowMs = 0;
    const started: PromiseWithResolvers<void>[] = [];
    const arrivals: PromiseWithResolvers<void>[] = Array.from({ length: 4 }, () => Promise.withResolvers());
    const background = createBackground({ log: QUIET, now: () => nowMs, waitsForARoundMs: 1 });
    background.every('attention', 0, () => {
      const round = Promise.withResolvers<void>();
      started.push(round);
      arrivals[started.length - 1]?.resolve();
      return round.promise;
    });
    await Promise.all(arrivals.map(({ promise }) => promise));
    expect(background.underWay()).toEqual(['attention', 'attention', 'attention', 'attention']);
    nowMs = 300_000;
    expect(background.sinceLastRoundMs().get('attention')).toBe(300_000);
    // One that ends after all is a sign of life.
    const stopped = background.stop();
    for (const { resolve } of started) resolve();
    await stopped;
    expect(background.sinceLastRoundMs().get('attention')).toBe(0);
    expect(background.underWay()).toEqual([]);
  });

  it('goes on after a round that failed', async () => {
    const twice = Promise.withResolvers<void>();
    let rounds = 0;
    const background = createBackground({ log: QUIET, now: Date.now });
    background.every('outbox', 0, async () => {
      rounds += 1;
      if (rounds === 2) twice.resolve();
      throw new Error('no luck');
    });
    await twice.promise;
    await background.stop();
  });

  /** What the round or the task does instead of returning a promise. */
  const throwing = (): Promise<unknown> => {
    throw new Error('thrown before there was a promise');
  };

  it('fault A7: go on after one that throws before it returns a promise, which is logged', async () => {
    const log = memoryLog();
    const third = Promise.withResolvers<void>();
    let rounds = 0;
    const background = createBackground({ log, now: Date.now });
    background.every('outbox', 0, () => {
      rounds += 1;
      if (rounds === 3) third.resolve();
      return throwing();
    });
    await third.promise;
    await background.stop();
    expect(background.underWay()).toEqual([]);
    expect(log.lines.slice(0, 2)).toEqual(
      Array(2).fill({
        level: 'error',
        message: 'background work failed',
        fields: {
          what: 'outbox',
          err: expect.objectContaining({ message: 'thrown before there was a promise' }),
        },
      }),
    );
  });

  it('fault A7, relative: so do rounds whose surroundings throw, and tasks', async () => {
    const log = memoryLog();
    const second = Promise.withResolvers<void>();
    let rounds = 0;
    const background = createBackground({
      log,
      now: Date.now,
      within: () => {
        rounds += 1;
        if (rounds === 2) second.resolve();
        return throwing();
      },
    });
    background.every('attention', 0, async () => {});
    expect(() => background.run('deliver', throwing)).not.toThrow();
    await second.promise;
    await background.stop();
    expect(log.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ what: 'deliver' }),
    );
    expect(background.underWay()).toEqual([]);
  });
});
