/** What the watch needs from outside. All times are UTC milliseconds. */

import type { Amount, LongId } from '../domain/amount.ts';
import type { NewestEntry } from '../domain/audit-chain.ts';
import type { CardLocation } from '../domain/card-location.ts';
import type { Episode, EpisodeChange, PageState } from '../domain/watch/episode.ts';
import type { LevelKey } from '../domain/watch/levels.ts';
import type { TrendPoint } from '../domain/watch/trend-points.ts';
import type { EpisodeNotice, WatchEvent, WatchNotice, WatchState } from '../domain/watch/watch.ts';
import type { Delivery, NewestOfRecord, Read, ReadOptions, UnreadableRecord } from './ports.ts';

/** The watch's record with the newest episode of every unit it knows, and its drill. */
export interface StoredWatch {
  /** Null: there is none yet, or Redis lost it. */
  readonly watch: WatchState | null;
  /** As stored, to compare at the save; '' for none. */
  readonly stored: string;
  /** By id, those that can be read. */
  readonly episodes: ReadonlyMap<string, Episode>;
  /** By id, the others: nothing is decided on them, and their units aren't judged. */
  readonly unreadable: ReadonlyMap<string, UnreadableRecord>;
  /** The newest audit entry of the watch and of each of its episodes, by id; of an unreadable one if it is known. */
  readonly newest: ReadonlyMap<string, NewestEntry>;
  /** Per episode: since when its oldest message for the channel waits for Slack; one that Slack refused is kept, not waiting. */
  readonly undeliveredSinceMs: ReadonlyMap<string, number>;
  /** The store's clock. */
  readonly nowMs: number;
}

/** One step to store: the watch's record, and each changed episode with its events and the messages that follow. */
export interface WatchSave {
  readonly from: Pick<StoredWatch, 'watch' | 'stored' | 'newest' | 'nowMs'>;
  readonly next: WatchState;
  readonly episodes: readonly (EpisodeChange & { readonly notices: readonly EpisodeNotice[] })[];
  readonly events: readonly WatchEvent[];
  readonly notices: readonly WatchNotice[];
}

/** What the check of the audit trail asks of the watch's records. */
export interface WatchRecords {
  /** Ids of the newest episodes, unreadable ones among them. */
  episodeIds(): Promise<readonly string[]>;
  /** For each of these episodes, or the watch, in this order; one round trip. */
  newestEntries(subjectIds: readonly string[]): Promise<readonly NewestOfRecord[]>;
}

export interface WatchStore {
  /** For one caller per `everyMs` over all replicas, the token of its turn: it reads the units now. Else null. */
  takeRound(everyMs: number): Promise<string | null>;
  /** The round came to nothing: the next turn may be taken after `afterMs`, unless it was already. */
  giveBackRound(token: string, afterMs: number): Promise<void>;
  /** Throws UnreadableRecord for the watch's own record, StoreUnavailable. */
  load(): Promise<StoredWatch>;
  /** Compare-and-set on the watch's record: records, sealed entries and messages together, or nothing. */
  save(change: WatchSave): Promise<'saved' | 'conflict'>;
  /** Null: there is no such episode. Throws UnreadableRecord. */
  episode(id: string): Promise<{ readonly episode: Episode; readonly nowMs: number } | null>;
  /** Newest first; unreadable ones are left out and logged. */
  recentEpisodes(limit: number): Promise<readonly Episode[]>;
}

/** One unit's LTV at one reading. */
export interface Sample {
  readonly groupId: LongId;
  /** The decisive LTV as a decimal string; null: not defined. */
  readonly ltv: string | null;
}

export type TrendStep = '15s' | '1m' | '15m';

/** Kept downsampled: 15 s for an hour, 1 min for 48 h, 15 min for 90 days. Spans without a reading are missing. */
export interface WatchHistory {
  add(samples: readonly Sample[], atMs: number): Promise<void>;
  /** Oldest first, spans that begin at `fromMs` or later. */
  read(groupId: LongId, step: TrendStep, fromMs: number): Promise<readonly TrendPoint[]>;
}

/** Delivers the watch's messages to Slack; draws from the record. */
export interface AlertNotifier {
  deliver(message: AlertMessage): Promise<Delivery>;
}

/** A record that the watch needs and couldn't read. */
export interface UnreadableOfWatch {
  readonly record: UnreadableRecord;
  /** The unit that isn't watched for it; null: it is the watch's own record, or that of a drill. */
  readonly groupId: LongId | null;
}

/**
 * Tells each person of WATCH_GROUP directly what the watch can't read, because it can't store a message of its own about
 * it. `key`: one person is told the same once.
 */
export type TellUnreadable = (message: {
  readonly key: string;
  readonly records: readonly UnreadableOfWatch[];
}) => Promise<Delivery>;

/** What the delivery records of messages that were posted, and asks of the summary. */
export interface AlertBook {
  /** Where the episode's card is; null: Slack refuses it. A `record-card` command. */
  recordAlertCard(episodeId: string, card: CardLocation | null): Promise<void>;
  /** The summary was posted there; without effect if it is no longer the newest. */
  recordSummary(summaryId: string, message: CardLocation): Promise<void>;
  /** Null: it has not been posted, or is no longer remembered. */
  summaryMessage(summaryId: string): Promise<CardLocation | null>;
}

export interface AlertMessage {
  /** Stable: the same message has the same key at every attempt. */
  readonly key: string;
  readonly notice: EpisodeNotice | WatchNotice;
  /** As stored now; null for the watch's own messages. Its card is null until it was posted, or if it was given up. */
  readonly episode: Episode | null;
  /** Where the summary is, in whose thread a new card belongs, or which is drawn again; null: none. */
  readonly under: CardLocation | null;
  /** True: an earlier attempt may have posted it, so it is looked for first. */
  readonly mayBeThere: boolean;
  /** When the event happened: a late message says so. */
  readonly createdAtMs: number;
  readonly nowMs: number;
}

/** One event for the pager. */
export interface PageEvent {
  /** The incident: `C-…/2`. One that was acknowledged calls nobody again, so each call of a case is another one. */
  readonly key: string;
  readonly state: Exclude<PageState, 'none'>;
  readonly episode: Episode;
  /** It is resolved because the case goes on as this incident; null: it is the newest of its case. */
  readonly nextKey: string | null;
}

/** A way out of Slack. Only the configured host is called. */
export interface Pager {
  /** For status and logs. */
  readonly name: string;
  /** `why` is free of secrets. */
  send(event: PageEvent): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }>;
}

/** HEARTBEAT_URL: called after each completed round. Failures are logged, never thrown. */
export type Heartbeat = (isSeeing: boolean) => Promise<void>;

/** A message that Slack itself posts when the bot falls silent. */
export interface ScheduledMessage {
  readonly id: string;
  readonly channelId: string;
  readonly postAtMs: number;
}

export interface ScheduledMessages {
  /** Those of this bot that wait, in every channel. Throws. */
  list(): Promise<readonly ScheduledMessage[]>;
  /** `group`: user and user-group ids, who are mentioned. Throws. */
  schedule(message: {
    readonly channelId: string;
    readonly group: readonly string[];
    readonly postAtMs: number;
    readonly silentSinceMs: number;
  }): Promise<void>;
  /**
   * One that is no longer there counts as deleted. Never for one due within minutes: Slack answers ok and posts it
   * anyway. Throws.
   */
  delete(message: ScheduledMessage): Promise<void>;
}

/** When the digest is due, by the clocks of its zone: once per day even where daylight saving begins or ends. */
export interface DigestClock {
  readonly timeZone: string;
  /** The latest occurrence that is not in the future; null: there is none. */
  latest(nowMs: number): number | null;
  /** The occurrence before this one. */
  before(atMs: number): number | null;
  next(nowMs: number): number | null;
  /** Noon of the calendar day of that moment. */
  noonOf(atMs: number): number;
  /** The calendar day that ended last at that moment. */
  dayBefore(atMs: number): { readonly fromMs: number; readonly toMs: number };
}

/** Reads of one unit's history, newest or oldest first. */
export interface LoanHistory {
  interestHistory(query: HistorySpan, options: ReadOptions): Promise<Read<HistoryPage<InterestRow>>>;
  forcedLiquidations(query: HistorySpan, options: ReadOptions): Promise<Read<HistoryPage<ForcedRow>>>;
}

export interface HistorySpan {
  readonly groupId: LongId;
  /** Exchange time. */
  readonly fromMs: number;
  readonly toMs: number;
  /** From 1; default 1. */
  readonly page?: number;
}

export interface HistoryPage<Row> {
  /** Of all pages; null: not stated. */
  readonly total: number | null;
  readonly rows: readonly Row[];
}

export interface InterestRow {
  readonly asset: string;
  readonly hourlyRate: Amount;
  readonly interest: Amount;
  readonly atMs: number;
}

export interface ForcedRow {
  readonly startLtv: Amount;
  readonly endLtv: Amount | null;
  readonly startedAtMs: number;
}

/** What the watch reports, for metrics and logs. */
export interface WatchEvents {
  /** A round was stored. */
  watchRead(round: { readonly isSeeing: boolean; readonly tookMs: number }): void;
  /** An episode opened, or got worse. */
  alertRaised(level: LevelKey): void;
  /** A message with a mention reached Slack so long after what it says. */
  alertDelivered(delayMs: number): void;
  pageSent(outcome: 'accepted' | 'failed'): void;
}
