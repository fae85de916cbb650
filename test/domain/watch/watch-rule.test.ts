/** One line of the rule at a time, over rounds of 15 seconds. */
import { describe, expect, it } from 'vitest';
import { amount, longId, ZERO } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import { watchLevels } from '../../../src/domain/watch/levels.ts';
import type { SlowFacts } from '../../../src/domain/watch/watch.ts';
import { ALICE, START_MS } from '../../support/close-requests.ts';
import { HOUR, MINUTE, PlayedWatch, SECOND, unitAt, watchRules } from '../../support/watch-rounds.ts';

const ROUND = 15 * SECOND;
const SEVEN = longId('7');

function calm(units: readonly string[] = ['7'], rules: Parameters<typeof watchRules>[0] = {}): PlayedWatch {
  const watch = new PlayedWatch(rules);
  watch.readFor(MINUTE, Object.fromEntries(units.map((id) => [id, '0.60'])));
  return watch.forget();
}

/** A case at margin call, told just now. */
function atMarginCall(rules: Parameters<typeof watchRules>[0] = {}): PlayedWatch {
  const watch = calm(['7'], rules);
  watch.read({ 7: '0.86' });
  return watch.forget();
}

describe('what is believed', () => {
  it.each([
    ['0.70', 'own:0.7', 5 * MINUTE],
    ['0.80', 'initial', 5 * MINUTE],
    ['0.83', 'transfer-out', 2 * MINUTE],
    ['0.85', 'margin-call', 0],
    ['0.90', 'liquidation', 0],
    [null, 'undefined-ltv', 0],
  ] as const)('at %s: %s after %i ms', (ltv, level, afterMs) => {
    const watch = calm();
    watch.readFor(afterMs, { 7: ltv });
    expect(watch.events).toEqual([]);
    watch.read({ 7: ltv });
    expect(watch.said).toMatchObject([{ type: 'opened', event: { level, alreadySo: false }, mention: true }]);
  });

  it.each(['0.6999', '0.50'])('at %s: nothing', (ltv) => {
    const watch = calm();
    watch.readFor(HOUR, { 7: ltv });
    expect(watch.events).toEqual([]);
  });

  it('begins again below the dead band, not above it', () => {
    const watch = calm();
    watch.readFor(4 * MINUTE, { 7: '0.80' });
    watch.read({ 7: '0.795' });
    watch.readFor(MINUTE - ROUND, { 7: '0.80' });
    expect(watch.events).toEqual([]);
    watch.read({ 7: '0.796' });
    // The desk's own level began with it and is milder: nothing about it.
    expect(watch.said).toMatchObject([{ type: 'opened', event: { level: 'initial' } }]);
    const left = calm();
    left.readFor(2 * MINUTE - ROUND, { 7: '0.83' });
    left.read({ 7: '0.8249' });
    left.readFor(2 * MINUTE, { 7: '0.83' });
    expect(left.loud).toEqual([]);
    left.read({ 7: '0.83' });
    expect(left.loud).toEqual(['opened']);
  });

  it('counts what can be read of an incomplete reading towards worse', () => {
    const watch = calm(['7', '8']);
    watch.readPart({ 7: '0.91' });
    expect(watch.said).toMatchObject([{ type: 'opened', unit: '7', event: { level: 'liquidation' } }]);
    expect(watch.state?.blind).toMatchObject({ cause: 'incomplete', why: 'row 3 cannot be read' });
    expect(watch.state?.units['8']).toMatchObject({ missingSinceMs: null });
  });

  it('does not let an incomplete reading end what is about to be believed', () => {
    const watch = calm();
    watch.readFor(MINUTE, { 7: '0.83' });
    watch.readPart({ 7: '0.60' });
    watch.readFor(MINUTE, { 7: '0.83' });
    expect(watch.loud).toEqual(['opened']);
  });

  it('forgets levels that are no longer configured, and lets their episodes recover', () => {
    const watch = calm();
    watch.readFor(6 * MINUTE, { 7: '0.72' });
    expect(watch.episode('7').level).toBe('own:0.7');
    watch.rules = { ...watch.rules, levels: watch.rules.levels.filter(({ kind }) => kind !== 'own') };
    watch.forget().readFor(6 * MINUTE, { 7: '0.72' });
    expect(watch.events).toEqual(['recovered']);
    expect(watch.state?.units['7']?.since).toEqual({});
  });
});

describe('better', () => {
  it('after five minutes below the level by more than the dead band', () => {
    const watch = atMarginCall();
    watch.readFor(5 * MINUTE, { 7: '0.60' });
    expect(watch.events).toEqual(['escalated']);
    watch.forget().read({ 7: '0.60' });
    expect(watch.said).toMatchObject([
      { notice: 'alert-card', mention: false },
      { notice: 'alert-thread', mention: true, event: { type: 'recovered', openForMs: 5 * MINUTE + ROUND } },
    ]);
    expect(watch.episode('7')).toMatchObject({
      state: 'recovered',
      level: 'margin-call',
      unownedSinceMs: null,
    });
  });

  it.each<[string, (watch: PlayedWatch) => unknown]>([
    ['a reading in the dead band', (watch) => watch.read({ 7: '0.845' })],
    ['a failure', (watch) => watch.fail()],
    ['an incomplete reading', (watch) => watch.readPart({ 7: '0.60' })],
    ['an answer without the unit', (watch) => watch.read({ 8: '0.60' })],
    [
      'an older answer',
      (watch) =>
        watch.round((asOfMs) => ({ kind: 'complete', units: [unitAt('7', '0.6')], asOfMs: asOfMs - HOUR })),
    ],
    ['two minutes without a round', (watch) => watch.stopFor(2 * MINUTE)],
  ])('%s begins the five minutes again', (_, disturb) => {
    const watch = atMarginCall();
    watch.readFor(4 * MINUTE, { 7: '0.60' });
    disturb(watch);
    watch.readFor(5 * MINUTE, { 7: '0.60' });
    expect(watch.episode('7').state).toBe('open');
    watch.read({ 7: '0.60' });
    expect(watch.episode('7').state).toBe('recovered');
  });

  it('to the highest level that still holds; people hear of it in the thread', () => {
    const watch = calm();
    watch.read({ 7: '0.91' });
    watch.forget().readFor(6 * MINUTE, { 7: '0.846' });
    expect(watch.said.filter(({ notice }) => notice === 'alert-thread')).toMatchObject([
      { type: 'escalated' },
      { type: 'eased', mention: false, event: { from: 'liquidation', to: 'margin-call' } },
    ]);
    watch.forget().readFor(6 * MINUTE, { 7: '0.796' });
    expect(watch.said.at(-1)?.event).toMatchObject({ type: 'eased', from: 'margin-call', to: 'initial' });
    expect(watch.episode('7')).toMatchObject({
      worstLevel: 'liquidation',
      worstLtv: '0.91',
      unownedSinceMs: null,
    });
  });

  it('is no reason to wake people at a level that is no case', () => {
    const watch = calm();
    watch.readFor(6 * MINUTE, { 7: '0.81' });
    watch.forget().readFor(6 * MINUTE, { 7: '0.60' });
    expect(watch.events).toEqual(['recovered']);
    expect(watch.loud).toEqual([]);
  });
});

describe('floors', () => {
  it.each([
    ['0.91', 5 * MINUTE],
    [null, 5 * MINUTE],
    ['0.86', 15 * MINUTE],
    ['0.84', 2 * HOUR],
    ['0.81', 24 * HOUR],
    ['0.72', 24 * HOUR],
  ])('at %s it is repeated after %i ms', (ltv, floorMs) => {
    const watch = calm();
    while (watch.loud.length === 0) watch.read({ 7: ltv });
    watch.forget().readFor(floorMs - ROUND, { 7: ltv });
    expect(watch.loud).toEqual([]);
    watch.read({ 7: ltv });
    expect(watch.loud).toEqual(['repeated']);
  });

  it('outlive the episode: crossed again within it, the same one goes on quietly and is repeated later', () => {
    const watch = atMarginCall();
    const { id } = watch.episode('7');
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    watch.forget().read({ 7: '0.86' });
    expect(watch.said).toMatchObject([
      { notice: 'alert-card', mention: false },
      { type: 'reopened', notice: 'alert-thread', mention: false },
    ]);
    expect(watch.episode('7')).toMatchObject({
      id,
      state: 'open',
      recoveredAtMs: null,
      reopenedAtMs: watch.nowMs,
    });
    watch.forget().readFor(9 * MINUTE, { 7: '0.86' });
    expect(watch.loud).toEqual(['repeated']);
  });

  it('a recovery after a quiet return is quiet; a new crossing after the floor is a new episode', () => {
    const watch = atMarginCall();
    const { id } = watch.episode('7');
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    watch.read({ 7: '0.86' });
    watch.forget().readFor(6 * MINUTE, { 7: '0.60' });
    expect([watch.events.at(-1), watch.loud]).toEqual(['recovered', []]);
    watch.readFor(10 * MINUTE, { 7: '0.60' });
    watch.forget().read({ 7: '0.86' });
    expect(watch.loud).toEqual(['opened']);
    expect(watch.episode('7').id).not.toBe(id);
  });

  it('do not hold up a worse level; one that eased and comes back within its floor is quiet', () => {
    const watch = atMarginCall();
    watch.read({ 7: '0.91' });
    expect(watch.loud).toEqual(['worsened']);
    const swinging = atMarginCall();
    swinging.readFor(6 * MINUTE, { 7: '0.835' });
    swinging.forget().read({ 7: '0.86' });
    expect([swinging.events, swinging.loud]).toEqual([['reopened'], []]);
  });

  it('of a time far ahead of a clock that was set back do not silence the watch', () => {
    const watch = atMarginCall();
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    watch.stopFor(-3 * HOUR);
    watch.round(() => ({ kind: 'complete', units: [unitAt('7', '0.86')], asOfMs: START_MS + HOUR }));
    expect(watch.loud.at(-1)).toBe('opened');
  });

  it('tell of the calmer level while the worse one is not known to be over', () => {
    const watch = calm();
    watch.read({ 7: '0.91' });
    watch.forget();
    for (let minutes = 0; minutes < 16; minutes += 4) {
      watch.readFor(4 * MINUTE - ROUND, { 7: '0.86' });
      watch.fail();
    }
    expect(watch.episode('7').level).toBe('liquidation');
    expect(watch.said.filter(({ mention }) => mention)).toMatchObject([
      { type: 'repeated', event: { level: 'margin-call' } },
    ]);
  });
});

describe('a mute', () => {
  it('stops repeats; worse than the muted level ends it', () => {
    const watch = atMarginCall();
    watch.click('7', { type: 'mute', by: ALICE, forMs: 4 * HOUR });
    watch.forget().readFor(HOUR, { 7: '0.86' });
    expect(watch.loud).toEqual([]);
    watch.forget().read({ 7: '0.91' });
    expect(watch.events).toEqual(['worsened', 'mute-ended', 'escalated']);
    expect(watch.said.find(({ type }) => type === 'mute-ended')?.event).toMatchObject({ why: 'worse' });
    expect(watch.loud).toEqual(['worsened']);
    expect(watch.episode('7').mute).toBeNull();
  });

  it('covers the muted level when it comes back, but not after a recovery', () => {
    const watch = atMarginCall();
    watch.click('7', { type: 'mute', by: ALICE, forMs: 4 * HOUR });
    watch.readFor(20 * MINUTE, { 7: '0.835' });
    watch.forget().read({ 7: '0.86' });
    expect([watch.events, watch.loud]).toEqual([['reopened'], []]);
    expect(watch.episode('7').mute).not.toBeNull();
    watch.readFor(20 * MINUTE, { 7: '0.60' });
    expect(watch.episode('7').mute).toBeNull();
    watch.forget().read({ 7: '0.86' });
    expect(watch.loud).toEqual(['opened']);
  });
});

describe('the owner of a case', () => {
  it('still has it when the unit comes back within the floor', () => {
    const watch = atMarginCall();
    watch.click('7', { type: 'take', by: ALICE });
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    watch.forget().read({ 7: '0.86' });
    expect([watch.events, watch.episode('7').owner?.by.userId]).toEqual([['reopened'], ALICE.userId]);
  });

  it('is not asked again after its end, and has nothing left when an alert goes on a day later', () => {
    const watch = atMarginCall();
    watch.click('7', { type: 'take', by: ALICE });
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    watch.forget().readFor(3 * HOUR, { 7: '0.60' });
    expect(watch.events).toEqual([]);
    // Within the floor of 24 hours: who was told of the margin call was told of the initial level.
    watch.readFor(6 * MINUTE, { 7: '0.81' });
    expect(watch.events).toEqual(['reopened']);
    expect(watch.episode('7')).toMatchObject({ owner: null, worstLevel: 'initial' });
  });

  it('keeps the pager quiet at liquidation', () => {
    const watch = calm();
    watch.read({ 7: '0.91' });
    watch.click('7', { type: 'take', by: ALICE });
    watch.readFor(20 * MINUTE, { 7: '0.91' });
    expect(watch.episode('7').page).toMatchObject({ wanted: 'acknowledged', why: 'level' });
    watch.readFor(6 * MINUTE, { 7: '0.60' });
    expect(watch.episode('7').page.wanted).toBe('resolved');
  });
});

describe('an episode', () => {
  it('remembers its worst level and LTV', () => {
    const watch = atMarginCall();
    watch.read({ 7: '0.91' });
    watch.readFor(6 * MINUTE, { 7: '0.86' });
    watch.readFor(10 * MINUTE, { 7: '0.87' });
    expect(watch.episode('7')).toMatchObject({
      level: 'margin-call',
      worstLevel: 'liquidation',
      worstLtv: '0.91',
    });
  });

  it.each(['0.86', '0.91', null])('at %s is not stored again while nothing is new', (ltv) => {
    const watch = calm();
    watch.read({ 7: ltv });
    for (let rounds = 0; rounds < 8; rounds += 1) expect(watch.read({ 7: ltv }).episodes).toEqual([]);
  });

  it('shows the figures of each repeat', () => {
    const watch = atMarginCall();
    watch.readFor(15 * MINUTE - ROUND, { 7: '0.86' });
    watch.read({ 7: '0.8605' });
    expect(watch.loud).toEqual(['repeated']);
    expect(watch.episode('7')).toMatchObject({ figures: { ltv: '0.8605' }, worstLtv: '0.8605' });
  });

  it('shows that its LTV is defined again', () => {
    const watch = calm();
    watch.read({ 7: null });
    watch.readFor(MINUTE - ROUND, { 7: '0.91' });
    expect(watch.episode('7').figures.ltv).toBeNull();
    watch.read({ 7: '0.91' });
    expect(watch.episode('7')).toMatchObject({
      level: 'undefined-ltv',
      figures: { ltv: '0.91' },
      worstLtv: null,
    });
  });
});

describe('a case without an owner', () => {
  it('is escalated and paged in time, once', () => {
    const watch = atMarginCall();
    watch.readFor(3 * MINUTE - ROUND, { 7: '0.86' });
    expect(watch.events).toEqual([]);
    watch.fail();
    expect(watch.said.find(({ notice }) => notice === 'alert-direct')?.event).toMatchObject({
      type: 'escalated',
      unownedForMs: 3 * MINUTE,
    });
    watch.failFor(5 * MINUTE - ROUND);
    expect(watch.episode('7').page.wanted).toBe('none');
    watch.fail();
    expect(watch.episode('7').page).toEqual({
      number: 1,
      wanted: 'triggered',
      why: 'no-owner',
      told: 'none',
    });
    watch.readFor(HOUR, { 7: '0.86' });
    expect(watch.events.filter((type) => type === 'escalated')).toHaveLength(1);
  });

  it('is escalated again when its owner lapsed', () => {
    const watch = atMarginCall();
    watch.readFor(4 * MINUTE, { 7: '0.86' });
    watch.click('7', { type: 'take', by: ALICE });
    watch.readFor(2 * HOUR + 4 * MINUTE, { 7: '0.86' });
    expect(watch.events.filter((type) => type === 'escalated')).toHaveLength(2);
  });

  it('calls the pager again, by another number, when who took it went away', () => {
    const watch = calm();
    watch.read({ 7: '0.91' });
    watch.click('7', { type: 'record-page', told: 'triggered' });
    watch.click('7', { type: 'take', by: ALICE });
    watch.click('7', { type: 'record-page', told: 'acknowledged' });
    watch.readFor(30 * MINUTE - ROUND, { 7: '0.91' });
    expect(watch.episode('7').page).toMatchObject({ number: 1, wanted: 'acknowledged' });
    watch.readFor(2 * ROUND, { 7: '0.91' });
    expect(watch.episode('7').page).toEqual({ number: 2, wanted: 'triggered', why: 'level', told: 'none' });
  });

  it('is escalated and paged again at a critical level, though people were called for the margin call', () => {
    const watch = atMarginCall();
    watch.readFor(9 * MINUTE, { 7: '0.86' });
    watch.click('7', { type: 'record-page', told: 'triggered' });
    watch.forget().read({ 7: '0.91' });
    expect(watch.events).toEqual(['worsened', 'escalated']);
    expect(watch.episode('7').page).toEqual({ number: 2, wanted: 'triggered', why: 'level', told: 'none' });
    watch.forget().readFor(HOUR, { 7: '0.91' });
    expect(new Set(watch.events)).toEqual(new Set(['repeated']));
    expect(watch.episode('7').page.number).toBe(2);
  });

  it('is not paged without a pager, nor below the margin call', () => {
    const watch = atMarginCall({ hasPager: false });
    watch.readFor(HOUR, { 7: '0.91' });
    expect(watch.episode('7').page.wanted).toBe('none');
    const alert = calm();
    alert.readFor(HOUR, { 7: '0.84' });
    expect(alert.episode('7')).toMatchObject({ unownedSinceMs: null, page: { wanted: 'none' } });
    expect(alert.events).toEqual(['opened']);
  });

  it.each<[string, (watch: PlayedWatch) => unknown]>([
    ['recovered', (watch) => watch.readFor(6 * MINUTE, { 7: '0.60' })],
    ['eased to no case', (watch) => watch.readFor(6 * MINUTE, { 7: '0.84' })],
    ['was closed', (watch) => watch.read({ 8: '0.60' })],
  ])('resolves its page when it %s', (_, end) => {
    const watch = calm(['7', '8']);
    watch.closed.add(SEVEN);
    watch.read({ 7: '0.91', 8: '0.60' });
    const { id } = watch.episode('7');
    expect(watch.episode('7').page.wanted).toBe('triggered');
    end(watch);
    expect(watch.episodes.get(id)?.page).toMatchObject({ wanted: 'resolved', why: 'level' });
  });
});

describe('when Slack takes nothing of a case', () => {
  it('the pager is called after a minute, also for one with an owner, until somebody takes it', () => {
    const watch = atMarginCall();
    const { id } = watch.episode('7');
    watch.click('7', { type: 'take', by: ALICE });
    watch.undelivered.set(id, watch.nowMs);
    watch.readFor(MINUTE - ROUND, { 7: '0.86' });
    expect(watch.episode('7').page.wanted).toBe('none');
    watch.read({ 7: '0.86' });
    expect(watch.episode('7').page).toMatchObject({ wanted: 'triggered', why: 'slack-silent' });
    watch.click('7', { type: 'take', by: ALICE });
    watch.readFor(MINUTE, { 7: '0.86' });
    expect(watch.episode('7').page.wanted).toBe('acknowledged');
  });
});

describe('the summary', () => {
  it('does not count repeats', () => {
    const watch = calm(['7', '8', '9']);
    const ltvs = { 7: '0.86', 8: '0.86', 9: '0.86' };
    watch.read(ltvs);
    watch.forget().readFor(15 * MINUTE, ltvs);
    expect(watch.events).not.toContain('summary');
  });

  it('counts a minute, and units: what crossed longer ago, or twice, is not counted', () => {
    const watch = calm(['7', '8', '9']);
    watch.read({ 7: '0.86', 8: '0.60', 9: '0.60' });
    watch.read({ 7: '0.91', 8: '0.60', 9: '0.60' });
    watch.read({ 7: null, 8: '0.60', 9: '0.60' });
    watch.readFor(MINUTE - ROUND, { 7: null, 8: '0.60', 9: '0.60' });
    watch.read({ 7: null, 8: '0.86', 9: '0.86' });
    expect(watch.loud.filter((type) => type === 'summary')).toEqual([]);
  });

  it('takes up what crosses in the minute after it and names it, too; only a critical level mentions people', () => {
    const watch = calm(['7', '8', '9', '10', '11', '12']);
    const ltvs = { 7: '0.86', 8: '0.86', 9: '0.86', 10: '0.60', 11: '0.60', 12: '0.60' };
    watch.read(ltvs);
    const id = watch.state?.summary?.id;
    watch.forget().read({ ...ltvs, 10: '0.86', 11: '0.91' });
    expect(watch.said).toMatchObject([
      { type: 'summary', mention: false, event: { id } },
      { type: 'opened', mention: false, unit: '10', event: { summaryId: id } },
      { type: 'opened', mention: true, unit: '11', event: { summaryId: id } },
    ]);
    watch.readFor(MINUTE, { ...ltvs, 10: '0.86', 11: '0.91' });
    watch.forget().read({ ...ltvs, 10: '0.86', 11: '0.91', 12: '0.86' });
    expect(watch.said).toMatchObject([{ type: 'opened', mention: true, event: { summaryId: null } }]);
  });

  it('names units that worsen, too, which keep their cards', () => {
    const watch = calm(['7', '8', '9']);
    watch.read({ 7: '0.86', 8: '0.60', 9: '0.60' });
    watch.readFor(2 * MINUTE, { 7: '0.86', 8: '0.60', 9: '0.60' });
    watch.forget().read({ 7: '0.91', 8: '0.86', 9: '0.86' });
    expect(watch.loud).toEqual(['summary']);
    expect(watch.episode('7').summaryId).toBeNull();
    expect(watch.said.find(({ type }) => type === 'worsened')).toMatchObject({ event: { mention: false } });
    watch.forget().read({ 7: null, 8: '0.86', 9: '0.86' });
    expect(watch.loud).toEqual(['worsened']);
  });
});

describe('a unit that is not there', () => {
  it('is told once, and so is its return', () => {
    const watch = atMarginCall();
    watch.readFor(2 * MINUTE, { 8: '0.60' });
    expect(watch.loud).toEqual([]);
    watch.readFor(2 * MINUTE, { 8: '0.60' });
    const sinceMs = watch.episode('7').vanishedAtMs ?? 0;
    expect(watch.said.filter(({ mention }) => mention)).toMatchObject([
      { type: 'unit-vanished', unit: '7', atMs: sinceMs + 2 * MINUTE },
    ]);
    expect(watch.events.filter((type) => type.endsWith('vanished'))).toEqual(['unit-vanished', 'vanished']);
    watch.forget().read({ 7: '0.86', 8: '0.60' });
    expect(watch.events).toEqual(['unit-appeared', 'seen-again']);
    expect(watch.episode('7').vanishedAtMs).toBeNull();
  });

  it('is told at most once an hour if it comes and goes, and never recovers by that', () => {
    const watch = atMarginCall();
    for (let times = 0; times < 20; times += 1) {
      watch.readFor(2.5 * MINUTE, { 8: '0.60' });
      watch.readFor(MINUTE / 2, { 7: '0.60', 8: '0.60' });
    }
    expect(watch.events.filter((type) => type === 'unit-vanished')).toHaveLength(1);
    expect(watch.episode('7').state).toBe('open');
    watch.forget().readFor(3 * MINUTE, { 8: '0.60' });
    expect(watch.events).toEqual(['unit-vanished', 'vanished']);
  });

  it('is forgotten after 30 days, which ends its episode', () => {
    const watch = atMarginCall({ everyMs: 12 * HOUR });
    const { id } = watch.episode('7');
    watch.readFor(30 * 24 * HOUR - 12 * HOUR, { 8: '0.60' });
    expect(watch.episodes.get(id)?.state).toBe('open');
    watch.forget().read({ 8: '0.60' });
    expect(watch.events).toEqual(['ended']);
    expect(Object.keys(watch.state?.units ?? {})).toEqual(['8']);
  });

  it('is closed without a word if it has no open episode', () => {
    const watch = calm(['7', '8']);
    watch.closed.add(SEVEN);
    watch.readFor(MINUTE, { 8: '0.60' });
    expect(watch.events).toEqual([]);
    expect(Object.keys(watch.state?.units ?? {})).toEqual(['8']);
  });
});

describe('blind', () => {
  it('is no word for an empty list once the last unit is closed', () => {
    const watch = calm(['7', '8']);
    watch.closed.add(SEVEN);
    watch.readFor(3 * MINUTE, {});
    expect(watch.events).toEqual(['blind']);
    watch.closed.add(longId('8'));
    watch.forget().readFor(HOUR, {});
    expect(watch.events).toEqual(['seeing-again']);
    expect(watch.state?.units).toEqual({});
  });

  it('is not told if it is over within two minutes', () => {
    const watch = calm();
    watch.failFor(2 * MINUTE);
    watch.read({ 7: '0.60' });
    expect(watch.events).toEqual([]);
  });

  it.each([
    ['stale', 0],
    ['stale', 10 * SECOND],
  ])('%s: an answer that is not newer than the last, by %i ms', (cause, olderMs) => {
    const watch = calm();
    const asOfMs = (watch.state?.lastReading?.asOfMs ?? 0) - olderMs;
    for (let rounds = 0; rounds < 9; rounds += 1)
      watch.round(() => ({ kind: 'complete', units: [unitAt('7', '0.91')], asOfMs }));
    expect(watch.said).toMatchObject([{ type: 'blind', event: { cause } }]);
    expect(watch.state?.units['7']?.episodeId).toBeNull();
  });

  it('says the newest cause, and how many cases are open', () => {
    const watch = atMarginCall();
    watch.drill(unitAt('7', '0.60'));
    watch.forget().failFor(MINUTE);
    watch.failFor(MINUTE + ROUND, 'maintenance');
    expect(watch.said.find(({ type }) => type === 'blind')?.event).toMatchObject({
      cause: 'maintenance',
      why: 'no answer',
      sinceMs: watch.nowMs - 2 * MINUTE,
      openCases: 1,
    });
  });
});

describe('the first reading', () => {
  it('begins the watch only when it is complete', () => {
    const watch = new PlayedWatch();
    watch.fail();
    watch.readPart({ 7: '0.86' });
    expect(watch.said).toMatchObject([{ type: 'opened', event: { alreadySo: true } }]);
    watch.forget().read({ 7: '0.86', 8: '0.60' });
    expect(watch.events[0]).toBe('began');
    expect(watch.state?.beganAtMs).toBe(watch.nowMs);
    watch.forget().read({ 7: '0.86', 8: '0.86' });
    expect(watch.said).toMatchObject([{ type: 'opened', event: { alreadySo: false } }]);
  });

  it('says that the watch begins unless the cards of the same reading do', () => {
    const watch = new PlayedWatch();
    watch.readPart({ 7: '0.86' });
    watch.stopFor(MINUTE);
    watch.forget().read({ 7: '0.87', 8: '0.60' });
    expect(watch.said).toMatchObject([{ type: 'began', event: { alerts: 0 } }]);
  });

  it('a unit that comes later is told', () => {
    const watch = calm();
    watch.read({ 7: '0.60', 8: '0.60' });
    expect(watch.events).toEqual(['unit-appeared']);
  });

  it('an episode that is lost is opened again', () => {
    const watch = atMarginCall();
    watch.episodes.clear();
    watch.read({ 7: '0.86' });
    expect(watch.loud).toEqual(['opened']);
  });
});

describe('the figures of the card', () => {
  it('are renewed when the LTV moved by a tenth of a point, once a minute', () => {
    const watch = atMarginCall();
    const shown = () => watch.episode('7').figures.ltv;
    watch.read({ 7: '0.8609' });
    expect(shown()).toBe('0.86');
    watch.readFor(MINUTE - 2 * ROUND, { 7: '0.861' });
    expect(shown()).toBe('0.86');
    watch.read({ 7: '0.861' });
    expect([shown(), watch.episode('7').worstLtv]).toEqual(['0.861', '0.861']);
    watch.readFor(MINUTE - ROUND, { 7: '0.859' });
    expect(shown()).toBe('0.861');
    watch.read({ 7: '0.859' });
    expect([shown(), watch.episode('7').worstLtv]).toEqual(['0.859', '0.861']);
  });

  it('are never older than 15 minutes', () => {
    const watch = calm();
    watch.readFor(5 * MINUTE + ROUND, { 7: '0.81' });
    const openedAtMs = watch.episode('7').figures.asOfMs;
    watch.readFor(15 * MINUTE - ROUND, { 7: '0.81' });
    expect(watch.episode('7').figures.asOfMs).toBe(openedAtMs);
    watch.read({ 7: '0.81' });
    expect(watch.episode('7').figures.asOfMs).toBe(openedAtMs + 15 * MINUTE);
  });

  it('come from the decisive LTV', () => {
    const watch = calm();
    watch.readUnits([unitAt('7', '0.60', { ltv: amount('0.96') })]);
    expect(watch.episode('7').figures).toEqual({
      ltv: '0.96',
      netEquity: '1001000',
      collateral: '625000',
      liability: '600000',
      asOfMs: watch.nowMs - 200,
    });
  });
});

describe('news', () => {
  const owing = (principal: string, asset = 'USDT') => [
    unitAt('7', '0.60', { liabilities: [{ asset, principal: amount(principal), interest: ZERO }] }),
  ];
  const slowly = (watch: PlayedWatch, facts: SlowFacts) => {
    watch.forget().learn('7', facts);
    return watch.said.map(({ event }) => event);
  };

  it('borrowed more, once, with what it was', () => {
    const watch = calm();
    watch.readUnits(owing('5'));
    watch.stopFor(15 * MINUTE);
    watch.forget().readUnits(owing('7'));
    watch.readUnits(owing('7'));
    expect(watch.said.map(({ event }) => event)).toMatchObject([
      { type: 'borrowed-more', groupId: '7', asset: 'USDT', before: '5', after: '7', ltv: '0.6' },
    ]);
    watch.forget().readUnits(owing('6'));
    expect(watch.events).toEqual([]);
    watch.readUnits(owing('3', 'BTC'));
    expect(watch.said.map(({ event }) => event)).toMatchObject([{ asset: 'BTC', before: '0', after: '3' }]);
    watch.forget().readUnits(owing('0', 'BTC'));
    expect(watch.state?.units['7']?.known.principals).toEqual({});
  });

  it('a rate that moved by more than a tenth of what was said last', () => {
    const watch = calm();
    const rate = (text: string) => slowly(watch, { hourlyRates: new Map([[SEVEN, { USDT: text }]]) });
    expect(rate('0.00001')).toEqual([]);
    expect(rate('0.000011')).toEqual([]);
    expect(rate('0.0000111')).toMatchObject([
      { type: 'rate-step', asset: 'USDT', before: '0.00001', after: '0.0000111' },
    ]);
    expect(rate('0.0000111')).toEqual([]);
    expect(rate('0.000009')).toMatchObject([{ before: '0.0000111', after: '0.000009' }]);
  });

  it('accounts and counting wallets that changed', () => {
    const watch = calm();
    const members = (...of: string[]) => slowly(watch, { members: new Map([[SEVEN, of]]) });
    expect(members('a', 'b')).toEqual([]);
    expect(members('b', 'c')).toMatchObject([{ type: 'members-changed', added: ['c'], removed: ['a'] }]);
    expect(members('b', 'c')).toEqual([]);
    expect(slowly(watch, { members: null })).toEqual([]);
  });

  it('forced-liquidation rows newer than those known, each once', () => {
    const watch = calm();
    const rows = (...times: number[]) => ({
      forced: new Map([[SEVEN, times.map((atMs) => ({ atMs, text: `row ${atMs}` }))]]),
    });
    expect(slowly(watch, rows(5))).toEqual([]);
    expect(slowly(watch, rows(5))).toEqual([]);
    expect(slowly(watch, rows(5, 6, 7))).toMatchObject([
      { type: 'forced-liquidation', rowAtMs: 6, text: 'row 6' },
      { rowAtMs: 7 },
    ]);
    expect(slowly(watch, rows(6, 7))).toEqual([]);
    expect(slowly(watch, rows())).toEqual([]);
    expect(slowly(watch, rows(7, 8))).toMatchObject([{ rowAtMs: 8 }]);
  });

  it('the first row of a unit that had none', () => {
    const watch = calm();
    expect(slowly(watch, { forced: new Map([[SEVEN, []]]) })).toEqual([]);
    expect(slowly(watch, { forced: new Map([[SEVEN, [{ atMs: 5, text: 'x' }]]]) })).toHaveLength(1);
  });
});

describe('a drill', () => {
  it('is a case with made-up figures that asks, escalates and never pages', () => {
    const watch = calm();
    expect(watch.drill(unitAt('7', '0.20'))).toBeNull();
    const id = watch.state?.drillId ?? '';
    expect(watch.said).toMatchObject([
      { type: 'opened', mention: true, event: { drill: true, by: { userId: 'U0REQ' } } },
    ]);
    expect(watch.episodes.get(id)).toMatchObject({
      level: 'margin-call',
      figures: { ltv: '0.875', collateral: '1000000', liability: '875000', netEquity: '1001000' },
    });
    expect(watch.state?.units['7']?.episodeId).toBeNull();
    watch.forget().readFor(29 * MINUTE, { 7: '0.20' });
    expect(watch.events).toEqual(['escalated']);
    expect(watch.episodes.get(id)?.page.wanted).toBe('none');
    watch.forget().readFor(MINUTE, { 7: '0.20' });
    expect(watch.said[0]?.event).toMatchObject({ type: 'drill-ended', ownedAfterMs: null, by: null });
    watch.forget().readFor(MINUTE, { 7: '0.20' });
    expect(watch.events).toEqual([]);
  });

  it('reports the time to its first owner', () => {
    const watch = calm();
    watch.drill(unitAt('7', '0.20'));
    const id = watch.state?.drillId ?? '';
    watch.readFor(2 * MINUTE, { 7: '0.20' });
    watch.click(id, { type: 'take', by: ALICE });
    watch.readFor(2 * MINUTE, { 7: '0.20' });
    watch.click(id, { type: 'take', by: ALICE });
    watch.click(id, { type: 'end-drill', by: ALICE });
    expect(watch.said.at(-1)?.event).toMatchObject({
      type: 'drill-ended',
      ownedAfterMs: 2 * MINUTE,
      by: ALICE,
    });
    expect(watch.episodes.get(id)?.state).toBe('recovered');
  });

  it('is one at a time, and waits for a first reading', () => {
    const watch = calm();
    watch.drill(unitAt('7', '0.20'));
    const caseId = watch.state?.drillId ?? '';
    expect(watch.drill(unitAt('7', '0.20'))).toEqual({ code: 'drill-running', caseId });
    watch.click(caseId, { type: 'end-drill', by: ALICE });
    expect(watch.drill(unitAt('7', '0.20'))).toBeNull();
    expect(new PlayedWatch().drill(unitAt('7', '0.20'))).toEqual({ code: 'watch-not-begun' });
  });

  it('stays below the liquidation, and invents collateral for a unit that has none', () => {
    const watch = calm();
    const levels = watch.rules.levels.map((level) =>
      level.kind === 'liquidation' ? { ...level, at: amount('0.86') } : level,
    );
    watch.rules = { ...watch.rules, levels };
    watch.drill(unitAt('7', null));
    expect(watch.episodes.get(watch.state?.drillId ?? '')?.figures).toMatchObject({
      ltv: '0.855',
      collateral: '1000000',
      netEquity: '1000000',
    });
  });
});

describe('a level of the desk that is taken out of WATCH_LEVELS', () => {
  const crossed = (ltv: string) => {
    const watch = new PlayedWatch({ levels: watchLevels(PUBLISHED_THRESHOLDS, [amount('0.82')]) });
    watch.readFor(10 * MINUTE, { 7: ltv });
    watch.forget().rules = watchRules({ levels: watchLevels(PUBLISHED_THRESHOLDS, []) });
    watch.read({ 7: ltv });
    return watch;
  };

  it('is left at the next complete reading, for the level that is still reached', () => {
    const watch = crossed('0.825');
    expect(watch.events).toEqual(['eased']);
    expect(watch.episode('7')).toMatchObject({ state: 'open', level: 'initial' });
  });

  it('ends the alert where no other level is reached, and is never called worse', () => {
    const watch = new PlayedWatch({ levels: watchLevels(PUBLISHED_THRESHOLDS, [amount('0.70')]) });
    watch.readFor(10 * MINUTE, { 7: '0.71' });
    watch.forget().rules = watchRules({ levels: watchLevels(PUBLISHED_THRESHOLDS, []) });
    watch.fail();
    expect(watch.episode('7').state).toBe('open');
    watch.read({ 7: '0.71' });
    expect(watch.events).toEqual(['recovered']);
  });
});
