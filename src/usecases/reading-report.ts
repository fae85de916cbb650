/**
 * Tells all replicas how far one reading is, under the id of each person who waits for it, and hears who asks to stop it.
 * Without Redis it goes on unheard.
 */
import type { ReadingProgressStore, Walk } from './loan-ports.ts';
import type { Log } from './ports.ts';

interface Waiter {
  readonly readingId: string;
  isStopped: boolean;
  readonly stop: () => void;
}

export class ReadingReport {
  readonly #store: ReadingProgressStore;
  readonly #log: Log;
  readonly #parts = new Map<string, { readonly done: number; readonly of: number }>();
  readonly #waiters: Waiter[] = [];
  #isGivenUp = false;
  #isEnded = false;
  #isDirty = false;
  #sending: Promise<void> | null = null;

  constructor(parts: { store: ReadingProgressStore; log: Log }) {
    this.#store = parts.store;
    this.#log = parts.log;
  }

  /** True: of no use any more, or everybody who waits asked to stop it. */
  get isStopped(): boolean {
    return this.#isGivenUp || (this.#waiters.length > 0 && this.#waiters.every(({ isStopped }) => isStopped));
  }

  /** One of the calls failed, so that the others are of no use. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Somebody waits for this reading. Settles when they ask to stop it. */
  join(readingId: string): Promise<'stopped'> {
    return new Promise((resolve) => {
      this.#waiters.push({ readingId, isStopped: false, stop: () => resolve('stopped') });
      this.#report();
    });
  }

  /** For one part of the reading, which counts its own calls. */
  walk(part: string): Walk {
    this.#note(part, 0, 1);
    return {
      isStopped: () => this.isStopped,
      onProgress: (done, of) => this.#note(part, done, of),
    };
  }

  /** Never throws. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#isDirty = false;
    await this.#sending;
    for (const id of this.#ids()) await this.#store.end(id).catch((error: unknown) => this.#unheard(error));
  }

  /** Of those who still wait. */
  #ids(): readonly string[] {
    return [
      ...new Set(this.#waiters.filter(({ isStopped }) => !isStopped).map(({ readingId }) => readingId)),
    ];
  }

  #note(part: string, done: number, of: number): void {
    this.#parts.set(part, { done, of });
    this.#report();
  }

  #report(): void {
    if (this.#isEnded) return;
    this.#isDirty = true;
    this.#sending ??= this.#send();
  }

  /** One report at a time, of the newest state: a reading never waits for Redis. Never throws. */
  async #send(): Promise<void> {
    try {
      // The first report of several parts at once tells of all.
      await Promise.resolve();
      while (this.#isDirty) {
        this.#isDirty = false;
        const parts = [...this.#parts.values()];
        const progress = {
          done: parts.reduce((sum, { done }) => sum + done, 0),
          of: parts.reduce((sum, { of }) => sum + of, 0),
        };
        for (const id of this.#ids()) {
          if (!(await this.#store.report(id, progress))) continue;
          this.#stopFor(id);
          await this.#store.end(id);
        }
      }
    } catch (error) {
      this.#unheard(error);
    } finally {
      // In the same tick as the last look at what is new: a later note then sends again.
      this.#sending = null;
    }
  }

  #stopFor(id: string): void {
    for (const waiter of this.#waiters.filter(({ readingId }) => readingId === id)) {
      waiter.isStopped = true;
      waiter.stop();
    }
  }

  #unheard(error: unknown): void {
    this.#log.warn({ err: error }, 'progress of a reading not stored');
  }
}
