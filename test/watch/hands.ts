/** What people do with the watch: type a command, click on the newest card. */
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';
import { ACTIONS, type ActionId, INPUTS } from '../../src/slack/ids.ts';
import type { Told } from './told.ts';

export interface HandsParts {
  readonly workspace: Workspace;
  readonly told: () => readonly Told[];
  /** Waits for what clicks started, and delivers what is due. */
  readonly settled: () => Promise<void>;
}

export class Hands {
  readonly #workspace: Workspace;
  readonly #parts: HandsParts;

  constructor(parts: HandsParts) {
    this.#parts = parts;
    this.#workspace = parts.workspace;
  }

  /** The newest card of an alert, as people see it now. */
  card(): string {
    const { channelId, ts } = this.#card();
    const now = this.#workspace.store.message(channelId, ts);
    return now === undefined ? '' : this.#workspace.renderText(now);
  }

  /** Clicks on the newest card, and waits until somebody is shown what fits. */
  async click(userId: string, action: ActionId, fits: RegExp): Promise<void> {
    const { order } = this.#workspace.store;
    await this.#workspace.as(userId).click(this.#card(), action, { stale: true });
    await this.#shown(order, fits);
  }

  async mute(userId: string, value: string): Promise<void> {
    const { store } = this.#workspace;
    const { order } = store;
    await this.#workspace.as(userId).click(this.#card(), ACTIONS.muteCase, { stale: true });
    const form = await this.#workspace.until(() =>
      store
        .modals(userId)
        .findLast((view) => view.order > order && JSON.stringify(view.payload).includes(INPUTS.muteFor)),
    );
    const before = store.order;
    await this.#workspace.as(userId).submit(form.id, { [INPUTS.muteFor]: value });
    await this.#shown(before, /muted it until/);
  }

  /** What is shown to that person alone, in the end. */
  async command(userId: string, command: string, text: string): Promise<string> {
    const { store } = this.#workspace;
    const { order } = store;
    await this.#workspace.as(userId).command(command, text, { channelId: ids.loanAlerts });
    const shown = await this.#workspace.until(() =>
      store.ephemerals(userId).findLast((each) => each.order > order && !/…\s*$/.test(each.text)),
    );
    await this.#parts.settled();
    return this.#workspace.renderText(shown);
  }

  #card(): { readonly channelId: string; readonly ts: string } {
    const hasButtons = ({ message }: Told) => message.blocks.some(({ type }) => type === 'actions');
    const card = this.#parts.told().findLast(hasButtons);
    if (card === undefined) throw new Error('there is no card');
    const { channelId, ts } = card.message;
    return { channelId, ts };
  }

  /** Somebody was shown what fits after that, and what the click started is done. */
  async #shown(order: number, fits: RegExp): Promise<void> {
    const { store } = this.#workspace;
    await this.#workspace.until(() =>
      store.events.slice(order).find((event) => {
        if (event.type === 'message' || event.type === 'message_changed')
          return fits.test(this.#workspace.renderText(event.message));
        return 'view' in event && fits.test(this.#workspace.renderText(event.view));
      }),
    );
    await this.#parts.settled();
  }
}
