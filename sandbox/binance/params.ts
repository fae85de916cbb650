import { REFUSALS } from './reply.ts';

/** The parameters of a request, decoded. */
export type Params = ReadonlyMap<string, string>;

const LONG_MAX = 2n ** 63n - 1n;

/**
 * Decodes query and form body; a name in both counts from the query (IL general info).
 * @throws Refusal: -1101 for a name twice in one of them, -1100 for a broken percent sequence.
 */
export function parseParams(rawQuery: string, rawBody: string): Params {
  return new Map([...parseForm(rawBody), ...parseForm(rawQuery)]);
}

function parseForm(raw: string): Params {
  const params = new Map<string, string>();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = decode(at < 0 ? '' : pair.slice(at + 1));
    if (name === null || value === null)
      throw REFUSALS.illegalCharacters(name ?? '', 'percent-encoded UTF-8');
    if (params.has(name)) throw REFUSALS.duplicate();
    params.set(name, value);
  }
  return params;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** @throws Refusal -1102 when it is missing or empty. */
export function readMandatory(params: Params, name: string): string {
  const text = params.get(name) ?? '';
  if (text === '') throw REFUSALS.missing(name);
  return text;
}

/**
 * A LONG parameter as a server in Java reads one: signs and leading zeros pass ("072" is 72), so a client that
 * wants them refused has to do it itself. @throws Refusal -27000 outside 1 … 2^63-1.
 */
export function readLong(params: Params, name: string): string | undefined {
  const text = params.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^[+-]?\d{1,40}$/.test(text)) throw REFUSALS.illegalArgument();
  const value = BigInt(text.replace('+', ''));
  if (value < 1n || value > LONG_MAX) throw REFUSALS.illegalArgument();
  return value.toString();
}

/** A LONG that must be there. @throws Refusal -1102 when it is missing, empty, or anything but digits. */
export function readMandatoryLong(params: Params, name: string): string {
  const long = /^[+-]?\d+$/.test(params.get(name) ?? '') ? readLong(params, name) : undefined;
  if (long === undefined) throw REFUSALS.missing(name);
  return long;
}

export interface Page {
  readonly current: number;
  readonly size: number;
}

/** `current` from 1 (default 1), `size` 1 to 100 (default 10). */
export function readPage(params: Params): Page {
  const current = Number(readLong(params, 'current') ?? '1');
  const size = Number(readLong(params, 'size') ?? '10');
  if (size > 100) throw REFUSALS.illegalArgument();
  return { current, size };
}

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export const DAY_MS = 86_400_000;

/** What a page says beside "at most 100 days, by default the last seven". */
export interface RangeRule {
  /** Rows further than this before the end are left out, and nothing says so. */
  readonly cutToDays?: number;
  /** A start without an end reaches back this far at most; it is never refused as too long. */
  readonly startAloneDays?: number;
}

const DEFAULT_DAYS = 7;
const MAX_DAYS = 100;

/**
 * `startTime`/`endTime`, both ends included. An end alone: the seven days before it; a start alone: until now. The
 * pages don't name the codes; the error page has these two. @throws Refusal -3011 where the start is after the end,
 * -1127 over 100 days.
 */
export function readTimeRange(params: Params, nowMs: number, rule: RangeRule = {}): TimeRange {
  const start = readLong(params, 'startTime');
  const end = readLong(params, 'endTime');
  const toMs = Number(end ?? nowMs);
  const since = (days: number | undefined) => (days === undefined ? 0 : toMs - days * DAY_MS);
  let fromMs = start === undefined ? since(DEFAULT_DAYS) : Number(start);
  if (end === undefined) fromMs = Math.max(fromMs, since(rule.startAloneDays));
  if (fromMs > toMs) throw REFUSALS.badDateRange();
  if (fromMs < since(MAX_DAYS)) throw REFUSALS.moreHours(String(MAX_DAYS * 24));
  return { fromMs: Math.max(fromMs, since(rule.cutToDays)), toMs };
}
