/** What leaves Slack about a case: unit id, level and LTV percent, no e-mails and no amounts. */
import { amount } from '../domain/amount.ts';
import type { Episode } from '../domain/watch/episode.ts';
import { isCriticalLevel, type LevelKey } from '../domain/watch/levels.ts';
import type { PageEvent } from '../usecases/watch-ports.ts';

export interface PageDetails {
  readonly unit: string;
  /** Null: resolved, so the level that was paged says nothing any longer. */
  readonly level: LevelKey | null;
  /** "91.27"; null: not defined, or resolved. */
  readonly ltv_percent: string | null;
  /** Why people are called; null: they are not. */
  readonly reason: Episode['page']['why'];
}

export function pageDetails({ state, episode }: PageEvent): PageDetails {
  const { groupId, level, figures, page } = episode;
  const isOver = state === 'resolved';
  return {
    unit: groupId,
    level: isOver ? null : level,
    ltv_percent: isOver ? null : percent(figures.ltv),
    reason: state === 'triggered' ? (page.why ?? 'level') : null,
  };
}

/** One line that a person reads on a lock screen. */
export function pageSummary(event: PageEvent): string {
  const { groupId, id } = event.episode;
  return `Risk unit ${groupId}: ${stateText(event)}. Case ${id}`;
}

function stateText({ state, episode, nextKey }: PageEvent): string {
  switch (state) {
    case 'triggered':
      return `${levelText(episode)}${REASON_WORDS[episode.page.why ?? 'level']}`;
    case 'acknowledged':
      return `somebody has it, ${levelText(episode)}`;
    case 'resolved':
      if (nextKey !== null) return `goes on as incident ${nextKey}`;
      if (episode.state === 'open') return 'below margin call again';
      return episode.vanishedAtMs === null ? 'recovered' : 'no longer listed by Binance, the case has ended';
  }
}

function levelText({ level, figures }: Episode): string {
  if (level === 'undefined-ltv') return 'LTV not defined (debt without collateral)';
  const ltv = percent(figures.ltv);
  const words = LEVEL_WORDS[level] ?? `own level ${level.slice('own:'.length)}`;
  return `LTV ${ltv === null ? 'not defined' : `${ltv}%`}, ${words}`;
}

const LEVEL_WORDS: Readonly<Partial<Record<LevelKey, string>>> = {
  initial: 'initial level',
  'transfer-out': 'transfer-out level',
  'margin-call': 'margin call',
  liquidation: 'liquidation level',
};

const REASON_WORDS: Readonly<Record<NonNullable<Episode['page']['why']>, string>> = {
  level: '',
  'no-owner': ', nobody has taken the case',
  'slack-silent': ', Slack takes no messages',
};

export function pagerSeverity({
  state,
  episode: { level },
}: PageEvent): 'critical' | 'error' | 'warning' | 'info' {
  if (state === 'resolved') return 'info';
  if (isCriticalLevel(level)) return 'critical';
  return level === 'margin-call' ? 'error' : 'warning';
}

function percent(ltv: string | null): string | null {
  return ltv === null ? null : amount(ltv).times('100').toFixed(2);
}
