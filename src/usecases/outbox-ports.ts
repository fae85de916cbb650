/**
 * Messages that wait for Slack: one line for each subject (a close request, an episode, the watch, the rules), delivered in order.
 * An item's key is the same at every attempt, so that a message that may have been posted can be looked for.
 */
import type { Notice } from '../domain/close/notices.ts';
import type { RuleNotice } from '../domain/close/rule-book.ts';
import type { Episode } from '../domain/watch/episode.ts';
import type { EpisodeNotice, WatchNotice } from '../domain/watch/watch.ts';
import type { StoredRequest, UnreadableRecord } from './ports.ts';

export type OutboxNotice = Notice | EpisodeNotice | WatchNotice | RuleNotice;

/** First in its subject's line, held by one caller. */
export interface LeasedItem {
  readonly subjectId: string;
  readonly id: string;
  /** The same at every attempt, also after it was kept; no other message has it. */
  readonly key: string;
  /** `change`: stored with a change; `redraw`: asked for; `kept`: a refused one that is tried again. */
  readonly origin: 'change' | 'redraw' | 'kept';
  /** Deliveries that failed. */
  readonly attempts: number;
  /** How often a caller gave it back untried: it could not read or draw it, or it was not its turn yet. */
  readonly timesLeft: number;
  /** How often it was given out, this time included. */
  readonly timesTaken: number;
  readonly createdAtMs: number;
}

export interface OutboxItem extends LeasedItem {
  readonly notice: OutboxNotice;
}

/** Damaged, of another version, or it does not fit its seal; `why` is for the log. */
export interface UnreadableNotice {
  readonly kind: 'unreadable';
  readonly why: string;
}

/** An item, with the record at the moment of taking to draw it from; null: there is none. */
export type TakenItem = LeasedItem & {
  /** The store's clock at the taking. */
  readonly nowMs: number;
} & (
    | {
        readonly subject: 'request';
        readonly notice: Notice | UnreadableNotice;
        readonly stored: StoredRequest | UnreadableRecord | null;
      }
    | {
        readonly subject: 'episode';
        readonly notice: EpisodeNotice | UnreadableNotice;
        readonly stored: Episode | UnreadableRecord | null;
      }
    /** Drawn from the notice alone. */
    | { readonly subject: 'watch'; readonly notice: WatchNotice | UnreadableNotice }
    | { readonly subject: 'rules'; readonly notice: RuleNotice | UnreadableNotice }
  );

/** Messages that must reach Slack, in order per subject. */
export interface Outbox {
  /** The oldest undelivered item of each due subject (or of `subjectId` only), leased to one caller. */
  take(leaseMs: number, limit: number, subjectId?: string): Promise<readonly TakenItem[]>;
  /** Removes the item; the next one of the same subject is due at once. True: there is a next one. */
  done(item: LeasedItem): Promise<boolean>;
  /** Leaves it first in line and due again after `delayMs`; counts the attempt. */
  retry(item: LeasedItem, delayMs: number): Promise<void>;
  /** The same for one that was not tried; counted apart from attempts. */
  leave(item: LeasedItem, delayMs: number): Promise<void>;
  /**
   * Sets it aside for people to look at. A redraw of the card takes its place, so that people see the record as it is,
   * unless it was such a redraw itself or the subject has no card. False: it was no longer first in line.
   */
  setAside(item: LeasedItem): Promise<boolean>;
  /** Takes it out of the line, so that those behind it go on, and keeps it until `retryKept`. */
  keep(item: OutboxItem): Promise<void>;
  /** Puts every kept item back at the end of its subject's items, due at once; returns how many. */
  retryKept(): Promise<number>;
  /** Queues a redraw of the card; at most one per subject. */
  redraw(subjectId: string): Promise<void>;
}

/** True: an earlier attempt may have posted it. One that was only given back untried cannot have. */
export function mayBeThere({ origin, timesTaken, timesLeft }: LeasedItem): boolean {
  return origin === 'kept' || timesTaken - timesLeft > 1;
}
