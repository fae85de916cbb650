/** The filter of `/closed-units`, as typed: unit, account, days. */
import { type LongId, parseLongId } from '../amount.ts';
import { done, type Result, refuse } from '../refusal.ts';
import type { ClosedUnit } from './risk-unit.ts';

export interface ClosedFilter {
  readonly groupId: LongId | null;
  readonly account: string | null;
  /** Closed at or after the start of this day in the person's time zone; UTC milliseconds. */
  readonly fromMs: number | null;
  /** Closed before. */
  readonly beforeMs: number | null;
  /** As understood, for the answer's heading; null when nothing was filtered. */
  readonly text: string | null;
}

const CLOSED_FILTER_EXPECTED =
  'a unit id (`72`), a part of an account (`fund-a`), a day (`2026-01-31`, `today`, `yesterday`), two days (`2026-01-01 2026-01-31` or `from 2026-01-01 to 2026-01-31`), or `last 30d`';

const DAY_MS = 86_400_000;

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function parseClosedFilter(text: string, nowMs: number, timeZone: string): Result<ClosedFilter> {
  const words = text.toLowerCase().match(/\S+/g) ?? [];
  const days: Day[] = [];
  let groupId: LongId | null = null;
  let account: string | null = null;
  let openEnd: 'from' | 'to' | null = null;
  const bad = () => refuse({ code: 'bad-filter', input: text.trim(), expected: CLOSED_FILTER_EXPECTED });
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const day = parseDay(word, nowMs, timeZone);
    const last = word === 'last' ? /^(\d{1,4})d(?:ays?)?$/.exec(words[index + 1] ?? '') : null;
    if (last) {
      days.push(addDays(dayOf(nowMs, timeZone), 1 - Number(last[1])), dayOf(nowMs, timeZone));
      index += 1;
    } else if (day !== null) days.push(day);
    else if (word === 'from' || word === 'since') openEnd = 'from';
    else if (word === 'to' || word === 'until')
      openEnd = openEnd === 'from' && days.length === 1 ? 'from' : 'to';
    else if (word === 'unit' || word === 'account' || word === '-' || word === '–') continue;
    else if (parseLongId(word) !== null && groupId === null) groupId = parseLongId(word);
    else if (/\p{L}/u.test(word) && /^[\p{L}\d@._+-]+$/u.test(word) && account === null) account = word;
    else return bad();
  }
  if (days.length > 2 || (openEnd !== null && days.length === 0)) return bad();
  const [first, second] = days;
  const only = days.length === 1;
  const from = only && openEnd === 'to' ? null : (first ?? null);
  const to = only && openEnd === 'from' ? null : (second ?? first ?? null);
  const fromMs = from === null ? null : startOfDayMs(from, timeZone);
  const beforeMs = to === null ? null : startOfDayMs(addDays(to, 1), timeZone);
  if (fromMs !== null && beforeMs !== null && fromMs >= beforeMs) return bad();
  return done({ groupId, account, fromMs, beforeMs, text: describe(groupId, account, from, to) });
}

export function keeps(filter: ClosedFilter, unit: ClosedUnit): boolean {
  return (
    (filter.groupId === null || unit.groupId === filter.groupId) &&
    (filter.account === null || unit.creditEmail.toLowerCase().includes(filter.account)) &&
    (filter.fromMs === null || unit.closedAtMs >= filter.fromMs) &&
    (filter.beforeMs === null || unit.closedAtMs < filter.beforeMs)
  );
}

function describe(
  groupId: LongId | null,
  account: string | null,
  from: Day | null,
  to: Day | null,
): string | null {
  const parts: string[] = [];
  if (groupId !== null) parts.push(`unit ${groupId}`);
  if (account !== null) parts.push(`account contains "${account}"`);
  if (from !== null && to !== null)
    parts.push(iso(from) === iso(to) ? iso(from) : `${iso(from)} to ${iso(to)}`);
  else if (from !== null) parts.push(`from ${iso(from)}`);
  else if (to !== null) parts.push(`to ${iso(to)}`);
  return parts.length === 0 ? null : parts.join(', ');
}

function parseDay(word: string, nowMs: number, timeZone: string): Day | null {
  if (word === 'today') return dayOf(nowMs, timeZone);
  if (word === 'yesterday') return addDays(dayOf(nowMs, timeZone), -1);
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(word);
  if (!match) return null;
  const day = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
  // Refuse 2026-02-30 instead of reading it as 2 March.
  return iso(addDays(day, 0)) === word ? day : null;
}

function iso({ year, month, day }: Day): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function addDays({ year, month, day }: Day, days: number): Day {
  const date = new Date(Date.UTC(year, month - 1, day) + days * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function dayOf(atMs: number, timeZone: string): Day {
  return calendarOf(timeZone)(atMs);
}

/** The calendar day at a moment in that zone. */
function calendarOf(timeZone: string): (atMs: number) => Day {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (atMs) => {
    const parts = format.formatToParts(atMs);
    const value = (type: Intl.DateTimeFormatPartTypes) =>
      Number(parts.find((part) => part.type === type)?.value);
    return { year: value('year'), month: value('month'), day: value('day') };
  };
}

function inOrder({ year, month, day }: Day): number {
  return (year * 100 + month) * 100 + day;
}

/** No zone is further from UTC than this, including a day that begins at 01:00. */
const FURTHEST_FROM_UTC_MS = 16 * 3_600_000;

/**
 * UTC milliseconds of the first moment of this day in that zone; 01:00 where clocks go forward at midnight (Santiago,
 * Cairo).
 */
function startOfDayMs(day: Day, timeZone: string): number {
  const asIfUtc = Date.UTC(day.year, day.month - 1, day.day);
  const calendar = calendarOf(timeZone);
  let before = asIfUtc - FURTHEST_FROM_UTC_MS;
  let after = asIfUtc + FURTHEST_FROM_UTC_MS;
  while (after - before > 1) {
    const between = Math.floor((before + after) / 2);
    if (inOrder(calendar(between)) < inOrder(day)) before = between;
    else after = between;
  }
  return after;
}
