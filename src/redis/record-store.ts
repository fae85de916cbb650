/**
 * What the stores of close requests, of the watch and of the rules share: seals, a believed clock, how an opening is
 * chained, and how the latter two tell a record that was put back from the newest one.
 */
import {
  type AuditKeys,
  FIRST_SEAL,
  isSameEntry,
  type NewestEntry,
  NO_ENTRY,
} from '../domain/audit-chain.ts';
import { type Log, type NewId, StoreUnavailable, UnreadableRecord } from '../usecases/ports.ts';
import { RedisStore, type StoreParts } from './connection.ts';
import { Seals } from './seals.ts';
import { StoreClock } from './store-clock.ts';

export interface RecordStoreParts extends StoreParts {
  /** Seals audit entries, records and notices. */
  readonly auditKeys: AuditKeys;
  readonly newId: NewId;
  readonly log: Log;
  /** Default: any time of Redis is believed. */
  readonly clock?: StoreClock;
  /** Replicas that must have acknowledged a decision before it counts as stored; default 0. */
  readonly waitReplicas?: number;
}

/** Longer than any reconnecting client holds a command back. */
export const COMMAND_REMEMBERED_MS = 10 * 60_000;
/** Openings at one instant push each other back; each round stores at least one of them. */
const SEAL_AGAIN_AT_MOST = 1_000;

export interface OpeningAttempt<Value> {
  /** Seal of the newest opening, as the script left or found it. */
  readonly newest: string;
  /** Absent: it was chained to an older opening, and nothing was stored. */
  readonly value?: Value;
}

class Openings {
  /** What this process believes the newest opening to be; the script says when it is another. */
  #newest = FIRST_SEAL;

  /** Repeats `attempt`, which is given the newest opening's seal, until it has a value. */
  async chain<Value>(attempt: (newest: string) => Promise<OpeningAttempt<Value>>): Promise<Value> {
    for (let round = 0; round < SEAL_AGAIN_AT_MOST; round += 1) {
      // Kept: another opening of this process may replace it before the command leaves.
      const before = this.#newest;
      const { newest, value } = await attempt(before);
      if (newest !== before) this.#newest = newest;
      if (value !== undefined) return value;
    }
    throw new Error('too many requests and cases were opened at the same moment');
  }
}

export class RedisRecordStore extends RedisStore {
  protected readonly auditKey: Uint8Array;
  protected readonly recordSeals: Seals;
  protected readonly noticeSeals: Seals;
  protected readonly newId: NewId;
  protected readonly log: Log;
  protected readonly clock: StoreClock;
  protected readonly waitReplicas: number;
  protected readonly openings = new Openings();

  constructor({ auditKeys, newId, log, clock, waitReplicas = 0, ...parts }: RecordStoreParts) {
    super(parts);
    this.auditKey = auditKeys.current;
    this.recordSeals = new Seals(auditKeys, 'record');
    this.noticeSeals = new Seals(auditKeys, 'outbox');
    this.newId = newId;
    this.log = log;
    this.clock = clock ?? new StoreClock({ clocks: () => [], log });
    this.waitReplicas = waitReplicas;
  }

  /** Of a change that was saved. It is on the master all the same: "not known", not "not done". Throws StoreUnavailable. */
  protected throwIfTooFew(acknowledged: number, replicas: number, fields: object): void {
    if (acknowledged >= replicas) return;
    this.log.error({ ...fields, acknowledged, replicas }, 'too few replicas acknowledged a change');
    throw new StoreUnavailable(new Error(`${acknowledged} of ${replicas} replicas acknowledged the change`));
  }
}

/** As the key of a subject's newest entry holds it; '' where it has none. */
export function newestEntryText({ sequence, seal }: NewestEntry): string {
  return sequence === 0 ? '' : `${sequence} ${seal}`;
}

export function newestEntryIn(stored: string): NewestEntry {
  const [, sequence, seal] = /^(\d{1,12}) ([0-9a-f]{64})$/.exec(stored) ?? [];
  return sequence === undefined || seal === undefined ? NO_ENTRY : { sequence: Number(sequence), seal };
}

/** A record that was put back has a seal that fits; only the key of its newest entry tells. Throws UnreadableRecord. */
export function throwIfOlder(subjectId: string, ends: NewestEntry, newest: NewestEntry): void {
  if (isSameEntry(ends, newest)) return;
  throw new UnreadableRecord(
    subjectId,
    `it isn't the newest: it ends at entry ${ends.sequence} of its audit trail, Redis names entry ${newest.sequence}`,
  );
}
