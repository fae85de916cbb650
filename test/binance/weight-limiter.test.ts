import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AdmitRequest, type AdmitResult, WeightLimiter } from '../../src/binance/weight-limiter.ts';
import { StoreUnavailable } from '../../src/usecases/ports.ts';
import { MemoryWeightLedger } from '../fakes/memory-weight-ledger.ts';
import { capturingLog } from '../support/logs.ts';
import { VirtualTime } from './support/virtual-time.ts';

/** 12:00:00 of an exchange minute. */
const MINUTE_START = 29_920_000 * 60_000;
const LTV: AdmitRequest = {
  bucket: 'ip/ltv-details',
  weight: 200,
  limit: 12_000,
  priority: 'interactive',
  patienceMs: 75_000,
  mustCount: false,
};
const CLOSED: AdmitRequest = { ...LTV, bucket: 'ip/closed', weight: 1 };
const COMMAND = { priority: 'interactive', patienceMs: 2_000 } as const;
const POLL: AdmitRequest = { ...LTV, priority: 'background' };

let time: VirtualTime;
let ledger: MemoryWeightLedger;

beforeEach(() => {
  time = new VirtualTime(MINUTE_START + 10_000);
  ledger = new MemoryWeightLedger(time.now);
});

/** One process: its clock may be off, its knowledge of the exchange's time is right. */
function process(offsetMs = 0, shared = ledger): WeightLimiter {
  const local = () => time.nowMs - offsetMs;
  return new WeightLimiter({
    ledger: shared,
    clock: { nowMs: () => local() + offsetMs, uncertaintyMs: () => 5 },
    delay: time.delay,
    log: capturingLog(),
    monotonic: time.now,
  });
}

/** Notes when a call was admitted, without waiting for it. */
function ask(limiter: WeightLimiter, request: AdmitRequest) {
  const asked: { result: AdmitResult | null; atMs: number } = { result: null, atMs: 0 };
  void limiter.admit(request).then((result) => {
    asked.result = result;
    asked.atMs = time.nowMs - MINUTE_START;
  });
  return asked;
}

const admitted = { kind: 'admitted' };
const LIMITED = { httpStatus: 429, exchangeCode: -1003 };

it('exchange case 16: of 61 calls of two processes the 61st waits for the next server minute; another bucket does not', async () => {
  const [a, b] = [process(), process()];
  for (let call = 0; call < 60; call += 1)
    expect(await (call % 2 ? a : b).admit(LTV)).toMatchObject(admitted);
  const last = ask(a, LTV);
  const other = ask(a, CLOSED);
  await time.advance(40_000);
  expect(other.result).toMatchObject(admitted);
  expect(last.result).toBeNull();
  await time.advance(10_100);
  expect(last.result).toMatchObject(admitted);
  expect(last.atMs, 'just after the turn of the minute').toBe(60_005);
});

it("exchange case 17: the 181st close of one credit account waits, another account's does not", async () => {
  const limiter = process();
  const close = { ...LTV, bucket: 'uid/loan-1/close', weight: 1_000, limit: 180_000, mustCount: true };
  for (let call = 0; call < 180; call += 1) expect(await limiter.admit(close)).toMatchObject(admitted);
  const last = ask(limiter, close);
  expect(await limiter.admit({ ...close, bucket: 'uid/loan-7/close' })).toMatchObject(admitted);
  await time.advance(49_000);
  expect(last.result).toBeNull();
  await time.advance(2_000);
  expect(last.result).toMatchObject(admitted);
});

it('exchange case 18: a higher header is adopted for its minute, a late lower one changes nothing', async () => {
  const [a, b] = [process(), process()];
  for (let call = 0; call < 2; call += 1) await a.admit(LTV);
  await a.noteHeader(LTV.bucket, LTV.limit, 11_900, time.nowMs);
  await a.noteHeader(LTV.bucket, LTV.limit, 600, time.nowMs);
  const refused = await b.admit({ ...LTV, ...COMMAND });
  expect(refused).toMatchObject({ kind: 'busy', why: 'limit', retryAtMs: MINUTE_START + 60_005 });
  await time.advance(50_010);
  for (let call = 0; call < 60; call += 1) expect(await b.admit(LTV)).toMatchObject(admitted);
});

it('exchange case 18: a header that comes after the turn of the minute does not eat the next minute', async () => {
  const limiter = process();
  for (let call = 0; call < 60; call += 1) await limiter.admit(LTV);
  const sentMs = time.nowMs;
  await time.advance(50_010);
  await limiter.noteHeader(LTV.bucket, LTV.limit, 12_000, sentMs);
  for (let call = 0; call < 60; call += 1) expect(await limiter.admit(LTV)).toMatchObject(admitted);
});

it("exchange case 19: with a local clock that is 7 s off the minutes are the server's", async () => {
  for (const offsetMs of [7_000, -7_000]) {
    ledger = new MemoryWeightLedger(time.now);
    const limiter = process(offsetMs);
    const untilTurn = 60_000 - ((time.nowMs - MINUTE_START) % 60_000);
    for (let call = 0; call < 60; call += 1) expect(await limiter.admit(LTV)).toMatchObject(admitted);
    const last = ask(limiter, LTV);
    await time.advance(untilTurn - 100);
    expect(last.result).toBeNull();
    await time.advance(200);
    expect(last.result).toMatchObject(admitted);
  }
});

it('counts a call at the turn of the minute in both minutes it may fall into', async () => {
  const limiter = process();
  await time.advance(49_998);
  expect(await limiter.admit(LTV)).toMatchObject(admitted);
  const minute = MINUTE_START / 60_000;
  expect(await ledger.reserve(LTV.bucket, minute, 0, LTV.limit)).toEqual({ ok: true, used: 200 });
  expect(await ledger.reserve(LTV.bucket, minute + 1, 0, LTV.limit)).toEqual({ ok: true, used: 200 });
});

describe('waiting', () => {
  it('a command that would wait longer than its patience hears so at once, with the time', async () => {
    const limiter = process();
    for (let call = 0; call < 60; call += 1) await limiter.admit(LTV);
    const before = time.nowMs;
    const busy = { kind: 'busy', why: 'limit', retryAtMs: MINUTE_START + 60_005 };
    expect(await limiter.admit({ ...LTV, ...COMMAND })).toMatchObject(busy);
    const waiting = ask(limiter, LTV);
    expect(await limiter.admit({ ...LTV, ...COMMAND }), 'also while others wait').toMatchObject(busy);
    expect(time.nowMs).toBe(before);
    await time.advance(51_000);
    expect(waiting.result).toMatchObject(admitted);
  });

  it('a command waits when the minute is nearly over, and goes before background work that came earlier', async () => {
    const limiter = process();
    for (let call = 0; call < 60; call += 1) await limiter.admit(LTV);
    await time.advance(48_900);
    const order: string[] = [];
    const note = (name: string, request: AdmitRequest) =>
      limiter.admit(request).then((result) => order.push(`${name} ${result.kind}`));
    const all = [note('poll 1', POLL), note('poll 2', POLL), note('poll 3', POLL)];
    await time.advance(50);
    all.push(note('command', { ...LTV, ...COMMAND }));
    await time.advance(50);
    await time.advance(1_100);
    await Promise.all(all);
    expect(order[0]).toBe('command admitted');
    expect(order.slice(1).sort()).toEqual(['poll 1 admitted', 'poll 2 admitted', 'poll 3 admitted']);
  });

  it('the queue is bounded: background work beyond it is turned away, a command still goes in, and first', async () => {
    const limiter = process();
    for (let call = 0; call < 60; call += 1) await limiter.admit(LTV);
    await time.advance(48_900);
    const polls = Array.from({ length: 65 }, () => ask(limiter, POLL));
    const command = ask(limiter, { ...LTV, ...COMMAND });
    await expect.poll(() => polls.filter(({ result }) => result?.kind === 'busy').length).toBe(5);
    expect(polls.slice(60).map(({ result }) => result)).toEqual(
      Array.from({ length: 5 }, () => expect.objectContaining({ kind: 'busy', why: 'queue-full' })),
    );
    for (let step = 0; step < 20; step += 1) await time.advance(1);
    await time.advance(1_200);
    expect(command.result).toMatchObject(admitted);
  });
});

describe('background work beside commands', () => {
  it('takes half of the weight of a minute at once and spreads the rest; a command never waits for it', async () => {
    time = new VirtualTime(MINUTE_START + 100);
    ledger = new MemoryWeightLedger(time.now);
    const [a, b] = [process(), process()];
    const polls = Array.from({ length: 100 }, (_, index) => ask(index % 2 ? a : b, POLL));
    const done = () => polls.filter(({ result }) => result?.kind === 'admitted').length;
    await time.advance(0);
    expect(done()).toBe(30);
    for (let second = 1; second <= 25; second += 1) {
      await time.advance(1_000);
      const command = await a.admit({ ...LTV, ...COMMAND });
      expect(command, `second ${second}`).toMatchObject({ kind: 'admitted', waitMs: 0 });
    }
    // 25 commands took what came meanwhile, and more: half of 30 would have been the background's by now.
    expect(done()).toBe(30);
    await time.advance(33_000);
    await expect.poll(done).toBe(35);
    await time.advance(2_000);
    await expect.poll(done).toBe(65);
  });

  it('does not hold a command behind a poll that waits for its pace', async () => {
    const limiter = process();
    for (let call = 0; call < 40; call += 1) await limiter.admit(LTV);
    const poll = ask(limiter, POLL);
    await time.advance(0);
    expect(poll.result).toBeNull();
    expect(await limiter.admit({ ...LTV, ...COMMAND })).toMatchObject({ kind: 'admitted', waitMs: 0 });
    await time.advance(40_000);
    expect(poll.result).toMatchObject(admitted);
  });
});

describe('stops', () => {
  it('exchange case 20: a stop holds in every process until it is over, for its bucket only', async () => {
    const [a, b] = [process(), process()];
    await a.stops.stop([LTV.bucket], time.nowMs + 17_000, LIMITED);
    expect(await a.admit({ ...LTV, ...COMMAND })).toMatchObject({
      kind: 'busy',
      why: 'stopped',
      cause: LIMITED,
    });
    expect(await b.admit({ ...LTV, ...COMMAND })).toMatchObject({
      kind: 'busy',
      why: 'stopped',
      cause: LIMITED,
      retryAtMs: time.nowMs + 17_000,
    });
    expect(await b.admit(CLOSED)).toMatchObject(admitted);
    const patient = ask(b, LTV);
    await time.advance(16_900);
    expect(patient.result).toBeNull();
    await time.advance(200);
    expect(patient.result).toMatchObject(admitted);
  });

  it('exchange case 20: a stop of days is reported, not slept through', async () => {
    const limiter = process();
    const untilMs = time.nowMs + 259_200_000;
    await limiter.stops.stop([LTV.bucket], untilMs, LIMITED);
    expect(await limiter.admit(LTV)).toMatchObject({ kind: 'busy', why: 'stopped', retryAtMs: untilMs });
  });

  it('the later of two stops wins', async () => {
    const limiter = process();
    await limiter.stops.stop([LTV.bucket], time.nowMs + 30_000, LIMITED);
    await limiter.stops.stop([LTV.bucket], time.nowMs + 10_000, { httpStatus: 418, exchangeCode: null });
    expect(limiter.stops.of(LTV.bucket)).toMatchObject({ untilMs: time.nowMs + 30_000, cause: LIMITED });
  });
});

describe('exchange case 22: without the shared count', () => {
  class Outage extends MemoryWeightLedger {
    down = true;
    override async reserve(...args: Parameters<MemoryWeightLedger['reserve']>) {
      if (this.down) throw new StoreUnavailable(new Error('gone'));
      return super.reserve(...args);
    }
  }
  let outage: Outage;

  beforeEach(() => {
    outage = new Outage(time.now);
  });

  it('a close is not admitted', async () => {
    expect(await process(0, outage).admit({ ...LTV, mustCount: true })).toEqual({ kind: 'uncounted' });
  });

  it('reads go on within 5 % of the limit a minute, and heal by themselves', async () => {
    const limiter = process(0, outage);
    for (let call = 0; call < 3; call += 1) expect(await limiter.admit(LTV)).toMatchObject(admitted);
    expect(await limiter.admit({ ...LTV, ...COMMAND })).toMatchObject({ kind: 'busy' });
    const waiting = ask(limiter, LTV);
    await time.advance(50_100);
    expect(waiting.result, 'the next minute has a budget of its own').toMatchObject(admitted);
    outage.down = false;
    for (let call = 0; call < 60; call += 1) expect(await limiter.admit(LTV)).toMatchObject(admitted);
    expect(limiter.snapshot().ledgerDown).toBe(false);
  });

  it('a ledger that never answers counts as down', async () => {
    const silent = Object.assign(new MemoryWeightLedger(time.now), {
      reserve: () => new Promise<never>(() => {}),
    });
    expect(await process(0, silent).admit({ ...LTV, mustCount: true })).toEqual({ kind: 'uncounted' });
  });
});

afterEach(async () => {
  // Whatever still waits is let go, so that no test leaves a promise behind.
  await time.advance(200_000);
});
