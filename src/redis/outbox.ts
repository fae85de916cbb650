/**
 * Undelivered notices in Redis, one line per subject. If a caller dies, its lease runs out and the notice is given out
 * again: the one repeat a crash can cause.
 */

import { subjectKindOf } from '../domain/subject.ts';
import type { LeasedItem, Outbox, OutboxItem, TakenItem } from '../usecases/outbox-ports.ts';
import type { UnreadableRecord } from '../usecases/ports.ts';
import { RedisStore } from './connection.ts';
import {
  createdAtMsOf,
  decodeNotice,
  encodeNotice,
  isEpisodeNotice,
  isRequestNotice,
  isRuleNotice,
  isWatchNotice,
  keptId,
  redrawId,
  redrawOf,
  redrawText,
} from './outbox-item.ts';
import { isStored, orUnreadable, type StoredRecord } from './record-codec.ts';
import type { RecordStoreParts } from './record-store.ts';
import { decodeRecord } from './request-record.ts';
import { Seals } from './seals.ts';
import { StoreClock } from './store-clock.ts';
import { episodeCodec } from './watch-record.ts';

/** For metrics. */
export interface OutboxBacklog {
  readonly nowMs: number;
  /** Subjects with undelivered notices. */
  readonly subjects: number;
  /** Notices that no replica could read, kept for people to look at. */
  readonly setAside: number;
  /** Notices that Slack refuses for a reason that may pass. */
  readonly kept: number;
  /** Null: nothing waits, or nothing that can be read. */
  readonly oldestCreatedAtMs: number | null;
}

const BACKLOG_LOOKS_AT_MOST = 100;
/** Longer than any lease or pause between attempts: what is due later was written while the clock was wrong. */
const PUT_OFF_AT_MOST_MS = 15 * 60_000;

/** What outbox-remove.lua answers. */
const REMOVED_AND_NEXT_IS_DUE = 2;
const NOT_FIRST = 0;

/** Null: there is no record. */
function storedOf<Value>(record: StoredRecord, decode: () => Value): Value | UnreadableRecord | null {
  return isStored(record) ? orUnreadable(decode) : null;
}

export class RedisOutbox extends RedisStore implements Outbox {
  readonly #seals: Seals;
  readonly #recordSeals: Seals;
  readonly #clock: StoreClock;

  constructor(parts: Omit<RecordStoreParts, 'newId'>) {
    super(parts);
    this.#seals = new Seals(parts.auditKeys, 'outbox');
    this.#recordSeals = new Seals(parts.auditKeys, 'record');
    this.#clock = parts.clock ?? new StoreClock({ clocks: () => [], log: parts.log });
  }

  /** With `subjectId`: its first notice, unless another caller has it or it waits for its next attempt. */
  async take(leaseMs: number, limit: number, subjectId?: string): Promise<readonly TakenItem[]> {
    const keys = this.keys;
    const [nowMs, ...answer] = await this.connection.script(
      'outboxTake',
      keys.outboxDue,
      keys.outboxAttempts,
      keys.outboxLeft,
      keys.outboxTaken,
      keys.outboxStem,
      leaseMs,
      limit,
      subjectId ?? '',
      PUT_OFF_AT_MOST_MS,
      keys.recordStem,
    );
    if (answer.length === 0) return [];
    this.#clock.believe(nowMs);
    return answer.map(([ofSubject, text, attempts, timesLeft, timesTaken, record]) => ({
      subjectId: ofSubject,
      attempts: Number(attempts),
      timesLeft: Number(timesLeft),
      timesTaken,
      nowMs,
      ...this.#read(ofSubject, text, record, nowMs),
    }));
  }

  #read(subjectId: string, text: string, record: StoredRecord, nowMs: number) {
    const seals = this.#seals;
    const subject = subjectKindOf(subjectId);
    switch (subject) {
      case 'request':
        return {
          subject,
          ...decodeNotice(seals, subjectId, text, isRequestNotice),
          stored: storedOf(record, () => ({
            ...decodeRecord(this.#recordSeals, subjectId, record),
            nowMs,
          })),
        };
      case 'episode':
        return {
          subject,
          ...decodeNotice(seals, subjectId, text, isEpisodeNotice),
          stored: storedOf(record, () => episodeCodec.decode(this.#recordSeals, subjectId, record).value),
        };
      case 'watch':
        return { subject, ...decodeNotice(seals, subjectId, text, isWatchNotice) };
      case 'rules':
        return { subject, ...decodeNotice(seals, subjectId, text, isRuleNotice) };
    }
  }

  async done(item: LeasedItem): Promise<boolean> {
    return (await this.#remove(item)) === REMOVED_AND_NEXT_IS_DUE;
  }

  retry(item: LeasedItem, delayMs: number): Promise<void> {
    return this.#putOff(item, this.keys.outboxAttempts, item.attempts, delayMs);
  }

  leave(item: LeasedItem, delayMs: number): Promise<void> {
    return this.#putOff(item, this.keys.outboxLeft, item.timesLeft, delayMs);
  }

  async setAside(item: LeasedItem): Promise<boolean> {
    const { subjectId, origin } = item;
    const nowMs = await this.#nowMs();
    const answer = await this.#remove(item, {
      list: this.keys.outboxSetAside,
      entryBegins: `${subjectId} ${nowMs} `,
      inItsPlace: origin === 'redraw' ? '' : this.#redrawAt(subjectId, nowMs),
    });
    return answer !== NOT_FIRST;
  }

  async keep(item: OutboxItem): Promise<void> {
    const { subjectId, id } = item;
    await this.#remove(item, {
      list: this.keys.outboxKept,
      entryBegins: `${subjectId} `,
      notice: encodeNotice(this.#seals, subjectId, { ...item, id: keptId(id) }),
      onlyOne: redrawText(subjectId),
    });
  }

  retryKept(): Promise<number> {
    const { outboxKept, outboxDue, outboxStem } = this.keys;
    return this.connection.script('outboxRetryKept', outboxKept, outboxDue, outboxStem);
  }

  async redraw(subjectId: string): Promise<void> {
    const keys = this.keys;
    const redraw = this.#redrawAt(subjectId, await this.#nowMs());
    if (redraw === '') return;
    await this.connection.script(
      'outboxRedraw',
      keys.outbox(subjectId),
      keys.outboxDue,
      subjectId,
      redraw,
      redrawText(subjectId),
    );
  }

  #remove(
    { subjectId, id }: LeasedItem,
    into: {
      list: string;
      entryBegins: string;
      notice?: string;
      inItsPlace?: string;
      onlyOne?: string;
    } | null = null,
  ): Promise<number> {
    const keys = this.keys;
    return this.connection.script(
      'outboxRemove',
      keys.outbox(subjectId),
      keys.outboxDue,
      keys.outboxAttempts,
      keys.outboxLeft,
      keys.outboxTaken,
      into?.list ?? keys.outboxKept,
      subjectId,
      id,
      into?.entryBegins ?? '',
      into?.notice ?? '',
      into?.inItsPlace ?? '',
      into?.onlyOne ?? '',
    );
  }

  async #putOff(
    { subjectId, id }: LeasedItem,
    counts: string,
    counted: number,
    delayMs: number,
  ): Promise<void> {
    const keys = this.keys;
    const putOffMs = Math.min(delayMs, PUT_OFF_AT_MOST_MS);
    await this.connection.script(
      'outboxRetry',
      keys.outbox(subjectId),
      keys.outboxDue,
      counts,
      subjectId,
      id,
      counted,
      putOffMs,
    );
  }

  #nowMs(): Promise<number> {
    return this.connection.script('nowMs', this.keys.outboxDue);
  }

  /** '': the subject has no card. */
  #redrawAt(subjectId: string, nowMs: number): string {
    const notice = redrawOf(subjectId);
    if (notice === null) return '';
    return encodeNotice(this.#seals, subjectId, { id: redrawId(nowMs), createdAtMs: nowMs, notice });
  }

  /**
   * What waits. Among very many subjects the oldest is looked for only in those that are due first. Nothing here is
   * checked against its seal: it is counted, not believed.
   */
  async backlog(): Promise<OutboxBacklog> {
    const keys = this.keys;
    const [nowMs, subjects, setAside, kept, ...first] = await this.connection.script(
      'outboxBacklog',
      keys.outboxDue,
      keys.outboxSetAside,
      keys.outboxKept,
      keys.outboxStem,
      BACKLOG_LOOKS_AT_MOST,
    );
    const times = first.flatMap((stored) => createdAtMsOf(stored) ?? []);
    const oldestCreatedAtMs = times.length === 0 ? null : Math.min(...times);
    return { nowMs, subjects, setAside, kept, oldestCreatedAtMs };
  }
}
