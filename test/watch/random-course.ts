/**
 * Random prices, faults and crashes: what was read meanwhile, and what people should have been told of it. Each course has
 * every price, fault and crash at least once, in any order.
 */
import fc from 'fast-check';
import type { FaultOrder } from '../../sandbox/binance/faults.ts';
import type { WorkspaceFault } from '../../sandbox/slack/faults.ts';
import { FLOOR_MS, kindOf, type LevelKey } from '../../src/domain/watch/levels.ts';
import type { Told } from './told.ts';
import { MINUTE, SECOND, WatchRig } from './watch-rig.ts';

const UNITS = ['1', '2'] as const;
type Unit = (typeof UNITS)[number];

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

/** A round, the longest pause between two attempts at Slack, and what a dead process held. */
const BOUND_MS = 3 * MINUTE;
const EVERY_MS = 30 * SECOND;
const BLIND_AFTER_MS = 2 * MINUTE;
const PAIRS_APART_MS = 15 * MINUTE;

const LTVS = [
  '0.6',
  '0.76',
  '0.76',
  '0.81',
  '0.81',
  '0.835',
  '0.849',
  '0.86',
  '0.899',
  '0.905',
  null,
] as const;
const FAULTS = ['outage', 'empty', 'vanish', 'null', 'truncated', 'slack-away', 'slack-limits'] as const;
const CRASHES = ['reading', 'saving', 'posting', 'kill', 'restart'] as const;
type Step = {
  readonly unit: Unit;
  /** For a price: how long it stays; for a fault: how long it lasts beyond six, while the course goes on. */
  readonly rounds: number;
} & (
  | { readonly ltv: string | null }
  | { readonly fault: (typeof FAULTS)[number] }
  | { readonly crash: (typeof CRASHES)[number] }
);
const KINDS = [
  ...LTVS.map((ltv) => ({ ltv })),
  ...FAULTS.map((fault) => ({ fault })),
  ...CRASHES.map((crash) => ({ crash })),
];

/** `times`: how often each kind of step comes. */
export function course(times: number): fc.Arbitrary<readonly Step[]> {
  const all = Array.from({ length: times }, () => KINDS).flat();
  const details = fc.record({ unit: fc.constantFrom(...UNITS), rounds: fc.integer({ min: 1, max: 14 }) });
  return fc
    .tuple(
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.array(details, { minLength: all.length, maxLength: all.length }),
    )
    .map(([kinds, of]) => kinds.map((kind, at) => ({ unit: '1', rounds: 1, ...of[at], ...kind })));
}

interface Reading {
  readonly atMs: number;
  /** Infinity: not defined. Units that were not readable are missing. */
  readonly ltvs: ReadonlyMap<Unit, number>;
  readonly isComplete: boolean;
}

class Course {
  readonly rig: WatchRig;
  readonly readings: Reading[] = [];
  readonly slackTroubles: { readonly fromMs: number; toMs: number }[] = [];
  /** What ends each fault that is on, and when. */
  readonly #ends: { leftRounds: number; readonly end: () => void }[] = [];
  #isTruncated = false;

  constructor(rig: WatchRig) {
    this.rig = rig;
    rig.exchange.onAnswered(({ endpoint, status, account }) => {
      if (endpoint === 'ltv-details' && status === 200 && account === 'fund-a' && !this.#isTruncated)
        this.#read();
    });
  }

  #read(): void {
    const { exchange, clock } = this.rig;
    const ltvs = new Map<Unit, number>();
    const troubles = UNITS.map((unit) => exchange.prices.kindOf(unit));
    for (const unit of UNITS) {
      if (exchange.prices.kindOf(unit) !== null) continue;
      const ltv = Number(exchange.unit(unit).ltv);
      ltvs.set(unit, ltv > 100 ? Number.POSITIVE_INFINITY : ltv);
    }
    const isComplete = ltvs.size > 0 && !troubles.includes('no-ltv');
    this.readings.push({ atMs: clock.nowMs, ltvs, isComplete });
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if ('ltv' in step) {
        const { exchange } = this.rig;
        const kind = exchange.prices.kindOf(step.unit);
        this.rig.setLtv(step.unit, step.ltv);
        // A unit that is not readable stays so, at its new price.
        if (kind !== null && step.ltv !== null)
          exchange.startPath({ groupId: step.unit, kind, lastsS: 86_400 });
        await this.#rounds(step.rounds);
      } else if ('fault' in step) this.#begin(step);
      else await this.#crash(step.crash);
    }
    while (this.#ends.length > 0) await this.#round();
    await this.#rounds((16 * MINUTE) / EVERY_MS);
  }

  #begin({ fault, unit, rounds }: Extract<Step, { fault: unknown }>): void {
    const { exchange, workspace, clock } = this.rig;
    const until = (end: () => void) => void this.#ends.push({ leftRounds: rounds + 6, end });
    const path = (kind: 'vanish' | 'no-ltv', ...units: readonly Unit[]) => {
      for (const groupId of units) exchange.startPath({ groupId, kind, lastsS: 86_400 });
      until(() => {
        for (const groupId of units) exchange.stopPath(groupId);
      });
    };
    const inject = (effect: FaultOrder['effect']) => {
      const id = exchange.inject({ effect, endpoint: 'ltv-details' });
      this.#isTruncated = effect.kind === 'truncated';
      until(() => {
        exchange.clearFaults(id);
        this.#isTruncated = false;
      });
    };
    const limit = (effect: WorkspaceFault) => {
      const id = workspace.faults.add('chat.postMessage', effect);
      const trouble = { fromMs: clock.nowMs, toMs: Number.POSITIVE_INFINITY };
      this.slackTroubles.push(trouble);
      until(() => {
        workspace.faults.clear(id);
        trouble.toMs = clock.nowMs;
      });
    };
    if (fault === 'outage') inject({ kind: 'error', status: 503, when: 'before' });
    else if (fault === 'truncated') inject({ kind: 'truncated' });
    else if (fault === 'empty') path('vanish', ...UNITS);
    else if (fault === 'vanish') path('vanish', unit);
    else if (fault === 'null') path('no-ltv', unit);
    else if (fault === 'slack-away') limit({ kind: 'reset', when: 'after' });
    else limit({ kind: 'rate_limited', retryAfterS: 30 });
  }

  /** One of two replicas dies at that moment; another takes its place. */
  async #crash(crash: (typeof CRASHES)[number]): Promise<void> {
    const { rig } = this;
    const [leader] = rig.replicas;
    if (leader === undefined) throw new Error('there is no replica');
    const cut = () => leader.proxy.cut();
    if (crash === 'restart') await rig.stopAll();
    else {
      if (crash !== 'kill') await rig.clock.pass(rig.everyMs);
      if (crash === 'reading') {
        const stop = rig.exchange.onAnswered(({ endpoint }) => endpoint === 'ltv-details' && cut());
        await rig.turn(leader);
        stop();
      } else if (crash === 'saving') {
        // Every save of the watch names it. The answer is lost; the caller gives up.
        void leader.proxy.silenceAfter('"beganAtMs"');
        await rig.turn(leader);
      } else if (crash === 'posting') {
        const stop = rig.workspace.store.listen(({ type }) => type === 'message' && cut());
        await rig.turn(leader);
        stop();
      }
      rig.kill(leader);
    }
    while (rig.replicas.length < 2) await rig.addReplica();
    // What only the dead one read is read again, if it can be.
    await this.#rounds(2);
  }

  async #rounds(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) await this.#round();
  }

  async #round(): Promise<void> {
    for (const fault of [...this.#ends]) {
      fault.leftRounds -= 1;
      if (fault.leftRounds >= 0) continue;
      this.#ends.splice(this.#ends.indexOf(fault), 1);
      fault.end();
    }
    await this.rig.round();
  }

  /** By then a message of that time is in Slack, whatever Slack did meanwhile. */
  deliveredBy(atMs: number): number {
    let byMs = atMs + BOUND_MS;
    for (const { fromMs, toMs } of this.slackTroubles)
      if (fromMs <= byMs) byMs = Math.max(byMs, toMs + BOUND_MS);
    return byMs;
  }
}

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
