/**
 * Redis' clock decides every deadline, so a wrong one would end requests early or let late approvals count. Its time
 * is believed while it agrees with a clock that we know: this machine's, or the exchange's. Else nothing is decided.
 */
import { type Log, StoreUnavailable } from '../usecases/ports.ts';

/** As far as Slack lets a signature's time be off; clocks set by NTP differ by milliseconds. */
export const CLOCKS_AGREE_WITHIN_MS = 5 * 60_000;

export interface StoreClockParts {
  /** What the other clocks show now, in UTC milliseconds; empty: any time is believed. */
  readonly clocks: () => readonly number[];
  readonly log: Log;
}

export class StoreClock {
  readonly #clocks: () => readonly number[];
  readonly #log: Log;
  #isBelieved = true;

  constructor({ clocks, log }: StoreClockParts) {
    this.#clocks = clocks;
    this.#log = log;
  }

  /** The same time. Throws StoreUnavailable when no other clock agrees; the log has one line as that begins and ends. */
  believe(storeMs: number): number {
    const offMs = this.offMs(storeMs);
    const isBelieved = Math.abs(offMs) <= CLOCKS_AGREE_WITHIN_MS;
    if (isBelieved !== this.#isBelieved) {
      this.#isBelieved = isBelieved;
      if (isBelieved) this.#log.info({ offMs }, 'Redis clock agrees again');
      else this.#log.error({ offMs }, 'Redis clock is wrong, nothing is decided');
    }
    if (!isBelieved) throw new StoreUnavailable(new Error(`Redis' clock is ${offMs} ms from the others`));
    return storeMs;
  }

  /** Redis' clock minus that of the others which is closest to it. */
  offMs(storeMs: number): number {
    const differences = this.#clocks().map((clockMs) => storeMs - clockMs);
    return differences.reduce(
      (least, each) => (Math.abs(each) < Math.abs(least) ? each : least),
      differences[0] ?? 0,
    );
  }
}
