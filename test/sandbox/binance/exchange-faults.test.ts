import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../../sandbox/binance/exchange.ts';
import type { FaultOrder } from '../../../sandbox/binance/faults.ts';
import { type Answered, CLOSED, call, closeUnit, DETAILS, hmac, refusal } from './exchange-calls.ts';

let exchange: Exchange;

beforeEach(async () => {
  exchange = await startExchange();
});

afterEach(() => exchange.close());

const close7 = () => closeUnit(exchange, '7', 'loan-7');
const isOpen = () => exchange.units().some((unit) => unit.groupId === '7');

describe('around the effect of a close', () => {
  const cases: [string, FaultOrder['effect'], boolean, (answer: Answered | Error) => unknown, unknown][] = [];
  for (const when of ['before', 'after'] as const) {
    const open = when === 'before';
    cases.push(
      [
        `503 with a code, ${when}`,
        { kind: 'error', status: 503, code: -1007, msg: 'Timeout', when },
        open,
        (answer) => answer instanceof Error || refusal(answer),
        { status: 503, code: -1007, msg: 'Timeout' },
      ],
      [
        `502 as text, ${when}`,
        { kind: 'error', status: 502, msg: 'Bad Gateway', when },
        open,
        (answer) => answer instanceof Error || [answer.status, answer.text],
        [502, 'Bad Gateway'],
      ],
      [`reset, ${when}`, { kind: 'reset', when }, open, (answer) => answer instanceof Error, true],
    );
  }
  cases.push(
    [
      'truncated JSON',
      { kind: 'truncated' },
      false,
      (answer) => answer instanceof Error || [answer.status, answer.text],
      [200, '{"groupId":7,"s'],
    ],
    [
      'another groupId',
      { kind: 'wrong-answer', groupId: '9223372036854775807' },
      false,
      (answer) => answer instanceof Error || answer.text,
      '{"groupId":9223372036854775807,"status":"CLOSED"}',
    ],
    [
      'another status',
      { kind: 'wrong-answer', groupId: '7', status: 'CLOSING' },
      false,
      (answer) => answer instanceof Error || answer.text,
      '{"groupId":7,"status":"CLOSING"}',
    ],
  );

  it.each(cases)('%s', async (_what, effect, staysOpen, show, expected) => {
    exchange.inject({ effect, endpoint: 'close', count: 1 });
    const answer = await close7().catch((error: Error) => error);
    expect(show(answer)).toEqual(expected);
    expect(isOpen()).toBe(staysOpen);
    expect(exchange.requests({ method: 'DELETE' })).toEqual([
      expect.objectContaining({ effect: !staysOpen, done: true, fault: effect.kind, groupId: '7' }),
    ]);
    expect(exchange.faults()).toEqual([]);
    expect((await call(exchange, CLOSED, '', { as: 'loan-7' })).status).toBe(200);
  });
});

describe('at the edge', () => {
  it.each<[FaultOrder['effect'], number, RegExp, string | undefined]>([
    [{ kind: 'rate-limited', retryAfterS: 17 }, 429, /"code":-1003/, '17'],
    [{ kind: 'rate-limited' }, 429, /"code":-1003/, undefined],
    [
      { kind: 'ip-banned', untilMs: 1_790_000_000_000, retryAfterS: 120 },
      418,
      /banned until 1790000000000\./,
      '120',
    ],
    [{ kind: 'waf' }, 403, /^<!DOCTYPE html>/, undefined],
    [{ kind: 'region-blocked' }, 451, /restricted location/, undefined],
  ])('%j', async (effect, status, text, retryAfter) => {
    exchange.inject({ effect });
    const answer = await close7();
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(isOpen()).toBe(true);
  });
});

describe('switches', () => {
  it('strikes the next N calls that match, the others not', async () => {
    exchange.inject({ effect: { kind: 'waf' }, method: 'GET', endpoint: 'ltv-details', count: 2 });
    const statuses = [];
    for (const path of [DETAILS, CLOSED, DETAILS, DETAILS]) {
      statuses.push((await call(exchange, path, '', { as: 'loan-7' })).status);
    }
    expect(statuses).toEqual([403, 200, 403, 200]);
  });

  it('strikes until it is cleared', async () => {
    const id = exchange.inject({ effect: { kind: 'waf' } });
    expect((await call(exchange, DETAILS, '')).status).toBe(403);
    expect(exchange.faults()).toMatchObject([{ id, remaining: null, struck: 1 }]);
    exchange.clearFaults(id);
    expect((await call(exchange, DETAILS, '')).status).toBe(200);
  });

  it('does not use up a fault on a call that the checks refuse', async () => {
    exchange.inject({ effect: { kind: 'reset', when: 'before' }, count: 1 });
    expect((await call(exchange, DETAILS, '', { timestampMs: 1 })).status).toBe(400);
    await expect(call(exchange, DETAILS, '')).rejects.toThrow();
  });

  it('refuses an order that is none', () => {
    expect(() => exchange.inject({ effect: { kind: 'error', status: 200 } })).toThrow();
    expect(() => exchange.inject({ effect: { kind: 'waf' }, count: 0 })).toThrow();
  });
});

describe('waiting', () => {
  it('asks the window again after a delay: a close that comes late has no effect', async () => {
    const startMs = 1_790_000_000_000;
    const started: { exchange?: Exchange } = {};
    const late = await startExchange({
      // Time passes only once the call waits, its checks behind it.
      now: () => startMs + (started.exchange?.faults()[0]?.struck === 1 ? 5001 : 0),
    });
    started.exchange = late;
    late.inject({ effect: { kind: 'latency', ms: 1, when: 'before' }, endpoint: 'close' });
    const answer = await closeUnit(late, '7', 'loan-7');
    expect(refusal(answer).code).toBe(-1021);
    expect(late.requests()).toMatchObject([{ fault: 'latency', effect: false }]);
    expect(late.unit('7').groupId).toBe('7');
    await late.close();
  });

  it('has the effect although the client gave up', async () => {
    exchange.inject({ effect: { kind: 'hang', when: 'after' }, endpoint: 'close', count: 1 });
    const answered = exchange.nextRequest({ method: 'DELETE' }, { stage: 'answered' });
    const { apiKey, secret } = exchange.credentials('loan-7');
    const query = `groupId=7&timestamp=${Date.now()}`;
    const signature = hmac(secret, query);
    const headers = { 'X-MBX-APIKEY': apiKey };
    const call = request(`${exchange.url}/sapi/v1/margin/loan-group?${query}&signature=${signature}`, {
      method: 'DELETE',
      headers,
      headersTimeout: 50,
      signal: AbortSignal.timeout(50),
    });
    await expect(call).rejects.toThrow();
    expect(await answered).toMatchObject({ status: null, fault: 'hang', effect: true });
    expect(isOpen()).toBe(false);
  });

  it('ends calls that hang or wait when it closes', async () => {
    const other = await startExchange();
    other.inject({ effect: { kind: 'latency', ms: 600_000 }, endpoint: 'ltv-details' });
    other.inject({ effect: { kind: 'hang' }, endpoint: 'closed' });
    const waiting = [
      call(other, DETAILS, ''),
      call(other, CLOSED, '', { as: 'loan-7' }),
      other.nextRequest({ status: 1 }),
    ];
    const settled = Promise.allSettled(waiting);
    await other.nextRequest({ endpoint: 'closed' });
    await other.close();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
