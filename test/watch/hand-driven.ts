/** Background work of an app whose rounds somebody runs by hand. */
import type { Background } from '../../src/ops/background.ts';

/** Rounds are kept until they are asked for; what a click or a round starts runs at once. */
export class HandDriven implements Background {
  readonly rounds = new Map<string, () => Promise<unknown>>();
  readonly #running = new Set<Promise<unknown>>();
  readonly failures: unknown[] = [];

  every(what: string, _everyMs: number, work: () => Promise<unknown>): void {
    this.rounds.set(what, work);
  }

  run(_what: string, work: () => Promise<unknown>): void {
    const task: Promise<unknown> = Promise.resolve()
      .then(work)
      .catch((error: unknown) => this.failures.push(error))
      .finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  async turn(what: string): Promise<void> {
    const work = this.rounds.get(what);
    if (work === undefined)
      throw new Error(`there is no round "${what}": ${[...this.rounds.keys()].join(', ')}`);
    this.run(what, work);
    await this.settled();
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  sinceLastRoundMs(): ReadonlyMap<string, number> {
    return new Map();
  }

  stop(): Promise<void> {
    return this.settled();
  }

  underWay(): readonly string[] {
    return [];
  }
}
