/** Episodes and changes of the watch to try stores with: plausible, and no more than stores look at. */
import { requestIdFrom } from '../../src/domain/request-id.ts';
import type { Episode, EpisodeEvent } from '../../src/domain/watch/episode.ts';
import type { EpisodeNotice, WatchEvent, WatchState } from '../../src/domain/watch/watch.ts';
import type { RuleBookStore } from '../../src/usecases/rule-book.ts';
import type { StoredWatch, WatchRecords, WatchSave, WatchStore } from '../../src/usecases/watch-ports.ts';
import { openCase } from '../support/episodes.ts';
import { newUnit, type StoreUnderTest } from './requests.ts';

export interface WatchUnderTest extends StoreUnderTest {
  readonly watch: WatchStore & WatchRecords;
  readonly ruleBook: RuleBookStore;
  /** As when Redis lost the watch's record and nothing else. */
  loseWatchRecord(): Promise<void>;
}

export function newEpisodeId(): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  return `C-${requestIdFrom(random).slice(0, 8)}`;
}

export function newEpisode(openedAtMs: number, changes: Partial<Episode> = {}): Episode {
  const audit = { sequence: 0, seal: '' };
  return openCase({ id: newEpisodeId(), groupId: newUnit(), openedAtMs, audit, ...changes });
}

export function began(atMs: number): WatchEvent {
  return { type: 'began', units: 1, atLevel: 0, alerts: 0, atMs };
}

export function opened({ level, figures }: Episode, atMs: number): EpisodeEvent {
  const quiet = { alreadySo: false, summaryId: null, drill: false, mention: true, by: null };
  return { type: 'opened', level, figures, ...quiet, atMs };
}

export function noted(text: string, atMs: number): EpisodeEvent {
  return { type: 'noted', by: { teamId: 'T_HOME', userId: 'U_ANN' }, text, atMs };
}

export const CARD_NOTICE: EpisodeNotice = { kind: 'alert-card', mention: true };

export function threadOf(event: EpisodeEvent): EpisodeNotice {
  return { kind: 'alert-thread', event, mention: false };
}

/** The state of a watch that knows the units of these episodes. */
export function stateWith(beganAtMs: number, ...episodes: readonly Episode[]): WatchState {
  return {
    schema: 1,
    revision: 0,
    beganAtMs,
    lastReading: { asOfMs: beganAtMs, readAtMs: beganAtMs },
    blind: null,
    blindMention: null,
    units: Object.fromEntries(episodes.map((episode) => [episode.groupId, memoryOf(episode)])),
    crossings: [],
    summary: null,
    drillId: null,
    digest: null,
    audit: { sequence: 0, seal: '' },
  };
}

function memoryOf({ id, level, openedAtMs }: Episode): WatchState['units'][string] {
  return {
    episodeId: id,
    since: { [level]: openedAtMs },
    belowSinceMs: null,
    toldAtMs: { [level]: openedAtMs },
    lastSeenAtMs: openedAtMs,
    missingSinceMs: null,
    missingToldAtMs: null,
    worstLtv: null,
    known: {
      principals: { USDT: '1' },
      borrowedToldAtMs: {},
      members: null,
      hourlyRates: null,
      lastForcedAtMs: 0,
    },
  };
}

/** What a round that opens these would save. */
export function opening(from: StoredWatch, ...episodes: readonly Episode[]): WatchSave {
  const { watch, nowMs } = from;
  const added = stateWith(nowMs, ...episodes);
  return {
    from,
    next: watch === null ? added : { ...watch, units: { ...watch.units, ...added.units } },
    events: watch === null ? [began(nowMs)] : [],
    notices: watch === null ? [{ kind: 'watch-message', event: began(nowMs), mention: false }] : [],
    episodes: episodes.map((next) => ({
      next,
      events: [opened(next, nowMs)],
      notices: [CARD_NOTICE],
    })),
  };
}

/** What a person's note would save. */
export function noting(from: StoredWatch, episodeId: string, text: string): WatchSave {
  const { watch, nowMs } = from;
  const episode = from.episodes.get(episodeId);
  if (watch === null || episode === undefined) throw new Error(`the watch knows no episode ${episodeId}`);
  const event = noted(text, nowMs);
  const by = { teamId: 'T_HOME', userId: 'U_ANN' };
  const notes = [...episode.notes, { by, text, atMs: nowMs }].slice(-20);
  const change = { next: { ...episode, notes }, events: [event], notices: [threadOf(event)] };
  return { from, next: watch, events: [], notices: [], episodes: [change] };
}

/** Saves a new episode, and gives it as stored. */
export async function openEpisode(store: WatchStore, changes: Partial<Episode> = {}): Promise<Episode> {
  const from = await store.load();
  const episode = newEpisode(from.nowMs, changes);
  if ((await store.save(opening(from, episode))) !== 'saved') throw new Error('conflict');
  return loadEpisode(store, episode.id);
}

export async function loadEpisode(store: WatchStore, id: string): Promise<Episode> {
  const found = await store.episode(id);
  if (found === null) throw new Error(`no episode ${id}`);
  return found.episode;
}
