import { afterEach, describe, expect, it } from 'vitest';
import { windowsOf } from '../../src/binance/window-walk.ts';
import { exactText, longId } from '../../src/domain/amount.ts';
import type { Span } from '../../src/domain/loan/loan-records.ts';
import type { WalkedRead } from '../../src/usecases/loan-ports.ts';
import {
  type ApiRow,
  type ApiRows,
  type ApiRules,
  borrowAt,
  DAY_MS,
  HOUR_MS,
  interestAt,
  type LoanApi,
  loanApi,
  refused,
} from './support/loan-api.ts';

const UNIT = longId('1');
const CLOSED = longId('9');
const END_MS = Date.UTC(2026, 9, 31);
let api: LoanApi;

afterEach(() => api?.close());

async function start(rows: ApiRows, rules?: ApiRules): Promise<LoanApi> {
  api = await loanApi(rows, rules);
  return api;
}

function days(count: number): Span {
  return { fromMs: END_MS - count * DAY_MS, beforeMs: END_MS };
}

function rowsOf<Row>(read: WalkedRead<Row>): readonly Row[] {
  if (!read.ok || read.value === null) throw new Error(`not read: ${JSON.stringify(read)}`);
  return read.value.rows;
}

const textsOf = (read: WalkedRead<unknown>) => (read.ok ? read.flaws.map(({ text }) => text) : []);
const timesOf = (calls: readonly { query: URLSearchParams }[]) =>
  calls.map(({ query }) => ({
    fromMs: Number(query.get('startTime')),
    beforeMs: Number(query.get('endTime')),
  }));
const many = (count: number, row: (index: number) => ApiRow) =>
  Array.from({ length: count }, (_, at) => row(at));
const isBorrow = ({ query }: { query: URLSearchParams }) => query.get('type') === 'BORROW';
const isHistory = (path: string) => path.endsWith('/interest-history');

describe('windows', () => {
  it('(1) 90 days without an asset are 13 calls for each type, with no gap and no overlap', async () => {
    const { records, calls, walk } = await start({});
    const read = await records.borrowsAndRepays(UNIT, days(90), walk);
    expect(rowsOf(read)).toEqual([]);
    for (const type of ['BORROW', 'REPAY']) {
      const windows = timesOf(calls('borrow-repay').filter(({ query }) => query.get('type') === type));
      expect(windows).toHaveLength(13);
      expect(windows[0]?.beforeMs).toBe(END_MS);
      expect(windows.at(-1)?.fromMs).toBe(END_MS - 90 * DAY_MS);
      for (const [index, { fromMs, beforeMs }] of windows.entries()) {
        expect(beforeMs - fromMs).toBeLessThanOrEqual(7 * DAY_MS);
        if (index > 0) expect(beforeMs).toBe(windows[index - 1]?.fromMs);
      }
    }
    expect(
      calls('borrow-repay').every(({ query }) => !query.has('asset') && query.get('groupId') === '1'),
    ).toBe(true);
  });

  it.each([
    [1, 7, 1],
    [7, 7, 1],
    [8, 7, 2],
    [14, 7, 2],
    [30, 7, 5],
    [100, 100, 1],
    [101, 100, 2],
    [366, 100, 4],
    [0, 7, 0],
  ])('(2) %d days in windows of %d are %d', (span, longest, count) => {
    const windows = windowsOf(days(span), longest * DAY_MS);
    expect(windows).toHaveLength(count);
    expect(windows.reduce((sum, { fromMs, beforeMs }) => sum + beforeMs - fromMs, 0)).toBe(span * DAY_MS);
  });

  it.each([
    ['both ends count', { endCounts: true, startCounts: true }],
    ['the end does not count', { endCounts: false, startCounts: true }],
    ['the start does not count', { endCounts: true, startCounts: false }],
  ])(
    '(3) rows on a seam come once where %s; those on the ends of the span only at its start',
    async (_, rules) => {
      const seams = many(14, (at) => borrowAt(END_MS - at * 7 * DAY_MS, at + 1));
      const inside = many(90, (at) => borrowAt(END_MS - at * DAY_MS - HOUR_MS, 100 + at));
      const { records, walk } = await start({ borrow: [...seams, ...inside] }, rules);
      const rows = rowsOf(await records.borrowsAndRepays(UNIT, days(91), walk));
      const firstOfSpan = rules.startCounts ? 1 : 0;
      expect(rows).toHaveLength(12 + firstOfSpan + 90);
      expect(new Set(rows.map(({ transactionId }) => transactionId)).size).toBe(rows.length);
      expect(rows.map(({ atMs }) => atMs)).toEqual(rows.map(({ atMs }) => atMs).toSorted((a, b) => b - a));
    },
  );

  it('(4) interest: at most 100 days in a call, both ends always stated, each hour of 366 days once', async () => {
    const interest = many(366 * 24, (at) => interestAt(END_MS - (at + 1) * HOUR_MS));
    const { records, calls, walk } = await start({ interest });
    const rows = rowsOf(await records.interest(UNIT, days(366), walk));
    expect(rows).toHaveLength(366 * 24);
    expect(new Set(rows.map(({ atMs }) => atMs)).size).toBe(366 * 24);
    for (const { fromMs, beforeMs } of timesOf(calls('interest-history'))) {
      expect(fromMs).toBeGreaterThan(0);
      expect(beforeMs - fromMs).toBeLessThanOrEqual(100 * DAY_MS);
    }
  });

  it('(5) forced liquidations: at most 100 days, always with the groupId, so that a closed unit is answered', async () => {
    const row = (atMs: number, unit: string) => ({
      atMs,
      unit,
      json: `{"groupId":${unit},"startLtv":0.91,"endLtv":0.4,"liquidationStartTime":${atMs},"liquidationEndTime":${atMs + HOUR_MS},"totalNetEquity":1,"totalMaintenanceMargin":0,"totalLiability":"0E-8"}`,
    });
    const liquidation = [
      row(END_MS - DAY_MS, '9'),
      row(END_MS - 150 * DAY_MS, '9'),
      row(END_MS - DAY_MS, '2'),
    ];
    const { records, calls, walk } = await start({ liquidation });
    const rows = rowsOf(await records.forcedLiquidations(CLOSED, days(200), walk));
    expect(rows.map(({ startedAtMs }) => startedAtMs)).toEqual([END_MS - DAY_MS, END_MS - 150 * DAY_MS]);
    const asked = calls('force-liquidation');
    expect(asked).toHaveLength(2);
    expect(asked.every(({ query, apiKey }) => query.get('groupId') === '9' && apiKey === 'c2')).toBe(true);
  });

  it('(6) transfers of liquidations: by time only, each once, newest first, UIDs kept as they are', async () => {
    const transfer = (atMs: number, uid: string) =>
      `{"transferTime":${atMs},"fromUid":${uid},"fromAccountType":"SPOT","toUid":"9007199254740993","toAccountType":"PORTFOLIO_MARGIN","status":"CONFIRM","assets":[{"assetName":"BTC","amount":"0.5"}]}`;
    const liquidation = (transfers: string[]) => ({
      atMs: END_MS - 100 * DAY_MS,
      json: `{"liquidationId":56,"liquidationTransferRecord":[${transfers.join()}]}`,
    });
    const transfers = [
      liquidation([transfer(1, '1000277033525'), transfer(2, '1000277033525'), transfer(3, '"x"')]),
    ];
    const { records, calls, walk } = await start({ transfers });
    const read = await records.liquidationTransfers(UNIT, days(200), walk);
    expect(rowsOf(read)).toMatchObject([
      { liquidationId: '56', atMs: 2, fromUid: '1000277033525', toUid: '9007199254740993' },
      { liquidationId: '56', atMs: 1 },
    ]);
    expect(textsOf(read)).toEqual([expect.stringMatching(/^liquidation 56: row 3, fromUid: /)]);
    expect(calls('force-liquidation-transfer-record').some(({ query }) => query.has('groupId'))).toBe(false);
  });

  it('(7) rebate: the balance and the records through the parent key; none is no failure', async () => {
    const rebates = [
      {
        atMs: END_MS - 2,
        json: `{"type":"ADD","rebateAsset":"USDT","delta":"5000.00000000","createTime":${END_MS - 2}}`,
      },
      {
        atMs: END_MS - 1,
        json: `{"type":"INTEREST_OFFSET","groupId":1,"rebateAsset":"USDT","delta":"-50.12345678","liabilityAsset":"BTC","deductedInterest":"0.00050123","exchangeRate":"0.00001","createTime":${END_MS - 1}}`,
      },
    ];
    const rebateBalance =
      '{"asset":"USDT","balance":"4949.87654322","totalGranted":"5000","totalConsumed":"50.12345678"}';
    const { records, calls, walk } = await start({ rebates }, { rebateBalance });
    const balance = await records.rebate();
    expect(balance.ok && balance.value !== null && exactText(balance.value.balance)).toBe('4949.87654322');
    expect(rowsOf(await records.rebateRecords(days(61), walk))).toMatchObject([
      { type: 'INTEREST_OFFSET', groupId: '1', liabilityAsset: 'BTC' },
      { type: 'ADD', groupId: null, liabilityAsset: null, deductedInterest: null },
    ]);
    expect(calls('records')).toHaveLength(3);
    expect(
      [...calls('records'), ...calls('interest-rebate-balance')].every(({ apiKey }) => apiKey === 'p'),
    ).toBe(true);
    await api.close();
    await start({});
    expect(await api.records.rebate()).toMatchObject({ ok: true, value: null });
  });

  it('(8) nothing of the future is asked for', async () => {
    const { records, calls, walk } = await start({});
    const nowMs = Date.now();
    await records.interest(UNIT, { fromMs: nowMs - HOUR_MS, beforeMs: nowMs + 30 * DAY_MS }, walk);
    expect(timesOf(calls('interest-history'))).toHaveLength(1);
    expect(timesOf(calls('interest-history'))[0]?.beforeMs).toBeLessThan(nowMs + 60_000);
    const later = { fromMs: nowMs + DAY_MS, beforeMs: nowMs + 2 * DAY_MS };
    expect(rowsOf(await records.interest(UNIT, later, walk))).toEqual([]);
    expect(calls('interest-history')).toHaveLength(1);
  });
});

describe('whose records', () => {
  it('(9) a closed unit is found through the closed lists, once, and read with its own key', async () => {
    const { records, calls, walk } = await start({ interest: [interestAt(END_MS - HOUR_MS, '9')] });
    const asked = calls('ltv-details').length;
    expect(rowsOf(await records.interest(CLOSED, days(1), walk))).toMatchObject([{ groupId: '9' }]);
    expect(rowsOf(await records.interest(CLOSED, days(1), walk))).toHaveLength(1);
    expect(calls('interest-history').map(({ apiKey }) => apiKey)).toEqual(['c2', 'c2']);
    expect(calls('closed')).toHaveLength(2);
    expect(calls('ltv-details'), 'asks no key again for it').toHaveLength(asked);
  });

  it('(10) an active unit needs no closed list; one that nobody has is no-account', async () => {
    const { records, calls, walk } = await start({});
    await records.interest(UNIT, days(1), walk);
    expect(calls('closed')).toHaveLength(0);
    expect(await records.interest(longId('77'), days(1), walk)).toMatchObject({
      ok: false,
      failure: { kind: 'no-account' },
    });
    expect(calls('interest-history')).toHaveLength(1);
  });

  it('(11) a closed list that could not be read may have the unit, and that is what is said', async () => {
    const { records, walk } = await start(
      {},
      {
        instead: ({ path, apiKey }) =>
          path.endsWith('/closed') && apiKey === 'c2' ? refused(-2015, 401) : null,
      },
    );
    expect(await records.interest(CLOSED, days(1), walk)).toMatchObject({
      ok: false,
      failure: { kind: 'refused', exchangeCode: -2015, meaning: expect.stringContaining('loan-2') },
    });
  });
});

describe('pages', () => {
  it('(12) 10,000 rows of one window are read, 100 a call', async () => {
    const borrow = many(10_000, (at) => borrowAt(END_MS - 1 - at * 60_000, at + 1));
    const { records, calls, walk } = await start({ borrow });
    const rows = rowsOf(await records.borrowsAndRepays(UNIT, days(7), walk));
    expect(rows).toHaveLength(10_000);
    expect(calls('borrow-repay').filter(isBorrow)).toHaveLength(100);
  });

  it('(13) above 20,000 rows the newest are kept, and it is said that there are more', async () => {
    const interest = many(21_000, (at) => interestAt(END_MS - (at + 1) * 60_000));
    const { records, walk } = await start({ interest });
    const read = await records.interest(UNIT, days(60), walk);
    expect(read).toMatchObject({ ok: true, value: { isCut: true } });
    const rows = rowsOf(read);
    expect(rows).toHaveLength(20_000);
    expect(rows[0]?.atMs).toBe(END_MS - 60_000);
    expect(rows.at(-1)?.atMs).toBe(END_MS - 20_000 * 60_000);
  });

  it('(14) where the borrows were cut, repays older than the oldest borrow are not shown as all there is', async () => {
    const borrow = many(21_000, (at) => borrowAt(END_MS - (at + 1) * 60_000, at + 1));
    const repay = [borrowAt(END_MS - DAY_MS, 90_001), borrowAt(END_MS - 50 * DAY_MS, 90_002)];
    const { records, walk } = await start({ borrow, repay });
    const read = await records.borrowsAndRepays(UNIT, days(60), walk);
    expect(read).toMatchObject({ ok: true, value: { isCut: true } });
    const ids = rowsOf(read).map(({ transactionId }) => transactionId);
    expect(ids).toContain('90001');
    expect(ids).not.toContain('90002');
  });

  it('(15) a total that is missing: pages are read until a short one', async () => {
    const interest = many(250, (at) => interestAt(END_MS - (at + 1) * 60_000));
    const { records, calls, walk } = await start({ interest }, { totalOf: () => null });
    expect(rowsOf(await records.interest(UNIT, days(7), walk))).toHaveLength(250);
    expect(calls('interest-history')).toHaveLength(3);
    await api.close();
    await start({ interest: interest.slice(0, 200) }, { totalOf: () => null });
    expect(rowsOf(await api.records.interest(UNIT, days(7), walk))).toHaveLength(200);
    expect(api.calls('interest-history')).toHaveLength(3);
  });

  it('(16) a row booked while the pages are read moves others to later pages: none is lost, none comes twice', async () => {
    const interest: ApiRow[] = many(250, (at) => interestAt(END_MS - (at + 2) * 60_000));
    const { records, walk } = await start(
      { interest },
      {
        instead: ({ path, query }) => {
          if (isHistory(path) && query.get('current') === '2' && interest.length === 250)
            interest.push(interestAt(END_MS - 60_000));
          return null;
        },
      },
    );
    const rows = rowsOf(await records.interest(UNIT, days(7), walk));
    expect(new Set(rows.map(({ atMs }) => atMs)).size).toBe(rows.length);
    expect(rows).toHaveLength(251);
  });

  it('(17) a total that grows with each page ends, and the rows that were counted but not shown are named', async () => {
    const interest = many(250, (at) => interestAt(END_MS - (at + 1) * 60_000));
    let total = 250;
    const { records, calls, walk } = await start({ interest }, { totalOf: () => (total += 100) });
    const read = await records.interest(UNIT, days(7), walk);
    expect(rowsOf(read)).toHaveLength(250);
    expect(textsOf(read)).toEqual([expect.stringMatching(/^Binance counts \d+ rows from .* but shows 250$/)]);
    expect(calls('interest-history').length).toBeLessThan(20);
  });

  it('(18) one page for every number ends, and what is missing is named', async () => {
    const interest = many(100, (at) => interestAt(END_MS - (at + 1) * 60_000));
    const first = JSON.stringify({ total: 250, rows: interest.map(({ json }) => JSON.parse(json)) });
    const { records, calls, walk } = await start(
      {},
      { instead: ({ path }) => (isHistory(path) ? { body: first } : null) },
    );
    const read = await records.interest(UNIT, days(7), walk);
    expect(rowsOf(read)).toHaveLength(100);
    expect(textsOf(read)).toEqual([expect.stringContaining('Binance counts 250 rows')]);
    expect(calls('interest-history').length).toBeLessThan(10);
  });

  it('(19) one tranId in several rows, as the page shows it, is several rows', async () => {
    const borrow = [borrowAt(END_MS - 5, 1648963682), borrowAt(END_MS - 5, 1648963682, ',"interest":0')];
    const failed = borrowAt(END_MS - 5, 1648963682);
    const { records, walk } = await start({
      borrow: [...borrow, { ...failed, json: failed.json.replace('CONFIRM', 'FAILED') }],
    });
    expect(rowsOf(await records.borrowsAndRepays(UNIT, days(1), walk))).toHaveLength(3);
  });

  it('(26) two equal rows of one page are two, also on a seam; a page that comes again adds none', async () => {
    const inside = borrowAt(END_MS - HOUR_MS, 5);
    const seam = borrowAt(END_MS - 7 * DAY_MS, 6);
    const { records, walk } = await start({ borrow: [inside, inside, seam, seam] });
    const read = await records.borrowsAndRepays(UNIT, days(14), walk);
    expect(rowsOf(read).map(({ transactionId }) => transactionId)).toEqual(['5', '5', '6', '6']);
    expect(textsOf(read), 'no row is missing').toEqual([]);
    await api.close();
    const page = JSON.stringify({ total: 4, rows: [inside, inside].map(({ json }) => JSON.parse(json)) });
    await start({}, { instead: ({ path }) => (path.endsWith('/borrow-repay') ? { body: page } : null) });
    const repeated = await api.records.borrowsAndRepays(UNIT, days(1), api.walk);
    expect(rowsOf(repeated), '2 borrows, and 2 repays').toHaveLength(4);
    expect(textsOf(repeated)).toEqual(Array(2).fill(expect.stringContaining('counts 4 rows')));
  });

  it('(27) two equal transfers of one liquidation are two; a liquidation that comes again adds none', async () => {
    const transfer = `{"transferTime":${END_MS - HOUR_MS},"fromUid":1,"fromAccountType":"SPOT","toUid":2,"toAccountType":"PORTFOLIO_MARGIN","status":"CONFIRM","assets":[]}`;
    const liquidation = (count: number) => ({
      atMs: END_MS - HOUR_MS,
      json: `{"liquidationId":56,"liquidationTransferRecord":[${Array(count).fill(transfer).join()}]}`,
    });
    const { records, walk } = await start({ transfers: [liquidation(2), liquidation(1)] });
    expect(rowsOf(await records.liquidationTransfers(UNIT, days(1), walk))).toHaveLength(2);
  });

  it('(28) rows of another unit than the one asked for are left out and named', async () => {
    const other = (atMs: number): ApiRow => ({ ...interestAt(atMs, '2'), unit: '1' });
    const interest = [interestAt(END_MS - HOUR_MS), other(END_MS - 2 * HOUR_MS), other(END_MS - 3 * HOUR_MS)];
    const { records, history, walk } = await start({ interest });
    const read = await records.interest(UNIT, days(1), walk);
    expect(rowsOf(read)).toMatchObject([{ groupId: '1', atMs: END_MS - HOUR_MS }]);
    const named = 'left out 2 that Binance gave for unit 1 and that state another, such as 2';
    expect(textsOf(read)).toEqual([`interest: ${named}`]);
    const query = { groupId: UNIT, fromMs: END_MS - DAY_MS, toMs: END_MS };
    const page = await history.interestHistory(query, { priority: 'background' });
    expect(page.ok && [page.value.rows.length, page.flaws.map(({ text }) => text)]).toEqual([1, [named]]);
  });

  it('(29) two equal rows on two pages are two, where the pages did not move while they were read', async () => {
    const twin = borrowAt(END_MS - HOUR_MS, 500);
    const newer = many(99, (at) => borrowAt(END_MS - (at + 1) * 1_000, at + 1));
    const { records, walk, calls } = await start({ borrow: [...newer, twin, twin] });
    const read = await records.borrowsAndRepays(UNIT, days(1), walk);
    expect(rowsOf(read)).toHaveLength(101);
    expect(textsOf(read)).toEqual([]);
    expect(calls('borrow-repay').filter(isBorrow), 'once').toHaveLength(2);
  });

  it('(30) where a row moved to the next page, it is read again: neither the twin is lost nor the moved one doubled', async () => {
    const twin = borrowAt(END_MS - HOUR_MS, 500);
    const borrow = [...many(99, (at) => borrowAt(END_MS - (at + 1) * 1_000, at + 1)), twin, twin];
    let booked = false;
    const late = borrowAt(END_MS - 500, 999);
    await start(
      { borrow },
      {
        instead: ({ query }) => {
          if (isBorrow({ query }) && query.get('current') === '2' && !booked) {
            booked = true;
            borrow.unshift(late);
          }
          return null;
        },
      },
    );
    const read = await api.records.borrowsAndRepays(UNIT, days(1), api.walk);
    const ids = rowsOf(read).map(({ transactionId }) => transactionId);
    expect(ids).toHaveLength(102);
    expect(new Set(ids).size).toBe(101);
    expect(textsOf(read)).toEqual([]);
  });

  it('(20) a row that cannot be read is named with its field, and the others are shown', async () => {
    const bad = { atMs: END_MS - 2, json: '{"tranId":9007199254740993,"assetName":"USDT","amount":"1,5"}' };
    const repay = [{ atMs: END_MS - 3, json: '"nothing"' }];
    const { records, walk } = await start({ borrow: [borrowAt(END_MS - 1, 1), bad], repay });
    const read = await records.borrowsAndRepays(UNIT, days(1), walk);
    expect(rowsOf(read)).toHaveLength(1);
    expect(textsOf(read)).toEqual([
      expect.stringMatching(/^borrows: row 2, amount: is "1,5", not a decimal number; status: /),
      expect.stringMatching(/^repays: row 1, the row: /),
    ]);
  });
});

describe('trouble on the way', () => {
  it('(21) -1003: busy, in words, with the time from which it may be asked again; no half of the rows', async () => {
    const { records, walk } = await start(
      { borrow: many(3, (at) => borrowAt(END_MS - 1 - at, at + 1)) },
      {
        instead: ({ path, query }) =>
          path.endsWith('/borrow-repay') && !isBorrow({ query }) ? refused(-1003, 429) : null,
      },
    );
    expect(await records.borrowsAndRepays(UNIT, days(7), walk)).toMatchObject({
      ok: false,
      failure: { kind: 'busy', exchangeCode: -1003, retryAtMs: expect.any(Number) },
    });
  });

  it('(22) a credit key without permission is named', async () => {
    const { records, walk } = await start(
      {},
      { instead: ({ path }) => (isHistory(path) ? refused(-2015, 401) : null) },
    );
    expect(await records.interest(UNIT, days(7), walk)).toMatchObject({
      ok: false,
      failure: { kind: 'refused', exchangeCode: -2015, meaning: expect.stringContaining('loan-1') },
    });
  });

  it('(23) it says how far it is, and can be given up half-way: no further call is made', async () => {
    const { records, calls } = await start({});
    const said: string[] = [];
    const walk = {
      isStopped: () => said.length >= 9,
      onProgress: (done: number, of: number) => void said.push(`${done}/${of}`),
    };
    const read = await records.borrowsAndRepays(UNIT, days(90), walk);
    expect(read).toMatchObject({ ok: true, value: null });
    expect(said).toEqual(['1/26', '2/26', '3/26', '4/26', '5/26', '6/26', '7/26', '8/26', '9/26']);
    expect(calls('borrow-repay')).toHaveLength(9);
  });

  it('(24) further pages are counted as they are found, and it ends at all of all', async () => {
    const interest = many(350, (at) => interestAt(END_MS - (at + 1) * 60_000));
    const { records } = await start({ interest });
    const said: string[] = [];
    await records.interest(UNIT, days(7), {
      isStopped: () => false,
      onProgress: (done, of) => void said.push(`${done}/${of}`),
    });
    expect(said).toEqual(['1/1', '2/4', '3/4', '4/4']);
  });
});

describe('for the watch', () => {
  it('(25) one page of the newest rows, with the given span', async () => {
    const interest = many(150, (at) => interestAt(END_MS - (at + 1) * 60_000));
    const { history, calls } = await start({ interest });
    const query = { groupId: UNIT, fromMs: END_MS - DAY_MS, toMs: END_MS };
    const read = await history.interestHistory(query, { priority: 'background' });
    expect(read.ok && [read.value.total, read.value.rows.length]).toEqual([150, 100]);
    expect(timesOf(calls('interest-history'))).toEqual([{ fromMs: END_MS - DAY_MS, beforeMs: END_MS }]);
    const none = { ...query, page: 0 };
    expect(await history.forcedLiquidations(none, { priority: 'background' })).toMatchObject({
      ok: false,
      failure: { kind: 'refused', exchangeCode: null },
    });
    expect(calls('force-liquidation')).toEqual([]);
  });
});
