/** Everything heard from the product in one test file, searched in large pieces. */
import { type Leak, leakIn } from './known-secrets.ts';

export type Source = 'log line' | 'message' | 'error';

export interface FoundLeak extends Leak {
  readonly source: Source;
}

const SEARCHED_AT_CHARACTERS = 1_000_000;
const NAMED_AT_MOST = 10;

export class Heard {
  readonly counts: Record<Source, number> = { 'log line': 0, message: 0, error: 0 };
  readonly leaks: FoundLeak[] = [];
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

  /** What was added since the last search. Called at the end, too, when every secret of the file is known. */
  search(): void {
    const texts = this.#texts;
    this.#texts = [];
    this.#characters = 0;
    if (leakIn(texts.map(([, text]) => text).join('\n')) === null) return;
    for (const [source, text] of texts) {
      const leak = this.leaks.length < NAMED_AT_MOST ? leakIn(text) : null;
      if (leak !== null) this.leaks.push({ source, ...leak });
    }
  }
}
