import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../../sandbox/binance/exchange.ts';
import { CLOSE, CLOSED, call, closeUnit, DETAILS, hmac, refusal, send } from './exchange-calls.ts';

const NOW_MS = 1_790_000_000_123;
const LONG_ID = '9007199254740993';
let exchange: Exchange;
let nowMs = NOW_MS;

beforeEach(async () => {
  nowMs = NOW_MS;
  exchange = await startExchange({ now: () => nowMs });
});

afterEach(() => exchange.close());

function ids(text: string): string[] {
  return [...text.matchAll(/"groupId":(\d+)/g)].map((match) => match[1] ?? '');
}

describe('what needs no key', () => {
  it('tells the time from its own pool, skew included', async () => {
    exchange.configure({ skewMs: -7000 });
    const { text, headers } = await send(exchange, '/api/v3/time');
    expect(JSON.parse(text)).toEqual({ serverTime: NOW_MS - 7000 });
    expect(headers['x-mbx-used-weight-1m']).toBe('1');
    expect(headers['x-sapi-used-ip-weight-1m']).toBeUndefined();
  });

  it('tells normal from maintenance, in which signed calls are answered 503 without effect', async () => {
    expect(JSON.parse((await send(exchange, '/sapi/v1/system/status')).text)).toEqual({
      status: 0,
      msg: 'normal',
    });
    exchange.configure({ maintenance: true });
    const status = await send(exchange, '/sapi/v1/system/status');
    expect(JSON.parse(status.text)).toEqual({ status: 1, msg: 'system_maintenance' });
    expect(refusal(await closeUnit(exchange, '7', 'loan-7'))).toMatchObject({ status: 503, code: -1016 });
    expect(exchange.unit('7').groupId).toBe('7');
  });

  it('names an unknown path', async () => {
    expect(refusal(await send(exchange, '/sapi/v1/none'))).toEqual({
      status: 404,
      code: -5000,
      msg: 'Path /sapi/v1/none, Method GET is invalid',
    });
  });
});

describe('ltv-details', () => {
  it('shows unit 1 exactly as the document does', async () => {
    const { text, status, headers } = await call(exchange, DETAILS, 'groupId=1');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch('application/json');
    expect(JSON.parse(text)).toEqual([DOCUMENTED_UNIT]);
    expect(Object.keys(JSON.parse(text)[0])).toEqual(Object.keys(DOCUMENTED_UNIT));
  });

  it('shows a parent all its units, with their LTV to three decimals', async () => {
    const rows: { ltv: string }[] = JSON.parse((await call(exchange, DETAILS, '')).text);
    expect(rows.map((row) => row.ltv)).toEqual(['0.592', '0.000', '0.842', '0.920', '0.000']);
  });

  it.each([
    ['loan-1', '', ['1']],
    ['loan-1', 'groupId=7', []],
    ['loan-7', '', ['7']],
    ['loan-72', '', []],
    ['stranger', '', []],
    ['stranger', 'groupId=1', []],
    ['fund-a', 'groupId=4711', []],
    ['fund-a', 'groupId=', ['1', '7', '12', '15', LONG_ID]],
  ])('shows %s asking with "%s": %j', async (as, params, expected) => {
    const answer = await call(exchange, DETAILS, params, { as });
    expect(answer.status).toBe(200);
    expect(ids(answer.text)).toEqual(expected);
  });

  it.each(['undefined', '1.5', '1%3B%20DROP', '0', '-1', '9223372036854775808'])(
    'refuses groupId=%s',
    async (groupId) => {
      const answer = await call(exchange, DETAILS, `groupId=${groupId}`);
      expect(refusal(answer)).toEqual({
        status: 400,
        code: -27000,
        msg: 'Illegal argument or invalid input.',
      });
    },
  );

  it('writes a LONG beyond 2^53 digit by digit', async () => {
    expect((await call(exchange, DETAILS, `groupId=${LONG_ID}`)).text).toMatch(
      `[{"groupId":${LONG_ID},"parentEmail"`,
    );
    const closed = await closeUnit(exchange, LONG_ID, 'loan-long');
    expect(closed.text).toBe(`{"groupId":${LONG_ID},"status":"CLOSED"}`);
    expect((await call(exchange, CLOSED, '', { as: 'loan-long' })).text).toMatch(
      `{"total":1,"rows":[{"groupId":${LONG_ID},`,
    );
  });
});

describe('closed', () => {
  it.each([
    ['loan-72', 0],
    ['loan-73', 1],
  ])('shows %s its row of the document', async (as, index) => {
    const { text } = await call(exchange, CLOSED, '', { as });
    expect(JSON.parse(text)).toEqual({ total: 1, rows: [DOCUMENTED_CLOSED[index]] });
  });

  it('pages from 1, ten a page unless told, at most 100', async () => {
    exchange.addClosed({ count: 250, creditEmail: 'credit007@test.com', firstGroupId: '500' });
    const page = async (params: string) => {
      const answer = await call(exchange, CLOSED, params, { as: 'loan-7' });
      return { total: JSON.parse(answer.text).total, ids: ids(answer.text) };
    };
    expect(await page('')).toMatchObject({ total: 250, ids: { length: 10, 0: '500', 9: '509' } });
    expect(await page('current=3&size=100')).toMatchObject({
      total: 250,
      ids: { length: 50, 0: '700', 49: '749' },
    });
    expect(await page('current=4&size=100')).toEqual({ total: 250, ids: [] });
    exchange.configure({ closedOrder: 'closeTime-descending' });
    expect(await page('size=1')).toEqual({ total: 250, ids: ['749'] });
  });

  it.each(['current=0', 'size=0', 'size=101', 'current=-1', 'size=1.5', 'current=x'])(
    'refuses %s',
    async (params) => {
      expect(refusal(await call(exchange, CLOSED, params, { as: 'loan-7' }))).toMatchObject({
        status: 400,
        code: -27000,
      });
    },
  );

  it('carries 10,000 rows', async () => {
    exchange.addClosed({ count: 10_000, creditEmail: 'credit007@test.com' });
    const { text } = await call(exchange, CLOSED, 'current=100&size=100', { as: 'loan-7' });
    expect(JSON.parse(text)).toMatchObject({ total: 10_000, rows: { length: 100 } });
  });

  it('lists a close after the delay that was set, while ltv-details may still show it', async () => {
    exchange.configure({ closedListDelayMs: 5000, detailsLingerMs: 3000 });
    await closeUnit(exchange, '7', 'loan-7');
    const seen = async () => [
      ids((await call(exchange, CLOSED, '', { as: 'loan-7' })).text),
      ids((await call(exchange, DETAILS, '', { as: 'loan-7' })).text),
    ];
    expect(await seen()).toEqual([[], ['7']]);
    nowMs += 3000;
    expect(await seen()).toEqual([[], []]);
    nowMs += 2000;
    expect(await seen()).toEqual([['7'], []]);
  });

  it('lists a close only when told to, if so set', async () => {
    exchange.configure({ closedListDelayMs: Number.POSITIVE_INFINITY });
    await closeUnit(exchange, '7', 'loan-7');
    nowMs += 1e9;
    expect(ids((await call(exchange, CLOSED, '', { as: 'loan-7' })).text)).toEqual([]);
    exchange.revealClosed('7');
    expect(ids((await call(exchange, CLOSED, '', { as: 'loan-7' })).text)).toEqual(['7']);
  });
});

describe('close', () => {
  it('moves a repaid unit to the closed ones, with its time, once', async () => {
    const answer = await closeUnit(exchange, '7', 'loan-7');
    expect(answer).toMatchObject({ status: 200, text: '{"groupId":7,"status":"CLOSED"}' });
    expect(answer.headers['x-sapi-used-uid-weight-1m']).toBe('1000');
    expect(exchange.closedUnits()).toContainEqual(
      expect.objectContaining({ groupId: '7', closeTimeMs: NOW_MS }),
    );
    expect(refusal(await closeUnit(exchange, '7', 'loan-7'))).toMatchObject({
      status: 400,
      code: -27001,
      msg: 'Loan group not found',
    });
    expect(exchange.requests({ method: 'DELETE' }).map((record) => record.effect)).toEqual([true, false]);
    expect(exchange.deletes()).toEqual(new Map([['7', 2]]));
  });

  it('takes the parameters from a body too, signed without a separator', async () => {
    const { apiKey, secret } = exchange.credentials('loan-7');
    const query = 'groupId=7';
    const body = `timestamp=${NOW_MS}`;
    const signed = `${body}&signature=${hmac(secret, query + body)}`;
    const answer = await send(exchange, `${CLOSE}?${query}`, { method: 'DELETE', apiKey, body: signed });
    expect(answer.text).toBe('{"groupId":7,"status":"CLOSED"}');
  });

  it.each([
    ['a foreign unit', '7', 'loan-1', 400, -27001],
    ['an unknown unit', '4711', 'loan-7', 400, -27001],
    ['with the parent key', '7', 'fund-a', 401, -2015],
    ['with a stranger key', '7', 'stranger', 401, -2015],
    ['no id', '', 'loan-7', 400, -1102],
    ['junk', '7%20OR%201', 'loan-7', 400, -1102],
    ['a fraction', '1.5', 'loan-7', 400, -1102],
    ['a negative id', '-1', 'loan-7', 400, -27000],
    ['an id beyond LONG', '9223372036854775808', 'loan-7', 400, -27000],
  ])('refuses %s', async (_what, groupId, as, status, code) => {
    expect(refusal(await closeUnit(exchange, groupId, as))).toMatchObject({ status, code });
    expect(exchange.units()).toHaveLength(5);
  });

  it('reads "007" as 7, as a Java server does', async () => {
    expect((await closeUnit(exchange, '007', 'loan-7')).text).toBe('{"groupId":7,"status":"CLOSED"}');
  });

  it('names the asset that is owed and what remains, dust included', async () => {
    const owed = 'The risk unit cannot be closed because liability asset USDT is not fully repaid;';
    expect(refusal(await closeUnit(exchange, '1', 'loan-1'))).toEqual({
      status: 400,
      code: -27018,
      msg: `${owed} 15.30718771 remains`,
    });
    exchange.accrueInterest('7', 'USDT', '0.00000001');
    expect(refusal(await closeUnit(exchange, '7', 'loan-7')).msg).toBe(`${owed} 0.00000001 remains`);
    expect(exchange.repay('7', 'USDT')).toBe('0.00000001');
    expect((await closeUnit(exchange, '7', 'loan-7')).status).toBe(200);
  });

  it.each([
    ['setLiquidation', -27024],
    ['setLiquidation', -1024],
  ] as const)('%s refuses with %i', async (_set, code) => {
    exchange.setLiquidation('7', code);
    expect(refusal(await closeUnit(exchange, '7', 'loan-7'))).toMatchObject({ status: 400, code });
    exchange.setLiquidation('7', null);
    expect((await closeUnit(exchange, '7', 'loan-7')).status).toBe(200);
  });

  it.each([-27025, -1025] as const)('a pending transaction refuses with %i', async (code) => {
    exchange.setPending('7', code);
    expect(refusal(await closeUnit(exchange, '7', 'loan-7'))).toMatchObject({ status: 400, code });
  });
});

describe('key, time and signature', () => {
  it.each([
    ['no key', {}, 401, -2014],
    ['a short key', { apiKey: 'abc' }, 401, -2014],
    ['an unknown key', { apiKey: 'k'.repeat(64) }, 401, -2015],
  ])('%s', async (_what, options, status, code) => {
    expect(refusal(await send(exchange, `${DETAILS}?timestamp=${NOW_MS}`, options))).toMatchObject({
      status,
      code,
    });
  });

  it('refuses a key from another address, and one without permission', async () => {
    exchange.changeAccount({ name: 'fund-a', allowedIps: ['10.0.0.1'] });
    exchange.changeAccount({ name: 'loan-7', enableSpotAndMarginTrading: false });
    exchange.changeAccount({ name: 'loan-1', enableReading: false });
    for (const answer of [
      await call(exchange, DETAILS, ''),
      await closeUnit(exchange, '7', 'loan-7'),
      await call(exchange, DETAILS, '', { as: 'loan-1' }),
    ]) {
      expect(refusal(answer)).toEqual({
        status: 401,
        code: -2015,
        msg: 'Invalid API-key, IP, or permissions for action.',
      });
    }
  });

  it.each([
    ['now', 0, '5000', null],
    ['5000 ms old', -5000, undefined, null],
    ['5001 ms old', -5001, undefined, -1021],
    ['60 s old', -60_000, '60000', null],
    ['999 ms ahead', 999, undefined, null],
    ['1000 ms ahead', 1000, undefined, -1021],
    ['a fraction in recvWindow', -6000, '6000.346', null],
    ['recvWindow too wide', 0, '60000.001', -1131],
    ['recvWindow no number', 0, 'wide', -1100],
  ])('%s', async (_what, offsetMs, recvWindow, code) => {
    const options = { timestampMs: NOW_MS + offsetMs, ...(recvWindow !== undefined && { recvWindow }) };
    const answer = await call(exchange, DETAILS, 'groupId=1', options);
    expect(code === null ? answer.status : refusal(answer).code).toBe(code ?? 200);
  });

  it('has a text for late and one for early', async () => {
    const late = await call(exchange, DETAILS, '', { timestampMs: NOW_MS - 9000 });
    const early = await call(exchange, DETAILS, '', { timestampMs: NOW_MS + 9000 });
    expect(refusal(late).msg).toBe('Timestamp for this request is outside of the recvWindow.');
    expect(refusal(early).msg).toBe("Timestamp for this request was 1000ms ahead of the server's time.");
  });

  it('takes microseconds', async () => {
    expect((await call(exchange, DETAILS, '', { timestampMs: NOW_MS * 1000 })).status).toBe(200);
  });

  it('asks for timestamp, then for signature, each once', async () => {
    const { apiKey, secret } = exchange.credentials('fund-a');
    const ask = async (query: string) => refusal(await send(exchange, `${DETAILS}?${query}`, { apiKey }));
    const time = `timestamp=${NOW_MS}`;
    const missing = (name: string) =>
      `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`;
    expect(await ask('')).toEqual({ status: 400, code: -1102, msg: missing('timestamp') });
    expect(await ask(time)).toEqual({ status: 400, code: -1102, msg: missing('signature') });
    expect(await ask(`${time}&${time}&signature=${hmac(secret, time)}`)).toMatchObject({ code: -1101 });
    expect(await ask(`signature=${hmac(secret, time)}&${time}`)).toMatchObject({ code: -1022 });
    expect(await ask(`${time}&signature=${'0'.repeat(64)}`)).toEqual({
      status: 400,
      code: -1022,
      msg: 'Signature for this request is not valid.',
    });
  });

  it('refuses an old timestamp before a wrong signature', async () => {
    const { apiKey } = exchange.credentials('fund-a');
    const answer = await send(exchange, `${DETAILS}?timestamp=1&signature=${'0'.repeat(64)}`, { apiKey });
    expect(refusal(answer).code).toBe(-1021);
  });

  it('refuses raw non-ASCII in the query with -1022, and records it', async () => {
    const { apiKey, secret } = exchange.credentials('fund-a');
    const query = `note=é１&timestamp=${NOW_MS}`;
    const socket = connect(exchange.port, '127.0.0.1');
    socket.write(
      `GET ${DETAILS}?${query}&signature=${hmac(secret, query)} HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: ${apiKey}\r\n\r\n`,
    );
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":-1022/);
    expect(exchange.requests({ code: -1022 })).toHaveLength(1);
  });

  it('takes Ed25519 and RSA keys in place of a secret', async () => {
    const ed25519 = generateKeyPairSync('ed25519');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = (key: typeof rsa.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();
    exchange.changeAccount({
      name: 'loan-1',
      publicKeyPem: pem(ed25519.publicKey),
      privateKeyFile: '/keys/1.pem',
    });
    exchange.changeAccount({
      name: 'loan-7',
      publicKeyPem: pem(rsa.publicKey),
      privateKeyFile: '/keys/7.pem',
    });
    for (const [name, key, algorithm] of [
      ['loan-1', ed25519.privateKey, null],
      ['loan-7', rsa.privateKey, 'RSA-SHA256'],
    ] as const) {
      const entry = exchange.accounts().find((account) => account.name === name);
      expect(entry).toMatchObject({ privateKeyFile: `/keys/${name.slice(5)}.pem` });
      const payload = `timestamp=${NOW_MS}`;
      const signature = encodeURIComponent(sign(algorithm, Buffer.from(payload), key).toString('base64'));
      const apiKey = entry?.apiKey ?? '';
      const good = await send(exchange, `${DETAILS}?${payload}&signature=${signature}`, { apiKey });
      expect(ids(good.text)).toEqual([name.slice(5)]);
      const bad = await send(exchange, `${DETAILS}?x=1&${payload}&signature=${signature}`, { apiKey });
      expect(refusal(bad).code).toBe(-1022);
    }
  });
});

describe('the other reads', () => {
  const LOAN = '/sapi/v1/margin/loan-group';

  it('apiRestrictions tells what the key may do', async () => {
    exchange.changeAccount({ name: 'loan-7', enableSpotAndMarginTrading: false, allowedIps: ['127.0.0.1'] });
    const { text } = await call(exchange, '/sapi/v1/account/apiRestrictions', '', { as: 'loan-7' });
    expect(JSON.parse(text)).toMatchObject({
      ipRestrict: true,
      enableReading: true,
      enableSpotAndMarginTrading: false,
    });
  });

  it('activated: the parent only', async () => {
    const { text, headers } = await call(exchange, `${LOAN}s/activated`, '');
    expect(ids(text)).toEqual(['1', '7', '12', '15', LONG_ID]);
    expect(JSON.parse(text)[1].members[0]).toEqual({
      email: 'credit007@test.com',
      type: 'CREDIT',
      enableMargin: true,
      enableSpot: true,
    });
    expect(headers['x-sapi-used-ip-weight-1m']).toBe('10');
    expect(refusal(await call(exchange, `${LOAN}s/activated`, '', { as: 'loan-7' })).code).toBe(-2015);
  });

  it('borrow-repay: newest first, amounts as JSON numbers, tranId exact', async () => {
    const read = async (params: string, as: string) =>
      (await call(exchange, `${LOAN}/borrow-repay`, params, { as })).text;
    expect(JSON.parse(await read('type=BORROW', 'loan-1'))).toMatchObject({
      total: 2,
      rows: [
        { tranId: 1648963682, amount: 15.30718771, status: 'CONFIRM', type: 'BORROW' },
        { tranId: 1648963681, amount: 300, status: 'FAILED', type: 'BORROW' },
      ],
    });
    expect(await read('type=REPAY', 'loan-long')).toMatch(
      '"tranId":9007199254740995,"assetName":"USDT","amount":300,"principal":298,"interest":2,',
    );
    exchange.borrow('7', 'USDC', '12.5');
    exchange.repay('7', 'USDC', '5');
    expect(await read('type=REPAY&size=1', 'loan-7')).toMatch('"amount":5,"principal":5,"interest":0,');
    expect(JSON.parse(await read('type=SELL', 'loan-7')).code).toBe(-27000);
    expect(JSON.parse(await read('', 'loan-7')).code).toBe(-1102);
    expect(JSON.parse(await read('type=BORROW&groupId=1', 'loan-7'))).toEqual({ total: 0, rows: [] });
  });

  it('interest-history: numbers, pages, ranges of at most 100 days', async () => {
    const read = async (params: string) =>
      JSON.parse((await call(exchange, `${LOAN}/interest-history`, params, { as: 'loan-1' })).text);
    expect(await read('size=2')).toMatchObject({
      total: 120,
      rows: [{ groupId: 1, interestRate: 0.00000833 }, { groupId: 1 }],
    });
    expect(await read(`endTime=${NOW_MS - 12 * 3_600_000}`)).toMatchObject({ total: 108 });
    expect((await read(`startTime=${NOW_MS - 101 * 86_400_000}&endTime=${NOW_MS}`)).code).toBe(-1127);
  });

  it('force-liquidation: 0E-8, totals as numbers, liabilities as one object', async () => {
    const { text } = await call(exchange, `${LOAN}/force-liquidation`, '', { as: 'loan-15' });
    expect(text).toMatch('"totalNetEquity":2690000,"totalMaintenanceMargin":60000,');
    expect(text).toMatch('"maintainMargin":"0E-8"');
    expect(text).toMatch('"liabilities":{"assetName":"USDC"');
  });

  it('max-borrowable: own unit, or null', async () => {
    const read = async (params: string, as: string) =>
      JSON.parse((await call(exchange, `${LOAN}/max-borrowable`, params, { as })).text);
    expect(await read('assetName=usdt', 'loan-1')).toEqual({ maxBorrowableAmount: '16.32397222' });
    expect(await read('assetName=USDT&groupId=7', 'loan-1')).toEqual({ maxBorrowableAmount: null });
    expect(await read('assetName=USDT', 'stranger')).toEqual({ maxBorrowableAmount: null });
    expect((await read('assetName=USDT', 'fund-a')).code).toBe(-1102);
    expect((await read('assetName=DOGE', 'loan-1')).code).toBe(-27017);
    expect((await read('', 'loan-1')).code).toBe(-1102);
  });
});

const DOCUMENTED_CLOSED = [
  {
    groupId: 72,
    parentEmail: 'wdywgceiwbfq@test.com',
    creditEmail: 'wdywaxmzlnah@test.com',
    enabled: false,
    createTime: 1753410654608,
    closeTime: 1753422899052,
  },
  {
    groupId: 73,
    parentEmail: 'wdywgceiwbfq@test.com',
    creditEmail: 'wdyw7x4gfybn@test.com',
    enabled: false,
    createTime: 1753422987379,
    closeTime: 1753423516629,
  },
];

const DOCUMENTED_UNIT: object = JSON.parse(
  readFileSync(new URL('./exchange-documented-unit.json', import.meta.url), 'utf8'),
);
