/** An exchange that comes and goes: blindness that lasts is always told, its coming and going once in a quarter of an hour. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE, PlayedWatch, SECOND } from '../../support/watch-rounds.ts';

/** The watch was blind for three minutes; people were told, and that it reads again. */
function pairTold(): { readonly watch: PlayedWatch; readonly toldAtMs: number } {
  const watch = new PlayedWatch();
  watch.readFor(MINUTE, { 7: '0.60' });
  watch.failFor(3 * MINUTE);
  watch.read({ 7: '0.60' });
  expect(watch.events).toEqual(['began', 'blind', 'seeing-again']);
  return { watch: watch.forget(), toldAtMs: watch.nowMs };
}

/** What is said, and how many minutes after the pair. */
function saidAfter(watch: PlayedWatch, toldAtMs: number) {
  return watch.said.map(({ type, mention, atMs }) => [type, mention, (atMs - toldAtMs) / MINUTE]);
}

describe('within 15 minutes after a pair of "blind" and "reads again"', () => {
  it('the next blindness is told after two minutes, its end when the 15 minutes are over', () => {
    const { watch, toldAtMs } = pairTold();
    watch.failFor(3 * MINUTE);
    watch.readFor(20 * MINUTE, { 7: '0.60' });
    expect(saidAfter(watch, toldAtMs)).toEqual([
      ['blind', false, 2.25],
      ['seeing-again', false, 15],
    ]);
    expect(watch.said[0]?.event).not.toHaveProperty('cameAndWent');
    expect(watch.said[1]?.event).toMatchObject({ cameAndWent: { times: 1, sinceMs: toldAtMs } });
  });

  it('one that lasts beyond them is told, with a mention when that is due, and its end at once', () => {
    const { watch, toldAtMs } = pairTold();
    watch.readFor(10 * MINUTE, { 7: '0.60' });
    watch.failFor(HOUR);
    watch.read({ 7: '0.60' });
    expect(saidAfter(watch, toldAtMs)).toEqual([
      ['blind', false, 12.25],
      ['blind', true, 14],
      ['seeing-again', false, 70.25],
    ]);
    for (const { event } of watch.said) expect(event).not.toHaveProperty('cameAndWent');
  });

  it('coming and going is told once, with how often; and that it is blind where it is', () => {
    const { watch, toldAtMs } = pairTold();
    for (let times = 0; times < 4; times += 1) {
      watch.failFor(3 * MINUTE);
      watch.readFor(30 * SECOND, { 7: '0.60' });
    }
    watch.failFor(6 * HOUR);
    expect(saidAfter(watch, toldAtMs)).toEqual([
      ['blind', false, 2.25],
      ['blind', true, 16.25],
    ]);
    const [first, last] = watch.said.map(({ event }) => event);
    expect(first).not.toHaveProperty('cameAndWent');
    expect(last).toMatchObject({ sinceMs: toldAtMs + 14.25 * MINUTE });
    expect(last).toMatchObject({ cameAndWent: { times: 4, sinceMs: toldAtMs } });
    // And the end of that one at once: it lasted longer than the next 15 minutes.
    watch.forget().read({ 7: '0.60' });
    expect(watch.events).toEqual(['seeing-again']);
  });

  it('a failure of less than two minutes says nothing, then or later', () => {
    const { watch } = pairTold();
    for (let times = 0; times < 40; times += 1) {
      watch.failFor(MINUTE);
      watch.readFor(30 * SECOND, { 7: '0.60' });
    }
    expect(watch.said).toEqual([]);
    watch.failFor(3 * MINUTE);
    watch.read({ 7: '0.60' });
    expect(watch.events).toEqual(['blind', 'seeing-again']);
    expect(watch.said.every(({ event }) => !('cameAndWent' in event))).toBe(true);
  });

  it('that not one unit can be read is told, though people know that some could not', () => {
    const watch = new PlayedWatch();
    watch.readFor(MINUTE, { 7: '0.60', 8: '0.60' });
    for (let times = 0; times < 2; times += 1) {
      for (let rounds = 0; rounds < 10; rounds += 1) watch.readPart({ 7: '0.60' });
      watch.read({ 7: '0.60', 8: '0.60' });
    }
    watch.forget().failFor(3 * MINUTE);
    expect(watch.said).toMatchObject([{ mention: true, event: { type: 'blind', cause: 'unavailable' } }]);
  });

  it('a clock that is set back does not make them longer', () => {
    const { watch } = pairTold();
    watch.failFor(3 * MINUTE);
    watch.read({ 7: '0.60' });
    watch.nowMs -= HOUR;
    watch.forget();
    watch.failFor(3 * MINUTE);
    expect(watch.said).toMatchObject([{ event: { type: 'blind', cameAndWent: { times: 1 } } }]);
  });
});

it('an exchange that answers once in two and a half minutes costs four messages an hour', () => {
  const watch = new PlayedWatch();
  watch.readFor(MINUTE, { 7: '0.60' });
  const beganAtMs = watch.forget().nowMs;
  for (let times = 0; times < 96; times += 1) {
    watch.failFor(135 * SECOND, 'busy');
    watch.read({ 7: '0.60' });
  }
  watch.readFor(15 * MINUTE, { 7: '0.60' });
  const said = saidAfter(watch, beganAtMs);
  expect(said.slice(0, 4)).toEqual([
    ['blind', true, 2.25],
    ['seeing-again', false, 2.5],
    ['blind', false, 4.75],
    ['blind', true, 17.25],
  ]);
  expect(said.length).toBeLessThanOrEqual(4 * 4 + 4);
  // In the end people know that it reads.
  expect(watch.said.at(-1)).toMatchObject({ event: { type: 'seeing-again', cameAndWent: { times: 6 } } });
});

const spell = fc.record({
  kind: fc.constantFrom('read', 'part', 'fail'),
  rounds: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: 13, max: 90 }) },
  ),
});

it('whatever comes and goes: people know within two minutes of blindness that lasts, within 15 of its end', () => {
  let pairs = 0;
  fc.assert(
    fc.property(fc.array(spell, { minLength: 3, maxLength: 30, size: 'max' }), (spells) => {
      const watch = new PlayedWatch();
      watch.read({ 7: '0.60', 8: '0.60' });
      let blindSinceMs: number | null = null;
      let seeingSinceMs = watch.nowMs;
      for (const { kind, rounds } of spells) {
        for (let left = rounds; left > 0; left -= 1) {
          if (kind === 'read') watch.read({ 7: '0.60', 8: '0.60' });
          else if (kind === 'part') watch.readPart({ 7: '0.60' });
          else watch.fail();
          const { nowMs } = watch;
          if (kind !== 'read') blindSinceMs ??= nowMs;
          else if (blindSinceMs !== null) [blindSinceMs, seeingSinceMs] = [null, nowMs];
          const known = watch.said.findLast(({ type }) => type === 'blind' || type === 'seeing-again')?.type;
          if (blindSinceMs !== null && nowMs - blindSinceMs >= 2 * MINUTE) expect(known).toBe('blind');
          if (blindSinceMs === null && nowMs - seeingSinceMs >= 15 * MINUTE) expect(known).not.toBe('blind');
        }
      }
      const ends = watch.said.filter(({ type }) => type === 'seeing-again').map(({ atMs }) => atMs);
      pairs += ends.length;
      for (const [index, atMs] of ends.entries())
        expect(atMs - (ends[index - 1] ?? 0)).toBeGreaterThanOrEqual(15 * MINUTE);
    }),
    { numRuns: 60 },
  );
  expect(pairs).toBeGreaterThan(30);
});
