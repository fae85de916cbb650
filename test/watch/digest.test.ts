/** The digest over the weekends on which the clocks change: one a day over all replicas, at the right hour. */
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE, ON_REAL_REDIS, WatchRig } from './watch-rig.ts';

describe.skipIf(!ON_REAL_REDIS)('the digest', { timeout: 120_000 }, () => {
  it.each([
    ['Europe/London', '2026-03-28', 8, 7],
    ['Europe/London', '2026-10-24', 7, 8],
    ['America/New_York', '2026-03-07', 13, 12],
    ['America/New_York', '2026-10-31', 12, 13],
    ['America/Santiago', '2026-04-04', 11, 12],
    ['America/Santiago', '2026-09-05', 12, 11],
  ])(
    '(12) A13: in %s from %s on: one a day at 08:00, which is %i:00 UTC and then %i:00',
    async (zone, day, first, then) => {
      const rig = await WatchRig.start({
        replicas: 2,
        settings: { DIGEST_AT: `08:00 ${zone} daily`, WATCH_EVERY: '5m' },
        startMs: Date.parse(`${day}T00:00:00Z`),
      });
      for (let hour = 0; hour < 48; hour += 1) {
        await rig.clock.pass(HOUR - rig.everyMs);
        await rig.round();
      }
      const startMs = Date.parse(`${day}T00:00:00Z`);
      const due = [startMs + first * HOUR, startMs + (24 + then) * HOUR];
      expect(rig.digests().map(({ atMs }) => atMs)).toEqual(due);
    },
  );

  it('is "all clear" first when it is, worst first when it is not, and says when it is late', async () => {
    const rig = await WatchRig.start({
      units: { 1: '0.5', 2: '0.6' },
      settings: { DIGEST_AT: '08:00 Europe/London daily' },
      startMs: Date.UTC(2026, 10, 30, 7, 58),
    });
    await rig.rounds(5 * MINUTE);
    expect(rig.digests().map(({ text }) => /^\W*all clear/i.test(text))).toEqual([true]);
    rig.setLtv('2', '0.86');
    await rig.rounds(MINUTE);
    await rig.stopAll();
    await rig.clock.pass(25 * HOUR);
    await rig.addReplica();
    await rig.round();
    const late = rig.digests().at(-1)?.text ?? '';
    expect(late).toMatch(/late/i);
    expect(late).not.toMatch(/all clear/i);
    expect(late.indexOf('86')).toBeLessThan(late.indexOf('50'));
  });

  it('is skipped when the bots come back after noon, and the next one says so', async () => {
    const rig = await WatchRig.start({
      settings: { DIGEST_AT: '08:00 Europe/London daily', WATCH_EVERY: '1m' },
      startMs: Date.UTC(2026, 10, 29, 7, 58),
    });
    await rig.rounds(4 * MINUTE);
    await rig.stopAll();
    await rig.clock.pass(29 * HOUR);
    await rig.addReplica();
    await rig.rounds(5 * MINUTE);
    expect(rig.digests().length).toBe(1);
    await rig.clock.pass(19 * HOUR);
    await rig.rounds(5 * MINUTE);
    expect(rig.digests().length).toBe(2);
    expect(rig.digests().at(-1)?.text).toMatch(/skipped|not posted/i);
  });
});
