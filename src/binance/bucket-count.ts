/**
 * What this process knows of one bucket: how much of a minute is used (from the shared count and the exchange's
 * headers), which minute is full, and how much was spent on its own while the shared count could not be reached.
 */
/** Share of a limit that one process may use in a minute in which the shared count is not available. */
const UNCOUNTED_SHARE = 0.05;

export class BucketCount {
  readonly limit: number;
  #used = new Map<number, number>();
  readonly #full = new Set<number>();
  #uncounted = { minute: -1, weight: 0 };

  constructor(limit: number) {
    this.limit = limit;
  }

  usedIn(minute: number): number {
    return this.#used.get(minute) ?? 0;
  }

  /** A count never falls within its minute. */
  noteUsed(minute: number, used: number): void {
    this.#used.set(minute, Math.max(used, this.usedIn(minute)));
    this.#forgetFarFrom(minute);
  }

  noteFull(minute: number): void {
    this.#full.add(minute);
    this.#forgetFarFrom(minute);
  }

  isFull(minute: number): boolean {
    return this.#full.has(minute);
  }

  /** Only the minute and its neighbours matter; what was noted while the clock was wrong is of no use later. */
  #forgetFarFrom(minute: number): void {
    for (const minutes of [this.#used, this.#full]) {
      for (const noted of minutes.keys()) if (Math.abs(noted - minute) > 1) minutes.delete(noted);
    }
  }

  /** Takes weight from the small budget for minutes without the shared count; false when it is used up. */
  spendUncounted(minute: number, weight: number): boolean {
    if (this.#uncounted.minute !== minute) this.#uncounted = { minute, weight: 0 };
    if (this.#uncounted.weight + weight > this.limit * UNCOUNTED_SHARE) return false;
    this.#uncounted.weight += weight;
    return true;
  }
}
