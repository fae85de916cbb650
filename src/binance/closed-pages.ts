/**
 * Walks through the closed list of one account, page by page (GET /sapi/v1/margin/loan-groups/closed). Its order is
 * undocumented, and rows move on to later pages when a unit is closed meanwhile: rows are told apart by id and createTime.
 *
 * Every page says how many rows there are in all, and rows only ever come in addition. So as many different rows as
 * the largest count are all rows of that moment, in whatever order the pages were answered. Where rows are lacking and
 * the counts of a walk differ, something came in between: the list is walked again. Pages read at once may lose a row
 * that moved from one to the next between their answers; a walk of one page after the other cannot, so the last one is.
 */
import type { CallResult, FailedCall } from './caller.ts';
import type { Text, TextPart } from './coalesced-read.ts';
import { pageAnswer } from './schemas.ts';
import type { QueryParameter } from './sign.ts';

export const LARGEST_PAGE = 100;
const MOST_PAGES = 1_000;
/** How many pages each walk reads at once, the first page excepted: most lists have no other. */
const WALKS = [4, 4, 1] as const;

/** Null when the exchange would refuse it: pages count from 1 and hold 1 to 100 rows. */
export function pageParameters(current: number, size: number): readonly QueryParameter[] | null {
  const isCount = (value: number, most: number) => Number.isSafeInteger(value) && value >= 1 && value <= most;
  if (!isCount(current, Number.MAX_SAFE_INTEGER) || !isCount(size, LARGEST_PAGE)) return null;
  return [
    ['current', String(current)],
    ['size', String(size)],
  ];
}

type FetchPage = (parameters: readonly QueryParameter[]) => Promise<CallResult>;

interface Page {
  readonly kind: 'page';
  readonly rows: readonly unknown[];
  readonly total: number;
  readonly part: TextPart;
  readonly asOfMs: number;
}

export async function walkClosedPages(fetchPage: FetchPage): Promise<Text | FailedCall> {
  const gathered = new GatheredPages();
  for (const atOnce of WALKS) {
    gathered.beginWalk();
    for (let next = 1; next <= gathered.lastPage; ) {
      const count = next === 1 ? 1 : Math.min(atOnce, gathered.lastPage - next + 1);
      const read = Array.from({ length: count }, (_, index) => readPage(fetchPage, next + index));
      let over = false;
      for (const page of await Promise.all(read)) {
        if (page.kind !== 'page') return page;
        gathered.add(page);
        over ||= page.rows.length < LARGEST_PAGE || gathered.isFirstAgain(page);
      }
      if (gathered.isComplete) return gathered.text();
      if (over) break;
      next += count;
    }
    if (!gathered.hasChanged) break;
  }
  return gathered.text();
}

async function readPage(fetchPage: FetchPage, current: number): Promise<Page | FailedCall> {
  const result = await fetchPage(pageParameters(current, LARGEST_PAGE) ?? []);
  if (result.kind !== 'answered') return result;
  const page = pageAnswer.safeParse(result.json);
  if (!page.success) return { kind: 'unreadable', detail: 'it is not a page of closed units' };
  const firstRow = (current - 1) * LARGEST_PAGE + 1;
  const part = { firstRow, body: result.body, json: result.json };
  return { kind: 'page', ...page.data, part, asOfMs: result.asOfMs };
}

/** All pages of all walks so far, and what their counts say. */
class GatheredPages {
  readonly #parts: TextPart[] = [];
  readonly #seen = new Set<string>();
  #asOfMs = Number.POSITIVE_INFINITY;
  #first: string | null = null;
  #total = 0;
  #totalsOfWalk = new Set<number>();

  beginWalk(): void {
    this.#totalsOfWalk = new Set();
  }

  add({ rows, total, part, asOfMs }: Page): void {
    const before = this.#seen.size;
    for (const row of rows) this.#seen.add(identityOf(row));
    // A page without a new row matters where it knows of more rows than the others.
    if (this.#seen.size > before || total > this.#total || this.#parts.length === 0) this.#parts.push(part);
    if (part.firstRow === 1) this.#first = identitiesOf(rows);
    this.#total = Math.max(this.#total, total);
    this.#totalsOfWalk.add(total);
    this.#asOfMs = Math.min(this.#asOfMs, asOfMs);
  }

  get lastPage(): number {
    return Math.min(MOST_PAGES, Math.max(1, Math.ceil(this.#total / LARGEST_PAGE)));
  }

  get isComplete(): boolean {
    return this.#seen.size >= this.#total;
  }

  /** Rows came in between two answers of this walk. */
  get hasChanged(): boolean {
    return this.#totalsOfWalk.size > 1;
  }

  /** An exchange that gives the first page for every number would be walked without end. */
  isFirstAgain({ rows, part }: Page): boolean {
    return part.firstRow !== 1 && identitiesOf(rows) === this.#first;
  }

  text(): Text {
    return { kind: 'text', parts: this.#parts, asOfMs: this.#asOfMs };
  }
}

function identitiesOf(rows: readonly unknown[]): string {
  return rows.map(identityOf).join('\n');
}

/** The id and when it was created (an id may be given again), or for a row without them the whole row. */
function identityOf(row: unknown): string {
  const isRow = typeof row === 'object' && row !== null && 'groupId' in row && 'createTime' in row;
  if (!isRow || typeof row.groupId !== 'string' || typeof row.createTime !== 'string')
    return JSON.stringify(row);
  return `${row.groupId} ${row.createTime}`;
}
