import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createSigningKey, signatureFault } from '../../src/binance/signing-key.ts';
import { E1_PAYLOAD, E1_PEM, E1_SIGNATURE, R1_SIGNATURE, S1 } from './support/vectors.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const encrypted = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'open sesame' } as const;

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
    ['a wrong passphrase', rsa.privateKey.export(encrypted).toString(), 'wrong', /cannot be decrypted/],
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

describe('signatureFault', () => {
  it('exchange case 2: an RSA-sized "Ed25519" signature is refused', () => {
    expect(signatureFault('ed25519', R1_SIGNATURE)).toMatch(/256 bytes; Ed25519 has 64/);
    expect(signatureFault('rsa', R1_SIGNATURE, 256)).toBeNull();
    expect(signatureFault('ed25519', E1_SIGNATURE)).toBeNull();
    expect(signatureFault('rsa', E1_SIGNATURE, 256)).toMatch(/64 bytes; this RSA key has 256/);
    expect(signatureFault('hmac', E1_SIGNATURE)).toMatch(/hex/);
    expect(signatureFault('ed25519', E1_SIGNATURE.replace('==', ''))).toMatch(/not base64/);
  });
});
