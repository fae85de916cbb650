import { createHmac, createPublicKey, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account } from '../../src/binance/accounts.ts';
import { Caller } from '../../src/binance/caller.ts';
import { createExchangeClock } from '../../src/binance/clock.ts';
import { ENDPOINTS } from '../../src/binance/endpoints.ts';
import { createHttp, type Http } from '../../src/binance/http.ts';
import { createSigningKey } from '../../src/binance/signing.ts';
import { WeightLimiter } from '../../src/binance/weight-limiter.ts';
import { MemoryWeightLedger } from '../fakes/memory-weight-ledger.ts';
import { capturingLog } from '../support/logs.ts';
import { quickDelay } from './support/client.ts';
import { E1_PEM, S1 } from './support/vectors.ts';

/** The query as it came over the wire; the server itself decodes nothing. */
let received: string[] = [];
let server: Server;
let http: Http;

beforeAll(async () => {
  server = createServer((request, response) => {
    received.push((request.url ?? '').split('?')[1] ?? '');
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  http = createHttp({ baseUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` });
});

afterAll(async () => {
  await http.close();
  await new Promise((resolve) => server.close(resolve));
});

function callerWith(log = capturingLog()): Caller {
  const now = () => 1_000_000 * 60_000 + 30_000;
  const clock = createExchangeClock({ sample: async () => now(), now, delay: quickDelay, log });
  // This is about bytes, not about weights: everything may go.
  const ledger = Object.assign(new MemoryWeightLedger(now), { reserve: async () => ({ ok: true, used: 0 }) });
  const limiter = new WeightLimiter({ ledger, clock, delay: quickDelay, log });
  return new Caller({
    http,
    clock,
    limiter,
    log,
    monotonic: () => 0,
    whyNotNow: async () => null,
    buckets: () => [],
  });
}

function account(material: string): Account {
  const key = createSigningKey(material, null);
  if (!key.ok) throw new Error(key.fault);
  return new Account('fund-a', 'parent', 'k'.repeat(64), key.key);
}

/** Written from the documents alone: cut the signature off the end, check it over what is before it. */
function expectSignedAsSent(query: string, check: (payload: string, signature: string) => boolean): void {
  const parts = query.split('&');
  expect(parts.filter((part) => part.startsWith('signature='))).toHaveLength(1);
  const last = parts.pop() ?? '';
  expect(last).toMatch(/^signature=/);
  expect(check(parts.join('&'), last.slice('signature='.length)), query).toBe(true);
}

const awkward = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom("o'b (x)~!* é １２ + % & =", 'a@b.com', '../x?y#z', ' ', '%41', '😀', '<script>'),
);

describe('Caller', () => {
  it.each([
    ['HMAC', S1, 1_000, checkHmac],
    ['Ed25519', E1_PEM, 200, checkEd25519],
  ] as const)('exchange case 3: with %s, bytes signed are bytes sent', async (_, material, runs, check) => {
    const caller = callerWith();
    await fc.assert(
      fc.asyncProperty(awkward, awkward, async (asset, other) => {
        received = [];
        const result = await caller.call({
          endpoint: ENDPOINTS.maxBorrowable,
          account: account(material),
          parameters: [
            ['assetName', asset],
            ['x', other],
          ],
          priority: 'interactive',
          patienceMs: 0,
        });
        expect(result.kind).toBe('answered');
        const [query = ''] = received;
        expectSignedAsSent(query, check);
        expect(new URLSearchParams(query).get('assetName')).toBe(asset.toWellFormed());
      }),
      { numRuns: runs },
    );
  });

  it('does not sign what needs no key, and sends no key with it', async () => {
    received = [];
    const caller = callerWith();
    await caller.call({
      endpoint: ENDPOINTS.time,
      account: null,
      parameters: [],
      priority: 'interactive',
      patienceMs: 0,
    });
    expect(received).toEqual(['']);
  });

  it('exchange case 15: a parent key is refused before sending where a credit key is needed', async () => {
    received = [];
    for (const endpoint of [ENDPOINTS.close, ENDPOINTS.closed, ENDPOINTS.borrowRepay]) {
      const parameters = [['groupId', '1']] as const;
      const call = {
        endpoint,
        account: account(S1),
        parameters,
        priority: 'interactive',
        patienceMs: 0,
      } as const;
      expect(await callerWith().call(call)).toEqual({ kind: 'no-account', endpoint, account: call.account });
    }
    expect(received).toEqual([]);
  });
});

function checkHmac(payload: string, signature: string): boolean {
  return createHmac('sha256', S1).update(payload, 'latin1').digest('hex') === signature;
}

function checkEd25519(payload: string, signature: string): boolean {
  if (/[+/=]/.test(signature)) return false;
  const bytes = Buffer.from(decodeURIComponent(signature), 'base64');
  return verify(null, Buffer.from(payload, 'latin1'), createPublicKey(E1_PEM), bytes);
}
