/** Field types shared by all answers, over JSON whose numbers are source texts (exact-json.ts). */
import { z } from 'zod';
import { type Amount, type LongId, parseAmount, parseLongId } from '../domain/amount.ts';

const LONGEST_SHOWN = 30;

function shown(value: unknown): string {
  if (typeof value !== 'string') return value === null ? 'null' : typeof value;
  const text = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
  return JSON.stringify(text);
}

const missingOr = (what: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? 'is missing' : `is ${shown(issue.input)}, not ${what}`;

/** A text that `read` accepts; anything else is an issue that says what came. One step, for there are many of them. */
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
export const timeField: z.ZodType<number> = textual('a time in milliseconds', readCount);
export const textField: z.ZodType<string> = z.string({ error: missingOr('text') });
/** Documented as STRING, shown as boolean. */
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

function readFlag(text: string): boolean | null {
  const lower = text.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : null;
}
