/**
 * A message that Slack itself posts when the watch falls silent: one is always 20 to 30 minutes ahead, and replaced while
 * readings are complete. A second line behind HEARTBEAT_URL, because Slack's scheduled messages are not exact: one that
 * is deleted within five minutes of its time is posted all the same.
 */
import type { Log, SeenOnce } from './ports.ts';
import type { ScheduledMessage, ScheduledMessages } from './watch-ports.ts';

const MINUTE_MS = 60_000;
const AHEAD_MS = 30 * MINUTE_MS;
const LOOKED_AT_EVERY_MS = MINUTE_MS;
/**
 * One that is so far ahead needs no other one: also where Slack deletes none, no more than three wait. Slack takes 30
 * scheduled messages per channel in five minutes.
 */
const FAR_ENOUGH_MS = 20 * MINUTE_MS + LOOKED_AT_EVERY_MS;
const NOT_DELETED_WITHIN_MS = 8 * MINUTE_MS;
const KEY = 'trip-wire';

export interface TripWireParts {
  readonly scheduled: ScheduledMessages;
  /** WATCH_CHANNEL. */
  readonly channelId: string;
  /** WATCH_GROUP: user and user-group ids. */
  readonly group: readonly string[];
  readonly seenOnce: SeenOnce;
  /** UTC milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

export interface TripWire {
  /** After each completed round. */
  moveAhead(): Promise<'moved' | 'not-due' | 'failed'>;
  /** Why the last attempt of this process failed; null: it didn't. */
  trouble(): string | null;
}

export function createTripWire(parts: TripWireParts): TripWire {
  const { scheduled, channelId, group, seenOnce, now, log } = parts;
  let trouble: string | null = null;

  return {
    async moveAhead() {
      if (!(await seenOnce.first(KEY, LOOKED_AT_EVERY_MS))) return 'not-due';
      try {
        const nowMs = now();
        const found = await scheduled.list();
        const kept = furthestIn(channelId, found, nowMs + FAR_ENOUGH_MS);
        // The new one first, so that there is always one; whatever else is found was left by an earlier time or setting.
        if (kept === null)
          await scheduled.schedule({ channelId, group, postAtMs: nowMs + AHEAD_MS, silentSinceMs: nowMs });
        await deleteAll(
          scheduled,
          found.filter((each) => each !== kept),
          nowMs,
        );
        trouble = null;
        return kept === null ? 'moved' : 'not-due';
      } catch (error) {
        trouble = error instanceof Error ? error.message : 'unknown error';
        log.warn({ err: error }, 'trip-wire not moved');
        return 'failed';
      }
    },
    trouble: () => trouble,
  };
}

export type RemoveTripWiresParts = Pick<TripWireParts, 'now' | 'log'> & {
  readonly scheduled: Pick<ScheduledMessages, 'list' | 'delete'>;
};

/** For a bot whose trip-wire or watch is off: removes the messages that wait, so that none raises a false alarm. */
export function createRemoveTripWires(parts: RemoveTripWiresParts): () => Promise<void> {
  const { scheduled, now, log } = parts;
  return async () => {
    try {
      const found = await scheduled.list();
      if (found.length === 0) return;
      const removed = await deleteAll(scheduled, found, now());
      const tooLate = found.length - removed;
      log.warn({ removed, tooLate }, 'trip-wire is off, scheduled messages removed');
    } catch (error) {
      log.warn({ err: error }, 'trip-wire not removed');
    }
  };
}

/** Null: none is due so late. */
function furthestIn(
  channelId: string,
  found: readonly ScheduledMessage[],
  notBeforeMs: number,
): ScheduledMessage | null {
  const [furthest] = found
    .filter((each) => each.channelId === channelId && each.postAtMs >= notBeforeMs)
    .sort((one, other) => other.postAtMs - one.postAtMs);
  return furthest ?? null;
}

/** How many could still be deleted. One that Slack refuses to delete doesn't keep the others; it throws at the end. */
async function deleteAll(
  scheduled: Pick<ScheduledMessages, 'delete'>,
  found: readonly ScheduledMessage[],
  nowMs: number,
): Promise<number> {
  const inTime = found.filter(({ postAtMs }) => postAtMs - nowMs >= NOT_DELETED_WITHIN_MS);
  const failures: unknown[] = [];
  for (const each of inTime) await scheduled.delete(each).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
  return inTime.length;
}
