/** Hours in which more than one thing goes wrong: an outage within an outage, a clock set back, units that come and go. */
import { describe, expect, it } from 'vitest';
import { amount, ZERO } from '../../../src/domain/amount.ts';
import { ALICE, BOB } from '../../support/close-requests.ts';
import { HOUR, MINUTE, PlayedWatch, SECOND, unitAt } from '../../support/watch-rounds.ts';

function calm(units: readonly string[] = ['7']): PlayedWatch {
  const watch = new PlayedWatch();
  watch.readFor(MINUTE, Object.fromEntries(units.map((id) => [id, '0.60'])));
  return watch.forget();
}

function loudOnes(watch: PlayedWatch, type: string): number[] {
  return watch.said.filter((each) => each.type === type && each.mention).map(({ atMs }) => atMs);
}

describe('blind', () => {
  it('is told once more when part of the units could be read, and then none', () => {
    const watch = calm(['7', '8']);
    for (let rounds = 0; rounds < 40; rounds += 1) watch.readPart({ 7: '0.60' });
    expect(watch.loud).toEqual(['blind']);
    watch.forget().failFor(2 * MINUTE);
    expect(watch.said).toEqual([]);
    watch.fail();
    expect(watch.said).toMatchObject([{ mention: true, event: { type: 'blind', cause: 'unavailable' } }]);
    watch.forget().failFor(6 * HOUR);
    for (let rounds = 0; rounds < 40; rounds += 1) watch.readPart({ 7: '0.60' });
    watch.failFor(HOUR);
    expect(watch.said).toEqual([]);
  });

  it('mentions people at most once in 15 minutes when it comes and goes, and says the rest quietly', () => {
    const watch = calm();
    for (let times = 0; times < 24; times += 1) {
      watch.failFor(135 * SECOND, 'busy');
      watch.read({ 7: '0.60' });
    }
    const loud = loudOnes(watch, 'blind');
    expect(loud).toHaveLength(4);
    const gaps = loud.slice(1).map((atMs, index) => atMs - (loud[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15 * MINUTE);
  });

  it('that was told quietly mentions people once those 15 minutes are over and it still is', () => {
    const watch = calm();
    watch.failFor(3 * MINUTE);
    watch.read({ 7: '0.60' });
    const [firstMs = 0] = loudOnes(watch, 'blind');
    watch.forget().failFor(6 * HOUR);
    expect(watch.said.map(({ mention }) => mention)).toEqual([false, true]);
    expect((watch.said[1]?.atMs ?? 0) - firstMs).toBe(15 * MINUTE);
  });

  it('to all units is loud though a reading of some was told a moment ago', () => {
    const watch = calm(['7', '8']);
    for (let rounds = 0; rounds < 10; rounds += 1) watch.readPart({ 7: '0.60' });
    watch.read({ 7: '0.60', 8: '0.60' });
    watch.forget().failFor(3 * MINUTE);
    expect(watch.loud).toEqual(['blind']);
  });
});

describe("a clock that was set back by an hour, when the exchange's was not", () => {
  function setBack(prepare: (watch: PlayedWatch, read: (ltv: string) => void) => void) {
    const watch = calm();
    let asOfMs = watch.nowMs;
    const read = (ltv: string) =>
      void watch.round(() => {
        asOfMs += 15 * SECOND;
        return { kind: 'complete', units: [unitAt('7', ltv)], asOfMs };
      });
    prepare(watch, read);
    watch.nowMs -= HOUR;
    watch.forget();
    return { watch, read };
  }

  it('holds up neither what is believed, nor calls, nor pages', () => {
    const believed = setBack((_, read) => read('0.831'));
    for (let rounds = 0; rounds < 12; rounds += 1) believed.read('0.831');
    expect(believed.watch.loud).toEqual(['opened']);
    const unowned = setBack((_, read) => read('0.86'));
    for (let rounds = 0; rounds < 36; rounds += 1) unowned.read('0.86');
    expect(unowned.watch.events).toEqual(['repeated', 'escalated']);
    expect(unowned.watch.episode('7').page.wanted).toBe('triggered');
  });

  it('does not hold up that it is blind', () => {
    const { watch } = setBack((before) => before.fail());
    watch.failFor(3 * MINUTE);
    expect(watch.events).toEqual(['blind']);
  });

  it('makes no owner and no mute last longer than they can', () => {
    const { watch, read } = setBack((before, readNow) => {
      readNow('0.86');
      before.click('7', { type: 'take', by: ALICE });
      before.click('7', { type: 'mute', by: BOB, forMs: 24 * HOUR });
    });
    expect(watch.click('7', { type: 'note', by: BOB, text: 'the clock jumped' })).toBeNull();
    expect(watch.episode('7')).toMatchObject({
      openedAtMs: watch.nowMs,
      owner: { sinceMs: watch.nowMs, untilMs: watch.nowMs + 2 * HOUR },
      mute: { untilMs: watch.nowMs + 24 * HOUR },
    });
    read('0.86');
    watch.nowMs -= HOUR;
    read('0.86');
    expect(watch.episode('7')).toMatchObject({
      owner: { untilMs: watch.nowMs + 2 * HOUR },
      mute: { untilMs: watch.nowMs + 24 * HOUR },
    });
  });
});

describe('an episode that goes on', () => {
  it('after it was missing says so each time, and mentions people once an hour', () => {
    const watch = new PlayedWatch();
    const both = { 7: '0.92', 8: '0.50' };
    watch.read(both);
    watch.readFor(3 * MINUTE, { 8: '0.50' });
    watch.read(both);
    watch.forget().readFor(50 * MINUTE, { 8: '0.50' });
    expect([watch.episode('7').vanishedAtMs, watch.loud]).not.toContain(null);
    expect(watch.loud).not.toContain('unit-vanished');
    watch.readFor(10 * MINUTE, { 8: '0.50' });
    expect(watch.loud).toContain('unit-vanished');
  });

  it('after a recovery counts its time, its worst level and its worst LTV from then on', () => {
    const watch = calm();
    watch.read({ 7: '0.91' });
    watch.readFor(20 * HOUR, { 7: '0.60' });
    watch.readFor(6 * MINUTE, { 7: '0.71' });
    expect(watch.episode('7')).toMatchObject({ worstLevel: 'own:0.7', worstLtv: '0.71' });
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    const recovered = watch.said.findLast(({ type }) => type === 'recovered')?.event;
    expect(recovered).toMatchObject({ openForMs: 6 * MINUTE });
  });

  it('for the fourth time within its floor only redraws its card', () => {
    const watch = calm();
    for (let times = 0; times < 8; times += 1) {
      watch.readFor(7 * MINUTE, { 7: '0.81' });
      watch.readFor(7 * MINUTE, { 7: '0.60' });
    }
    const lines = watch.said.filter(({ notice }) => notice === 'alert-thread').map(({ type }) => type);
    expect(lines.filter((type) => type === 'reopened')).toHaveLength(3);
    // The first one follows the opening.
    expect(lines.filter((type) => type === 'recovered')).toHaveLength(4);
    expect(watch.events.filter((type) => type === 'reopened')).toHaveLength(7);
  });
});

describe('figures', () => {
  it('redraw a card once a minute, however bad they get, and the worst between is not lost', () => {
    const watch = calm();
    watch.read({ 7: '0.86' });
    watch.forget();
    let drawn = 0;
    for (const ltv of ['0.865', '0.889', '0.87', '0.872', '0.874', '0.876', '0.878', '0.88'])
      drawn += watch.read({ 7: ltv }).episodes.length;
    expect(drawn).toBe(2);
    expect(watch.episode('7')).toMatchObject({ figures: { ltv: '0.88' }, worstLtv: '0.889' });
  });
});

describe('fifty units that cross a level', () => {
  const units = Array.from({ length: 50 }, (_, index) => String(100 + index));
  const at = (ltv: string, below: number) =>
    Object.fromEntries(units.map((id, index) => [id, index < below ? ltv : '0.60']));

  it('one after the other within a minute are one summary, which names them all in the end', () => {
    const watch = calm(units);
    watch.read(at('0.86', 3));
    for (const below of [20, 40, 50]) watch.read(at('0.86', below));
    expect(watch.loud).toEqual(['summary']);
    const summaries = watch.said.flatMap(({ event }) => (event.type === 'summary' ? [event] : []));
    expect(summaries.map(({ episodes }) => episodes.length)).toEqual([3, 20, 40, 50]);
    expect(new Set(summaries.map(({ id }) => id)).size).toBe(1);
    for (const { summaryId } of watch.episodes.values()) expect(summaryId).toBe(summaries[0]?.id);
    watch.readFor(MINUTE, at('0.86', 50));
    watch.forget().read(at('0.91', 50));
    expect(watch.loud).toEqual(['summary']);
  });

  it('are reminded of and escalated in one message, and each owner in one that names theirs', () => {
    const watch = calm(units);
    watch.read(at('0.86', 50));
    watch.forget().readFor(3 * MINUTE, at('0.86', 50));
    expect(watch.said.filter(({ notice }) => notice.endsWith('direct'))).toMatchObject([
      { notice: 'watch-direct', event: { type: 'reminder', why: 'escalated', episodes: { length: 50 } } },
    ]);
    for (const id of units.slice(0, 4)) watch.click(id, { type: 'take', by: ALICE });
    watch.forget().readFor(12 * MINUTE, at('0.86', 50));
    expect(watch.loud).toEqual(['reminder']);
    expect(watch.said.filter(({ notice }) => notice.endsWith('direct'))).toMatchObject([
      { event: { type: 'reminder', why: 'repeated', episodes: { length: 4 } } },
    ]);
    expect(
      watch.said.filter(({ type, notice }) => type === 'repeated' && notice === 'alert-thread'),
    ).toHaveLength(50);
  });
});

describe('borrowing in slices', () => {
  it('is told once in 15 minutes for each unit and asset, with the sum', () => {
    const watch = calm();
    const owing = (usdt: number, btc = '1') => [
      unitAt('7', '0.60', {
        liabilities: [
          { asset: 'USDT', principal: amount(String(usdt)), interest: ZERO },
          { asset: 'BTC', principal: amount(btc), interest: ZERO },
        ],
      }),
    ];
    watch.readUnits(owing(1));
    watch.forget();
    for (let slice = 2; slice <= 120; slice += 1) watch.readUnits(owing(slice));
    expect(watch.said.map(({ event }) => event)).toMatchObject([
      { type: 'borrowed-more', asset: 'USDT', before: '1', after: '2' },
      { type: 'borrowed-more', asset: 'USDT', before: '2', after: '62' },
    ]);
    watch.forget().readUnits(owing(120, '2'));
    expect(watch.said).toMatchObject([{ event: { asset: 'BTC', before: '1', after: '2' } }]);
    watch.forget().readUnits(owing(50, '2'));
    watch.stopFor(15 * MINUTE);
    watch.readUnits(owing(50, '2'));
    expect(watch.said).toEqual([]);
  });
});
