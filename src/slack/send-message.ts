/** Sending a message in the richest form that Slack takes. */
import type { WebClient } from '@slack/web-api';
import type { Log } from '../usecases/ports.ts';
import { failureText, type SlackAnswer, slackCall } from './slack-call.ts';
import type { Home, Message } from './views/blocks.ts';

/** Slack doesn't take these blocks. A response_url says so with HTTP 400. */
export const SHAPE_FAULTS: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_attachments',
  'msg_blocks_too_long',
  'block_mismatch',
  'http_400',
]);

/** As the Web API's methods and response URLs take it. */
export interface MessageForm {
  readonly text: string;
  readonly blocks: Message['blocks'][number][];
}

/** Sends the message; while Slack refuses its blocks, each of its plainer forms, and in the end its text alone. */
export async function sendMessage<Value>(
  message: Message,
  log: Log,
  send: (form: MessageForm) => Promise<Value>,
): Promise<SlackAnswer<Value>> {
  for (let form: Message | undefined = message; form !== undefined; form = form.plainer) {
    const { text, blocks } = form;
    const answer = await slackCall(() => send({ text, blocks: [...blocks] }));
    if (answer.ok || answer.failure.kind !== 'refused' || !SHAPE_FAULTS.has(answer.failure.error))
      return answer;
    log.warn(
      { why: failureText(answer.failure) },
      'Slack refused the blocks of a message; sending a simpler form',
    );
  }
  return slackCall(() => send({ text: message.text, blocks: [] }));
}

export interface PostOptions {
  readonly threadTs?: string | undefined;
  /** A reply that the channel shows, too. */
  readonly isBroadcast?: boolean;
  /** Every app in the workspace can read it, so it is an opaque id: by it the message is found again. */
  readonly key?: string | undefined;
}

/** The `event_type` of the metadata that carries `key`. */
export const KEYED_MESSAGE = 'loandesk_alert';

/** Posts one form to a channel, or directly to a person by their user id. */
export function postMessage(
  client: WebClient,
  channel: string,
  form: MessageForm,
  options: PostOptions = {},
) {
  const { threadTs, isBroadcast = false, key } = options;
  const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
  return client.chat.postMessage({
    ...{ channel, text: form.text, blocks: form.blocks, unfurl_links: false, unfurl_media: false },
    ...(isBroadcast && threadTs !== undefined ? { thread_ts: threadTs, reply_broadcast: true } : thread),
    ...(key === undefined ? {} : { metadata: { event_type: KEYED_MESSAGE, event_payload: { key } } }),
  });
}

export async function publishHomeTab(
  client: WebClient,
  userId: string,
  { plainer, ...drawn }: Home,
): Promise<SlackAnswer<unknown>> {
  const publish = (view: Omit<Home, 'plainer'>) =>
    slackCall(() => client.views.publish({ user_id: userId, view }));
  const answer = await publish(drawn);
  if (answer.ok || answer.failure.kind !== 'refused' || plainer === undefined) return answer;
  return publish(plainer);
}
