import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifySignature } from '../../../sandbox/binance/gate.ts';
import type { VerifyKey } from '../../../sandbox/binance/key-ring.ts';

const S1: VerifyKey = {
  kind: 'hmac',
  secret: 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j',
};
const FUTURES: VerifyKey = {
  kind: 'hmac',
  secret: '2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9',
};
const OPTIONS: VerifyKey = {
  kind: 'hmac',
  secret: 'YtP1BudNOWZE1ag5uzCkh4hIC7qSmQOu797r5EJBFGhxBYivjj8HIX0iiiPof5yG',
};
const E1_PRIVATE = createPrivateKey({
  key: Buffer.from('MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u', 'base64'),
  format: 'der',
  type: 'pkcs8',
});
const E1: VerifyKey = { kind: 'ed25519', publicKey: createPublicKey(E1_PRIVATE) };

const ASCII =
  'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559';
const OPTION_QUERY = 'symbol=BTC-210129-40000-C&side=BUY&type=LIMIT&timeInForce=GTC';
const OPTION_BODY = 'quantity=0.01&price=2000&recvWindow=5000&timestamp=1611825601400';
const WIDE = '%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96';

describe('the published HMAC vectors', () => {
  it.each([
    ['H1 query', S1, ASCII, '', 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'],
    ['H1 body', S1, '', ASCII, 'c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71'],
    [
      'H2 encoded',
      S1,
      ASCII.replace('LTCBTC', WIDE),
      '',
      'e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3',
    ],
    [
      'H3 mixed',
      S1,
      'symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC',
      'quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559',
      '0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77',
    ],
    [
      'H6 futures',
      FUTURES,
      'symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943',
      '',
      '3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9',
    ],
    [
      'H7 options',
      OPTIONS,
      `${OPTION_QUERY}&${OPTION_BODY}`,
      '',
      '7c12045972f6140e765e0f2b67d28099718df805732676494238f50be830a7d7',
    ],
    [
      'H7 mixed',
      OPTIONS,
      OPTION_QUERY,
      OPTION_BODY,
      'fa6045c54fb02912b766442be1f66fab619217e551a4fb4f8a1ee000df914d8e',
    ],
    [
      'close, derived',
      S1,
      'groupId=72&recvWindow=5000&timestamp=1753422899052',
      '',
      '35702bbf5f4f8089fc566ca47ab10ddbcabece814931af4d3fe58430475c4983',
    ],
    [
      'LONG id, derived',
      S1,
      'groupId=9007199254740993&recvWindow=5000&timestamp=1753422899052',
      '',
      '2bd6a54f23110cc5f98722527a033898ee3112c3b2d0284e6326f2bb0bfddce5',
    ],
  ])('%s', (_name, key, query, body, signature) => {
    const withSignature =
      body === '' ? [`${query}&signature=${signature}`, ''] : [query, `${body}&signature=${signature}`];
    const [rawQuery = '', rawBody = ''] = withSignature;
    expect(verifySignature(key, rawQuery, rawBody)).toBe('ok');
    expect(verifySignature(key, `x=1&${rawQuery}`, rawBody)).toBe('invalid');
  });

  it('takes the hex in either case', () => {
    const signature = 'C8DB56825AE71D6D79447849E617115F4A920FA2ACDCAB2B053C4B2838BD6B71';
    expect(verifySignature(S1, `${ASCII}&signature=${signature}`, '')).toBe('ok');
  });

  it('refuses H2 signed over raw UTF-8, over either form of the query', () => {
    const raw = 'ca2cdfbf21d2e2958de492c7f2dd1f059dd2ed4d4459d26a5ec7928db50c8d4f';
    const utf8 = Buffer.from(ASCII.replace('LTCBTC', '１２３４５６')).toString('latin1');
    expect(verifySignature(S1, `${ASCII.replace('LTCBTC', WIDE)}&signature=${raw}`, '')).toBe('invalid');
    expect(verifySignature(S1, `${utf8}&signature=${raw}`, '')).toBe('invalid');
    expect(verifySignature(S1, '', `${utf8}&signature=${raw}`)).toBe('invalid');
  });
});

describe('position of the signature', () => {
  const payload = 'groupId=72&timestamp=1753422899052';
  const good = createHmac('sha256', S1.kind === 'hmac' ? S1.secret : '')
    .update(payload)
    .digest('hex');

  it.each([
    ['at the end', `${payload}&signature=${good}`, 'ok'],
    ['not at all', payload, 'missing'],
    ['empty', `${payload}&signature=`, 'missing'],
    ['twice', `${payload}&signature=${good}&signature=${good}`, 'duplicate'],
    ['first', `signature=${good}&${payload}`, 'invalid'],
    ['in the middle', `groupId=72&signature=${good}&timestamp=1753422899052`, 'invalid'],
    ['followed by more', `${payload}&signature=${good}&groupId=73`, 'invalid'],
    ['one digit short', `${payload}&signature=${good.slice(1)}`, 'invalid'],
    ['as another name', `${payload}&xsignature=${good}`, 'missing'],
  ])('%s', (_where, query, verdict) => {
    expect(verifySignature(S1, query, '')).toBe(verdict);
  });

  it('may not be in query and body at once', () => {
    expect(verifySignature(S1, `${payload}&signature=${good}`, `signature=${good}`)).toBe('duplicate');
  });
});

describe('public keys', () => {
  const vectors: [string, string][] = [
    [
      'recvWindow=5000&timestamp=1753422899052',
      'u0Qm3u3vqHjoG0COxqCAx55lRFIOThpYyea+8NNZhMijaYQMJxpv1UcdA+x+25IT9NM70jK1WvHOuAV98gPoDA==',
    ],
    [
      'groupId=72&recvWindow=5000&timestamp=1753422899052',
      'BrcTgai8evq02qeJjfGtasdeINjofBrc07U2g8xr8kNS5XgHIKEETxmVAY/FCIty3lMf7mWWr1GVToVs4scWAw==',
    ],
    [
      'groupId=9007199254740993&recvWindow=5000&timestamp=1753422899052',
      'BNiaK8UnqwjAP6NzIotRSyQ5s8SIHMwluuVgN97i35wAtZIzz315kZWvRxCB3WUy1X841NMTdHqH0jKCF58xCQ==',
    ],
  ];

  it.each(vectors)('Ed25519 %s', (payload, base64) => {
    expect(verifySignature(E1, `${payload}&signature=${encodeURIComponent(base64)}`, '')).toBe('ok');
    expect(verifySignature(E1, `${payload}0&signature=${encodeURIComponent(base64)}`, '')).toBe('invalid');
  });

  it('refuses base64 whose plus was not percent-encoded', () => {
    const [payload, base64] = vectors[0] ?? ['', ''];
    expect(base64).toContain('+');
    expect(verifySignature(E1, `${payload}&signature=${base64}`, '')).toBe('invalid');
  });

  it('checks RSA PKCS#1 v1.5 with SHA-256, and takes no RSA signature for an Ed25519 key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const payload = 'groupId=7&timestamp=1753422899052';
    const signature = sign('RSA-SHA256', Buffer.from(payload), privateKey).toString('base64');
    const query = `${payload}&signature=${encodeURIComponent(signature)}`;
    expect(verifySignature({ kind: 'rsa', publicKey }, query, '')).toBe('ok');
    expect(verifySignature({ kind: 'rsa', publicKey }, query.replace('7', '8'), '')).toBe('invalid');
    expect(verifySignature(E1, query, '')).toBe('invalid');
  });
});

it('agrees with any strictly encoded value, and with no other payload', () => {
  const strict = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const secret = S1.kind === 'hmac' ? S1.secret : '';
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (value) => {
      const payload = `email=${strict(value)}&timestamp=1`;
      const signature = createHmac('sha256', secret).update(payload).digest('hex');
      expect(verifySignature(S1, `${payload}&signature=${signature}`, '')).toBe('ok');
      expect(verifySignature(S1, `${payload}1&signature=${signature}`, '')).toBe('invalid');
    }),
    { numRuns: 500 },
  );
});
