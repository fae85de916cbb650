/**
 * Signed query strings and the keys that sign them. Binance checks the signature over the bytes it receives
 * (percent-encoding rule since 2026-01-15), so the signed text is sent unchanged.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign as signWith,
  verify,
} from 'node:crypto';

export type QueryParameter = readonly [name: string, value: string];

const UNRESERVED = /^[A-Za-z0-9\-_.~]*$/;

/**
 * Percent-encodes every byte outside RFC 3986 "unreserved", in upper-case hex; a space is %20. Stricter than
 * encodeURIComponent, which leaves `! ' ( ) *` alone: URL parsers rewrite some of these after signing.
 * Lone surrogates, which have no UTF-8 form, become U+FFFD.
 */
export function encodeStrict(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `a=1&b=2`, strictly encoded, in the given order. */
export function buildQuery(parameters: readonly QueryParameter[]): string {
  return parameters.map(([name, value]) => `${encodeStrict(name)}=${encodeStrict(value)}`).join('&');
}

/**
 * Signs the encoded query and appends `signature`, which must be the last parameter. `sign` returns hex or base64;
 * base64 needs encoding (`+`, `/` and `=`).
 */
export function signedQuery(
  parameters: readonly QueryParameter[],
  sign: (payload: string) => string,
): string {
  const payload = buildQuery(parameters);
  return `${payload}&signature=${encodeStrict(sign(payload))}`;
}

/** The three kinds that Binance accepts (general info, "Signed endpoint examples"); HMAC is deprecated. */
export type SigningKeyKind = 'hmac' | 'ed25519' | 'rsa';

/** Signs payloads. The key is in a closure, so printing this object doesn't show it. */
export interface SigningKey {
  readonly kind: SigningKeyKind;
  /** HMAC: 64 lower-case hex digits. Ed25519 (pure) and RSA (PKCS#1 v1.5, SHA-256): base64. */
  sign(payload: string): string;
}

export type SigningKeyResult =
  | { readonly ok: true; readonly key: SigningKey }
  /** Why, without any part of the key. */
  | { readonly ok: false; readonly fault: string };

const SMALLEST_RSA_BITS = 2048;
const PROBE = 'timestamp=0';

/**
 * Recognises the kind of key from the text: a PEM is a private key (encrypted or not), anything else an HMAC secret. A
 * private key signs a probe, which its public key must accept.
 */
export function createSigningKey(material: string, passphrase: string | null): SigningKeyResult {
  if (!material.includes('-----BEGIN')) return hmacKey(material);
  if (material.includes('-----BEGIN PUBLIC KEY-----')) {
    return { ok: false, fault: 'holds a public key; the private key is needed' };
  }
  const encrypted = /ENCRYPTED/.test(material);
  if (encrypted && passphrase === null) return { ok: false, fault: 'is encrypted, and no passphrase is set' };
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({
      key: material,
      format: 'pem',
      ...(encrypted && { passphrase: passphrase ?? '' }),
    });
  } catch {
    // The error may quote the key or the passphrase, so it is dropped.
    return {
      ok: false,
      fault: encrypted ? "can't be decrypted with this passphrase" : 'is not a readable PEM',
    };
  }
  return asymmetricKey(privateKey);
}

function hmacKey(secret: string): SigningKeyResult {
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    return { ok: false, fault: 'has a secret with spaces or characters outside ASCII' };
  }
  const key = createSecretKey(secret, 'utf8');
  const sign = (payload: string) => createHmac('sha256', key).update(payload).digest('hex');
  return { ok: true, key: { kind: 'hmac', sign } };
}

function asymmetricKey(privateKey: KeyObject): SigningKeyResult {
  const kind = privateKey.asymmetricKeyType;
  if (kind !== 'ed25519' && kind !== 'rsa') {
    return { ok: false, fault: `holds a key of type ${kind}; Ed25519 and RSA are accepted` };
  }
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (kind === 'rsa' && bits < SMALLEST_RSA_BITS) {
    return { ok: false, fault: `holds an RSA key of ${bits} bits; at least ${SMALLEST_RSA_BITS} are needed` };
  }
  const algorithm = kind === 'ed25519' ? null : 'RSA-SHA256';
  const key: SigningKey = {
    kind,
    sign: (payload) => signWith(algorithm, Buffer.from(payload), privateKey).toString('base64'),
  };
  const proof = Buffer.from(key.sign(PROBE), 'base64');
  if (!verify(algorithm, Buffer.from(PROBE), createPublicKey(privateKey), proof)) {
    return { ok: false, fault: 'makes signatures that its own public key refuses' };
  }
  return { ok: true, key };
}
