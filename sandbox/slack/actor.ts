import { applyCommandAck, applySubmissionAck } from './ack-effects.ts';
import type { Channel, Directory, Person } from './directory.ts';
import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import type { Delivered, SendOptions } from './payload-sender.ts';
import {
  commandFields,
  escapeCommandText,
  type FoundElement,
  findButtons,
  homeOpenedEvent,
  messageActionPayload,
  type Situation,
  submissionPayload,
  viewActionPayload,
} from './payloads.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { Outgoing } from './socket-connections.ts';
import type { Store, StoredMessage, StoredView } from './store.ts';
import type { Triggers } from './triggers.ts';
import { findInputs, type InputValues } from './view-payload.ts';

export interface ActionOptions extends SendOptions {
  /** The payload names this team instead of the person's own. */
  readonly teamId?: string;
  /** Clicks and forms: the team id of the user alone, such as an organisation's on Enterprise Grid. */
  readonly userTeamId?: string;
  /** Sends it although the person could not do this in Slack (left the channel, was deactivated, …). */
  readonly force?: boolean;
}

export interface CommandOptions extends ActionOptions {
  /** Where it is typed; the direct message with the bot by default. */
  readonly channelId?: string | undefined;
}

export interface ClickOptions extends ActionOptions {
  /** Which button, where several share the action id. */
  readonly value?: string | undefined;
  /** What was typed into inputs beside it. */
  readonly values?: InputValues;
  /** Clicks the message as it was given, although it may have changed since. */
  readonly stale?: boolean;
}

export type MessageRef = Pick<StoredMessage, 'channelId' | 'ts'> & Partial<StoredMessage>;

/** How the bot answered, and what the person was shown because of it. */
export interface ActionResult extends Delivered {
  /** The workspace's order number before the action: everything later may be its effect. */
  readonly order: number;
  /** The error that Slack shows the person, e.g. `operation_timeout`. */
  readonly failure?: string;
  /** The message that the ack itself put up. */
  readonly shown?: StoredMessage;
}

export interface Surroundings {
  readonly directory: Directory;
  readonly store: Store;
  readonly triggers: Triggers;
  readonly responseUrls: ResponseUrls;
  readonly now: () => number;
  /** Takes a payload to the bot and brings back its ack. */
  readonly send: (outgoing: Outgoing, options: SendOptions) => Promise<Delivered>;
}

/** One person at the keyboard. What they do goes to the bot as Slack would send it. */
export class Actor {
  readonly #around: Surroundings;
  readonly #userId: string;

  constructor(around: Surroundings, userId: string) {
    this.#around = around;
    this.#userId = userId;
    this.#person();
  }

  /** Types a slash command, e.g. `command('/ltv', '1')`. */
  async command(command: string, text = '', options: CommandOptions = {}): Promise<ActionResult> {
    const { directory, responseUrls, store } = this.#around;
    const channel = this.#channel(options.channelId ?? directory.directMessage(this.#userId).id, options);
    const { url } = responseUrls.create({ channelId: channel.id, viewerId: this.#userId });
    const situation = this.#situation(options, url);
    const payload = commandFields(situation, channel, command, escapeCommandText(text, directory).trim());
    const result = await this.#send({ kind: 'slash_commands', payload }, options);
    const line = `${command} ${text}`.trim();
    const effects = applyCommandAck(
      store,
      directory,
      { channelId: channel.id, viewerId: this.#userId, line },
      result,
    );
    return { ...result, ...effects };
  }

  /** Clicks a button of a message or view. A confirm dialog is passed. */
  click(
    target: MessageRef | { readonly viewId: string },
    actionId: string,
    options: ClickOptions = {},
  ): Promise<ActionResult> {
    return 'viewId' in target
      ? this.#clickView(target.viewId, actionId, options)
      : this.#clickMessage(target, actionId, options);
  }

  /** Submits a modal. `values` by action id or block id; initial values count where none is given. */
  async submit(viewId: string, values: InputValues = {}, options: ActionOptions = {}): Promise<ActionResult> {
    const { store } = this.#around;
    const view = this.#ownView(viewId);
    const payload = submissionPayload(this.#situation(options, ''), view, values);
    if (options.force !== true) refuseIncomplete(view, values);
    const result = await this.#sendPayload(payload, options);
    return { ...result, ...applySubmissionAck(store, view, result) };
  }

  /** Closes the modal; the bot does not hear of it. */
  close(viewId: string): void {
    this.#around.store.closeView(this.#ownView(viewId));
  }

  /** Opens the bot's Home tab: an `app_home_opened` event. */
  openHome(options: ActionOptions = {}): Promise<ActionResult> {
    const { store, now } = this.#around;
    const payload = homeOpenedEvent(this.#situation(options, ''), store.newId('Ev'), now());
    return this.#send({ kind: 'events_api', payload }, options);
  }

  async #clickMessage(target: MessageRef, actionId: string, options: ClickOptions): Promise<ActionResult> {
    const { responseUrls } = this.#around;
    const message = this.#message(target, options);
    const found = findElement(message.blocks, actionId, options);
    const { url } = responseUrls.create(
      { channelId: message.channelId, viewerId: this.#userId, threadTs: message.threadTs },
      message,
    );
    const situation = this.#situation(options, url);
    const payload = messageActionPayload(situation, message, found, options.values ?? {});
    return this.#sendPayload(payload, options);
  }

  async #clickView(viewId: string, actionId: string, options: ClickOptions): Promise<ActionResult> {
    const view = this.#ownView(viewId);
    const found = findElement(readObjects(view.payload.blocks), actionId, options);
    const payload = viewActionPayload(this.#situation(options, ''), view, found, options.values ?? {});
    return this.#sendPayload(payload, options);
  }

  async #sendPayload(payload: JsonObject, options: SendOptions): Promise<ActionResult> {
    const result = await this.#send({ kind: 'interactive', payload }, options);
    if (result.noAnswer === 'timeout') return { ...result, failure: 'operation_timeout' };
    return result.status === 200 ? result : { ...result, failure: 'dispatch_failed' };
  }

  async #send(outgoing: Outgoing, options: SendOptions): Promise<ActionResult> {
    const { order } = this.#around.store;
    return { ...(await this.#around.send(outgoing, options)), order };
  }

  #situation(options: ActionOptions, responseUrl: string): Situation {
    const { directory, store, triggers } = this.#around;
    const triggerId = triggers.create(this.#userId);
    const { teamId, userTeamId } = options;
    return { directory, store, person: this.#person(), triggerId, responseUrl, teamId, userTeamId };
  }

  #person(): Person {
    const person = this.#around.directory.people.get(this.#userId);
    if (person === undefined) throw new Error(`No such person: ${this.#userId}`);
    return person;
  }

  #channel(channelId: string, options: ActionOptions): Channel {
    const channel = this.#around.directory.channels.get(channelId);
    if (channel === undefined) throw new Error(`No such channel: ${channelId}`);
    const cannot =
      this.#person().deleted === true || channel.isArchived || !channel.members.has(this.#userId);
    if (cannot && options.force !== true)
      throw new Error(`${this.#person().name} cannot write in ${channel.name}`);
    return channel;
  }

  #message(target: MessageRef, options: ClickOptions): StoredMessage {
    this.#channel(target.channelId, options);
    const current = this.#around.store.message(target.channelId, target.ts);
    if (current === undefined) throw new Error(`No message ${target.ts} in ${target.channelId}`);
    const isHidden = current.viewerId !== undefined && current.viewerId !== this.#userId;
    if (isHidden && options.force !== true)
      throw new Error(`${this.#person().name} does not see message ${target.ts}`);
    return options.stale === true && target.blocks !== undefined
      ? { ...current, text: target.text ?? current.text, blocks: target.blocks }
      : current;
  }

  #ownView(viewId: string): StoredView {
    const view = this.#around.store.view(viewId);
    if (view === undefined || !view.isOpen || view.userId !== this.#userId)
      throw new Error(`${this.#person().name} has no open view ${viewId}`);
    return view;
  }
}

function findElement(blocks: readonly JsonObject[], actionId: string, options: ClickOptions): FoundElement {
  const all = findButtons(blocks);
  const found = all.filter(
    ({ element }) =>
      element.action_id === actionId && (options.value === undefined || options.value === element.value),
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const known = all.map(({ element }) => String(element.action_id)).join(', ') || 'none';
  throw new Error(`${found.length} elements "${actionId}"; there are: ${known}`);
}

/** The client itself refuses what is missing or too short or long; the bot never sees it. */
function refuseIncomplete(view: StoredView, values: InputValues): void {
  if (!isObject(view.payload.submit)) throw new Error(`View ${view.id} has no submit button`);
  for (const { blockId, actionId, element, isRequired } of findInputs(readObjects(view.payload.blocks))) {
    const value = values[actionId] ?? values[blockId];
    const isEmpty = value === undefined ? !element.initial_value && !element.initial_option : value === '';
    if (isEmpty && isRequired) throw new Error(`Please complete this required field: ${actionId}`);
    const typed = value ?? readString(element, 'initial_value') ?? '';
    const { min_length: min, max_length: max } = element;
    if (typed !== '' && typeof min === 'number' && typed.length < min)
      throw new Error(`${actionId}: at least ${min} characters`);
    if (typeof max === 'number' && typed.length > max)
      throw new Error(`${actionId}: at most ${max} characters`);
  }
}
