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

const DAY_MS = 86_400_000;

/** `startTime`/`endTime`, by default the last seven days; more than 100 days is refused. */
export function readTimeRange(params: Params, nowMs: number): TimeRange {
  const start = readLong(params, 'startTime');
  const toMs = Number(readLong(params, 'endTime') ?? nowMs);
  const fromMs = start === undefined ? toMs - 7 * DAY_MS : Number(start);
  if (fromMs > toMs || toMs - fromMs > 100 * DAY_MS) throw REFUSALS.illegalArgument();
  return { fromMs, toMs };
}
