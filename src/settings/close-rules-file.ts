/**
 * Reads CLOSE_RULES_FILE: who may approve a close of which unit. docs/close-rules.schema.json describes its form. A faulty
 * file gives its faults, each with the place in the file and what was expected; never a part of a rule.
 */
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { parseAmount, parseLongId } from '../domain/amount.ts';
import { type CloseRules, faultsOf } from '../domain/close/close-rules.ts';
import { duration, PERSON_OR_GROUP } from './fields.ts';

/** Five units, fifty at most: a file of this size is a mistake. */
const LARGEST_FILE_BYTES = 256 * 1024;
const RULES_AT_MOST = 200;

export type CloseRulesResult =
  | { readonly ok: true; readonly rules: CloseRules }
  | { readonly ok: false; readonly faults: readonly string[] };

/** None, or up to a day. */
export const closeDelay = (name: string) => duration(name, '0s', '1d', '0s, 15m or 1h');

const unit = z.string({ error: 'expected a unit id as text, such as "12"' }).transform((text, context) => {
  const groupId = parseLongId(text);
  if (groupId !== null) return groupId;
  context.addIssue({ code: 'custom', message: 'expected a unit id as text, such as "12"' });
  return z.NEVER;
});
const released = z
  .string({ error: 'expected an amount as text, such as "5000000"' })
  .refine((text) => parseAmount(text)?.gte('0') === true, {
    error: 'expected an amount as text, such as "5000000"',
  });
const name = z
  .string({ error: 'expected a user id (U…) or a user-group id (S…)' })
  .regex(PERSON_OR_GROUP, { error: 'expected a user id (U…) or a user-group id (S…)' });
const userId = z
  .string({ error: 'expected a user id (U…)' })
  .regex(/^[UW][A-Z0-9]{2,}$/, { error: 'expected a user id (U…)' });
const COUNT = 'expected a whole number from 1 to 20';
const need = z.strictObject({
  from: z.array(name, { error: 'expected a list of ids' }).min(1, 'expected at least one id').max(50),
  count: z.int({ error: COUNT }).min(1, COUNT).max(20, COUNT),
});
const rule = z
  .strictObject({
    units: z.union([z.literal('*'), z.array(unit).min(1, 'expected at least one unit id').max(100)], {
      error: 'expected "*" or a list of unit ids as text, such as ["12"]',
    }),
    releasesOver: released.optional(),
    need: z.array(need, { error: 'expected a list of {"from": […], "count": …}' }).max(10),
    delay: closeDelay('delay').optional(),
  })
  .transform(({ units, releasesOver, need: needs, delay }) => ({
    units,
    releasesOver: releasesOver ?? null,
    need: needs,
    delayMs: delay ?? null,
  }));
const absence = z
  .strictObject({
    approver: userId,
    standIn: userId,
    until: z.iso.datetime({ offset: true, error: 'expected a time such as "2026-12-06T18:00:00Z"' }),
  })
  .transform(({ approver, standIn, until }) => ({ approver, standIn, untilMs: Date.parse(until) }));
/** The form with names of its own; a bare list of rules is taken, too. */
export const closeRulesForm = z
  .strictObject(
    {
      $schema: z.string().optional(),
      rules: z.array(rule, { error: 'expected a list of rules' }).max(RULES_AT_MOST),
      away: z.array(absence, { error: 'expected a list' }).max(50).default([]),
    },
    { error: ({ code }) => (code === 'invalid_type' ? 'expected a list of rules' : undefined) },
  )
  .transform(({ rules, away }): CloseRules => ({ rules, away }));

/** `expiresAfterMs`: how long a request stays open. Never throws. */
export async function readCloseRules(path: string, expiresAfterMs: number): Promise<CloseRulesResult> {
  let text: string;
  try {
    const found = await stat(path);
    if (!found.isFile()) return { ok: false, faults: ['it is not a file'] };
    if (found.size > LARGEST_FILE_BYTES)
      return { ok: false, faults: [`it is larger than ${LARGEST_FILE_BYTES / 1024} KiB`] };
    text = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { ok: false, faults: [`it can't be read: ${code}`] };
  }
  return parseCloseRules(text, expiresAfterMs);
}

export function parseCloseRules(text: string, expiresAfterMs: number): CloseRulesResult {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The place only: its text may be that of another file, with secrets.
    const place = /\(line \d+ column \d+\)/.exec(error instanceof Error ? error.message : '');
    return { ok: false, faults: [`it is not valid JSON${place === null ? '' : ` ${place[0]}`}`] };
  }
  const twice = fieldsTwice(text, json);
  if (twice.length > 0)
    return {
      ok: false,
      faults: twice.map((field) => `"${field.slice(0, 40)}" is written twice in one place`),
    };
  const parsed = closeRulesForm.safeParse(Array.isArray(json) ? { rules: json } : json);
  if (!parsed.success) return { ok: false, faults: parsed.error.issues.map(faultText) };
  const faults = faultsOf(parsed.data, expiresAfterMs);
  return faults.length === 0 ? { ok: true, rules: parsed.data } : { ok: false, faults };
}

/** Fields that some object of this valid JSON has twice: JSON.parse keeps the last, its reader may believe the first. */
function fieldsTwice(text: string, json: unknown): readonly string[] {
  const left = new Map<string, number>();
  for (const [, token = '', colon] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*(:)?/g)) {
    if (colon === undefined) continue;
    const field = String(JSON.parse(token));
    left.set(field, (left.get(field) ?? 0) + 1);
  }
  // A loop, because a file may nest deeper than calls can.
  const open: unknown[] = [json];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value))
      for (const field of Object.keys(value)) left.set(field, (left.get(field) ?? 0) - 1);
    for (const each of Object.values(value)) open.push(each);
  }
  return [...left].flatMap(([field, more]) => (more > 0 ? [field] : []));
}

/** "rule 2, need 1, count: expected …", as in the faults that `faultsOf` finds; places count from 1. */
function faultText({ path, message }: z.core.$ZodIssue): string {
  const place = path
    .map((part, at) =>
      typeof part === 'number' ? ` ${part + 1}` : `${at === 0 ? '' : ', '}${String(part).slice(0, 40)}`,
    )
    .join('')
    .replace(/^rules (?=\d)/, 'rule ');
  return `${place === '' ? 'the file' : place}: ${message.replace(/^delay: /, '')}`;
}
