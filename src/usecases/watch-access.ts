/**
 * The people of the watch. Cases are for anybody with a role or in WATCH_GROUP, full members of the home team only. An
 * owner who is none any longer loses theirs, and all of WATCH_GROUP hears directly of what the watch can't read of its
 * own: its channel would hear of it late or never.
 */

import type { Person, PersonId } from '../domain/person.ts';
import { type Result, refuse } from '../domain/refusal.ts';
import { subjectField } from '../domain/subject.ts';
import type { Access } from './access.ts';
import type { Directory, Log, SeenOnce } from './ports.ts';
import type { WatchBook } from './watch-book.ts';
import type { TellUnreadable, UnreadableOfWatch, WatchStore } from './watch-ports.ts';

export interface WatchAccess {
  /** The person, looked up now. */
  requireWatcher(by: PersonId): Promise<Result<Person>>;
}

export function createWatchAccess(
  access: Pick<Access, 'identify' | 'rolesOf'>,
  directory: Pick<Directory, 'members'>,
  group: readonly string[],
): WatchAccess {
  return {
    async requireWatcher(by) {
      const person = await access.identify(by);
      if (!person.ok) return person;
      const [roles, members] = await Promise.all([access.rolesOf(by), directory.members(group)]);
      const named = members.ok ? members.value : members.known;
      if (roles.ok || named.has(by.userId)) return person;
      // An unreadable group may hold this person: that is no statement about them.
      return members.ok ? roles : refuse({ code: 'identity-unavailable', groups: members.unreadGroups });
    },
  };
}

export interface CheckOwnersParts {
  readonly access: WatchAccess;
  readonly store: Pick<WatchStore, 'load'>;
  readonly book: WatchBook;
  readonly seenOnce: SeenOnce;
  readonly log: Log;
}

const OWNERS_EVERY_MS = 60_000;

/**
 * One round: an owner who is no longer a full member with access loses the case, so that it is asked for again. One who
 * couldn't be looked up keeps it. At most once a minute over all replicas.
 */
export function createCheckOwners(parts: CheckOwnersParts): () => Promise<void> {
  const { access, store, book, seenOnce, log } = parts;
  return async () => {
    if (!(await seenOnce.first('watch-owners', OWNERS_EVERY_MS))) return;
    for (const { id, state, owner } of (await store.load()).episodes.values()) {
      if (state !== 'open' || owner === null) continue;
      const found = await access.requireWatcher(owner.by);
      if (found.ok || found.refusal.code === 'identity-unavailable') continue;
      log.warn({ episodeId: id, owner: owner.by, why: found.refusal.code }, 'owner of a case has no access');
      await book.applyToCase(id, { type: 'drop-owner' }, (now) => now.owner?.by.userId === owner.by.userId);
    }
  };
}

const HOUR_MS = 3_600_000;

export interface TellUnreadableParts {
  readonly tellUnreadable: TellUnreadable;
  readonly seenOnce: SeenOnce;
  /** UTC milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

/** After each round; each record is told of once an hour over all replicas. */
export function createTellUnreadable(
  parts: TellUnreadableParts,
): (records: readonly UnreadableOfWatch[]) => Promise<void> {
  const { seenOnce, now, log } = parts;
  const keyOf = ({ record }: UnreadableOfWatch) => `watch-unreadable:${record.subjectId}`;

  return async (records) => {
    const due: UnreadableOfWatch[] = [];
    for (const each of records) if (await seenOnce.first(keyOf(each), HOUR_MS)) due.push(each);
    if (due.length === 0) return;
    for (const { record } of due)
      log.error({ ...subjectField(record.subjectId), why: record.what }, 'record of the watch unreadable');
    // People who were told already aren't told again when the others are tried again.
    const key = [...due.map(keyOf), Math.floor(now() / HOUR_MS)].join(':');
    const told = await parts.tellUnreadable({ key, records: due });
    if (told.ok) return;
    log.warn({ why: told.why }, 'people not told of an unreadable record');
    if (told.retry) for (const each of due) await seenOnce.forget(keyOf(each));
  };
}
