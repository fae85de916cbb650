import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildQuery, encodeStrict, type QueryParameter, signedQuery } from '../../src/binance/sign.ts';
import { createSigningKey, type SigningKey } from '../../src/binance/signing-key.ts';
import { DERIVED, E1_PEM, H2_WRONG, PUBLISHED, R1_SIGNATURE, S1, WIDE } from './support/vectors.ts';

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
