/**
 * Buckets paused after a limit or ban, for all replicas: those this process knows of, and those in the ledger if it
 * answers. A person may lift them.
 */
import type { ExchangeStop, StopCause } from '../usecases/ports.ts';
import { MAX_STOP_MS, type TimedLedger, type WeightLedger } from './shared-state.ts';

interface NotedStop {
  readonly stop: ExchangeStop;
  /** Monotonic milliseconds, because the exchange's clock may be corrected while a stop is in force. */
  readonly notedAtMs: number;
  readonly endsAtMs: number;
}

export interface StopsOptions {
  readonly ledger: TimedLedger;
  /** Exchange time, for display. */
  readonly nowMs: () => number;
  /** Monotonic milliseconds. */
  readonly monotonic: () => number;
  readonly onStop: (stop: ExchangeStop) => void;
}

/** A larger difference means that a clock was set. */
const CLOCKS_DRIFT_MS = 1_000;
/** How often a process checks whether a person has lifted its stops. */
const ASK_FOR_LIFT_EVERY_MS = 1_000;

export class Stops {
  readonly #noted = new Map<string, NotedStop>();
  readonly #options: StopsOptions;
  #askedForLiftAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: StopsOptions) {
    this.#options = options;
  }

  /** The stop of a bucket as this process knows it. */
  of(bucket: string): ExchangeStop | null {
    const noted = this.#noted.get(bucket);
    if (noted === undefined) return null;
    const leftMs = noted.endsAtMs - this.#options.monotonic();
    if (leftMs <= 0) {
      this.#noted.delete(bucket);
      return null;
    }
    const untilMs = this.#options.nowMs() + leftMs;
    // The end as noted, unless the exchange's clock has been corrected since.
    const isCorrected = Math.abs(untilMs - noted.stop.untilMs) > CLOCKS_DRIFT_MS;
    return isCorrected ? { ...noted.stop, untilMs } : noted.stop;
  }

  inForce(): readonly ExchangeStop[] {
    return [...this.#noted.keys()].map((bucket) => this.of(bucket)).filter((stop) => stop !== null);
  }

  /** Stops these buckets for all replicas until then (exchange time). */
  async stop(buckets: readonly string[], untilMs: number, cause: StopCause): Promise<void> {
    const lastsMs = Math.ceil(untilMs - this.#options.nowMs());
    for (const bucket of buckets) this.note(bucket, lastsMs, cause);
    await Promise.all(
      buckets.map((bucket) => this.#options.ledger.tryCall((ledger) => ledger.stop(bucket, lastsMs, cause))),
    );
  }

  /** A stop that ends later wins; none lasts longer than the longest ban. */
  note(bucket: string, lastsMs: number, cause: StopCause): void {
    const nowMs = this.#options.monotonic();
    const endsAtMs = nowMs + Math.min(lastsMs, MAX_STOP_MS);
    const before = this.#noted.get(bucket)?.endsAtMs ?? nowMs;
    if (endsAtMs <= before) return;
    const stop = { bucket, untilMs: this.#options.nowMs() + endsAtMs - nowMs, cause };
    this.#noted.set(bucket, { stop, notedAtMs: nowMs, endsAtMs });
    this.#options.onStop(stop);
  }

  /** Notes the stops that any replica has for these buckets. Throws when the ledger is down. */
  async learn(buckets: readonly string[]): Promise<void> {
    const stops = await this.#options.ledger.ask((ledger) => ledger.stops(buckets));
    for (const { bucket, leftMs, cause } of stops) this.note(bucket, leftMs, cause);
  }

  /** The stops of all replicas for these buckets. Throws when the ledger is down. */
  async list(buckets: readonly string[]): Promise<readonly ExchangeStop[]> {
    await this.#options.ledger.ask((ledger) => this.#learnOfLift(ledger));
    await this.learn(buckets);
    return this.inForce();
  }

  /** Lifts every stop, in all replicas. Throws when the ledger is down. */
  async lift(): Promise<void> {
    await this.#options.ledger.ask((ledger) => ledger.lift());
    this.forget(0);
  }

  /** Checks from time to time whether a person has lifted the stops through another replica. */
  async askForLift(): Promise<void> {
    const nowMs = this.#options.monotonic();
    if (nowMs - this.#askedForLiftAtMs < ASK_FOR_LIFT_EVERY_MS) return;
    this.#askedForLiftAtMs = nowMs;
    await this.#options.ledger.tryCall((ledger) => this.#learnOfLift(ledger));
  }

  /** Forgets the stops noted longer ago than this. */
  forget(sinceMs: number): void {
    const liftedAtMs = this.#options.monotonic() - sinceMs;
    for (const [bucket, { notedAtMs }] of this.#noted) {
      if (notedAtMs <= liftedAtMs) this.#noted.delete(bucket);
    }
  }

  async #learnOfLift(ledger: Pick<WeightLedger, 'sinceLiftMs'>): Promise<void> {
    const sinceMs = await ledger.sinceLiftMs();
    if (sinceMs !== null) this.forget(sinceMs);
  }
}
