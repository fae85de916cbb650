/** The sandbox as a newcomer plays it: a browser, the page, the bot as a process of its own. */
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PageServer, startPage } from '../../../sandbox/page/page-server.ts';
import { type Playground, startPlayground } from '../../../sandbox/page/playground.ts';
import { skippedSoFarMs } from '../../../sandbox/skip-time.ts';
import { axeFaults } from './axe.ts';
import { findChromium, startChromium } from './chromium.ts';
import { PageHands } from './hands.ts';

const path = findChromium();
if (path === null) {
  const what = 'No Chromium on this machine (CHROMIUM_PATH or PATH): the page was NOT tested in a browser.';
  if (process.env.CI === 'true') throw new Error(what);
  console.log(what);
}

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** A browser on a busy machine is slow; nothing here waits for time to pass. */
const PATIENCE = { timeout: 60_000 };

describe.skipIf(path === null)('the sandbox in a browser', PATIENCE, () => {
  let browser: Browser;
  let playground: Playground;
  let server: PageServer;
  let context: BrowserContext;
  let hands: PageHands;
  const trouble: string[] = [];

  async function openPage(): Promise<PageHands> {
    context = await browser.newContext({ viewport: WIDE });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text());
    });
    await page.goto(server.url);
    return new PageHands(page);
  }

  beforeAll(async () => {
    [browser, playground] = await Promise.all([startChromium(path ?? ''), startPlayground()]);
    server = await startPage(playground);
  }, PATIENCE.timeout);
  beforeEach(async () => {
    hands = await openPage();
  });
  afterEach(async () => {
    await context.close();
    expect(trouble.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await playground?.close();
    expect(skippedSoFarMs()).toBe(0);
  });

  const record = () => hands.panel.innerText();
  const deletesOf = (unit: string) => playground.world.exchange.requests({ method: 'DELETE', groupId: unit });

  it('completes a slash command by keyboard and shows every unit, to one person alone', async () => {
    await hands.line.pressSequentially('/lt');
    const option = hands.page.getByRole('option', { name: /^\/ltv/ });
    await option.waitFor();
    await hands.line.press('ArrowDown');
    expect(await option.getAttribute('aria-selected')).toBe('true');
    await hands.line.press('Enter');
    expect(await hands.line.inputValue()).toBe('/ltv ');
    await hands.line.press('Enter');
    const table = hands.newest.getByRole('table', { name: 'Units, worst first' });
    await table.waitFor();
    expect(await table.getByRole('rowheader').allInnerTexts()).toEqual(['15', '12', '1', '7', '…0993']);
    expect(await table.getByRole('row').nth(1).innerText()).toContain('LIQUIDATION');
    expect(await hands.newest.innerText()).toContain('Only visible to you');
    await table.getByRole('button', { name: 'LTV', exact: true }).click();
    expect((await table.getByRole('rowheader').allInnerTexts()).at(-1)).toBe('15');
    await hands.actAs('Ada');
    await hands.page.getByText('Nothing here yet').waitFor();
  });

  it('shows one unit down to its wallets', async () => {
    await hands.type('/ltv 1');
    await hands.newest.getByRole('heading', { name: /^Unit 1 · LTV/ }).waitFor();
    await hands.newest.locator('summary').click();
    const text = await hands.newest.innerText();
    for (const part of ['15.31', '26.35', 'Portfolio margin', 'collateral001']) {
      expect(text).toContain(part);
    }
  });

  it('closes a unit after two approvals, refuses the requester and a wrong id', async () => {
    await hands.type('/close-unit 7 repaid on Friday');
    await hands.card.waitFor();
    await hands.card.getByRole('button', { name: /Review and approve/ }).click();
    await hands.page.getByText(/You requested this close/i).waitFor();
    if (await hands.modal.isVisible()) await hands.page.keyboard.press('Escape');
    await hands.modal.waitFor({ state: 'hidden' });

    await hands.actAs('Ada');
    await hands.vote('8');
    const field = hands.modal.getByLabel(/Type the unit/);
    await hands.modal.getByRole('alert').waitFor();
    expect(await hands.modal.getByRole('alert').innerText()).toContain('not the id of this unit');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await hands.modal.locator('input:focus').count()).toBe(1);
    await hands.page.keyboard.press('Escape');
    await hands.modal.waitFor({ state: 'hidden' });
    expect(await hands.approve('7')).toContain('1 of 2');

    await hands.actAs('Ben');
    await hands.approve('7');
    await hands.card.getByText('Closed.', { exact: true }).first().waitFor();
    expect(await hands.card.getByRole('button').count()).toBe(0);
    expect(deletesOf('7')).toHaveLength(1);

    await hands.open("Bot's record");
    await hands.panel.getByText('Audit trail verified').waitFor();
    expect(await record()).toMatch(/State\s+closed/);
    expect(await hands.panel.getByText('✓ fits').count()).toBeGreaterThan(7);

    await hands.actAs('Rina');
    await hands.page.getByRole('link', { name: '@Loandesk' }).click();
    await hands.newest
      .getByText(/unit 7/i)
      .first()
      .waitFor();
    await hands.page.getByRole('link', { name: 'Loandesk Home' }).click();
    await hands.page.getByRole('heading', { name: 'Recent decisions' }).waitFor();
  });

  it('settles an outcome that nobody was told, with one DELETE', async () => {
    await hands.addUnit('21');
    await hands.type('/close-unit 21 repaid');
    await hands.page.getByRole('heading', { name: /Close unit 21/ }).waitFor();
    await hands.actAs('Chen');
    await hands.approve('21');
    await hands.open('Break it');
    await hands.panel.getByRole('button', { name: 'Switch on' }).click();
    await hands.panel.getByText('reset after the effect, DELETE').waitFor();
    await hands.actAs('Ben');
    await hands.approve('21');
    await hands.card.getByText('Closed.', { exact: true }).first().waitFor({ timeout: 15_000 });
    expect(deletesOf('21').map(({ status, effect }) => [status, effect])).toEqual([[null, true]]);
    await hands.open("Bot's record");
    await hands.panel.getByText('unit 21: closed').waitFor({ state: 'attached' });
    expect(await record()).toMatch(/answered → unknown/);
    expect(await record()).toMatch(/State\s+closed/);
    await hands.open('Calls');
    await hands.panel.getByRole('row', { name: /DELETE .*no answer/ }).waitFor();
  });

  it('withdraws after a confirm dialog, and only then', async () => {
    await hands.addUnit('22');
    await hands.type('/close-unit 22 a mistake');
    await hands.page.getByRole('heading', { name: /Close unit 22/ }).waitFor();
    const withdraw = hands.card.getByRole('button', { name: /^Withdraw/ });
    const confirm = hands.page.getByRole('dialog', { name: 'Withdraw the request?' });
    await withdraw.click();
    await confirm.getByRole('button', { name: 'Go back' }).click();
    await confirm.waitFor({ state: 'hidden' });
    await withdraw.click();
    await confirm.getByRole('button', { name: 'Withdraw' }).click();
    await hands.card
      .getByText(/^Withdrawn/)
      .first()
      .waitFor();
  });

  it('brings a killed bot back, starts a second one, and says so while Redis is away', async () => {
    await hands.open('Break it');
    await hands.panel.getByRole('button', { name: 'Kill now: bot-1' }).click();
    await hands.panel.getByText('bot-1: gone').waitFor();
    await hands.panel.getByText(/bot-1: running.*killed 1 time/).waitFor();
    await hands.panel.getByRole('button', { name: 'Start a second replica' }).click();
    await hands.panel.getByText('bot-2: running').waitFor();
    await hands.panel.getByRole('button', { name: 'Take Redis away' }).click();
    await hands.panel.getByText('The bot cannot reach it.').waitFor();
    await hands.type('/loandesk requests');
    await hands.newest
      .getByText(/can't reach its own records/)
      .first()
      .waitFor();
    await hands.panel.getByRole('button', { name: 'Bring Redis back' }).click();
    await hands.panel.getByText('It is there.').waitFor();
    await hands.panel.getByRole('button', { name: 'Stop the second replica' }).click();
    await hands.panel.getByText('bot-2').waitFor({ state: 'hidden' });
    await hands.typeUntil('/loandesk requests', () => hands.newest.getByText(/close request/i));
  });

  it('plays a borrow that voids approvals, a skip of time that expires a request, and a dry run', async () => {
    await hands.addUnit('24');
    await hands.typeUntil('/close-unit 24 repaid', () =>
      hands.page.getByRole('heading', { name: /unit 24/ }),
    );
    await hands.actAs('Ada');
    expect(await hands.approve('24')).toContain('1 of 2');
    await hands.panel.getByText('Unit 24').click();
    await hands.panel.getByRole('button', { name: 'Borrow 1,000 USDT in unit 24' }).click();
    await hands.panel.getByText('1000 USDT, interest 0').waitFor();
    await hands.actAs('Ben');
    await hands.meetChangedFacts();
    await hands.open("Bot's record");
    await hands.panel.getByText(/\(void/).waitFor();
    await hands.open('Break it');
    await hands.panel.getByRole('button', { name: 'Skip 4 hours' }).click();
    await hands.open("Bot's record");
    await hands.panel.getByText('expired', { exact: true }).waitFor({ timeout: 30_000 });
    await hands.open('Break it');
    await hands.panel.getByRole('button', { name: 'Switch to dry run' }).click();
    await hands.panel.getByRole('button', { name: 'Switch to live' }).waitFor();
    await hands.panel.getByText('bot-1: running').waitFor();
    await hands.typeUntil('/loandesk status', () => hands.newest.getByText(/dry run/i));
  });

  it('plays a margin call, and shows a message as a locked phone does', async () => {
    await hands.panel.getByText('Unit 12').click();
    await hands.panel.getByRole('button', { name: 'Margin call: prices fall in unit 12' }).click();
    await hands.panel.getByText('LTV 0.860').waitFor();
    await hands.type('/ltv 12');
    await hands.newest
      .getByText(/margin call/i)
      .first()
      .waitFor();
    await hands.page.getByRole('button', { name: 'As notification' }).click();
    const notification = hands.page.locator('.notification:visible').first();
    expect(await notification.getAttribute('data-text')).toMatch(/unit \d+/);
  });

  describe.each([
    ['light', WIDE],
    ['dark', WIDE],
    ['light', PHONE],
    ['dark', PHONE],
  ] as const)('accessibility, %s, %o', (colorScheme, viewport) => {
    const isPhone = viewport === PHONE;

    it('has no faults in the conversation, the panels, a form and the Home tab', async () => {
      const { page } = hands;
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(viewport);
      await hands.type('/ltv');
      await hands.newest.getByRole('table').waitFor();
      expect(await axeFaults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      if (isPhone) await page.getByRole('button', { name: 'The other side' }).click();
      for (const panel of ['Units', 'Play the watch', 'Break it', 'Calls', "Bot's record"] as const) {
        await hands.open(panel);
        await page.locator(`#panel-body[aria-label="${panel}"] > div`).waitFor();
        if (panel === 'Units') await hands.panel.locator('summary').first().click();
        expect(await axeFaults(page, '#messages'), panel).toEqual([]);
      }
      if (isPhone) await page.getByRole('button', { name: 'Slack', exact: true }).click();
      await hands.type('/close-unit 9007199254740993');
      await hands.modal.getByRole('textbox').waitFor();
      expect(await axeFaults(page, '#messages'), 'form').toEqual([]);
      await page.keyboard.press('Escape');
      await hands.modal.waitFor({ state: 'hidden' });
      await page.getByRole('link', { name: 'Loandesk Home' }).click();
      await page.getByRole('heading', { name: 'Units', exact: true }).waitFor();
      expect(await axeFaults(page), 'Home tab').toEqual([]);
    });
  });
});
