/** Tells all replicas how far one reading is, and hears from them that it is to stop. Without Redis it goes on unheard. */
import type { ReadingProgressStore, Walk } from './loan-ports.ts';
import type { Log } from './ports.ts';

export class ReadingReport {
  readonly #store: ReadingProgressStore;
  readonly #readingId: string;
  readonly #log: Log;
  readonly #parts = new Map<string, { readonly done: number; readonly of: number }>();
  #isStopped = false;
  #isDirty = false;
  #sending: Promise<void> | null = null;

  constructor(parts: { store: ReadingProgressStore; readingId: string; log: Log }) {
    this.#store = parts.store;
    this.#readingId = parts.readingId;
    this.#log = parts.log;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** One of the calls failed, so that the others are of no use. */
  giveUp(): void {
    this.#isStopped = true;
  }

  /** For one part of the reading, which counts its own calls. */
  walk(part: string): Walk {
    this.#note(part, 0, 1);
    return {
      isStopped: () => this.#isStopped,
      onProgress: (done, of) => this.#note(part, done, of),
    };
  }

  /** Never throws. */
  async end(): Promise<void> {
    this.#isDirty = false;
    await this.#sending;
    await this.#store.end(this.#readingId).catch((error: unknown) => this.#unheard(error));
  }

  #note(part: string, done: number, of: number): void {
    this.#parts.set(part, { done, of });
    this.#isDirty = true;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
  }

  /** One report at a time, of the newest state: a reading never waits for Redis. */
  async #send(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false;
      const parts = [...this.#parts.values()];
      const progress = {
        done: parts.reduce((sum, { done }) => sum + done, 0),
        of: parts.reduce((sum, { of }) => sum + of, 0),
      };
      try {
        if (await this.#store.report(this.#readingId, progress)) this.#isStopped = true;
      } catch (error) {
        this.#unheard(error);
        return;
      }
    }
  }

  #unheard(error: unknown): void {
    this.#log.warn({ err: error }, 'progress of a reading not stored');
  }
}
