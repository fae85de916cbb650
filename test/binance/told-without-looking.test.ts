/** Issue 11, "told without having looked": what the exchange's answers prove, and what people are told of them. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import {
  createLoanExchange,
  type LoanExchange,
  type LoanExchangeOptions,
} from '../../src/binance/loan-exchange.ts';
import { unitMessage } from '../../src/slack/views/unit-view.ts';
import { unitsMessage } from '../../src/slack/views/units-view.ts';
import type { ReadOptions } from '../../src/usecases/ports.ts';
import { MemorySharedReads } from '../fakes/memory-shared-reads.ts';
import { MemoryWeightLedger } from '../fakes/memory-weight-ledger.ts';
import { ALICE, BOB, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, UNIT, VIEWER } from '../support/desk-harness.ts';
import { capturingLog } from '../support/logs.ts';
import { accountOf, createClient, quickDelay } from './support/client.ts';
import {
  type ScriptedAnswer,
  type ScriptedRequest,
  type ScriptedServer,
  scriptedServer,
} from './support/scripted-server.ts';

const NOW: ReadOptions = { priority: 'interactive', fresh: true };
const DAY_MS = 86_400_000;

let server: ScriptedServer | null = null;
let client: LoanExchange | null = null;
let exchange: Exchange | null = null;

afterEach(async () => {
  await client?.stop();
  await server?.close();
  await exchange?.close();
  client = server = exchange = null;
});

/** A client of keys p (parent), c7 (owner of unit 7) and c8 (of unit 8). */
async function connect(
  answer: (request: ScriptedRequest) => ScriptedAnswer,
  options: Partial<LoanExchangeOptions> = {},
): Promise<LoanExchange> {
  server = await scriptedServer(answer);
  client = createLoanExchange({
    closeMode: 'live',
    baseUrl: server.url,
    accounts: [
      accountOf({ name: 'fund-a', role: 'parent', apiKey: 'p', secret: 's' }),
      accountOf({ name: 'loan-7', role: 'credit', apiKey: 'c7', secret: 's' }),
      accountOf({ name: 'loan-8', role: 'credit', apiKey: 'c8', secret: 's' }),
    ],
    ledger: new MemoryWeightLedger(options.now ?? Date.now),
    sharedReads: new MemorySharedReads(options.now ?? Date.now),
    log: capturingLog(),
    delay: quickDelay,
    ...options,
  });
  return client;
}

const row = (groupId: number, changes: object = {}) => ({
  groupId,
  parentEmail: 'p@test.com',
  creditEmail: `credit${groupId}@test.com`,
  updateTime: 1_752_137_105_623,
  ltv: '0',
  totalNetEquity: '10',
  totalMaintenanceMargin: '0',
  totalLiability: '0',
  liabilities: [],
  collateralAccounts: [],
  ...changes,
});
const OWING = {
  ltv: '0.5',
  totalLiability: '5',
  liabilities: [{ assetName: 'USDT', principal: '5', interest: '0' }],
};
const closedRow = (groupId: number, changes: object = {}) => ({
  groupId,
  parentEmail: 'p@test.com',
  creditEmail: `credit${groupId}@test.com`,
  enabled: false,
  createTime: Date.now() - 10 * DAY_MS,
  closeTime: Date.now() + 1_000,
  ...changes,
});

interface Lists {
  /** What the parent sees; each credit key sees the rows of its own id. */
  units: object[];
  /** By API key. */
  closed: Record<string, object[]>;
}

/** Answers from these lists as they are at that moment. */
function from(lists: Lists) {
  return ({ path, apiKey, query }: ScriptedRequest): ScriptedAnswer => {
    if (path.endsWith('/closed')) {
      const rows = lists.closed[apiKey ?? ''] ?? [];
      const from = (Number(query.get('current')) - 1) * 100;
      return { body: JSON.stringify({ total: rows.length, rows: rows.slice(from, from + 100) }) };
    }
    if (!path.endsWith('/ltv-details')) return { body: '{}' };
    const asked = query.get('groupId') ?? (apiKey === 'p' ? null : (apiKey ?? '').slice(1));
    const shown = lists.units.filter(
      (unit) => asked === null || String('groupId' in unit ? unit.groupId : '') === asked,
    );
    return { body: JSON.stringify(shown) };
  };
}

async function deskOn(lists: Lists): Promise<DeskHarness> {
  const { reader } = await connect(from(lists));
  const harness = new DeskHarness({}, { reader });
  harness.nowMs = Date.now();
  return harness;
}

describe('an unreadable row', () => {
  const lists = (changes: object): Lists => ({ units: [row(1), row(7, changes)], closed: {} });

  it.each([
    ['fault T4: `ltv: null`, asked by id', { ltv: null }, '7'],
    ['fault T4, relative: asked by a part of its account', { ltv: null }, 'credit7'],
    ['fault T4, relative: a row whose id cannot be read may be the unit', { groupId: 'x', ltv: null }, '7'],
  ])('%s: the answer says that it is listed and cannot be read', async (_, changes, query) => {
    const { desk } = await deskOn(lists(changes));
    const view = await desk.viewUnits(VIEWER, query);
    expect(view).toMatchObject({
      ok: false,
      refusal: { code: 'unit-unreadable', input: query, rows: [expect.stringContaining('ltv: is null')] },
    });
  });

  it('fault T4, relative: another unit is shown as it is, and an id that no row can be is unknown', async () => {
    const { desk } = await deskOn(lists({ ltv: null }));
    expect(await desk.viewUnits(VIEWER, '1')).toMatchObject({ ok: true, value: { kind: 'one' } });
    expect(await desk.viewUnits(VIEWER, '99')).toMatchObject({ refusal: { code: 'unknown-unit' } });
    const all = await desk.viewUnits(VIEWER, '');
    expect(all).toMatchObject({ ok: true, value: { flaws: [expect.stringContaining('unit 7')] } });
    const home = await desk.home(VIEWER);
    expect(home).toMatchObject({
      ok: true,
      value: { units: { flaws: [expect.stringContaining('unit 7')] } },
    });
  });

  it('fault T4, relative: a close of it cannot be asked for, and one of another unit can', async () => {
    const { desk } = await deskOn({ units: [row(8), row(7, { ltv: null })], closed: {} });
    expect(await desk.prepareAsk(REQUESTER, '7')).toMatchObject({
      refusal: { code: 'exchange-unavailable' },
    });
    expect(await desk.prepareAsk(REQUESTER, '8')).toMatchObject({ ok: true });
  });
});

describe('fault T5: a unit that is listed twice, repaid and owing', () => {
  const twice = (): Lists => ({ units: [row(7), row(7, OWING), row(8)], closed: {} });

  it('fault T5: counts once in totals, with its worse figures, and is warned of', async () => {
    const { desk } = await deskOn(twice());
    const view = await desk.viewUnits(VIEWER, '');
    if (!view.ok || view.value.kind !== 'many') throw new Error('no units');
    const { text, blocks } = unitsMessage(view.value, '');
    expect(text).toMatch(/\b2 units\b/);
    expect(text).toContain('Owed 5 ·');
    expect(JSON.stringify(blocks)).toContain('unit 7 is listed 2 times');
  });

  it('fault T5: is no unit to ask for, to vote on, or to send', async () => {
    const lists: Lists = { units: [row(7)], closed: {} };
    let nowMs = Date.now();
    const { reader } = await connect(from(lists), { now: () => nowMs });
    const harness = new DeskHarness({}, { reader });
    harness.nowMs = nowMs;
    const request = await harness.open();
    expect((await harness.approve(ALICE, request)).ok).toBe(true);
    lists.units = twice().units;
    nowMs += 2_001;
    expect(await harness.approve(BOB, request)).toMatchObject({ refusal: { code: 'exchange-unavailable' } });
    expect(await harness.desk.openBallot(BOB, request.id, 1)).toMatchObject({ ok: false });
    expect(await reader.riskUnitAsCreditAccount(UNIT, NOW), 'the last look before a send').toMatchObject({
      ok: false,
      failure: { meaning: expect.stringContaining('listed 2 times') },
    });
    expect(harness.exchange.deletes).toEqual([]);
  });

  it('fault T5, relative: shown alone, it is warned of and cannot be closed', async () => {
    const { desk } = await deskOn({ units: [row(7), row(7), row(7)], closed: {} });
    const view = await desk.viewUnits(REQUESTER, '7');
    if (!view.ok || view.value.kind !== 'one') throw new Error('no unit');
    expect(view.value.whyNotClose).toMatchObject({ code: 'unit-unreadable' });
    const drawn = JSON.stringify(unitMessage(view.value, '7').blocks);
    expect(drawn).toContain('unit 7 is listed 3 times');
    expect(drawn).not.toContain('Ask to close');
  });

  it('fault T5, relative: one readable row and an unreadable one of the same unit contradict each other, too', async () => {
    const { desk } = await deskOn({ units: [row(7), row(7, { totalLiability: 'x' })], closed: {} });
    expect(await desk.prepareAsk(REQUESTER, '7')).toMatchObject({
      refusal: { code: 'exchange-unavailable' },
    });
  });
});

describe('fault T7: no key shows the unit', () => {
  it.each([
    ['fault T7: a unit that was opened seconds ago is asked for again', 2_001],
    ['fault T7, relative: a clock that was set back keeps no old answer', -3_600_000],
  ])('%s', async (_, passedMs) => {
    let nowMs = Date.now();
    const lists: Lists = { units: [row(8)], closed: {} };
    const { reader } = await connect(from(lists), { now: () => nowMs });
    expect(await reader.canClose(UNIT)).toMatchObject({ ok: true, value: false });
    lists.units = [row(7), row(8)];
    nowMs += passedMs;
    expect(await reader.canClose(UNIT)).toMatchObject({ ok: true, value: true });
  });

  it('fault T7, relative: many who ask at once cost one call a key', async () => {
    const { reader } = await connect(from({ units: [row(8)], closed: {} }));
    await Promise.all(Array.from({ length: 20 }, () => reader.canClose(UNIT)));
    expect(server?.requests).toHaveLength(2);
  });
});

describe('fault T8: what counts as a close', () => {
  const OF_REQUEST = { ...NOW, creditAccount: 'credit7@test.com' };

  it.each<[string, (lists: Lists) => void]>([
    ["fault T8: the id in another account's list", (lists) => (lists.closed.c8 = [closedRow(7)])],
    [
      'fault T8: its own row, still enabled',
      (lists) => (lists.closed.c7 = [closedRow(7, { enabled: true })]),
    ],
  ])('%s proves nothing', async (_, change) => {
    const lists: Lists = { units: [row(7)], closed: {} };
    const { reader } = await connect(from(lists));
    await reader.canClose(UNIT);
    change(lists);
    expect(await reader.findClosedUnit(UNIT, OF_REQUEST)).toMatchObject({
      ok: true,
      value: null,
    });
    lists.closed.c7 = [...(lists.closed.c7 ?? []), closedRow(7, { createTime: 5 })];
    expect(await reader.findClosedUnit(UNIT, OF_REQUEST)).toMatchObject({
      ok: true,
      value: { createdAtMs: 5 },
    });
  });

  it('fault T8: of a reused id the newest row is found, wherever it is listed', async () => {
    const rows = Array.from({ length: 150 }, (_, at) => closedRow(at + 1_000));
    const older = closedRow(7, { createTime: 1, closeTime: Date.now() - DAY_MS });
    const lists: Lists = {
      units: [row(7)],
      closed: { c7: [older, ...rows, closedRow(7, { createTime: 5 })] },
    };
    const { reader } = await connect(from(lists));
    await reader.canClose(UNIT);
    expect(await reader.findClosedUnit(UNIT, OF_REQUEST)).toMatchObject({ value: { createdAtMs: 5 } });
  });

  it("fault T8, relative: in a process that never saw the unit, the account's e-mail tells whose row it is", async () => {
    const lists: Lists = { units: [], closed: { c8: [closedRow(7, { creditEmail: 'credit8@test.com' })] } };
    const { reader } = await connect(from(lists));
    expect(await reader.findClosedUnit(UNIT, OF_REQUEST)).toMatchObject({
      ok: true,
      value: null,
    });
    lists.closed.c7 = [closedRow(7)];
    expect(await reader.findClosedUnit(UNIT, OF_REQUEST)).toMatchObject({
      value: { creditEmail: 'credit7@test.com' },
    });
  });

  it('fault T8, relative: a pending request outlives a row that proves nothing, and one while the unit is active', async () => {
    const lists: Lists = { units: [row(7)], closed: {} };
    const { reader } = await connect(from(lists));
    const harness = new DeskHarness({}, { reader });
    harness.nowMs = Date.now();
    const request = await harness.open();
    for (const rows of [
      [closedRow(7, { enabled: true })],
      [closedRow(7, { closeTime: 5 })],
      [closedRow(7)],
    ]) {
      lists.closed.c7 = rows;
      await harness.pass(6 * 60_000);
      expect((await harness.get(request.id)).state).toBe('pending');
    }
    lists.units = [];
    await harness.pass(6 * 60_000);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'superseded',
      evidence: { groupId: '7', creditEmail: 'credit7@test.com' },
    });
  });

  it('fault T8, relative: /closed-units does not call a unit closed that is still enabled', async () => {
    const { desk } = await deskOn({
      units: [],
      closed: { c7: [closedRow(7, { enabled: true })], c8: [closedRow(8)] },
    });
    expect(await desk.listClosedUnits(VIEWER, '', 1)).toMatchObject({
      ok: true,
      value: {
        rows: [{ unit: { groupId: '8' } }],
        flaws: [expect.stringContaining('unit 7 is in the closed list, but still marked as enabled')],
      },
    });
  });
});

it.each([
  ['fault T12: 400 with -27018, although it was executed', 400, -27018, 'after', 'closed'],
  ['fault T12, relative: 401 with -2015, although it was executed', 401, -2015, 'after', 'closed'],
  ['fault T12, relative: 400 with -27018, and it is still active', 400, -27018, 'before', 'failed'],
] as const)('%s: looked up, then %s', async (_, status, code, when, state) => {
  exchange = await startExchange();
  const connected = createClient(exchange, {});
  client = connected;
  await connected.start();
  exchange.inject({ effect: { kind: 'error', status, code, msg: 'x', when }, endpoint: 'close' });
  const harness = new DeskHarness({}, { reader: connected.reader, closer: connected.closer });
  harness.nowMs = Date.now();
  const request = await harness.open();
  await harness.approve(ALICE, request);
  await harness.approve(BOB, request);
  await harness.settled();
  await harness.pass(60_000);
  expect(await harness.get(request.id)).toMatchObject({
    state,
    answer: { kind: 'refused', exchangeCode: code },
  });
  expect(exchange.requests({ method: 'DELETE' })).toHaveLength(1);
});
