/** Reads an answer other than 200: code and text, and how long a limit or ban lasts. */
import { errorAnswer } from './answers.ts';
import { parseExactJson } from './exact-json.ts';
import { headerOf, type ResponseHeaders } from './http.ts';
import { MAX_STOP_MS } from './shared-state.ts';
import { MINUTE_MS, minuteOf } from './weight-count.ts';

export interface Rejection {
  readonly kind: 'rejected';
  /** Any status but 200. */
  readonly httpStatus: number;
  /** `code` and cleaned `text`, if the body had them. */
  readonly code: number | null;
  readonly text: string;
  /** Exchange time at which to try again after a limit or ban; else null. */
  readonly retryAtMs: number | null;
}

type StatusAndCode = Pick<Rejection, 'httpStatus' | 'code'>;

/** What a rejection stops: the endpoint's bucket, everything from this address, or nothing. */
export type StopExtent = 'bucket' | 'address' | null;

/** Bans begin at two minutes (general info, "Limits"). */
const MIN_BAN_MS = 2 * 60_000;
/** Binance support: a firewall ban (403) usually lasts 5 minutes. */
const FIREWALL_PAUSE_MS = 5 * 60_000;
const MAX_TEXT_LENGTH = 160;

/** `nowMs` is exchange time. */
export function readRejection(
  httpStatus: number,
  headers: ResponseHeaders,
  body: string,
  nowMs: number,
): Rejection {
  const { code, text } = readError(body);
  const leastMs = leastRetryAt({ httpStatus, code }, nowMs);
  if (leastMs === null) return { kind: 'rejected', httpStatus, code, text, retryAtMs: null };
  // The latest time in the answer, but not before the limit can be free and not after the longest ban.
  const said = [readRetryAfter(headerOf(headers, 'retry-after'), nowMs), readBannedUntil(body)];
  const retryAtMs = Math.min(Math.max(leastMs, ...said.map((ms) => ms ?? 0)), nowMs + MAX_STOP_MS);
  return { kind: 'rejected', httpStatus, code, text, retryAtMs };
}

export function stopExtent(answer: StatusAndCode): StopExtent {
  if (answer.httpStatus === 429) return 'bucket';
  if (answer.httpStatus === 418 || isFirewall(answer)) return 'address';
  return null;
}

/** 403 without an error code comes from the firewall in front of the exchange (an HTML page). */
export function isFirewall({ httpStatus, code }: StatusAndCode): boolean {
  return httpStatus === 403 && code === null;
}

function leastRetryAt(answer: StatusAndCode, nowMs: number): number | null {
  switch (stopExtent(answer)) {
    case 'bucket':
      return (minuteOf(nowMs) + 1) * MINUTE_MS;
    case 'address':
      return nowMs + (answer.httpStatus === 403 ? FIREWALL_PAUSE_MS : MIN_BAN_MS);
    case null:
      return null;
  }
}

/** Seconds, fractions and negative ones included, or an HTTP date (RFC 9110). */
function readRetryAfter(value: string | undefined, nowMs: number): number | null {
  const text = value?.trim() ?? '';
  if (/^[+-]?\d+(?:\.\d+)?$/.test(text)) return Math.ceil(nowMs + Number(text) * 1000);
  if (!/^[A-Z][a-z]+, .*GMT$/.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date;
}

/** "Way too much request weight used; IP banned until 1659146400000." */
function readBannedUntil(body: string): number | null {
  const found = /banned until (\d{13})\b/.exec(body);
  return found?.[1] === undefined ? null : Number(found[1]);
}

function readError(body: string): { readonly code: number | null; readonly text: string } {
  try {
    const parsed = errorAnswer.safeParse(parseExactJson(body));
    if (parsed.success) return { code: Number(parsed.data.code), text: cleanText(parsed.data.msg ?? '') };
  } catch {
    // An HTML page or nothing: only the status is known.
  }
  return { code: null, text: '' };
}

/** The exchange's text, safe to show: one short line without anything that could be a key or a signature. */
export function cleanText(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/[A-Za-z0-9+/=_-]{32,}/g, '…')
    .trim();
  return line.length > MAX_TEXT_LENGTH ? `${line.slice(0, MAX_TEXT_LENGTH - 1)}…` : line;
}
