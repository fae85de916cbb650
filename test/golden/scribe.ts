/** Plays people in the sandbox and writes down what they do and what they are shown. */
import type { ActionResult } from '../../sandbox/slack/actor.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage, StoredView } from '../../sandbox/slack/store.ts';
import type { InputValues } from '../../sandbox/slack/view-payload.ts';
import type { World } from '../../sandbox/world.ts';

/** Shown until the answer is there, or before a late one; answers neither end nor begin so. */
const LOADING = /…\s*(?:\[Close window\]\s*)?$|^Reading `\/loan /;

export class Scribe {
  readonly #world: World;
  readonly #lines: string[] = [];

  /** Resolves when every message that the bot wants to post is posted: what comes next is then in one order. */
  readonly settled: () => Promise<void>;

  constructor(world: World, settled: () => Promise<void>) {
    this.#world = world;
    this.settled = settled;
  }

  get text(): string {
    return this.#lines.join('\n');
  }

  chapter(title: string, ...paragraphs: string[]): void {
    this.#lines.push(`## ${title}`, '', ...paragraphs.flatMap((each) => [each, '']));
  }

  note(text: string): void {
    this.#lines.push(text, '');
  }

  /** A command and its private answer; with `modal`, the form that it opens. */
  async command(
    userId: string,
    line: string,
    options: { readonly channelId?: string; readonly as?: string; readonly modal?: boolean } = {},
  ): Promise<StoredMessage | StoredView> {
    await this.settled();
    const [name = '', ...words] = line.split(' ');
    const { workspace } = this.#world;
    const channelId = options.channelId ?? SEED_IDS.loanDesk;
    const result = await workspace.as(userId).command(name, words.join(' '), { channelId });
    const where = channelId === SEED_IDS.loanDesk ? '' : ` in ${workspace.directory.nameOf(channelId)}`;
    this.#did(userId, `\`${options.as ?? line}\`${where}`, result);
    if (options.modal === true) return this.#modal(userId, result.order);
    return this.#answer(userId, (message) => message.order > result.order);
  }

  /** A click and the private answer or form that follows it. */
  async click(
    userId: string,
    target: StoredMessage | StoredView,
    actionId: string,
    does: string,
    options: { readonly modal?: boolean; readonly stale?: boolean; readonly value?: string } = {},
  ): Promise<StoredMessage | StoredView> {
    await this.settled();
    const { workspace } = this.#world;
    const how = {
      ...(options.stale === true ? { stale: true } : {}),
      ...(options.value === undefined ? {} : { value: options.value }),
    };
    const place = 'payload' in target ? { viewId: target.id } : target;
    const result = await workspace.as(userId).click(place, actionId, how);
    this.#did(userId, does, result);
    return options.modal === true
      ? this.#modal(userId, result.order)
      : this.#answer(userId, (message) => message.order > result.order);
  }

  /** Submits a form: what it then shows, or the fault under its field. */
  async submit(userId: string, form: StoredView, values: InputValues, does: string): Promise<StoredView> {
    await this.settled();
    const { workspace } = this.#world;
    const result = await workspace.as(userId).submit(form.id, values, { force: true });
    this.#did(userId, does, result);
    const now = workspace.store.view(form.id);
    if (now !== undefined && Object.keys(now.errors).length > 0) {
      this.#shown(Object.values(now.errors).join('\n'));
      return now;
    }
    return this.#modal(userId, result.order);
  }

  async closeForms(userId: string): Promise<void> {
    const { workspace } = this.#world;
    for (const form of workspace.store.modals(userId).toReversed()) await workspace.as(userId).close(form.id);
  }

  /** Something that is now shown to a channel. */
  async shows<Shown extends StoredMessage | StoredView>(
    what: string,
    look: () => Shown | undefined,
    fits: RegExp,
  ): Promise<Shown> {
    const { workspace } = this.#world;
    const found = await workspace.until(() => {
      const shown = look();
      return shown !== undefined && fits.test(workspace.renderText(shown)) ? shown : undefined;
    });
    this.#lines.push(`${what}:`, '');
    this.#shown(workspace.renderText(found));
    return found;
  }

  verbatim(text: string): void {
    this.#shown(text);
  }

  #did(userId: string, does: string, { failure }: ActionResult): void {
    const name = this.#world.workspace.directory.people.get(userId)?.realName ?? userId;
    this.#lines.push(`**${name}**: ${does}`, '');
    if (failure !== undefined) throw new Error(`Slack shows ${failure} for ${does}`);
  }

  async #answer(userId: string, fits: (message: StoredMessage) => boolean): Promise<StoredMessage> {
    const { workspace } = this.#world;
    const found = await workspace.until(() =>
      workspace.store
        .ephemerals(userId)
        .findLast((message) => fits(message) && !LOADING.test(workspace.renderText(message))),
    );
    this.#shown(workspace.renderText(found));
    return found;
  }

  async #modal(userId: string, after: number): Promise<StoredView> {
    const { workspace } = this.#world;
    const found = await workspace.until(() =>
      workspace.store
        .modals(userId)
        .findLast((view) => view.order > after && !LOADING.test(workspace.renderText(view))),
    );
    this.#shown(workspace.renderText(found));
    return found;
  }

  #shown(text: string): void {
    this.#lines.push('```text', text.replaceAll('```', "'''"), '```', '');
  }
}
