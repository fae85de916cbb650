/** Who is told, who has it, and what a person's click changes. */
import { describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { type Receiver, startReceiver } from '../pager/receiver.ts';
import { MINUTE, ON_REAL_REDIS, WatchRig } from './watch-rig.ts';

const ROUTING_KEY = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';
const HAS_IT = /has it\b/;
const paged = ({ received }: Receiver) => received.map(({ body }) => JSON.parse(body).event_action);

describe.skipIf(!ON_REAL_REDIS)('people and their cases', { timeout: 120_000 }, () => {
  it('(9) two units at one instant: two cards; five units: one summary, and their cards behind it', async () => {
    const two = await WatchRig.start({ units: { 1: '0.6', 2: '0.6' } });
    await two.round();
    two.setLtv('1', '0.86');
    two.setLtv('2', '0.86');
    await two.round();
    expect(two.loud().map(({ isReply }) => isReply)).toEqual([false, false]);

    const units = { 1: '0.6', 2: '0.6', 3: '0.6', 4: '0.6', 5: '0.6' };
    const five = await WatchRig.start({ units });
    await five.round();
    const before = five.told().length;
    for (const groupId of Object.keys(units)) five.setLtv(groupId, '0.86');
    await five.round();
    await five.round();
    const told = five.told().slice(before);
    expect(told.filter(({ isLoud }) => isLoud).length).toBe(1);
    const [summary, ...others] = told.filter(({ isReply }) => !isReply);
    expect(others).toEqual([]);
    for (const groupId of Object.keys(units)) expect(summary?.text).toMatch(new RegExp(`\\b${groupId}\\b`));
    const cards = told.filter(({ isReply }) => isReply);
    expect(cards.length).toBe(5);
    expect(cards.every(({ message }) => message.threadTs === summary?.message.ts)).toBe(true);
    await five.rounds(2 * MINUTE);
    five.setLtv('3', '0.91');
    await five.round();
    expect(five.loud().at(-1)?.text).toMatch(/unit 3 went from margin call to/);
    expect(five.loud().at(-1)?.message.threadTs).toBe(summary?.message.ts);
  });

  it('(10) ownership is voided by a worse level, which pages at once', async () => {
    const pager = await startReceiver();
    const rig = await WatchRig.start({
      settings: { PAGERDUTY_ROUTING_KEY: ROUTING_KEY, PAGERDUTY_API_URL: pager.url },
    });
    await rig.round();
    rig.setLtv('1', '0.86');
    await rig.round();
    await rig.hands.click(ids.ada, ACTIONS.takeCase, HAS_IT);
    expect(rig.hands.card()).toMatch(/Ada/);
    await rig.rounds(20 * MINUTE);
    expect(paged(pager)).toEqual([]);
    rig.setLtv('1', '0.91');
    await rig.round();
    expect(paged(pager)).toEqual(['trigger']);
    expect(rig.loud().at(-1)?.text).toMatch(/worse/i);
    expect(rig.toldDirectly(ids.ada).at(-1)?.text).toMatch(/you no longer have the case/);
    await rig.hands.click(ids.ben, ACTIONS.takeCase, HAS_IT);
    await rig.round();
    expect(paged(pager)).toEqual(['trigger', 'acknowledge']);
    rig.setLtv('1', '0.5');
    await rig.rounds(6 * MINUTE);
    expect(paged(pager)).toEqual(['trigger', 'acknowledge', 'resolve']);
  });

  it('(11) A12: a mute survives a restart, ends by itself and says so', async () => {
    const rig = await WatchRig.start();
    await rig.round();
    rig.setLtv('1', '0.86');
    await rig.round();
    await rig.hands.mute(ids.ada, '60');
    await rig.stopAll();
    await rig.addReplica();
    const before = rig.loud().length;
    await rig.rounds(50 * MINUTE);
    expect(rig.loud().length).toBe(before);
    await rig.rounds(30 * MINUTE);
    expect(rig.told().filter(({ text }) => /mute is over/i.test(text)).length).toBe(1);
    expect(rig.loud().length).toBeGreaterThan(before);
  });

  it('A12: two people take a case at once: one has it, the other is told who', async () => {
    const rig = await WatchRig.start({ replicas: 2 });
    await rig.round();
    rig.setLtv('1', '0.86');
    await rig.round();
    await Promise.all([
      rig.hands.click(ids.ada, ACTIONS.takeCase, HAS_IT),
      rig.hands.click(ids.ben, ACTIONS.takeCase, HAS_IT),
    ]);
    const said = rig.told().filter(({ text }) => /has it, until/.test(text));
    expect(said.length).toBe(1);
    const owner = /Ada Lindqvist|Ben Carter/.exec(said[0]?.text ?? '')?.[0] ?? '';
    expect(rig.hands.card()).toContain(`${owner} has it`);
    const loser = owner === 'Ada Lindqvist' ? ids.ben : ids.ada;
    const privately = rig.workspace.store.ephemerals(loser).map((each) => rig.workspace.renderText(each));
    expect(privately.join()).toContain(owner);
  });

  it('A12: an owner who goes away is asked again; a case without one reaches each of the group, then the pager', async () => {
    const pager = await startReceiver();
    const rig = await WatchRig.start({
      settings: { PAGERDUTY_ROUTING_KEY: ROUTING_KEY, PAGERDUTY_API_URL: pager.url, WATCH_EVERY: '1m' },
    });
    await rig.round();
    rig.setLtv('1', '0.86');
    await rig.round();
    await rig.hands.click(ids.ada, ACTIONS.takeCase, HAS_IT);
    await rig.rounds(118 * MINUTE);
    expect(paged(pager)).toEqual([]);
    await rig.rounds(3 * MINUTE);
    expect(rig.told().some(({ text }) => /time of .* as owner is over/i.test(text))).toBe(true);
    await rig.rounds(4 * MINUTE);
    for (const userId of [ids.ada, ids.ben, ids.chen])
      expect(rig.toldDirectly(userId).some(({ text }) => /Unit 1/i.test(text))).toBe(true);
    await rig.rounds(6 * MINUTE);
    expect(paged(pager)).toEqual(['trigger']);
  });

  it('A14: a drill is the whole operation with marked messages, and reports how long it took until somebody had it', async () => {
    const rig = await WatchRig.start();
    await rig.round();
    await rig.hands.command(ids.ada, '/loandesk', 'drill 1');
    await rig.round();
    expect(rig.loud().every(({ text }) => /drill/i.test(text))).toBe(true);
    await rig.hands.click(ids.ben, ACTIONS.takeCase, HAS_IT);
    await rig.rounds(2 * MINUTE);
    expect(rig.told().some(({ text }) => /drill/i.test(text) && /Ben/.test(text))).toBe(true);
  });
});
