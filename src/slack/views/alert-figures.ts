/** A level of the watch and the figures of a reading, in words. mrkdwn without anything to escape. */
import { type Amount, amount, ZERO } from '../../domain/amount.ts';
import { cureOf, cushionOf } from '../../domain/unit/cure.ts';
import type { Standing } from '../../domain/unit/risk-unit.ts';
import type { Figures } from '../../domain/watch/episode.ts';
import {
  isCaseLevel,
  isCriticalLevel,
  kindOf,
  type LevelKey,
  type LevelKind,
  type WatchLevel,
} from '../../domain/watch/levels.ts';
import { cureForms, cureText, cushionText, ltvText, percentText } from './unit-text.ts';

/** For headers and notifications, which draw no `:name:`. */
const MARKS: Readonly<Record<LevelKind, string>> = {
  own: '🔵',
  initial: '🟡',
  'transfer-out': '🟡',
  'margin-call': '🟠',
  liquidation: '🔴',
  'undefined-ltv': '🔴',
};

const NAMES: Readonly<Record<Exclude<LevelKind, 'own'>, string>> = {
  initial: 'initial level',
  'transfer-out': 'transfer-out level',
  'margin-call': 'margin call',
  liquidation: 'liquidation',
  'undefined-ltv': 'LTV not defined',
};

export function levelMark(key: LevelKey): string {
  return MARKS[kindOf(key)];
}

/** "margin call", "level 75%". */
export function levelName(key: LevelKey): string {
  const kind = kindOf(key);
  return kind === 'own' ? `level ${percentText(amount(key.slice('own:'.length)))}` : NAMES[kind];
}

/** "margin call (85%)". */
export function levelWithBegin(key: LevelKey, levels: readonly WatchLevel[]): string {
  const at = levels.find((level) => level.key === key)?.at ?? null;
  const name = levelName(key);
  return at === null || kindOf(key) === 'own' ? name : `${name} (${percentText(at)})`;
}

function begins(levels: readonly WatchLevel[]): readonly Amount[] {
  return levels.flatMap(({ at }) => (at === null ? [] : [at]));
}

/** "85.30%", "not defined". */
export function readLtv(ltv: string | null, levels: readonly WatchLevel[]): string {
  return ltv === null ? 'not defined' : ltvText(amount(ltv), begins(levels));
}

/** "LTV 85.30%", "LTV not defined". */
export function ltvPhrase(ltv: string | null, levels: readonly WatchLevel[]): string {
  return `LTV ${readLtv(ltv, levels)}`;
}

/** "up 2.1 points", in percent of LTV; null: the same to one decimal. */
export function pointsText(before: string, after: string): string | null {
  const points = amount(after).minus(amount(before)).times(100);
  const size = points.abs().toFixed(1);
  return size === '0.0' ? null : `${points.gt(ZERO) ? 'up' : 'down'} ${size} points`;
}

function standingIn({ ltv, collateral }: Figures): Standing {
  return { ltv: ltv === null ? null : amount(ltv), collateral: amount(collateral) };
}

function levelOfKind(levels: readonly WatchLevel[], kind: LevelKind): Amount | null {
  return levels.find((level) => level.kind === kind)?.at ?? null;
}

/**
 * What brings the unit back under its level, each of the ways alone, then under the margin call where it is beyond that.
 * Where the LTV is not defined: under liquidation. Empty: it is under its level already, or nothing is owed.
 */
export function cureParts(figures: Figures, key: LevelKey, levels: readonly WatchLevel[]): readonly string[] {
  const target = levels.find((level) => level.key === key)?.at ?? levelOfKind(levels, 'liquidation');
  if (target === null) return [];
  const standing = standingIn(figures);
  const liability = amount(figures.liability);
  const cure = cureOf(liability, target, standing);
  if (cure === null) return [];
  const marginCall = levelOfKind(levels, 'margin-call');
  const further =
    marginCall === null || marginCall.gte(target) ? null : cureOf(liability, marginCall, standing);
  return [
    `*To get under ${percentText(target)}*, one of these is enough (as valued by Binance):`,
    ...cureForms(cure).map((form) => `• ${form}`),
    ...(standing.collateral.gt(ZERO)
      ? []
      : ['Net equity does not exceed the maintenance margin, so repaying alone cannot cure it.']),
    ...(marginCall === null || further === null
      ? []
      : [`Out of margin call: ${cureText(further, marginCall)}.`]),
  ];
}

/** "*32,752 (0.9%)* to liquidation", for the next level above; null: there is none, or nothing is owed. */
export function cushionPart(figures: Figures, key: LevelKey, levels: readonly WatchLevel[]): string | null {
  const sums = { totalLiability: amount(figures.liability), totalNetEquity: amount(figures.netEquity) };
  const parts = (['margin-call', 'liquidation'] as const).flatMap((kind) => {
    const at = levelOfKind(levels, kind);
    if (at === null || (kind === 'margin-call' ? isCaseLevel(key) : isCriticalLevel(key))) return [];
    const cushion = cushionOf(sums, at, standingIn(figures));
    return cushion === null ? [] : [cushionText(cushion, NAMES[kind])];
  });
  return parts.length === 0 ? null : `Cushion: ${parts.join(', ')}`;
}
