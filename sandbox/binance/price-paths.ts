/**
 * Courses that prices take over time, for playing with the watch. While a unit is on one, its wallets hold their net
 * equity times a share that follows from the course and the time alone: skipping time needs nothing of its own.
 */
import { Big } from 'big.js';
import { z } from 'zod';
import { figuresOf } from './answers.ts';
import type { Unit } from './model.ts';
import { REFUSALS } from './reply.ts';
import type { ExchangeClock } from './settings.ts';

interface PathDefault {
  /** Where the LTV goes. */
  readonly ltv: string;
  /** Seconds until it is there (crash, drift), until it turns (saw-tooth), or until it is over. */
  readonly lastsS: number;
}

export const PATHS = {
  /** Falls and stays there. */
  crash: { ltv: '0.86', lastsS: 20 },
  drift: { ltv: '0.86', lastsS: 8 * 3600 },
  /** A tenth of a point above the LTV and below it, in turn. */
  'saw-tooth': { ltv: '0.85', lastsS: 15 },
  /** At once, and back. */
  spike: { ltv: '0.91', lastsS: 60 },
  /** Binance lists no unit at all: HTTP 500. */
  outage: { ltv: '1', lastsS: 300 },
  /** Binance leaves this unit out of its list. */
  vanish: { ltv: '1', lastsS: 300 },
  /** Binance lists it with `"ltv": null`. */
  'no-ltv': { ltv: '1', lastsS: 300 },
} as const satisfies Readonly<Record<string, PathDefault>>;
export type PathKind = keyof typeof PATHS;

export const pathOrderSchema = z.strictObject({
  groupId: z.string().regex(/^[1-9]\d{0,18}$/),
  kind: z.enum(Object.keys(PATHS) as [PathKind, ...PathKind[]]),
  ltv: z
    .string()
    .regex(/^[01]\.\d{1,4}$/)
    .optional(),
  lastsS: z
    .number()
    .positive()
    .max(90 * 86_400)
    .optional(),
});
export type PathOrder = z.input<typeof pathOrderSchema>;

/** The shares are of the net equity at the start. */
export interface PricePath {
  readonly kind: PathKind;
  readonly startMs: number;
  readonly lastsMs: number;
  readonly low: Big;
  readonly high: Big;
}

const TOOTH = '0.001';

/** The share of its net equity at which the unit has that LTV. @throws when it owes nothing, or has nothing to lose. */
export function shareAt(unit: Unit, ltv: Big | string): Big {
  const { totalNetEquity, totalMaintenanceMargin, totalLiability } = figuresOf(unit);
  if (new Big(totalLiability).eq(0) || new Big(totalNetEquity).lte(0))
    throw new Error(`unit ${unit.groupId} owes nothing, or has nothing to lose`);
  return new Big(totalLiability).div(ltv).plus(totalMaintenanceMargin).div(totalNetEquity);
}

/** The unit with its wallets at that share. */
export function scaled(unit: Unit, share: Big): Unit {
  const copy = { ...structuredClone(unit), shownBorrowLimit: null };
  for (const wallet of copy.members.flatMap(({ wallets }) => wallets))
    wallet.netEquity = share.times(wallet.netEquity).round(8).toFixed();
  return copy;
}

/** @throws ZodError when the order is none, Error when the unit has nothing that a price could change. */
export function pathFor(unit: Unit, order: PathOrder, nowMs: number): PricePath {
  const { kind, ltv: wanted, lastsS: wantedS } = pathOrderSchema.parse(order);
  const { ltv, lastsS } = PATHS[kind];
  const target = new Big(wanted ?? ltv);
  const timing = { kind, startMs: nowMs, lastsMs: (wantedS ?? lastsS) * 1000 };
  const same = new Big(1);
  if (kind === 'outage' || kind === 'vanish' || kind === 'no-ltv')
    return { ...timing, low: same, high: same };
  if (kind !== 'saw-tooth') return { ...timing, low: shareAt(unit, target), high: same };
  return { ...timing, low: shareAt(unit, target.plus(TOOTH)), high: shareAt(unit, target.minus(TOOTH)) };
}

/** What Binance does in place of an answer: for all units, with the unit, with its LTV. */
type Trouble = 'outage' | 'gone' | 'no-ltv';

/** The share at that time, or the trouble. */
export function priceAt({ kind, startMs, lastsMs, low, high }: PricePath, nowMs: number): Big | Trouble {
  const turns = (nowMs - startMs) / lastsMs;
  switch (kind) {
    case 'crash':
    case 'drift':
      return high.plus(low.minus(high).times(Math.min(1, turns)));
    case 'saw-tooth':
      return Math.floor(turns) % 2 === 0 ? low : high;
    case 'spike':
      return turns < 1 ? low : high;
    case 'outage':
      return turns < 1 ? 'outage' : high;
    case 'vanish':
      return turns < 1 ? 'gone' : high;
    case 'no-ltv':
      return turns < 1 ? 'no-ltv' : high;
  }
}

/** What ltv-details said of a unit; exchange time. */
export interface ServedLtv {
  readonly atMs: number;
  readonly ltv: string;
}

const SERVED_KEPT = 2_000;

/** Which units are on which course, and what was served of them. */
export class Prices {
  readonly #clock: ExchangeClock;
  readonly #paths = new Map<string, PricePath>();
  readonly #served = new Map<string, ServedLtv[]>();

  constructor(clock: ExchangeClock) {
    this.#clock = clock;
  }

  start(unit: Unit, order: PathOrder): void {
    this.#paths.set(unit.groupId, pathFor(unit, order, this.#clock.realMs()));
  }

  stop(groupId: string): void {
    this.#paths.delete(groupId);
  }

  kindOf(groupId: string): PathKind | null {
    return this.#paths.get(groupId)?.kind ?? null;
  }

  shareOf(groupId: string): Big {
    const price = this.#priceOf(groupId);
    return typeof price === 'string' ? new Big(1) : price;
  }

  priced(unit: Unit): Unit {
    return this.#paths.has(unit.groupId) ? scaled(unit, this.shareOf(unit.groupId)) : unit;
  }

  /** Those that ltv-details lists now, with their prices. @throws Refusal */
  listed(units: readonly Unit[]): Unit[] {
    if (units.some(({ groupId }) => this.#priceOf(groupId) === 'outage')) throw REFUSALS.internalError();
    return units.filter(({ groupId }) => this.#priceOf(groupId) !== 'gone').map((unit) => this.priced(unit));
  }

  noteServed(units: readonly Unit[]): void {
    const atMs = this.#clock.serverMs();
    for (const unit of units.filter(({ groupId }) => this.hasLtv(groupId))) {
      const served = this.#served.get(unit.groupId) ?? [];
      served.push({ atMs, ltv: figuresOf(unit).ltv });
      if (served.length > SERVED_KEPT) served.shift();
      this.#served.set(unit.groupId, served);
    }
  }

  /** Oldest first. */
  served(groupId: string): readonly ServedLtv[] {
    return this.#served.get(groupId) ?? [];
  }

  hasLtv(groupId: string): boolean {
    return this.#priceOf(groupId) !== 'no-ltv';
  }

  #priceOf(groupId: string): Big | Trouble {
    const path = this.#paths.get(groupId);
    return path === undefined ? new Big(1) : priceAt(path, this.#clock.realMs());
  }
}
