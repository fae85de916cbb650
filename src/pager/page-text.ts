/** What leaves Slack about a case: unit id, level and LTV percent, no e-mails and no amounts. */
import { amount } from '../domain/amount.ts';
import type { Episode } from '../domain/watch/episode.ts';
import { isCriticalLevel, type LevelKey } from '../domain/watch/levels.ts';

export interface PageDetails {
  readonly unit: string;
  readonly level: LevelKey;
  /** "91.27"; null: not defined. */
  readonly ltv_percent: string | null;
  readonly reason: NonNullable<Episode['page']['why']>;
}

export function pageDetails({ groupId, level, figures, page }: Episode): PageDetails {
  return { unit: groupId, level, ltv_percent: percent(figures.ltv), reason: page.why ?? 'level' };
}

/** One line that a person reads on a lock screen. */
export function pageSummary(episode: Episode): string {
  const { level, ltv_percent: ltv, reason } = pageDetails(episode);
  const state =
    level === 'undefined-ltv'
      ? 'LTV not defined (debt without collateral)'
      : `LTV ${ltv === null ? 'not defined' : `${ltv}%`}, ${LEVEL_WORDS[level] ?? `own level ${level.slice('own:'.length)}`}`;
  return `Risk unit ${episode.groupId}: ${state}${REASON_WORDS[reason]}. Case ${episode.id}`;
}

const LEVEL_WORDS: Readonly<Partial<Record<LevelKey, string>>> = {
  initial: 'initial level',
  'transfer-out': 'transfer-out level',
  'margin-call': 'margin call',
  liquidation: 'liquidation level',
};

const REASON_WORDS: Readonly<Record<PageDetails['reason'], string>> = {
  level: '',
  'no-owner': ', nobody has taken the case',
  'slack-silent': ', Slack takes no messages',
};

export function severityOf({ level }: Episode): 'critical' | 'error' | 'warning' {
  if (isCriticalLevel(level)) return 'critical';
  return level === 'margin-call' ? 'error' : 'warning';
}

function percent(ltv: string | null): string | null {
  return ltv === null ? null : amount(ltv).times('100').toFixed(2);
}
