/** A turn on top of Bolt: answers through the response_url first, then by other ways, and never throws. */
import type { RespondArguments, RespondFn } from '@slack/bolt';
import type { WebClient, WebClientOptions } from '@slack/web-api';
import type { Log } from '../usecases/ports.ts';
import type { Turn } from './listener.ts';
import { type MessageForm, postMessage, publishHomeTab, sendMessage } from './send-message.ts';
import { failureText, type OnSlackCall, observedCall, type SlackAnswer, slackCall } from './slack-call.ts';
import { errorFields } from './slack-log.ts';
import type { Home, Message, Modal } from './views/blocks.ts';
import { noticeMessage, noticeModal } from './views/notice-message.ts';

/** The same for every turn. */
export interface TurnParts {
  readonly client: WebClient;
  readonly log: Log;
  readonly onSlackCall?: OnSlackCall;
  /** For messages that a channel reads: people by name, without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
  /** For uploads. */
  readonly fetch: NonNullable<WebClientOptions['fetch']>;
}

/** One command, click, form or event. */
export interface Interaction
  extends Pick<Turn, 'by' | 'channelId' | 'messageTs' | 'input' | 'fields' | 'metadata'> {
  readonly respond: RespondFn | null;
  /** App Home was opened: answers are drawn there, never sent as messages. */
  readonly isHome: boolean;
  readonly triggerId: string | null;
  /** The modal that was submitted. */
  readonly viewId: string | null;
}

/** One way to send a message. */
type Way = (form: MessageForm) => Promise<unknown>;

export class BoltTurn implements Turn {
  readonly by: Turn['by'];
  readonly channelId: string | null;
  readonly messageTs: string | null;
  readonly input: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly metadata: string;
  readonly #parts: TurnParts;
  readonly #interaction: Interaction;
  #viewId: string | null;
  #modalTitle = 'Loandesk';
  #hasAnswer = false;
  /** Resolves when the notice that the answer is late is in Slack, if there is one. */
  #lateNotice: Promise<unknown> = Promise.resolve();
  #noticeWhenLate: (() => Promise<Message | null>) | null = null;

  constructor(parts: TurnParts, interaction: Interaction) {
    this.#parts = parts;
    this.#interaction = interaction;
    this.by = interaction.by;
    this.channelId = interaction.channelId;
    this.messageTs = interaction.messageTs;
    this.input = interaction.input;
    this.fields = interaction.fields;
    this.metadata = interaction.metadata;
    this.#viewId = interaction.viewId;
  }

  get hasModal(): boolean {
    return this.#viewId !== null;
  }

  sayStillWorking(text: string): void {
    if (this.#hasAnswer || this.hasModal || this.#interaction.isHome) return;
    this.#lateNotice = this.#announce(noticeMessage(text));
  }

  whenLate(notice: () => Promise<Message | null>): void {
    this.#noticeWhenLate = notice;
  }

  async #announce(usual: Message): Promise<void> {
    const notice = await this.#noticeWhenLate?.().catch((error: unknown) => {
      this.#parts.log.warn(errorFields(error), 'the notice of a late answer was not worked out');
      return null;
    });
    await this.#send(notice ?? usual, this.#privateWays(false));
  }

  async tell(message: Message): Promise<boolean> {
    if (this.#interaction.isHome) return this.publishHome({ type: 'home', blocks: [...message.blocks] });
    if (this.#viewId !== null && (await this.updateModal(noticeModal(this.#modalTitle, message.text))))
      return true;
    return this.#answer(message, this.#privateWays(false));
  }

  replace(message: Message): Promise<boolean> {
    return this.#answer(message, this.#privateWays(true));
  }

  async share(loud: Message): Promise<boolean> {
    const { client, quiet } = this.#parts;
    const message = await quiet(loud);
    const { channelId } = this;
    const ways = this.#byResponseUrl({ response_type: 'in_channel', replace_original: false });
    if (channelId !== null) ways.push((form) => postMessage(client, channelId, form));
    return this.#answer(message, ways);
  }

  async openModal(modal: Modal): Promise<boolean> {
    const { client } = this.#parts;
    const { triggerId } = this.#interaction;
    if (triggerId === null) return false;
    const opened = await slackCall(() => client.views.open({ trigger_id: triggerId, view: modal }));
    const viewId = opened.ok ? opened.value.view?.id : undefined;
    if (viewId !== undefined) {
      this.#viewId = viewId;
      this.#modalTitle = modal.title.text;
      return true;
    }
    this.#note('views.open', opened);
    return false;
  }

  async updateModal(modal: Modal): Promise<boolean> {
    const viewId = this.#viewId;
    if (viewId === null) return false;
    const answer = await slackCall(() => this.#parts.client.views.update({ view_id: viewId, view: modal }));
    this.#note('views.update', answer);
    return answer.ok;
  }

  async publishHome(home: Home): Promise<boolean> {
    const answer = await publishHomeTab(this.#parts.client, this.by.userId, home);
    this.#note('views.publish', answer);
    return answer.ok;
  }

  async sendFile(fileName: string, content: string): Promise<'sent' | 'scope-missing' | 'failed'> {
    const { client, fetch, onSlackCall } = this.#parts;
    const length = Buffer.byteLength(content);
    const place = await slackCall(() => client.files.getUploadURLExternal({ filename: fileName, length }));
    if (!place.ok) {
      this.#note('files.getUploadURLExternal', place);
      const { failure } = place;
      return failure.kind === 'refused' && failure.error === 'missing_scope' ? 'scope-missing' : 'failed';
    }
    const { upload_url: url, file_id: id } = place.value;
    if (url === undefined || id === undefined) return 'failed';
    const sent = await slackCall(async () => {
      await observedCall('file upload', onSlackCall, async () => {
        const answer = await fetch(url, { method: 'POST', body: content });
        if (!answer.ok) throw new Error(`upload answered HTTP ${answer.status}`);
      });
      // The answer to a direct message names its conversation, so no scope is needed to open one.
      const dm = await client.chat.postMessage({ channel: this.by.userId, text: `Here is ${fileName}.` });
      if (dm.channel === undefined) throw new Error('chat.postMessage named no conversation');
      return client.files.completeUploadExternal({
        files: [{ id, title: fileName }],
        channel_id: dm.channel,
      });
    });
    this.#note('file upload', sent);
    return sent.ok ? 'sent' : 'failed';
  }

  #byResponseUrl(how: Pick<RespondArguments, 'response_type' | 'replace_original'>): Way[] {
    const { onSlackCall } = this.#parts;
    const { respond } = this.#interaction;
    if (respond === null) return [];
    return [
      (form) =>
        observedCall('response_url', onSlackCall, async () => {
          const answer = await respond({ ...how, ...form });
          // Some refusals come as 200 with an error in the body.
          const body = await answer.text();
          const error = /"error"\s*:\s*"([a-z_]+)"/.exec(body)?.[1];
          if (body.includes('"ok":false') || error !== undefined)
            throw Object.assign(new Error(`response_url: ${error ?? 'refused'}`), { statusCode: 400 });
        }),
    ];
  }

  #privateWays(replaceOriginal: boolean): Way[] {
    const { client } = this.#parts;
    const { by, channelId } = this;
    const ways = this.#byResponseUrl({ response_type: 'ephemeral', replace_original: replaceOriginal });
    if (channelId !== null)
      ways.push((form) => client.chat.postEphemeral({ channel: channelId, user: by.userId, ...form }));
    ways.push((form) => postMessage(client, by.userId, form));
    return ways;
  }

  async #answer(message: Message, ways: readonly Way[]): Promise<boolean> {
    this.#hasAnswer = true;
    await this.#lateNotice;
    return this.#send(message, ways);
  }

  /** By the first way that works. */
  async #send(message: Message, ways: readonly Way[]): Promise<boolean> {
    for (const way of ways) {
      const answer = await sendMessage(message, this.#parts.log, way);
      this.#note('answer', answer);
      if (answer.ok) return true;
    }
    return false;
  }

  #note(what: string, answer: SlackAnswer<unknown>): void {
    if (!answer.ok) this.#parts.log.warn({ what, why: failureText(answer.failure) }, 'Slack call failed');
  }
}
