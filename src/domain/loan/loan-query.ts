/** The text after `/loan`: a unit, and days in the reader's time zone or a month in UTC. */
import { addDays, type Day, dayOf, inOrder, iso, lastDays, parseDay, startOfDayMs } from '../calendar-day.ts';
import { done, type Refusal, type Result, refuse } from '../refusal.ts';
import { parseUnitQuery, type UnitQuery } from '../unit/unit-query.ts';
import type { Span } from './loan-records.ts';

export type UnitNamed = Extract<UnitQuery, { kind: 'id' | 'name' }>;

export interface LoanQuery {
  readonly unit: UnitNamed;
  /** As typed. */
  readonly unitText: string;
  /** May end later today. */
  readonly span: Span;
  /** "2026-11-01 to 2026-11-30" */
  readonly spanText: string;
}

export interface StatementQuery {
  readonly unit: UnitNamed;
  readonly unitText: string;
  /** "2026-10" */
  readonly month: string;
  /** The whole month in UTC, also while it isn't over. */
  readonly span: Span;
}

/** More than a year, so that the same day of the year before is in it. */
const LONGEST_DAYS = 366;
const DEFAULT_DAYS = 30;
/** The first entry of the API's change log is of May 2025. */
const EARLIEST: Day = { year: 2025, month: 1, day: 1 };

const LOAN_QUERY_EXPECTED =
  'a unit (`12`, or a part of its credit account), alone or followed by `last 30d`, a day (`2026-01-31`, `today`, `yesterday`), `since 2026-01-01`, two days (`2026-01-01 2026-01-31` or `from 2026-01-01 to 2026-01-31`), or `statement 2026-01`';

/** Whether the text asks for a statement, well formed or not. */
export function asksForStatement(text: string): boolean {
  return wordsOf(text)[1] === 'statement';
}

export function parseLoanQuery(text: string, nowMs: number, timeZone: string): Result<LoanQuery> {
  const [unitText = '', ...words] = wordsOf(text);
  const unit = parseUnit(text, unitText);
  if (!unit.ok) return unit;
  const days = daysOf(words, dayOf(nowMs, timeZone), (word) => parseDay(word, nowMs, timeZone));
  if (days === null) return refuse(notUnderstood(text));
  const { from, to } = days;
  const input = words.join(' ');
  if (inOrder(from) > inOrder(to)) return refuse(badSpan(input, 'reversed'));
  if (inOrder(to) > inOrder(dayOf(nowMs, timeZone))) return refuse(badSpan(input, 'future'));
  if (inOrder(addDays(from, LONGEST_DAYS - 1)) < inOrder(to)) return refuse(badSpan(input, 'too-long'));
  const span = { fromMs: startOfDayMs(from, timeZone), beforeMs: startOfDayMs(addDays(to, 1), timeZone) };
  // A day that this zone skipped (Apia, 2011-12-30).
  if (span.fromMs >= span.beforeMs) return refuse(notUnderstood(text));
  if (inOrder(from) < inOrder(EARLIEST)) return refuse(badSpan(input, 'too-early'));
  const spanText = iso(from) === iso(to) ? iso(from) : `${iso(from)} to ${iso(to)}`;
  return done({ unit: unit.value, unitText, span, spanText });
}

/** "12 statement 2026-10", "12 statement last month", "12 statement this month"; alone: last month. */
export function parseStatementQuery(text: string, nowMs: number): Result<StatementQuery> {
  const [unitText = '', , ...words] = wordsOf(text);
  const unit = parseUnit(text, unitText);
  if (!unit.ok) return unit;
  const input = words.join(' ');
  const month = asksForStatement(text) ? monthOf(input, nowMs) : null;
  if (month === null) return refuse(notUnderstood(text));
  const span = {
    fromMs: Date.UTC(month.year, month.month - 1, 1),
    beforeMs: Date.UTC(month.year, month.month, 1),
  };
  if (span.fromMs > nowMs) return refuse(badSpan(input, 'future'));
  if (inOrder({ ...month, day: 1 }) < inOrder(EARLIEST)) return refuse(badSpan(input, 'too-early'));
  return done({ unit: unit.value, unitText, month: iso({ ...month, day: 1 }).slice(0, 7), span });
}

/** The days whose interest people ask for first: yesterday, and the month so far. */
export function usualSpans(
  nowMs: number,
  timeZone: string,
): { readonly yesterday: Span; readonly month: Span } {
  const today = dayOf(nowMs, timeZone);
  const startMs = (day: Day) => startOfDayMs(day, timeZone);
  const tomorrowMs = startMs(addDays(today, 1));
  return {
    yesterday: { fromMs: startMs(addDays(today, -1)), beforeMs: startMs(today) },
    month: { fromMs: startMs({ ...today, day: 1 }), beforeMs: tomorrowMs },
  };
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/\S+/g) ?? [];
}

function parseUnit(text: string, typed: string): Result<UnitNamed> {
  if (typed === '') return refuse({ code: 'unit-id-missing' });
  const query = parseUnitQuery(typed);
  if (query.ok && (query.value.kind === 'id' || query.value.kind === 'name')) return done(query.value);
  return refuse(notUnderstood(text));
}

interface Days {
  readonly from: Day;
  readonly to: Day;
}

function daysOf(words: readonly string[], today: Day, parse: (word: string) => Day | null): Days | null {
  if (words.length === 0) return lastTo(today, DEFAULT_DAYS);
  if (words[0] === 'last') {
    const many = lastDays(words.slice(1).join(''));
    return many === null || many === 0 ? null : lastTo(today, many);
  }
  const isOpen = words.length === 2 && (words[0] === 'from' || words[0] === 'since');
  const days: Day[] = [];
  for (const word of words) {
    const day = parse(word);
    if (day !== null) days.push(day);
    else if (!JOINING.has(word)) return null;
  }
  const [from, to = isOpen ? today : from] = days;
  if (from === undefined || to === undefined || days.length > 2) return null;
  // "to 2026-01-31" alone doesn't say from when.
  if (days.length === 1 && !isOpen && words.length > 1) return null;
  return { from, to };
}

const JOINING: ReadonlySet<string> = new Set(['from', 'since', 'to', 'until', '-', '–']);

function lastTo(today: Day, days: number): Days {
  return { from: addDays(today, 1 - days), to: today };
}

function monthOf(typed: string, nowMs: number): { readonly year: number; readonly month: number } | null {
  const now = new Date(nowMs);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() + 1];
  if (typed === 'this month') return { year, month };
  if (typed === 'last month' || typed === '')
    return month === 1 ? { year: year - 1, month: 12 } : { year, month: month - 1 };
  const match = /^([12]\d{3})-(0[1-9]|1[0-2])$/.exec(typed);
  return match === null ? null : { year: Number(match[1]), month: Number(match[2]) };
}

function notUnderstood(text: string): Refusal {
  return { code: 'bad-filter', input: text.trim(), expected: LOAN_QUERY_EXPECTED };
}

type WhyBad = Extract<Refusal, { readonly code: 'bad-span' }>['why'];

function badSpan(input: string, why: WhyBad): Refusal {
  return { code: 'bad-span', input, why, limitDays: LONGEST_DAYS };
}
