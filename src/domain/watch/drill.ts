/** A drill: a case with made-up figures, so that people and messages are rehearsed. It never pages. */

import { type Amount, amount, exactText, ZERO } from '../amount.ts';
import type { PersonId } from '../person.ts';
import { done, type Result, refuse } from '../refusal.ts';
import { type RiskUnit, standingOf } from '../unit/risk-unit.ts';
import { endDrill, passTime, startStep } from './case-rule.ts';
import { type Episode, type EpisodeChange, newEpisode } from './episode.ts';
import type { WatchChange, WatchRound, WatchRules, WatchState } from './watch.ts';

const LONGEST_DRILL_MS = 30 * 60_000;
/** For a unit without collateral of its own. */
const MADE_UP_COLLATERAL = amount('1000000');
const TWO = amount('2');

export interface DrillStart {
  readonly state: WatchState | null;
  readonly episodes: ReadonlyMap<string, Episode>;
  readonly unit: RiskUnit;
  readonly by: PersonId;
  readonly rules: WatchRules;
  readonly nowMs: number;
  readonly id: string;
}

/** One drill at a time. */
export function openDrill({ state, episodes, unit, by, rules, nowMs, id }: DrillStart): Result<WatchChange> {
  if (state === null) return refuse({ code: 'watch-not-begun' });
  const running = state.drillId === null ? undefined : episodes.get(state.drillId);
  if (running?.state === 'open') return refuse({ code: 'drill-running', caseId: running.id });
  const { collateral, netEquity } = collateralOf(unit);
  const ltv = drillLtv(rules);
  const figures = {
    ltv: exactText(ltv),
    netEquity: exactText(netEquity),
    collateral: exactText(collateral),
    liability: exactText(collateral.times(ltv)),
    asOfMs: nowMs,
  };
  const level = 'margin-call';
  const drill = { by, ownedAfterMs: null };
  const next = newEpisode({ id, groupId: unit.groupId, level, figures, nowMs, alreadySo: false, drill });
  const opened = { type: 'opened', level, figures, alreadySo: false, summaryId: null } as const;
  const change = { next, events: [{ ...opened, drill: true, mention: true, by, atMs: nowMs }] };
  return done({ next: { ...state, drillId: id }, episodes: [change], events: [] });
}

function collateralOf(unit: RiskUnit): { readonly collateral: Amount; readonly netEquity: Amount } {
  const { collateral } = standingOf(unit);
  if (collateral.gt(ZERO)) return { collateral, netEquity: unit.totalNetEquity };
  return { collateral: MADE_UP_COLLATERAL, netEquity: MADE_UP_COLLATERAL };
}

/** Halfway from the margin call to the liquidation, wherever the settings put them. */
function drillLtv({ levels }: WatchRules): Amount {
  const between = levels.filter(({ kind }) => kind === 'margin-call' || kind === 'liquidation');
  return between.reduce((sum, { at }) => sum.plus(at ?? ZERO), ZERO).div(TWO);
}

/** What time brings to the drill: it ends by itself after half an hour. */
export function decideDrill(drill: Episode | undefined, round: WatchRound): EpisodeChange[] {
  if (drill?.state !== 'open') return [];
  const { rules, nowMs, undeliveredSinceMs } = round;
  const from = startStep(drill, nowMs);
  const isOver = nowMs - from.next.openedAtMs >= LONGEST_DRILL_MS;
  const time = { rules, nowMs, undeliveredSinceMs: undeliveredSinceMs.get(drill.id) ?? null };
  const step = isOver ? endDrill(from, null, nowMs) : passTime(from, time);
  return step.next === drill ? [] : [step];
}
