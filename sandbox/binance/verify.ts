import { createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

/** What an account's signatures are checked with. */
export type VerifyKey =
  | { readonly kind: 'hmac'; readonly secret: string }
  | { readonly kind: 'ed25519' | 'rsa'; readonly publicKey: KeyObject };

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
