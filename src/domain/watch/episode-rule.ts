/**
 * What one reading of one unit means. Worse is said at once; better only after five minutes of complete readings below
 * the level by more than the dead band. What limits messages is kept per unit and level, and outlives the episode.
 */

import { type Amount, amount } from '../amount.ts';
import { callAgain, loseOwner } from './case-rule.ts';
import {
  type Episode,
  type EpisodeChange,
  type EpisodeEvent,
  endedAt,
  type Figures,
  newEpisode,
  stepWith,
} from './episode.ts';
import {
  BELIEVED_AFTER_MS,
  FLOOR_MS,
  isCaseLevel,
  isCriticalLevel,
  isHeld,
  isReached,
  kindOf,
  type LevelKey,
  severityOf,
  type WatchLevel,
} from './levels.ts';
import { isWorseLtv } from './trend-points.ts';
import type { UnitMemory, WatchRound, WatchRules } from './watch.ts';

const BETTER_AFTER_MS = 5 * 60_000;
/** The card is redrawn when the LTV moved by a tenth of a point, at most once a minute. */
const WORTH_SHOWING = amount('0.001');
const SHOWN_EVERY_MS = 60_000;
/** And even if it did not move, so that its figures are never old. */
const SHOWN_AT_LATEST_MS = 15 * 60_000;

export interface UnitReading {
  readonly groupId: Episode['groupId'];
  readonly ltv: Amount | null;
  readonly figures: Figures;
  /** False: others are missing, so nothing gets better. */
  readonly isComplete: boolean;
}

export interface JudgeRules extends Pick<WatchRound, 'rules' | 'nowMs' | 'newId'> {
  /** What began by then was so before the watch read anything. */
  readonly beganAtMs: number;
}

export interface Judgement {
  readonly memory: UnitMemory;
  /** Null: the unit has no episode. */
  readonly change: EpisodeChange | null;
}

/** `from`: the unit's newest episode, open or recovered. */
export function judge(
  before: UnitMemory,
  from: EpisodeChange | null,
  reading: UnitReading,
  circumstances: JudgeRules,
): Judgement {
  const { rules, nowMs } = circumstances;
  const open = from?.next.state === 'open' ? from : null;
  const { ltv } = reading.figures;
  const memory = {
    ...before,
    since: reachedSince(before, reading, circumstances),
    worstLtv: open === null || isWorseLtv(ltv, before.worstLtv) ? ltv : before.worstLtv,
  };
  const believed = rules.levels.findLast(({ key, kind, at }) => {
    const sinceMs = memory.since[key];
    return (
      sinceMs !== undefined &&
      isHeld({ key, kind, at }, reading.ltv) &&
      nowMs - sinceMs >= BELIEVED_AFTER_MS[kind]
    );
  });
  const current = open === null ? -1 : severityOf(rules.levels, open.next.level);
  if (believed !== undefined && severityOf(rules.levels, believed.key) > current)
    return tellWorse({ ...memory, belowSinceMs: null }, from, believed, reading, circumstances);
  const stay = { memory: { ...memory, belowSinceMs: null }, change: from };
  if (open === null) return stay;
  const isConfigured = rules.levels.some(({ key }) => key === open.next.level);
  if (!isConfigured && reading.isComplete)
    return { ...stay, change: tellBetter(memory, open, reading, circumstances) };
  const level = rules.levels[current];
  const holds = level !== undefined && isHeld(level, reading.ltv);
  const belowSinceMs = holds || !reading.isComplete ? null : (before.belowSinceMs ?? nowMs);
  if (belowSinceMs !== null && nowMs - belowSinceMs >= BETTER_AFTER_MS)
    return { ...stay, change: tellBetter(memory, open, reading, circumstances) };
  // While it is not known to be better, people hear of the level it is still at.
  const still = holds ? level.key : believed?.key;
  return { ...stay, ...remind({ ...memory, belowSinceMs }, open, still, reading, circumstances) };
}

/** A level counts from the reading that reached it; only a complete reading below the dead band ends that. */
function reachedSince(
  { since }: UnitMemory,
  { ltv, isComplete }: UnitReading,
  { rules, nowMs }: JudgeRules,
): UnitMemory['since'] {
  const next: Partial<Record<LevelKey, number>> = {};
  for (const level of rules.levels) {
    const sinceMs = since[level.key] ?? (isReached(level, ltv) ? nowMs : undefined);
    if (sinceMs !== undefined && (isHeld(level, ltv) || !isComplete)) next[level.key] = sinceMs;
  }
  return next;
}

/** The clock may jump after a failover of Redis: a time far ahead must not silence the watch. */
function isWithinFloor({ toldAtMs }: UnitMemory, key: LevelKey, nowMs: number): boolean {
  const atMs = toldAtMs[key];
  return atMs !== undefined && Math.abs(nowMs - atMs) < FLOOR_MS[kindOf(key)];
}

/** Who was told of a level was told of the calmer ones, too. */
export function toldOf(
  { toldAtMs }: UnitMemory,
  events: readonly EpisodeEvent[],
  levels: WatchRules['levels'],
): UnitMemory['toldAtMs'] {
  let next = toldAtMs;
  for (const event of events) {
    if (!('mention' in event && event.mention) || !('level' in event || 'to' in event)) continue;
    const reached = levels.slice(0, severityOf(levels, 'to' in event ? event.to : event.level) + 1);
    next = { ...next, ...Object.fromEntries(reached.map(({ key }) => [key, event.atMs])) };
  }
  return next;
}

function tellWorse(
  memory: UnitMemory,
  from: EpisodeChange | null,
  { key }: WatchLevel,
  reading: UnitReading,
  circumstances: JudgeRules,
): Judgement {
  const { rules, nowMs } = circumstances;
  const severity = severityOf(rules.levels, key);
  const episode = from?.next ?? null;
  const isOpen = episode?.state === 'open';
  const mute = episode?.mute ?? null;
  const isMuted = mute !== null && severity <= severityOf(rules.levels, mute.level);
  if (from === null || episode === null || !(isOpen || isWithinFloor(memory, key, nowMs)))
    return open(memory, key, reading, circumstances);
  // Also the level that it eased from a moment ago: people know of it, and are reminded when its floor is over.
  const isQuiet = isMuted || isWithinFloor(memory, key, nowMs);
  const by = { by: null, atMs: nowMs } as const;
  const { figures } = reading;
  let step = stepWith(from, {
    state: 'open',
    level: key,
    levelSinceMs: nowMs,
    worstLevel: isOpen && severity <= severityOf(rules.levels, episode.worstLevel) ? episode.worstLevel : key,
    figures,
    worstLtv: memory.worstLtv,
    recoveredAtMs: null,
    ...(!isOpen && { reopenedAtMs: nowMs, owner: ownerAt(episode, nowMs) }),
  });
  step = isQuiet
    ? stepWith(step, { reopenings: episode.reopenings + 1 }, { type: 'reopened', level: key, figures, ...by })
    : stepWith(step, {}, { type: 'worsened', from: episode.level, to: key, figures, mention: true, ...by });
  if (mute !== null && !isMuted)
    step = stepWith(step, { mute: null }, { type: 'mute-ended', why: 'worse', ...by });
  // People were called for something milder: the direct messages and the pager begin again.
  if (isCriticalLevel(key) && !isQuiet) {
    const { page } = episode;
    const called = page.wanted === 'triggered' ? callAgain(page, 'level') : page;
    step = stepWith(step, { escalatedAtMs: null, page: called });
  }
  if (episode.owner !== null && !isQuiet) step = loseOwner(step, episode.owner, 'worse', nowMs);
  return { memory: { ...memory, episodeId: episode.id }, change: step };
}

/** Who had it before it went on: nobody is asked again at the same moment. */
function ownerAt({ owner }: Episode, nowMs: number): Episode['owner'] {
  return owner !== null && nowMs < owner.untilMs ? owner : null;
}

function open(
  memory: UnitMemory,
  level: LevelKey,
  { groupId, figures }: UnitReading,
  { nowMs, beganAtMs, newId }: JudgeRules,
): Judgement {
  const alreadySo = (memory.since[level] ?? nowMs) <= beganAtMs;
  const next = newEpisode({ id: newId(), groupId, level, figures, nowMs, alreadySo, drill: null });
  const event = {
    type: 'opened',
    level,
    figures,
    alreadySo,
    summaryId: null,
    drill: false,
    mention: true,
  } as const;
  return {
    memory: { ...memory, episodeId: next.id },
    change: { next, events: [{ ...event, by: null, atMs: nowMs }] },
  };
}

/** Still at a level after its floor. */
function remind(
  memory: UnitMemory,
  step: EpisodeChange,
  level: LevelKey | undefined,
  reading: UnitReading,
  circumstances: JudgeRules,
): Judgement {
  const { nowMs } = circumstances;
  if (level === undefined || step.next.mute !== null || isWithinFloor(memory, level, nowMs))
    return { memory, change: showFigures(step, reading, memory) };
  const { figures } = reading;
  const { worstLtv } = memory;
  const event = { type: 'repeated', level, figures, mention: true, by: null, atMs: nowMs } as const;
  return { memory, change: stepWith(step, { figures, worstLtv }, event) };
}

/** Down to the highest level that still holds, or recovered. */
function tellBetter(
  memory: UnitMemory,
  step: EpisodeChange,
  { ltv, figures }: UnitReading,
  { rules, nowMs }: JudgeRules,
): EpisodeChange {
  const { level: from, openedAtMs, reopenedAtMs, worstLevel } = step.next;
  const { worstLtv } = memory;
  const sinceMs = reopenedAtMs ?? openedAtMs;
  const by = { by: null, atMs: nowMs } as const;
  const level = rules.levels.findLast((each) => memory.since[each.key] !== undefined && isHeld(each, ltv));
  if (level !== undefined)
    return stepWith(
      step,
      { level: level.key, levelSinceMs: nowMs, figures, worstLtv },
      { type: 'eased', from, to: level.key, figures, ...by },
    );
  // A quiet return is followed by a quiet recovery.
  const lastToldAtMs = Math.max(0, ...Object.values(memory.toldAtMs).map(Number));
  const mention = isCaseLevel(worstLevel) && lastToldAtMs >= sinceMs;
  return stepWith(
    step,
    { ...endedAt(nowMs), figures, worstLtv },
    { type: 'recovered', figures, openForMs: nowMs - sinceMs, mention, ...by },
  );
}

/** Renews what the card shows, if it is worth a redrawing. */
function showFigures(
  step: EpisodeChange,
  { ltv, figures }: UnitReading,
  { worstLtv }: UnitMemory,
): EpisodeChange {
  const shown = step.next.figures;
  const ageMs = figures.asOfMs - shown.asOfMs;
  const isMoved =
    ltv === null || shown.ltv === null
      ? figures.ltv !== shown.ltv
      : ltv.minus(shown.ltv).abs().gte(WORTH_SHOWING);
  if (ageMs < (isMoved ? SHOWN_EVERY_MS : SHOWN_AT_LATEST_MS)) return step;
  return stepWith(step, { figures, worstLtv });
}
