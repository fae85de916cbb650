/** Slack refuses, limits, or is gone: nothing is lost, nothing is said twice, and there is a way around it. */
import { describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { type Receiver, startReceiver } from '../pager/receiver.ts';
import { MINUTE, ON_REAL_REDIS, WatchRig } from './watch-rig.ts';

const ROUTING_KEY = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';

/** What the pager was asked to do, in order. */
function actions({ received }: Receiver): string[] {
  return received.map(({ body }) => JSON.parse(body).event_action);
}

describe.skipIf(!ON_REAL_REDIS)('when Slack takes no messages', { timeout: 120_000 }, () => {
  it('(4) A5, A6: 429 for ten minutes: nothing is lost, nothing is said twice, late messages say so, the pager hears of it', async () => {
    const pager = await startReceiver();
    const rig = await WatchRig.start({
      replicas: 2,
      units: { 1: '0.6', 2: '0.6' },
      settings: { PAGERDUTY_ROUTING_KEY: ROUTING_KEY, PAGERDUTY_API_URL: pager.url },
    });
    await rig.round();
    // The look-up of the group's members is limited, too: no alert waits for it.
    rig.workspace.faults.add('*', { kind: 'rate_limited', retryAfterS: 30 });
    rig.setLtv('1', '0.86');
    await rig.rounds(2 * MINUTE);
    rig.setLtv('2', '0.91');
    await rig.rounds(8 * MINUTE);
    expect(rig.told().filter(({ text }) => text.includes('Unit'))).toEqual([]);
    expect(actions(pager)).toContain('trigger');

    rig.workspace.faults.clear();
    await rig.rounds(3 * MINUTE);
    const cards = rig.told().filter(({ isReply, text }) => !isReply && /Unit [12]/.test(text));
    expect(cards.length).toBe(2);
    expect(cards.every(({ text }) => /late/i.test(text))).toBe(true);
    const keys = rig.told().map(({ message }) => JSON.stringify(message.metadata));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each([
    ['archived', (rig: WatchRig) => rig.archive(ids.loanAlerts)],
    ['left', (rig: WatchRig) => rig.leave(ids.loanAlerts)],
  ])(
    '(5) A5: the channel is %s: each of the group hears it directly, and the channel when it is back',
    async (_, lose) => {
      const rig = await WatchRig.start({ replicas: 2 });
      await rig.round();
      const restore = lose(rig);
      rig.setLtv('1', '0.86');
      await rig.rounds(2 * MINUTE);
      expect(rig.told()).toHaveLength(rig.told().filter(({ text }) => !text.includes('margin call')).length);
      for (const userId of [ids.ada, ids.ben, ids.chen]) {
        const direct = rig.toldDirectly(userId).filter(({ text }) => text.includes('Unit 1'));
        expect(direct.length).toBeGreaterThanOrEqual(1);
      }
      restore();
      await rig.rounds(10 * MINUTE);
      await rig.retryKept();
      expect(rig.told().filter(({ isReply, text }) => !isReply && text.includes('Unit 1')).length).toBe(1);
    },
  );

  it('a card whose message Redis lost comes back with the mention, and only once', async () => {
    const rig = await WatchRig.start({ replicas: 2 });
    await rig.round();
    const before = rig.told().length;
    rig.workspace.faults.add('chat.postMessage', { kind: 'rate_limited', retryAfterS: 30 });
    rig.setLtv('1', '0.86');
    await rig.rounds(MINUTE);
    await rig.clock.emptyRedis('outbox');
    rig.workspace.faults.clear();
    await rig.rounds(MINUTE);
    expect(rig.told()).toHaveLength(before);
    await rig.rounds(10 * MINUTE);
    const cards = rig.loud().filter(({ isReply, text }) => !isReply && text.includes('Unit 1'));
    expect(cards).toHaveLength(1);
  });

  it('a channel that stays archived: people are told directly as often as the level is repeated', async () => {
    const rig = await WatchRig.start({ replicas: 2, settings: { WATCH_ESCALATE_AFTER: '2h' } });
    await rig.round();
    const restore = rig.archive(ids.loanAlerts);
    rig.setLtv('1', '0.86');
    for (let times = 0; times < 5; times += 1) {
      await rig.rounds(7 * MINUTE);
      await rig.retryKept();
    }
    const direct = rig.toldDirectly(ids.ben).filter(({ text }) => text.includes('Unit 1'));
    const gaps = direct.slice(1).map(({ atMs }, index) => atMs - (direct[index]?.atMs ?? 0));
    expect(gaps.length).toBeGreaterThan(1);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(14 * MINUTE);
    restore();
    await rig.retryKept();
    const cards = rig.told().filter(({ isReply, text }) => !isReply && text.includes('Unit 1'));
    expect(cards).toHaveLength(1);
  });

  it('(5) the token is revoked: the pager hears of it, and Slack when the token is good again', async () => {
    const pager = await startReceiver();
    const rig = await WatchRig.start({
      settings: { PAGERDUTY_ROUTING_KEY: ROUTING_KEY, PAGERDUTY_API_URL: pager.url },
    });
    await rig.round();
    rig.workspace.grants.tokenError = 'token_revoked';
    rig.setLtv('1', '0.86');
    await rig.rounds(3 * MINUTE);
    expect(actions(pager)).toEqual(['trigger']);
    rig.workspace.grants.tokenError = null;
    await rig.rounds(10 * MINUTE);
    await rig.retryKept();
    expect(rig.told().filter(({ isReply, text }) => !isReply && text.includes('Unit 1')).length).toBe(1);
  });
});
