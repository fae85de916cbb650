/** The filter of `/closed-units`, as typed: unit, account, days. */
import { type LongId, parseLongId } from '../amount.ts';
import { addDays, type Day, dayOf, iso, lastDays, parseDay, startOfDayMs } from '../calendar-day.ts';
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
    const last = word === 'last' ? lastDays(words[index + 1] ?? '') : null;
    if (last !== null) {
      days.push(addDays(dayOf(nowMs, timeZone), 1 - last), dayOf(nowMs, timeZone));
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
