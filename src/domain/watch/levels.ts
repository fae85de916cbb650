/** The levels the watch speaks about: Binance's four, the desk's own, and an LTV that isn't defined. */
import type { Amount } from '../amount.ts';
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

/** Margin call or worse: the episode has an owner, escalates and is never below the desk's attention. */
export function isCaseLevel(key: LevelKey): boolean {
  return key === 'margin-call' || key === 'liquidation' || key === 'undefined-ltv';
}

/** Liquidation or undefined: never muted, and paged at once. */
export function isCriticalLevel(key: LevelKey): boolean {
  return key === 'liquidation' || key === 'undefined-ltv';
}
