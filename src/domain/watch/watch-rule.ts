/**
 * One round of the watch over all units, as a pure function. A reading is complete or it makes nothing better; the steps
 * that time brings happen in every round, also when nothing could be read.
 */

import type { LongId } from '../amount.ts';
import { decisiveLtv, type RiskUnit } from '../unit/risk-unit.ts';
import { stateByNow } from './clock-set-back.ts';
import { decideDrill } from './drill.ts';
import type { Episode } from './episode.ts';
import { isCaseLevel, isReached } from './levels.ts';
import { isOpening, remindOnce, summarise } from './summary-rule.ts';
import { decideUnit } from './unit-rule.ts';
import type { UnitMemory, WatchChange, WatchEvent, WatchRound, WatchRules, WatchState } from './watch.ts';

const BLIND_TOLD_AFTER_MS = 2 * 60_000;
/** The shortest time between two mentions of it, for an exchange that comes and goes. */
const BLIND_FLOOR_MS = 15 * 60_000;

type Blindness = NonNullable<WatchState['blind']>;

/** What the observation is worth. `trouble`: null if it is complete. */
interface Sight {
  readonly units: readonly RiskUnit[];
  readonly asOfMs: number;
  readonly trouble: Pick<Blindness, 'cause' | 'why'> | null;
}

export function decideRound(round: WatchRound): WatchChange {
  const { nowMs, rules, episodes } = round;
  const before = round.state === null ? firstState(nowMs) : stateByNow(round.state, nowMs);
  const sight = look(round, before);
  const isComplete = sight.trouble === null;
  const isFirst = isComplete && before.lastReading === null;
  const state: WatchState = isFirst ? { ...before, beganAtMs: nowMs } : before;

  const seen = new Map(sight.units.map((unit) => [unit.groupId, unit]));
  const groupIds = new Set([...(Object.keys(state.units) as LongId[]), ...seen.keys()]);
  const decided = [...groupIds].map((groupId) => {
    const unit = seen.get(groupId) ?? null;
    return { groupId, ...decideUnit({ ...round, groupId, unit, state, isComplete, asOfMs: sight.asOfMs }) };
  });
  const changes = decided.flatMap(({ change }) => change ?? []);
  const summary = summarise(state, episodes, changes, rules, nowMs);
  const reminded = remindOnce(summary.changes, rules, nowMs);
  const drill = decideDrill(state.drillId === null ? undefined : episodes.get(state.drillId), round);
  const changed = [...reminded.changes, ...drill];

  const latest = new Map([...episodes, ...changed.map(({ next }) => [next.id, next] as const)]);
  const sighted = decideSight(state, sight, [...latest.values()], nowMs);
  const units = decided.flatMap(({ groupId, memory }): [LongId, UnitMemory][] =>
    memory === null ? [] : [[groupId, memory]],
  );
  return {
    next: {
      ...state,
      lastReading: isComplete ? { asOfMs: sight.asOfMs, readAtMs: nowMs } : state.lastReading,
      blind: sighted.blind,
      blindMention: sighted.blindMention,
      blindFloor: sighted.blindFloor,
      units: Object.fromEntries(units),
      crossings: summary.crossings,
      summary: summary.summary,
    },
    episodes: changed,
    events: [
      ...(isFirst ? [began(sight.units, changed.filter(isOpening).length, rules, nowMs)] : []),
      ...sighted.events,
      ...summary.events,
      ...reminded.events,
      ...decided.flatMap(({ events }) => events),
    ],
  };
}

export function firstState(nowMs: number): WatchState {
  return {
    schema: 1,
    revision: 0,
    beganAtMs: nowMs,
    lastReading: null,
    blind: null,
    blindMention: null,
    units: {},
    crossings: [],
    summary: null,
    drillId: null,
    digest: null,
    audit: { sequence: 0, seal: '' },
  };
}

function look({ observation, closedUnits }: WatchRound, { lastReading, units: known }: WatchState): Sight {
  if (observation.kind === 'failed') {
    const { cause, why } = observation;
    return { units: [], asOfMs: 0, trouble: { cause, why } };
  }
  const { units, asOfMs } = observation;
  if (lastReading !== null && asOfMs <= lastReading.asOfMs)
    return {
      units: [],
      asOfMs,
      trouble: { cause: 'stale', why: 'the answer is not newer than the last one' },
    };
  if (observation.kind === 'incomplete')
    return { units, asOfMs, trouble: { cause: 'incomplete', why: observation.why } };
  // Only if each unit that was ever read is closed, an empty list is what it says.
  const allClosed = lastReading !== null && Object.keys(known).every((id) => closedUnits.has(id as LongId));
  if (units.length === 0 && !allClosed)
    return { units, asOfMs, trouble: { cause: 'empty', why: 'the answer lists no units' } };
  return { units, asOfMs, trouble: null };
}

function began(
  units: readonly RiskUnit[],
  alerts: number,
  { levels }: WatchRules,
  nowMs: number,
): WatchEvent {
  const ltvs = units.map(decisiveLtv);
  const atLevel = ltvs.filter((ltv) => levels.some((level) => isReached(level, ltv))).length;
  return { type: 'began', units: units.length, atLevel, alerts, atMs: nowMs };
}

/**
 * Blindness is told after two minutes, once more when not one unit can be read, and again when a quiet telling may be
 * loud. That it reads again is told at once, and then not for a quarter of an hour: what is true by then is told, with how
 * often it came and went. Until then people know it as blind.
 */
function decideSight(
  { blind: before, blindMention, blindFloor }: WatchState,
  { trouble, units }: Sight,
  episodes: readonly Episode[],
  nowMs: number,
): Pick<WatchState, 'blind' | 'blindMention' | 'blindFloor'> & { readonly events: readonly WatchEvent[] } {
  const floor = blindFloor ?? null;
  const isOver = floor !== null && Math.abs(nowMs - floor.sinceMs) >= BLIND_FLOOR_MS;
  const unsaid = floor?.unsaid ?? null;
  const cameAndWent = (times: number) =>
    (floor && unsaid && { cameAndWent: { times, sinceMs: floor.sinceMs } }) ?? {};
  const restarted = { sinceMs: nowMs, times: 0, unsaid: null };
  if (trouble === null) {
    const told = before?.told ?? unsaid;
    const times = (floor?.times ?? 0) + (before === null ? 0 : 1);
    if (floor !== null && !isOver)
      return { blind: null, blindMention, blindFloor: { ...floor, times, unsaid: told }, events: [] };
    if (told === null) return { blind: null, blindMention, blindFloor: null, events: [] };
    const sinceMs = before?.sinceMs ?? floor?.sinceMs ?? nowMs;
    const event = { type: 'seeing-again', sinceMs, ...cameAndWent(times), atMs: nowMs } as const;
    return { blind: null, blindMention, blindFloor: restarted, events: [event] };
  }
  const sinceMs = before?.sinceMs ?? nowMs;
  const isLong = nowMs - sinceMs >= BLIND_TOLD_AFTER_MS;
  const told = before?.told ?? (isLong ? unsaid : null);
  const noneSinceMs = units.length > 0 ? null : before === null ? nowMs : (before.noneSinceMs ?? nowMs);
  const isNone =
    told?.isNone === true || (noneSinceMs !== null && nowMs - noneSinceMs >= BLIND_TOLD_AFTER_MS);
  const isRecent =
    blindMention !== null &&
    (blindMention.isNone || !isNone) &&
    Math.abs(nowMs - blindMention.atMs) < BLIND_FLOOR_MS;
  const kept = isOver && unsaid === null ? null : floor;
  const isDue =
    isLong &&
    (told === null || isNone !== told.isNone || !(told.mention || isRecent) || (isOver && unsaid !== null));
  const blind = { sinceMs, ...trouble, noneSinceMs, told };
  if (!isDue) return { blind, blindMention, blindFloor: kept, events: [] };
  const mention = !isRecent;
  const openCases = episodes.filter(
    ({ state, level, drill }) => state === 'open' && isCaseLevel(level) && drill === null,
  ).length;
  return {
    blind: { ...blind, told: { isNone, mention } },
    blindMention: mention ? { atMs: nowMs, isNone } : blindMention,
    blindFloor: unsaid === null ? kept : restarted,
    events: [
      {
        ...{ type: 'blind', sinceMs, ...trouble, openCases, mention },
        ...cameAndWent(floor?.times ?? 0),
        atMs: nowMs,
      },
    ],
  };
}
