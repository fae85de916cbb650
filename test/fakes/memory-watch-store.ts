/** The watch's store in memory: the same promises as the Redis one, on the same trail and outbox as close requests. */

import type { NewestEntry } from '../../src/domain/audit-chain.ts';
import { WATCH_ID } from '../../src/domain/subject.ts';
import type { Episode, EpisodeChange } from '../../src/domain/watch/episode.ts';
import type { WatchEvent, WatchState } from '../../src/domain/watch/watch.ts';
import type { UnreadableRecord } from '../../src/usecases/ports.ts';
import type { StoredWatch, WatchRecords, WatchSave, WatchStore } from '../../src/usecases/watch-ports.ts';
import type { MemoryOutbox } from './memory-outbox.ts';
import type { MemoryTrail } from './memory-trail.ts';

const NOTHING: NewestEntry = { sequence: 0, seal: '' };

export class MemoryWatchStore implements WatchStore, WatchRecords {
  readonly #now: () => number;
  readonly #outbox: MemoryOutbox;
  readonly #trail: MemoryTrail;
  readonly #episodes = new Map<string, Episode>();
  /** Records that can't be read, by id. */
  readonly unreadable = new Map<string, UnreadableRecord>();
  #watch: WatchState | null = null;
  #stored = '';
  #saves = 0;
  #newest = NOTHING;
  #roundUntilMs = Number.NEGATIVE_INFINITY;
  #rounds = 0;

  constructor(parts: { now: () => number; outbox: MemoryOutbox; trail: MemoryTrail }) {
    this.#now = parts.now;
    this.#outbox = parts.outbox;
    this.#trail = parts.trail;
  }

  async takeRound(everyMs: number): Promise<string | null> {
    if (this.#now() < this.#roundUntilMs) return null;
    this.#roundUntilMs = this.#now() + everyMs;
    this.#rounds += 1;
    return `${this.#rounds}`;
  }

  async giveBackRound(token: string, afterMs: number): Promise<void> {
    if (token === `${this.#rounds}`) this.#roundUntilMs = Math.min(this.#roundUntilMs, this.#now() + afterMs);
  }

  async load(): Promise<StoredWatch> {
    const own = this.unreadable.get(WATCH_ID);
    if (own !== undefined) throw own;
    const newest = Object.values(this.#watch?.units ?? {}).map(({ episodeId }) => episodeId);
    const ids = [...newest, this.#watch?.drillId].flatMap((id) => id ?? []);
    const undelivered = ids.flatMap((id) => {
      const waiting = this.#outbox
        .undelivered(id)
        .filter(({ origin, notice }) => origin !== 'kept' && notice.kind !== 'alert-direct');
      const times = waiting.map(({ createdAtMs }) => createdAtMs);
      return times.length === 0 ? [] : [[id, Math.min(...times)] as const];
    });
    return {
      watch: structuredClone(this.#watch),
      stored: this.#stored,
      episodes: new Map(ids.filter((id) => !this.unreadable.has(id)).flatMap((id) => this.#pair(id))),
      unreadable: new Map([...this.unreadable].filter(([id]) => ids.includes(id))),
      newest: new Map([
        [WATCH_ID, this.#newest],
        ...ids.flatMap((id) => this.#pair(id)).map(([id, { audit }]) => [id, audit] as const),
      ]),
      undeliveredSinceMs: new Map(undelivered),
      nowMs: this.#now(),
    };
  }

  #pair(id: string): [string, Episode][] {
    const episode = this.peek(id);
    return episode === null ? [] : [[id, episode]];
  }

  async save(change: WatchSave): Promise<'saved' | 'conflict'> {
    if (change.from.stored !== this.#stored) return 'conflict';
    const { next, episodes, events, notices } = change;
    const taken = episodes.find(({ next: { id, audit } }) => audit.sequence === 0 && this.#episodes.has(id));
    if (taken !== undefined) throw new Error(`the id ${taken.next.id} was used for an episode before`);
    for (const event of events) this.#newest = this.#writeOwn(next, event);
    this.#watch = structuredClone({
      ...next,
      revision: (change.from.watch?.revision ?? 0) + 1,
      audit: this.#newest,
    });
    this.#saves += 1;
    this.#stored = JSON.stringify({ ...this.#watch, save: this.#saves });
    const first = events[0] ?? episodes.find((each) => each.events.length > 0)?.events[0];
    const decidedAtMs = first?.atMs ?? next.lastReading?.readAtMs ?? next.beganAtMs;
    this.#outbox.add(WATCH_ID, `${this.#saves}.`, decidedAtMs, notices);
    for (const each of episodes) {
      this.#episodes.set(each.next.id, structuredClone({ ...each.next, audit: this.#writeEvents(each) }));
      this.#outbox.add(each.next.id, `${this.#saves}.`, decidedAtMs, each.notices);
    }
    return 'saved';
  }

  #writeOwn({ blind }: WatchState, event: WatchEvent): NewestEntry {
    const sequence = this.#newest.sequence + 1;
    const stateAfter = blind === null ? 'seeing' : 'blind';
    const seal = this.#trail.write(
      (previousOpening) => ({ watch: true, sequence, previousOpening, stateAfter, event }),
      sequence,
      this.#newest.seal,
    );
    return { sequence, seal };
  }

  #writeEvents({ next: episode, events }: EpisodeChange): NewestEntry {
    let newest: NewestEntry = episode.audit;
    for (const event of events) {
      const sequence = newest.sequence + 1;
      const { id: episodeId, groupId, state: stateAfter, level: levelAfter } = episode;
      const seal = this.#trail.write(
        (previousOpening) => {
          const place = { sequence, previousOpening };
          return { episodeId, groupId, ...place, stateAfter, levelAfter, event };
        },
        sequence,
        newest.seal,
      );
      newest = { sequence, seal };
    }
    return newest;
  }

  async episode(id: string): Promise<{ readonly episode: Episode; readonly nowMs: number } | null> {
    const episode = this.peek(id);
    return episode === null ? null : { episode, nowMs: this.#now() };
  }

  async recentEpisodes(limit: number): Promise<readonly Episode[]> {
    const newestFirst = [...this.#episodes.values()].sort(
      (a, b) => b.openedAtMs - a.openedAtMs || (a.id < b.id ? 1 : -1),
    );
    return structuredClone(newestFirst.slice(0, limit));
  }

  async episodeIds(): Promise<readonly string[]> {
    return [...this.#episodes.keys()];
  }

  async newestEntries(subjectIds: readonly string[]): Promise<readonly (NewestEntry | null)[]> {
    return subjectIds.map((id) => (id === WATCH_ID ? this.#watch : this.#episodes.get(id))?.audit ?? null);
  }

  peek(id: string): Episode | null {
    return structuredClone(this.#episodes.get(id) ?? null);
  }

  /** As when Redis lost the watch's record and nothing else. */
  loseRecord(): void {
    this.#watch = null;
    this.#stored = '';
  }
}
