/**
 * Whether a request comes from Slack: its own signature scheme "v0" (docs: Verifying requests from Slack). Bolt's
 * check makes three keyed hashes with keys read anew each time, and accepts timestamps from the future; this makes one.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Slack's rule: older is a replay. */
const PAST_AT_MOST_MS = 5 * 60_000;

/** Clocks differ a little; a signature from further ahead would stay valid for longer than we remember it. */
const FUTURE_AT_MOST_MS = 60_000;

const SIGNATURE = /^v0=([0-9a-f]{64})$/;
const SECONDS = /^[0-9]{1,12}$/;

export type SignatureFault = 'unsigned' | 'stale' | 'from the future' | 'signature mismatch';

export function signingKey(signingSecret: string): KeyObject {
  return createSecretKey(Buffer.from(signingSecret, 'utf8'));
}

/** What the headers alone tell, before a body is read; null: it may be Slack. `nowMs` is UTC ms. */
export function headerFault(headers: IncomingHttpHeaders, nowMs: number): SignatureFault | null {
  const read = readHeaders(headers, nowMs);
  return typeof read === 'string' ? read : null;
}

/** Null: signed by Slack, within the last five minutes. `body` is as it came, byte by byte; times are UTC ms. */
export function signatureFault(
  key: KeyObject,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  nowMs: number,
): SignatureFault | null {
  const read = readHeaders(headers, nowMs);
  if (typeof read === 'string') return read;
  const ours = createHmac('sha256', key).update(`v0:${read.timestamp}:`).update(body).digest();
  return timingSafeEqual(ours, read.digest) ? null : 'signature mismatch';
}

function readHeaders(
  headers: IncomingHttpHeaders,
  nowMs: number,
): SignatureFault | { readonly timestamp: string; readonly digest: Buffer } {
  const timestamp = headers['x-slack-request-timestamp'];
  const given = headers['x-slack-signature'];
  if (typeof timestamp !== 'string' || typeof given !== 'string') return 'unsigned';
  const digest = SIGNATURE.exec(given)?.[1];
  if (digest === undefined || !SECONDS.test(timestamp)) return 'unsigned';
  const signedAtMs = Number(timestamp) * 1000;
  if (signedAtMs < nowMs - PAST_AT_MOST_MS) return 'stale';
  if (signedAtMs > nowMs + FUTURE_AT_MOST_MS) return 'from the future';
  return { timestamp, digest: Buffer.from(digest, 'hex') };
}
