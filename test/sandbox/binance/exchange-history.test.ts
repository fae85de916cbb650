import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../../sandbox/binance/exchange.ts';
import type { InterestRecord, LedgerSeed, LoanRecord } from '../../../sandbox/binance/model.ts';
import { seedLedger } from '../../../sandbox/binance/seed.ts';
import { call, refusal } from './exchange-calls.ts';

const NOW_MS = 1_790_000_000_123;
const DAY_MS = 86_400_000;
const LOAN = '/sapi/v1/margin/loan-group';
let exchange: Exchange;
let nowMs = NOW_MS;

afterEach(() => exchange.close());

function read(path: string, params: string, as: string) {
  return call(exchange, `${LOAN}/${path}`, params, { as });
}

/** How many rows the answer counts, or the code of its refusal. */
async function count(path: string, params: string, as = 'loan-12'): Promise<unknown> {
  const answer = await read(path, params, as);
  return answer.status === 200 ? JSON.parse(answer.text).total : refusal(answer).code;
}

/** Days before now; 0 is now. */
const at = (daysAgo: number) => NOW_MS - daysAgo * DAY_MS;

describe('time ranges', () => {
  /** A borrow and an hour's interest of unit 12 on each of 120 days, now included, and nothing else. */
  function daily(): LedgerSeed {
    const days = Array.from({ length: 121 }, (_, daysAgo) => ({
      ...{ groupId: '12', assetName: 'USDT', timestampMs: at(daysAgo) },
    }));
    const records = days.map((row, index): LoanRecord => {
      return { ...row, tranId: String(index + 1), amount: '1', status: 'CONFIRM', type: 'BORROW' };
    });
    const interest = days.map((row): InterestRecord => {
      return { ...row, principal: '1', interestRate: '0.00000833', interest: '0.00000833' };
    });
    return { ...seedLedger(NOW_MS), records, interest };
  }

  beforeEach(async () => {
    exchange = await startExchange({ now: () => NOW_MS, ledger: daily });
  });

  it.each([
    ['no time: seven days', '', 8],
    ['seven days', `startTime=${at(7)}&endTime=${at(0)}`, 8],
    ['eight days, cut to seven before the end', `startTime=${at(9)}&endTime=${at(1)}`, 8],
    ['an end alone: the seven days before it', `endTime=${at(50)}`, 8],
    ['a start alone: until now', `startTime=${at(3)}`, 4],
    ['a start alone, cut to seven days before now', `startTime=${at(50)}`, 8],
    ['30 days with an asset', `asset=USDT&startTime=${at(30)}&endTime=${at(0)}`, 31],
    ['31 days with an asset, cut to 30', `asset=USDT&startTime=${at(31)}&endTime=${at(0)}`, 31],
    ['an asset, no time: seven days', 'asset=USDT', 8],
    ['100 days, cut', `startTime=${at(100)}&endTime=${at(0)}`, 8],
    ['a millisecond over 100 days', `startTime=${at(100) - 1}&endTime=${at(0)}`, -1127],
    ['a start alone over 100 days ago', `startTime=${at(101)}`, -1127],
    ['the end before the start', `startTime=${at(1)}&endTime=${at(2)}`, -3011],
    ['a start in the future', `startTime=${at(-1)}`, -3011],
    ['one millisecond', `startTime=${at(5)}&endTime=${at(5)}`, 1],
    ['a time that is none', 'startTime=yesterday', -27000],
  ])('borrow-repay: %s', async (_what, params, expected) => {
    expect(await count('borrow-repay', `type=BORROW&${params}`)).toBe(expected);
  });

  it.each([
    ['no time: seven days', '', 8],
    ['100 days', `startTime=${at(100)}&endTime=${at(0)}`, 101],
    ['a millisecond over 100 days', `startTime=${at(100) - 1}&endTime=${at(0)}`, -1127],
    ['a start alone within 30 days: until now', `startTime=${at(20)}`, 21],
    ['a start alone over 30 days ago: 30 days', `startTime=${at(31)}`, 31],
    ['a start alone over 100 days ago: 30 days too', `startTime=${at(119)}`, 31],
    ['an end alone: the seven days before it', `endTime=${at(50)}`, 8],
  ])('interest-history: %s', async (_what, params, expected) => {
    expect(await count('interest-history', params)).toBe(expected);
  });

  it('says what is too long in the words of the error page', async () => {
    const answer = await read('interest-history', `startTime=${at(101)}&endTime=${at(0)}`, 'loan-12');
    expect(refusal(answer)).toEqual({
      ...{ status: 400, code: -1127 },
      msg: 'More than 2400 hours between startTime and endTime.',
    });
  });

  it.each(['force-liquidation', 'force-liquidation-transfer-record'])(
    '%s: seven days, at most 100',
    async (path) => {
      expect(await count(path, '', 'loan-15')).toBe(1);
      expect(await count(path, `endTime=${at(7)}`, 'loan-15')).toBe(0);
      expect(await count(path, `startTime=${at(100)}&endTime=${at(0)}`, 'loan-15')).toBe(1);
      expect(await count(path, `startTime=${at(100) - 1}&endTime=${at(0)}`, 'loan-15')).toBe(-1127);
    },
  );

  it('force-liquidation shows a closed unit by its id alone; its transfers have no id to ask for', async () => {
    exchange.closeOutside('15');
    expect(await count('force-liquidation', '', 'loan-15')).toBe(0);
    expect(await count('force-liquidation', 'groupId=15', 'loan-15')).toBe(1);
    expect(await count('force-liquidation', 'groupId=15', 'loan-12')).toBe(0);
    expect(await count('force-liquidation-transfer-record', '', 'loan-15')).toBe(1);
    expect(await count('force-liquidation-transfer-record', '', 'loan-12')).toBe(0);
  });
});

describe('transfers and rebates', () => {
  beforeEach(async () => {
    nowMs = NOW_MS;
    exchange = await startExchange({ now: () => nowMs });
  });

  it('transfers: UIDs as numbers, as in the example, with each liquidation', async () => {
    const { text, headers } = await read('force-liquidation-transfer-record', '', 'loan-15');
    expect(headers['x-sapi-used-ip-weight-1m']).toBe('1');
    expect(JSON.parse(text)).toMatchObject({
      total: 1,
      rows: [{ liquidationId: 56, liquidationTransferRecord: [{ status: 'CONFIRM' }, {}] }],
    });
    const { uid } = exchange.changeAccount({ name: 'loan-15' });
    expect(text).toMatch(`"toUid":${uid},"toAccountType":"PORTFOLIO_MARGIN"`);
    expect(Object.keys(JSON.parse(text).rows[0].liquidationTransferRecord[0])).toEqual([
      ...['transferTime', 'fromUid', 'fromAccountType', 'toUid', 'toAccountType', 'status', 'assets'],
    ]);
    expect(refusal(await read('force-liquidation-transfer-record', '', 'fund-a')).code).toBe(-2015);
  });

  it('the rebate: for the master key alone, its records add up to its balance', async () => {
    const balance = await read('interest-rebate-balance', '', 'fund-a');
    expect(balance.headers['x-sapi-used-ip-weight-1m']).toBe('100');
    // All that came before today's grant is used up or was taken away.
    expect(JSON.parse(balance.text)).toEqual({
      ...{ asset: 'USDT', balance: '2000.00000000' },
      ...{ totalGranted: '7000.00000000', totalConsumed: '4000.00000000' },
    });
    const records = await read('interest-rebate-balance/records', 'size=100', 'fund-a');
    expect(records.headers['x-sapi-used-ip-weight-1m']).toBe('100');
    const { rows }: { rows: { type: string }[] } = JSON.parse(records.text);
    expect(rows.slice(0, 2)).toEqual([
      { type: 'ADD', rebateAsset: 'USDT', delta: '5000.00000000', createTime: at(20) },
      {
        ...{ type: 'INTEREST_OFFSET', groupId: 7, rebateAsset: 'USDT' },
        ...{ delta: expect.stringMatching(/^-\d+\.\d{8}$/), liabilityAsset: 'USDT' },
        ...{ deductedInterest: expect.stringMatching(/^\d+\.\d{8}$/), exchangeRate: '1.00000000' },
        createTime: Math.ceil(at(20) / DAY_MS) * DAY_MS,
      },
    ]);
    expect(rows.find(({ type }) => type === 'DEDUCT')).toEqual({
      ...{ type: 'DEDUCT', rebateAsset: 'USDT', delta: '-1000.00000000', createTime: at(19) },
    });
    expect(await count('interest-rebate-balance', '', 'loan-12')).toBe(-2015);
    expect(await count('interest-rebate-balance/records', '', 'loan-12')).toBe(-2015);
  });

  it('keeps the history of a closed unit, to be read by its id', async () => {
    exchange.closeOutside('7');
    const range = `groupId=7&asset=USDT&startTime=${at(10)}&endTime=${at(0)}`;
    expect(await count('borrow-repay', `type=BORROW&${range}`, 'loan-7')).toBe(1);
    expect(await count('borrow-repay', `type=REPAY&${range}`, 'loan-7')).toBe(1);
    expect(await count('interest-history', range, 'loan-7')).toBe(8 * 24);
    expect(await count('interest-history', range, 'loan-12')).toBe(0);
    expect(await count('interest-history', `asset=USDT&startTime=${at(10)}&endTime=${at(0)}`, 'loan-7')).toBe(
      0,
    );
  });

  it('shows a rate of ten decimals cut to eight, and the interest of all ten', async () => {
    const { text } = await read('interest-history', 'size=1', 'loan-15');
    expect(text).toMatch('"principal":1103000,"interestRate":0.00000833,"interest":9.1916299,');
  });

  it.each([
    ['type=0', 2],
    ['type=1', 1],
    ['type=2', 18],
    ['type=', 21],
    ['type=3', -27000],
    ['type=ADD', -27000],
    [`startTime=${at(7)}`, 1],
    [`endTime=${at(19)}`, 7],
    [`startTime=${at(400)}&endTime=${at(0)}`, 21],
    [`startTime=${at(0)}&endTime=${at(1)}`, -3011],
    ['size=101', -27000],
  ])('rebate records with "%s": %i', async (params, expected) => {
    expect(await count('interest-rebate-balance/records', params, 'fund-a')).toBe(expected);
  });
});
