/** Missing is not fine: whatever Binance does in place of an answer, nothing recovers, and people hear of it. */
import { describe, expect, it } from 'vitest';
import type { PathKind } from '../../sandbox/binance/price-paths.ts';
import { MINUTE, ON_REAL_REDIS, WatchRig } from './watch-rig.ts';

const at = (text: string) => new RegExp(text, 'i');

describe.skipIf(!ON_REAL_REDIS)('when Binance cannot be read', { timeout: 120_000 }, () => {
  it.each([
    [
      'an outage',
      (rig: WatchRig) => rig.exchange.startPath({ groupId: '2', kind: 'outage', lastsS: 86_400 }),
    ],
    ['maintenance', (rig: WatchRig) => rig.exchange.configure({ maintenance: true })],
    [
      'an empty list',
      (rig: WatchRig) => {
        rig.exchange.startPath({ groupId: '1', kind: 'vanish' satisfies PathKind, lastsS: 86_400 });
        rig.exchange.startPath({ groupId: '2', kind: 'vanish', lastsS: 86_400 });
      },
    ],
    [
      'an LTV of null',
      (rig: WatchRig) => rig.exchange.startPath({ groupId: '1', kind: 'no-ltv', lastsS: 86_400 }),
    ],
    [
      'an answer of HTML',
      (rig: WatchRig) => rig.exchange.inject({ effect: { kind: 'truncated' }, endpoint: 'ltv-details' }),
    ],
  ])(
    '(8) A9: %s: no recovery, told as blind once after two minutes, and that it sees again',
    async (_, begin) => {
      const rig = await WatchRig.start({
        units: { 1: '0.86', 2: '0.6' },
        settings: { WATCH_EVERY: '30s' },
      });
      await rig.rounds(MINUTE);
      const before = rig.told().length;
      begin(rig);
      await rig.rounds(MINUTE);
      expect(rig.told().length).toBe(before);
      await rig.rounds(4 * MINUTE);
      const during = rig.told().slice(before);
      expect(during.filter(({ text }) => at('blind').test(text)).length).toBe(1);
      expect(during.filter(({ text }) => at('recovered').test(text))).toEqual([]);

      rig.exchange.configure({ maintenance: false });
      rig.exchange.clearFaults();
      for (const groupId of ['1', '2']) {
        rig.exchange.stopPath(groupId);
        rig.setLtv(groupId, '0.6');
      }
      await rig.round();
      const again = rig.told().length;
      expect(rig.told().filter(({ text }) => at('again').test(text)).length).toBeGreaterThanOrEqual(1);
      expect(rig.told().filter(({ text }) => at('recovered').test(text))).toEqual([]);
      await rig.rounds(6 * MINUTE);
      expect(
        rig
          .told()
          .slice(again)
          .filter(({ text, isReply }) => isReply && at('recovered').test(text)).length,
      ).toBe(1);
    },
  );

  it('(8) A10: an answer that is older than the last one is stale, and never a recovery', async () => {
    const rig = await WatchRig.start({ units: { 1: '0.86' } });
    await rig.rounds(MINUTE);
    rig.setLtv('1', '0.6');
    rig.exchange.configure({ skewMs: -10 * MINUTE });
    await rig.rounds(9 * MINUTE);
    expect(rig.told().filter(({ text }) => at('blind').test(text)).length).toBe(1);
    expect(rig.told().filter(({ text }) => at('recovered').test(text))).toEqual([]);
  });

  it('(8) a unit that is no longer listed is told once, and its case stays open until it is seen again', async () => {
    const rig = await WatchRig.start({ units: { 1: '0.86', 2: '0.6' } });
    await rig.rounds(MINUTE);
    rig.exchange.startPath({ groupId: '1', kind: 'vanish', lastsS: 86_400 });
    await rig.rounds(30 * MINUTE);
    const vanished = rig.told().filter(({ text }) => at('no longer').test(text));
    expect(vanished.length).toBeGreaterThanOrEqual(1);
    expect(rig.told().filter(({ text }) => at('recovered|repaid in full').test(text))).toEqual([]);
    rig.exchange.stopPath('1');
    await rig.round();
    expect(rig.told().filter(({ text }) => at("in Binance's answer again").test(text)).length).toBe(1);
  });

  it('(8) worse counts even while another row cannot be read', async () => {
    const rig = await WatchRig.start({ units: { 1: '0.6', 2: '0.6' } });
    await rig.rounds(MINUTE);
    rig.exchange.startPath({ groupId: '2', kind: 'no-ltv', lastsS: 86_400 });
    rig.setLtv('1', '0.91');
    await rig.round();
    expect(rig.loud().map(({ text }) => at('Unit 1[\\s\\S]*liquidation').test(text))).toEqual([true]);
  });
});
