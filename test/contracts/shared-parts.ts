/** What the small shared parts must do: run on Redis and on the fakes. */
import { describe, expect, it } from 'vitest';
import { MAX_STOP_MS, type SharedReads, type WeightLedger } from '../../src/binance/shared-state.ts';
import type { SeenOnce } from '../../src/usecases/ports.ts';

export interface SharedPartsUnderTest {
  readonly ledger: WeightLedger;
  readonly reads: SharedReads;
  readonly seen: SeenOnce;
  nowMs(): Promise<number>;
  /** Lets the clock move on by at least so much. */
  passTime(ms: number): Promise<void>;
}

/** Long enough for what is asked before its end, also on a busy machine. */
const SHORT_MS = 200;
const MINUTE = 29_000_000;
const HOUR_MS = 3_600_000;
const LIMITED = { httpStatus: 429, exchangeCode: -1003 };
const BANNED = { httpStatus: 418, exchangeCode: null };

export function sharedPartsContract(name: string, create: () => Promise<SharedPartsUnderTest>): void {
  describe(`${name}: weight ledger`, () => countsWeights(create));
  describe(`${name}: stops`, () => stopsBuckets(create));
  describe(`${name}: shared reads`, () => sharesReads(create));
  describe(`${name}: seen once`, () => remembers(create));
}

type Create = () => Promise<SharedPartsUnderTest>;

function countsWeights(create: Create): void {
  it('gives out exactly the limit in each minute of each bucket', async () => {
    const { ledger } = await create();
    expect(await ledger.reserve('ltv', MINUTE, 200, 500)).toEqual({ ok: true, used: 200 });
    expect(await ledger.reserve('ltv', MINUTE, 200, 500)).toEqual({ ok: true, used: 400 });
    expect(await ledger.reserve('ltv', MINUTE, 101, 500)).toEqual({ ok: false, used: 400 });
    expect(await ledger.reserve('ltv', MINUTE, 100, 500)).toEqual({ ok: true, used: 500 });
    expect(await ledger.reserve('ltv', MINUTE, 1, 500)).toEqual({ ok: false, used: 500 });
    expect(await ledger.reserve('ltv', MINUTE + 1, 1, 500)).toEqual({ ok: true, used: 1 });
    expect(await ledger.reserve('closed', MINUTE, 1, 500)).toEqual({ ok: true, used: 1 });
  });

  it('is raised to what the exchange says, never lowered', async () => {
    const { ledger } = await create();
    await ledger.raise('ltv', MINUTE, 300);
    expect(await ledger.reserve('ltv', MINUTE, 100, 500)).toEqual({ ok: true, used: 400 });
    await ledger.raise('ltv', MINUTE, 350);
    expect(await ledger.reserve('ltv', MINUTE, 100, 500)).toEqual({ ok: true, used: 500 });
    await ledger.raise('ltv', MINUTE, 700);
    expect(await ledger.reserve('ltv', MINUTE, 1, 500)).toEqual({ ok: false, used: 700 });
  });
}

function stopsBuckets(create: Create): void {
  it('hold for their bucket only; the later end wins', async () => {
    const { ledger } = await create();
    await ledger.stop('ltv', HOUR_MS, LIMITED);
    await ledger.stop('ltv', 1_000, BANNED);
    expect(await ledger.reserve('ltv', MINUTE, 1, 500)).toEqual({ ok: false, used: 0 });
    expect(await ledger.reserve('closed', MINUTE, 1, 500)).toEqual({ ok: true, used: 1 });
    const [stop, ...others] = await ledger.stops(['closed', 'ltv']);
    expect([stop, others]).toMatchObject([{ bucket: 'ltv', cause: LIMITED }, []]);
    expect(stop?.leftMs).toBeGreaterThan(HOUR_MS - 10_000);
    expect(stop?.leftMs).toBeLessThanOrEqual(HOUR_MS);
    await ledger.stop('closed', HOUR_MS, BANNED);
    expect(await ledger.reserve('closed', MINUTE, 1, 500)).toEqual({ ok: false, used: 1 });
    expect((await ledger.stops(['ltv', 'closed'])).map(({ bucket }) => bucket)).toEqual(['ltv', 'closed']);
    expect(await ledger.stops([])).toEqual([]);
  });

  it('end by themselves, and a new one after the end counts', async () => {
    const { ledger, passTime } = await create();
    await ledger.stop('ltv', SHORT_MS, LIMITED);
    expect(await ledger.reserve('ltv', MINUTE, 1, 500)).toEqual({ ok: false, used: 0 });
    await passTime(SHORT_MS);
    expect(await ledger.reserve('ltv', MINUTE, 1, 500)).toEqual({ ok: true, used: 1 });
    expect(await ledger.stops(['ltv'])).toEqual([]);
    await ledger.stop('ltv', HOUR_MS, LIMITED);
    expect(await ledger.stops(['ltv'])).toHaveLength(1);
  });

  it('are lifted at once, and how long ago that was is known', async () => {
    const { ledger, passTime } = await create();
    expect(await ledger.sinceLiftMs()).toBeNull();
    await ledger.stop('ltv', HOUR_MS, LIMITED);
    await ledger.stop('closed', HOUR_MS, BANNED);
    await ledger.lift();
    expect(await ledger.stops(['ltv', 'closed'])).toEqual([]);
    expect(await ledger.reserve('ltv', MINUTE, 1, 500)).toEqual({ ok: true, used: 1 });
    await passTime(20);
    expect(await ledger.sinceLiftMs()).toBeGreaterThanOrEqual(20);
    await ledger.stop('ltv', HOUR_MS, LIMITED);
    expect(await ledger.stops(['ltv']), 'a new stop holds').toHaveLength(1);
  });

  it('fault A3: none lasts longer than three days', async () => {
    const { ledger } = await create();
    await ledger.stop('ltv', 31 * 365 * 24 * HOUR_MS, BANNED);
    const [stop] = await ledger.stops(['ltv']);
    expect(stop?.leftMs).toBeLessThanOrEqual(MAX_STOP_MS);
    expect(stop?.leftMs).toBeGreaterThan(MAX_STOP_MS - 10_000);
  });
}

function sharesReads(create: Create): void {
  it('keeps an answer until its end', async () => {
    const { reads, passTime } = await create();
    expect(await reads.get('units')).toBeNull();
    await reads.put('units', '{"a":"é 👍"}', 60_000);
    expect(await reads.get('units')).toBe('{"a":"é 👍"}');
    await reads.put('units', 'short', SHORT_MS);
    expect(await reads.get('units')).toBe('short');
    await passTime(SHORT_MS);
    expect(await reads.get('units')).toBeNull();
  });

  it('lets one caller lead until it releases or its time is up', async () => {
    const { reads, passTime } = await create();
    expect(await reads.tryLead('units', 'one', 60_000)).toBe(true);
    expect(await reads.tryLead('units', 'two', 60_000)).toBe(false);
    expect(await reads.tryLead('units', 'one', 60_000)).toBe(true);
    await reads.release('units', 'two');
    expect(await reads.tryLead('units', 'two', 60_000)).toBe(false);
    await reads.release('units', 'one');
    expect(await reads.tryLead('units', 'two', SHORT_MS)).toBe(true);
    await passTime(SHORT_MS);
    expect(await reads.tryLead('units', 'three', 60_000)).toBe(true);
    await reads.release('units', 'two');
    expect(await reads.tryLead('units', 'four', 60_000)).toBe(false);
  });
}

function remembers(create: Create): void {
  it('is true the first time, and again only after the time is up', async () => {
    const { seen, passTime } = await create();
    expect(await seen.first('delivery', SHORT_MS)).toBe(true);
    expect(await seen.first('delivery', SHORT_MS)).toBe(false);
    expect(await seen.first('another', SHORT_MS)).toBe(true);
    await passTime(SHORT_MS);
    expect(await seen.first('delivery', 60_000)).toBe(true);
    expect(await seen.first('delivery', 60_000)).toBe(false);
  });

  it('is asked without being noted', async () => {
    const { seen, passTime } = await create();
    expect(await seen.has('delivery')).toBe(false);
    expect(await seen.first('delivery', SHORT_MS)).toBe(true);
    expect(await seen.has('delivery')).toBe(true);
    await passTime(SHORT_MS);
    expect(await seen.has('delivery')).toBe(false);
    await seen.first('delivery', 60_000);
    await seen.forget('delivery');
    expect(await seen.has('delivery')).toBe(false);
  });

  it('is true again after it was taken back', async () => {
    const { seen } = await create();
    await seen.first('delivery', 60_000);
    await seen.forget('delivery');
    await seen.forget('never seen');
    expect(await seen.first('delivery', 60_000)).toBe(true);
  });
}
