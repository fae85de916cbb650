/** The closed list of each account, page by page, and all of them as one: no unit twice, newest first, nothing hidden. */
import type { ClosedUnit } from '../domain/unit/risk-unit.ts';
import type { Flaw, Read } from '../usecases/ports.ts';
import type { Account } from './accounts.ts';
import { closedUnitRow, pageAnswer, readRows } from './answers.ts';
import type { CallResult, FailedCall } from './caller.ts';
import { jsonOf, type Text, type TextPart } from './coalesced-read.ts';
import type { QueryParameter } from './signing.ts';

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

/**
 * Walks through the closed list of one account, page by page (GET /sapi/v1/margin/loan-groups/closed). Its order is
 * undocumented, and rows move on to later pages when a unit is closed meanwhile: rows are told apart by id and createTime.
 *
 * Every page says how many rows there are in all, and rows only ever come in addition. So as many different rows as
 * the largest count are all rows of that moment, in whatever order the pages were answered. Where rows are lacking and
 * the counts of a walk differ, something came in between: the list is walked again. Pages read at once may lose a row
 * that moved from one to the next between their answers; a walk of one page after the other cannot, so the last one is.
 */
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

export interface ClosedList {
  /** Each life of a unit once: an id may have been given again after a close. */
  readonly units: readonly ClosedUnit[];
  readonly flawed: readonly Flaw[];
  /** Rows that the exchange counts beyond those it showed. */
  readonly missing: number;
}

export function decodeClosed(text: Text): ClosedList {
  const units = new Map<string, ClosedUnit>();
  const flawed = new Map<string, Flaw>();
  let total = 0;
  for (const part of text.parts) {
    const page = pageAnswer.parse(jsonOf(part));
    total = Math.max(total, page.total);
    const read = readRows(page.rows, closedUnitRow, part.firstRow);
    for (const unit of read.rows) if (!units.has(lifeOf(unit))) units.set(lifeOf(unit), unit);
    // A row that shifted to another page is the same row under another number.
    for (const row of read.flawed) {
      const identity = row.groupId ?? row.text;
      if (!flawed.has(identity)) flawed.set(identity, row);
    }
  }
  const missing = Math.max(0, total - units.size - flawed.size);
  return { units: [...units.values()], flawed: [...flawed.values()], missing };
}

function lifeOf({ groupId, createdAtMs }: ClosedUnit): string {
  return `${groupId} ${createdAtMs}`;
}

/** All accounts' lists as one. An account that failed becomes a flaw, unless all failed. */
export function mergeClosed(
  accounts: readonly Account[],
  lists: readonly Read<ClosedList>[],
): Read<readonly ClosedUnit[]> {
  const units = new Map<string, ClosedUnit>();
  const flaws: Flaw[] = [];
  let asOfMs = Number.POSITIVE_INFINITY;
  let failure: Read<readonly ClosedUnit[]> | null = null;
  let read = 0;
  for (const [index, list] of lists.entries()) {
    const name = accounts[index]?.name ?? '';
    if (!list.ok) {
      failure ??= list;
      flaws.push({ groupId: null, text: `account ${name}: ${list.failure.meaning}` });
      continue;
    }
    read += 1;
    asOfMs = Math.min(asOfMs, list.asOfMs);
    const { flawed, missing } = list.value;
    for (const unit of list.value.units) units.set(lifeOf(unit), unit);
    flaws.push(...flawed.map(({ groupId, text }) => ({ groupId, text: `account ${name}: ${text}` })));
    if (missing > 0) {
      const text = `account ${name}: the exchange counts ${missing} more closed units than it shows`;
      flaws.push({ groupId: null, text });
    }
  }
  if (read === 0 && failure !== null) return failure;
  return { ok: true, value: [...units.values()].sort(newestFirst), asOfMs, flaws };
}

function newestFirst(a: ClosedUnit, b: ClosedUnit): number {
  return b.closedAtMs - a.closedAtMs || (BigInt(a.groupId) > BigInt(b.groupId) ? -1 : 1);
}
