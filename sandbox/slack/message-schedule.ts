/**
 * Messages that Slack posts by itself later. Sources: docs.slack.dev/reference/methods/chat.scheduleMessage (at most 120
 * days ahead, at most 30 for one channel within five minutes, and none is posted that carries metadata); issues
 * bolt-js#1000, bolt-js#1857 and slack-api-docs#107: a delete within five minutes of the time answers ok, and the message
 * is posted all the same; within the last minute it is refused.
 */
import type { Directory } from './directory.ts';
import { Refused } from './refused.ts';
import type { MessageContent, Store } from './store.ts';

const LONGEST_AHEAD_S = 120 * 24 * 3_600;
const WINDOW_S = 5 * 60;
const MOST_IN_A_WINDOW = 30;
const UNDELETABLE_S = 60;
/** How often it is looked whether the time of a message has come; the time itself may be skipped. */
const LOOKED_EVERY_MS = 100;

interface Scheduled {
  readonly id: string;
  readonly channelId: string;
  readonly postAtS: number;
  readonly createdAtS: number;
  readonly content: MessageContent;
  /** No longer listed, but posted. */
  isDeletedTooLate: boolean;
}

export class MessageSchedule {
  readonly #now: () => number;
  readonly #directory: Directory;
  readonly #store: Store;
  readonly #timer: NodeJS.Timeout;
  #waiting: Scheduled[] = [];

  constructor(now: () => number, directory: Directory, store: Store) {
    this.#now = now;
    this.#directory = directory;
    this.#store = store;
    this.#timer = setInterval(() => this.postDue(), LOOKED_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Those that would be listed, soonest first. */
  list(channelId?: string): readonly Scheduled[] {
    return this.#waiting
      .filter((each) => !each.isDeletedTooLate && (channelId === undefined || each.channelId === channelId))
      .sort((a, b) => a.postAtS - b.postAtS);
  }

  add(channelId: string, postAtS: number, content: MessageContent): Scheduled {
    const nowS = this.#now() / 1000;
    if (!Number.isInteger(postAtS)) throw new Refused('invalid_time');
    if (postAtS <= nowS) throw new Refused('time_in_past');
    if (postAtS > nowS + LONGEST_AHEAD_S) throw new Refused('time_too_far');
    const near = this.#waiting.filter(
      (each) => each.channelId === channelId && Math.abs(each.postAtS - postAtS) < WINDOW_S,
    );
    if (near.length >= MOST_IN_A_WINDOW) throw new Refused('restricted_too_many');
    const id = this.#store.newId('Q');
    const entry = { id, channelId, postAtS, createdAtS: Math.floor(nowS), content, isDeletedTooLate: false };
    this.#waiting.push(entry);
    return entry;
  }

  remove(channelId: string, id: string): void {
    const found = this.list(channelId).find((each) => each.id === id);
    const leftS = (found?.postAtS ?? 0) - this.#now() / 1000;
    if (found === undefined || leftS < UNDELETABLE_S) throw new Refused('invalid_scheduled_message_id');
    if (leftS < WINDOW_S) found.isDeletedTooLate = true;
    else this.#waiting = this.#waiting.filter((each) => each !== found);
  }

  /** Posts those whose time has come. */
  postDue(): void {
    const due = this.#waiting.filter(({ postAtS }) => postAtS <= this.#now() / 1000);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => !due.includes(each));
    for (const { channelId, content } of due) {
      if (content.metadata !== undefined || this.#directory.channels.get(channelId)?.isArchived !== false)
        continue;
      this.#store.addMessage({ channelId, userId: this.#directory.botUserId }, content);
    }
  }
}
