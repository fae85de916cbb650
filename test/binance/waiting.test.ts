/** Issue 11, "waiting behind others, or for ever": time budgets, lanes, stops that end and can be lifted. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import { CoalescedRead } from '../../src/binance/coalesced-read.ts';
import { createHttp } from '../../src/binance/http.ts';
import {
  createLoanExchange,
  type LoanExchange,
  type LoanExchangeOptions,
} from '../../src/binance/loan-exchange.ts';
import { MAX_STOP_MS, TimedLedger } from '../../src/binance/shared-state.ts';
import { Stops } from '../../src/binance/stops.ts';
import { BucketCount } from '../../src/binance/weight-count.ts';
import { WeightLimiter } from '../../src/binance/weight-limiter.ts';
import { longId } from '../../src/domain/amount.ts';
import type { ExchangeStop, ReadOptions } from '../../src/usecases/ports.ts';
import { MemorySharedReads } from '../fakes/memory-shared-reads.ts';
import { MemoryWeightLedger } from '../fakes/memory-weight-ledger.ts';
import { redisParts } from '../redis/redis-parts.ts';
import { ALICE, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { capturingLog } from '../support/logs.ts';
import { accountOf, type Client, type ClientOptions, createClient, quickDelay } from './support/client.ts';
import { type ScriptedServer, scriptedServer } from './support/scripted-server.ts';
import { VirtualTime } from './support/virtual-time.ts';

const NOW: ReadOptions = { priority: 'interactive', fresh: true };
const HOUR_MS = 3_600_000;
const MINUTE_START = 29_920_000 * 60_000;
const LIMITED = { httpStatus: 429, exchangeCode: -1003 };
const LTV = {
  bucket: 'ip/ltv-details',
  weight: 200,
  limit: 12_000,
  priority: 'interactive',
  patienceMs: 75_000,
  mustCount: false,
} as const;

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function standIn(options: Parameters<typeof startExchange>[0] = {}): Promise<Exchange> {
  const exchange = await startExchange(options);
  ends.push(() => exchange.close());
  return exchange;
}

function connect(exchange: Exchange, options: ClientOptions = {}): Client {
  const client = createClient(exchange, options);
  ends.push(() => client.stop());
  return client;
}

async function scripted(answer: Parameters<typeof scriptedServer>[0]): Promise<ScriptedServer> {
  const server = await scriptedServer(answer);
  ends.push(() => server.close());
  return server;
}

function connectTo(url: string, options: Partial<LoanExchangeOptions> = {}): LoanExchange {
  const client = createLoanExchange({
    closeMode: 'live',
    baseUrl: url,
    accounts: [
      accountOf({ name: 'fund-a', role: 'parent', apiKey: 'p', secret: 's' }),
      accountOf({ name: 'loan-1', role: 'credit', apiKey: 'c1', secret: 's' }),
      accountOf({ name: 'loan-2', role: 'credit', apiKey: 'c2', secret: 's' }),
    ],
    ledger: new MemoryWeightLedger(Date.now),
    sharedReads: new MemorySharedReads(Date.now),
    log: capturingLog(),
    delay: quickDelay,
    ...options,
  });
  ends.push(() => client.stop());
  return client;
}

async function tookMs(work: Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work;
  return performance.now() - startedMs;
}

describe('one time budget for a read', () => {
  const BUDGET_MS = 300;

  it.each([
    ['fault A1: an exchange that hangs', 'hang' as const],
    ['fault A1, relative: one that answers 500 and then hangs', { status: 500, body: '' }],
  ])('%s holds a person for the budget, whatever is asked', async (_, first) => {
    let asked = 0;
    const server = await scripted(() => {
      asked += 1;
      return asked === 1 ? first : 'hang';
    });
    const { reader } = connectTo(server.url, { readBudgetMs: BUDGET_MS });
    const one = longId('1');
    const reads = [
      () => reader.riskUnits(NOW),
      () => reader.riskUnits({ priority: 'interactive' }),
      () => reader.riskUnitAsCreditAccount(one, NOW),
      () => reader.closedUnits(NOW),
      () => reader.findClosedUnit(one, NOW),
      () => reader.canClose(one),
    ];
    for (const read of reads) {
      const result = read();
      expect(await tookMs(result)).toBeLessThan(BUDGET_MS + 500);
      expect(await result).toMatchObject({ ok: false, failure: { kind: 'unavailable' } });
    }
  });

  it('fault A1, relative: an exchange whose time cannot be read either', async () => {
    const exchange = await standIn();
    exchange.inject({ effect: { kind: 'hang' } });
    const { reader } = connect(exchange, { readBudgetMs: BUDGET_MS });
    const read = reader.riskUnits(NOW);
    expect(await tookMs(read)).toBeLessThan(BUDGET_MS + 500);
    expect(await read).toMatchObject({ ok: false });
  });

  it('fault A1, relative: a read for a person does not wait behind background work for the same', async () => {
    const shared = new MemorySharedReads(Date.now);
    const coalesced = new CoalescedRead({ shared, nowMs: Date.now, delay: quickDelay, newToken: randomUUID });
    const list = { kind: 'read', value: [], asOfMs: Date.now() } as const;
    void coalesced.read('units', 'background', () => new Promise(() => {}));
    await new Promise(setImmediate);
    expect(await coalesced.read('units', 'interactive', async () => list)).toBe(list);
  });
});

describe("a close's own calls", () => {
  it('fault A1: have connections of their own, whatever hangs on those of people', async () => {
    const server = await scripted(({ path }) => (path === '/hang' ? 'hang' : { body: 'now' }));
    const http = createHttp({ baseUrl: server.url });
    ends.push(() => http.close());
    const get = { method: 'GET', headers: {} } as const;
    for (let call = 0; call < 70; call += 1) void http.exchange({ ...get, target: '/hang' });
    await expect.poll(() => server.requests.length).toBe(64);
    const waiting = http.exchange({ ...get, target: '/now', timeoutMs: 100 });
    expect(await http.exchange({ ...get, target: '/now', lane: 'close' })).toMatchObject({ body: 'now' });
    expect(await waiting, 'one of people waits').toMatchObject({ kind: 'failed', written: false });
  });

  it('fault A1, relative: go before people who already wait for their weight', async () => {
    const time = new VirtualTime(MINUTE_START + 59_000);
    const ledger = new MemoryWeightLedger(time.now);
    const limiter = new WeightLimiter({
      ledger,
      clock: { nowMs: time.now, uncertaintyMs: () => 5 },
      delay: time.delay,
      log: capturingLog(),
      monotonic: time.now,
    });
    await ledger.raise(LTV.bucket, MINUTE_START / 60_000, 12_000);
    // Only one call fits into the next minute.
    await ledger.raise(LTV.bucket, MINUTE_START / 60_000 + 1, 11_800);
    const order: string[] = [];
    const ask = (name: string, priority: 'close' | 'interactive') =>
      void limiter
        .admit({ ...LTV, priority, patienceMs: 30_000 })
        .then(({ kind }) => order.push(`${name} ${kind}`));
    ask('first person', 'interactive');
    ask('second person', 'interactive');
    await time.advance(100);
    ask('close', 'close');
    await time.advance(1_500);
    expect(order[0]).toBe('close admitted');
    expect(order).not.toContain('first person admitted');
    await time.advance(40_000);
  });
});

describe("looking for a closed unit ends with the owner's answer", () => {
  const rows = (groupId: number) => ({
    body: JSON.stringify({
      total: 1,
      rows: [{ groupId, parentEmail: 'p', creditEmail: 'c1', enabled: false, createTime: 1, closeTime: 2 }],
    }),
  });

  it.each([
    ['fault A4: its key has shown the unit', true, 1, { groupId: '1' }],
    ['fault A4: its key has shown the unit, and its list does not have it', true, 5, null],
    ['fault A4, relative: no key has shown it, and one list has it', false, 1, { groupId: '1' }],
  ])('%s, while another key hangs', async (_, isKnown, listed, found) => {
    const server = await scripted(({ path, apiKey }) => {
      if (path.endsWith('closed')) return apiKey === 'c1' ? rows(listed) : 'hang';
      const unit = { groupId: 1, ltv: null };
      return { body: JSON.stringify(isKnown && apiKey === 'c1' ? [unit] : []) };
    });
    const { reader } = connectTo(server.url);
    if (isKnown) await reader.canClose(longId('1'));
    const read = reader.findClosedUnit(longId('1'), NOW);
    expect(await tookMs(read)).toBeLessThan(2_000);
    expect(await read).toMatchObject({ ok: true, value: found });
  });
});

describe('a stop', () => {
  it.each([
    ['fault A2: 429 with Retry-After 0', { kind: 'rate-limited', retryAfterS: 0 }, 15_000],
    ['fault A2: 418 with Retry-After 0', { kind: 'ip-banned', untilMs: 1, retryAfterS: 0 }, 120_000],
    [
      'fault A3: 429 with Retry-After 999999999',
      { kind: 'rate-limited', retryAfterS: 999_999_999 },
      MAX_STOP_MS,
    ],
    [
      'fault A3: 418 until 2057',
      { kind: 'ip-banned', untilMs: 2_745_532_800_000, retryAfterS: 999_999_999 },
      MAX_STOP_MS,
    ],
  ] as const)('%s lasts as long as it can', async (_, effect, lastsMs) => {
    const now = () => MINUTE_START + 45_000;
    const exchange = await standIn({ now });
    const { reader, stopped } = connect(exchange, { now, ledger: new MemoryWeightLedger(now) });
    await reader.riskUnits(NOW);
    exchange.inject({ effect, endpoint: 'ltv-details', count: 1 });
    await reader.riskUnits(NOW);
    const stop = stopped.find(({ bucket }) => bucket === 'ip/ltv-details');
    expect(Math.round(((stop?.untilMs ?? 0) - now()) / 1_000)).toBe(lastsMs / 1_000);
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: false, failure: { kind: 'busy' } });
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(2);
  });

  it('fault A3: is seen and lifted by an approver, in every replica, and comes back if the exchange means it', async () => {
    const exchange = await standIn();
    const first = await redisParts(inject('redisUrl'));
    const second = await redisParts(inject('redisUrl'), first.prefix);
    const [a, b] = [
      connect(exchange, { ledger: first.ledger }),
      connect(exchange, { ledger: second.ledger }),
    ];
    exchange.inject({
      effect: { kind: 'rate-limited', retryAfterS: 86_400 },
      endpoint: 'ltv-details',
      count: 2,
    });
    for (const { reader } of [a, b])
      expect(await reader.riskUnits(NOW)).toMatchObject({ failure: { kind: 'busy' } });
    const harness = new DeskHarness({}, { stops: b.stops });
    expect(await harness.desk.liftStop(REQUESTER)).toMatchObject({ refusal: { code: 'role-missing' } });
    expect(await harness.desk.liftStop(ALICE)).toMatchObject({
      ok: true,
      value: [{ bucket: 'ip/ltv-details', cause: LIMITED }],
    });
    expect(await harness.desk.liftStop(ALICE), 'nothing is left to lift').toMatchObject({
      ok: true,
      value: [],
    });
    // The second 429 was not used up: the first replica was stopped in time.
    expect(await b.reader.riskUnits(NOW)).toMatchObject({
      failure: { kind: 'busy', meaning: expect.stringContaining('HTTP 429') },
    });
    expect(await a.stops.list()).toMatchObject([{ bucket: 'ip/ltv-details' }]);
    await a.stops.lift();
    await expect.poll(async () => (await b.reader.riskUnits(NOW)).ok, { timeout: 5_000 }).toBe(true);
    expect(await a.reader.riskUnits(NOW)).toMatchObject({ ok: true });
  });

  it('fault A3, relative: a lift in one replica does not undo what another was told afterwards', () => {
    let nowMs = 0;
    const onStop = () => {};
    const ledger = new TimedLedger(new MemoryWeightLedger(() => nowMs), capturingLog());
    const stops = new Stops({ ledger, nowMs: () => nowMs, monotonic: () => nowMs, onStop });
    stops.note('before', HOUR_MS, LIMITED);
    nowMs += 1_000;
    stops.note('after', HOUR_MS, LIMITED);
    nowMs += 500;
    stops.forget(700);
    expect(stops.inForce().map(({ bucket }) => bucket)).toEqual(['after']);
  });
});

describe('a clock that is an hour ahead for a while', () => {
  it('fault A5: a bucket that filled meanwhile is open again when the clock is right', async () => {
    const time = new VirtualTime(MINUTE_START + 10_000);
    let aheadMs = HOUR_MS;
    const limiter = new WeightLimiter({
      ledger: new MemoryWeightLedger(time.now),
      clock: { nowMs: () => time.nowMs + aheadMs, uncertaintyMs: () => 5 },
      delay: time.delay,
      log: capturingLog(),
      monotonic: time.now,
    });
    const command = { ...LTV, patienceMs: 0 };
    for (let call = 0; call < 60; call += 1)
      expect(await limiter.admit(command)).toMatchObject({ kind: 'admitted' });
    expect(await limiter.admit(command)).toMatchObject({ kind: 'busy' });
    aheadMs = 0;
    for (let call = 0; call < 60; call += 1)
      expect(await limiter.admit(command)).toMatchObject({ kind: 'admitted' });
  });

  it('fault A5, relative: a stop that came meanwhile lasts as long as it was meant', async () => {
    const time = new VirtualTime(MINUTE_START + 10_000);
    let aheadMs = HOUR_MS;
    const noted: ExchangeStop[] = [];
    const ledger = new MemoryWeightLedger(time.now);
    const limiter = new WeightLimiter({
      ledger,
      clock: { nowMs: () => time.nowMs + aheadMs, uncertaintyMs: () => 5 },
      delay: time.delay,
      log: capturingLog(),
      monotonic: time.now,
      onStop: (stop) => noted.push(stop),
    });
    await limiter.stops.stop([LTV.bucket], time.nowMs + aheadMs + 50_000, LIMITED);
    aheadMs = 0;
    expect(limiter.stops.of(LTV.bucket)?.untilMs).toBe(time.nowMs + 50_000);
    expect(await ledger.stops([LTV.bucket])).toMatchObject([{ leftMs: 50_000 }]);
    await time.advance(50_001);
    expect(await limiter.admit({ ...LTV, patienceMs: 0 })).toMatchObject({ kind: 'admitted' });
    expect(noted).toHaveLength(1);
  });

  it('fault A5, relative: what was counted meanwhile is forgotten, not kept for its hour', () => {
    const count = new BucketCount(12_000);
    count.noteUsed(60, 12_000);
    count.noteFull(60);
    count.noteUsed(0, 200);
    expect([count.isFull(60), count.usedIn(60), count.usedIn(0)]).toEqual([false, 0, 200]);
  });
});

describe('an attacker who can write to Redis', () => {
  it('fault R9: counters that are wiped do not let more out than the limit', async () => {
    const nowMs = MINUTE_START + 30_000;
    const now = () => nowMs;
    const exchange = await standIn({ now });
    const first = await redisParts(inject('redisUrl'));
    const second = await redisParts(inject('redisUrl'), first.prefix);
    const two = [first, second].map(({ ledger }) =>
      connect(exchange, { ledger, now, patienceMs: { interactive: 0 } }),
    );
    for (let call = 0; call < 80; call += 1) {
      await two[call % 2]?.reader.riskUnits(NOW);
      if (call % 7 === 0)
        await first.connection.client.del(first.keys.weight('ip/ltv-details', MINUTE_START / 60_000));
    }
    expect(exchange.weights().find(({ pool }) => pool === 'ltv-details')).toMatchObject({
      used: 12_000,
      refused: 0,
    });
  });

  it('fault R9, relative: a counter of rubbish, or below zero, neither blocks nor opens', async () => {
    const { ledger, connection, keys } = await redisParts(inject('redisUrl'));
    await connection.client.set(keys.weight('ltv', 1), '-1000000');
    const limiter = new WeightLimiter({
      ledger,
      clock: { nowMs: () => 90_000, uncertaintyMs: () => 5 },
      delay: quickDelay,
      log: capturingLog(),
    });
    await limiter.noteHeader('ltv', 500, 450, 90_000);
    expect(await limiter.admit({ ...LTV, bucket: 'ltv', limit: 500, patienceMs: 0 })).toMatchObject({
      kind: 'busy',
    });
    await connection.client.hset(keys.stops, 'ltv', 'rubbish');
    expect(await ledger.reserve('ltv', 2, 1, 500)).toEqual({ ok: true, used: 1 });
    expect(await ledger.stops(['ltv'])).toEqual([]);
  });

  it('fault R9: a stop until 2057 lasts three days at most, and can be lifted', async () => {
    const { ledger, connection, keys } = await redisParts(inject('redisUrl'));
    await connection.client.hset(keys.stops, 'ltv', '2745532800000 HTTP 418');
    expect(await ledger.reserve('ltv', 1, 1, 500)).toEqual({ ok: false, used: 0 });
    const [stop] = await ledger.stops(['ltv']);
    expect(stop?.leftMs).toBeLessThanOrEqual(MAX_STOP_MS);
    expect(stop?.cause, 'words of an older version').toEqual({ httpStatus: null, exchangeCode: null });
    const stored = await connection.client.hget(keys.stops, 'ltv');
    expect(Number(stored?.split(' ')[0]), 'it was cut, so that it does end').toBeLessThan(
      Date.now() + MAX_STOP_MS + 60_000,
    );
    await ledger.lift();
    expect(await ledger.reserve('ltv', 1, 1, 500)).toEqual({ ok: true, used: 1 });
  });

  it('fault R9, relative: a lift in the future lifts nothing', async () => {
    const { ledger, connection, keys } = await redisParts(inject('redisUrl'));
    await connection.client.set(keys.stopsLifted, '2745532800000');
    expect(await ledger.sinceLiftMs()).toBeNull();
  });

  describe('fault R7: an answer that was not sealed by this deployment is not shown', () => {
    const forged = (asOfMs: number) => JSON.stringify({ kind: 'read', value: [], asOfMs });

    it('fault R7: `ltv-details` with `asOfMs` a year ahead', async () => {
      const exchange = await standIn();
      const parts = await redisParts(inject('redisUrl'));
      const { reader } = connect(exchange, { sharedReads: parts.reads, ledger: parts.ledger });
      const key = 'ltv-details/fund-a/all';
      for (const asOfMs of [Date.now() + 365 * 24 * HOUR_MS, Date.now()]) {
        await parts.connection.client.set(parts.keys.sharedRead(key), forged(asOfMs));
        const read = await reader.riskUnits({ priority: 'interactive' });
        expect(read.ok && read.value.length).toBe(exchange.units().length);
        await parts.connection.client.del(parts.keys.sharedRead(key));
      }
    });

    it('fault R7, relative: a sealed one under another name, an altered one, one of another deployment', async () => {
      const parts = await redisParts(inject('redisUrl'));
      const { reads, keys } = parts;
      const { client } = parts.connection;
      await reads.put('one', 'figures', 60_000);
      const stored = (await client.get(keys.sharedRead('one'))) ?? '';
      await client.set(keys.sharedRead('two'), stored);
      await client.set(keys.sharedRead('three'), stored.replace('figures', 'figurez'));
      await client.set(keys.sharedRead('four'), `${randomBytes(32).toString('hex')} figures`);
      await client.set(keys.sharedRead('five'), 'é');
      expect(await reads.get('one')).toBe('figures');
      for (const key of ['two', 'three', 'four', 'five']) expect(await reads.get(key), key).toBeNull();
    });

    it('fault R7, relative: also a sealed one is not believed when it is of the future', async () => {
      const exchange = await standIn();
      const sharedReads = new MemorySharedReads(Date.now);
      const { reader } = connect(exchange, { sharedReads });
      await sharedReads.put('ltv-details/fund-a/all', forged(Date.now() + 60_000), 60_000);
      const read = await reader.riskUnits({ priority: 'interactive' });
      expect(read.ok && read.value.length).toBe(exchange.units().length);
    });
  });
});
