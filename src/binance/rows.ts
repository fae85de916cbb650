import type { z } from 'zod';
import { type LongId, parseLongId } from '../domain/amount.ts';
import { compareLtv, decisiveLtv, type RiskUnit } from '../domain/unit/risk-unit.ts';
import type { Flaw } from '../usecases/ports.ts';

/** Rows that fitted their schema, and for each that did not: where and why, and its id if that could be read. */
export interface ReadRows<Row> {
  readonly rows: readonly Row[];
  readonly flawed: readonly Flaw[];
}

/** Reads each row by itself, so that one bad row hides no other. Rows are counted from `firstRow`. */
export function readRows<Row>(rows: readonly unknown[], schema: z.ZodType<Row>, firstRow = 1): ReadRows<Row> {
  const good: Row[] = [];
  const flawed: Flaw[] = [];
  for (const [index, row] of rows.entries()) {
    const parsed = schema.safeParse(row);
    if (parsed.success) good.push(parsed.data);
    else flawed.push(flawOf(row, index + firstRow, parsed.error.issues));
  }
  return { rows: good, flawed };
}

function flawOf(row: unknown, number: number, issues: readonly z.core.$ZodIssue[]): Flaw {
  const id = typeof row === 'object' && row !== null && 'groupId' in row ? row.groupId : null;
  const groupId = typeof id === 'string' ? parseLongId(id) : null;
  const where = groupId === null ? `row ${number}` : `row ${number} (unit ${groupId})`;
  const reasons = issues.slice(0, 3).map((issue) => `${fieldOf(issue.path)}: ${issue.message}`);
  const more = issues.length > 3 ? ` and ${issues.length - 3} more` : '';
  return { groupId, text: `${where}, ${reasons.join('; ')}${more}` };
}

/** A unit that is listed more than once contradicts itself: it counts once, with its worse figures, and is a flaw. */
export function eachOnce({ rows, flawed }: ReadRows<RiskUnit>): ReadRows<RiskUnit> {
  const kept = new Map<LongId, RiskUnit>();
  const twice = new Map<LongId, Flaw>();
  for (const row of rows) {
    const { groupId } = row;
    const other = kept.get(groupId);
    if (other === undefined || isWorse(row, other)) kept.set(groupId, row);
    if (other === undefined) continue;
    const times = rows.filter((each) => each.groupId === groupId).length;
    const text = `unit ${groupId} is listed ${times} times; it is counted once, with its worse figures`;
    twice.set(groupId, { groupId, text });
  }
  return { rows: [...kept.values()], flawed: [...flawed, ...twice.values()] };
}

function isWorse(one: RiskUnit, other: RiskUnit): boolean {
  return (
    (compareLtv(decisiveLtv(one), decisiveLtv(other)) || other.totalLiability.cmp(one.totalLiability)) < 0
  );
}

/** `collateralAccounts[2].wallets[0].netEquity` */
function fieldOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the row';
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part + 1}]` : `${at === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
