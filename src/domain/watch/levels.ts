/** The levels the watch speaks about: Binance's four, the desk's own, and an LTV that isn't defined. */
import { type Amount, amount } from '../amount.ts';
import type { Level, Thresholds } from '../unit/risk-unit.ts';

export type LevelKind = Exclude<Level, 'normal'> | 'own';

export interface WatchLevel {
  /** Stored and compared: the kind, or `own:0.75`. */
  readonly key: LevelKey;
  readonly kind: LevelKind;
  /** The LTV at which it begins; null for `undefined-ltv`. */
  readonly at: Amount | null;
}

export type LevelKey = Exclude<LevelKind, 'own'> | `own:${string}`;

/** Calmest first. `own`: fractions below the margin call, which is where a case begins; repeated ones count once. */
export function watchLevels(thresholds: Thresholds, own: readonly Amount[]): readonly WatchLevel[] {
  const fixed: WatchLevel[] = [
    { key: 'initial', kind: 'initial', at: thresholds.initial },
    { key: 'transfer-out', kind: 'transfer-out', at: thresholds.transferOut },
    { key: 'margin-call', kind: 'margin-call', at: thresholds.marginCall },
    { key: 'liquidation', kind: 'liquidation', at: thresholds.liquidation },
    { key: 'undefined-ltv', kind: 'undefined-ltv', at: null },
  ];
  const levels = [...fixed];
  for (const at of own) {
    if (levels.some((level) => level.at?.eq(at) === true)) continue;
    levels.push({ key: `own:${at.toFixed()}`, kind: 'own', at });
  }
  return levels.sort((a, b) => (a.at === null ? 1 : b.at === null ? -1 : a.at.cmp(b.at)));
}

const MINUTE_MS = 60_000;

/** How long a unit must be at a level before people are told. */
export const BELIEVED_AFTER_MS: Readonly<Record<LevelKind, number>> = {
  initial: 5 * MINUTE_MS,
  own: 5 * MINUTE_MS,
  'transfer-out': 2 * MINUTE_MS,
  'margin-call': 0,
  liquidation: 0,
  'undefined-ltv': 0,
};

/** The shortest time between two messages with a mention about one unit at one level. */
export const FLOOR_MS: Readonly<Record<LevelKind, number>> = {
  initial: 24 * 60 * MINUTE_MS,
  own: 24 * 60 * MINUTE_MS,
  'transfer-out': 120 * MINUTE_MS,
  'margin-call': 15 * MINUTE_MS,
  liquidation: 5 * MINUTE_MS,
  'undefined-ltv': 5 * MINUTE_MS,
};

/** A level is left below this distance from it: a unit that swings around a level stays at it. */
const DEAD_BAND = amount('0.005');

export function kindOf(key: LevelKey): LevelKind {
  return key.startsWith('own:') ? 'own' : (key as LevelKind);
}

/** Position among the levels, calmest first; −1: below all. A level of the desk's own that was taken out of the settings counts as the calmer one next to it. */
export function severityOf(levels: readonly WatchLevel[], key: LevelKey): number {
  const position = levels.findIndex((level) => level.key === key);
  if (position !== -1 || kindOf(key) !== 'own') return position;
  const at = amount(key.slice('own:'.length));
  return levels.findLastIndex((level) => level.at?.lte(at) === true);
}

/** `ltv`: decisive; null when it isn't defined, which is at or above every level. */
export function isReached({ at }: WatchLevel, ltv: Amount | null): boolean {
  return ltv === null || (at !== null && ltv.gte(at));
}

/** At the level, or below it by no more than the dead band. */
export function isHeld({ at }: WatchLevel, ltv: Amount | null): boolean {
  return ltv === null || (at !== null && ltv.gte(at.minus(DEAD_BAND)));
}

/** Margin call or worse: the episode has an owner, escalates and is never below the desk's attention. */
export function isCaseLevel(key: LevelKey): boolean {
  return key === 'margin-call' || key === 'liquidation' || key === 'undefined-ltv';
}

/** Liquidation or undefined: never muted, and paged at once. */
export function isCriticalLevel(key: LevelKey): boolean {
  return key === 'liquidation' || key === 'undefined-ltv';
}
