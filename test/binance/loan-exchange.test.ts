import { Agent, type Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Exchange, type ExchangeOptions, startExchange } from '../../sandbox/binance/exchange.ts';
import type { Delay } from '../../src/binance/clock.ts';
import { pageParameters } from '../../src/binance/closed-list.ts';
import type { WeightLedger } from '../../src/binance/shared-state.ts';
import { longId } from '../../src/domain/amount.ts';
import type { ReadOptions } from '../../src/usecases/ports.ts';
import { MemoryWeightLedger } from '../fakes/memory-weight-ledger.ts';
import { type RedisParts, redisParts } from '../redis/redis-parts.ts';
import { accountOf, accountsOf, type Client, type ClientOptions, createClient } from './support/client.ts';
import { VirtualTime } from './support/virtual-time.ts';

const NOW: ReadOptions = { priority: 'interactive', fresh: true };
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

/** Three connections to one Redis under one prefix, as three replicas have them; closed after the test. */
async function threeReplicas(): Promise<RedisParts[]> {
  const first = await redisParts(inject('redisUrl'));
  return [
    first,
    await redisParts(inject('redisUrl'), first.prefix),
    await redisParts(inject('redisUrl'), first.prefix),
  ];
}

async function restart(options: ExchangeOptions): Promise<void> {
  await exchange.close();
  exchange = await startExchange(options);
}

describe('limits that the exchange enforces', () => {
  it('exchange case 20: 429 with Retry-After stops that bucket in every process', async () => {
    // Less than that is left of the minute.
    const now = () => 29_920_000 * 60_000 + 45_000;
    await restart({ now });
    const ledger = new MemoryWeightLedger(now);
    const [a, b] = [connect({ ledger, now }), connect({ ledger, now })];
    exchange.inject({ effect: { kind: 'rate-limited', retryAfterS: 17 }, endpoint: 'ltv-details', count: 1 });
    const first = await a.reader.riskUnits(NOW);
    const second = await b.reader.riskUnits(NOW);
    for (const read of [first, second]) {
      expect(read).toMatchObject({ ok: false, failure: { kind: 'busy' } });
      const inMs = read.ok ? 0 : (read.failure.retryAtMs ?? 0) - now();
      expect(inMs).toBeGreaterThan(15_000);
      expect(inMs).toBeLessThanOrEqual(17_100);
    }
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(1);
    expect(a.stopped).toMatchObject([
      { bucket: 'ip/ltv-details', cause: { httpStatus: 429, exchangeCode: -1003 } },
    ]);
    expect(await b.institutionalLoan.activatedUnits(NOW), 'another bucket').toMatchObject({ ok: true });
  });

  it('exchange case 20: 429 without Retry-After stops until the next minute; one of days is reported at once', async () => {
    const { reader } = connect();
    exchange.inject({ effect: { kind: 'rate-limited' }, endpoint: 'ltv-details', count: 1 });
    const read = await reader.riskUnits(NOW);
    expect(read.ok ? null : (read.failure.retryAtMs ?? 1) % 60_000).toBe(0);
    const other = connect({ ledger: new MemoryWeightLedger(Date.now) });
    exchange.inject({
      effect: { kind: 'rate-limited', retryAfterS: 259_200 },
      endpoint: 'ltv-details',
      count: 1,
    });
    await other.reader.riskUnits(NOW);
    const again = await other.reader.riskUnits({ priority: 'background', fresh: true });
    const inMs = again.ok ? 0 : (again.failure.retryAtMs ?? 0) - Date.now();
    expect(inMs).toBeGreaterThan(259_000_000);
  });

  it('exchange case 21: 418 stops every call from this address in every process', async () => {
    const nowMs = Date.now();
    const clock = { now: () => nowMs, monotonic: () => 0 };
    await restart({ now: clock.now });
    const ledger = new MemoryWeightLedger(clock.now);
    const [a, b] = [connect({ ledger, ...clock }), connect({ ledger, ...clock })];
    await Promise.all([a.start(), b.start()]);
    const untilMs = nowMs + 600_000;
    const effect = { kind: 'ip-banned', untilMs, retryAfterS: 120 } as const;
    exchange.inject({ effect, endpoint: 'ltv-details', count: 1 });
    expect(await a.reader.riskUnits(NOW)).toMatchObject({
      ok: false,
      failure: { kind: 'busy', meaning: expect.stringContaining('HTTP 418'), retryAtMs: untilMs },
    });
    const before = exchange.requests().length;
    for (const { reader, closer, institutionalLoan } of [a, b]) {
      expect(await reader.riskUnits(NOW)).toMatchObject({
        ok: false,
        failure: { kind: 'busy', retryAtMs: untilMs },
      });
      expect(await institutionalLoan.activatedUnits(NOW)).toMatchObject({ ok: false });
      expect(await closer.prepareClose(longId('7'))).toMatchObject({ ok: false, failure: { kind: 'busy' } });
    }
    expect(exchange.requests()).toHaveLength(before);
    expect(a.snapshot().stops.length).toBeGreaterThan(5);
  });

  it('exchange case 21: 403 with HTML pauses everything for five minutes, 451 is a region block', async () => {
    const { reader } = connect({ ledger: new MemoryWeightLedger(Date.now) });
    exchange.inject({ effect: { kind: 'region-blocked' }, endpoint: 'ltv-details', count: 1 });
    expect(await reader.riskUnits(NOW)).toMatchObject({
      ok: false,
      failure: { kind: 'region-blocked', meaning: expect.stringMatching(/region.*HTTP 451/) },
    });
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(1);
    exchange.inject({ effect: { kind: 'waf' }, endpoint: 'ltv-details', count: 1 });
    const read = await reader.riskUnits(NOW);
    expect(read).toMatchObject({
      ok: false,
      failure: { kind: 'busy', meaning: expect.stringContaining('HTTP 403') },
    });
    const inMs = read.ok ? 0 : (read.failure.retryAtMs ?? 0) - Date.now();
    expect(inMs).toBeGreaterThan(290_000);
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: false, failure: { kind: 'busy' } });
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(2);
  });

  it.each([
    ['403 (firewall)', { kind: 'waf' }, /firewall .* \(HTTP 403\)/, 300_000],
    ['418 (ban)', { kind: 'ip-banned', untilMs: Date.now() + 900_000 }, /banned .* \(HTTP 418\)/, 900_000],
  ] as const)(
    'exchange case 21: %s before the time was ever read: people are told of the stop and its end',
    async (_, effect, words, lastsMs) => {
      const ledger = new MemoryWeightLedger(Date.now);
      exchange.inject({ effect, endpoint: 'time', count: 1 });
      const [first, later] = [connect({ ledger }), connect({ ledger })];
      for (const { reader, closer } of [first, first, later]) {
        for (const read of [await reader.riskUnits(NOW), await closer.prepareClose(longId('7'))]) {
          expect(read).toMatchObject({ ok: false, failure: { kind: 'busy' } });
          if (read.ok) continue;
          expect(read.failure.meaning).toMatch(words);
          expect(Math.abs((read.failure.retryAtMs ?? 0) - Date.now() - lastsMs)).toBeLessThan(10_000);
        }
      }
      expect(exchange.requests().map(({ endpoint }) => endpoint)).toEqual(['time']);
    },
  );

  it('reports a blocked region also when the exchange time could not be read', async () => {
    exchange.inject({ effect: { kind: 'region-blocked' } });
    const { reader } = connect();
    expect(await reader.riskUnits(NOW)).toMatchObject({
      ok: false,
      failure: { kind: 'region-blocked', meaning: expect.stringContaining('HTTP 451') },
    });
    expect(exchange.requests().filter(({ hasSignature }) => hasSignature)).toEqual([]);
  });

  it('exchange case 18: weight that another program used is adopted from the header', async () => {
    // In the middle of a minute, and it stays there.
    const now = () => 29_920_000 * 60_000 + 30_000;
    await restart({ now });
    const { reader } = connect({ now });
    exchange.spendWeight('ltv-details', 11_700);
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true });
    expect(await reader.riskUnits(NOW)).toMatchObject({
      ok: false,
      failure: { kind: 'busy', meaning: expect.stringContaining('used up for this minute') },
    });
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(1);
  });

  it('three clients on one Redis use at least 98 % of three whole minutes, and are never refused', async () => {
    const time = new VirtualTime(29_920_000 * 60_000 + 45_000);
    await restart({ now: () => Math.floor(time.nowMs) });
    const parts = await threeReplicas();
    let over = false;
    const hammer = async ({ reader }: Client) => {
      while (!over) await reader.riskUnits({ priority: 'interactive', fresh: true });
    };
    // Commands, with the patience of background work: that would leave room in each minute for commands.
    const patienceMs = { interactive: 75_000 };
    const three = parts.map(({ ledger }) =>
      connect({
        now: time.now,
        monotonic: time.now,
        delay: time.delay,
        ledger: heldLedger(ledger, time),
        dispatcher: slowWay(time),
        patienceMs,
        readBudgetMs: 90_000,
      }),
    );
    const hammers = three.flatMap((client) => [0, 1, 2, 3].map(() => hammer(client)));
    const used = () => exchange.weights().find(({ pool }) => pool === 'ltv-details');
    // The first minute is a broken one; after the fifth has begun, three whole ones are over.
    for (let second = 45; second <= 4 * 60; second += 15) await time.advance(15_000);
    over = true;
    await time.advance(75_000);
    await Promise.all(hammers);
    const minutes = used()?.minutes.slice(1, 4) ?? [];
    expect(used()).toMatchObject({ refused: 0 });
    expect(minutes).toHaveLength(3);
    for (const minute of minutes) {
      expect(minute.used).toBeLessThanOrEqual(12_000);
      expect(minute.used).toBeGreaterThanOrEqual(0.98 * 12_000);
    }
  });
});

/** The clock stands still while the shared count is asked. */
function heldLedger(ledger: WeightLedger, time: VirtualTime): WeightLedger {
  const held =
    <Given extends unknown[], Answer>(call: (...given: Given) => Promise<Answer>) =>
    (...given: Given) =>
      call.apply(ledger, given).finally(time.hold());
  return {
    reserve: held(ledger.reserve),
    raise: held(ledger.raise),
    stop: held(ledger.stop),
    stops: held(ledger.stops),
    lift: held(ledger.lift),
    sinceLiftMs: held(ledger.sinceLiftMs),
  };
}

/** Each call is 20 ms on its way to the exchange by the test's clock, whatever it takes on this machine. */
function slowWay(time: VirtualTime): Dispatcher {
  return new Agent().compose((dispatch) => (call, handler) => {
    void time.delay(20).then(() => {
      const over = time.hold();
      dispatch(call, {
        onRequestStart: (...given) => handler.onRequestStart?.(...given),
        onResponseStart: (...given) => handler.onResponseStart?.(...given),
        onResponseData: (...given) => handler.onResponseData?.(...given),
        onResponseEnd(...given) {
          handler.onResponseEnd?.(...given);
          over();
        },
        onResponseError(...given) {
          handler.onResponseError?.(...given);
          over();
        },
      });
    });
    return true;
  });
}

describe('time', () => {
  it('exchange case 28: the time is read before the first signed call, from the same host', async () => {
    const { reader } = connect();
    await reader.riskUnits(NOW);
    const [first] = exchange.requests();
    expect(first).toMatchObject({ endpoint: 'time', hasApiKey: false, hasSignature: false });
    expect(exchange.requests({ endpoint: 'time' })).toHaveLength(5);
  });

  it('exchange case 19: a clock that is 7 s off does no harm', async () => {
    exchange.configure({ skewMs: 7_000 });
    const { reader, snapshot } = connect();
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true });
    expect(Math.round((snapshot().clock?.offsetMs ?? 0) / 100)).toBe(70);
  });

  it('exchange case 28: -1021 on a read: one resync, one freshly signed repeat', async () => {
    const { reader } = connect();
    await reader.riskUnits(NOW);
    exchange.configure({ skewMs: 60_000 });
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: true });
    const sent = exchange.requests({ endpoint: 'ltv-details' });
    expect(sent.map(({ code }) => code)).toEqual([null, -1021, null]);
    expect(exchange.requests({ endpoint: 'time' })).toHaveLength(10);
  });

  it('exchange case 28: a second -1021 surfaces', async () => {
    const { reader } = connect();
    exchange.inject({
      effect: { kind: 'error', status: 400, code: -1021, msg: 'x' },
      endpoint: 'ltv-details',
    });
    expect(await reader.riskUnits(NOW)).toMatchObject({ ok: false, failure: { exchangeCode: -1021 } });
    expect(exchange.requests({ endpoint: 'ltv-details' })).toHaveLength(2);
  });

  it('nothing is signed while the time is not known', async () => {
    exchange.inject({ effect: { kind: 'error', status: 500, msg: 'x' }, endpoint: 'time' });
    const { reader } = connect();
    expect(await reader.riskUnits(NOW)).toMatchObject({
      ok: false,
      failure: { kind: 'unavailable', meaning: expect.stringContaining('clock') },
    });
    expect(exchange.requests().filter(({ hasSignature }) => hasSignature)).toEqual([]);
  });
});

describe('a life', () => {
  it('start asks each credit key for its unit; the status shows it', async () => {
    const client = connect();
    await client.start();
    expect(client.snapshot().accounts).toEqual([
      { name: 'fund-a', role: 'parent', keyKind: 'hmac', units: [], learned: false },
      { name: 'loan-1', role: 'credit', keyKind: 'hmac', units: ['1'], learned: true },
      { name: 'loan-7', role: 'credit', keyKind: 'hmac', units: ['7'], learned: true },
    ]);
    expect(client.snapshot()).toMatchObject({ maintenance: false, sharedCountDown: false, stops: [] });
    expect(client.calls.at(-1)).toMatchObject({
      endpoint: 'ltv-details',
      method: 'GET',
      status: 200,
      weight: 200,
    });
  });

  it("tells its observer the exchange's code where it refused, and null where it gave none", async () => {
    const client = connect();
    await client.start();
    expect(client.calls.at(-1)).toMatchObject({ status: 200, code: null });
    const msg = 'Invalid API-key, IP, or permissions for action.';
    exchange.inject({ effect: { kind: 'error', status: 400, code: -2015, msg, when: 'before' }, count: 1 });
    await client.reader.riskUnits(NOW);
    expect(client.calls.at(-1)).toMatchObject({ endpoint: 'ltv-details', status: 400, code: -2015 });
    exchange.inject({ effect: { kind: 'waf' }, count: 1 });
    await client.reader.riskUnits({ ...NOW, fresh: true });
    expect(client.calls.at(-1)).toMatchObject({ status: 403, code: null });
  });

  it('start does not throw when the exchange is down; it keeps trying and says so', async () => {
    const { port } = exchange;
    await exchange.close();
    const later: (() => void)[] = [];
    const delay: Delay = (ms, signal) =>
      new Promise((resolve) => {
        if (ms < 5_000) setImmediate(resolve);
        else later.push(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    let nowMs = Date.now();
    const client = connect({ delay, now: () => nowMs });
    await client.start();
    expect(client.log.lines.join('\n')).toContain('exchange time could not be read');
    expect(client.snapshot()).toMatchObject({ clock: null, lastSuccessAtMs: null });
    exchange = await startExchange({ port });
    nowMs += 10_000;
    for (const wake of later.splice(0)) wake();
    await expect
      .poll(() => client.snapshot().accounts.every(({ role, learned }) => role === 'parent' || learned))
      .toBe(true);
    expect(await client.reader.riskUnits(NOW)).toMatchObject({ ok: true });
  });

  it('reload takes a new key into use; a close prepared before still goes out with the old one', async () => {
    const client = connect();
    await client.start();
    const prepared = await client.closer.prepareClose(longId('7'));
    // The key that the stand-in does not know yet: whatever is signed from now on would be refused.
    const rotated = accountOf({ name: 'loan-7', role: 'credit', apiKey: 'r'.repeat(64), secret: 'rotated' });
    await client.reload([...accountsOf(exchange, 'fund-a', 'loan-1'), rotated]);
    if (!prepared.ok) throw new Error(prepared.failure.meaning);
    expect(await prepared.value.send()).toMatchObject({ kind: 'closed' });
    exchange.changeAccount({ name: 'loan-1', apiKey: 'n'.repeat(64) });
    expect(await client.reader.riskUnitAsCreditAccount(longId('1'), NOW)).toMatchObject({
      ok: false,
      failure: { exchangeCode: -2015, meaning: expect.stringContaining('"loan-1" (credit)') },
    });
    await client.reload(accountsOf(exchange, 'fund-a', 'loan-1'));
    expect(client.snapshot().accounts.map(({ name, units }) => [name, units])).toEqual([
      ['fund-a', []],
      ['loan-1', ['1']],
    ]);
    expect(await client.reader.riskUnitAsCreditAccount(longId('1'), NOW)).toMatchObject({ ok: true });
  });

  it('exchange case 30: under maintenance nothing signed is sent, and the words say maintenance', async () => {
    exchange.configure({ maintenance: true });
    const client = connect();
    await client.start();
    expect(await client.reader.riskUnits(NOW)).toMatchObject({ ok: false, failure: { kind: 'maintenance' } });
    expect(await client.closer.prepareClose(longId('7'))).toMatchObject({
      ok: false,
      failure: { kind: 'maintenance' },
    });
    expect(exchange.requests().filter(({ hasSignature }) => hasSignature)).toEqual([]);
    expect(client.snapshot().maintenance).toBe(true);
  });

  it('exchange case 30: maintenance that begins later is recognised from its 5xx answers, and its end is noticed', async () => {
    let nowMs = Date.now();
    const client = connect({ now: () => nowMs });
    await client.start();
    exchange.configure({ maintenance: true });
    expect(await client.reader.riskUnits(NOW)).toMatchObject({ ok: false, failure: { kind: 'maintenance' } });
    exchange.configure({ maintenance: false });
    nowMs += 5_000;
    exchange.configure({ skewMs: 5_000 });
    expect(await client.reader.riskUnits(NOW)).toMatchObject({ ok: true });
  });
});

describe('the other reads', () => {
  it('read what the stand-in has, each with the key its page asks for', async () => {
    const client = connect({ names: ['fund-a', 'loan-1', 'loan-15'] });
    await client.start();
    const { institutionalLoan: loan, records, history } = client;
    const activated = await loan.activatedUnits(NOW);
    expect(activated.ok && activated.value.find(({ groupId }) => groupId === '1')?.members).toHaveLength(5);
    const span = { fromMs: Date.now() - 86_400_000, beforeMs: Date.now() };
    const walk = { isStopped: () => false, onProgress: () => {} };
    for (const read of [
      await records.borrowsAndRepays(longId('1'), span, walk),
      await history.interestHistory({ groupId: longId('1'), ...span, toMs: span.beforeMs }, NOW),
      await records.forcedLiquidations(longId('15'), span, walk),
    ]) {
      expect(read).toMatchObject({ ok: true, flaws: [] });
    }
    expect(await loan.maxBorrowable(longId('1'), 'USDT', NOW)).toMatchObject({ ok: true });
    expect(await loan.maxBorrowable(longId('999'), 'USDT', NOW)).toMatchObject({ ok: true, value: null });
    const keys = exchange
      .requests()
      .filter(
        ({ endpoint }) => endpoint !== null && !['time', 'system-status', 'ltv-details'].includes(endpoint),
      )
      .map(({ endpoint, account, weight }) => `${endpoint} ${account} ${weight}`);
    expect(keys).toEqual([
      'activated fund-a 10',
      'borrow-repay loan-1 10',
      'borrow-repay loan-1 10',
      'interest-history loan-1 10',
      'force-liquidation loan-15 1',
      'max-borrowable fund-a 100',
      'max-borrowable fund-a 100',
    ]);
  });

  it.each([
    [0, 10],
    [1, 0],
    [1, 101],
    [1.5, 10],
  ])('exchange case 7: page %d of %d rows would be refused, so it is never asked for', (page, size) => {
    expect(pageParameters(page, size)).toBeNull();
  });

  it('tells a doctor what each key may do', async () => {
    exchange.changeAccount({ name: 'loan-7', enableSpotAndMarginTrading: false });
    const { checks } = connect();
    expect(await checks.isUnderMaintenance()).toBe(false);
    expect(await checks.permissionsOf('loan-7')).toMatchObject({
      ok: true,
      value: { enableReading: true, enableSpotAndMarginTrading: false, enableWithdrawals: false },
    });
    expect(await checks.permissionsOf('nobody')).toMatchObject({
      ok: false,
      failure: { kind: 'no-account' },
    });
  });
});
