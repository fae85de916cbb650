import { isRefusal, REFUSALS, type Refusal } from './refusal.ts';

/** The parameters of a request, decoded. */
export type Params = ReadonlyMap<string, string>;

const LONG_MAX = 2n ** 63n - 1n;

/**
 * Decodes query and form body; a name in both counts from the query (IL general info). A name twice in one of
 * them is -1101, a broken percent sequence -1100.
 */
export function parseParams(rawQuery: string, rawBody: string): Params | Refusal {
  const query = parseForm(rawQuery);
  if (isRefusal(query)) return query;
  const body = parseForm(rawBody);
  if (isRefusal(body)) return body;
  return new Map([...body, ...query]);
}

function parseForm(raw: string): Map<string, string> | Refusal {
  const params = new Map<string, string>();
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = decode(at < 0 ? '' : pair.slice(at + 1));
    if (name === null || value === null)
      return REFUSALS.illegalCharacters(name ?? '', 'percent-encoded UTF-8');
    if (params.has(name)) return REFUSALS.duplicate();
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

/**
 * A LONG parameter as a server in Java reads one: signs and leading zeros pass ("072" is 72), so a client that
 * wants them refused has to do it itself. Outside 1 … 2^63-1: -27000.
 */
export function readLong(params: Params, name: string): string | undefined | Refusal {
  const text = params.get(name);
  if (text === undefined || text === '') return undefined;
  if (!/^[+-]?\d{1,40}$/.test(text)) return REFUSALS.illegalArgument();
  const value = BigInt(text.replace('+', ''));
  return value < 1n || value > LONG_MAX ? REFUSALS.illegalArgument() : value.toString();
}

/** A LONG that must be there: missing or empty is -1102, and so is anything but digits. */
export function readMandatoryLong(params: Params, name: string): string | Refusal {
  const text = params.get(name);
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return REFUSALS.missing(name);
  return readLong(params, name) ?? REFUSALS.missing(name);
}

export interface Page {
  readonly current: number;
  readonly size: number;
}

/** `current` from 1 (default 1), `size` 1 to 100 (default 10). */
export function readPage(params: Params): Page | Refusal {
  const current = readLong(params, 'current');
  if (isRefusal(current)) return current;
  const size = readLong(params, 'size');
  if (isRefusal(size)) return size;
  const page = { current: Number(current ?? '1'), size: Number(size ?? '10') };
  return page.size > 100 ? REFUSALS.illegalArgument() : page;
}

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

const DAY_MS = 86_400_000;

/** `startTime`/`endTime`, by default the last seven days; more than 100 days is refused. */
export function readTimeRange(params: Params, nowMs: number): TimeRange | Refusal {
  const start = readLong(params, 'startTime');
  if (isRefusal(start)) return start;
  const end = readLong(params, 'endTime');
  if (isRefusal(end)) return end;
  const toMs = Number(end ?? nowMs);
  const fromMs = start === undefined ? toMs - 7 * DAY_MS : Number(start);
  return fromMs > toMs || toMs - fromMs > 100 * DAY_MS ? REFUSALS.illegalArgument() : { fromMs, toMs };
}
