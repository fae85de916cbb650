import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import { type Delay, realDelay } from '../../src/binance/clock.ts';
import {
  createLoanExchange,
  type LoanExchange,
  type LoanExchangeOptions,
} from '../../src/binance/loan-exchange.ts';
import { exactText, longId } from '../../src/domain/amount.ts';
import type { Flaw, ReadOptions } from '../../src/usecases/ports.ts';
import { MemorySharedReads } from '../fakes/memory-shared-reads.ts';
import { MemoryWeightLedger } from '../fakes/memory-weight-ledger.ts';
import { capturingLog } from '../support/logs.ts';
import { accountOf, type Client, type ClientOptions, createClient, quickDelay } from './support/client.ts';
import {
  type ScriptedAnswer,
  type ScriptedRequest,
  type ScriptedServer,
  scriptedServer,
} from './support/scripted-server.ts';

const NOW: ReadOptions = { priority: 'interactive', fresh: true };
const SHARED: ReadOptions = { priority: 'interactive' };
const textsOf = ({ flaws }: { flaws: readonly Flaw[] }) => flaws.map(({ text }) => text);

describe('against the stand-in', () => {
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

  function connect(options: ClientOptions = {}): Client {
    const client = createClient(exchange, options);
    clients.push(client);
    return client;
  }

  it('exchange case 6: all units: no groupId at all; one unit: its groupId; both with the parent key', async () => {
    const { reader } = connect();
    const all = await reader.riskUnits(NOW);
    const one = await reader.riskUnit(longId('1'), NOW);
    const [first, second] = exchange.requests({ endpoint: 'ltv-details' });
    expect(first).toMatchObject({ account: 'fund-a', groupId: null });
    expect(first?.query).toMatch(/^recvWindow=5000&timestamp=\d{13}&signature=/);
    expect(second).toMatchObject({ account: 'fund-a', groupId: '1' });
    expect(all.ok && all.value.find(({ groupId }) => groupId === '1')).toEqual(one.ok && one.value);
  });

  it("reads the documents' example unit to the last digit", async () => {
    const read = await connect().reader.riskUnit(longId('1'), NOW);
    if (!read.ok || read.value === null) throw new Error('no unit');
    const unit = read.value;
    expect(exactText(unit.ltv)).toBe('0.592');
    expect(exactText(unit.totalLiability)).toBe('15.30718771');
    expect(exactText(unit.maxAllowedBorrowLimit ?? unit.ltv)).toBe('16.32397222');
    expect(unit.accounts).toHaveLength(5);
    expect(read.asOfMs).toBeLessThanOrEqual(Date.now());
  });

  it("exchange case 13: the credit member is recognised by its type, though no member's e-mail is creditEmail", async () => {
    const read = await connect().reader.riskUnit(longId('1'), NOW);
    if (!read.ok || read.value === null) throw new Error('no unit');
    const { accounts, creditEmail } = read.value;
    expect(creditEmail).toBe('tst20241120@test.com');
    expect(accounts.map(({ email }) => email)).not.toContain(creditEmail);
    expect(accounts.filter(({ type }) => type === 'CREDIT').map(({ email }) => email)).toEqual([
      'CREDIT20241120@test.com',
    ]);
  });

  it('exchange case 14: a key that sees nothing gets an empty list, a unit that is not visible is null', async () => {
    const { reader } = connect();
    expect(await reader.riskUnit(longId('999'), NOW)).toMatchObject({ ok: true, value: null });
    for (const { groupId } of exchange.units()) exchange.removeUnit(groupId);
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true, value: [], flaws: [] });
  });

  it('reads a unit through the credit key that would close it, never shared', async () => {
    const { reader } = connect();
    await reader.riskUnitAsCreditAccount(longId('7'), SHARED);
    const before = exchange.requests({ account: 'loan-7' }).length;
    const read = await reader.riskUnitAsCreditAccount(longId('7'), SHARED);
    expect(read.ok && read.value?.groupId).toBe('7');
    expect(exchange.requests({ account: 'loan-7' })).toHaveLength(before + 1);
    expect(await reader.riskUnitAsCreditAccount(longId('15'), SHARED)).toMatchObject({
      ok: false,
      failure: { kind: 'no-account' },
    });
  });

  it('lists closed units of all credit accounts, newest first, with the credit keys only', async () => {
    const { reader } = connect({ names: ['fund-a', 'loan-72', 'loan-73'] });
    const read = await reader.closedUnits(NOW);
    expect(read.ok && read.value.map(({ groupId, enabled }) => [groupId, enabled])).toEqual([
      ['73', false],
      ['72', false],
    ]);
    expect(new Set(exchange.requests({ endpoint: 'closed' }).map(({ account }) => account))).toEqual(
      new Set(['loan-72', 'loan-73']),
    );
    const found = await reader.findClosedUnit(longId('72'), NOW);
    expect(found.ok && found.value?.closedAtMs).toBe(1753422899052);
    expect(await reader.findClosedUnit(longId('1'), NOW)).toMatchObject({ ok: true, value: null });
  });

  it('an account that fails is named in a flaw, the others still show', async () => {
    const { reader } = connect({ names: ['fund-a', 'loan-72', 'loan-73'] });
    exchange.changeAccount({ name: 'loan-73', enableReading: false });
    const read = await reader.closedUnits(NOW);
    expect(read.ok && read.value.map(({ groupId }) => groupId)).toEqual(['72']);
    expect(read.ok && textsOf(read)).toEqual([
      expect.stringContaining('account loan-73: Binance refuses the key'),
    ]);
    // A unit that nobody is known to own may be in the list that could not be read.
    expect(await reader.findClosedUnit(longId('73'), NOW)).toMatchObject({ ok: false });
    expect(await reader.findClosedUnit(longId('72'), NOW)).toMatchObject({ ok: true });
  });

  it('exchange case 7: 250 closed units are three pages of 100', async () => {
    exchange.addClosed({ count: 249, creditEmail: 'wdywaxmzlnah@test.com', firstGroupId: '1000' });
    const { reader } = connect({ names: ['fund-a', 'loan-72'] });
    const read = await reader.closedUnits(NOW);
    expect(read.ok && read.value).toHaveLength(250);
    const pages = exchange.requests({ endpoint: 'closed' }).map(({ query }) => query.split('&recvWindow')[0]);
    expect(pages).toEqual(['current=1&size=100', 'current=2&size=100', 'current=3&size=100']);
  });

  it('simultaneous reads share one call, in a process and across replicas; fresh ones do not', async () => {
    const sharedReads = new MemorySharedReads(Date.now);
    const shared = { sharedReads, delay: realDelay };
    const [a, b] = [connect(shared), connect(shared)];
    exchange.inject({ effect: { kind: 'latency', ms: 50 }, endpoint: 'ltv-details' });
    const reads = await Promise.all([a, a, b, b, a].map(({ reader }) => reader.riskUnits(SHARED)));
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(1);
    expect(new Set(reads.map((read) => read.ok && read.asOfMs)).size).toBe(1);
    expect(new Set(reads.map((read) => read.ok && read.value.length))).toEqual(
      new Set([exchange.units().length]),
    );
    await a.reader.riskUnits(NOW);
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(2);
  });

  it('a shared answer is at most 2 s old', async () => {
    let nowMs = Date.now();
    const now = () => nowMs;
    const clock = { now, sharedReads: new MemorySharedReads(now), ledger: new MemoryWeightLedger(now) };
    const { reader } = connect(clock);
    await reader.riskUnits(SHARED);
    nowMs += 1_900;
    await reader.riskUnits(SHARED);
    const answered = () => exchange.requests({ endpoint: 'ltv-details', status: 200 });
    expect(answered()).toHaveLength(1);
    nowMs += 200;
    await reader.riskUnits(SHARED);
    expect(answered()).toHaveLength(2);
  });

  it('without the shared store simultaneous reads of a process still share one call', async () => {
    const gone = () => Promise.reject(new Error('gone'));
    const sharedReads = { get: gone, put: gone, tryLead: gone, release: gone };
    const { reader } = connect({ sharedReads });
    const reads = await Promise.all([reader.riskUnits(SHARED), reader.riskUnits(SHARED)]);
    expect(reads.every(({ ok }) => ok)).toBe(true);
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(1);
  });

  it('a unit that came after the start is found by asking the credit keys again', async () => {
    let nowMs = Date.now();
    const now = () => nowMs;
    const client = connect({ now, names: ['fund-a', 'loan-72'] });
    await client.start();
    expect(await client.reader.canClose(longId('90'))).toMatchObject({ ok: true, value: false });
    exchange.addUnit({ groupId: '90', creditEmail: 'wdywaxmzlnah@test.com' });
    nowMs += 31_000;
    expect(await client.reader.canClose(longId('90'))).toMatchObject({ ok: true, value: true });
  });
});

describe('answers as they may come', () => {
  let server: ScriptedServer;
  let exchange: LoanExchange | null = null;

  afterEach(async () => {
    await exchange?.stop();
    await server.close();
  });

  async function connect(
    answer: (request: ScriptedRequest) => ScriptedAnswer,
    options: Partial<LoanExchangeOptions> = {},
  ): Promise<LoanExchange> {
    server = await scriptedServer(answer);
    exchange = createLoanExchange({
      closeMode: 'live',
      baseUrl: server.url,
      accounts: [
        accountOf({ name: 'fund-a', role: 'parent', apiKey: 'p', secret: 's' }),
        accountOf({ name: 'loan-1', role: 'credit', apiKey: 'c', secret: 's' }),
      ],
      ledger: new MemoryWeightLedger(Date.now),
      sharedReads: new MemorySharedReads(Date.now),
      log: capturingLog(),
      delay: quickDelay,
      ...options,
    });
    return exchange;
  }

  const closedRow = (groupId: number | string, enabled: unknown = false) =>
    `{"groupId":${groupId},"parentEmail":"p","creditEmail":"c","enabled":${JSON.stringify(enabled)},"createTime":1,"closeTime":2}`;
  const page = (total: number, rows: string[]) => ({ body: `{"total":${total},"rows":[${rows.join()}]}` });
  const unit = (fields: string) =>
    `{"groupId":1,"parentEmail":"p","creditEmail":"c","updateTime":1752137105623,"ltv":"0.5","totalNetEquity":16671.5507973,"totalMaintenanceMargin":0,"totalLiability":"12671.05079731","liabilities":[],"collateralAccounts":[{"email":"x","type":"ROBOT","wallets":[{"accountType":"MOON","netEquity":"0E-8","maintainMargin":0}]}]${fields}}`;

  it('exchange case 8: enabled as boolean or text in any case; what is neither names row and field, the others show', async () => {
    const rows = [false, 'false', 'FALSE', true, 'TRUE', 'maybe'].map((enabled, at) =>
      closedRow(at + 1, enabled),
    );
    const { reader } = await connect(() => page(6, rows));
    const read = await reader.closedUnits(NOW);
    expect(read.ok && read.value.map(({ groupId, enabled }) => [groupId, enabled])).toEqual([
      ['5', true],
      ['4', true],
      ['3', false],
      ['2', false],
      ['1', false],
    ]);
    expect(read.ok && textsOf(read)).toEqual([
      'account loan-1: row 6 (unit 6), enabled: is "maybe", not true or false',
    ]);
    expect(await reader.findClosedUnit(longId('6'), NOW), 'unreadable is not absent').toMatchObject({
      ok: false,
    });
    expect(await reader.findClosedUnit(longId('7'), NOW)).toMatchObject({ ok: true, value: null });
  });

  it('exchange case 7: rows that shift between pages give no duplicate and no gap', async () => {
    // While the first page is read, a unit is closed and listed first.
    let asked = 0;
    const { reader } = await connect(({ query, path }) => {
      if (!path.endsWith('closed')) return { body: '[]' };
      asked += 1;
      const ids = Array.from({ length: asked === 1 ? 150 : 151 }, (_, at) => (asked === 1 ? 150 : 151) - at);
      const start = (Number(query.get('current')) - 1) * 100;
      return page(
        ids.length,
        ids.slice(start, start + 100).map((id) => closedRow(id)),
      );
    });
    const read = await reader.closedUnits(NOW);
    const ids = read.ok ? read.value.map(({ groupId }) => Number(groupId)) : [];
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 151 }, (_, at) => at + 1));
    expect(read.ok && textsOf(read)).toEqual([]);
  });

  it('exchange case 7: a server that counts more rows than it shows ends the walk and is told on', async () => {
    const { reader } = await connect(() =>
      page(
        500,
        Array.from({ length: 100 }, (_, at) => closedRow(at + 1)),
      ),
    );
    const read = await reader.closedUnits(NOW);
    expect(read.ok && read.value).toHaveLength(100);
    expect(read.ok && textsOf(read)).toEqual([
      expect.stringContaining('400 more closed units than it shows'),
    ]);
    expect(server.requests.length).toBeLessThan(10);
  });

  it('exchange case 7: total 0 is an empty list', async () => {
    const { reader } = await connect(() => page(0, []));
    expect(await reader.closedUnits(NOW)).toMatchObject({ ok: true, value: [], flaws: [] });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['absent', '', null],
    [
      'null',
      ',"parentAccountFrozenAmount":null,"maxTransferOutAmount":null,"maxAllowedBorrowLimit":null',
      null,
    ],
    [
      'present',
      ',"parentAccountFrozenAmount":"8.1","maxTransferOutAmount":0,"maxAllowedBorrowLimit":"0E-8"',
      '0',
    ],
  ])(
    'exchange case 9: the three undocumented amounts %s; new fields and account types pass',
    async (_name, fields, shown) => {
      const { reader } = await connect(() => ({ body: `[${unit(`${fields},"newField":{"a":[1]}`)}]` }));
      const read = await reader.riskUnits(NOW);
      const [first] = read.ok ? read.value : [];
      const limit = first?.maxAllowedBorrowLimit;
      expect(limit === null || limit === undefined ? limit : exactText(limit)).toBe(shown);
      expect(first?.accounts[0]).toMatchObject({ type: 'ROBOT', wallets: [{ accountType: 'MOON' }] });
    },
  );

  it('exchange case 10: amounts as numbers, texts and "0E-8" are exact', async () => {
    const { reader } = await connect(() => ({ body: `[${unit('')}]` }));
    const read = await reader.riskUnits(NOW);
    const [first] = read.ok ? read.value : [];
    expect(first && exactText(first.totalNetEquity)).toBe('16671.5507973');
    expect(first && exactText(first.totalLiability)).toBe('12671.05079731');
    expect(first?.accounts[0]?.wallets[0] && exactText(first.accounts[0].wallets[0].netEquity)).toBe('0');
  });

  it.each(['"NaN"', '""', '"1,5"', 'null', '{}'])(
    'exchange case 10: %s is no amount: named, and the other units show',
    async (bad) => {
      const spoiled = unit('').replace('"ltv":"0.5"', `"ltv":${bad}`).replace('"groupId":1', '"groupId":2');
      const { reader } = await connect(() => ({ body: `[${unit('')},${spoiled}]` }));
      const read = await reader.riskUnits(NOW);
      expect(read.ok && read.value.map(({ groupId }) => groupId)).toEqual(['1']);
      expect(read.ok && textsOf(read)).toEqual([
        expect.stringMatching(/^row 2 \(unit 2\), ltv: is .*, not a decimal number$/),
      ]);
      expect(await reader.riskUnit(longId('2'), NOW), 'unreadable is not invisible').toMatchObject({
        ok: false,
      });
    },
  );

  it('a unit whose net equity is missing is named, and the other units show', async () => {
    const without = unit('')
      .replace('"totalNetEquity":16671.5507973,', '')
      .replace('"groupId":1', '"groupId":2');
    const { reader } = await connect(() => ({ body: `[${unit('')},${without}]` }));
    const read = await reader.riskUnits(NOW);
    expect(read.ok && read.value.map(({ groupId }) => groupId)).toEqual(['1']);
    expect(read.ok && textsOf(read)).toEqual([
      expect.stringMatching(/^row 2 \(unit 2\), totalNetEquity: is missing/),
    ]);
  });

  it('names the place of a fault deep in a row', async () => {
    const spoiled = unit('').replace('"netEquity":"0E-8"', '"netEquity":"x"');
    const { reader } = await connect(() => ({ body: `[${spoiled}]` }));
    const read = await reader.riskUnits(NOW);
    expect(read.ok && textsOf(read)[0]).toContain('collateralAccounts[1].wallets[1].netEquity: is "x"');
  });

  it('exchange case 5: a LONG id above 2^53 keeps every digit', async () => {
    const { reader } = await connect(() => ({
      body: `[${unit('').replace('"groupId":1', '"groupId":9007199254740993')}]`,
    }));
    const read = await reader.riskUnits(SHARED);
    expect(read.ok && read.value[0]?.groupId).toBe('9007199254740993');
    const again = await reader.riskUnits(SHARED);
    expect(again.ok && again.value[0]?.groupId, 'also as a shared answer').toBe('9007199254740993');
    expect(server.requests).toHaveLength(1);
  });

  it.each(['{"rows":[]}', '"x"', '', '<html>', '[{"groupId":1'])(
    'an answer that is no list of units is a failure: %j',
    async (body) => {
      const { reader } = await connect(() => ({ body }));
      expect(await reader.riskUnits(NOW)).toMatchObject({
        ok: false,
        failure: { kind: 'unavailable', meaning: expect.stringContaining("couldn't be read") },
      });
    },
  );

  it('exchange case 29: a GET is retried on 503, each time with a new timestamp and signature', async () => {
    let tries = 0;
    let nowMs = Date.now();
    const pauses: number[] = [];
    const answer = ({ path }: ScriptedRequest): ScriptedAnswer => {
      if (path.endsWith('status')) return { body: '{"status":0,"msg":"normal"}' };
      tries += 1;
      return tries < 3 ? { status: 503, body: 'Service Unavailable.' } : { body: '[]' };
    };
    const delay: Delay = async (ms) => {
      pauses.push(ms);
      nowMs += ms;
    };
    const { reader } = await connect(answer, { now: () => nowMs, delay, random: () => 0.25 });
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true, value: [] });
    expect(new Set(server.requests.map(({ query }) => query.get('timestamp'))).size).toBe(3);
    expect(new Set(server.requests.map(({ query }) => query.get('signature'))).size).toBe(3);
    expect(pauses, 'doubling, with jitter').toEqual([187.5, 375]);
  });

  it('a GET is tried three times at most', async () => {
    const { reader } = await connect(({ path }) =>
      path.endsWith('status') ? { body: '{"status":0}' } : { status: 500, body: '' },
    );
    expect(await reader.riskUnits(NOW)).toMatchObject({
      ok: false,
      failure: { kind: 'unavailable', meaning: expect.stringContaining('HTTP 500') },
    });
    expect(server.requests.filter(({ path }) => path.endsWith('ltv-details'))).toHaveLength(3);
  });

  it.each([
    [400, -1022, 'refused'],
    [401, -2015, 'refused'],
    [451, null, 'region-blocked'],
    [400, -1007, 'unavailable'],
  ])('a GET is not retried on %i with %s', async (status, code, kind) => {
    const { reader } = await connect(() => ({
      status,
      body: code === null ? '' : `{"code":${code},"msg":"m"}`,
    }));
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: false, failure: { kind, exchangeCode: code } });
    expect(server.requests).toHaveLength(1);
  });

  it('exchange case 29: 20 sequential calls use one connection; one that the server ended is replaced', async () => {
    const { reader } = await connect(() => ({ body: '[]' }));
    for (let call = 0; call < 20; call += 1) expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true });
    expect(server.connections()).toBe(1);
    server.endConnections();
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true });
    expect(server.connections()).toBe(2);
  });

  it('exchange case 29: a GET whose connection breaks is retried', async () => {
    let tries = 0;
    const { reader } = await connect(() => {
      tries += 1;
      return tries === 1 ? 'reset' : { body: '[]' };
    });
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true });
    expect(server.requests).toHaveLength(2);
  });
});
