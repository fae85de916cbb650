/** What people should have been told of what was read on a random course, and were not. */
import { FLOOR_MS, kindOf, type LevelKey } from '../../src/domain/watch/levels.ts';
import { BOUND_MS, Course, EVERY_MS, type Step, UNITS, type Unit } from './random-course.ts';
import type { Told } from './told.ts';
import { MINUTE, SECOND, WatchRig } from './watch-rig.ts';

/** Worst first, as messages name them, and how long a unit must be there before people are told: docs/watch.md. */
const LEVELS = [
  { key: 'undefined-ltv', name: 'LTV not defined', at: Number.POSITIVE_INFINITY, believedMs: 0 },
  { key: 'liquidation', name: 'liquidation', at: 0.9, believedMs: 0 },
  { key: 'margin-call', name: 'margin call', at: 0.85, believedMs: 0 },
  { key: 'transfer-out', name: 'transfer-out level', at: 0.83, believedMs: 2 * MINUTE },
  { key: 'initial', name: 'initial level', at: 0.8, believedMs: 5 * MINUTE },
  { key: 'own:0.75', name: 'level 75%', at: 0.75, believedMs: 5 * MINUTE },
] as const satisfies readonly { readonly key: LevelKey; readonly [rest: string]: unknown }[];
const DEAD_BAND = 0.005;

const BLIND_AFTER_MS = 2 * MINUTE;
const PAIRS_APART_MS = 15 * MINUTE;

const BLIND = /The watch is blind/;
const SEEING = /The watch reads again/;

function isBlindKnown(told: readonly Told[], atMs: number): boolean {
  const last = told.findLast(
    ({ text, atMs: toldMs }) => toldMs <= atMs && (BLIND.test(text) || SEEING.test(text)),
  );
  return last !== undefined && BLIND.test(last.text);
}

/** A message that says this level of the unit, or a worse one, in time or within its floor. */
function isTold(
  told: readonly Told[],
  unit: Unit,
  level: (typeof LEVELS)[number],
  fromMs: number,
  toMs: number,
) {
  const names = LEVELS.slice(0, LEVELS.indexOf(level) + 1).map(({ name }) => name);
  const says = new RegExp(
    `unit ${unit}\\*?(?:: | is at \\*?| went from [^.*]* to \\*)(?:${names.join('|')})`,
    'i',
  );
  return told.some(({ text, atMs }) => atMs >= fromMs && atMs <= toMs && says.test(text));
}

/** Readings at a level that were believed, and neither told nor followed by blindness that is known. */
function untold(played: Course): string[] {
  const { readings, rig } = played;
  const told = rig.told();
  return UNITS.flatMap((unit) => {
    const ofUnit = readings.flatMap(({ atMs, ltvs }) => {
      const ltv = ltvs.get(unit);
      return ltv === undefined ? [] : [{ atMs, ltv }];
    });
    return ofUnit.flatMap(({ atMs, ltv }, at) => {
      const level = LEVELS.find((each) => ltv >= each.at);
      if (level === undefined) return [];
      const later = ofUnit.slice(at);
      const believedAt = later.findIndex((each) => each.atMs >= atMs + level.believedMs);
      const isLeft = later.slice(0, believedAt + 1).some((each) => each.ltv < level.at - DEAD_BAND);
      const believed = later[believedAt];
      if (believed === undefined || isLeft) return [];
      const byMs = played.deliveredBy(believed.atMs);
      if (isTold(told, unit, level, atMs - FLOOR_MS[kindOf(level.key)] - BOUND_MS, byMs)) return [];
      // Read by a replica that died, and not readable since.
      const isLast = !ofUnit.some(
        (each) => each.atMs > believed.atMs && each.atMs <= believed.atMs + BOUND_MS,
      );
      return isLast && isBlindKnown(told, byMs)
        ? []
        : [`unit ${unit} at ${ltv}, ${new Date(atMs).toISOString()}`];
    });
  });
}

/** Times without a complete reading that people were not told of. */
function unknownBlindness(played: Course): string[] {
  const { readings, rig } = played;
  const complete = readings.filter(({ isComplete }) => isComplete).map(({ atMs }) => atMs);
  return complete.flatMap((fromMs, at) => {
    const byMs = played.deliveredBy(fromMs + BLIND_AFTER_MS + 2 * EVERY_MS);
    const toMs = complete[at + 1] ?? Number.NEGATIVE_INFINITY;
    return toMs <= byMs || isBlindKnown(rig.told(), byMs)
      ? []
      : [`blind since ${new Date(fromMs).toISOString()}`];
  });
}

/** Messages that stand in Slack twice, and calls that came sooner than their floor. */
async function repeated({ rig }: Course): Promise<string[]> {
  const keys = rig.told().map(({ message }) => JSON.stringify(message.metadata));
  const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
  const tooSoon: string[] = [];
  for (const { key } of LEVELS) {
    for (const times of await rig.callsAt(key)) {
      const gaps = times.slice(1).map((atMs, at) => atMs - (times[at] ?? 0));
      tooSoon.push(
        ...gaps.filter((gap) => gap < FLOOR_MS[kindOf(key)] - SECOND).map((gap) => `${key} after ${gap} ms`),
      );
    }
  }
  const ends = await rig.timesOf('seeing-again');
  const close = ends.filter((atMs, at) => atMs - (ends[at - 1] ?? 0) < PAIRS_APART_MS - SECOND);
  return [...twice, ...tooSoon, ...close.map((atMs) => `reads again at ${new Date(atMs).toISOString()}`)];
}

export interface Found {
  readonly untold: readonly string[];
  readonly unknownBlindness: readonly string[];
  readonly repeated: readonly string[];
}

/** How many readings at each level there were, by its key. */
export type Covered = Map<string, number>;

export async function playCourse(steps: readonly Step[], covered: Covered): Promise<Found> {
  const rig = await WatchRig.start({
    replicas: 2,
    units: { 1: '0.6', 2: '0.6' },
    settings: { WATCH_EVERY: `${EVERY_MS / SECOND}s`, WATCH_LEVELS: '0.75' },
  });
  try {
    const played = new Course(rig);
    await played.play(steps);
    for (const ltv of played.readings.flatMap(({ ltvs }) => [...ltvs.values()])) {
      const key = LEVELS.find(({ at }) => ltv >= at)?.key ?? 'calm';
      covered.set(key, (covered.get(key) ?? 0) + 1);
    }
    return {
      untold: untold(played),
      unknownBlindness: unknownBlindness(played),
      repeated: await repeated(played),
    };
  } finally {
    await rig.end();
  }
}

export const NOTHING_FOUND: Found = { untold: [], unknownBlindness: [], repeated: [] };
