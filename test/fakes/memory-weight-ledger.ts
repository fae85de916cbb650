import {
  type LedgerStop,
  MAX_STOP_MS,
  type WeightLedger,
  type WeightReservation,
} from '../../src/binance/shared-state.ts';
import type { StopCause } from '../../src/usecases/ports.ts';

/** Weights and stops in memory, by the test's clock. */
export class MemoryWeightLedger implements WeightLedger {
  readonly #now: () => number;
  readonly #used = new Map<string, number>();
  readonly #stops = new Map<string, { untilMs: number; cause: StopCause }>();
  #liftedAtMs: number | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  async reserve(bucket: string, minute: number, weight: number, limit: number): Promise<WeightReservation> {
    const stopped = (await this.stops([bucket])).length > 0;
    // Read and written without a wait between them, as the script does.
    const key = `${bucket}:${minute}`;
    const used = this.#used.get(key) ?? 0;
    if (stopped || used + weight > limit) return { ok: false, used };
    this.#used.set(key, used + weight);
    return { ok: true, used: used + weight };
  }

  async raise(bucket: string, minute: number, used: number): Promise<void> {
    const key = `${bucket}:${minute}`;
    this.#used.set(key, Math.max(used, this.#used.get(key) ?? 0));
  }

  async stop(bucket: string, lastsMs: number, cause: StopCause): Promise<void> {
    const untilMs = this.#now() + Math.min(lastsMs, MAX_STOP_MS);
    if (untilMs > (this.#stops.get(bucket)?.untilMs ?? 0)) this.#stops.set(bucket, { untilMs, cause });
  }

  async stops(buckets: readonly string[]): Promise<readonly LedgerStop[]> {
    return buckets.flatMap((bucket) => {
      const stop = this.#stops.get(bucket);
      const leftMs = (stop?.untilMs ?? 0) - this.#now();
      return stop !== undefined && leftMs > 0 ? [{ bucket, leftMs, cause: stop.cause }] : [];
    });
  }

  async lift(): Promise<void> {
    this.#stops.clear();
    this.#liftedAtMs = this.#now();
  }

  async sinceLiftMs(): Promise<number | null> {
    return this.#liftedAtMs === null ? null : this.#now() - this.#liftedAtMs;
  }
}
