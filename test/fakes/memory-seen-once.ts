import type { SeenOnce } from '../../src/usecases/ports.ts';

/** What was seen, in memory, by the test's clock. */
export class MemorySeenOnce implements SeenOnce {
  readonly #now: () => number;
  readonly #until = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async first(key: string, ttlMs: number): Promise<boolean> {
    const nowMs = this.#now();
    if ((this.#until.get(key) ?? 0) > nowMs) return false;
    this.#until.set(key, nowMs + ttlMs);
    return true;
  }

  async has(key: string): Promise<boolean> {
    return (this.#until.get(key) ?? 0) > this.#now();
  }

  async forget(key: string): Promise<void> {
    this.#until.delete(key);
  }
}
