import { describe, expect, it } from 'vitest';
import { createExchangeClock } from '../../src/binance/clock.ts';
import { capturingLog } from '../support/logs.ts';
import { quickDelay } from './support/client.ts';

/** A network whose way there and back take as long as given, in turn; null: no answer. */
function network(offsetMs: number, trips: readonly (readonly [there: number, back: number] | null)[]) {
  let nowMs = 1_000_000;
  let taken = 0;
  const log = capturingLog();
  const state = { offsetMs, log, asked: 0, advance: (ms: number) => (nowMs += ms) };
  const clock = createExchangeClock({
    now: () => nowMs,
    delay: quickDelay,
    log,
    sample: async () => {
      state.asked += 1;
      const trip = trips[Math.min(taken, trips.length - 1)];
      taken += 1;
      if (trip === null || trip === undefined) {
        nowMs += 10;
        return null;
      }
      nowMs += trip[0];
      const serverMs = nowMs + state.offsetMs;
      nowMs += trip[1];
      return serverMs;
    },
  });
  return { ...state, state, clock, now: () => nowMs };
}

describe('ExchangeClock', () => {
  it('takes the sample with the lowest round trip', async () => {
    const { clock } = network(7_000, [
      [400, 0],
      [10, 10],
      [0, 300],
      [5, 95],
      [50, 50],
    ]);
    expect(await clock.sync()).toBe(true);
    expect(clock.reading()).toMatchObject({ offsetMs: 7_000, rttMs: 20 });
  });

  it('a timestamp is never ahead of the exchange, whichever way was the slow one', async () => {
    for (const trip of [
      [200, 0],
      [0, 200],
      [100, 100],
    ] as const) {
      const { clock, now } = network(-3_000, [trip]);
      await clock.sync();
      const serverMs = now() - 3_000;
      expect(clock.timestampMs()).toBeLessThanOrEqual(serverMs);
      expect(clock.timestampMs()).toBeGreaterThanOrEqual(serverMs - 200);
    }
  });

  it('exchange case 28: a sample of 3 s is dropped', async () => {
    const { clock } = network(500, [[1_500, 1_500], [1_500, 1_500], [20, 20], [1_500, 1_500], null]);
    expect(await clock.sync()).toBe(false);
    const other = network(500, [
      [20, 20],
      [3_000, 0],
      [3_000, 0],
      [3_000, 0],
      [3_000, 0],
    ]);
    expect(await other.clock.sync()).toBe(true);
    expect(other.clock.reading()).toMatchObject({ offsetMs: 500, rttMs: 40 });
  });

  it('exchange case 28: a failed sync keeps the old offset', async () => {
    const { clock, log } = network(7_000, [...Array.from({ length: 5 }, () => [5, 5] as const), null]);
    await clock.sync();
    expect(await clock.sync()).toBe(false);
    expect(clock.reading()).toMatchObject({ offsetMs: 7_000 });
    expect(log.lines.at(-1)).toContain('exchange time could not be read');
  });

  it('a slower sample that agrees does not replace a quicker one; one that contradicts it does', async () => {
    const quick = Array.from({ length: 5 }, () => [5, 5] as const);
    const { clock, state } = network(1_000, [...quick, [200, 100]]);
    await clock.sync();
    await clock.sync();
    expect(clock.reading()).toMatchObject({ offsetMs: 1_000, rttMs: 10 });
    state.offsetMs = 9_000;
    await clock.sync();
    expect(clock.reading()).toMatchObject({ offsetMs: 9_050, rttMs: 300 });
  });

  it('simultaneous syncs are one, and once known the offset is there at once', async () => {
    const { clock, state } = network(0, [[1, 1]]);
    await Promise.all([clock.sync(), clock.ensureSynced(), clock.sync()]);
    expect(state.asked).toBe(5);
    await clock.ensureSynced();
    expect(state.asked).toBe(5);
  });

  it('an exchange that is silent is asked twice, not five times', async () => {
    const { clock, state } = network(0, [null]);
    expect(await clock.ensureSynced()).toBe(false);
    expect(state.asked).toBe(2);
    expect(clock.nowMs()).toBe(1_000_020);
  });
});
