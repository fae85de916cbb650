/**
 * The only way to change what the watch remembers and its cases: load, decide, save if nothing changed meanwhile, else
 * start again. After each change with messages, they are delivered at once.
 */

import { done, type Result, refuse } from '../domain/refusal.ts';
import { WATCH_ID } from '../domain/subject.ts';
import { decideCase } from '../domain/watch/case-rule.ts';
import type { Episode, EpisodeCommand } from '../domain/watch/episode.ts';
import type { WatchChange } from '../domain/watch/watch.ts';
import { episodeNotices, watchNotices } from '../domain/watch/watch-notices.ts';
import type { AlertBook, StoredWatch, WatchEvents, WatchStore } from './watch-ports.ts';

/** Of several replicas, one succeeds in each round of attempts. */
const ATTEMPTS_AT_MOST = 20;

/** May be called several times; a refusal stores nothing. */
export type DecideWatch = (stored: StoredWatch) => Result<WatchChange> | Promise<Result<WatchChange>>;

export interface WatchBook extends AlertBook {
  /** Decides on what is stored now, or on `first`, a copy that was just loaded. Returns what was stored. */
  apply(decide: DecideWatch, first?: StoredWatch): Promise<Result<WatchChange>>;
  /**
   * `caseId`: as stored. Who may do it has been checked. `isStillSo`: what the command rests on; where it no longer
   * holds, nothing is stored. Throws UnreadableRecord.
   */
  applyToCase(
    caseId: string,
    command: EpisodeCommand,
    isStillSo?: (episode: Episode) => boolean,
  ): Promise<Result<Episode>>;
}

export interface WatchBookParts {
  readonly store: WatchStore;
  readonly events: Pick<WatchEvents, 'alertRaised'>;
  /** Delivers the messages of this episode, or of the watch. */
  readonly afterChange: (subjectId: string) => void;
}

export function createWatchBook({ store, events, afterChange }: WatchBookParts): WatchBook {
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: only other replicas save in between. */
  function apply(decide: DecideWatch, first?: StoredWatch): Promise<Result<WatchChange>> {
    const applied = last.then(() => applyNow(decide, first));
    last = applied.catch(() => {});
    return applied;
  }

  async function applyNow(decide: DecideWatch, first?: StoredWatch): Promise<Result<WatchChange>> {
    let stored = first ?? (await store.load());
    for (let attempt = 0; attempt < ATTEMPTS_AT_MOST; attempt += 1) {
      const decided = await decide(stored);
      if (!decided.ok) return decided;
      const change = decided.value;
      const episodes = change.episodes.map((each) => ({ ...each, notices: episodeNotices(each) }));
      const saved = await store.save({
        from: stored,
        next: { ...change.next, revision: (stored.watch?.revision ?? 0) + 1 },
        episodes,
        events: change.events,
        notices: change.events.flatMap(watchNotices),
      });
      if (saved === 'saved') {
        report(change);
        for (const { next, notices } of episodes) if (notices.length > 0) afterChange(next.id);
        if (change.events.length > 0) afterChange(WATCH_ID);
        return decided;
      }
      stored = await store.load();
    }
    return refuse({ code: 'changed-meanwhile' });
  }

  function report({ episodes }: WatchChange): void {
    for (const event of episodes.flatMap((each) => each.events)) {
      if (event.type === 'opened' && !event.drill) events.alertRaised(event.level);
      if (event.type === 'worsened') events.alertRaised(event.to);
    }
  }

  async function findCase(caseId: string, { episodes, unreadable }: StoredWatch): Promise<Episode | null> {
    const why = unreadable.get(caseId);
    if (why !== undefined) throw why;
    return episodes.get(caseId) ?? (await store.episode(caseId))?.episode ?? null;
  }

  async function applyToCase(
    caseId: string,
    command: EpisodeCommand,
    isStillSo: (episode: Episode) => boolean = () => true,
  ): Promise<Result<Episode>> {
    const applied = await apply(async (stored) => {
      const episode = await findCase(caseId, stored);
      if (episode === null) return refuse({ code: 'case-not-found', caseId });
      if (stored.watch === null) return refuse({ code: 'watch-not-begun' });
      if (!isStillSo(episode)) return refuse({ code: 'changed-meanwhile' });
      const decided = decideCase(episode, command, stored.nowMs);
      if (!decided.ok) return decided;
      const { next, events: caseEvents } = decided.value;
      return done({
        next: stored.watch,
        episodes: [{ next, events: caseEvents }],
        events: [],
      });
    });
    if (!applied.ok) return applied;
    const [changed] = applied.value.episodes;
    return changed === undefined ? refuse({ code: 'case-not-found', caseId }) : done(changed.next);
  }

  return {
    apply,
    applyToCase,
    async recordAlertCard(episodeId, card) {
      throwIfNotSaved(await applyToCase(episodeId, { type: 'record-card', card }));
    },
    async recordSummary(summaryId, message) {
      const recorded = await apply(({ watch }) => {
        if (watch === null || watch.summary?.id !== summaryId) return refuse({ code: 'nothing-changed' });
        return done({ next: { ...watch, summary: { ...watch.summary, message } }, episodes: [], events: [] });
      });
      throwIfNotSaved(recorded);
    },
    async summaryMessage(summaryId) {
      const summary = (await store.load()).watch?.summary ?? null;
      return summary?.id === summaryId ? summary.message : null;
    },
  };
}

/** The message then stays in the outbox, and the next attempt finds it by its key instead of posting it again. */
function throwIfNotSaved(result: Result<unknown>): void {
  if (!result.ok && result.refusal.code === 'changed-meanwhile')
    throw new Error('the place of a message was not recorded: others save at the same time');
}
