/** The buckets that the exchange told us to stop, as far as this process knows. */
import type { ExchangeStop, StopCause } from '../usecases/ports.ts';
import { MOST_STOP_MS } from './shared-state.ts';

interface Noted {
  readonly stop: ExchangeStop;
  /** By the steady clock: the exchange's may be corrected by an hour while a stop is in force. */
  readonly notedAtMs: number;
  readonly endsAtMs: number;
}

export interface StopsOptions {
  /** Exchange time, for people. */
  readonly nowMs: () => number;
  /** Steady milliseconds. */
  readonly monotonic: () => number;
  readonly onStop: (stop: ExchangeStop) => void;
}

/** Two clocks of one machine differ by no more within a stop, unless one was set. */
const CLOCKS_DRIFT_MS = 1_000;

export class Stops {
  readonly #noted = new Map<string, Noted>();
  readonly #options: StopsOptions;

  constructor(options: StopsOptions) {
    this.#options = options;
  }

  of(bucket: string): ExchangeStop | null {
    const noted = this.#noted.get(bucket);
    if (noted === undefined) return null;
    const leftMs = noted.endsAtMs - this.#options.monotonic();
    if (leftMs <= 0) {
      this.#noted.delete(bucket);
      return null;
    }
    const untilMs = this.#options.nowMs() + leftMs;
    // The end as it was noted, unless the exchange's clock was corrected since.
    const isCorrected = Math.abs(untilMs - noted.stop.untilMs) > CLOCKS_DRIFT_MS;
    return isCorrected ? { ...noted.stop, untilMs } : noted.stop;
  }

  /** A stop that ends later wins; none lasts longer than the longest ban. */
  note(bucket: string, lastsMs: number, cause: StopCause): void {
    const nowMs = this.#options.monotonic();
    const endsAtMs = nowMs + Math.min(lastsMs, MOST_STOP_MS);
    const before = this.#noted.get(bucket)?.endsAtMs ?? nowMs;
    if (endsAtMs <= before) return;
    const stop = { bucket, untilMs: this.#options.nowMs() + endsAtMs - nowMs, cause };
    this.#noted.set(bucket, { stop, notedAtMs: nowMs, endsAtMs });
    this.#options.onStop(stop);
  }

  /** Forgets those that were noted longer ago than that. */
  lift(sinceMs: number): void {
    const liftedAtMs = this.#options.monotonic() - sinceMs;
    for (const [bucket, { notedAtMs }] of this.#noted) {
      if (notedAtMs <= liftedAtMs) this.#noted.delete(bucket);
    }
  }

  inForce(): readonly ExchangeStop[] {
    return [...this.#noted.keys()].map((bucket) => this.of(bucket)).filter((stop) => stop !== null);
  }
}
