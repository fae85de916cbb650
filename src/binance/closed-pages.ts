/**
 * Walks through the closed list of one account, page by page (GET /sapi/v1/margin/loan-groups/closed). Its order is
 * undocumented, and rows shift between pages when a unit is closed meanwhile: rows are told apart by their id, and
 * the walk ends when as many are seen as there are, or when a second walk brings nothing more.
 */
import type { CallResult, FailedCall } from './call-result.ts';
import type { Text, TextPart } from './coalesced-read.ts';
import { pageAnswer } from './schemas.ts';
import type { QueryParameter } from './sign.ts';

export const LARGEST_PAGE = 100;
const MOST_PAGES = 1_000;
const WALKS = 2;

/** Null when the exchange would refuse it: pages count from 1 and hold 1 to 100 rows. */
export function pageParameters(current: number, size: number): readonly QueryParameter[] | null {
  const isCount = (value: number, most: number) => Number.isSafeInteger(value) && value >= 1 && value <= most;
  if (!isCount(current, Number.MAX_SAFE_INTEGER) || !isCount(size, LARGEST_PAGE)) return null;
  return [
    ['current', String(current)],
    ['size', String(size)],
  ];
}

/** `isEnough` ends the walk early, with the pages so far. */
export async function walkClosedPages(
  fetchPage: (parameters: readonly QueryParameter[]) => Promise<CallResult>,
  isEnough: (rows: readonly unknown[]) => boolean = () => false,
): Promise<Text | FailedCall> {
  const parts: TextPart[] = [];
  const seen = new Set<string>();
  let asOfMs = Number.POSITIVE_INFINITY;
  for (let walk = 1; walk <= WALKS; walk += 1) {
    for (let current = 1; current <= MOST_PAGES; current += 1) {
      const result = await fetchPage(pageParameters(current, LARGEST_PAGE) ?? []);
      if (result.kind !== 'answered') return result;
      const page = pageAnswer.safeParse(result.json);
      if (!page.success)
        return { kind: 'unreadable', httpStatus: 200, detail: 'it is not a page of closed units' };
      const { rows, total } = page.data;
      asOfMs = Math.min(asOfMs, result.asOfMs);
      const before = seen.size;
      for (const row of rows) seen.add(identityOf(row));
      const brought = seen.size > before;
      if (brought || parts.length === 0)
        parts.push({ firstRow: (current - 1) * LARGEST_PAGE + 1, body: result.body, json: result.json });
      if (seen.size >= total || isEnough(rows)) return { kind: 'text', parts, asOfMs };
      if (rows.length < LARGEST_PAGE || !brought) break;
    }
  }
  return { kind: 'text', parts, asOfMs };
}

/** The id, or for a row without one the whole row. */
function identityOf(row: unknown): string {
  const id = typeof row === 'object' && row !== null && 'groupId' in row ? row.groupId : null;
  return typeof id === 'string' ? id : JSON.stringify(row);
}
