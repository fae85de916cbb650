/**
 * Every key in Redis, in one place.
 *
 * All keys of close requests, of the watch and of the rules share ONE hash tag, `{<prefix>}`: records, unit keys, indexes, audit stream
 * and outbox change in one script, on Cluster too. The counters of the exchange's limits share a second tag, so that one script
 * sees a bucket and the stops that touch it. What is single (shared reads, repeats seen) has a slot of its own.
 */
import type { LongId } from '../domain/amount.ts';

const PREFIX = /^[A-Za-z0-9_.:-]{1,64}$/;

export class KeyNames {
  readonly #prefix: string;
  readonly #requests: string;
  readonly #limits: string;

  /** Throws a RangeError on a prefix that could break the hash tags (braces, blanks, empty, over 64 characters). */
  constructor(prefix: string) {
    if (!PREFIX.test(prefix)) throw new RangeError(`not a key prefix: ${JSON.stringify(prefix)}`);
    this.#prefix = prefix;
    this.#requests = `{${prefix}}`;
    this.#limits = `{${prefix}:limits}`;
  }

  /**
   * Of a request, an episode, the watch or the rules. Hash: schema, revision (requests only), record (JSON), seal (of the record,
   * see seals.ts), first-seal (requests only), opening (stream id of the
   * first audit entry), and episodes (of the watch only: ids of the newest one of every unit and of the drill).
   */
  record(subjectId: string): string {
    return `${this.recordStem}${subjectId}`;
  }

  /** The part of `record(subjectId)` before the id; scripts that find ids in an index build the key from it. */
  get recordStem(): string {
    return `${this.#requests}:request:`;
  }

  /** String: id of the open request that holds this unit. */
  unit(groupId: LongId): string {
    return `${this.#requests}:unit:${groupId}`;
  }

  /** Sorted set: open requests by createdAtMs. */
  get open(): string {
    return `${this.#requests}:open`;
  }

  /** Sorted set: all requests by createdAtMs. */
  get recent(): string {
    return `${this.#requests}:recent`;
  }

  /** Sorted set: requests by the time at which background work must look at them, or until which they are leased. */
  get attention(): string {
    return `${this.#requests}:attention`;
  }

  /** Hash: unit -> request through which it was closed. */
  get closedThrough(): string {
    return `${this.#requests}:closed-through`;
  }

  /** Stream: every audit entry in the order of writing; never trimmed. */
  get audit(): string {
    return `${this.#requests}:audit`;
  }

  /** String: seal of the newest opening entry; the next opening is chained to it. */
  get lastOpening(): string {
    return `${this.#requests}:audit:last-opening`;
  }

  /** String: "<sequence> <seal>", the watch's newest entry: what its record must name, and where the chain of a lost one goes on. */
  get watchNewest(): string {
    return `${this.#requests}:audit:watch-newest`;
  }

  /** String: the same for what is kept beside the rules. */
  get rulesNewest(): string {
    return `${this.#requests}:audit:rules-newest`;
  }

  /** Sorted set: the newest episodes by openedAtMs. */
  get episodes(): string {
    return `${this.#requests}:episodes`;
  }

  /** String with an end: the token of the replica that reads the units in this round. */
  get watchRound(): string {
    return `${this.#requests}:watch-round`;
  }

  /** List with an end: one unit's LTV over time, a span an element, oldest first; see add-samples.lua. */
  trend(groupId: LongId, step: string): string {
    return `${this.trendStem}${step}:${groupId}`;
  }

  /** The part of `trend(groupId, step)` before the step. */
  get trendStem(): string {
    return `${this.#requests}:trend:`;
  }

  /** String with an end: the result of a stored command, so that a re-sent one is recognised. */
  command(commandId: string): string {
    return `${this.#requests}:command:${commandId}`;
  }

  /** List: undelivered notices of one subject, oldest first. */
  outbox(subjectId: string): string {
    return `${this.outboxStem}${subjectId}`;
  }

  /** The part of `outbox(subjectId)` before the id. */
  get outboxStem(): string {
    return `${this.#requests}:outbox:`;
  }

  /** Sorted set: subjects with undelivered notices, by the time at which the first one is due. */
  get outboxDue(): string {
    return `${this.#requests}:outbox-due`;
  }

  /** Hash: subject -> attempts counted for its first notice. */
  get outboxAttempts(): string {
    return `${this.#requests}:outbox-attempts`;
  }

  /** Hash: subject -> how often its first notice was given back untried. */
  get outboxLeft(): string {
    return `${this.#requests}:outbox-left`;
  }

  /** Hash: subject -> how often its first notice was given out. */
  get outboxTaken(): string {
    return `${this.#requests}:outbox-taken`;
  }

  /** List: notices that no replica could read, as "<subject> <set aside at, ms> <as stored>"; kept until a person deletes it. */
  get outboxSetAside(): string {
    return `${this.#requests}:outbox-set-aside`;
  }

  /** List: notices that Slack refuses for a reason that may pass, as "<subject> <as stored>"; tried again from time to time. */
  get outboxKept(): string {
    return `${this.#requests}:outbox-kept`;
  }

  /** String with an end: weight used of one bucket in one minute of the exchange's clock. */
  weight(bucket: string, minute: number): string {
    return `${this.#limits}:weight:${bucket}:${minute}`;
  }

  /** Hash: bucket -> "<untilMs> <cause as JSON>". */
  get stops(): string {
    return `${this.#limits}:stops`;
  }

  /** String with an end: when a person last lifted the stops. */
  get stopsLifted(): string {
    return `${this.#limits}:stops-lifted`;
  }

  /** String with an end: an answer shared by all replicas, "<seal> <answer>". */
  sharedRead(key: string): string {
    return `${this.#prefix}:read:${key}`;
  }

  /** String with an end: the token of the caller that fetches it. */
  sharedReadLead(key: string): string {
    return `${this.#prefix}:lead:${key}`;
  }

  /** String with an end: the token of the first who saw it. */
  seen(key: string): string {
    return `${this.#prefix}:seen:${key}`;
  }

  /** Hash with an end: how far a long reading is (`done`, `of`), and `stopped` once somebody asked for that. */
  reading(readingId: string): string {
    return `${this.#prefix}:reading:${readingId}`;
  }
}
