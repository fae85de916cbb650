/**
 * One round of the watch over all units, as a pure function. A reading is complete or it makes nothing better; the steps
 * that time brings happen in every round, also when nothing could be read.
 */
import type { LongId } from '../amount.ts';
import { decisiveLtv, type RiskUnit } from '../unit/risk-unit.ts';
import { endDrill } from './case-rule.ts';
import { LONGEST_DRILL_MS } from './drill.ts';
import type { Episode } from './episode.ts';
import { passTime } from './episode-time.ts';
import { isCaseLevel, isCriticalLevel, isReached, severityOf } from './levels.ts';
import { type Changed, decideUnit } from './unit-rule.ts';
import type { UnitMemory, WatchChange, WatchEvent, WatchRound, WatchRules, WatchState } from './watch.ts';

const BLIND_TOLD_AFTER_MS = 2 * 60_000;

type Blindness = NonNullable<WatchState['blind']>;

/** What the observation is worth. `trouble`: null if it is complete. */
interface Sight {
  readonly units: readonly RiskUnit[];
  readonly asOfMs: number;
  readonly trouble: Pick<Blindness, 'cause' | 'why'> | null;
}

export function decideRound(round: WatchRound): WatchChange {
  const { nowMs, rules, episodes } = round;
  const before = round.state ?? firstState(nowMs);
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
  const drill = decideDrill(state.drillId === null ? undefined : episodes.get(state.drillId), round);
  const changed = [...summary.changes, ...drill];

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
      units: Object.fromEntries(units),
      crossings: summary.crossings,
      summary: summary.summary,
    },
    episodes: changed.map(({ next, isNew, events }) => ({ next, isNew, events })),
    events: [
      ...(isFirst ? [began(sight.units, rules, nowMs)] : []),
      ...sighted.events,
      ...summary.events,
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

function began(units: readonly RiskUnit[], { levels }: WatchRules, nowMs: number): WatchEvent {
  const ltvs = units.map(decisiveLtv);
  const atLevel = ltvs.filter((ltv) => levels.some((level) => isReached(level, ltv))).length;
  return { type: 'began', units: units.length, atLevel, atMs: nowMs };
}

function decideSight(
  { blind: before }: WatchState,
  { trouble }: Sight,
  episodes: readonly Episode[],
  nowMs: number,
): { readonly blind: WatchState['blind']; readonly events: readonly WatchEvent[] } {
  if (trouble === null) {
    const isTold = before !== null && before.toldAtMs !== null;
    return {
      blind: null,
      events: isTold ? [{ type: 'seeing-again', sinceMs: before.sinceMs, atMs: nowMs }] : [],
    };
  }
  const { sinceMs, toldAtMs } = before ?? { sinceMs: nowMs, toldAtMs: null };
  const isDue = toldAtMs === null && nowMs - sinceMs >= BLIND_TOLD_AFTER_MS;
  if (!isDue) return { blind: { sinceMs, ...trouble, toldAtMs }, events: [] };
  const openCases = episodes.filter(
    ({ state, level, drill }) => state === 'open' && isCaseLevel(level) && drill === null,
  ).length;
  return {
    blind: { sinceMs, ...trouble, toldAtMs: nowMs },
    events: [{ type: 'blind', sinceMs, ...trouble, openCases, atMs: nowMs }],
  };
}

function decideDrill(drill: Episode | undefined, round: WatchRound): Changed[] {
  if (drill?.state !== 'open') return [];
  const { rules, nowMs, undeliveredSinceMs } = round;
  const from = { next: drill, events: [] };
  const isOver = nowMs - drill.openedAtMs >= LONGEST_DRILL_MS;
  const time = { rules, nowMs, undeliveredSinceMs: undeliveredSinceMs.get(drill.id) ?? null };
  const step = isOver ? endDrill(from, null, nowMs) : passTime(from, time);
  return step.next === drill ? [] : [{ ...step, isNew: false, isCrossing: false }];
}

const SUMMARY_WITHIN_MS = 60_000;
const SUMMARY_FROM = 3;

/**
 * Three units that open or worsen within a minute are one message. It mentions people for those it names; cards that
 * open in the minute after it are in its thread, too, and mention people only at a critical level.
 */
function summarise(
  state: WatchState,
  episodes: ReadonlyMap<string, Episode>,
  changes: readonly Changed[],
  { levels }: WatchRules,
  nowMs: number,
): Pick<WatchState, 'crossings' | 'summary'> & {
  readonly changes: readonly Changed[];
  readonly events: readonly WatchEvent[];
} {
  const isRecent = ({ atMs }: { readonly atMs: number }) => Math.abs(nowMs - atMs) < SUMMARY_WITHIN_MS;
  const fresh = changes.filter(({ isCrossing }) => isCrossing).map(({ next }) => next.id);
  const crossings = [
    ...state.crossings.filter((each) => isRecent(each) && !fresh.includes(each.episodeId)),
    ...fresh.map((episodeId) => ({ episodeId, atMs: nowMs })),
  ];
  if (fresh.length === 0 || crossings.length < SUMMARY_FROM) {
    const { summary } = state;
    const joined =
      summary !== null && isRecent(summary)
        ? changes.map((each) =>
            each.isNew ? under(each, summary.id, isCriticalLevel(each.next.level)) : each,
          )
        : changes;
    return { crossings, summary, changes: joined, events: [] };
  }
  const id = `summary-${nowMs}`;
  const named = crossings.flatMap(({ episodeId }) => {
    const episode = changes.find(({ next }) => next.id === episodeId)?.next ?? episodes.get(episodeId);
    if (episode === undefined) return [];
    return { id: episodeId, groupId: episode.groupId, level: episode.level, ltv: episode.figures.ltv };
  });
  named.sort((a, b) => severityOf(levels, b.level) - severityOf(levels, a.level));
  return {
    crossings: [],
    summary: { id, atMs: nowMs, message: null },
    changes: changes.map((each) => (each.isCrossing ? under(each, id, false) : each)),
    events: [{ type: 'summary', id, episodes: named, atMs: nowMs }],
  };
}

/** The card of a new episode goes into the summary's thread; an older one keeps its place. */
function under(change: Changed, summaryId: string, mention: boolean): Changed {
  const events = change.events.map((event) => {
    if (event.type === 'opened') return { ...event, summaryId, mention };
    return event.type === 'worsened' ? { ...event, mention } : event;
  });
  return { ...change, next: change.isNew ? { ...change.next, summaryId } : change.next, events };
}
