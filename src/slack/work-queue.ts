/**
 * What goes on after the ack: so many at a time, so many waiting, and no more. A flood is refused at the door
 * instead of growing without end, and a stop can wait for what is under way.
 */

/** A place taken at the door. It is given back when the work ends, or by `leave` when there is none. */
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

  /** Null: there is no room. Taken before the ack, so that many at one instant cannot slip past the limit. */
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
      // The turn goes straight to the next in line, so that nobody can slip in between.
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

  /** Resolves when nobody is inside. */
  idle(): Promise<void> {
    if (this.#taken === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}
