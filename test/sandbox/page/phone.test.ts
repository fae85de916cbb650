/** What a person sees without scrolling, in the page at 390 px. */
import type { Browser, BrowserContext, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PageServer, startPage } from '../../../sandbox/page/page-server.ts';
import { type Playground, startPlayground } from '../../../sandbox/page/playground.ts';
import { findChromium, startChromium } from './chromium.ts';
import { PageHands } from './hands.ts';

/** Where there is none, browser.test.ts says so, and fails in CI. */
const path = findChromium();

/** Of a page's element; the tests know no browser's types. */
interface Scrollable {
  scrollIntoView(options: { block: 'start' }): void;
}

const PHONE = { width: 390, height: 844 };

describe.skipIf(path === null)('on a phone', { timeout: 60_000 }, () => {
  let browser: Browser;
  let playground: Playground;
  let server: PageServer;
  let context: BrowserContext;
  let hands: PageHands;

  beforeAll(async () => {
    [browser, playground] = await Promise.all([startChromium(path ?? ''), startPlayground()]);
    server = await startPage(playground);
  }, 60_000);
  beforeEach(async () => {
    context = await browser.newContext({ viewport: PHONE });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(server.url);
    hands = new PageHands(page);
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await playground?.close();
  });

  /** Whether all of it is on the screen as it is, without scrolling in either direction. */
  const isSeen = async (shown: Locator) => {
    const [at, room] = await Promise.all([
      shown.boundingBox(),
      hands.page.locator('#scroller').boundingBox(),
    ]);
    if (at === null || room === null) return false;
    const fits = (from: 'x' | 'y', size: 'width' | 'height') =>
      at[from] >= room[from] && at[from] + at[size] <= room[from] + room[size];
    return fits('x', 'width') && fits('y', 'height');
  };
  /** The same from the start of a message; the page scrolls by itself when one arrives. */
  const isSeenFromTop = async (shown: Locator, message = hands.newest) => {
    await message.evaluate((element) =>
      (element as unknown as Scrollable).scrollIntoView({ block: 'start' }),
    );
    return isSeen(shown);
  };

  it('shows LTV and level of the worst unit without scrolling, and the way to liquidation', async () => {
    await hands.actAs('Vera');
    await hands.type('/ltv');
    const worst = hands.newest.getByText('Unit 15 · 92.0% · LIQUIDATION');
    await worst.waitFor();
    const table = hands.newest.getByRole('table');
    for (const shown of [
      worst,
      table.getByRole('cell', { name: '84.20%' }),
      table.getByRole('cell', { name: 'crossed' }),
    ])
      await expect.poll(() => isSeen(shown)).toBe(true);
    expect(await isSeen(table.getByRole('cell', { name: 'LIQUIDATION' }))).toBe(false);
  });

  it('shows LTV and level of one unit without scrolling, and what would cure it', async () => {
    await hands.actAs('Vera');
    await hands.type('/ltv 15');
    const title = hands.newest.getByRole('heading', { name: 'Unit 15 · LTV 92.0% · LIQUIDATION' });
    await title.waitFor();
    for (const shown of [title, hands.newest.getByText(/under 90% \(liquidation\): add/)])
      await expect.poll(() => isSeenFromTop(shown)).toBe(true);
  });

  it('shows whose a request is without scrolling, also where a unit has a long id', async () => {
    await hands.typeUntil('/close-unit 9007199254740993 repaid', () =>
      hands.page.getByRole('heading', { name: /unit 9007199254740993/ }),
    );
    await hands.type('/loandesk requests');
    const row = hands.newest.getByRole('row', { name: /…0993/ });
    await row.waitFor();
    for (const cell of ['0 of 2 approvals', '@Rina Okafor'])
      await expect.poll(() => isSeenFromTop(row.getByRole('cell', { name: cell }))).toBe(true);
  });

  it('shows the first button of a card without scrolling, whatever the reason', async () => {
    const reason =
      'Repaid on Friday, and the collateral is needed on another desk as soon as possible. '.repeat(8);
    await playground.addUnit('23', '0');
    await hands.type(`/close-unit 23 ${reason}`);
    await hands.page.getByRole('heading', { name: /Close unit 23: needs 2 approvals/ }).waitFor();
    const seesButton = (name: RegExp) =>
      expect
        .poll(() => isSeenFromTop(hands.card.getByRole('button', { name }).first(), hands.card))
        .toBe(true);
    await seesButton(/Review and approve/);
    await hands.actAs('Ada');
    await hands.approve('23');
    await hands.page.getByRole('heading', { name: /needs 1 more approval/ }).waitFor();
    await seesButton(/Review and approve/);
    playground.world.exchange.borrow('23', 'USDT', '0.5');
    await hands.actAs('Ben');
    await hands.meetChangedFacts();
    await hands.page.getByRole('heading', { name: /blocked, owes 0\.5 USDT/ }).waitFor();
    await seesButton(/Check again/);
  });

  it('fits fifty units in trouble, a long id, a long e-mail and odd assets', async () => {
    const { exchange } = playground.world;
    const long = '9223372036854775807';
    const creditEmail = `${'x'.repeat(245)}@test.com`;
    for (let index = 0; index < 50; index += 1)
      exchange.addUnit({
        groupId: index === 0 ? long : `9${String(index * 7_919).padStart(18, '0')}`,
        liabilities: [{ assetName: '1000SATS<!here>*', principal: '9000000', interest: '0.00000001' }],
        ...(index === 0 ? { creditEmail } : {}),
      });
    const { page } = hands;
    const isNarrow = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth');
    await hands.typeUntil('/ltv', () => hands.newest.getByText(/^5\d of 5\d units need attention/));
    // Typed twice where the page was slow, so the newest answer may still be on its way.
    const worst = () => isSeenFromTop(hands.newest.getByText('600.0% · LIQUIDATION').first());
    await expect.poll(worst).toBe(true);
    expect(await isNarrow(), '/ltv').toBe(true);
    await hands.type(`/ltv ${long}`);
    const title = hands.newest.getByRole('heading', { name: new RegExp(`^Unit ${long} · LTV`) });
    await title.waitFor();
    await expect.poll(() => isSeenFromTop(title)).toBe(true);
    expect(await isNarrow(), 'one unit').toBe(true);
    expect(await hands.newest.innerText()).toContain(creditEmail);
  });
});
