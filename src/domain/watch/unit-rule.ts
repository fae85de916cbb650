/** One round for one unit: whether it is there, how it is, what is new about it, and what time brings to its episode. */

import { exactText, type LongId } from '../amount.ts';
import { type RiskUnit, standingOf } from '../unit/risk-unit.ts';
import { passTime, startStep } from './case-rule.ts';
import { type EpisodeChange, endedAt, stepWith } from './episode.ts';
import { judge, toldOf, type UnitReading } from './episode-rule.ts';
import { borrowingNews, NOTHING_KNOWN } from './news.ts';
import type { UnitMemory, WatchEvent, WatchRound, WatchState } from './watch.ts';

const MINUTE_MS = 60_000;
/** The closed list may name a unit later than the reading that misses it. */
export const MISSING_TOLD_AFTER_MS = 2 * MINUTE_MS;
/** A unit that comes and goes is told to be missing at most this often. */
const MISSING_FLOOR_MS = 60 * MINUTE_MS;
/** Then a missing unit is forgotten, and its episode ends. */
const FORGOTTEN_AFTER_MS = 30 * 24 * 60 * MINUTE_MS;

export interface UnitRound extends WatchRound {
  readonly state: WatchState;
  readonly groupId: LongId;
  /** Null: not in this reading. */
  readonly unit: RiskUnit | null;
  readonly isComplete: boolean;
  readonly asOfMs: number;
}

export interface UnitDecision {
  /** Null: nothing is remembered of this unit any longer. */
  readonly memory: UnitMemory | null;
  readonly change: EpisodeChange | null;
  readonly events: readonly WatchEvent[];
}

export function decideUnit(round: UnitRound): UnitDecision {
  const { groupId, unit, state, episodes, isComplete, rules, nowMs, undeliveredSinceMs } = round;
  const known = state.units[groupId];
  const before = known ?? newMemory(nowMs);
  const episode = episodes.get(before.episodeId ?? '') ?? null;
  const from = episode && startStep(episode, nowMs);
  const reading = unit && readingOf(unit, round);
  const seen =
    reading === null ? miss(before, from, round) : see(before, from, reading, round, known === undefined);
  const { memory } = seen;
  const news = memory && isComplete && unit ? borrowingNews(unit, memory.known, nowMs) : null;
  const time = { rules, nowMs, undeliveredSinceMs: undeliveredSinceMs.get(episode?.id ?? '') ?? null };
  const change = seen.change && passTime(seen.change, time);
  return {
    memory: memory && {
      ...memory,
      toldAtMs: toldOf(memory, change?.events ?? [], rules.levels),
      known: news?.known ?? memory.known,
    },
    change: change?.next === episode ? null : change,
    events: [...seen.events, ...(news?.events ?? [])],
  };
}

function newMemory(nowMs: number): UnitMemory {
  return {
    episodeId: null,
    since: {},
    belowSinceMs: null,
    toldAtMs: {},
    lastSeenAtMs: nowMs,
    missingSinceMs: null,
    missingToldAtMs: null,
    worstLtv: null,
    known: NOTHING_KNOWN,
  };
}

function readingOf(unit: RiskUnit, { asOfMs, isComplete }: UnitRound): UnitReading {
  const { ltv, collateral } = standingOf(unit);
  const figures = {
    ltv: ltv && exactText(ltv),
    netEquity: exactText(unit.totalNetEquity),
    collateral: exactText(collateral),
    liability: exactText(unit.totalLiability),
    asOfMs,
  };
  return { groupId: unit.groupId, ltv, figures, isComplete };
}

function see(
  before: UnitMemory,
  from: EpisodeChange | null,
  reading: UnitReading,
  round: UnitRound,
  isUnknown: boolean,
): UnitDecision {
  const { groupId, rules, nowMs, newId, state } = round;
  const { lastReading, beganAtMs } = state;
  const isBack = isMissingTold(before);
  // Nobody read in between: the calm must be seen for its whole time.
  const isGap = lastReading === null || nowMs - lastReading.readAtMs > 2 * rules.everyMs + MINUTE_MS;
  const memory = {
    ...before,
    belowSinceMs: isGap ? null : before.belowSinceMs,
    lastSeenAtMs: nowMs,
    missingSinceMs: null,
  };
  const { figures } = reading;
  const back = { type: 'seen-again', figures, by: null, atMs: nowMs } as const;
  const seen =
    from !== null && from.next.vanishedAtMs !== null
      ? stepWith(from, { vanishedAtMs: null, figures }, ...(isBack ? [back] : []))
      : from;
  const isNews = isBack || (isUnknown && lastReading !== null);
  return {
    // Before the first complete reading nothing is known to have arisen since.
    ...judge(memory, seen, reading, {
      rules,
      nowMs,
      newId,
      beganAtMs: lastReading === null ? nowMs : beganAtMs,
    }),
    events: isNews ? [{ type: 'unit-appeared', groupId, atMs: nowMs }] : [],
  };
}

function isMissingTold({ missingSinceMs, missingToldAtMs }: UnitMemory): boolean {
  return missingSinceMs !== null && missingToldAtMs !== null && missingToldAtMs >= missingSinceMs;
}

/** Missing from a complete reading, or nothing complete was read: neither makes anything better. */
function miss(before: UnitMemory, from: EpisodeChange | null, round: UnitRound): UnitDecision {
  const { groupId, isComplete, closedUnits, nowMs } = round;
  const quietly = { change: from, events: [] };
  const memory = { ...before, belowSinceMs: null };
  if (!isComplete) return { ...quietly, memory };
  const isGone = nowMs - before.lastSeenAtMs >= FORGOTTEN_AFTER_MS;
  if (closedUnits.has(groupId) || isGone)
    return {
      memory: null,
      change: end(from, closedUnits.has(groupId) ? 'closed' : 'gone', nowMs),
      events: [],
    };
  const missing = { ...memory, missingSinceMs: before.missingSinceMs ?? nowMs };
  if (Math.abs(nowMs - missing.missingSinceMs) < MISSING_TOLD_AFTER_MS && !isMissingTold(missing))
    return { ...quietly, memory: missing };
  const toldAtMs = before.missingToldAtMs;
  const isQuiet =
    isMissingTold(missing) || (toldAtMs !== null && Math.abs(nowMs - toldAtMs) < MISSING_FLOOR_MS);
  const isKnown = from?.next.state !== 'open' || (isQuiet && from.next.vanishedAtMs !== null);
  const told = { type: 'vanished', by: null, atMs: nowMs } as const;
  const change = isKnown
    ? from
    : stepWith(from, { vanishedAtMs: missing.missingSinceMs }, ...(isQuiet ? [] : [told]));
  if (isQuiet) return { memory: missing, change, events: [] };
  return {
    memory: { ...missing, missingToldAtMs: nowMs },
    change,
    events: [{ type: 'unit-vanished', groupId, atMs: nowMs }],
  };
}

function end(from: EpisodeChange | null, why: 'closed' | 'gone', nowMs: number): EpisodeChange | null {
  if (from?.next.state !== 'open') return from;
  return stepWith(from, endedAt(nowMs), { type: 'ended', why, by: null, atMs: nowMs });
}
