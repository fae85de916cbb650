/**
 * What the exchange client shares with the other replicas through the store, which implements both interfaces and
 * throws StoreUnavailable.
 */
import { inTime } from '../shared/in-time.ts';
import type { Log, StopCause } from '../usecases/ports.ts';

/** Weight used per bucket and server minute, shared by all replicas. */
export interface WeightLedger {
  /**
   * Reserves `weight` in the bucket's minute `minute` (server time / 60,000, floored) if it stays within `limit` and
   * no stop is in force. Throws StoreUnavailable.
   */
  reserve(bucket: string, minute: number, weight: number, limit: number): Promise<WeightReservation>;
  /** Raises the count of that minute to what the exchange's header says; never lowers it. */
  raise(bucket: string, minute: number, used: number): Promise<void>;
  /**
   * Stops a bucket for all replicas for this long; a stop that ends later wins. A duration, so that a wrong clock can't
   * lengthen it. Never longer than `MAX_STOP_MS`.
   */
  stop(bucket: string, lastsMs: number, cause: StopCause): Promise<void>;
  /** Stops in force for these buckets, each with its remaining time. */
  stops(buckets: readonly string[]): Promise<readonly LedgerStop[]>;
  /** Lifts every stop; the other replicas forget stops noted before this moment. */
  lift(): Promise<void>;
  /** Time since the last `lift`; null: not within `MAX_STOP_MS`. */
  sinceLiftMs(): Promise<number | null>;
}

/** A ledger that takes longer than this, in real time, counts as down. */
const LEDGER_TIMEOUT_MS = 1_000;

/** The ledger with a timeout; logs once when it goes down and once when it is up again. */
export class TimedLedger {
  readonly #ledger: WeightLedger;
  readonly #log: Log;
  #isDown = false;

  constructor(ledger: WeightLedger, log: Log) {
    this.#ledger = ledger;
    this.#log = log;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** Throws when it is down. */
  async ask<Value>(call: (ledger: WeightLedger) => Promise<Value>): Promise<Value> {
    try {
      const answer = await inTime(call(this.#ledger), LEDGER_TIMEOUT_MS, () => {
        throw new Error('the ledger did not answer in time');
      });
      if (this.#isDown) this.#log.info({}, 'weight ledger up again');
      this.#isDown = false;
      return answer;
    } catch (error) {
      if (!this.#isDown) {
        this.#log.warn({ err: error }, 'weight ledger down');
      }
      this.#isDown = true;
      throw error;
    }
  }

  /** A call whose failure is ignored. */
  async tryCall(call: (ledger: WeightLedger) => Promise<void>): Promise<void> {
    await this.ask(call).catch(() => {});
  }
}

/** Binance bans an address for at most three days (general info, "Limits"). */
export const MAX_STOP_MS = 3 * 86_400_000;

export interface LedgerStop {
  readonly bucket: string;
  readonly leftMs: number;
  readonly cause: StopCause;
}

export interface WeightReservation {
  /** False: nothing was reserved. */
  readonly ok: boolean;
  /** Weight used in that minute after the call. */
  readonly used: number;
}

/** Short-lived answers shared by all replicas, so that simultaneous reads cost one call. */
export interface SharedReads {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, ttlMs: number): Promise<void>;
  /** True for one caller until `release` or the ttl: it makes the call, the others wait for its answer. */
  tryLead(key: string, token: string, ttlMs: number): Promise<boolean>;
  release(key: string, token: string): Promise<void>;
}
