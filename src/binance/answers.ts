/**
 * Schemas of the exchange's answers, over JSON whose numbers are source texts (exact-json.ts). Unknown fields are
 * accepted and dropped; account types are plain text, so that new ones are accepted.
 */
import { z } from 'zod';
import { type Amount, type LongId, parseAmount, parseLongId } from '../domain/amount.ts';
import {
  type ClosedUnit,
  compareLtv,
  decisiveLtv,
  type Liability,
  type RiskUnit,
} from '../domain/unit/risk-unit.ts';
import type { Flaw } from '../usecases/ports.ts';

const MAX_SHOWN = 30;

function shown(value: unknown): string {
  if (typeof value !== 'string') return value === null ? 'null' : typeof value;
  const text = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
  return JSON.stringify(text);
}

const missingOr = (what: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? 'is missing' : `is ${shown(issue.input)}, not ${what}`;

/** A text that `read` accepts; anything else becomes an issue with the value. One transform, for speed. */
function textual<Value>(what: string, read: (text: string) => Value | null): z.ZodType<Value> {
  const otherwise = missingOr(what);
  return z.transform((input, context) => {
    const value = typeof input === 'string' ? read(input) : null;
    if (value !== null) return value;
    context.addIssue(otherwise({ input }));
    return z.NEVER;
  });
}

/** "0E-8", "12671.05079731", 16671.5507973; not "NaN", "", "1,5". */
export const amountField: z.ZodType<Amount> = textual('a decimal number', parseAmount);
/** Absent, null or empty means: not stated. */
export const optionalAmountField: z.ZodType<Amount | null> = z.preprocess(
  (value) => (value === undefined || value === '' ? null : value),
  z.union([z.null(), amountField], { error: missingOr('a decimal number') }),
);
export const longIdField: z.ZodType<LongId> = textual('an id', parseLongId);
export const countField: z.ZodType<number> = textual('a count', readCount);
/** UTC milliseconds. */
export const timeField: z.ZodType<number> = textual('a time in milliseconds', readTime);
export const textField: z.ZodType<string> = z.string({ error: missingOr('text') });
export const nameField: z.ZodType<string> = textual('a name', (text) => (text.trim() === '' ? null : text));
/** Documented as STRING; the example shows a boolean. */
export const flagField: z.ZodType<boolean> = z.union([z.boolean(), textual('true or false', readFlag)], {
  error: missingOr('true or false'),
});

/** For a list that may be absent when it is empty. */
export function listField<Item>(item: z.ZodType<Item>): z.ZodType<Item[]> {
  return z.array(item, { error: missingOr('a list') });
}

function readCount(text: string): number | null {
  if (!/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function readTime(text: string): number | null {
  const value = readCount(text);
  return value === null || Number.isNaN(new Date(value).getTime()) ? null : value;
}

function readFlag(text: string): boolean | null {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : null;
}

const wallet = z
  .object({ accountType: textField, netEquity: amountField, maintainMargin: amountField })
  .transform(({ accountType, netEquity, maintainMargin }) => ({
    accountType,
    netEquity,
    maintenanceMargin: maintainMargin,
  }));

export const liabilityField = z
  .object({ assetName: textField, principal: amountField, interest: amountField })
  .transform(({ assetName, principal, interest }): Liability => ({ asset: assetName, principal, interest }));

/**
 * A row of ltv-details. The last three amounts are only in the page's example and the change log of 2025-07-11, so they
 * may be absent or null.
 */
export const riskUnitRow: z.ZodType<RiskUnit> = z
  .object({
    groupId: longIdField,
    parentEmail: textField,
    creditEmail: textField,
    updateTime: timeField,
    ltv: amountField,
    totalNetEquity: amountField,
    totalMaintenanceMargin: amountField,
    totalLiability: amountField,
    parentAccountFrozenAmount: optionalAmountField,
    maxTransferOutAmount: optionalAmountField,
    maxAllowedBorrowLimit: optionalAmountField,
    liabilities: listField(liabilityField),
    collateralAccounts: listField(
      z.object({ email: textField, type: textField, wallets: listField(wallet) }),
    ),
  })
  .transform((row) => ({
    groupId: row.groupId,
    parentEmail: row.parentEmail,
    creditEmail: row.creditEmail,
    updatedAtMs: row.updateTime,
    ltv: row.ltv,
    totalNetEquity: row.totalNetEquity,
    totalMaintenanceMargin: row.totalMaintenanceMargin,
    totalLiability: row.totalLiability,
    parentAccountFrozenAmount: row.parentAccountFrozenAmount,
    maxTransferOutAmount: row.maxTransferOutAmount,
    maxAllowedBorrowLimit: row.maxAllowedBorrowLimit,
    liabilities: row.liabilities,
    accounts: row.collateralAccounts,
  }));

/** A row of the closed list. */
export const closedUnitRow: z.ZodType<ClosedUnit> = z
  .object({
    groupId: longIdField,
    parentEmail: textField,
    creditEmail: textField,
    enabled: flagField,
    createTime: timeField,
    closeTime: timeField,
  })
  .transform(({ createTime, closeTime, ...unit }) => ({
    ...unit,
    createdAtMs: createTime,
    closedAtMs: closeTime,
  }));

export const listAnswer: z.ZodType<unknown[]> = z.array(z.unknown());
export const pageAnswer = z.object({ total: countField, rows: z.array(z.unknown()) });
/** A page that may lack its total (force-liquidation shows rows only). */
export const openPageAnswer = z
  .object({ total: countField.nullish(), rows: z.array(z.unknown()) })
  .transform(({ total, rows }) => ({ total: total ?? null, rows }));
export const closeAnswer = z.object({ groupId: longIdField, status: textField });
export const timeAnswer = z.object({ serverTime: timeField });
/** 0: normal, 1: system maintenance. */
export const systemStatusAnswer = z.object({ status: countField });
export const errorAnswer = z.object({
  code: z.string().regex(/^-?\d{1,6}$/),
  msg: z.string().optional(),
});

/** Valid rows, and for each invalid one where and why, with its id if that could be read. */
export interface ReadRows<Row> {
  readonly rows: readonly Row[];
  readonly flawed: readonly Flaw[];
}

/** Parses each row separately, so that a bad row doesn't hide the others. Rows are numbered from `firstRow`. */
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

/** A unit listed more than once counts once, with its worse figures, and is a flaw. */
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
