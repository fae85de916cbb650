/**
 * People at the desk: each method is one thing a person does in Slack, sent to some bot. Nothing here throws because
 * a bot is dead, slow or refuses: a person then sees nothing and does something else.
 */

import type { ActionResult, ClickOptions } from '../../sandbox/slack/actor.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage, StoredView } from '../../sandbox/slack/store.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { ACTIONS, COMMANDS, INPUTS, MODALS, type ModalId } from '../../src/slack/ids.ts';

const PATIENCE_MS = 4_000;

export interface PeopleParts {
  readonly workspace: Workspace;
  /** Which bot gets the next interaction. */
  readonly someBot: () => string;
  /** How long a person looks at a form that does not load: 4,000 ms. */
  readonly patienceMs?: number;
}

export class People {
  readonly #workspace: Workspace;
  readonly #someBot: () => string;
  readonly #patienceMs: number;
  /** Interactions that were sent, good ones and bad ones. */
  clicks = 0;

  constructor({ workspace, someBot, patienceMs = PATIENCE_MS }: PeopleParts) {
    this.#patienceMs = patienceMs;
    this.#workspace = workspace;
    this.#someBot = someBot;
  }

  async ask(user: string, unit: string, reason: string): Promise<void> {
    await this.#act(() =>
      this.#workspace
        .as(user)
        .command(COMMANDS.closeUnit, `${unit} ${reason}`, { ...this.#to(), channelId: SEED_IDS.loanDesk }),
    );
  }

  /** Lifts the stops that limits and bans of the exchange put on the bots. */
  async resume(user: string): Promise<void> {
    await this.#act(() =>
      this.#workspace
        .as(user)
        .command(COMMANDS.loandesk, 'resume', { ...this.#to(), channelId: SEED_IDS.loanDesk }),
    );
  }

  cardOf({ card }: CloseRequest): StoredMessage | null {
    if (card === null) return null;
    return this.#workspace.store.message(card.channelId, card.messageTs) ?? null;
  }

  /** Clicks Approve, waits for the form, types the unit's id (or something else) and sends it. */
  async approve(user: string, request: CloseRequest, typed: string = request.groupId): Promise<void> {
    const ballot = await this.#openForm(user, request, ACTIONS.approve, MODALS.ballot, INPUTS.typedId);
    if (ballot === null) return;
    await this.#act(() =>
      this.#workspace.as(user).submit(ballot.id, { [INPUTS.typedId]: typed }, this.#to()),
    );
  }

  /** The same form sent twice at once, to two bots if there are two. */
  async approveTwice(user: string, request: CloseRequest): Promise<void> {
    const ballot = await this.#openForm(user, request, ACTIONS.approve, MODALS.ballot, INPUTS.typedId);
    if (ballot === null) return;
    const send = () =>
      this.#act(() =>
        this.#workspace.as(user).submit(ballot.id, { [INPUTS.typedId]: request.groupId }, this.#to()),
      );
    await Promise.all([send(), send()]);
  }

  async reject(user: string, request: CloseRequest, reason: string): Promise<void> {
    const form = await this.#openForm(user, request, ACTIONS.reject, MODALS.rejection, INPUTS.reason);
    if (form === null) return;
    await this.#act(() => this.#workspace.as(user).submit(form.id, { [INPUTS.reason]: reason }, this.#to()));
  }

  withdraw(user: string, request: CloseRequest): Promise<ActionResult | null> {
    return this.click(user, request, ACTIONS.withdraw);
  }

  startSending(user: string, request: CloseRequest): Promise<ActionResult | null> {
    return this.click(user, request, ACTIONS.startSending);
  }

  /** Asks for the evidence of an unknown outcome and says what happened. */
  async settle(user: string, request: CloseRequest, verdict: 'closed' | 'not-closed'): Promise<void> {
    const { store } = this.#workspace;
    const asked = await this.#act(() =>
      this.#workspace
        .as(user)
        .command(COMMANDS.loandesk, `request ${request.id}`, { ...this.#to(), channelId: SEED_IDS.loanDesk }),
    );
    if (asked === null) return;
    const evidence = await this.#see(() =>
      store
        .ephemerals(user)
        .findLast((message) => message.order > asked.order && offers(message, ACTIONS.settle)),
    );
    if (evidence === null) return;
    await this.#act(() => this.#workspace.as(user).click(evidence, ACTIONS.settle, this.#to()));
    const form = await this.#form(user, request, MODALS.settle, INPUTS.note);
    if (form === null) return;
    await this.#act(() =>
      this.#workspace
        .as(user)
        .submit(form.id, { [INPUTS.verdict]: verdict, [INPUTS.note]: 'Seen in the console.' }, this.#to()),
    );
  }

  /** Clicks a button of the card as it is, or as `options` say. Null: there is no such button to click. */
  async click(
    user: string,
    request: CloseRequest,
    action: string,
    options: ClickOptions = {},
  ): Promise<ActionResult | null> {
    const card = this.cardOf(request);
    return card === null ? null : this.clickOn(user, card, action, options);
  }

  clickOn(
    user: string,
    card: StoredMessage,
    action: string,
    options: ClickOptions = {},
  ): Promise<ActionResult | null> {
    return this.#act(() => this.#workspace.as(user).click(card, action, { ...this.#to(), ...options }));
  }

  /** Delivers what was sent once more, byte by byte, to some bot. */
  async replay({ request }: ActionResult): Promise<void> {
    if (!('url' in request)) return;
    this.clicks += 1;
    await this.#workspace.resend({ ...request, url: this.#someBot() });
  }

  async #openForm(
    user: string,
    request: CloseRequest,
    action: string,
    modal: ModalId,
    input: string,
  ): Promise<StoredView | null> {
    const clicked = await this.click(user, request, action);
    return clicked === null ? null : this.#form(user, request, modal, input);
  }

  /** The person's open form for this request, once it shows what is to be filled in. */
  #form(user: string, request: CloseRequest, modal: ModalId, input: string): Promise<StoredView | null> {
    return this.#see(() =>
      this.#workspace.store
        .modals(user)
        .findLast(
          ({ payload }) =>
            payload.callback_id === modal &&
            String(payload.private_metadata).includes(request.id) &&
            JSON.stringify(payload.blocks).includes(input),
        ),
    );
  }

  #to(): { to: string } {
    return { to: this.#someBot() };
  }

  /** What a person sees within their patience, or null. */
  async #see<Value>(look: () => Value | undefined): Promise<Value | null> {
    try {
      return await this.#workspace.until(look, this.#patienceMs);
    } catch {
      return null;
    }
  }

  /** Null where Slack itself would not let the person do it: the button or the form is gone by now. */
  async #act(act: () => Promise<ActionResult>): Promise<ActionResult | null> {
    this.clicks += 1;
    try {
      return await act();
    } catch {
      return null;
    }
  }
}

export function offers(message: StoredMessage, action: string): boolean {
  return JSON.stringify(message.blocks).includes(`"${action}"`);
}
