/** A turn on top of Bolt: answers through the response_url first, then by other ways, and never throws. */
import type { RespondArguments, RespondFn } from '@slack/bolt';
import type { WebClient, WebClientOptions } from '@slack/web-api';
import type { PersonId } from '../domain/person.ts';
import type { Log } from '../usecases/ports.ts';
import type { Turn } from './listener.ts';
import { failureText, type OnSlackCall, observedCall, type SlackAnswer, slackCall } from './slack-call.ts';
import type { Home, Message, Modal } from './views/blocks.ts';
import { noticeModal } from './views/notice-message.ts';

export interface BoltTurnParts {
  readonly client: WebClient;
  readonly log: Log;
  readonly onSlackCall?: OnSlackCall;
  /** For messages that a channel reads: people by name, without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
  readonly by: PersonId;
  readonly channelId: string | null;
  readonly messageTs: string | null;
  readonly input: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly metadata: string;
  /** Carries uploads. */
  readonly fetch: NonNullable<WebClientOptions['fetch']>;
  readonly respond: RespondFn | null;
  /** App Home was opened: answers are drawn there, never sent as messages. */
  readonly isHome: boolean;
  readonly triggerId: string | null;
  /** The modal that was submitted. */
  readonly viewId: string | null;
}

/** Slack (or a response_url, as HTTP 400) does not take these blocks. */
const SHAPE_FAULTS: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_attachments',
  'msg_blocks_too_long',
  'http_400',
]);

type Way = (form: Message) => Promise<unknown>;

export class BoltTurn implements Turn {
  readonly by: PersonId;
  readonly channelId: string | null;
  readonly messageTs: string | null;
  readonly input: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly metadata: string;
  readonly #parts: BoltTurnParts;
  #viewId: string | null;
  #modalTitle = 'Loandesk';
  #hasLoadingLine = false;

  constructor(parts: BoltTurnParts) {
    this.#parts = parts;
    this.by = parts.by;
    this.channelId = parts.channelId;
    this.messageTs = parts.messageTs;
    this.input = parts.input;
    this.fields = parts.fields;
    this.metadata = parts.metadata;
    this.#viewId = parts.viewId;
  }

  get hasModal(): boolean {
    return this.#viewId !== null;
  }

  /** The ack of a command showed a loading line: the answer takes its place. */
  noteLoadingLine(): void {
    this.#hasLoadingLine = true;
  }

  async tell(message: Message): Promise<boolean> {
    if (this.#parts.isHome) return this.publishHome({ type: 'home', blocks: [...message.blocks] });
    if (this.#viewId !== null && (await this.updateModal(noticeModal(this.#modalTitle, message.text))))
      return true;
    return this.#privately(message, this.#hasLoadingLine);
  }

  replace(message: Message): Promise<boolean> {
    return this.#privately(message, true);
  }

  async share(loud: Message): Promise<boolean> {
    const { client } = this.#parts;
    const message = await this.#parts.quiet(loud);
    const { channelId } = this;
    const ways: Way[] = this.#byResponseUrl({ response_type: 'in_channel', replace_original: false });
    if (channelId !== null) {
      ways.push(({ text, blocks }) =>
        client.chat.postMessage({
          channel: channelId,
          text,
          blocks: [...blocks],
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
    }
    return this.#try(message, ways);
  }

  async openModal(modal: Modal): Promise<boolean> {
    const { client, triggerId } = this.#parts;
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
    const answer = await slackCall(() =>
      this.#parts.client.views.publish({ user_id: this.by.userId, view: home }),
    );
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
      // A direct message tells the id of its conversation, so no scope is needed to open one.
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
    const { respond, onSlackCall } = this.#parts;
    if (respond === null) return [];
    return [
      ({ text, blocks }) =>
        observedCall('response_url', onSlackCall, async () => {
          const answer = await respond({ ...how, text, blocks: [...blocks] });
          // Some refusals come as 200 with an error in the body.
          const body = await answer.text();
          const error = /"error"\s*:\s*"([a-z_]+)"/.exec(body)?.[1];
          if (body.includes('"ok":false') || error !== undefined)
            throw Object.assign(new Error(`response_url: ${error ?? 'refused'}`), { statusCode: 400 });
        }),
    ];
  }

  #privately(message: Message, replaceOriginal: boolean): Promise<boolean> {
    const { client, by } = this.#parts;
    const { channelId } = this;
    const ways = this.#byResponseUrl({ response_type: 'ephemeral', replace_original: replaceOriginal });
    if (channelId !== null) {
      ways.push(({ text, blocks }) =>
        client.chat.postEphemeral({ channel: channelId, user: by.userId, text, blocks: [...blocks] }),
      );
    }
    ways.push(({ text, blocks }) =>
      client.chat.postMessage({ channel: by.userId, text, blocks: [...blocks], unfurl_links: false }),
    );
    return this.#try(message, ways);
  }

  /** Each way in turn; on each, the message and then its plainer forms. */
  async #try(message: Message, ways: readonly Way[]): Promise<boolean> {
    for (const way of ways) {
      const forms: Message[] = [];
      for (let form: Message | undefined = message; form !== undefined; form = form.plainer) forms.push(form);
      for (const form of forms) {
        const answer = await slackCall(() => way(form));
        this.#note('answer', answer);
        if (answer.ok) return true;
        if (answer.failure.kind !== 'refused' || !SHAPE_FAULTS.has(answer.failure.error)) break;
      }
    }
    return false;
  }

  #note(what: string, answer: SlackAnswer<unknown>): void {
    if (!answer.ok) this.#parts.log.warn({ what, why: failureText(answer.failure) }, 'Slack call failed');
  }
}
