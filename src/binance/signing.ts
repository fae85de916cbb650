/**
 * Signed query strings and the keys that sign them. Binance checks the signature over the bytes it received
 * (percent-encoding rule since 2026-01-15), so the text that is signed is the text that is sent, character by character.
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

/** `a=1&b=2`, names and values encoded strictly, in the order given. */
export function buildQuery(parameters: readonly QueryParameter[]): string {
  return parameters.map(([name, value]) => `${encodeStrict(name)}=${encodeStrict(value)}`).join('&');
}

/**
 * Signs the encoded query and appends `signature`, which has to be the last parameter. `sign` gives hex or base64;
 * base64 needs encoding too (`+`, `/` and `=`).
 */
export function signedQuery(
  parameters: readonly QueryParameter[],
  sign: (payload: string) => string,
): string {
  const payload = buildQuery(parameters);
  return `${payload}&signature=${encodeStrict(sign(payload))}`;
}

/** Binance knows three kinds (general info, "Signed endpoint examples"); HMAC is the deprecated one. */
export type SigningKeyKind = 'hmac' | 'ed25519' | 'rsa';

/** Signs payloads. Holds the key where neither JSON nor a console print finds it. */
export interface SigningKey {
  readonly kind: SigningKeyKind;
  /** HMAC: 64 lower-case hex digits. Ed25519 (pure) and RSA (PKCS#1 v1.5, SHA-256): base64. */
  sign(payload: string): string;
}

export type SigningKeyResult =
  | { readonly ok: true; readonly key: SigningKey }
  /** Why, in words that hold nothing of the key. */
  | { readonly ok: false; readonly fault: string };

const HMAC_HEX = /^[0-9a-f]{64}$/;
const ED25519_BYTES = 64;
const SMALLEST_RSA_BITS = 2048;
const PROBE = 'timestamp=0';

/**
 * Recognises the kind of key from the text itself: a PEM is a private key (encrypted or not), anything else the
 * secret of an HMAC key. The key then signs a probe, whose signature must have the right size and verify.
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
    // The cause may quote the key or the passphrase: it stays here.
    return {
      ok: false,
      fault: encrypted ? 'cannot be decrypted with this passphrase' : 'is not a readable PEM',
    };
  }
  return asymmetricKey(privateKey);
}

function hmacKey(secret: string): SigningKeyResult {
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    return { ok: false, fault: 'has a secret with spaces or characters outside ASCII' };
  }
  const key = createSecretKey(secret, 'utf8');
  return checked({
    kind: 'hmac',
    sign: (payload) => createHmac('sha256', key).update(payload).digest('hex'),
  });
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
  const size = kind === 'rsa' ? bits / 8 : ED25519_BYTES;
  const proof = Buffer.from(key.sign(PROBE), 'base64');
  if (!verify(algorithm, Buffer.from(PROBE), createPublicKey(privateKey), proof)) {
    return { ok: false, fault: 'makes signatures that its own public key refuses' };
  }
  return checked(key, size);
}

function checked(key: SigningKey, rsaBytes = 0): SigningKeyResult {
  const fault = signatureFault(key.kind, key.sign(PROBE), rsaBytes);
  return fault === null ? { ok: true, key } : { ok: false, fault };
}

/**
 * Whether a signature has the form its kind must have; null when it has. Guards against a mix-up of kinds: the
 * "Ed25519" examples on Binance's REST page are 256 bytes long, which is RSA.
 */
export function signatureFault(kind: SigningKeyKind, signature: string, rsaBytes = 0): string | null {
  if (kind === 'hmac') return HMAC_HEX.test(signature) ? null : 'makes no 64-digit hex signature';
  const bytes = Buffer.from(signature, 'base64');
  const expected = kind === 'ed25519' ? ED25519_BYTES : rsaBytes;
  if (bytes.toString('base64') !== signature) return 'makes a signature that is not base64';
  return bytes.length === expected
    ? null
    : `makes a signature of ${bytes.length} bytes; ${kind === 'ed25519' ? 'Ed25519' : 'this RSA key'} has ${expected}`;
}
