/** What the stores of close requests and of the watch share: what they are built from, and how an opening is chained. */
import { type AuditKeys, FIRST_SEAL } from '../domain/audit-chain.ts';
import type { Log, NewId } from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';
import type { StoreClock } from './store-clock.ts';

export interface RecordStoreParts {
  readonly connection: RedisConnection;
  readonly keys: KeyNames;
  /** Seals audit entries, records and notices. */
  readonly auditKeys: AuditKeys;
  readonly newId: NewId;
  readonly log: Log;
  /** Default: any time of Redis is believed. */
  readonly clock?: StoreClock;
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

export class Openings {
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
