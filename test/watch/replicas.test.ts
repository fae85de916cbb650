/** One alert per crossing, whatever replicas do: they run side by side, die in the middle, start again. */
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE, ON_REAL_REDIS, SECOND, WatchRig } from './watch-rig.ts';

describe.skipIf(!ON_REAL_REDIS)('the watch on several replicas', { timeout: 120_000 }, () => {
  it('(1) A1, A11: 84.9/85.1 alternating each reading for an hour on three replicas: one alert, repeats at the floor', async () => {
    const rig = await WatchRig.start({ replicas: 3, settings: { WATCH_EVERY: '30s' } });
    await rig.round();
    await rig.rounds(HOUR, (index) => rig.setLtv('1', index % 2 === 0 ? '0.851' : '0.849'));
    const told = rig.told();
    expect(told.filter(({ isReply, text }) => !isReply && text.includes('Unit 1')).length).toBe(1);
    const loud = rig.loud();
    expect(loud.filter(({ isReply }) => isReply).length).toBe(3);
    for (const [index, { atMs }] of loud.entries()) {
      const before = loud[index - 1];
      if (before !== undefined) expect(atMs - before.atMs).toBeGreaterThanOrEqual(15 * MINUTE);
    }
    expect(told.filter(({ text }) => /recovered/i.test(text))).toEqual([]);
  });

  it('(2) 79 to 91 in one reading: liquidation is told in that round, and nothing about the margin call', async () => {
    const rig = await WatchRig.start({ replicas: 3, units: { 1: '0.79' } });
    await rig.rounds(2 * MINUTE);
    rig.setLtv('1', '0.91');
    await rig.round();
    const [card, ...others] = rig.loud();
    expect(card?.text).toMatch(/liquidation/i);
    expect(card?.text).not.toMatch(/margin call at/i);
    expect(card?.atMs).toBe(rig.clock.nowMs);
    expect(others).toEqual([]);
  });

  it.each(['reading', 'saving', 'posting'] as const)(
    '(3) A5: the leader is killed after %s: one message per episode and level, none lost',
    async (moment) => {
      const rig = await WatchRig.start({ replicas: 2 });
      await rig.round();
      const [leader] = rig.replicas;
      if (leader === undefined) throw new Error('there is no leader');
      rig.setLtv('1', '0.86');
      await rig.clock.pass(rig.everyMs);
      if (moment === 'reading') {
        const stop = rig.exchange.onAnswered(({ endpoint }) => {
          if (endpoint === 'ltv-details') leader.proxy.cut();
        });
        await rig.turn(leader);
        stop();
      }
      if (moment === 'saving') {
        const saved = leader.proxy.silenceAfter('margin-call');
        await Promise.all([rig.turn(leader), saved]);
      }
      if (moment === 'posting') {
        rig.workspace.faults.add('chat.postMessage', { kind: 'reset', when: 'after' }, 1);
        const stop = rig.workspace.store.listen(({ type }) => {
          if (type === 'message') leader.proxy.cut();
        });
        await rig.turn(leader);
        stop();
      }
      rig.kill(leader);
      await rig.rounds(2 * MINUTE);
      const cards = rig.told().filter(({ isReply, text }) => !isReply && text.includes('Unit 1'));
      expect(cards.length).toBe(1);
      expect(rig.loud().length).toBe(1);
      rig.setLtv('1', '0.91');
      await rig.round();
      expect(rig.loud().length).toBe(2);
    },
  );

  it('(6) A4: a restart with the condition unchanged is silent; what arose meanwhile is told by the first reading', async () => {
    const rig = await WatchRig.start({ units: { 1: '0.86', 2: '0.6' } });
    await rig.rounds(MINUTE);
    const before = rig.told().length;
    await rig.stopAll();
    await rig.clock.pass(30 * SECOND);
    await rig.addReplica();
    await rig.rounds(MINUTE);
    expect(rig.told().length).toBe(before);
    await rig.stopAll();
    rig.setLtv('2', '0.88');
    await rig.clock.pass(MINUTE);
    await rig.addReplica();
    await rig.round();
    const loud = rig
      .told()
      .slice(before)
      .filter(({ isLoud }) => isLoud);
    expect(loud.map(({ text }) => /Unit 2/.test(text))).toEqual([true]);
  });

  it('(7) A3: the first start with a unit at 86%: one message with a mention that says it was so already', async () => {
    const rig = await WatchRig.start({ replicas: 2, units: { 1: '0.86' } });
    await rig.rounds(2 * MINUTE);
    expect(rig.loud().map(({ text }) => /already/i.test(text))).toEqual([true]);
  });

  it('(7) Redis lost everything: the watch says that it begins again, and what is already so', async () => {
    const rig = await WatchRig.start({ units: { 1: '0.86' } });
    await rig.rounds(MINUTE);
    const before = rig.told().length;
    await rig.clock.emptyRedis();
    await rig.round();
    const told = rig.told().slice(before);
    expect(told.some(({ text }) => /began|begins/i.test(text))).toBe(true);
    expect(told.filter(({ isLoud }) => isLoud).map(({ text }) => /already/i.test(text))).toEqual([true]);
  });

  it('A2: a rhythm of 8 minutes up and 6 down for three hours: no message comes sooner than its floor', async () => {
    const rig = await WatchRig.start({ settings: { WATCH_EVERY: '1m' } });
    await rig.round();
    await rig.rounds(3 * HOUR, (index) => rig.setLtv('1', index % 14 < 8 ? '0.86' : '0.78'));
    const loud = rig.loud().filter(({ text }) => !/recovered/i.test(text));
    expect(loud.length).toBeGreaterThan(5);
    for (const [index, { atMs }] of loud.entries()) {
      const before = loud[index - 1];
      if (before !== undefined) expect(atMs - before.atMs).toBeGreaterThanOrEqual(15 * MINUTE - SECOND);
    }
  });
});
