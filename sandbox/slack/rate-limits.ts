/**
 * Slack's rate limits: per method and workspace by tier; chat.postMessage about one a second and channel.
 * Source: docs.slack.dev/apis/web-api/rate-limits (tier 1: 1+, 2: 20+, 3: 50+, 4: 100+ a minute).
 * Slack tolerates bursts without saying how long. Here a full bucket holds one minute's calls (20 for
 * posting to one channel), and refills steadily.
 */
export type Tier = 1 | 2 | 3 | 4 | 'post' | 'none';

const CALLS_A_MINUTE = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;
const POST_BURST = 20;
const POSTS_A_MINUTE_A_CHANNEL = 60;
/** "Several hundred" a minute and workspace. */
const POSTS_A_MINUTE = 300;

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimits {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  /** False lets everything through. */
  isStrict: boolean;
  /** How many times as fast as Slack's the buckets refill, for a run that ends soon. */
  pace = 1;

  constructor(now: () => number, isStrict: boolean) {
    this.#now = now;
    this.isStrict = isStrict;
  }

  /** Counts a call. Returns the seconds for `Retry-After` when it is one too many, otherwise undefined. */
  take(method: string, tier: Tier, channel: string): number | undefined {
    if (!this.isStrict || tier === 'none') return undefined;
    if (tier !== 'post') return this.#take(method, CALLS_A_MINUTE[tier], CALLS_A_MINUTE[tier]);
    return (
      this.#take(`${method} ${channel}`, POST_BURST, POSTS_A_MINUTE_A_CHANNEL) ??
      this.#take(method, POSTS_A_MINUTE, POSTS_A_MINUTE)
    );
  }

  #take(key: string, capacity: number, aMinute: number): number | undefined {
    const nowMs = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: capacity, atMs: nowMs };
    this.#buckets.set(key, bucket);
    bucket.tokens = Math.min(
      capacity,
      bucket.tokens + ((nowMs - bucket.atMs) * aMinute * this.pace) / 60_000,
    );
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / (aMinute * this.pace)));
    bucket.tokens -= 1;
    return undefined;
  }
}
