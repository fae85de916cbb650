/** Everything heard from the product in one test file, searched in large pieces. */
import { type Leak, leakIn } from './known-secrets.ts';

export type Source = 'log line' | 'message' | 'error';

const SEARCHED_AT_CHARACTERS = 1_000_000;

export class Heard {
  readonly counts: Record<Source, number> = { 'log line': 0, message: 0, error: 0 };
  /** The first leak of each kind from each source, by both in words. */
  readonly leaks = new Map<string, Leak>();
  #texts: [Source, string][] = [];
  #characters = 0;

  /** `counted`: false for what belongs to something that is counted already. */
  add(source: Source, text: string, counted = true): void {
    if (counted) this.counts[source] += 1;
    if (source === 'log line' && text.includes('"err":{')) this.counts.error += 1;
    this.#texts.push([source, text]);
    this.#characters += text.length;
    if (this.#characters >= SEARCHED_AT_CHARACTERS) this.search();
  }

  /** For the next test file of this process. */
  forget(): void {
    Object.assign(this.counts, { 'log line': 0, message: 0, error: 0 });
    this.leaks.clear();
    this.#texts = [];
    this.#characters = 0;
  }

  /** What was added since the last search. Called at the end, too, when every secret of the file is known. */
  search(): void {
    const texts = this.#texts;
    this.#texts = [];
    this.#characters = 0;
    if (leakIn(texts.map(([, text]) => text).join('\n')) === null) return;
    for (const [source, text] of texts) {
      const leak = leakIn(text);
      if (leak === null) continue;
      const name = `${source}: ${leak.kind}`;
      if (!this.leaks.has(name)) this.leaks.set(name, leak);
    }
  }
}
