/** One counted pool: an endpoint's own, for one IP address or one account's UID. */
export interface WeightUsage {
  readonly pool: string;
  readonly scope: WeightScope;
  /** The IP address, or the UID. */
  readonly subject: string;
  readonly limit: number;
  /** Start of the newest counted minute, server clock. */
  readonly minuteStartMs: number;
  /** Weight admitted in that minute. */
  readonly used: number;
  /** Most weight ever admitted in one minute. */
  readonly peak: number;
  /** Calls answered 429. */
  readonly refused: number;
  /** Admitted weight of the last minutes with calls, oldest first. */
  readonly minutes: readonly { readonly startMs: number; readonly used: number }[];
}

/** `ip` and `uid`: an endpoint's own pool; `mbx`: the pool that all of `/api/*` shares. */
export type WeightScope = 'ip' | 'uid' | 'mbx';

export type WeightLimits = Record<WeightScope, number>;

/** IL general info, "Limits": per endpoint and minute 12,000 (IP) or 180,000 (UID); `/api/*` 6,000. */
export const DEFAULT_LIMITS: Readonly<WeightLimits> = { ip: 12_000, uid: 180_000, mbx: 6_000 };

export const WEIGHT_HEADERS: Readonly<Record<WeightScope, string>> = {
  ip: 'X-SAPI-USED-IP-WEIGHT-1M',
  uid: 'X-SAPI-USED-UID-WEIGHT-1M',
  mbx: 'X-MBX-USED-WEIGHT-1M',
};

export interface WeightCount {
  readonly admitted: boolean;
  readonly limit: number;
  /** What the header says: everything asked for in this minute, refused calls too. */
  readonly shown: number;
  /** Whole seconds until the next minute, at least 1. */
  readonly retryAfterS: number;
}

type Counter = { -readonly [Name in Exclude<keyof WeightUsage, 'minutes'>]: WeightUsage[Name] } & {
  shown: number;
  minutes: { startMs: number; used: number }[];
};

const MINUTE_MS = 60_000;
const KEPT_MINUTES = 240;

/** Counts weight in fixed minutes of the server's clock: nothing carries over, nothing is smoothed. */
export class Weights {
  readonly #limits: WeightLimits;
  readonly #counters = new Map<string, Counter>();

  constructor(limits: WeightLimits) {
    this.#limits = limits;
  }

  count(pool: string, scope: WeightScope, subject: string, weight: number, serverMs: number): WeightCount {
    const counter = this.#counter(pool, scope, subject, serverMs);
    const { limit } = counter;
    const admitted = counter.shown + weight <= limit;
    counter.shown += weight;
    if (admitted) this.#admit(counter, weight);
    else counter.refused += 1;
    const leftMs = counter.minuteStartMs + MINUTE_MS - serverMs;
    return { admitted, limit, shown: counter.shown, retryAfterS: Math.max(1, Math.ceil(leftMs / 1000)) };
  }

  /** Weight that another program behind the same address or UID used: it counts in the header and the limit only. */
  spend(pool: string, scope: WeightScope, subject: string, weight: number, serverMs: number): void {
    this.#counter(pool, scope, subject, serverMs).shown += weight;
  }

  usage(): WeightUsage[] {
    return [...this.#counters.values()].map(({ shown: _, minutes, ...counter }) => ({
      ...counter,
      minutes: minutes.map((minute) => ({ ...minute })),
    }));
  }

  #counter(pool: string, scope: WeightScope, subject: string, serverMs: number): Counter {
    const key = `${scope} ${subject} ${pool}`;
    const startMs = Math.floor(serverMs / MINUTE_MS) * MINUTE_MS;
    const found = this.#counters.get(key);
    if (found?.minuteStartMs === startMs) return found;
    const fresh = { peak: 0, refused: 0, minutes: [], ...found };
    const limit = this.#limits[scope];
    const counter = { ...fresh, pool, scope, subject, limit, minuteStartMs: startMs, used: 0, shown: 0 };
    this.#counters.set(key, counter);
    return counter;
  }

  #admit(counter: Counter, weight: number): void {
    counter.used += weight;
    counter.peak = Math.max(counter.peak, counter.used);
    const last = counter.minutes.at(-1);
    if (last?.startMs === counter.minuteStartMs) last.used = counter.used;
    else counter.minutes.push({ startMs: counter.minuteStartMs, used: counter.used });
    if (counter.minutes.length > KEPT_MINUTES) counter.minutes.shift();
  }
}
