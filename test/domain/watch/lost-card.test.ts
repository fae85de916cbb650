/** A card that was given up, or whose message Redis lost, comes back by itself; one that the channel refuses does not. */
import { describe, expect, it } from 'vitest';
import { ALICE } from '../../support/close-requests.ts';
import { HOUR, MINUTE, PlayedWatch, SECOND, unitAt } from '../../support/watch-rounds.ts';

/** Unit 7 reached 0.86 a moment ago, and its card was lost. */
function lost(ltv = '0.86', units: readonly string[] = ['7']): PlayedWatch {
  const watch = new PlayedWatch();
  watch.readFor(MINUTE, Object.fromEntries(units.map((id) => [id, '0.60'])));
  watch.losesCards = true;
  watch.read(Object.fromEntries(units.map((id) => [id, ltv])));
  return watch.forget();
}

function cardsOf(watch: PlayedWatch, unit = '7'): (readonly [afterMs: number, mention: boolean])[] {
  const { openedAtMs } = watch.episode(unit);
  return watch.said
    .filter((each) => each.notice === 'alert-card' && each.unit === unit && each.type === 'repeated')
    .map(({ atMs, mention }) => [atMs - openedAtMs, mention] as const);
}

describe('a lost card', () => {
  it.each([
    ['while the unit is read', (watch: PlayedWatch) => watch.readFor(3 * MINUTE, { 7: '0.86' })],
    ['while nothing can be read', (watch: PlayedWatch) => watch.failFor(3 * MINUTE)],
  ])('comes back after two minutes, with the mention, %s', (_, pass) => {
    const watch = lost();
    watch.losesCards = false;
    watch.episodes.set(watch.episode('7').id, { ...watch.episode('7'), card: null });
    pass(watch);
    expect(cardsOf(watch)).toEqual([[2 * MINUTE, true]]);
    expect(watch.episode('7').card).not.toBeNull();
  });

  it('that is lost again and again comes back no more often than its level is repeated', () => {
    const watch = lost();
    watch.readFor(HOUR, { 7: '0.86' });
    expect(cardsOf(watch).map(([afterMs]) => afterMs / MINUTE)).toEqual([2, 17, 32, 47]);
    const calm = lost('0.60');
    calm.readFor(5 * MINUTE + 30 * SECOND, { 7: '0.81' });
    calm.forget().readFor(23 * HOUR, { 7: '0.81' });
    expect(cardsOf(calm).map(([afterMs]) => afterMs / MINUTE)).toEqual([2]);
  });

  it('is no reason to repeat it while a message of the case waits for Slack', () => {
    const watch = lost();
    watch.undelivered.set(watch.episode('7').id, watch.nowMs);
    watch.readFor(14 * MINUTE, { 7: '0.86' });
    expect(cardsOf(watch)).toEqual([]);
  });

  it('that the channel refused was told directly: it is repeated when its level is', () => {
    const watch = lost();
    watch.readFor(MINUTE, { 7: '0.86' });
    expect(watch.click('7', { type: 'record-card', card: null })).toBeNull();
    watch.readFor(13 * MINUTE + 45 * SECOND, { 7: '0.86' });
    expect(cardsOf(watch)).toEqual([]);
    watch.readFor(15 * MINUTE, { 7: '0.86' });
    expect(cardsOf(watch).map(([afterMs]) => afterMs / MINUTE)).toEqual([15]);
  });

  it('comes back quietly while it is muted, and for an owner without waking the others', () => {
    const muted = lost();
    muted.click('7', { type: 'mute', by: ALICE, forMs: HOUR });
    muted.readFor(10 * MINUTE, { 7: '0.86' });
    expect(cardsOf(muted)).toEqual([[2 * MINUTE, false]]);
    const owned = lost();
    owned.click('7', { type: 'take', by: ALICE });
    owned.readFor(10 * MINUTE, { 7: '0.86' });
    expect(cardsOf(owned)).toEqual([[2 * MINUTE, false]]);
    expect(owned.said.filter(({ notice }) => notice === 'alert-direct')).toMatchObject([
      { type: 'repeated' },
    ]);
  });

  it('is not missed once the case is over', () => {
    const watch = lost();
    watch.closed.add(unitAt('7', '0.86').groupId);
    watch.read({ 8: '0.60' });
    watch.forget().readFor(HOUR, { 8: '0.60' });
    expect(watch.said).toEqual([]);
  });

  it('of three units or more is one reminder', () => {
    const units = ['7', '8', '9', '10'];
    const watch = lost('0.86', units);
    watch.readFor(2 * MINUTE, Object.fromEntries(units.map((id) => [id, '0.86'])));
    expect(watch.loud).toEqual(['reminder']);
    for (const unit of units) expect(cardsOf(watch, unit)).toEqual([[2 * MINUTE, false]]);
  });

  it('of a drill comes back, too', () => {
    const watch = lost('0.60');
    expect(watch.drill(unitAt('7', '0.60'))).toBeNull();
    watch.forget().readFor(10 * MINUTE, { 7: '0.60' });
    expect(watch.said.filter(({ type }) => type === 'repeated')).toMatchObject([
      { notice: 'alert-card', mention: true },
    ]);
  });
});
