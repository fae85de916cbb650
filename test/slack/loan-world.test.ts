/** `/loan` with the real bot, the stand-in's books and a real Redis, on two replicas. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { ACTIONS } from '../../src/slack/ids.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({
    redisUrl: inject('redisUrl'),
    replicas: 2,
    settings: {
      REDIS_PREFIX: `test-${randomUUID()}`,
      REDIS_MAY_FORGET: 'true',
      VIEWERS: ids.requesters,
      ALLOWED_CHANNELS: `${ids.general},${ids.loanDesk}`,
    },
    workspace: {
      strictRateLimits: false,
      scopes: ['commands', 'chat:write', 'users:read', 'usergroups:read', 'files:write', 'channels:read'],
    },
  });
});

afterAll(() => world.close());

const rina = () => world.workspace.as(ids.rina);
const textOf = (message: StoredMessage) => world.workspace.renderText(message);

/** The newest private message to Rina that fits and came, or changed, after `order`. */
function shown(fits: RegExp, order = 0): Promise<StoredMessage> {
  return world.workspace.until(
    () =>
      world.workspace.store
        .ephemerals(ids.rina)
        .findLast((message) => message.order > order && fits.test(textOf(message))),
    20_000,
  );
}

async function ask(text: string, fits: RegExp): Promise<StoredMessage> {
  const { order } = await rina().command('/loan', text, { channelId: ids.general });
  return shown(fits, order);
}

async function click(message: StoredMessage, action: string, fits: RegExp): Promise<StoredMessage> {
  await rina().click(message, action);
  return shown(fits);
}

const lastFile = () => world.workspace.store.files.at(-1);

describe('/loan 12', () => {
  it('shows what is owed, what it costs, the step of its rate, its rebate and its failed repay', async () => {
    const text = textOf(await ask('12', /Unit 12 owes/));
    expect(text).toMatch(
      /Unit 12 owes 930,000 USDC and 1 more asset|Unit 12 owes 2,000,160 USDT and 1 more asset/,
    );
    expect(text).toMatch(/Rate of USDT \*rose from [\d.]+% to 10\.00% per year\*/);
    expect(text).toMatch(/yesterday [\d,.]+/);
    expect(text).toMatch(/this month [\d,.]+, [\d.]+% per year/);
    expect(text).toMatch(/Rebate of the firm/);
    expect(text).toMatch(/Repay failed/);
    expect(text).toContain('1 on this page counts as nothing (failed, or not documented)');
  });

  it('turns pages back and forth, and each record is on one of them', async () => {
    for (let count = 11; count <= 22; count += 1) world.exchange.borrow('1', 'BTC', `0.000000${count}`);
    const first = await ask('1 last 90d', /page 1 of 2/);
    const second = await click(first, ACTIONS.loanOlder, /page 2 of 2/);
    expect(second.ts).toBe(first.ts);
    const older = textOf(second);
    const newer = textOf(await click(second, ACTIONS.loanNewer, /page 1 of 2/));
    const records = [older, newer].flatMap((page) => page.match(/0\.000000\d+ BTC/g) ?? []);
    expect(new Set(records).size).toBe(12);
    expect(records).toHaveLength(12);
  });

  it('sends every digit of every record as a file', async () => {
    const loan = await ask('9007199254740993', /Unit 9007199254740993/);
    expect(textOf(loan)).toContain('9007199254740995');
    await click(loan, ACTIONS.loanCsv, /loan-9007199254740993-.*direct messages/);
    const csv = lastFile()?.bytes.toString() ?? '';
    expect(csv).toContain('9007199254740995');
    expect(csv).not.toMatch(/e\+|9007199254740992|9007199254740996/);
  });

  it('shows a forced liquidation in red, with both LTVs and what it moved', async () => {
    const text = textOf(await ask('15', /Unit 15 owes/));
    expect(text).toMatch(/:red_circle: \*FORCED LIQUIDATION\*/);
    expect(text).toMatch(/LTV \*\d\d\.\d\d%\* before, \*80\.00% after\*/);
    expect(text).toMatch(/• .* from .* of \d+ to .* of \d+/);
  });

  it('shows a unit that is closed, by its id', async () => {
    const text = textOf(await ask('72 2025-07-01 2025-07-31', /Unit 72: closed 2025/));
    expect(text).toMatch(/2 borrows and repays/);
  });
});

describe('/loan 12 statement', () => {
  it('adds up, in a message and in a file', async () => {
    const statement = await ask('12 statement this month', /Statement of unit 12/);
    expect(textOf(statement)).toContain('The principal adds up.* So does the interest paid.');
    expect(textOf(statement)).toMatch(/= USDT closing/);
    await click(statement, ACTIONS.loanCsv, /statement-12-.*direct messages/);
    expect(lastFile()?.bytes.toString()).toMatch(/^kind,asset,day,opening/);
    const loan = await ask('12', /Unit 12 owes/);
    await click(loan, ACTIONS.loanStatement, /Statement of unit 12, \d{4}-\d\d\n/);
  });
});

describe('a loan that is shared', () => {
  it.each([
    ['12', /Unit 12 owes/],
    ['12 statement this month', /Statement of unit 12/],
  ])('/loan %s shows no whole address to the channel', async (query, fits) => {
    const { order } = world.workspace.store;
    const question = await click(await ask(query, fits), ACTIONS.shareLoan, /Share this in #general/);
    await rina().click(question, ACTIONS.shareLoanConfirmed);
    const shared = await world.workspace.until(() =>
      world.workspace.store
        .messages(ids.general)
        .findLast((message) => message.order > order && message.viewerId === undefined),
    );
    expect(textOf(shared)).toMatch(/c\*\*\*2@test\.com/);
    expect(JSON.stringify(shared)).not.toContain('credit012@');
    await shown(/Shared with everyone/, order);
  });
});

describe('a reading that takes long', () => {
  it('is announced, counted and given up, on whichever replica the click arrives', async () => {
    const { exchange, workspace, bots } = world;
    const [first, second] = bots;
    if (first === undefined || second === undefined) throw new Error('two bots were started');
    const slow = exchange.inject({ effect: { kind: 'latency', ms: 1_200 }, endpoint: 'borrow-repay' });
    const notice = await ask('12 last 200d', /Reading `\/loan 12 last 200d`: \d+ of \d+ calls?\./);
    workspace.setBotUrl(world.urlOf(second));
    try {
      const counted = await click(notice, ACTIONS.readingProgress, /\d+ of \d+ calls?\./);
      expect(counted.ts).toBe(notice.ts);
      const stopping = await click(counted, ACTIONS.stopReading, /Stopping `\/loan 12 last 200d`/);
      expect(stopping.ts).toBe(notice.ts);
      await shown(/Stopped\. Nothing was shown\./, notice.order);
    } finally {
      exchange.clearFaults(slow);
      workspace.setBotUrl(world.urlOf(first));
    }
  }, 60_000);
});

describe('what is refused', () => {
  it.each([
    ['', /The unit is missing\./],
    ['99', /No unit matches “99”/],
    ['12 2026-02-30', /was not understood\. Expected: a unit/],
    ['12 banana', /was not understood\. Expected: a unit/],
    ['12 2026-02-03 2026-02-01', /it ends before it begins/],
    ['12 2026-02-01 2099-02-01', /it ends in the future/],
    ['12 last 400d', /it is longer than 366 days/],
    ['12 statement 2099-01', /Can't read “2099-01”/],
    ['credit', /fits \d+ units: .*This shows one unit\./],
  ])('/loan %s', async (text, fits) => {
    await ask(text, fits);
  });

  it.each([
    ['a guest', ids.gus, /not for guests/],
    ['a member who is no viewer', ids.vera, /aren't on the list of people/],
  ])('%s', async (_, userId, fits) => {
    const { workspace } = world;
    const { order } = await workspace.as(userId).command('/loan', '12', { channelId: ids.general });
    await workspace.until(() =>
      workspace.store
        .ephemerals(userId)
        .find((message) => message.order > order && fits.test(textOf(message))),
    );
  });

  it('what Binance refuses is said, and what else could be read is shown', async () => {
    const { exchange } = world;
    const fault = exchange.inject({
      effect: {
        kind: 'error',
        status: 400,
        code: -2015,
        msg: 'Invalid API-key, IP, or permissions for action.',
      },
      endpoint: 'interest-history',
    });
    try {
      const text = textOf(await ask('12 last 3d', /Couldn't be read/));
      expect(text).toContain('Unit 12 owes');
      expect(text).toMatch(/Interest: Binance refuses the key/);
    } finally {
      exchange.clearFaults(fault);
    }
  });
});
