/** Courses of prices: what the exchange serves follows from the course and the time alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../../sandbox/binance/exchange.ts';
import { call, DETAILS, refusal } from './exchange-calls.ts';

const T0 = Date.UTC(2026, 10, 30, 3, 10);
/** LTV 0.592 of 15.30718771 USDT. */
const UNIT = '1';
let nowMs = T0;
let exchange: Exchange;

beforeEach(async () => {
  nowMs = T0;
  exchange = await startExchange({ now: () => nowMs });
});
afterEach(() => exchange.close());

/** The unit's LTV as ltv-details serves it that many seconds after the start, or `absent`. */
async function servedAt(seconds: number): Promise<string | null> {
  nowMs = T0 + seconds * 1000;
  const rows: { groupId: number; ltv: string | null }[] = JSON.parse(
    (await call(exchange, DETAILS, '')).text,
  );
  const row = rows.find(({ groupId }) => String(groupId) === UNIT);
  return row === undefined ? 'absent' : row.ltv;
}

describe('a course of prices', () => {
  it.each([
    ['crash', {}, [0, 10, 20, 3_600], ['0.592', '0.701', '0.860', '0.860']],
    ['drift', { ltv: '0.83', lastsS: 7_200 }, [0, 7_200, 9_000], ['0.592', '0.830', '0.830']],
    ['saw-tooth', {}, [0, 14, 15, 29, 30], ['0.851', '0.851', '0.849', '0.849', '0.851']],
    ['spike', {}, [0, 59, 60], ['0.910', '0.910', '0.592']],
    ['vanish', {}, [0, 299, 300], ['absent', 'absent', '0.592']],
    ['no-ltv', {}, [0, 299, 300], [null, null, '0.592']],
  ] as const)('%s: LTV by the second', async (kind, order, seconds, ltvs) => {
    exchange.startPath({ groupId: UNIT, kind, ...order });
    const seen: (string | null)[] = [];
    for (const second of seconds) seen.push(await servedAt(second));
    expect(seen).toEqual(ltvs);
  });

  it('of an outage: no unit is listed for anybody, then all are', async () => {
    exchange.startPath({ groupId: UNIT, kind: 'outage' });
    expect(refusal(await call(exchange, DETAILS, ''))).toMatchObject({ status: 500, code: -1001 });
    expect(await servedAt(300)).toBe('0.592');
  });

  it('lets a cure work while it lasts, and leaves prices where they are when it is stopped', async () => {
    exchange.startPath({ groupId: UNIT, kind: 'crash' });
    expect(await servedAt(60)).toBe('0.860');
    const wallet = { email: 'collateral001@test.com', accountType: 'SPOT', netEquity: '10' };
    expect(exchange.editEquity(UNIT, wallet).ltv).toBe('0.629');
    expect(exchange.stopPath(UNIT).ltv).toBe('0.629');
    exchange.repay(UNIT, 'USDT', '5');
    expect(await servedAt(3_600)).toBe('0.424');
  });

  it('moves only its own unit, and one that owes nothing has none', () => {
    const before = exchange.unit('12');
    exchange.startPath({ groupId: UNIT, kind: 'spike' });
    expect(exchange.unit('12')).toEqual(before);
    expect(() => exchange.startPath({ groupId: '7', kind: 'crash' })).toThrow('owes nothing');
    expect(exchange.prices.kindOf('7')).toBeNull();
  });

  it('is remembered as it was served, for the chart', async () => {
    exchange.startPath({ groupId: UNIT, kind: 'spike' });
    await servedAt(0);
    await servedAt(60);
    expect(exchange.prices.served(UNIT)).toEqual([
      { atMs: T0, ltv: '0.910' },
      { atMs: T0 + 60_000, ltv: '0.592' },
    ]);
  });
});
