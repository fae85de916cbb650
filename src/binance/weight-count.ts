/**
 * Counting weights, without I/O. The exchange counts weight in fixed minutes of its own clock (general info; spot
 * WebSocket API, "Rate limits").
 */
export const MINUTE_MS = 60_000;

/** The minute of an exchange time, since the epoch. */
export function minuteOf(exchangeMs: number): number {
  return Math.floor(exchangeMs / MINUTE_MS);
}

/**
 * The minutes in which the exchange may count a call sent now, oldest first: two if a minute begins within the clock's
 * uncertainty, else one.
 */
export function minutesAround(exchangeMs: number, uncertaintyMs: number): readonly number[] {
  const first = minuteOf(exchangeMs - uncertaintyMs);
  const last = minuteOf(exchangeMs + uncertaintyMs);
  return first === last ? [first] : [first, last];
}

/**
 * Background calls leave weight for commands in each minute: at first they may use half of the limit, from second 50 all
 * of it. Weight used by commands counts as well.
 */
const BACKGROUND_SHARE_AT_ONCE = 0.5;
const BACKGROUND_WHOLE_AFTER_MS = 50_000;

/** How much of a minute's limit may be used, commands included, by a background call at `exchangeMs`. */
export function backgroundLimit(limit: number, minute: number, exchangeMs: number): number {
  const share = Math.max(0, exchangeMs - minute * MINUTE_MS) / BACKGROUND_WHOLE_AFTER_MS;
  return Math.floor(limit * Math.min(1, BACKGROUND_SHARE_AT_ONCE + (1 - BACKGROUND_SHARE_AT_ONCE) * share));
}

/** Exchange time from which background calls may bring that minute's use to `used`. */
export function backgroundMayUseAtMs(limit: number, minute: number, used: number): number {
  const share =
    Math.max(0, Math.ceil(used) / limit - BACKGROUND_SHARE_AT_ONCE) / (1 - BACKGROUND_SHARE_AT_ONCE);
  return minute * MINUTE_MS + Math.ceil(share * BACKGROUND_WHOLE_AFTER_MS);
}

/** Share of a limit that one process may use per minute while the shared count is unavailable. */
const UNCOUNTED_SHARE = 0.05;

/** The weight used of one bucket: from the shared count, the exchange's headers, and uncounted calls. */
export class BucketCount {
  readonly limit: number;
  readonly #used = new Map<number, number>();
  readonly #full = new Set<number>();
  #uncounted = { minute: -1, weight: 0 };

  constructor(limit: number) {
    this.limit = limit;
  }

  usedIn(minute: number): number {
    return this.#used.get(minute) ?? 0;
  }

  /** A count never decreases within its minute. */
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

  /** Uses the small budget for minutes without the shared count; false when it is used up. */
  spendUncounted(minute: number, weight: number): boolean {
    if (this.#uncounted.minute !== minute) this.#uncounted = { minute, weight: 0 };
    if (this.#uncounted.weight + weight > this.limit * UNCOUNTED_SHARE) return false;
    this.#uncounted.weight += weight;
    return true;
  }

  /** Keeps a minute and its neighbours; minutes noted while the clock was wrong are dropped. */
  #forgetFarFrom(minute: number): void {
    for (const minutes of [this.#used, this.#full]) {
      for (const noted of minutes.keys()) if (Math.abs(noted - minute) > 1) minutes.delete(noted);
    }
  }
}
