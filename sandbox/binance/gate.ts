import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import { type Account, isApiKey, type KeyRing, type VerifyKey } from './key-ring.ts';
import { type Params, readMandatory } from './params.ts';
import { REFUSALS, Refusal } from './reply.ts';

/** A signed call as it came over the wire. */
export interface SignedCall {
  readonly apiKey: string | undefined;
  readonly remoteAddress: string;
  readonly rawQuery: string;
  readonly rawBody: string;
  readonly params: Params | Refusal;
}

/** When the call was signed and how long that holds, milliseconds. */
export interface SignedWindow {
  readonly timestampMs: number;
  readonly recvWindowMs: number;
}

const MAX_RECV_WINDOW_MS = 60_000;
const DEFAULT_RECV_WINDOW_MS = 5_000;
/** A number this long is microseconds, which may be sent in place of milliseconds. */
const MICROSECOND_DIGITS = 16;

/** The key alone: its form, whether it is known, and whether it may call from there. */
export function identify(call: SignedCall, keyRing: KeyRing): Account {
  if (call.apiKey === undefined || !isApiKey(call.apiKey)) throw REFUSALS.badKeyFormat();
  const account = keyRing.byApiKey(call.apiKey);
  if (account === undefined || account.allowedIps?.includes(call.remoteAddress) === false)
    throw REFUSALS.keyNotPermitted();
  return account;
}

/** Timestamp and window first, the signature last. */
export function checkSigned(call: SignedCall, account: Account, serverMs: number): SignedWindow {
  if (call.params instanceof Refusal) {
    // Bytes that do not decode were not encoded as the signing rule asks.
    throw call.params.code === REFUSALS.duplicate().code ? call.params : REFUSALS.badSignature();
  }
  const window = readWindow(call.params);
  checkWindow(window, serverMs);
  switch (verifySignature(account.key, call.rawQuery, call.rawBody)) {
    case 'ok':
      return window;
    case 'missing':
      throw REFUSALS.missing('signature');
    case 'duplicate':
      throw REFUSALS.duplicate();
    case 'invalid':
      throw REFUSALS.badSignature();
  }
}

/** `timestamp < serverTime + 1000` and `serverTime - timestamp <= recvWindow`; asked again before the effect. */
export function checkWindow(window: SignedWindow, serverMs: number): void {
  if (window.timestampMs >= serverMs + 1000) throw REFUSALS.ahead();
  if (serverMs - window.timestampMs > window.recvWindowMs) throw REFUSALS.outsideWindow();
}

function readWindow(params: Params): SignedWindow {
  const timestamp = readMandatory(params, 'timestamp');
  if (!/^\d{1,20}$/.test(timestamp)) throw REFUSALS.illegalCharacters('timestamp', '^[0-9]{1,20}$');
  const recvWindow = params.get('recvWindow') ?? String(DEFAULT_RECV_WINDOW_MS);
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(recvWindow))
    throw REFUSALS.illegalCharacters('recvWindow', '^[0-9]+(\\.[0-9]{1,3})?$');
  if (Number(recvWindow) > MAX_RECV_WINDOW_MS) throw REFUSALS.windowTooWide();
  const unit = timestamp.length >= MICROSECOND_DIGITS ? 1000 : 1;
  return { timestampMs: Number(timestamp) / unit, recvWindowMs: Number(recvWindow) };
}

export type SignatureVerdict = 'ok' | 'missing' | 'duplicate' | 'invalid';

const SIGNATURE = /(?:^|&)signature=([^&]*)/g;

/**
 * Checks the signature over the bytes as received (one latin1 character a byte): raw query and raw body joined without a separator, the
 * signature cut off. It has to be there once, at the end of the query or of the body. Bytes that should have
 * been percent-encoded before signing make it invalid (REST change of 2026-01-15). Written from the documents
 * alone, without the client's signer.
 */
export function verifySignature(key: VerifyKey, rawQuery: string, rawBody: string): SignatureVerdict {
  const inQuery = [...rawQuery.matchAll(SIGNATURE)];
  const inBody = [...rawBody.matchAll(SIGNATURE)];
  const found = inQuery[0] ?? inBody[0];
  if (found === undefined || found[1] === undefined || found[1] === '') return 'missing';
  if (inQuery.length + inBody.length > 1) return 'duplicate';
  const holder = inQuery.length === 1 ? rawQuery : rawBody;
  if (found.index + found[0].length !== holder.length) return 'invalid';
  const rest = holder.slice(0, found.index);
  const payload = inQuery.length === 1 ? rest + rawBody : rawQuery + rest;
  if (!isPercentEncoded(payload)) return 'invalid';
  return matches(key, payload, found[1]) ? 'ok' : 'invalid';
}

/** Only visible ASCII may arrive: everything else had to be percent-encoded before signing. */
function isPercentEncoded(payload: string): boolean {
  return /^[\x21-\x7e]*$/.test(payload);
}

function matches(key: VerifyKey, payload: string, rawSignature: string): boolean {
  const bytes = Buffer.from(payload, 'latin1');
  if (key.kind === 'hmac') {
    if (!/^[0-9a-fA-F]{64}$/.test(rawSignature)) return false;
    const expected = createHmac('sha256', key.secret).update(bytes).digest();
    return timingSafeEqual(expected, Buffer.from(rawSignature, 'hex'));
  }
  const signature = fromEncodedBase64(rawSignature);
  if (signature === null) return false;
  if (key.kind === 'ed25519') {
    return signature.length === 64 && verify(null, bytes, key.publicKey, signature);
  }
  return verify('RSA-SHA256', bytes, key.publicKey, signature);
}

/** Base64 that was percent-encoded: a bare `+` is a space to a server and spoils it. */
function fromEncodedBase64(raw: string): Buffer | null {
  let text: string;
  try {
    text = decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return null;
  }
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : null;
}
