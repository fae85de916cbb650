import type { Delay } from '../../../src/binance/clock.ts';

/** A clock that stands still until it is moved; delays end when it passes them. */
export class VirtualTime {
  nowMs: number;
  /** Real I/O that has begun and not ended: the clock waits for it, however slow the machine is. */
  #underWay = 0;
  readonly #waiting = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  readonly now = (): number => this.nowMs;

  readonly delay: Delay = (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const entry = {
        atMs: this.nowMs + ms,
        wake: () => {
          this.#waiting.delete(entry);
          resolve();
        },
      };
      this.#waiting.add(entry);
      signal?.addEventListener('abort', entry.wake, { once: true });
    });

  /** Begins a piece of real I/O; call the answer when it is over. */
  hold(): () => void {
    this.#underWay += 1;
    return () => {
      this.#underWay -= 1;
    };
  }

  /** Moves on and lets everything that this woke run until it waits again. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await this.#settle();
    for (;;) {
      const next = Math.min(...[...this.#waiting].map(({ atMs }) => atMs));
      if (next > untilMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      for (const entry of [...this.#waiting]) if (entry.atMs <= this.nowMs) entry.wake();
      await this.#settle();
    }
    this.nowMs = untilMs;
    await this.#settle();
  }

  /** Bottleneck needs some real timer turns of its own to hand out a job. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (this.#underWay > 0) turn = 0;
    }
  }
}
