/** The buckets that the exchange told us to stop, and until when, as far as this process knows. */
export interface StopInForce {
  readonly bucket: string;
  /** Exchange time. */
  readonly untilMs: number;
  readonly reason: string;
}

export class Stops {
  readonly #stops = new Map<string, StopInForce>();
  readonly #nowMs: () => number;
  readonly #onStop: (stop: StopInForce) => void;

  constructor(nowMs: () => number, onStop: (stop: StopInForce) => void) {
    this.#nowMs = nowMs;
    this.#onStop = onStop;
  }

  of(bucket: string): StopInForce | null {
    const stop = this.#stops.get(bucket);
    if (stop === undefined) return null;
    if (stop.untilMs > this.#nowMs()) return stop;
    this.#stops.delete(bucket);
    return null;
  }

  /** A later stop wins. */
  note(stop: StopInForce): void {
    const before = this.of(stop.bucket);
    if (before !== null && before.untilMs >= stop.untilMs) return;
    this.#stops.set(stop.bucket, stop);
    this.#onStop(stop);
  }

  inForce(): readonly StopInForce[] {
    return [...this.#stops.keys()].map((bucket) => this.of(bucket)).filter((stop) => stop !== null);
  }
}
