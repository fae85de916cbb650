/** What a person does with the page, in their words. */
import type { Locator, Page } from 'playwright-core';

export type PersonName = 'Rina' | 'Ada' | 'Ben' | 'Chen' | 'Mara' | 'Vera' | 'Gus';
export type PanelName = 'Units' | 'Play the watch' | 'Break it' | 'Calls' | "Bot's record";

export class PageHands {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get line(): Locator {
    return this.page.getByRole('combobox', { name: 'Message or slash command' });
  }

  get modal(): Locator {
    return this.page.locator('dialog#modal[open]');
  }

  /** The newest message of the conversation, threads aside. */
  get newest(): Locator {
    return this.page.locator('#messages > li').last();
  }

  /** The newest card of a close request. */
  get card(): Locator {
    return this.page.locator('#messages > li', { hasText: /Request [0-9A-Z]{10} · asked/ }).last();
  }

  get panel(): Locator {
    return this.page.locator('#panel-body');
  }

  async actAs(name: PersonName): Promise<void> {
    const menu = this.page.getByLabel('Acting as');
    const label = await menu.locator('option', { hasText: name }).textContent();
    await menu.selectOption({ label: label ?? name });
    const id = await menu.inputValue();
    await this.page.waitForURL((url) => url.hash.includes(id));
  }

  async type(line: string): Promise<void> {
    await this.line.fill(line);
    await this.line.press('Enter');
  }

  /**
   * Types a line until the page shows what it leads to: a bot that is only just connected, or whose Redis is only just
   * back, refuses for a moment.
   */
  async typeUntil(line: string, shown: () => Locator): Promise<void> {
    for (let left = 8; ; left -= 1) {
      await this.type(line);
      try {
        return await shown().first().waitFor({ timeout: 4_000 });
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  }

  async open(panel: PanelName): Promise<void> {
    await this.page.getByRole('button', { name: panel, exact: true }).click();
  }

  /** Adds a repaid unit and waits until the bot knows it. */
  async addUnit(groupId: string): Promise<void> {
    await this.panel.getByLabel('New unit').fill(groupId);
    const known = this.page.waitForResponse((response) => response.url().endsWith('/world/add-unit'));
    await this.panel.getByRole('button', { name: 'Add unit' }).click();
    await known;
    await this.panel.getByText(`Unit ${groupId}`).waitFor();
  }

  /** Opens the ballot from the card, types the unit's id and submits. */
  async vote(unit: string): Promise<void> {
    await this.card.getByRole('button', { name: /Review and approve/ }).click();
    await this.modal.getByLabel(/Type the unit/).fill(unit);
    await this.modal.getByRole('button', { name: 'Approve close' }).click();
  }

  /**
   * Opens the ballot until it says that the facts changed, and leaves it: the bot believes a reading of the unit for two
   * seconds, and shows an ordinary ballot from it.
   */
  async meetChangedFacts(): Promise<void> {
    for (let left = 10; ; left -= 1) {
      await this.card.getByRole('button', { name: /Review and approve/ }).click();
      await this.modal.waitFor();
      const told = await this.modal
        .getByText(/no longer matches the request/)
        .waitFor({ timeout: 3_000 })
        .then(() => null)
        .catch((error: unknown) => error);
      await this.page.keyboard.press('Escape');
      await this.modal.waitFor({ state: 'hidden' });
      if (told === null) return;
      if (left === 0) throw told;
    }
  }

  /** Votes and reads what the bot says about it. */
  async approve(unit: string): Promise<string> {
    await this.vote(unit);
    const done = this.modal.getByRole('button', { name: 'Close window' });
    await done.waitFor();
    // The form that says that the bot is at work has the same button.
    await this.modal.getByText('Working on it…').waitFor({ state: 'hidden' });
    const said = await this.modal.innerText();
    await done.click();
    await this.modal.waitFor({ state: 'hidden' });
    return said;
  }
}
