import { createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import type { Delay } from '../../src/binance/clock.ts';
import { meaningOf } from '../../src/binance/error-codes.ts';
import { createLoanCloser } from '../../src/binance/loan-closer.ts';
import { type LongId, longId } from '../../src/domain/amount.ts';
import type { CloseMode } from '../../src/domain/policy.ts';
import { StoreUnavailable } from '../../src/usecases/ports.ts';
import { MemoryWeightLedger } from '../fakes/memory-weight-ledger.ts';
import { accountsOf, type Client, type ClientOptions, createClient } from './support/client.ts';

const UNIT = longId('7');
let exchange: Exchange;
let clients: Client[] = [];

beforeEach(async () => {
  exchange = await startExchange();
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.stop()));
  clients = [];
  await exchange.close();
});

async function connect(options: ClientOptions = {}): Promise<Client> {
  const client = createClient(exchange, options);
  clients.push(client);
  await client.start();
  return client;
}

async function close(client: Client, groupId: LongId = UNIT) {
  const prepared = await client.closer.prepareClose(groupId);
  if (!prepared.ok) throw new Error(prepared.failure.meaning);
  return prepared.value.send();
}

/** The end of a loopback connection is with the client after a few turns of the event loop. */
async function letSocketsNotice(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const deletes = () => exchange.requests({ method: 'DELETE' });

describe('a process in dry run', () => {
  it('fault B1, relative: prepares no close, whatever it is asked', async () => {
    const client = await connect({ closeMode: 'dry-run' });
    const refused = await client.closer.prepareClose(UNIT);
    expect(refused).toMatchObject({
      ok: false,
      failure: { kind: 'refused', meaning: expect.stringContaining('CLOSE_MODE=dry-run') },
    });
    expect(deletes()).toEqual([]);
  });

  it('fault B2, relative: sends no close that was prepared before', async () => {
    const send = vi.fn();
    const [account] = accountsOf(exchange, 'loan-7');
    if (account === undefined) throw new Error('no account');
    const options = {
      closeMode: 'live' as CloseMode,
      caller: { prepare: async () => ({ kind: 'ready', timestampMs: 1, send }) as const },
      stops: { of: () => null },
      book: { findOwner: async () => ({ ok: true, account }) as const },
      monotonic: () => 0,
      patienceMs: 0,
    };
    const prepared = await createLoanCloser(options).prepareClose(UNIT);
    if (!prepared.ok) throw new Error(prepared.failure.meaning);
    options.closeMode = 'dry-run';
    expect(await prepared.value.send()).toMatchObject({ kind: 'not-sent' });
    expect(send).not.toHaveBeenCalled();
  });
});

describe('the close as it is sent', () => {
  it("exchange case 4: DELETE with groupId in the query, an empty body and the unit's own credit key", async () => {
    const client = await connect();
    const prepared = await client.closer.prepareClose(UNIT);
    expect(deletes(), 'preparing sends nothing').toEqual([]);
    if (!prepared.ok) throw new Error(prepared.failure.meaning);
    expect(await prepared.value.send()).toMatchObject({ kind: 'closed', httpStatus: 200 });
    const [sent] = deletes();
    expect(sent).toMatchObject({ path: '/sapi/v1/margin/loan-group', account: 'loan-7', contentType: null });
    expect(sent?.query).toBe(
      `groupId=7&recvWindow=5000&timestamp=${prepared.value.signedTimestampMs}&signature=[redacted]`,
    );
    expect(sent?.rawBodyWithSignature).toBe('');
    expect(prepared.value.recvWindowMs).toBe(5_000);
  });

  it.each(['', '-1', '1.5', '072', '72 OR 1=1', '9223372036854775808', ' 7', '7\n', '٧', '1e3'])(
    'exchange case 4: %j is refused and nothing is sent',
    async (junk) => {
      const client = await connect();
      const before = exchange.requests().length;
      expect(await client.closer.prepareClose(junk as LongId)).toMatchObject({
        ok: false,
        failure: { kind: 'refused' },
      });
      expect(exchange.requests()).toHaveLength(before);
    },
  );

  it('exchange case 4: undefined is refused and nothing is sent', async () => {
    const client = await connect();
    const none: unknown = undefined;
    expect(await client.closer.prepareClose(none as LongId)).toMatchObject({ ok: false });
    expect(deletes()).toEqual([]);
  });

  it('exchange case 5: an id above 2^53 is closed as it is', async () => {
    exchange.addUnit({ groupId: '9007199254740995', creditEmail: 'big@test.com' });
    const client = await connect({ names: ['fund-a', 'loan-9007199254740995'] });
    const units = await client.reader.riskUnits({ priority: 'interactive' });
    expect(units.ok && units.value.map((unit) => unit.groupId)).toContain('9007199254740995');
    expect(await close(client, longId('9007199254740995'))).toMatchObject({ kind: 'closed' });
    expect(deletes().map((sent) => sent.groupId)).toEqual(['9007199254740995']);
  });

  it('exchange case 27: a prepared close is sent once; a second send throws', async () => {
    const client = await connect();
    const prepared = await client.closer.prepareClose(UNIT);
    if (!prepared.ok) throw new Error(prepared.failure.meaning);
    const { send } = prepared.value;
    const both = await Promise.allSettled([send(), send()]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(send()).rejects.toThrow('sent once');
    expect(deletes()).toHaveLength(1);
  });

  it('a close signed too long ago does not leave, by a steady clock', async () => {
    let steadyMs = 0;
    const client = await connect({ monotonic: () => steadyMs });
    const prepared = await client.closer.prepareClose(UNIT);
    if (!prepared.ok) throw new Error(prepared.failure.meaning);
    steadyMs += 5_001;
    expect(await prepared.value.send()).toMatchObject({ kind: 'not-sent', httpStatus: null });
    await expect(prepared.value.send()).rejects.toThrow('sent once');
    expect(deletes()).toEqual([]);
  });

  it('exchange case 27: the timestamp is taken when the close is taken from the queue', async () => {
    let nowMs = Math.floor(Date.now() / 60_000) * 60_000 + 30_000;
    const now = () => nowMs;
    await exchange.close();
    exchange = await startExchange({ now });
    const ledger = new MemoryWeightLedger(now);
    const waits: number[] = [];
    const delay: Delay = (ms, signal) =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => resolve(), { once: true });
        // What sleeps until the next minute moves the clock there; the deadline behind it never comes.
        if (ms > 31_000 || ms === 5_000) return;
        waits.push(ms);
        nowMs += ms;
        setImmediate(resolve);
      });
    const client = await connect({ now, delay, ledger, patienceMs: { interactive: 60_000 } });
    const minute = Math.floor(nowMs / 60_000);
    await ledger.raise('uid/loan-7/close', minute, 180_000);
    const prepared = await client.closer.prepareClose(UNIT);
    expect(waits).toHaveLength(1);
    if (!prepared.ok) throw new Error(prepared.failure.meaning);
    expect(prepared.value.signedTimestampMs).toBeGreaterThanOrEqual((minute + 1) * 60_000);
    expect(await prepared.value.send()).toMatchObject({ kind: 'closed' });
  });

  it('a close that would have to wait beyond the patience of a command is not prepared', async () => {
    const ledger = new MemoryWeightLedger(Date.now);
    const client = await connect({ ledger, patienceMs: { interactive: 0 } });
    await ledger.raise('uid/loan-7/close', Math.floor(Date.now() / 60_000), 180_000);
    await ledger.raise('uid/loan-7/close', Math.floor(Date.now() / 60_000) + 1, 180_000);
    const prepared = await client.closer.prepareClose(UNIT);
    expect(prepared).toMatchObject({ ok: false, failure: { kind: 'busy', retryAtMs: expect.any(Number) } });
    expect(deletes()).toEqual([]);
  });

  it('exchange case 15: no credit key for the unit means no close, and says so', async () => {
    const client = await connect({ names: ['fund-a', 'loan-1'] });
    expect(await client.closer.prepareClose(UNIT)).toMatchObject({
      ok: false,
      failure: { kind: 'no-account', meaning: expect.stringContaining('credit') },
    });
    expect(await client.reader.canClose(UNIT)).toMatchObject({ ok: true, value: false });
    expect(await client.reader.canClose(longId('1'))).toMatchObject({ ok: true, value: true });
    expect(deletes()).toEqual([]);
  });

  it('exchange case 22: without the shared count a close is not prepared', async () => {
    class Gone extends MemoryWeightLedger {
      override reserve(): Promise<never> {
        return Promise.reject(new StoreUnavailable(new Error('gone')));
      }
    }
    const client = await connect({ ledger: new Gone(Date.now) });
    expect(await client.closer.prepareClose(UNIT)).toMatchObject({
      ok: false,
      failure: { kind: 'unavailable', meaning: expect.stringContaining('Rate limits') },
    });
    expect(deletes()).toEqual([]);
  });
});

type Order = Parameters<Exchange['inject']>[0]['effect'];
const error = (status: number, code: number | null, msg = 'x'): Order => ({
  kind: 'error',
  status,
  msg,
  ...(code !== null && { code }),
});

describe('exchange case 23: unknown, with exactly one DELETE on the wire', () => {
  const after = { when: 'after' } as const;
  const faults: [string, Order][] = [
    ['500', error(500, null, 'Internal Server Error')],
    ['502', error(502, null, '<html>Bad Gateway</html>')],
    ['400 with -27001, although the key saw the unit a moment ago', error(400, -27001)],
    ['503 unknown error', error(503, null, 'Unknown error, please check your request or try again later.')],
    ['503 service unavailable', error(503, null, 'Service Unavailable.')],
    [
      '503 internal error',
      error(503, null, 'Internal error; unable to process your request. Please try again.'),
    ],
    ['504', error(504, null, '')],
    ...[-1000, -1001, -1006, -1007, -1008].flatMap((code): [string, Order][] => [
      [`400 with ${code}`, error(400, code)],
      [`503 with ${code}`, error(503, code)],
    ]),
    ["503 with a refusal's code", error(503, -27018)],
    ['400 with a code that no page lists', error(400, -27999)],
    ['400 without a code', error(400, null, '<html>')],
    ['408', error(408, null, '')],
    ['500 after the effect', { ...error(500, null), ...after }],
    ['reset before the effect', { kind: 'reset' }],
    ['reset after the effect', { kind: 'reset', ...after }],
    ['no answer', { kind: 'hang' }],
    ['no answer after the effect', { kind: 'hang', ...after }],
    ['200 with truncated JSON', { kind: 'truncated' }],
    ['200 for another unit', { kind: 'wrong-answer', groupId: '8' }],
    ['200 with another status', { kind: 'wrong-answer', status: 'CLOSING' }],
  ];

  it.each(faults)('%s', async (_name, effect) => {
    const client = await connect({ timeoutMs: 150 });
    exchange.inject({ effect, endpoint: 'close' });
    expect(await close(client)).toMatchObject({
      kind: 'unknown',
      advice: expect.stringContaining("isn't sent again"),
    });
    expect(deletes()).toHaveLength(1);
  });
});

describe('refused, with exactly one DELETE on the wire', () => {
  it('exchange case 26: -27018 shows the asset and what remains', async () => {
    const client = await connect();
    const outcome = await close(client, longId('1'));
    expect(outcome).toMatchObject({ kind: 'refused', httpStatus: 400, exchangeCode: -27018 });
    expect(outcome.meaning).toContain('USDT');
    expect(outcome.meaning).toContain('15.30718771');
    expect(deletes()).toHaveLength(1);
  });

  const later = expect.stringMatching(/later|wait|pause/i);
  const faults: [string, Order, object][] = [
    ['exchange case 26: -1024', error(400, -1024), { exchangeCode: -1024, advice: later }],
    ['exchange case 26: -27024', error(400, -27024), { exchangeCode: -27024, advice: later }],
    ['exchange case 26: -1025', error(400, -1025), { exchangeCode: -1025, advice: later }],
    ['exchange case 26: -27025', error(400, -27025), { exchangeCode: -27025, advice: later }],
    ['-27000', error(400, -27000), { exchangeCode: -27000 }],
    [
      '429',
      { kind: 'rate-limited', retryAfterS: 17 },
      { httpStatus: 429, advice: expect.stringContaining('again') },
    ],
    ['418', { kind: 'ip-banned', untilMs: 1 }, { httpStatus: 418, advice: later }],
    ['403 by the firewall', { kind: 'waf' }, { httpStatus: 403, advice: later }],
    ['451', { kind: 'region-blocked' }, { httpStatus: 451, meaning: expect.stringContaining('region') }],
    ['exchange case 28: -1022, never repeated', error(400, -1022), { exchangeCode: -1022 }],
    ['exchange case 28: -1021, never repeated for a close', error(400, -1021), { exchangeCode: -1021 }],
    ['exchange case 15: -2015', error(401, -2015), { meaning: expect.stringContaining('"loan-7" (credit)') }],
    ['exchange case 15: -1002', error(401, -1002), { meaning: expect.stringContaining('"loan-7" (credit)') }],
  ];

  it.each(faults)('%s', async (_name, effect, outcome) => {
    const client = await connect();
    exchange.inject({ effect, endpoint: 'close' });
    expect(await close(client)).toMatchObject({ kind: 'refused', ...outcome });
    expect(deletes()).toHaveLength(1);
  });
});

/** What becomes of closes that are answered with HTTP 400 and each of these codes. */
async function outcomesOf(codes: readonly number[]): Promise<ReadonlyMap<number, string>> {
  const [account] = accountsOf(exchange, 'loan-7');
  if (account === undefined) throw new Error('no account');
  const outcomes = new Map<number, string>();
  for (const code of codes) {
    const answer = { kind: 'rejected', httpStatus: 400, code, text: '', retryAtMs: null } as const;
    const closer = createLoanCloser({
      closeMode: 'live',
      caller: { prepare: async () => ({ kind: 'ready', timestampMs: 1, send: async () => answer }) as const },
      stops: { of: () => null },
      book: { findOwner: async () => ({ ok: true, account }) as const },
      monotonic: () => 0,
      patienceMs: 0,
    });
    const prepared = await closer.prepareClose(UNIT);
    if (!prepared.ok) throw new Error(prepared.failure.meaning);
    outcomes.set(code, (await prepared.value.send()).kind);
  }
  return outcomes;
}

describe('an error code', () => {
  // Written out, so that no change of words or of the table moves a code from one outcome to the other.
  const refused = [
    -1002, -1003, -1005, -1013, -1015, -1020, -1021, -1022, -1024, -1025, -1099, -1100, -1101, -1102, -1103,
    -1104, -1105, -1106, -1130, -1131, -2008, -2014, -2015, -3003, -3007, -3999, -5000, -27000, -27002,
    -27003, -27004, -27005, -27006, -27007, -27008, -27009, -27010, -27011, -27012, -27013, -27014, -27015,
    -27016, -27017, -27018, -27019, -27020, -27021, -27022, -27024, -27025, -27026, -27027, -27028, -27029,
    -27030, -27031,
  ];
  /** Every code that Binance lists is in here, and many that it doesn't. */
  const codes = [-1_000, -2_000, -3_000, -5_000, -27_000].flatMap((first) =>
    Array.from({ length: 1_000 }, (_, index) => first - index),
  );

  it('refuses a close with HTTP 400 if it is a documented refusal; else the outcome is unknown', async () => {
    const outcomes = await outcomesOf(codes);
    expect(codes.filter((code) => outcomes.get(code) === 'refused')).toEqual(refused);
    expect(new Set(outcomes.values())).toEqual(new Set(['refused', 'unknown']));
  });

  it('has words for the desk if it is a documented refusal', () => {
    expect(refused.filter((code) => meaningOf(code) === null)).toEqual([]);
  });
});

describe('exchange case 25: not sent', () => {
  it('when the connection is refused before a byte was written', async () => {
    const client = await connect();
    const prepared = await client.closer.prepareClose(UNIT);
    await exchange.close();
    await letSocketsNotice();
    const outcome = prepared.ok ? await prepared.value.send() : null;
    expect(outcome).toMatchObject({ kind: 'not-sent' });
    exchange = await startExchange();
  });

  it('when the address was stopped meanwhile', async () => {
    const client = await connect();
    const prepared = await client.closer.prepareClose(UNIT);
    exchange.inject({ effect: { kind: 'waf' }, endpoint: 'closed', count: 1 });
    await client.reader.closedUnits({ priority: 'interactive' });
    const outcome = prepared.ok ? await prepared.value.send() : null;
    expect(outcome).toMatchObject({ kind: 'not-sent', meaning: expect.stringContaining('stop') });
    expect(deletes()).toEqual([]);
  });
});

it('exchange case 29: an idle connection that the server closed does no harm to a close', async () => {
  const client = await connect();
  const prepared = await client.closer.prepareClose(UNIT);
  // A TCP server in its place: accepts, reads the request, then resets.
  let requests = 0;
  const { port } = exchange;
  await exchange.close();
  await letSocketsNotice();
  const breaker = createTcpServer((socket) => {
    socket.once('data', () => {
      requests += 1;
      socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => breaker.listen(port, '127.0.0.1', resolve));
  const outcome = prepared.ok ? await prepared.value.send() : null;
  await new Promise((resolve) => breaker.close(resolve));
  expect(outcome).toMatchObject({ kind: 'unknown' });
  expect(requests, 'written once, repeated by nothing').toBe(1);
  exchange = await startExchange();
});
