/** The pager: what it should know and what it was told, over failures and replicas. */
import { describe, expect, it } from 'vitest';
import { createCall } from '../../src/pager/outgoing-call.ts';
import { createPagerDuty } from '../../src/pager/pagerduty.ts';
import type { Pager } from '../../src/usecases/watch-ports.ts';
import { startReceiver } from '../pager/receiver.ts';
import { ALICE } from '../support/close-requests.ts';
import { WatchHarness } from '../support/watch-harness.ts';

const MINUTE = 60_000;

async function atLiquidation(harness = new WatchHarness()): Promise<WatchHarness> {
  await harness.round({ 7: '0.6' });
  await harness.round({ 7: '0.91' });
  return harness;
}

/** A minute of page rounds, one per second. */
async function pageRounds(harness: WatchHarness, seconds = 60, work = harness.work): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    harness.nowMs += 1_000;
    await work.pageCases?.();
  }
}

describe('a page', () => {
  it('is triggered at liquidation, acknowledged by an owner, resolved by the recovery, each once', async () => {
    const harness = await atLiquidation();
    await pageRounds(harness);
    await harness.work.desk.takeCase(ALICE, harness.caseOf('7').id);
    await pageRounds(harness);
    const { id } = harness.caseOf('7');
    await harness.pass(6 * MINUTE, { 7: '0.6' });
    await pageRounds(harness);
    expect(harness.pagerDuty.received.map(({ key, state }) => [key, state])).toEqual([
      [`${id}/1`, 'triggered'],
      [`${id}/1`, 'acknowledged'],
      [`${id}/1`, 'resolved'],
    ]);
    expect(harness.episodes.get(id)?.page).toMatchObject({ wanted: 'resolved', told: 'resolved' });
    expect(harness.told.filter(({ type }) => type === 'paged')).toHaveLength(1);
  });

  it('is tried again with growing pauses until the pager takes it, and is said in the status meanwhile', async () => {
    const harness = await atLiquidation();
    harness.pagerDuty.answer = { ok: false, why: 'it answered with an error (HTTP 500)' };
    const { id } = harness.caseOf('7');
    await pageRounds(harness, 300);
    expect(harness.pagerDuty.received.length).toBeGreaterThan(5);
    expect(harness.pagerDuty.received.length).toBeLessThan(12);
    expect(await harness.work.status()).toContainEqual({
      name: 'Pager',
      level: 'fault',
      text: `case ${id}, last attempt of this replica: PagerDuty: it answered with an error (HTTP 500)`,
    });
    expect(await harness.replica().status()).toContainEqual({
      ...{ name: 'Pager', level: 'warning', text: `case ${id}: not every pager has taken the call yet` },
    });
    harness.pagerDuty.answer = { ok: true };
    await pageRounds(harness, 61);
    expect(harness.caseOf('7').page.told).toBe('triggered');
    expect(await harness.work.status()).toContainEqual({ name: 'Pager', level: 'ok', text: 'PagerDuty' });
  });

  it('is sent by one replica at a time', async () => {
    const harness = await atLiquidation();
    const other = harness.replica();
    harness.nowMs += 1_000;
    await Promise.all([harness.work.pageCases?.(), other.pageCases?.()]);
    expect(harness.pagerDuty.received).toHaveLength(1);
  });

  it('for want of an owner is followed by another one when the case reaches liquidation', async () => {
    const harness = new WatchHarness();
    const { pagerDuty } = harness;
    await harness.round({ 7: '0.6' });
    await harness.pass(9 * MINUTE, { 7: '0.86' });
    await pageRounds(harness, 5);
    const { id } = harness.caseOf('7');
    expect(pagerDuty.called).toEqual([`${id}/1`]);
    await harness.round({ 7: '0.92' });
    await pageRounds(harness, 5);
    expect(pagerDuty.called).toEqual([`${id}/1`, `${id}/2`]);
    expect(pagerDuty.received.at(1)).toMatchObject({ key: `${id}/2`, episode: { level: 'liquidation' } });
    expect(pagerDuty.received.at(2)).toMatchObject({ key: `${id}/1`, state: 'resolved', nextKey: `${id}/2` });
    expect(pagerDuty.open).toEqual({ [`${id}/2`]: 'triggered' });
  });

  it('that was acknowledged calls people again when the owner is late: another incident each time', async () => {
    const harness = await atLiquidation();
    const { pagerDuty } = harness;
    const { id } = harness.caseOf('7');
    for (let time = 1; time <= 3; time += 1) {
      await pageRounds(harness, 5);
      expect(pagerDuty.open).toEqual({ [`${id}/${time}`]: 'triggered' });
      await harness.work.desk.takeCase(ALICE, id);
      await pageRounds(harness, 5);
      expect(pagerDuty.open).toEqual({ [`${id}/${time}`]: 'acknowledged' });
      await harness.pass(31 * MINUTE, { 7: '0.92' });
    }
    await pageRounds(harness, 5);
    expect(pagerDuty.called).toEqual([1, 2, 3, 4].map((time) => `${id}/${time}`));
    await harness.pass(6 * MINUTE, { 7: '0.6' });
    await pageRounds(harness, 5);
    expect(pagerDuty.open).toEqual({});
    const resolved = pagerDuty.received.slice(-4).map(({ key, state }) => [key, state]);
    expect(resolved).toEqual([4, 1, 2, 3].map((time) => [`${id}/${time}`, 'resolved']));
  });

  it('is not recorded for the next incident, which began while it was sent', async () => {
    const harness = await atLiquidation();
    const { id } = harness.caseOf('7');
    await pageRounds(harness, 1);
    const slow = harness.replica({
      pagers: [
        {
          name: 'PagerDuty',
          send: async () => {
            await harness.pass(31 * MINUTE, { 7: '0.92' });
            return { ok: true };
          },
        },
      ],
    });
    await harness.work.desk.takeCase(ALICE, id);
    await pageRounds(harness, 1, slow);
    expect(harness.caseOf('7').page).toMatchObject({ number: 2, wanted: 'triggered', told: 'none' });
    await pageRounds(harness, 5);
    expect(harness.pagerDuty.open).toEqual({ [`${id}/2`]: 'triggered' });
  });

  describe('with two ways out of which one refuses', () => {
    /** What PagerDuty took; the other one refuses until `isBack`. */
    async function withOneBroken() {
      const took: string[] = [];
      const webhook = { isBack: false, took: [] as string[] };
      const pagers: Pager[] = [
        {
          name: 'PagerDuty',
          send: async ({ state }) => {
            took.push(state);
            return { ok: true };
          },
        },
        {
          name: 'Webhook',
          send: async ({ state }) => {
            if (!webhook.isBack) return { ok: false, why: 'it answered with an error (HTTP 500)' };
            webhook.took.push(state);
            return { ok: true };
          },
        },
      ];
      const harness = await atLiquidation(new WatchHarness({ pagers }));
      await pageRounds(harness, 20);
      return { harness, took, webhook, other: harness.replica({ pagers }) };
    }

    it('the other one hears of the call once, from whichever replica', async () => {
      const { harness, took, webhook, other } = await withOneBroken();
      await pageRounds(harness, 300, other);
      expect(took).toEqual(['triggered']);
      expect(webhook.took).toEqual([]);
      webhook.isBack = true;
      await pageRounds(harness, 60, other);
      expect([took, webhook.took]).toEqual([['triggered'], ['triggered']]);
      expect(harness.caseOf('7').page.told).toBe('triggered');
    });

    it('the other one is acknowledged and resolved all the same', async () => {
      const { harness, took } = await withOneBroken();
      await harness.work.desk.takeCase(ALICE, harness.caseOf('7').id);
      await pageRounds(harness);
      expect(took).toEqual(['triggered', 'acknowledged']);
      await harness.pass(6 * MINUTE, { 7: '0.6' });
      await pageRounds(harness);
      expect(took).toEqual(['triggered', 'acknowledged', 'resolved']);
    });

    it('the other one hears of the recovery of a case without an owner', async () => {
      const { harness, took } = await withOneBroken();
      await harness.pass(6 * MINUTE, { 7: '0.6' });
      await pageRounds(harness);
      expect(took).toEqual(['triggered', 'resolved']);
    });

    it('the broken one is told what is so once it is back, and the page is recorded then', async () => {
      const { harness, webhook } = await withOneBroken();
      expect(harness.caseOf('7').page.told).toBe('none');
      webhook.isBack = true;
      await pageRounds(harness);
      expect(webhook.took).toEqual(['triggered']);
      expect(harness.caseOf('7').page.told).toBe('triggered');
    });
  });

  it('of a case too old to be looked at is no longer named in the status', async () => {
    const harness = await atLiquidation();
    harness.pagerDuty.answer = { ok: false, why: 'it answered with an error (HTTP 500)' };
    await pageRounds(harness, 2);
    const levels = async () => (await harness.work.status()).filter(({ name }) => name === 'Pager');
    expect(await levels()).toMatchObject([{ level: 'fault' }]);
    const { load } = harness.store;
    harness.store.load = async () => ({ ...(await load.call(harness.store)), episodes: new Map() });
    harness.store.recentEpisodes = async () => [];
    await pageRounds(harness, 30);
    expect(await levels()).toMatchObject([{ level: 'ok' }]);
  });

  it('calls again when the owner is voided by a worse level', async () => {
    const harness = new WatchHarness();
    await harness.round({ 7: '0.6' });
    await harness.pass(9 * MINUTE, { 7: '0.86' });
    await pageRounds(harness, 10);
    const { id } = harness.caseOf('7');
    await harness.work.desk.takeCase(ALICE, id);
    await pageRounds(harness, 10);
    await harness.round({ 7: '0.91' });
    await pageRounds(harness, 10);
    expect(harness.pagerDuty.received.map(({ key, state }) => [key, state])).toEqual([
      [`${id}/1`, 'triggered'],
      [`${id}/1`, 'acknowledged'],
      [`${id}/2`, 'triggered'],
      [`${id}/1`, 'resolved'],
    ]);
    expect(harness.caseOf('7').page).toMatchObject({ number: 2, told: 'triggered' });
  });

  it('through PagerDuty that fails for a while and comes back: one incident', async () => {
    const receiver = await startReceiver();
    const routingKey = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';
    const pagers = [createPagerDuty({ apiUrl: receiver.url, routingKey }, createCall())];
    const harness = await atLiquidation(new WatchHarness({ pagers }));
    receiver.answer = { status: 500 };
    await pageRounds(harness, 120);
    receiver.answer = { status: 202 };
    await pageRounds(harness, 61);
    await harness.work.desk.takeCase(ALICE, harness.caseOf('7').id);
    await pageRounds(harness, 10);
    const sent = receiver.received.map(({ body }) => JSON.parse(body));
    expect(new Set(sent.map(({ dedup_key }) => dedup_key)).size).toBe(1);
    expect(sent.at(-2)?.event_action).toBe('trigger');
    expect(sent.at(-1)?.event_action).toBe('acknowledge');
    const said = harness.log.lines.map((line) => JSON.stringify(line)).join();
    expect(said).toContain('HTTP 500');
    expect(said).not.toContain(routingKey);
  });
});
