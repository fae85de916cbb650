/** Tells the people of WATCH_GROUP directly what the watch can't read of its own: its channel would hear of it late or never. */
import { subjectField } from '../domain/subject.ts';
import type { Log, SeenOnce } from './ports.ts';
import type { TellUnreadable, UnreadableOfWatch } from './watch-ports.ts';

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
