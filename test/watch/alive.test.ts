/** Proof of life: silence means that something is wrong, and something outside the bot says so. */
import { describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startReceiver } from '../pager/receiver.ts';
import { HOUR, MINUTE, ON_REAL_REDIS, WatchRig } from './watch-rig.ts';

const SILENT = /silent/i;

describe.skipIf(!ON_REAL_REDIS)('proof that the watch is alive', { timeout: 120_000 }, () => {
  it('(13) A7: all bots stopped: the trip-wire speaks once, within half an hour; on healthy days it does not', async () => {
    const rig = await WatchRig.start({
      settings: { WATCH_TRIPWIRE: 'true', WATCH_EVERY: '5m' },
    });
    await rig.rounds(26 * HOUR, () => rig.workspace.scheduled.postDue());
    expect(rig.told().filter(({ text }) => SILENT.test(text))).toEqual([]);
    for (const replica of [...rig.replicas]) rig.kill(replica);
    const stoppedMs = rig.clock.nowMs;
    for (let minute = 0; minute < 120; minute += 1) {
      await rig.clock.pass(MINUTE);
      rig.workspace.scheduled.postDue();
    }
    const [said, ...more] = rig.told().filter(({ text }) => SILENT.test(text));
    expect(more).toEqual([]);
    const afterMs = (said?.atMs ?? 0) - stoppedMs;
    expect(afterMs).toBeGreaterThan(19 * MINUTE);
    expect(afterMs).toBeLessThanOrEqual(31 * MINUTE);
  });

  it('(13) A7: an exchange that hangs is no proof of life: the trip-wire speaks though the bots run', async () => {
    const rig = await WatchRig.start({ settings: { WATCH_TRIPWIRE: 'true', WATCH_EVERY: '1m' } });
    await rig.rounds(10 * MINUTE);
    rig.exchange.configure({ maintenance: true });
    await rig.rounds(40 * MINUTE, () => rig.workspace.scheduled.postDue());
    rig.workspace.scheduled.postDue();
    expect(rig.told().filter(({ text }) => SILENT.test(text)).length).toBe(1);
  });

  it.each([
    ['WATCH_CHANNEL is another one', { WATCH_CHANNEL: ids.loanDesk }],
    ['the watch is off', { WATCH: 'off' }],
    ['the trip-wire is off', { WATCH_TRIPWIRE: 'false' }],
  ])('A7: after a start on which %s, nothing scheduled before raises a false alarm', async (_, changed) => {
    const rig = await WatchRig.start({ settings: { WATCH_TRIPWIRE: 'true', WATCH_EVERY: '1m' } });
    await rig.rounds(5 * MINUTE);
    expect(rig.workspace.scheduled.list()).toHaveLength(1);
    await rig.stopAll();
    await rig.addReplica(changed);
    await rig.rounds(40 * MINUTE, () => rig.workspace.scheduled.postDue());
    expect(rig.told().filter(({ text }) => SILENT.test(text))).toEqual([]);
  });

  it('A7: the heartbeat follows completed rounds only; once it is told as blind it goes to /fail', async () => {
    const heart = await startReceiver();
    const rig = await WatchRig.start({ replicas: 2, settings: { HEARTBEAT_URL: `${heart.url}/ping/1` } });
    await rig.rounds(MINUTE);
    expect(heart.received.map(({ path }) => path)).toEqual(Array.from({ length: 4 }, () => '/ping/1'));
    rig.exchange.configure({ maintenance: true });
    await rig.rounds(4 * MINUTE);
    const later = heart.received.slice(4).map(({ path }) => path);
    expect(new Set(later)).toEqual(new Set(['/ping/1/fail']));
    const calls = heart.received.length;
    await rig.stopAll();
    await rig.clock.pass(HOUR);
    expect(heart.received.length).toBe(calls);
  });

  it('A8: each figure comes with the age of the last full reading of the watch', async () => {
    const rig = await WatchRig.start();
    await rig.rounds(MINUTE);
    await rig.clock.pass(7 * MINUTE);
    expect(await rig.hands.command(ids.vera, '/ltv', '')).toMatch(/last full reading 7 min ago/i);
    expect(await rig.hands.command(ids.vera, '/loandesk', 'watch')).toMatch(/last full reading 7 min ago/i);
    expect(await rig.hands.command(ids.vera, '/loandesk', 'status')).toMatch(/last full reading 7 min ago/i);
  });
});
