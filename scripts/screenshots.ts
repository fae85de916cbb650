/** `npm run screenshots`: makes the pictures of README and docs/design.md from the sandbox's page. */
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { startPage } from '../sandbox/page/page-server.ts';
import { startPlayground } from '../sandbox/page/playground.ts';
import { findChromium, startChromium } from '../test/sandbox/page/chromium.ts';
import { PageHands } from '../test/sandbox/page/hands.ts';

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

const pathOf = (name: string) => fileURLToPath(new URL(`../docs/${name}.png`, import.meta.url));

async function open(browser: Browser, url: string, viewport: typeof DESKTOP): Promise<PageHands> {
  const page = await browser.newPage({ viewport, deviceScaleFactor: 1.5, colorScheme: 'light' });
  await page.goto(url);
  return new PageHands(page);
}

/** Every unit, worst first. */
async function takeLtv(browser: Browser, url: string, viewport: typeof DESKTOP, name: string): Promise<void> {
  const hands = await open(browser, url, viewport);
  await hands.type('/ltv');
  await hands.newest.getByRole('table').waitFor();
  await hands.newest.screenshot({ path: pathOf(name) });
}

/** A close by two people, with the bot's own record beside the card. */
async function takeCard(browser: Browser, url: string): Promise<void> {
  const hands = await open(browser, url, DESKTOP);
  await hands.type('/close-unit 7 repaid on Friday, the collateral is needed elsewhere');
  await hands.card.waitFor();
  await hands.actAs('Ada');
  await hands.approve('7');
  await hands.actAs('Ben');
  await hands.approve('7');
  await hands.card.getByText('Closed.', { exact: true }).first().waitFor();
  await hands.open("Bot's record");
  await hands.panel.getByText('Audit trail verified').waitFor();
  await hands.actAs('Vera');
  await hands.page.locator('#messages > li').first().waitFor();
  await hands.page.locator('#scroller').evaluate('scroller => scroller.scrollTo(0, 0)');
  await hands.page.screenshot({ path: pathOf('card') });
}

const chromium = findChromium();
if (chromium === null) throw new Error('No Chromium here: install it, or set CHROMIUM_PATH.');
const playground = await startPlayground();
const page = await startPage(playground);
const browser = await startChromium(chromium);
try {
  await takeLtv(browser, page.url, DESKTOP, 'ltv');
  await takeLtv(browser, page.url, PHONE, 'ltv-phone');
  await takeCard(browser, page.url);
  console.log('docs/ltv.png, docs/ltv-phone.png and docs/card.png are new.');
} finally {
  await browser.close();
  await page.close();
  await playground.close();
}
