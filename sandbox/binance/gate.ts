import { type Account, isApiKey, type KeyRing } from './key-ring.ts';
import { type Params, readMandatory } from './params.ts';
import { REFUSALS, Refusal } from './reply.ts';
import { verifySignature } from './verify.ts';

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
