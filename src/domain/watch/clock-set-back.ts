/**
 * The store's clock may be set back, by a failover of Redis: what is stored of a time ahead of it would hold up the watch
 * until then. Floors of messages take their distance from now instead, because "now" would begin them again.
 */
import { type Episode, LONGEST_MUTE_MS, ownedUntilMs } from './episode.ts';
import type { WatchState } from './watch.ts';

type Time = number | null;

/** Returns `state` with no time ahead of `nowMs`. */
export function stateByNow(state: WatchState, nowMs: number): WatchState {
  const past = <Ms extends Time>(atMs: Ms) => byNow(atMs, nowMs);
  const { lastReading, blind } = state;
  const units = Object.entries(state.units).map(([groupId, memory]) => [
    groupId,
    {
      ...memory,
      since: Object.fromEntries(Object.entries(memory.since).map(([key, atMs]) => [key, past(Number(atMs))])),
      belowSinceMs: past(memory.belowSinceMs),
      lastSeenAtMs: past(memory.lastSeenAtMs),
      missingSinceMs: past(memory.missingSinceMs),
      missingToldAtMs: past(memory.missingToldAtMs),
    },
  ]);
  return {
    ...state,
    beganAtMs: past(state.beganAtMs),
    lastReading: lastReading && { ...lastReading, readAtMs: past(lastReading.readAtMs) },
    blind: blind && { ...blind, sinceMs: past(blind.sinceMs), noneSinceMs: past(blind.noneSinceMs) },
    units: Object.fromEntries(units),
  };
}

/** The same for an episode; what has an end ends no later than it could if it began now. */
export function episodeByNow(episode: Episode, nowMs: number): Episode {
  const past = <Ms extends Time>(atMs: Ms) => byNow(atMs, nowMs);
  const { owner, mute } = episode;
  const next: Episode = {
    ...episode,
    levelSinceMs: past(episode.levelSinceMs),
    openedAtMs: past(episode.openedAtMs),
    reopenedAtMs: past(episode.reopenedAtMs),
    vanishedAtMs: past(episode.vanishedAtMs),
    unownedSinceMs: past(episode.unownedSinceMs),
    escalatedAtMs: past(episode.escalatedAtMs),
    owner: owner && {
      ...owner,
      sinceMs: past(owner.sinceMs),
      untilMs: Math.min(owner.untilMs, ownedUntilMs(episode, nowMs)),
    },
    mute: mute && { ...mute, untilMs: Math.min(mute.untilMs, nowMs + LONGEST_MUTE_MS) },
  };
  return JSON.stringify(next) === JSON.stringify(episode) ? episode : next;
}

function byNow<Ms extends Time>(atMs: Ms, nowMs: number): Ms | number {
  return atMs === null ? atMs : Math.min(atMs, nowMs);
}
