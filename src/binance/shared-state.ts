/**
 * What the exchange client shares with the other replicas through the store. The store implements both; a throw of
 * StoreUnavailable means that nothing is known.
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
   * Stops a bucket for all replicas for so long from now; a stop that ends later wins. Durations, not
   * times, so that a clock that was wrong when the stop came does not lengthen it. Never longer than `MAX_STOP_MS`.
   */
  stop(bucket: string, lastsMs: number, cause: StopCause): Promise<void>;
  /** Stops in force of these buckets, each with the time until its end. */
  stops(buckets: readonly string[]): Promise<readonly LedgerStop[]>;
  /** Lifts every stop, and lets the other replicas know that stops noted before this moment no longer hold. */
  lift(): Promise<void>;
  /** How long ago `lift` was called; null: not within `MAX_STOP_MS`. */
  sinceLiftMs(): Promise<number | null>;
}

/** A ledger that answers later than this, in real time, counts as down. */
const LEDGER_TIMEOUT_MS = 1_000;

/** The ledger with a limit on how long it is waited for; says once that it is down, and once that it is up again. */
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
        this.#log.warn({ err: error }, 'weight ledger down: reads continue within a small local budget');
      }
      this.#isDown = true;
      throw error;
    }
  }

  /** A call whose failure stops nothing. */
  async tell(call: (ledger: WeightLedger) => Promise<void>): Promise<void> {
    await this.ask(call).catch(() => {});
  }
}

/** Binance bans an address for three days at most (general info, "Limits"): no stop is believed to last longer. */
export const MAX_STOP_MS = 3 * 86_400_000;

export interface LedgerStop {
  readonly bucket: string;
  readonly leftMs: number;
  readonly cause: StopCause;
}

export interface WeightReservation {
  /** False: nothing was reserved. */
  readonly ok: boolean;
  /** Weight used in that minute afterwards. */
  readonly used: number;
}

/** Short-lived answers shared by all replicas, so that many people asking at once cost one call. */
export interface SharedReads {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, ttlMs: number): Promise<void>;
  /** True for one caller until `release` or the ttl: that one makes the call, the others wait for its answer. */
  tryLead(key: string, token: string, ttlMs: number): Promise<boolean>;
  release(key: string, token: string): Promise<void>;
}
