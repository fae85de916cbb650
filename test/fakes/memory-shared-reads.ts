import type { SharedReads } from '../../src/binance/shared-state.ts';

interface Entry {
  readonly value: string;
  readonly untilMs: number;
}

/** Shared answers in memory, by the test's clock. */
export class MemorySharedReads implements SharedReads {
  readonly #now: () => number;
  readonly #answers = new Map<string, Entry>();
  readonly #leads = new Map<string, Entry>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async get(key: string): Promise<string | null> {
    return this.#live(this.#answers, key);
  }

  async put(key: string, value: string, ttlMs: number): Promise<void> {
    this.#answers.set(key, { value, untilMs: this.#now() + ttlMs });
  }

  async tryLead(key: string, token: string, ttlMs: number): Promise<boolean> {
    const holder = this.#live(this.#leads, key);
    if (holder !== null) return holder === token;
    this.#leads.set(key, { value: token, untilMs: this.#now() + ttlMs });
    return true;
  }

  async release(key: string, token: string): Promise<void> {
    if (this.#live(this.#leads, key) === token) this.#leads.delete(key);
  }

  #live(entries: ReadonlyMap<string, Entry>, key: string): string | null {
    const entry = entries.get(key);
    return entry !== undefined && entry.untilMs > this.#now() ? entry.value : null;
  }
}
