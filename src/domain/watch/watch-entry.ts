/** The audit entries of episodes and of the watch itself, chained like those of close requests. */

import type { LongId } from '../amount.ts';
import { type AuditBody, type AuditEntry, EntrySealer, type NewestEntry } from '../audit-chain.ts';
import type { Episode, EpisodeChange, EpisodeEvent } from './episode.ts';
import type { LevelKey } from './levels.ts';
import type { WatchChange, WatchEvent, WatchState } from './watch.ts';

export interface EpisodeBody extends AuditBody {
  readonly episodeId: string;
  readonly groupId: LongId;
  readonly stateAfter: Episode['state'];
  readonly levelAfter: LevelKey;
  readonly event: EpisodeEvent;
}

export interface WatchBody extends AuditBody {
  readonly watch: true;
  readonly stateAfter: 'seeing' | 'blind';
  readonly event: WatchEvent;
}

export interface SealedChange {
  /** In the order of writing: the watch's own, then each episode's. */
  readonly entries: readonly AuditEntry<EpisodeBody | WatchBody>[];
  /** With its newest entry and the next revision. */
  readonly watch: WatchState;
  /** With their newest entries. */
  readonly episodes: readonly Episode[];
  /** The newest opening after the change. */
  readonly lastOpening: string;
}

/** `from`: of the watch before the change; `lastOpening`: the newest opening of the whole trail. */
export function sealWatchChange(
  { next, episodes, events }: WatchChange,
  from: { readonly revision: number; readonly audit: NewestEntry },
  lastOpening: string,
  key: Uint8Array,
): SealedChange {
  const sealer = new EntrySealer<EpisodeBody | WatchBody>(lastOpening, key);

  function sealEpisode({ next: episode, events: happened }: EpisodeChange): Episode {
    const { id: episodeId, groupId, state: stateAfter, level: levelAfter } = episode;
    const audit = happened.reduce(
      (last, event) =>
        sealer.seal(last, (place) => ({ episodeId, groupId, ...place, stateAfter, levelAfter, event })),
      episode.audit,
    );
    return { ...episode, audit };
  }

  const stateAfter = next.blind === null ? 'seeing' : 'blind';
  const audit = events.reduce(
    (last, event) => sealer.seal(last, (place) => ({ watch: true, ...place, stateAfter, event })),
    from.audit,
  );
  const watch = { ...next, revision: from.revision + 1, audit };
  const changed = episodes.map(sealEpisode);
  return { entries: sealer.entries, watch, episodes: changed, lastOpening: sealer.lastOpening };
}
