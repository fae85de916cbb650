import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildQuery,
  createSigningKey,
  encodeStrict,
  type QueryParameter,
  type SigningKey,
  signedQuery,
} from '../../src/binance/signing.ts';
import {
  DERIVED,
  E1_PAYLOAD,
  E1_PEM,
  E1_SIGNATURE,
  H2_WRONG,
  PUBLISHED,
  R1_SIGNATURE,
  S1,
  WIDE,
} from './support/vectors.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const encrypted = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;

function key(material: string): SigningKey {
  const result = createSigningKey(material, null);
  if (!result.ok) throw new Error(result.fault);
  return result.key;
}

describe('exchange case 1: the published vectors and the derived ones', () => {
  it.each(PUBLISHED)('$name', ({ secret, payload, signature }) => {
    expect(key(secret).sign(payload)).toBe(signature);
  });

  it.each(PUBLISHED)(
    '$name: one character more or less signs differently',
    ({ secret, payload, signature }) => {
      expect(key(secret).sign(`${payload}0`)).not.toBe(signature);
      expect(key(secret).sign(payload.slice(1))).not.toBe(signature);
      expect(key(`${secret}x`).sign(payload)).not.toBe(signature);
    },
  );

  it('H2 from the raw symbol: encoded first, then signed', () => {
    const parameters: QueryParameter[] = [
      ['symbol', WIDE],
      ['side', 'BUY'],
      ['type', 'LIMIT'],
      ['timeInForce', 'GTC'],
      ['quantity', '1'],
      ['price', '0.1'],
      ['recvWindow', '5000'],
      ['timestamp', '1499827319559'],
    ];
    const query = signedQuery(parameters, (payload) => key(S1).sign(payload));
    expect(query).toBe(`${PUBLISHED[1]?.payload}&signature=${PUBLISHED[1]?.signature}`);
    expect(query).not.toContain(H2_WRONG);
    const raw = decodeURIComponent(buildQuery(parameters));
    expect(key(S1).sign(raw), 'the wrong way, for comparison').toBe(H2_WRONG);
  });

  it.each(DERIVED)('our endpoints: $parameters', ({ parameters, hmac, ed25519 }) => {
    const all: QueryParameter[] = [...parameters, ['recvWindow', '5000'], ['timestamp', '1753422899052']];
    expect(signedQuery(all, (payload) => key(S1).sign(payload))).toBe(`${buildQuery(all)}&signature=${hmac}`);
    expect(signedQuery(all, (payload) => key(E1_PEM).sign(payload))).toBe(
      `${buildQuery(all)}&signature=${encodeURIComponent(ed25519)}`,
    );
  });
});

describe('encodeStrict', () => {
  it.each([
    ["o'b (x)~!*", 'o%27b%20%28x%29~%21%2A'],
    ['é １２ + % & =', '%C3%A9%20%EF%BC%91%EF%BC%92%20%2B%20%25%20%26%20%3D'],
    ['a@b.com', 'a%40b.com'],
    ['\u0000\n', '%00%0A'],
    ['\ud800', '%EF%BF%BD'],
    ['', ''],
  ])('%j', (text, encoded) => {
    expect(encodeStrict(text)).toBe(encoded);
  });

  it('exchange case 2: base64 reaches the wire as %2B %2F %3D', () => {
    const query = signedQuery([['a', '1']], () => R1_SIGNATURE);
    expect(query).toMatch(/^a=1&signature=HZ8HOjiJ1s%2FigS9JA%2Bn7%2B7Ti%2F[A-Za-z0-9%]+0oXA%3D%3D$/);
    expect(decodeURIComponent(query.slice('a=1&signature='.length))).toBe(R1_SIGNATURE);
  });

  it('only unreserved characters and upper-case %XX come out, and they decode to what went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const encoded = encodeStrict(text);
        expect(encoded).toMatch(/^(?:[A-Za-z0-9\-_.~]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(encoded)).toBe(text.toWellFormed());
        // A URL parser changes nothing in it any more.
        expect(new URL(`http://x/?${encoded}`).search.slice(1)).toBe(encoded);
      }),
    );
  });
});

describe('createSigningKey', () => {
  it('exchange case 2: E1 is reproduced', () => {
    const result = createSigningKey(E1_PEM, null);
    expect(result.ok && result.key.kind).toBe('ed25519');
    expect(result.ok && result.key.sign(E1_PAYLOAD)).toBe(E1_SIGNATURE);
    expect(result.ok && result.key.sign(`${E1_PAYLOAD}x`)).not.toBe(E1_SIGNATURE);
  });

  it('RSA is PKCS#1 v1.5 with SHA-256 over the payload', () => {
    const result = createSigningKey(rsa.privateKey.export(pkcs8).toString(), null);
    expect(result.ok && result.key.kind).toBe('rsa');
    const signature = Buffer.from(result.ok ? result.key.sign('a=1') : '', 'base64');
    expect(signature).toHaveLength(256);
    expect(verify('RSA-SHA256', Buffer.from('a=1'), rsa.publicKey, signature)).toBe(true);
    expect(verify('RSA-SHA256', Buffer.from('a=2'), rsa.publicKey, signature)).toBe(false);
  });

  it('exchange case 2: the kind comes from the key, so an Ed25519 signature has 64 bytes and never 256', () => {
    const bytesOf = (pem: string) => {
      const result = createSigningKey(pem, null);
      return result.ok && [result.key.kind, Buffer.from(result.key.sign('x'), 'base64').length];
    };
    expect(bytesOf(E1_PEM)).toEqual(['ed25519', 64]);
    expect(bytesOf(rsa.privateKey.export(pkcs8).toString())).toEqual(['rsa', 256]);
  });

  it('opens encrypted private keys with the passphrase', () => {
    const ed25519 = generateKeyPairSync('ed25519');
    for (const pair of [rsa, ed25519]) {
      const result = createSigningKey(pair.privateKey.export(encrypted).toString(), 'open sesame');
      const algorithm = pair === rsa ? 'RSA-SHA256' : null;
      const signature = Buffer.from(result.ok ? result.key.sign('x') : '', 'base64');
      expect(verify(algorithm, Buffer.from('x'), createPublicKey(pair.privateKey), signature)).toBe(true);
    }
  });

  it.each<[string, string, string | null, RegExp]>([
    ['no passphrase', rsa.privateKey.export(encrypted).toString(), null, /encrypted, and no passphrase/],
    ['a wrong passphrase', rsa.privateKey.export(encrypted).toString(), 'wrong', /can't be decrypted/],
    ['a public key', rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(), null, /public key/],
    ['a broken PEM', E1_PEM.replace('MC4', 'XX4'), null, /not a readable PEM/],
    [
      'an EC key',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8).toString(),
      null,
      /of type ec/,
    ],
    [
      'a small RSA key',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pkcs8).toString(),
      null,
      /1024 bits/,
    ],
    ['an HMAC secret with a line break', `${S1}\n`, null, /spaces or characters/],
    ['an empty secret', '', null, /spaces or characters/],
  ])('refuses %s, and tells nothing of the key', (_name, material, passphrase, fault) => {
    const result = createSigningKey(material, passphrase);
    expect(result).toEqual({ ok: false, fault: expect.stringMatching(fault) });
    expect(JSON.stringify(result)).not.toMatch(/BEGIN|wrong"|Nhqp/);
  });

  it('shows nothing of the key when it is printed', () => {
    for (const material of [S1, E1_PEM]) {
      const result = createSigningKey(material, null);
      const printed = inspect(result, { depth: 9, showHidden: true }) + JSON.stringify(result);
      expect(printed).not.toContain(S1);
      expect(printed).not.toContain('MC4CAQ');
    }
  });
});
