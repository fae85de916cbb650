/**
 * Bounds the work after the ack: so many at once, so many waiting, and no more. A flood is refused instead of filling
 * memory, and a stop can wait for work in progress.
 */

/** A reserved place in a queue. It is free again when the work ends, or after `leave` without work. */
export interface Place {
  /** Runs now or in turn; a rejection is passed on after the place is free again. */
  run<Value>(work: () => Promise<Value>): Promise<Value>;
  leave(): void;
}

export class WorkQueue {
  readonly #atOnce: number;
  readonly #places: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  #running = 0;
  #whenIdle: (() => void)[] = [];

  constructor(limits: { readonly atOnce: number; readonly waitingAtMost: number }) {
    this.#atOnce = limits.atOnce;
    this.#places = limits.atOnce + limits.waitingAtMost;
  }

  /** Null: full. Called before the ack, so that many requests at once can't exceed the limit. */
  enter(): Place | null {
    if (this.#taken >= this.#places) return null;
    this.#taken += 1;
    let gone = false;
    const leave = (): void => {
      if (gone) return;
      gone = true;
      this.#leave();
    };
    return { leave, run: (work) => this.#run(work).finally(leave) };
  }

  async #run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#running >= this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // Handed straight to the next one that waits, so that no newer work comes in between.
      if (next !== undefined) next();
      else this.#running -= 1;
    }
  }

  #leave(): void {
    this.#taken -= 1;
    if (this.#taken > 0) return;
    for (const resolve of this.#whenIdle) resolve();
    this.#whenIdle = [];
  }

  /** Resolves when no place is taken. */
  idle(): Promise<void> {
    if (this.#taken === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}
