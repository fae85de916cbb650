import type { WeightLedger, WeightReservation } from '../../src/usecases/ports.ts';

/** Weights and stops in memory, by the test's clock. */
export class MemoryWeightLedger implements WeightLedger {
  readonly #now: () => number;
  readonly #scopesOf: (bucket: string) => readonly string[];
  readonly #used = new Map<string, number>();
  readonly #stops = new Map<string, { untilMs: number; reason: string }>();

  constructor(now: () => number, scopesOf: (bucket: string) => readonly string[] = (bucket) => [bucket]) {
    this.#now = now;
    this.#scopesOf = scopesOf;
  }

  async reserve(bucket: string, minute: number, weight: number, limit: number): Promise<WeightReservation> {
    const stopped = (await this.stops(this.#scopesOf(bucket))).length > 0;
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

  async stop(scope: string, untilMs: number, reason: string): Promise<void> {
    if (untilMs > (this.#stops.get(scope)?.untilMs ?? 0)) this.#stops.set(scope, { untilMs, reason });
  }

  async stops(
    scopes: readonly string[],
  ): Promise<readonly { scope: string; untilMs: number; reason: string }[]> {
    return scopes.flatMap((scope) => {
      const stop = this.#stops.get(scope);
      return stop !== undefined && stop.untilMs > this.#now() ? [{ scope, ...stop }] : [];
    });
  }
}
