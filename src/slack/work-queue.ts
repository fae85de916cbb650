/**
 * What goes on after the ack: so many at a time, so many waiting, and no more. A flood is refused at the door
 * instead of growing without end, and a stop can wait for what is under way.
 */
export class WorkQueue {
  readonly #atOnce: number;
  readonly #waitingAtMost: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(limits: { readonly atOnce: number; readonly waitingAtMost: number }) {
    this.#atOnce = limits.atOnce;
    this.#waitingAtMost = limits.waitingAtMost;
  }

  hasRoom(): boolean {
    return this.#running < this.#atOnce || this.#waiting.length < this.#waitingAtMost;
  }

  /** Runs now or in turn. `work` reports its own failures; a rejection is passed on after the place is free again. */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#running >= this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // The place goes straight to the next in line, so that nobody can slip in between.
      if (next !== undefined) next();
      else this.#leave();
    }
  }

  #leave(): void {
    this.#running -= 1;
    if (this.#running > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
