/** Whatever a unit's LTV does, whatever fails and whatever people click: the promises of the watch hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount } from '../../../src/domain/amount.ts';
import type { EpisodeCommand } from '../../../src/domain/watch/episode.ts';
import {
  BELIEVED_AFTER_MS,
  FLOOR_MS,
  isCriticalLevel,
  kindOf,
  type LevelKey,
  severityOf,
  type WatchLevel,
} from '../../../src/domain/watch/levels.ts';
import type { WatchChange } from '../../../src/domain/watch/watch.ts';
import { ALICE, BOB } from '../../support/close-requests.ts';
import { type Ltvs, MINUTE, PlayedWatch, SECOND, watchRules } from '../../support/watch-rounds.ts';

const LEVELS = watchRules().levels;
const UNITS = ['7', '8', '9'] as const;

/** Values at, just above and just below levels and their dead bands, where mistakes would be. */
const LTVS = [
  '0.50',
  '0.694',
  '0.699',
  '0.70',
  '0.796',
  '0.81',
  '0.826',
  '0.83',
  '0.844',
  '0.849',
  '0.85',
].concat(['0.87', '0.894', '0.897', '0.90', '0.95']);
/** Undefined: the unit is missing. */
const ltv = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...LTVS) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
);
const ltvs = fc
  .record({ 7: ltv, 8: ltv, 9: fc.constantFrom('0.50', '0.85') })
  .map((all) =>
    Object.fromEntries(Object.entries(all).flatMap(([id, each]) => (each === undefined ? [] : [[id, each]]))),
  );

const by = fc.constantFrom(...[ALICE, BOB].map(({ teamId, userId }) => ({ teamId, userId })));
const command: fc.Arbitrary<EpisodeCommand> = fc.oneof(
  fc.record({ type: fc.constant('take' as const), by }),
  fc.record({ type: fc.constant('hand-over' as const), by, to: by }),
  fc.record({ type: fc.constant('note' as const), by, text: fc.constant('on the phone') }),
  fc.record({ type: fc.constant('mute' as const), by, forMs: fc.constantFrom(5 * MINUTE, 60 * MINUTE) }),
  fc.record({ type: fc.constant('open-card' as const), by }),
  fc.record({ type: fc.constant('drop-owner' as const) }),
  fc.record({
    type: fc.constant('record-page' as const),
    told: fc.constantFrom('triggered' as const, 'acknowledged' as const, 'resolved' as const),
  }),
);

type Step =
  | { readonly kind: 'read' | 'part' | 'fail'; readonly ltvs: Ltvs; readonly rounds: number }
  | { readonly kind: 'stop'; readonly ms: number }
  | { readonly kind: 'click'; readonly unit: '7' | '8'; readonly command: EpisodeCommand };
const rounds = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: 5, max: 70 }) },
);
const reading = (kind: 'read' | 'part' | 'fail') => fc.record({ kind: fc.constant(kind), ltvs, rounds });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: reading('read') },
  { weight: 2, arbitrary: reading('part') },
  { weight: 2, arbitrary: reading('fail') },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('stop' as const),
      ms: fc.integer({ min: 0, max: 20 * MINUTE }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('click' as const), unit: fc.constantFrom('7', '8'), command }),
  },
);
const walk = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' });

interface Seen {
  readonly atMs: number;
  readonly isComplete: boolean;
  /** Only units that are there. */
  readonly ltvs: Ltvs;
}

/** `check` is called after each round. */
function play(
  steps: readonly Step[],
  check: (watch: PlayedWatch, seen: Seen, change: WatchChange) => void = () => {},
) {
  const watch = new PlayedWatch();
  const round = (kind: 'read' | 'part' | 'fail', known: Ltvs) => {
    const change =
      kind === 'read' ? watch.read(known) : kind === 'part' ? watch.readPart(known) : watch.fail();
    const now = { atMs: watch.nowMs, isComplete: kind === 'read', ltvs: kind === 'fail' ? {} : known };
    check(watch, now, change);
  };
  for (const each of steps) {
    if (each.kind === 'stop') watch.stopFor(each.ms);
    else if (each.kind === 'click') {
      if (watch.state?.units[each.unit]?.episodeId) watch.click(each.unit, each.command);
    } else for (let left = each.rounds; left > 0; left -= 1) round(each.kind, each.ltvs);
  }
  return watch;
}

function at(ltv: string | null, level: WatchLevel, band = '0'): boolean {
  return ltv === null || (level.at !== null && amount(ltv).gte(level.at.minus(amount(band))));
}

/** Says for each reading which level of a unit is believed, from the words of the brief alone. */
class Believer {
  readonly #since = new Map<string, number>();

  believed(unit: string, { ltvs, atMs, isComplete }: Seen): WatchLevel | undefined {
    const ltv = ltvs[unit];
    if (ltv === undefined) return undefined;
    return LEVELS.filter((level) => {
      const key = `${unit} ${level.key}`;
      if (isComplete && !at(ltv, level, '0.005')) this.#since.delete(key);
      if (at(ltv, level) && !this.#since.has(key)) this.#since.set(key, atMs);
      const since = this.#since.get(key) ?? Number.POSITIVE_INFINITY;
      return at(ltv, level, '0.005') && atMs - since >= BELIEVED_AFTER_MS[level.kind];
    }).at(-1);
  }
}

describe('for any course of LTVs, failures and clicks', () => {
  it('(a) a believed level is told in the same round, or was told within its floor, or is muted', () => {
    let believedOnce = 0;
    fc.assert(
      fc.property(walk, (steps) => {
        const believer = new Believer();
        const told = new Map<string, number>();
        play(steps, (watch, seen, change) => {
          for (const { next, events } of change.episodes) {
            for (const event of events) {
              const level = event.type === 'worsened' ? event.to : 'level' in event ? event.level : null;
              if (level === null || event.type === 'reopened') continue;
              for (const { key } of LEVELS.slice(0, severityOf(LEVELS, level) + 1))
                told.set(`${next.groupId} ${key}`, seen.atMs);
            }
          }
          for (const unit of UNITS) {
            const level = believer.believed(unit, seen);
            if (level === undefined) continue;
            believedOnce += 1;
            const { state, mute, level: current } = watch.episode(unit);
            const isKnown = severityOf(LEVELS, current) >= severityOf(LEVELS, level.key);
            if (state !== 'open' || !isKnown) throw new Error(`${level.key} is believed, but not told`);
            // Its next reading repeats it, if it is due.
            const isEased = change.episodes.some(
              ({ next, events }) => next.groupId === unit && events.some(({ type }) => type === 'eased'),
            );
            const toldAtMs = told.get(`${unit} ${level.key}`) ?? Number.NEGATIVE_INFINITY;
            const isDue = seen.atMs - toldAtMs >= FLOOR_MS[level.kind];
            if (isDue && mute === null && !isEased) throw new Error(`${level.key} is not repeated`);
          }
        });
      }),
      { numRuns: 60 },
    );
    expect(believedOnce).toBeGreaterThan(3_000);
  });

  it('(a) blind is told after two minutes without a complete reading', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        let sinceMs: number | null = null;
        play(steps, ({ state, nowMs }, { isComplete, ltvs }) => {
          sinceMs = isComplete && Object.keys(ltvs).length > 0 ? null : (sinceMs ?? nowMs);
          const isDue = sinceMs !== null && nowMs - sinceMs >= 2 * MINUTE;
          if ((state?.blind?.told != null) !== isDue) throw new Error(`told of blindness: ${!isDue}`);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('(b) no two messages mention people for the same unit and level within its floor', () => {
    let repeats = 0;
    fc.assert(
      fc.property(walk, (steps) => {
        const last = new Map<string, number>();
        for (const { event, mention, unit, atMs } of play(steps).said) {
          if (!mention) continue;
          if (event.type !== 'opened' && event.type !== 'worsened' && event.type !== 'repeated') continue;
          const level: LevelKey = event.type === 'worsened' ? event.to : event.level;
          const key = `${unit} ${level}`;
          const before = last.get(key);
          if (before !== undefined) {
            repeats += 1;
            expect(atMs - before).toBeGreaterThanOrEqual(FLOOR_MS[kindOf(level)]);
          }
          last.set(key, atMs);
        }
      }),
      { numRuns: 60 },
    );
    expect(repeats).toBeGreaterThan(100);
  });

  it('(c) better only after five minutes of complete readings below the level by more than the dead band', () => {
    let better = 0;
    fc.assert(
      fc.property(walk, (steps) => {
        const levels = new Map<string, LevelKey>();
        const history: Seen[] = [];
        play(steps, (watch, seen, change) => {
          history.push(seen);
          for (const { next, events } of change.episodes) {
            for (const event of events) {
              if (event.type !== 'eased' && event.type !== 'recovered') continue;
              better += 1;
              const from = LEVELS.find(({ key }) => key === levels.get(next.id));
              if (from === undefined) throw new Error('an episode without a level');
              const early = history.findLastIndex(({ atMs }) => atMs <= seen.atMs - 5 * MINUTE);
              expect(early).toBeGreaterThanOrEqual(0);
              const window = history.slice(early);
              for (const { isComplete, ltvs } of window) {
                const ltv = ltvs[next.groupId];
                const isBelow = isComplete && ltv !== undefined && !at(ltv, from, '0.005');
                if (!isBelow) throw new Error(`better after a reading of ${ltv}`);
              }
              const gaps = window.slice(1).map(({ atMs }, index) => atMs - (window[index]?.atMs ?? 0));
              expect(Math.max(...gaps)).toBeLessThanOrEqual(90 * SECOND);
            }
          }
          for (const { id, level } of watch.episodes.values()) levels.set(id, level);
        });
      }),
      { numRuns: 60 },
    );
    expect(better).toBeGreaterThan(50);
  });

  it('(d) a critical level is never muted, and an open case without an owner is called for', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        play(steps, ({ episodes, nowMs, rules }) => {
          for (const { level, mute, state, owner, unownedSinceMs, page } of episodes.values()) {
            if (state !== 'open') continue;
            if (isCriticalLevel(level)) expect(mute).toBeNull();
            if (isCriticalLevel(level) && owner === null) expect(page.wanted).toBe('triggered');
            if (unownedSinceMs !== null && nowMs - unownedSinceMs >= rules.pageAfterMs)
              expect(page.wanted).toBe('triggered');
          }
        });
      }),
      { numRuns: 50 },
    );
  });

  it('(e) what is kept stays small, and (f) is the same after a round trip through JSON', () => {
    fc.assert(
      fc.property(walk, (steps) => {
        play(steps, (_, __, change) => {
          expect(JSON.parse(JSON.stringify(change))).toStrictEqual(change);
          expect(Object.keys(change.next.units).length).toBeLessThanOrEqual(UNITS.length);
          expect(change.next.crossings.length).toBeLessThanOrEqual(UNITS.length);
          expect(JSON.stringify(change.next).length).toBeLessThan(4_000);
          for (const { next } of change.episodes) expect(JSON.stringify(next).length).toBeLessThan(8_000);
        });
      }),
      { numRuns: 30 },
    );
  });
});
