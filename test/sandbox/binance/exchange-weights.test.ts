import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../../sandbox/binance/exchange.ts';
import { CLOSED, call, closeUnit, DETAILS, refusal, send } from './exchange-calls.ts';

const MINUTE_MS = 1_790_000_040_000;
let exchange: Exchange;
let nowMs = MINUTE_MS;

beforeEach(async () => {
  nowMs = MINUTE_MS;
  exchange = await startExchange({ now: () => nowMs });
});

afterEach(() => exchange.close());

async function burst(count: number, one: () => Promise<{ status: number }>): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, one));
  return answers.filter((answer) => answer.status === 200).length;
}

const details = () => call(exchange, DETAILS, 'groupId=1');

describe('fixed minutes of the server clock', () => {
  it('admits 60 ltv-details on either side of the edge, and not one more', async () => {
    nowMs = MINUTE_MS + 59_900;
    expect(await burst(70, details)).toBe(60);
    nowMs = MINUTE_MS + 60_000;
    expect(await burst(61, details)).toBe(60);
    expect(exchange.weights()).toContainEqual({
      pool: 'ltv-details',
      scope: 'ip',
      subject: '127.0.0.1',
      limit: 12_000,
      minuteStartMs: MINUTE_MS + 60_000,
      used: 12_000,
      peak: 12_000,
      refused: 11,
      minutes: [
        { startMs: MINUTE_MS, used: 12_000 },
        { startMs: MINUTE_MS + 60_000, used: 12_000 },
      ],
    });
  });

  it('says so with -1003, the seconds left and the weight asked for', async () => {
    nowMs = MINUTE_MS + 43_001;
    await burst(60, details);
    const over = await details();
    expect(refusal(over)).toMatchObject({ status: 429, code: -1003 });
    expect(over.headers['retry-after']).toBe('17');
    expect(over.headers['x-sapi-used-ip-weight-1m']).toBe('12200');
  });

  it('follows the skewed clock, not the machine', async () => {
    exchange.configure({ skewMs: 7000 });
    nowMs = MINUTE_MS + 52_999;
    expect(await burst(61, details)).toBe(60);
    nowMs += 1;
    expect(await burst(61, details)).toBe(60);
  });

  it('gives every endpoint its own pool', async () => {
    expect(await burst(61, details)).toBe(60);
    const closed = await call(exchange, CLOSED, '', { as: 'loan-7' });
    expect(closed.headers['x-sapi-used-ip-weight-1m']).toBe('1');
    expect((await send(exchange, '/api/v3/time')).headers['x-mbx-used-weight-1m']).toBe('1');
  });

  it('counts closes per UID: 180 a minute, another UID is not touched', async () => {
    expect(await burst(181, () => closeUnit(exchange, '7', 'loan-7'))).toBe(1);
    expect(exchange.requests({ endpoint: 'close', status: 429 })).toHaveLength(1);
    expect(exchange.requests({ endpoint: 'close', code: -27001 })).toHaveLength(179);
    const other = await closeUnit(exchange, '9007199254740993', 'loan-long');
    expect(other.headers['x-sapi-used-uid-weight-1m']).toBe('1000');
  });

  it('counts a call that its window refused against the IP', async () => {
    await call(exchange, DETAILS, '', { timestampMs: 1 });
    expect((await details()).headers['x-sapi-used-ip-weight-1m']).toBe('400');
  });

  it('lets a forged signature use up no UID weight', async () => {
    const { apiKey } = exchange.credentials('loan-7');
    const query = `groupId=7&timestamp=${nowMs}&signature=${'0'.repeat(64)}`;
    const answer = await send(exchange, `/sapi/v1/margin/loan-group?${query}`, { method: 'DELETE', apiKey });
    expect(refusal(answer).code).toBe(-1022);
    expect(exchange.weights()).toEqual([]);
  });

  it('can be used up by somebody else', async () => {
    exchange.spendWeight('ltv-details', 11_900);
    exchange.spendWeight('close', 179_500, 'loan-7');
    const over = await details();
    expect([over.status, over.headers['x-sapi-used-ip-weight-1m']]).toEqual([429, '12100']);
    expect((await closeUnit(exchange, '7', 'loan-7')).status).toBe(429);
    nowMs += 60_000;
    expect((await details()).headers['x-sapi-used-ip-weight-1m']).toBe('200');
  });
});
