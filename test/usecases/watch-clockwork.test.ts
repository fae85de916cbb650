/** What goes by the clock: the daily digest over weekends of daylight saving, and the trip-wire. */
import { describe, expect, it } from 'vitest';
import { amount, longId } from '../../src/domain/amount.ts';
import { parseDigestClock } from '../../src/settings/digest-clock.ts';
import type { WatchParts } from '../../src/usecases/create-watch.ts';
import { createRemoveTripWires } from '../../src/usecases/trip-wire.ts';
import type { ScheduledMessage } from '../../src/usecases/watch-ports.ts';
import { UNAVAILABLE } from '../fakes/loan-exchange.ts';
import { WatchHarness } from '../support/watch-harness.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function withDigest(text: string, from: string): WatchHarness {
  const digest = parseDigestClock(text);
  if (digest === null) throw new Error(`not readable: ${text}`);
  const harness = new WatchHarness({ digest });
  harness.nowMs = Date.parse(from);
  return harness;
}

/** A round every five minutes, by two replicas in turn. */
async function rounds(harness: WatchHarness, until: string): Promise<void> {
  const other = harness.replica({ digest: harness.digest });
  for (let round = 0; harness.nowMs < Date.parse(until); round += 1) {
    harness.nowMs += 5 * MINUTE - 15_000;
    await harness.round(undefined, round % 2 === 0 ? harness.work : other);
  }
}

const posted = (harness: WatchHarness) =>
  harness.watchEvents('digest').map(({ forMs }) => new Date(forMs).toISOString().slice(5, 16));

describe('the digest', () => {
  it.each([
    ['08:00 Europe/London', '2026-03-27T12:00Z', ['03-28T08:00', '03-29T07:00', '03-30T07:00']],
    ['08:00 Europe/London', '2026-10-23T12:00Z', ['10-24T07:00', '10-25T08:00', '10-26T08:00']],
    ['02:30 America/New_York', '2026-03-06T12:00Z', ['03-07T07:30', '03-08T07:00', '03-09T06:30']],
    ['01:30 America/New_York', '2026-10-30T12:00Z', ['10-31T05:30', '11-01T05:30', '11-02T06:30']],
    ['00:30 America/Santiago', '2026-09-04T12:00Z', ['09-05T04:30', '09-06T04:00', '09-07T03:30']],
    ['08:00 America/Santiago', '2026-04-03T13:00Z', ['04-04T11:00', '04-05T12:00', '04-06T12:00']],
  ])('(12) %s over the weekend of %s: one per day at the right hour', async (text, from, days) => {
    const harness = withDigest(text, from);
    harness.list({ 7: '0.6' });
    await rounds(harness, new Date(Date.parse(from) + 71 * HOUR).toISOString());
    expect(posted(harness)).toEqual(days);
    expect(harness.watchEvents('digest').map(({ late }) => late)).toEqual([false, false, false]);
  });

  it('has each unit worst first, with a day earlier and yesterday’s interest, and the open cases', async () => {
    const harness = withDigest('08:00 UTC', '2026-05-01T07:00Z');
    const forMs = Date.parse('2026-05-01T08:00Z');
    const at = (text: string) => Date.parse(text);
    harness.points.set(longId('7'), [
      { fromMs: forMs - 24 * HOUR - 15 * MINUTE, lowest: '0.58', highest: '0.7', last: '0.59' },
      { fromMs: forMs - 24 * HOUR + 15 * MINUTE, lowest: '0.6', highest: '0.6', last: '0.6' },
    ]);
    const row = (atMs: number, interest: string, asset = 'USDT') => ({
      ...{ asset, hourlyRate: amount('0.00001'), interest: amount(interest), atMs },
    });
    harness.interest = {
      ...{ ok: true, asOfMs: forMs, flaws: [] },
      value: {
        total: 4,
        rows: [
          row(at('2026-04-29T23:00Z'), '100'),
          row(at('2026-04-30T00:00Z'), '1.25'),
          row(at('2026-04-30T23:00Z'), '2.5'),
          row(at('2026-04-30T12:00Z'), '0.001', 'BTC'),
        ],
      },
    };
    harness.list({ 7: '0.6', 8: '0.86' });
    await rounds(harness, '2026-05-01T08:05Z');
    expect(harness.watchEvents('digest')).toMatchObject([
      {
        forMs,
        timeZone: 'UTC',
        late: false,
        skippedMs: null,
        units: [
          { groupId: '8', ltv: '0.86', level: 'margin-call', ltvBefore: null },
          {
            groupId: '7',
            ltv: '0.6',
            level: 'normal',
            ltvBefore: '0.59',
            interest: { USDT: '3.75', BTC: '0.001' },
          },
        ],
        openCases: [{ groupId: '8', level: 'margin-call', owned: false }],
        openRequests: [],
      },
    ]);
  });

  it('claims nothing about the units while the watch is blind, nor interest that it could read in part only', async () => {
    const harness = withDigest('08:00 UTC', '2026-05-01T07:00Z');
    harness.list({ 7: '0.6' });
    await rounds(harness, '2026-05-01T07:50Z');
    harness.exchange.readFailure = UNAVAILABLE;
    await rounds(harness, '2026-05-01T08:00Z');
    // The next reading may be complete.
    expect(harness.watchEvents('digest')).toEqual([]);
    await rounds(harness, '2026-05-01T08:10Z');
    expect(harness.watchEvents('digest')).toMatchObject([{ units: null, asOfMs: null }]);
    harness.exchange.readFailure = null;
    harness.interest = {
      ok: true,
      asOfMs: 0,
      flaws: [{ groupId: null, text: 'row 1' }],
      value: { total: 0, rows: [] },
    };
    await rounds(harness, '2026-05-02T08:10Z');
    expect(harness.watchEvents('digest')[1]?.units).toMatchObject([{ interest: null }]);
  });

  it('claims nothing from an answer that the watch does not believe', async () => {
    const harness = withDigest('08:00 UTC', '2026-05-01T07:00Z');
    harness.list({ 7: '0.6' });
    await rounds(harness, '2026-05-01T07:55Z');
    const asOfMs = harness.nowMs - MINUTE;
    const read = harness.exchange.riskUnits.bind(harness.exchange);
    harness.exchange.riskUnits = async () => ({ ...(await read()), asOfMs });
    harness.list({ 7: '0.3' });
    await rounds(harness, '2026-05-01T08:10Z');
    expect(harness.state?.blind).toMatchObject({ cause: 'stale' });
    expect(harness.watchEvents('digest')).toMatchObject([{ units: null, asOfMs: null }]);
  });

  it('is gathered by one replica, and by another one if that one fails', async () => {
    const harness = withDigest('08:00 UTC', '2026-05-01T07:00Z');
    harness.list({ 7: '0.6' });
    await rounds(harness, '2026-05-01T07:55Z');
    const other = harness.replica({ digest: harness.digest });
    const { interestHistory } = harness.loans;
    let gathered = 0;
    Object.assign(harness.loans, {
      interestHistory: async (...query: Parameters<typeof interestHistory>) => {
        const isOfDigest = query[0].page !== undefined;
        if (isOfDigest) gathered += 1;
        if (isOfDigest && gathered === 1) throw new Error('Redis is down');
        return interestHistory(...query);
      },
    });
    harness.nowMs = Date.parse('2026-05-01T08:00Z');
    await harness.work.round();
    harness.nowMs += 15_000;
    await other.round();
    await Promise.allSettled(harness.background.splice(0));
    expect([gathered, posted(harness)]).toEqual([1, []]);
    harness.nowMs += 2 * MINUTE;
    await harness.round(undefined, other);
    expect([gathered, posted(harness)]).toEqual([2, ['05-01T08:00']]);
  });

  it('says that it is late, is skipped after noon, and the next one says that', async () => {
    const harness = withDigest('08:00 UTC', '2026-05-01T07:00Z');
    harness.list({ 7: '0.6' });
    await rounds(harness, '2026-05-01T08:05Z');
    harness.nowMs = Date.parse('2026-05-02T09:30Z');
    await rounds(harness, '2026-05-02T10:00Z');
    harness.nowMs = Date.parse('2026-05-03T12:30Z');
    await rounds(harness, '2026-05-04T08:30Z');
    expect(posted(harness)).toEqual(['05-01T08:00', '05-02T08:00', '05-04T08:00']);
    expect(harness.watchEvents('digest').map(({ late }) => late)).toEqual([false, true, false]);
    expect(harness.watchEvents('digest').map(({ skippedMs }) => skippedMs)).toEqual([
      null,
      null,
      Date.parse('2026-05-03T08:00Z'),
    ]);
  });

  it('of two replicas that decide at the same moment comes once', async () => {
    const harness = withDigest('08:00 UTC', '2026-05-01T07:00Z');
    harness.list({ 7: '0.6' });
    await rounds(harness, '2026-05-01T07:55Z');
    const other = harness.replica({ digest: harness.digest });
    harness.nowMs = Date.parse('2026-05-01T08:01Z');
    let left = 2;
    harness.beforeSave = async () => {
      if (left-- > 0) await new Promise((resolve) => setImmediate(resolve));
    };
    await harness.work.round();
    harness.nowMs += 15_000;
    await other.round();
    await harness.settle();
    expect(posted(harness)).toEqual(['05-01T08:00']);
  });
});

function waiting(harness: WatchHarness, changes: Partial<WatchHarness['scheduled'][number]> = {}) {
  const postAtMs = harness.nowMs + 25 * MINUTE;
  return { id: 'Q0', channelId: 'C0WATCH', postAtMs, silentSinceMs: 0, ...changes };
}

describe('the trip-wire', () => {
  it('is one message 20 to 30 minutes ahead, and never deletes one that is due within 8 minutes', async () => {
    const harness = new WatchHarness({ hasTripwire: true });
    harness.list({ 7: '0.6' });
    const other = harness.replica({ hasTripwire: true });
    for (let round = 0; round < 240; round += 1) {
      await harness.round(undefined, round % 2 === 0 ? harness.work : other);
      expect(harness.scheduled).toHaveLength(1);
      const aheadMs = (harness.scheduled[0]?.postAtMs ?? 0) - harness.nowMs;
      expect(aheadMs).toBeGreaterThanOrEqual(20 * MINUTE);
      expect(aheadMs).toBeLessThanOrEqual(30 * MINUTE);
    }
    const last = harness.scheduled[0]?.postAtMs ?? 0;
    // All bots stop; one comes back when the message is nearly due. Slack would post it whatever is answered.
    harness.nowMs = last - 7 * MINUTE;
    await harness.round();
    expect(harness.scheduled.map(({ postAtMs }) => postAtMs)).toContain(last);
    expect(harness.scheduled).toHaveLength(2);
  });

  it('stays where it is while nothing can be read, so that it speaks in the end', async () => {
    const harness = new WatchHarness({ hasTripwire: true });
    await harness.round({ 7: '0.6' });
    const [first] = harness.scheduled;
    harness.exchange.readFailure = UNAVAILABLE;
    await harness.pass(15 * MINUTE);
    expect(harness.scheduled).toEqual([first]);
    expect(first).toMatchObject({ silentSinceMs: harness.nowMs - 15 * MINUTE });
  });

  it('cleans up what a crash left, and tries again a minute after Slack refused', async () => {
    const harness = new WatchHarness({ hasTripwire: true });
    harness.scheduled.push(waiting(harness));
    await harness.round({ 7: '0.6' });
    // It is far enough ahead to serve.
    expect(harness.scheduled.map(({ id }) => id)).toEqual(['Q0']);
    await harness.pass(5 * MINUTE);
    expect(harness.scheduled.map(({ id }) => id)).toEqual(['Q1']);
    let tries = 0;
    const refusing = harness.replica({
      hasTripwire: true,
      scheduled: {
        list: async () => {
          tries += 1;
          throw new Error('ratelimited');
        },
        schedule: async () => {},
        delete: async () => {},
      },
    });
    for (let round = 0; round < 40; round += 1) await harness.round(undefined, refusing);
    expect(tries).toBeGreaterThanOrEqual(9);
    expect(tries).toBeLessThanOrEqual(10);
    expect(await refusing.status()).toContainEqual({
      name: 'Trip-wire',
      level: 'warning',
      text: "this replica couldn't move it ahead: ratelimited",
    });
  });

  it('is not scheduled again and again while Slack deletes none', async () => {
    const scheduled: ScheduledMessage[] = [];
    const harness = new WatchHarness({
      hasTripwire: true,
      scheduled: {
        list: async () => scheduled.filter(({ postAtMs }) => postAtMs > harness.nowMs),
        schedule: async ({ channelId, postAtMs }) =>
          void scheduled.push({ id: `Q${scheduled.length}`, channelId, postAtMs }),
        delete: async () => {
          throw new Error('internal_error');
        },
      },
    });
    await harness.pass(60 * MINUTE, { 7: '0.6' });
    expect(scheduled.length).toBeGreaterThanOrEqual(4);
    expect(scheduled.length).toBeLessThanOrEqual(7);
  });

  it('moves to another WATCH_CHANNEL, also while Slack refuses to delete one of the old channel', async () => {
    const harness = new WatchHarness({ hasTripwire: true });
    harness.scheduled.push(waiting(harness, { id: 'Q-old', channelId: 'C0OLD' }));
    await harness.round({ 7: '0.6' });
    expect(harness.scheduled.map(({ channelId }) => channelId)).toEqual(['C0WATCH']);

    const scheduled = ['C0GONE', 'C0OLD'].map((channelId) => waiting(harness, { id: channelId, channelId }));
    const messages: WatchParts['scheduled'] = {
      list: async () => [...scheduled],
      schedule: async () => {},
      delete: async (each) => {
        if (each.channelId === 'C0GONE') throw new Error('channel_not_found');
        scheduled.splice(
          scheduled.findIndex(({ id }) => id === each.id),
          1,
        );
      },
    };
    harness.nowMs += MINUTE;
    await harness.round(undefined, harness.replica({ hasTripwire: true, scheduled: messages }));
    expect(scheduled.map(({ id }) => id)).toEqual(['C0GONE']);
  });

  it('that was turned off is taken away, in whichever channel, and the log says so', async () => {
    const harness = new WatchHarness();
    const { scheduled, log } = harness;
    scheduled.push(waiting(harness), waiting(harness, { id: 'Q-old', channelId: 'C0OLD' }));
    scheduled.push(waiting(harness, { id: 'Q-due', postAtMs: harness.nowMs + 7 * MINUTE }));
    const remove = createRemoveTripWires({
      scheduled: {
        list: async () => [...scheduled],
        delete: async ({ id }) =>
          void scheduled.splice(
            scheduled.findIndex((each) => each.id === id),
            1,
          ),
      },
      now: () => harness.nowMs,
      log,
    });
    await remove();
    expect(scheduled.map(({ id }) => id)).toEqual(['Q-due']);
    expect(log.lines).toMatchObject([
      { fields: { removed: 2, tooLate: 1 }, message: 'trip-wire is off, scheduled messages removed' },
    ]);
  });
});
