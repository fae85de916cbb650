/**
 * `npm run screenshots`: makes the pictures of README and docs from the sandbox's page: what people look at, on a desk
 * and on a phone. `-- --dark DIR` makes them in dark colours and puts them elsewhere, to look at.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser, Locator } from 'playwright-core';
import { startPage } from '../sandbox/page/page-server.ts';
import { startPlayground } from '../sandbox/page/playground.ts';
import { SEED_IDS } from '../sandbox/slack/seed.ts';
import { findChromium, startChromium } from '../test/sandbox/page/chromium.ts';
import { PageHands, type PersonName } from '../test/sandbox/page/hands.ts';

// Taller than a screen, so that a whole message is in the picture.
const DESKTOP = { width: 1280, height: 1500 };
const PHONE = { width: 390, height: 1500 };

const { values: options } = parseArgs({ options: { dark: { type: 'string' } } });
const folder = options.dark ?? fileURLToPath(new URL('../docs/pictures', import.meta.url));

/** One person with a desk and a phone. */
class Onlooker {
  readonly desk: PageHands;
  readonly phone: PageHands;

  private constructor(desk: PageHands, phone: PageHands) {
    this.desk = desk;
    this.phone = phone;
  }

  static async open(browser: Browser, url: string): Promise<Onlooker> {
    const colorScheme = options.dark === undefined ? 'light' : 'dark';
    const hands = async (viewport: typeof DESKTOP) => {
      const page = await browser.newPage({ viewport, deviceScaleFactor: 1.5, colorScheme });
      // The bot looks again after a while for what became of a close.
      page.setDefaultTimeout(150_000);
      await page.goto(url);
      return new PageHands(page);
    };
    return new Onlooker(await hands(DESKTOP), await hands(PHONE));
  }

  get both(): readonly PageHands[] {
    return [this.desk, this.phone];
  }

  async goTo(place: string): Promise<void> {
    for (const hands of this.both) await hands.page.getByRole('link', { name: place }).click();
  }

  async actAs(name: PersonName): Promise<void> {
    await this.desk.actAs(name);
    await this.phone.actAs(name);
  }

  /** The same part of the page at both widths, as `name.png` and `name-phone.png`. */
  async take(name: string, part: (hands: PageHands) => Locator): Promise<void> {
    await part(this.desk).screenshot({ path: `${folder}/${name}.png` });
    await part(this.phone).screenshot({ path: `${folder}/${name}-phone.png` });
    console.log(name);
  }

  async takeAnswer(name: string, line: string, until: (hands: PageHands) => Locator): Promise<void> {
    await this.desk.type(line);
    await until(this.desk).waitFor();
    await until(this.phone).waitFor();
    await this.take(name, (hands) => hands.newest);
  }

  async takeCard(name: string, title: RegExp): Promise<void> {
    for (const hands of this.both) await hands.card.getByText(title).first().waitFor();
    await this.take(name, (hands) => hands.card);
  }
}

/** Until the next 08:00 UTC; later than noon it would be skipped. */
function minutesUntilDigest(nowMs: number): number {
  const DAY_MS = 24 * 3_600_000;
  const nextMs = Math.floor(nowMs / DAY_MS) * DAY_MS + 8 * 3_600_000;
  return Math.ceil((nextMs > nowMs ? nextMs - nowMs : nextMs + DAY_MS - nowMs) / 60_000);
}

const chromium = findChromium();
if (chromium === null) throw new Error('No Chromium here: install it, or set CHROMIUM_PATH.');
const playground = await startPlayground({ settings: { DIGEST_AT: '08:00 UTC daily' } });
const page = await startPage(playground);
const browser = await startChromium(chromium);
try {
  const person = await Onlooker.open(browser, page.url);
  const { desk } = person;
  const { exchange } = playground.world;
  await person.takeAnswer('ltv', '/ltv', (hands) => hands.newest.getByRole('table'));
  await person.takeAnswer('ltv-unit', '/ltv 12', (hands) =>
    hands.newest.getByRole('heading', { name: /^Unit 12 · LTV/ }),
  );

  await person.takeAnswer('loan', '/loan 12', (hands) => hands.newest.getByRole('table'));
  await person.takeAnswer('loan-liquidation', '/loan 15', (hands) =>
    hands.newest.getByText('FORCED LIQUIDATION'),
  );
  await person.takeAnswer('statement', '/loan 12 statement this month', (hands) =>
    hands.newest.getByRole('heading', { name: /^Statement of unit 12/ }),
  );

  await desk.type('/close-unit 7 repaid on Friday, the collateral is needed elsewhere');
  await person.takeCard('card-pending', /needs 2 approvals/);
  await person.actAs('Ada');
  await person.goTo('@Loandesk');
  await person.take('dm', (hands) => hands.newest);
  await person.goTo('Loandesk Home');
  for (const hands of person.both)
    await hands.page
      .locator('#home')
      .getByText(/unit 7/i)
      .first()
      .waitFor();
  await person.take('home', (hands) => hands.page.locator('#home'));

  await person.goTo('#loan-desk');
  await desk.approve('7');
  exchange.borrow('7', 'USDT', '0.5');
  await person.actAs('Ben');
  await desk.meetChangedFacts();
  await person.takeCard('card-blocked', /blocked/);

  await person.actAs('Rina');
  await playground.addUnit('21', '0');
  await desk.type('/close-unit 21 repaid');
  await desk.page.getByRole('heading', { name: /Close unit 21/ }).waitFor();
  await person.actAs('Ada');
  await desk.approve('21');
  await person.actAs('Ben');
  await desk.card.getByRole('button', { name: /Review and approve/ }).click();
  await desk.modal.getByLabel(/Type the unit/).fill('21');
  // The close's answer is lost, and so is every look at the list of closed units.
  exchange.inject({ effect: { kind: 'reset', when: 'after' }, method: 'DELETE' });
  exchange.inject({ effect: { kind: 'error', when: 'before', status: 503 }, endpoint: 'closed' });
  await desk.modal.getByRole('button', { name: 'Approve close' }).click();
  await desk.modal.getByRole('button', { name: 'Close window' }).click();
  await person.takeCard('card-unknown', /unknown/i);
  exchange.clearFaults();
  await person.takeCard('card-closed', /^Closed/);

  await playground.fleet.setByRules(true);
  await playground.addUnit('22', '0');
  await person.actAs('Rina');
  await desk.type('/close-unit 22 repaid');
  await desk.page.getByRole('heading', { name: /Close unit 22/ }).waitFor();
  await person.actAs('Ada');
  await desk.approve('22');
  await person.takeCard('card-two-groups', /1 of @risk/);
  await person.actAs('Mara');
  await desk.approve('22');
  await person.takeCard('card-countdown', /can still be stopped/);
  await playground.addUnit('23', '0');
  await person.actAs('Rina');
  await desk.type('/close-unit 23 repaid');
  await desk.page.getByRole('heading', { name: /Close unit 23/ }).waitFor();
  await person.actAs('Ada');
  await desk.approve('23');
  const risk = playground.world.workspace.directory.userGroups.get(SEED_IDS.riskTeam)?.members;
  const riskTeam = [...(risk ?? [])];
  risk?.clear();
  // The bot looks every five minutes whether a request can still be completed.
  playground.skipTime(6);
  await person.takeCard('card-short', /Nobody can complete this now/);
  for (const userId of riskTeam) risk?.add(userId);
  await playground.fleet.setByRules(false);

  await person.goTo('#loan-alerts');
  const unit12 = (hands: PageHands, heading: RegExp) =>
    hands.page.locator('#messages > li', { has: hands.page.getByRole('heading', { name: heading }) }).last();
  const takeAlert = async (name: string, heading: RegExp) => {
    for (const hands of person.both) await unit12(hands, heading).waitFor();
    await person.take(name, (hands) => unit12(hands, heading));
  };
  // A level below the margin call is told when it has lasted.
  playground.skipTime(3);
  await takeAlert('alert', /Unit 12: transfer-out/);
  exchange.startPath({ groupId: '12', kind: 'crash' });
  for (const hands of person.both) await unit12(hands, /Unit 12: margin call, 86/).waitFor();
  await takeAlert('case', /Unit 12: margin call, 86/);
  playground.skipTime(minutesUntilDigest(Date.now()));
  await takeAlert('digest', /units? at a level|^All clear/);
} finally {
  await browser.close();
  await page.close();
  await playground.close();
}
