/** The numbered cases of the watch that are decided without any store, exchange or Slack. */
import { describe, expect, it } from 'vitest';
import { ALICE, BOB } from '../../support/close-requests.ts';
import { HOUR, MINUTE, PlayedWatch, SECOND, unitAt } from '../../support/watch-rounds.ts';

/** After a calm minute. */
function calm(units: readonly string[] = ['7']): PlayedWatch {
  const watch = new PlayedWatch();
  watch.readFor(MINUTE, Object.fromEntries(units.map((id) => [id, '0.60'])));
  return watch.forget();
}

describe('the cases by number', () => {
  it('(1) A1: 84.9/85.1 alternating each reading for an hour: one alert, repeats at the floor, no recovery', () => {
    const watch = calm();
    for (let round = 0; round < 240; round += 1) watch.read({ 7: round % 2 === 0 ? '0.849' : '0.851' });
    expect(watch.loud).toEqual(['opened', 'repeated', 'repeated', 'repeated']);
    const [first = 0, ...repeats] = watch.said.filter(({ mention }) => mention).map(({ atMs }) => atMs);
    expect(repeats.map((atMs) => atMs - first)).toEqual([15 * MINUTE, 30 * MINUTE, 45 * MINUTE]);
    expect(new Set(watch.events)).toEqual(new Set(['opened', 'escalated', 'repeated']));
  });

  it('(2) 79 to 91 in one reading: liquidation at once, nothing about the margin call', () => {
    const watch = calm();
    watch.readFor(MINUTE, { 7: '0.79' });
    watch.forget().read({ 7: '0.91' });
    expect(watch.said.map(({ type, notice, mention }) => [type, notice, mention])).toEqual([
      ['opened', 'alert-card', true],
    ]);
    expect(watch.episode('7').level).toBe('liquidation');
    watch.readFor(10 * MINUTE, { 7: '0.91' });
    const levels = watch.said.map(({ event }) => ('level' in event ? event.level : null));
    expect(levels).not.toContain('margin-call');
  });

  it('(6) A4: a restart with the condition unchanged is silent', () => {
    const watch = calm();
    watch.read({ 7: '0.86' });
    watch.forget().stopFor(10 * MINUTE);
    watch.read({ 7: '0.86' });
    expect(watch.events).toEqual(['escalated']);
    expect(watch.loud).toEqual([]);
  });

  it('(6) A4: what arose while the bots were stopped is told by the first reading', () => {
    const watch = calm(['7', '8']);
    watch.read({ 7: '0.86', 8: '0.60' });
    watch.forget().stopFor(HOUR);
    watch.read({ 7: '0.60', 8: '0.91' });
    expect(watch.said.filter(({ unit }) => unit === '8').map(({ type }) => type)).toEqual(['opened']);
    expect(watch.episode('7').state).toBe('open');
  });

  it('(7) A3: the first start with a unit at 86%: one message, which says that it was so already', () => {
    const watch = new PlayedWatch();
    watch.read({ 7: '0.86', 8: '0.60' });
    expect(watch.said.map(({ event, mention }) => [event.type, mention])).toEqual([['opened', true]]);
    expect(watch.said.map(({ event }) => event)).toMatchObject([{ alreadySo: true }]);
    watch.forget().readFor(10 * MINUTE, { 7: '0.86', 8: '0.60' });
    expect(watch.loud).toEqual([]);
  });

  it('(7) A3: at 81% on the first reading it is told once, when it is believed', () => {
    const watch = new PlayedWatch();
    watch.readFor(23 * HOUR, { 7: '0.81' });
    expect(watch.events).toEqual(['began', 'opened']);
    expect(watch.episode('7')).toMatchObject({ alreadySo: true, level: 'initial' });
  });

  it.each(['unavailable', 'maintenance', 'refused', 'busy'] as const)(
    '(8) A9: %s: no recovery, and blind is told after two minutes',
    (cause) => {
      const watch = calm();
      watch.read({ 7: '0.86' });
      watch.forget().failFor(2 * MINUTE, cause);
      expect(watch.events).toEqual([]);
      watch.fail(cause);
      expect(watch.said).toMatchObject([{ type: 'blind', mention: true, event: { cause, openCases: 1 } }]);
      watch.failFor(20 * MINUTE, cause);
      expect(watch.episode('7').state).toBe('open');
      expect(watch.events.filter((type) => type === 'blind')).toHaveLength(1);
      watch.forget().read({ 7: '0.60' });
      expect(watch.events).toEqual(['seeing-again']);
      expect(watch.episode('7').state).toBe('open');
    },
  );

  it('(8) A9: an empty list is blind, never "nothing owed", also on the first start', () => {
    const watch = new PlayedWatch();
    watch.readFor(3 * MINUTE, {});
    expect(watch.said).toMatchObject([{ type: 'blind', event: { cause: 'empty' } }]);
    const later = calm();
    later.read({ 7: '0.86' });
    later.forget().readFor(10 * MINUTE, {});
    expect(later.loud).toEqual(['blind']);
    expect(later.episode('7')).toMatchObject({ state: 'open', vanishedAtMs: null });
  });

  it('(8) A9: a null LTV is worse than liquidation and told at once', () => {
    const watch = calm();
    watch.read({ 7: '0.91' });
    watch.forget().read({ 7: null });
    expect(watch.loud).toEqual(['worsened']);
    expect(watch.episode('7')).toMatchObject({ level: 'undefined-ltv', worstLtv: null });
  });

  it('(9) two units at one instant: two cards', () => {
    const watch = calm(['7', '8', '9']);
    watch.read({ 7: '0.86', 8: '0.91', 9: '0.60' });
    expect(watch.said.map(({ type, notice, mention }) => [type, notice, mention])).toEqual([
      ['opened', 'alert-card', true],
      ['opened', 'alert-card', true],
    ]);
  });

  it('(9) five units at one instant: one summary, worst first, with the cards behind it', () => {
    const watch = calm(['7', '8', '9', '10', '11']);
    watch.read({ 7: '0.86', 8: '0.91', 9: '0.87', 10: null, 11: '0.86' });
    expect(watch.loud).toEqual(['summary']);
    const summary = watch.said[0]?.event;
    expect(summary).toMatchObject({ type: 'summary' });
    const named = summary?.type === 'summary' ? summary.episodes : [];
    expect(named.map(({ groupId }) => groupId)).toEqual(['10', '8', '7', '9', '11']);
    for (const episode of watch.episodes.values()) expect(episode.summaryId).toBe(watch.state?.summary?.id);
    expect(watch.said.filter(({ notice }) => notice === 'alert-card')).toHaveLength(5);
  });

  it('(10) ownership is voided by a worse level, which pages at once', () => {
    const watch = calm();
    watch.read({ 7: '0.86' });
    expect(watch.click('7', { type: 'take', by: ALICE })).toBeNull();
    watch.readFor(20 * MINUTE, { 7: '0.86' });
    expect(watch.episode('7').page.wanted).toBe('none');
    watch.forget().read({ 7: '0.91' });
    expect(watch.events).toEqual(['worsened', 'owner-lapsed']);
    expect(watch.episode('7')).toMatchObject({ owner: null, page: { wanted: 'triggered', why: 'level' } });
    expect(watch.said.find(({ notice }) => notice === 'alert-direct')?.event).toMatchObject({ owner: ALICE });
  });

  it('(11) a mute survives a restart, ends by itself and says so', () => {
    const watch = calm();
    watch.read({ 7: '0.86' });
    expect(watch.click('7', { type: 'mute', by: BOB, forMs: HOUR })).toBeNull();
    watch.forget().stopFor(10 * MINUTE);
    watch.readFor(50 * MINUTE - 15 * SECOND, { 7: '0.86' });
    expect(watch.loud).toEqual([]);
    watch.forget().read({ 7: '0.86' });
    expect(watch.said.map(({ type, notice }) => [type, notice])).toContainEqual([
      'mute-ended',
      'alert-thread',
    ]);
    watch.read({ 7: '0.86' });
    expect(watch.said[0]?.event).toMatchObject({ type: 'mute-ended', why: 'time' });
    expect(watch.loud).toEqual(['repeated']);
  });

  it('A2: a rhythm of 8 minutes up and 6 down is told no more often than the floor', () => {
    const watch = calm();
    for (let cycle = 0; cycle < 20; cycle += 1) {
      watch.readFor(8 * MINUTE, { 7: '0.86' });
      watch.readFor(6 * MINUTE, { 7: '0.75' });
    }
    const told = watch.said.filter(({ mention, type }) => mention && type !== 'recovered');
    const gaps = told.slice(1).map(({ atMs }, index) => atMs - (told[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15 * MINUTE);
    // And it is not silenced for good: the cap does not slide.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(22 * MINUTE);
    expect(watch.events.filter((type) => type === 'reopened').length).toBeGreaterThan(5);
    expect(watch.events.filter((type) => type === 'escalated').length).toBeLessThan(20);
  });

  it('A12: somebody who took it and went away is asked again: after 2 hours, after 30 minutes at liquidation', () => {
    const watch = calm(['7', '8']);
    watch.read({ 7: '0.86', 8: '0.91' });
    watch.click('7', { type: 'take', by: ALICE });
    watch.click('8', { type: 'take', by: BOB });
    watch.readFor(30 * MINUTE - 15 * SECOND, { 7: '0.86', 8: '0.91' });
    expect(watch.loud).not.toContain('owner-lapsed');
    watch.forget().read({ 7: '0.86', 8: '0.91' });
    // One mention for both: the repeat is due at the same time.
    const ofUnit8 = watch.said.filter(({ unit, notice }) => unit === '8' && notice === 'alert-thread');
    expect(ofUnit8).toMatchObject([
      { type: 'repeated', mention: true },
      { event: { type: 'owner-lapsed', why: 'time' }, mention: false },
    ]);
    expect(watch.episode('8').page).toMatchObject({ wanted: 'triggered', why: 'level' });
    watch.readFor(90 * MINUTE, { 7: '0.86', 8: '0.91' });
    expect(watch.said.filter(({ type }) => type === 'owner-lapsed').map(({ unit }) => unit)).toEqual([
      '8',
      '7',
    ]);
    expect(watch.episode('7').owner).toBeNull();
  });

  it('A12: a click on a case that is over does not open it again', () => {
    const watch = calm();
    watch.read({ 7: '0.86' });
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    const { id } = watch.episode('7');
    expect(watch.click('7', { type: 'take', by: ALICE })).toEqual({ code: 'case-over', caseId: id });
    expect(watch.episode('7').state).toBe('recovered');
  });

  it('a unit that closed ends its case; one that is only missing does not', () => {
    const watch = calm(['7', '8', '9']);
    watch.readUnits([unitAt('7', '0.86'), unitAt('8', '0.86'), unitAt('9', '0.60')]);
    watch.closed.add(unitAt('8', '0.86').groupId);
    watch.forget().read({ 9: '0.60' });
    expect(watch.said.map(({ type, unit }) => [type, unit])).toEqual([
      ['ended', '8'],
      ['ended', '8'],
    ]);
    watch.forget().readFor(2 * MINUTE, { 9: '0.60' });
    expect(watch.said.map(({ type, unit }) => [type, unit])).toEqual([
      ['unit-vanished', '7'],
      ['vanished', '7'],
      ['vanished', '7'],
    ]);
    watch.forget().readFor(HOUR, { 9: '0.60' });
    expect(watch.episode('7')).toMatchObject({ state: 'open', vanishedAtMs: expect.any(Number) });
    expect(watch.state?.units['8']).toBeUndefined();
  });
});
