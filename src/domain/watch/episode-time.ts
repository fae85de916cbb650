/** What time does to an episode: mutes end, owners are asked again, people are called when nobody has it. */
import type { Episode, EpisodeEvent, Owner, Page } from './episode.ts';
import { FLOOR_MS, isCaseLevel, isCriticalLevel, kindOf } from './levels.ts';
import type { WatchRules } from './watch.ts';

/** An episode on its way through one decision. */
export interface EpisodeStep {
  readonly next: Episode;
  readonly events: readonly EpisodeEvent[];
}

export function stepWith(
  { next, events }: EpisodeStep,
  changes: Partial<Episode>,
  ...added: readonly EpisodeEvent[]
): EpisodeStep {
  return { next: { ...next, ...changes }, events: [...events, ...added] };
}

const MINUTE_MS = 60_000;
/** Slack takes nothing of a case for so long: the pager is called. */
const SLACK_SILENT_AFTER_MS = MINUTE_MS;

/** A card that is neither there nor on its way for so long was lost. */
const CARD_LOST_AFTER_MS = 2 * MINUTE_MS;

/** How long somebody has a case before they are asked again. */
export function ownedUntilMs({ level }: Episode, nowMs: number): number {
  return nowMs + (isCriticalLevel(level) ? 30 : 120) * MINUTE_MS;
}

export interface TimeRules {
  readonly rules: WatchRules;
  readonly nowMs: number;
  /** Since when the episode's oldest message waits for Slack; null: none waits. */
  readonly undeliveredSinceMs: number | null;
}

/** Returns `from` itself if nothing is due. */
export function passTime(from: EpisodeStep, time: TimeRules): EpisodeStep {
  const { nowMs } = time;
  let step = from;
  const { owner, state } = step.next;
  if (state === 'open') {
    if (owner !== null && nowMs >= owner.untilMs) step = loseOwner(step, owner, 'time', nowMs);
    step = escalate(countUnowned(sendLostCard(step, time), nowMs), time);
  }
  return callPager(step, time);
}

/** The first step of a round: what is no longer muted is said in the same one. */
export function startStep(next: Episode, nowMs: number): EpisodeStep {
  const { mute } = next;
  const step = { next, events: [] };
  if (mute === null || nowMs < mute.untilMs) return step;
  return stepWith(step, { mute: null }, { type: 'mute-ended', why: 'time', by: null, atMs: nowMs });
}

export function loseOwner(
  step: EpisodeStep,
  owner: Owner,
  why: 'time' | 'worse' | 'left',
  nowMs: number,
): EpisodeStep {
  const event = { type: 'owner-lapsed', owner: owner.by, why, by: null, atMs: nowMs } as const;
  return countUnowned(stepWith(step, { owner: null }, event), nowMs);
}

/** Only an open case needs an owner. */
export function countUnowned(step: EpisodeStep, nowMs: number): EpisodeStep {
  const { state, level, owner, unownedSinceMs } = step.next;
  const isUnowned = state === 'open' && isCaseLevel(level) && owner === null;
  const sinceMs = isUnowned ? (unownedSinceMs ?? nowMs) : null;
  return sinceMs === unownedSinceMs ? step : stepWith(step, { unownedSinceMs: sinceMs });
}

/** No more often than its level is repeated: Slack may refuse it each time. */
function sendLostCard(step: EpisodeStep, { nowMs, undeliveredSinceMs }: TimeRules): EpisodeStep {
  const { card, cardAgainAtMs, level, levelSinceMs, figures, mute } = step.next;
  if (card !== null || undeliveredSinceMs !== null || nowMs - levelSinceMs < CARD_LOST_AFTER_MS) return step;
  const sent = stepWith(step, { cardAgainAtMs: nowMs });
  if (step.events.some(({ type }) => type === 'repeated')) return sent;
  const isRecent = cardAgainAtMs !== undefined && Math.abs(nowMs - cardAgainAtMs) < FLOOR_MS[kindOf(level)];
  const repeated = { type: 'repeated', level, figures, mention: mute === null } as const;
  return isRecent ? step : stepWith(sent, {}, { ...repeated, by: null, atMs: nowMs });
}

/** Once for each time it is without an owner, and no more often than the level's floor: a unit may come and go. */
function escalate(step: EpisodeStep, { rules, nowMs }: TimeRules): EpisodeStep {
  const { unownedSinceMs, escalatedAtMs, level } = step.next;
  if (unownedSinceMs === null || nowMs - unownedSinceMs < rules.escalateAfterMs) return step;
  if (escalatedAtMs !== null) {
    const isRecent = Math.abs(nowMs - escalatedAtMs) < FLOOR_MS[kindOf(level)];
    if (escalatedAtMs >= unownedSinceMs || isRecent) return step;
  }
  return stepWith(
    step,
    { escalatedAtMs: nowMs },
    { type: 'escalated', unownedForMs: nowMs - unownedSinceMs, mention: true, by: null, atMs: nowMs },
  );
}

function callPager(step: EpisodeStep, time: TimeRules): EpisodeStep {
  const { page, state, level } = step.next;
  const isActive = page.wanted === 'triggered' || page.wanted === 'acknowledged';
  if (state !== 'open' || !isCaseLevel(level))
    return isActive ? stepWith(step, { page: { ...page, wanted: 'resolved' } }) : step;
  const why = page.wanted === 'triggered' ? null : reasonToPage(step.next, time);
  return why === null ? step : stepWith(step, { page: callAgain(page, why) });
}

/** Another incident: the pager does not know it yet, and the one before is over. */
export function callAgain({ number }: Page, why: Page['why']): Page {
  return { number: number + 1, wanted: 'triggered', why, told: 'none' };
}

function reasonToPage(
  { drill, level, owner, unownedSinceMs, page }: Episode,
  { rules, nowMs, undeliveredSinceMs }: TimeRules,
): Page['why'] {
  if (!rules.hasPager || drill !== null) return null;
  if (owner === null && isCriticalLevel(level)) return 'level';
  if (unownedSinceMs !== null && nowMs - unownedSinceMs >= rules.pageAfterMs) return 'no-owner';
  const isSilent = undeliveredSinceMs !== null && nowMs - undeliveredSinceMs >= SLACK_SILENT_AFTER_MS;
  // Who took the case hears of it elsewhere, so a silent Slack is no reason to call them again.
  return isSilent && page.wanted !== 'acknowledged' ? 'slack-silent' : null;
}
