/**
 * What this process knows of one bucket: how much of a minute is used (from the shared count and the exchange's
 * headers), which minute is full, and how much was spent on its own while the shared count could not be reached.
 */
/** Share of a limit that one process may use in a minute in which the shared count is not available. */
const UNCOUNTED_SHARE = 0.05;

export class BucketCount {
  readonly limit: number;
  #used = new Map<number, number>();
  #fullMinute = -1;
  #uncounted = { minute: -1, weight: 0 };

  constructor(limit: number) {
    this.limit = limit;
  }

  usedIn(minute: number): number {
    return this.#used.get(minute) ?? 0;
  }

  /** A count never falls within its minute; only the newest two minutes matter. */
  noteUsed(minute: number, used: number): void {
    this.#used.set(minute, Math.max(used, this.usedIn(minute)));
    for (const old of this.#used.keys()) if (old < minute - 1) this.#used.delete(old);
  }

  noteFull(minute: number): void {
    this.#fullMinute = Math.max(this.#fullMinute, minute);
  }

  isFull(minute: number): boolean {
    return this.#fullMinute >= minute;
  }

  /** Takes weight from the small budget for minutes without the shared count; false when it is used up. */
  spendUncounted(minute: number, weight: number): boolean {
    if (this.#uncounted.minute !== minute) this.#uncounted = { minute, weight: 0 };
    if (this.#uncounted.weight + weight > this.limit * UNCOUNTED_SHARE) return false;
    this.#uncounted.weight += weight;
    return true;
  }
}
