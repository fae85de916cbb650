/** What can be changed while the stand-in runs. */
export interface Settings {
  /** Added to the clock that the exchange itself reads: `/api/v3/time`, windows, minutes, close times. */
  skewMs: number;
  /** system/status says 1, and every signed call is answered 503 before anything happens (an assumption). */
  maintenance: boolean;
  /** How long after a close the unit appears in `closed`; Infinity = not before `revealClosed`. */
  closedListDelayMs: number;
  /** How long after a close the unit still shows in ltv-details. */
  detailsLingerMs: number;
  /** The order is undocumented: the document's example ascends by id. */
  closedOrder: 'groupId-ascending' | 'closeTime-descending';
  /** Rows of ltv-details are dated at the call, as the real ones are; false: with the dates they were given. */
  liveFigures: boolean;
  /** Interest is due at every full hour. Off for tests: figures stay as they are while a test's clock skips hours. */
  interestAccrues: boolean;
}

export const DEFAULT_SETTINGS: Readonly<Settings> = {
  skewMs: 0,
  maintenance: false,
  closedListDelayMs: 0,
  detailsLingerMs: 0,
  closedOrder: 'groupId-ascending',
  liveFigures: false,
  interestAccrues: false,
};

/** The exchange's own clock, and the machine's below it. Both give UTC milliseconds. */
export class ExchangeClock {
  readonly #now: () => number;
  readonly #settings: Settings;

  constructor(now: () => number, settings: Settings) {
    this.#now = now;
    this.#settings = settings;
  }

  /** The machine's clock: delays of lists are counted on it, so that a changed skew reveals nothing early. */
  realMs(): number {
    return Math.floor(this.#now());
  }

  serverMs(): number {
    return this.realMs() + this.#settings.skewMs;
  }
}
