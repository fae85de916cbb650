/** Reads the closed list of each account page by page and merges them: no duplicates, newest first, no gaps hidden. */
import { z } from 'zod';
import type { ClosedUnit } from '../domain/unit/risk-unit.ts';
import type { Flaw, Read } from '../usecases/ports.ts';
import type { Account } from './accounts.ts';
import { closedUnitRow, pageAnswer, readRows } from './answers.ts';
import type { CallResult, FailedCall } from './caller.ts';
import type { ReadAnswer } from './read-caller.ts';
import type { QueryParameter } from './signing.ts';

export const LARGEST_PAGE = 100;
/** More closed units than any group of firms has; bounds the read if the exchange's counts are wrong. */
const MAX_PAGES = 100;
const MAX_WALKS = 2;

/** Null when the exchange would refuse it: pages are numbered from 1 and have 1 to 100 rows. */
export function pageParameters(current: number, size: number): readonly QueryParameter[] | null {
  const isCount = (value: number, most: number) => Number.isSafeInteger(value) && value >= 1 && value <= most;
  if (!isCount(current, Number.MAX_SAFE_INTEGER) || !isCount(size, LARGEST_PAGE)) return null;
  return [
    ['current', String(current)],
    ['size', String(size)],
  ];
}

/** A page as received. */
export interface RawPage {
  /** Number of its first row, from 1. */
  readonly firstRow: number;
  readonly page: unknown;
}

type FetchPage = (parameters: readonly QueryParameter[]) => Promise<CallResult>;

/**
 * Reads the closed list of one account page by page (GET /sapi/v1/margin/loan-groups/closed). Its order is undocumented,
 * and a unit closed meanwhile moves rows to later pages, so rows are identified by id and createTime. Each page states
 * the total. If rows are missing and the totals differ, a row was added meanwhile, and the list is read again.
 */
export async function walkClosedPages(fetchPage: FetchPage): Promise<ReadAnswer<RawPage[]> | FailedCall> {
  const pages: RawPage[] = [];
  const seen = new Set<string>();
  let total = 0;
  let asOfMs = Number.POSITIVE_INFINITY;
  for (let walk = 1; walk <= MAX_WALKS; walk += 1) {
    const totals = new Set<number>();
    for (let current = 1; current <= MAX_PAGES; current += 1) {
      const result = await fetchPage(pageParameters(current, LARGEST_PAGE) ?? []);
      if (result.kind !== 'answered') return result;
      const page = pageAnswer.safeParse(result.json);
      if (!page.success) return { kind: 'unreadable', detail: 'it is not a page of closed units' };
      const { rows } = page.data;
      const seenBefore = seen.size;
      for (const row of rows) seen.add(identityOf(row));
      pages.push({ firstRow: (current - 1) * LARGEST_PAGE + 1, page: result.json });
      totals.add(page.data.total);
      total = Math.max(total, page.data.total);
      asOfMs = Math.min(asOfMs, result.asOfMs);
      if (seen.size >= total) return { kind: 'read', value: pages, asOfMs };
      // The same page again for the next number: there are no further pages.
      const isSamePage = walk === 1 && current > 1 && seen.size === seenBefore;
      if (rows.length < LARGEST_PAGE || isSamePage) break;
    }
    if (totals.size === 1) break;
  }
  return { kind: 'read', value: pages, asOfMs };
}

/** The id and createTime (an id may be reused), or the whole row if it lacks them. */
function identityOf(row: unknown): string {
  const isRow = typeof row === 'object' && row !== null && 'groupId' in row && 'createTime' in row;
  if (!isRow || typeof row.groupId !== 'string' || typeof row.createTime !== 'string')
    return JSON.stringify(row);
  return `${row.groupId} ${row.createTime}`;
}

export interface ClosedList {
  /** Each closed unit once; a reused id is another unit. */
  readonly units: readonly ClosedUnit[];
  readonly flawed: readonly Flaw[];
  /** How many rows the stated total has more than were shown. */
  readonly missing: number;
}

const rawPages = z.array(z.object({ firstRow: z.number(), page: pageAnswer }));

/** `pages` as returned by `walkClosedPages`, here or in another replica. */
export function decodeClosed(pages: readonly unknown[]): ClosedList {
  const units = new Map<string, ClosedUnit>();
  const flawed = new Map<string, Flaw>();
  let total = 0;
  for (const { firstRow, page } of rawPages.parse(pages)) {
    total = Math.max(total, page.total);
    const read = readRows(page.rows, closedUnitRow, firstRow);
    for (const unit of read.rows) if (!units.has(lifeOf(unit))) units.set(lifeOf(unit), unit);
    // A row that moved to another page counts once.
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

/** Merges the lists of all accounts. A failed account becomes a flaw, unless all failed. */
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
      const text = `account ${name}: Binance counts ${missing} more closed units than it shows`;
      flaws.push({ groupId: null, text });
    }
  }
  if (read === 0 && failure !== null) return failure;
  return { ok: true, value: [...units.values()].sort(newestFirst), asOfMs, flaws };
}

function newestFirst(a: ClosedUnit, b: ClosedUnit): number {
  return b.closedAtMs - a.closedAtMs || (BigInt(a.groupId) > BigInt(b.groupId) ? -1 : 1);
}
