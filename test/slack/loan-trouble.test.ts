/** `/loan` of records that are many, missing, unreadable or refused: the real bot on the stand-in's books. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LoanRecord } from '../../sandbox/binance/model.ts';
import { seedLedger } from '../../sandbox/binance/seed.ts';
import { createSeed, SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { ACTIONS } from '../../src/slack/ids.ts';

/** 10,000 rows of one week, on a hundred pages. */
const WEEK_MS = Date.UTC(2025, 1, 10);
const MANY = 10_000;
/** In Santiago this day began at 01:00: clocks went forward at midnight. */
const SANTIAGO = 'America/Santiago';
const FIRST_MOMENT_MS = Date.UTC(2025, 8, 7, 4);

let world: World;

function borrow(tranId: number, timestampMs: number, changes: Partial<LoanRecord> = {}): LoanRecord {
  return {
    ...{ groupId: '7', tranId: String(tranId), assetName: 'USDT', amount: `${tranId}.5` },
    ...{ status: 'CONFIRM', type: 'BORROW', timestampMs },
    ...changes,
  };
}

beforeAll(async () => {
  const people = createSeed().people.map((person) =>
    person.id === ids.rina ? { ...person, tz: SANTIAGO } : person,
  );
  world = await startWorld({
    redisUrl: inject('redisUrl'),
    exchange: {
      ledger: (nowMs) => {
        const seed = seedLedger(nowMs);
        const many = Array.from({ length: MANY }, (_, at) => borrow(at + 1, WEEK_MS + (at + 1) * 50_000));
        const others = [
          borrow(20_001, FIRST_MOMENT_MS - 1, { assetName: 'BTC' }),
          borrow(20_002, FIRST_MOMENT_MS),
          borrow(20_003, Date.UTC(2025, 9, 7, 12)),
          borrow(20_004, Date.UTC(2025, 9, 7, 13), { amount: 'null' }),
        ];
        return { ...seed, records: [...many, ...others, ...seed.records] };
      },
    },
    settings: {
      REDIS_PREFIX: `test-${randomUUID()}`,
      REDIS_MAY_FORGET: 'true',
      VIEWERS: ids.requesters,
      ALLOWED_CHANNELS: ids.general,
    },
    workspace: {
      strictRateLimits: false,
      seed: { ...createSeed(), people },
      scopes: ['commands', 'chat:write', 'users:read', 'usergroups:read', 'files:write'],
    },
  });
});

afterAll(() => world.close());

const rina = () => world.workspace.as(ids.rina);
const textOf = (message: StoredMessage) => world.workspace.renderText(message);

function shown(fits: RegExp, order: number, timeoutMs = 30_000): Promise<StoredMessage> {
  return world.workspace.until(
    () =>
      world.workspace.store
        .ephemerals(ids.rina)
        .findLast((message) => message.order > order && fits.test(textOf(message))),
    timeoutMs,
  );
}

async function ask(text: string, fits: RegExp): Promise<string> {
  const { order } = await rina().command('/loan', text, { channelId: ids.general });
  return textOf(await shown(fits, order));
}

async function during<Value>(
  order: Parameters<World['exchange']['inject']>[0],
  act: () => Promise<Value>,
): Promise<Value> {
  const fault = world.exchange.inject(order);
  try {
    return await act();
  } finally {
    world.exchange.clearFaults(fault);
  }
}

describe('rows', () => {
  it('10,000 of them: paged, each once in the file, in one reading, within a minute', async () => {
    const query = '7 2025-02-09 2025-02-17';
    const { order } = await rina().command('/loan', query, { channelId: ids.general });
    const startMs = performance.now();
    const message = await shown(/page 1 of 1,?000/, order, 60_000);
    expect(performance.now() - startMs).toBeLessThan(60_000);
    expect(textOf(message)).toMatch(/10,?000 borrows and repays/);
    const calls = () => world.exchange.requests({ endpoint: 'borrow-repay' }).length;
    const before = calls();
    await rina().click(message, ACTIONS.loanOlder);
    await shown(/page 2 of 1,?000/, 0);
    await rina().click(message, ACTIONS.loanCsv);
    await shown(/loan-7-2025-02-09-to-2025-02-17\.csv.*direct messages/, order);
    expect(calls(), 'pages and file are of the same reading').toBe(before);
    const csv = world.workspace.store.files.at(-1)?.bytes.toString() ?? '';
    const tranIds = csv.split('\r\n').flatMap((line) => /^record,.*,(\d+),,,,,,$/.exec(line)?.[1] ?? []);
    expect(tranIds).toHaveLength(MANY);
    expect(new Set(tranIds).size).toBe(MANY);
  }, 120_000);

  it('none at all: says so, of a closed unit and of days without any', async () => {
    expect(await ask('73', /Unit 73: closed 2025/)).toMatch(/No borrow or repay/i);
    expect(await ask('7 2025-01-02 2025-01-03', /Unit 7/)).toMatch(/No borrow or repay/i);
    expect(await ask('73 statement 2025-01', /Statement of unit 73/)).toContain(
      'Binance shows nothing for this month.',
    );
  });

  it('one that cannot be read is named with its field, and the others are shown', async () => {
    const text = await ask('7 2025-10-07', /Unit 7/);
    expect(text).toMatch(/20,00\d USDT .* 20003 /);
    expect(text).not.toContain('20004');
    expect(text).toMatch(/borrows: row \d+, amount/);
    const statement = await ask('7 statement 2025-10', /Statement of unit 7/);
    expect(statement).toContain("part of it couldn't be read");
    expect(statement).not.toContain('adds up.*');
  });

  it('of a day that began at 01:00, because clocks went forward at midnight', async () => {
    const text = await ask('7 2025-09-07', /Unit 7/);
    expect(text).toContain('20002');
    expect(text).not.toContain('20001');
    expect(text).toContain(SANTIAGO);
    const before = await ask('7 2025-09-06', /Unit 7/);
    expect(before).toContain('20001');
    expect(before).not.toContain('20002');
  });
});

describe('what Binance refuses', () => {
  it('a credit key without permission: nothing is shown, and why is said', async () => {
    const text = await during(
      {
        effect: {
          kind: 'error',
          status: 400,
          code: -2015,
          msg: 'Invalid API-key, IP, or permissions for action.',
        },
        endpoint: 'borrow-repay',
      },
      () => ask('12 last 4d', /key/),
    );
    expect(text).toMatch(/Binance refuses the key/);
    expect(text).not.toContain('Unit 12 owes');
  });

  it('-1003 in the middle of a reading: nothing half is shown, and when to ask again is said', async () => {
    const { exchange } = world;
    const calls = () => exchange.requests({ endpoint: 'borrow-repay' }).length;
    const before = calls();
    let fault: number | null = null;
    const stopListening = exchange.onAnswered(({ endpoint }) => {
      if (endpoint !== 'borrow-repay' || calls() - before < 3 || fault !== null) return;
      fault = exchange.inject({ effect: { kind: 'rate-limited', retryAfterS: 3 }, endpoint: 'borrow-repay' });
    });
    try {
      const text = await ask('12 last 90d', /limit/);
      expect(calls() - before, 'some were answered before').toBeGreaterThan(3);
      expect(text).not.toContain('Unit 12 owes');
      expect(text).toMatch(/^A Binance rate limit is used up .* Try again after /);
    } finally {
      stopListening();
      exchange.clearFaults();
    }
  }, 60_000);
});
