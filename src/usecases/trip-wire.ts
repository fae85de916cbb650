/**
 * A message that Slack itself posts when the watch falls silent: one is always 20 to 30 minutes ahead, and replaced while
 * readings are complete. A second line behind HEARTBEAT_URL, because Slack's scheduled messages are not exact: one that
 * is deleted within five minutes of its time is posted all the same.
 */
import type { Log, SeenOnce } from './ports.ts';
import type { ScheduledMessages } from './watch-ports.ts';

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

type Scheduled = Awaited<ReturnType<ScheduledMessages['list']>>[number];

export interface TripWireParts {
  readonly messages: ScheduledMessages;
  readonly seenOnce: SeenOnce;
  /** UTC milliseconds. */
  readonly now: () => number;
  readonly log: Log;
}

export interface TripWire {
  /** After each completed round. */
  moveAhead(): Promise<'moved' | 'not-due' | 'failed'>;
  /** For a bot without a trip-wire: removes what an earlier one left. */
  remove(): Promise<void>;
  /** Why the last attempt of this process failed; null: it didn't. */
  trouble(): string | null;
}

export function createTripWire({ messages, seenOnce, now, log }: TripWireParts): TripWire {
  let trouble: string | null = null;

  async function deleteAll(found: readonly Scheduled[]): Promise<void> {
    const nowMs = now();
    for (const { id, postAtMs } of found) {
      if (postAtMs - nowMs >= NOT_DELETED_WITHIN_MS) await messages.delete(id);
    }
  }

  return {
    async moveAhead() {
      if (!(await seenOnce.first(KEY, LOOKED_AT_EVERY_MS))) return 'not-due';
      try {
        const nowMs = now();
        const found = await messages.list();
        const furthest = found.reduce<Scheduled | null>(
          (far, each) => (far === null || each.postAtMs > far.postAtMs ? each : far),
          null,
        );
        const kept = furthest !== null && furthest.postAtMs - nowMs >= FAR_ENOUGH_MS ? furthest : null;
        // The new one first, so that there is always one; whatever else is found was left by an earlier time.
        if (kept === null) await messages.schedule(nowMs + AHEAD_MS, nowMs);
        await deleteAll(found.filter((each) => each !== kept));
        trouble = null;
        return kept === null ? 'moved' : 'not-due';
      } catch (error) {
        trouble = error instanceof Error ? error.message : 'unknown error';
        log.warn({ err: error }, 'trip-wire not moved');
        return 'failed';
      }
    },
    async remove() {
      try {
        await deleteAll(await messages.list());
      } catch (error) {
        log.warn({ err: error }, 'trip-wire not removed');
      }
    },
    trouble: () => trouble,
  };
}
