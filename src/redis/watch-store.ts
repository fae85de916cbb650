/**
 * The watch in Redis. The rule is in domain/watch; here one script makes a step durable if nothing changed in between:
 * the watch's record, episodes, audit entries and messages together, or nothing. Ended episodes are kept for good, as
 * requests are, so that their part of the trail can be verified; the index lists the newest ones.
 */

import { isSameEntry, type NewestEntry, NO_ENTRY, subjectOf } from '../domain/audit-chain.ts';
import { subjectKindOf, WATCH_ID } from '../domain/subject.ts';
import type { Episode } from '../domain/watch/episode.ts';
import type { WatchState } from '../domain/watch/watch.ts';
import { type SealedChange, sealWatchChange } from '../domain/watch/watch-entry.ts';
import { type NewestOfRecord, UnreadableRecord } from '../usecases/ports.ts';
import type { StoredWatch, WatchRecords, WatchSave, WatchStore } from '../usecases/watch-ports.ts';
import { textOf } from './audit-log.ts';
import { ALERT_REDRAW_TEXT, encodeNotices } from './outbox-item.ts';
import { eachOrUnreadable, isStored, NO_RECORD, orUnreadable, type StoredRecord } from './record-codec.ts';
import {
  COMMAND_REMEMBERED_MS,
  newestEntryIn,
  newestEntryText,
  RedisRecordStore,
  throwIfOlder,
} from './record-store.ts';
import { episodeCodec, watchCodec } from './watch-record.ts';

/** The records of older episodes stay, and are found by their id. */
const EPISODES_LISTED = 1_000;

/** What save-watch.lua answers. */
const SAVED = 1;
const CONFLICT = 0;
const SEAL_AGAIN = -1;

export class RedisWatchStore extends RedisRecordStore implements WatchStore, WatchRecords {
  /** The token tells a re-sent command from another caller's. */
  async takeRound(everyMs: number): Promise<string | null> {
    const token = this.newId();
    const taken = await this.connection.run('takeRound', (client) =>
      client.takeToken(this.keys.watchRound, token, everyMs),
    );
    return taken === 1 ? token : null;
  }

  async giveBackRound(token: string, afterMs: number): Promise<void> {
    await this.connection.script('releaseToken', this.keys.watchRound, token, afterMs);
  }

  async load(): Promise<StoredWatch> {
    const keys = this.keys;
    const [nowMs, newestText, record, ...found] = await this.connection.script(
      'loadWatch',
      keys.record(WATCH_ID),
      keys.watchNewest,
      keys.recordStem,
      keys.outboxStem,
    );
    this.clock.believe(nowMs);
    const episodes = new Map<string, Episode>();
    const unreadable = new Map<string, UnreadableRecord>();
    const newestOfWatch = newestEntryIn(newestText);
    const newest = new Map([[WATCH_ID, newestOfWatch]]);
    const undeliveredSinceMs = new Map(
      found.flatMap(([id, , sinceMs]) => (sinceMs === '' ? [] : [[id, Number(sinceMs)] as const])),
    );
    const loaded = { episodes, unreadable, newest, undeliveredSinceMs, nowMs };
    if (!isStored(record)) return { ...loaded, watch: null, stored: '' };
    const { value, stored } = watchCodec.decode(this.recordSeals, WATCH_ID, record);
    const { save: _, newest: named = {}, ...watch } = value;
    throwIfOlder(WATCH_ID, watch.audit, newestOfWatch);
    const records = new Map(found.map(([id, ofEpisode]) => [id, ofEpisode]));
    for (const id of episodeIdsOf(watch)) {
      const episode = this.#newestOf(id, records.get(id) ?? NO_RECORD, named[id]);
      if (episode instanceof UnreadableRecord) unreadable.set(id, episode);
      else episodes.set(id, episode);
      const audit = episode instanceof UnreadableRecord ? named[id] : episode.audit;
      if (audit !== undefined) newest.set(id, audit);
    }
    return { ...loaded, watch, stored };
  }

  /** `named`: its newest entry, by the watch's record; undefined: that names none. Throws if that record is the older one. */
  #newestOf(id: string, record: StoredRecord, named: NewestEntry | undefined): Episode | UnreadableRecord {
    const episode = orUnreadable(() => episodeCodec.decode(this.recordSeals, id, record).value);
    if (episode instanceof UnreadableRecord || named === undefined) return episode;
    if (isSameEntry(episode.audit, named)) return episode;
    const [ends, names] = [episode.audit.sequence, named.sequence];
    if (names < ends)
      throw new UnreadableRecord(
        WATCH_ID,
        `it isn't the newest: it names entry ${names} of case ${id}, whose record ends at entry ${ends}`,
      );
    return new UnreadableRecord(
      id,
      `it isn't the newest: it ends at entry ${ends} of its audit trail, the watch's record names entry ${names}`,
    );
  }

  async save(change: WatchSave): Promise<'saved' | 'conflict'> {
    // The chain goes on where it was, so that a record that was lost or deleted doesn't break the trail for good.
    const from = change.from.watch ?? { revision: 0, audit: change.from.newest.get(WATCH_ID) ?? NO_ENTRY };
    const commandId = this.newId();
    return this.openings.chain<'saved' | 'conflict'>(async (lastOpening) => {
      const sealed = sealWatchChange(change, from, lastOpening, this.auditKey);
      const command = this.#commandOf(change, sealed, lastOpening, commandId);
      const [status, what = ''] = await this.connection.script('saveWatch', ...command);
      if (status === SAVED) return { newest: sealed.lastOpening, value: 'saved' };
      if (status === CONFLICT) return { newest: lastOpening, value: 'conflict' };
      if (status !== SEAL_AGAIN) throw new Error(`the id ${what} was used for an episode before`);
      return { newest: what };
    });
  }

  #commandOf(
    change: WatchSave,
    { entries, watch, episodes, lastOpening: openingAfter }: SealedChange,
    lastOpening: string,
    commandId: string,
  ): (string | number)[] {
    const keys = this.keys;
    // Names the save: after a failover that lost the last ones, a revision alone may come twice.
    const newest = new Map([...change.from.newest, ...episodes.map(({ id, audit }) => [id, audit] as const)]);
    const named = episodeIdsOf(watch).flatMap((id) => {
      const entry = newest.get(id);
      return entry === undefined ? [] : [[id, entry] as const];
    });
    const record = watchCodec.encode(WATCH_ID, {
      ...watch,
      save: commandId,
      newest: Object.fromEntries(named),
    });
    return [
      keys.record(WATCH_ID),
      keys.audit,
      keys.lastOpening,
      keys.watchNewest,
      keys.outboxDue,
      keys.episodes,
      keys.command(commandId),
      change.from.stored,
      lastOpening,
      openingAfter,
      watchCodec.schema,
      record,
      this.recordSeals.seal(WATCH_ID, record),
      episodeIdsOf(watch).join(' '),
      newestEntryText(watch.audit),
      COMMAND_REMEMBERED_MS,
      keys.recordStem,
      keys.outboxStem,
      EPISODES_LISTED,
      ALERT_REDRAW_TEXT,
      entries.length,
      ...entries.flatMap((entry) => [
        subjectOf(entry.body),
        textOf(entry),
        entry.previousSeal,
        entry.seal,
        entry.body.sequence === 1 ? '1' : '',
      ]),
      episodes.length,
      ...episodes.flatMap((episode) => this.#storedEpisode(episode)),
      ...this.#notices(change, commandId),
    ];
  }

  #storedEpisode(episode: Episode): (string | number)[] {
    const record = episodeCodec.encode(episode.id, episode);
    const seal = this.recordSeals.seal(episode.id, record);
    return [episode.id, episodeCodec.schema, record, seal, episode.openedAtMs];
  }

  /** Subject ids and notices in turn. */
  #notices({ from, episodes, notices }: WatchSave, commandId: string): string[] {
    const lines = [
      { id: WATCH_ID, notices },
      ...episodes.map((change) => ({ id: change.next.id, notices: change.notices })),
    ];
    return lines.flatMap((line) =>
      encodeNotices(this.noticeSeals, line.id, `${commandId}.`, from.nowMs, line.notices).flatMap(
        (stored) => [line.id, stored],
      ),
    );
  }

  async episode(id: string): Promise<{ readonly episode: Episode; readonly nowMs: number } | null> {
    const [nowMs, record] = await this.#loaded(id);
    if (!isStored(record)) return null;
    const { value } = episodeCodec.decode(this.recordSeals, id, record);
    return { episode: value, nowMs: this.clock.believe(nowMs) };
  }

  async recentEpisodes(limit: number): Promise<readonly Episode[]> {
    const { episodes, recordStem } = this.keys;
    const answer = await this.connection.script(
      'listRequests',
      episodes,
      recordStem,
      'newest-first',
      '+inf',
      limit,
    );
    return answer.flatMap(([id, record]) => this.#readable(id, record) ?? []);
  }

  #readable(id: string, record: StoredRecord): Episode | null {
    const episode = orUnreadable(() => episodeCodec.decode(this.recordSeals, id, record).value);
    if (!(episode instanceof UnreadableRecord)) return episode;
    this.log.error({ episodeId: id, why: episode.message }, 'episode unreadable');
    return null;
  }

  episodeIds(): Promise<readonly string[]> {
    return this.connection.run('zrange', (client) => client.zrange(this.keys.episodes, '0', '-1'));
  }

  async newestEntries(subjectIds: readonly string[]): Promise<readonly NewestOfRecord[]> {
    if (subjectIds.length === 0) return [];
    const { episodes, recordStem } = this.keys;
    const records = await this.connection.script('loadRecords', episodes, recordStem, ...subjectIds);
    return eachOrUnreadable(subjectIds, records, (id, record) => {
      const codec = subjectKindOf(id) === 'watch' ? watchCodec : episodeCodec;
      return codec.decode(this.recordSeals, id, record).value.audit;
    });
  }

  #loaded(subjectId: string): Promise<[nowMs: number, record: StoredRecord]> {
    return this.connection.script('loadRequest', this.keys.record(subjectId));
  }
}

/** The newest episode of every unit, and the drill. */
function episodeIdsOf({ units, drillId }: WatchState): string[] {
  return [...Object.values(units).map(({ episodeId }) => episodeId), drillId].flatMap((id) => id ?? []);
}
