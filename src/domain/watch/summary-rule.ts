/** What happens to three or more units at about the same time is one message; the single ones are quiet. */
import type { Episode, EpisodeChange, EpisodeEvent } from './episode.ts';
import { isCriticalLevel, severityOf } from './levels.ts';
import type { NamedEpisode, WatchEvent, WatchRules, WatchState } from './watch.ts';

const SUMMARY_WITHIN_MS = 60_000;
const SUMMARY_FROM = 3;

interface Summarised {
  readonly changes: readonly EpisodeChange[];
  readonly events: readonly WatchEvent[];
}

/**
 * Openings and worsenings of one minute. The summary mentions people for those it names. What follows in the minute after
 * it is added to it, and mentions people only at a critical level.
 */
export function summarise(
  state: WatchState,
  episodes: ReadonlyMap<string, Episode>,
  changes: readonly EpisodeChange[],
  rules: WatchRules,
  nowMs: number,
): Summarised & Pick<WatchState, 'crossings' | 'summary'> {
  const isRecent = ({ atMs }: { readonly atMs: number }) => Math.abs(nowMs - atMs) < SUMMARY_WITHIN_MS;
  const running = state.summary !== null && isRecent(state.summary) ? state.summary : null;
  const fresh = changes.filter(isCrossing).map(({ next }) => next.id);
  const crossings = [
    ...state.crossings.filter((each) => isRecent(each) && !fresh.includes(each.episodeId)),
    ...fresh.map((episodeId) => ({ episodeId, atMs: nowMs })),
  ];
  if (fresh.length === 0 || (running === null && crossings.length < SUMMARY_FROM))
    return { crossings, summary: state.summary, changes, events: [] };
  const { id, atMs, message } = running ?? { id: `summary-${nowMs}`, atMs: nowMs, message: null };
  const added = crossings.map(({ episodeId }) => episodeId);
  const episodeIds = [...new Set([...(running?.episodeIds ?? []), ...added])];
  const latest = new Map([...episodes, ...changes.map(({ next }) => [next.id, next] as const)]);
  const named = namedWorstFirst(
    episodeIds.flatMap((episodeId) => latest.get(episodeId) ?? []),
    rules,
  );
  return {
    crossings: [],
    summary: { id, atMs, episodeIds, message },
    changes: changes.map((each) =>
      isCrossing(each) ? under(each, id, running !== null && isCriticalLevel(each.next.level)) : each,
    ),
    events: [{ type: 'summary', id, episodes: named, mention: running === null, atMs: nowMs }],
  };
}

/** Reminders of one round, and escalations. */
export function remindOnce(changes: readonly EpisodeChange[], rules: WatchRules, nowMs: number): Summarised {
  const events = (['repeated', 'escalated'] as const).flatMap((why): WatchEvent[] => {
    const reminded = changes.filter((each) => each.events.some(({ type }) => type === why));
    if (reminded.length < SUMMARY_FROM) return [];
    const episodes = namedWorstFirst(
      reminded.map(({ next }) => next),
      rules,
    );
    return [{ type: 'reminder', why, episodes, atMs: nowMs }];
  });
  const isSaid = ({ type }: EpisodeEvent) =>
    events.some((event) => event.type === 'reminder' && event.why === type);
  return {
    changes: changes.map((each) => ({
      ...each,
      events: each.events.map((event) =>
        isSaid(event) ? ({ ...event, mention: false } as EpisodeEvent) : event,
      ),
    })),
    events,
  };
}

function namedWorstFirst(episodes: readonly Episode[], { levels }: WatchRules): NamedEpisode[] {
  return episodes
    .map(({ id, groupId, level, figures, owner }) => ({
      ...{ id, groupId, level },
      ltv: figures.ltv,
      owner: owner?.by.userId ?? null,
    }))
    .sort((a, b) => severityOf(levels, b.level) - severityOf(levels, a.level));
}

/** An opening or worsening that is said loudly. */
function isCrossing({ events }: EpisodeChange): boolean {
  return events.some(({ type }) => type === 'opened' || type === 'worsened');
}

export function isOpening({ events }: EpisodeChange): boolean {
  return events.some(({ type }) => type === 'opened');
}

/** The card of a new episode goes into the summary's thread; an older one keeps its place. */
function under(change: EpisodeChange, summaryId: string, mention: boolean): EpisodeChange {
  const { next, events } = change;
  return {
    next: isOpening(change) ? { ...next, summaryId } : next,
    events: events.map((event) => {
      if (event.type === 'opened') return { ...event, summaryId, mention };
      return event.type === 'worsened' ? { ...event, mention } : event;
    }),
  };
}
