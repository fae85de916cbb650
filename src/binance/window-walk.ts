/** Reads rows over a span of time: in windows as long as Binance allows, each page by page, every row once. */
import type { Span } from '../domain/loan/loan-records.ts';
import type { Walk } from '../usecases/loan-ports.ts';
import type { FailedCall } from './caller.ts';
import { LARGEST_PAGE, pageParameters } from './closed-list.ts';
import type { ReadAnswer } from './read-caller.ts';
import type { QueryParameter } from './signing.ts';

/** More than two years of hourly interest for one asset; bounds the memory of one reading. */
export const MAX_ROWS = 20_000;
const MAX_READS_OF_A_WINDOW = 2;

export interface RowPage {
  /** Null: not stated. */
  readonly total: number | null;
  readonly rows: readonly unknown[];
}

export type FetchRows = (parameters: readonly QueryParameter[]) => Promise<ReadAnswer<RowPage> | FailedCall>;

export interface WalkedRows {
  readonly kind: 'walked';
  /** As received, each once; those of newer windows first. */
  readonly rows: readonly unknown[];
  readonly isCut: boolean;
  /** Windows in which Binance counts more rows than it shows. */
  readonly gaps: readonly string[];
  /** Exchange time of the oldest answer; null: nothing was asked. */
  readonly asOfMs: number | null;
}

/**
 * Newest first. `startTime` and `endTime` both count as documented; neighbours share that one millisecond, so that a row on
 * it isn't lost should one of them not count. Rows are told apart by their content, so it comes once.
 */
export function windowsOf({ fromMs, beforeMs }: Span, longestMs: number): readonly Span[] {
  const windows: Span[] = [];
  for (let endMs = beforeMs; endMs > fromMs; endMs -= longestMs)
    windows.push({ fromMs: Math.max(fromMs, endMs - longestMs), beforeMs: endMs });
  return windows;
}

/** Counts the calls of one reading for the person who waits. */
export class CallCount {
  readonly #walk: Walk;
  #done = 0;
  #of: number;

  constructor(walk: Walk, windows: number) {
    this.#walk = walk;
    this.#of = windows;
  }

  get isStopped(): boolean {
    return this.#walk.isStopped();
  }

  /** A window turned out to have further pages. */
  add(pages: number): void {
    this.#of += pages;
  }

  called(): void {
    this.#done += 1;
    this.#of = Math.max(this.#of, this.#done);
    this.#walk.onProgress(this.#done, this.#of);
  }
}

export interface WindowWalkOptions {
  readonly windows: readonly Span[];
  readonly fetch: FetchRows;
  readonly count: CallCount;
  /** False where the order of rows is not documented: a window is then read to its end before the bound counts. */
  readonly isNewestFirst: boolean;
}

interface PagesRead {
  readonly pages: readonly (readonly unknown[])[];
  /** The largest that was stated; 0: none was. */
  readonly total: number;
  /** As many rows came as were counted, and the count was the same on each page. */
  readonly isSteady: boolean;
  readonly isCut: boolean;
}

export class WindowWalk {
  readonly #options: WindowWalkOptions;
  readonly #rows = new Map<string, unknown>();
  readonly #gaps: string[] = [];
  #isCut = false;
  #asOfMs = Number.POSITIVE_INFINITY;

  constructor(options: WindowWalkOptions) {
    this.#options = options;
  }

  async run(): Promise<WalkedRows | FailedCall | { readonly kind: 'stopped' }> {
    for (const window of this.#options.windows) {
      if (this.#rows.size >= MAX_ROWS) {
        this.#isCut = true;
        break;
      }
      const ended = await this.#readWindow(window);
      if (ended !== null) return ended;
    }
    const rows = [...this.#rows.values()];
    const asOfMs = Number.isFinite(this.#asOfMs) ? this.#asOfMs : null;
    return { kind: 'walked', rows, isCut: this.#isCut, gaps: this.#gaps, asOfMs };
  }

  /**
   * Null: read as far as it can be. Rows that moved to another page meanwhile show in the total: it changes, or isn't reached.
   * The window is then read again.
   */
  async #readWindow(window: Span): Promise<FailedCall | { readonly kind: 'stopped' } | null> {
    const seen = new Set<string>();
    let total = 0;
    for (let reads = 1; reads <= MAX_READS_OF_A_WINDOW; reads += 1) {
      const read = await this.#readPages(window, total);
      if ('kind' in read) return read;
      total = read.total;
      // Only where no row moved are equal rows of two pages two rows; else each page is numbered by itself.
      for (const rows of read.isSteady ? [read.pages.flat()] : read.pages) {
        for (const [identity, row] of identitiesOf(rows)) {
          seen.add(identity);
          if (!this.#rows.has(identity)) this.#rows.set(identity, row);
        }
      }
      if (read.isSteady || read.isCut || seen.size >= total) return null;
    }
    this.#gaps.push(`Binance counts ${total} rows ${spanOf(window)}, but shows ${seen.size}`);
    return null;
  }

  /** Once through the pages of a window. `before`: the total that was stated before. */
  async #readPages(
    window: Span,
    before: number,
  ): Promise<PagesRead | FailedCall | { readonly kind: 'stopped' }> {
    const pages: (readonly unknown[])[] = [];
    const texts = new Set<string>();
    const totals = new Set<number | null>();
    let [count, total] = [0, before];
    for (;;) {
      if (this.#options.count.isStopped) return { kind: 'stopped' };
      const result = await this.#options.fetch(parametersOf(window, pages.length + 1));
      this.#options.count.called();
      if (result.kind !== 'read') return result;
      const { rows, total: stated } = result.value;
      this.#asOfMs = Math.min(this.#asOfMs, result.asOfMs);
      if ((stated ?? 0) > total) this.#options.count.add(pagesOf(stated ?? 0) - pagesOf(total));
      total = Math.max(total, stated ?? 0);
      totals.add(stated);
      const text = JSON.stringify(rows);
      // The same page for another number: there are no further ones.
      const isRepeated = texts.has(text);
      texts.add(text);
      pages.push(rows);
      count += rows.length;
      const isEnd = stated === null ? rows.length < LARGEST_PAGE : rows.length === 0 || count >= total;
      const isSteady = isEnd && !isRepeated && totals.size === 1 && stated === count;
      if (isEnd || isRepeated) return { pages, total, isSteady, isCut: false };
      if (this.#isTooMany(count)) return { pages, total, isSteady: false, isCut: true };
    }
  }

  #isTooMany(count: number): boolean {
    if (!this.#options.isNewestFirst || this.#rows.size + count < MAX_ROWS) return false;
    this.#isCut = true;
    return true;
  }
}

/** By content, as the page's example of borrow-repay has one tranId in three rows; equal ones are numbered, as two events. */
export function identitiesOf<Row>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  const times = new Map<string, number>();
  return new Map(
    rows.map((row) => {
      const content = JSON.stringify(row);
      const before = times.get(content) ?? 0;
      times.set(content, before + 1);
      return [`${before} ${content}`, row];
    }),
  );
}

/** At least one is asked for. */
function pagesOf(total: number): number {
  return Math.max(1, Math.ceil(total / LARGEST_PAGE));
}

function parametersOf({ fromMs, beforeMs }: Span, current: number): readonly QueryParameter[] {
  return [
    ['startTime', String(fromMs)],
    ['endTime', String(beforeMs)],
    ...(pageParameters(current, LARGEST_PAGE) ?? []),
  ];
}

function spanOf({ fromMs, beforeMs }: Span): string {
  return `from ${new Date(fromMs).toISOString()} to ${new Date(beforeMs).toISOString()}`;
}
