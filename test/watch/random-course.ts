/** Random prices, faults and crashes, and what was read meanwhile. Each course has every one of them, in any order. */
import fc from 'fast-check';
import type { FaultOrder } from '../../sandbox/binance/faults.ts';
import type { WorkspaceFault } from '../../sandbox/slack/faults.ts';
import { MINUTE, SECOND, type WatchRig } from './watch-rig.ts';

export const UNITS = ['1', '2'] as const;
export type Unit = (typeof UNITS)[number];

/** A round, the longest pause between two attempts at Slack, and what a dead process held. */
export const BOUND_MS = 3 * MINUTE;
export const EVERY_MS = 30 * SECOND;

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
export type Step = {
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

export class Course {
  readonly rig: WatchRig;
  readonly readings: Reading[] = [];
  readonly slackTroubles: { readonly fromMs: number; toMs: number }[] = [];
  /** What ends each fault that is on, and when. */
  readonly #ends: { leftRounds: number; readonly end: () => void }[] = [];
  /** How many faults cut the answers short. */
  #truncating = 0;

  constructor(rig: WatchRig) {
    this.rig = rig;
    rig.exchange.onAnswered(({ endpoint, status, account }) => {
      if (endpoint === 'ltv-details' && status === 200 && account === 'fund-a' && this.#truncating === 0)
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
      const truncating = effect.kind === 'truncated' ? 1 : 0;
      this.#truncating += truncating;
      until(() => {
        exchange.clearFaults(id);
        this.#truncating -= truncating;
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
