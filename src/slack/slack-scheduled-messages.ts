/** Messages that Slack itself posts when the bot falls silent. Without metadata: Slack posts none that carries any. */
import type { WebClient } from '@slack/web-api';
import type { ScheduledMessages } from '../usecases/watch-ports.ts';
import { failureText, type SlackAnswer, slackCall } from './slack-call.ts';
import { tripWireMessage } from './views/watch-message.ts';

export interface ScheduledMessagesParts {
  readonly client: WebClient;
  /** WATCH_CHANNEL. */
  readonly channel: string;
  /** WATCH_GROUP: user and user-group ids, who are mentioned. */
  readonly group: readonly string[];
}

export class SlackScheduledMessages implements ScheduledMessages {
  readonly #parts: ScheduledMessagesParts;

  constructor(parts: ScheduledMessagesParts) {
    this.#parts = parts;
  }

  async list(): Promise<readonly { readonly id: string; readonly postAtMs: number }[]> {
    const { client, channel } = this.#parts;
    const found: { id: string; postAtMs: number }[] = [];
    let cursor = '';
    do {
      const page = orThrow(
        await slackCall(() =>
          client.chat.scheduledMessages.list({ channel, ...(cursor === '' ? {} : { cursor }) }),
        ),
      );
      for (const { id, post_at: postAtS } of page.scheduled_messages ?? [])
        if (id !== undefined && postAtS !== undefined)
          found.push({ id: String(id), postAtMs: postAtS * 1_000 });
      cursor = page.response_metadata?.next_cursor ?? '';
    } while (cursor !== '');
    return found;
  }

  async schedule(postAtMs: number, silentSinceMs: number): Promise<void> {
    const { client, channel, group } = this.#parts;
    const { text, blocks } = tripWireMessage(silentSinceMs, group);
    const post_at = Math.floor(postAtMs / 1_000);
    orThrow(
      await slackCall(() => client.chat.scheduleMessage({ channel, post_at, text, blocks: [...blocks] })),
    );
  }

  async delete(id: string): Promise<void> {
    const { client, channel } = this.#parts;
    const answer = await slackCall(() =>
      client.chat.deleteScheduledMessage({ channel, scheduled_message_id: id }),
    );
    // It is not there: another replica deleted it, or Slack posted it.
    const isGone =
      !answer.ok &&
      answer.failure.kind === 'refused' &&
      answer.failure.error === 'invalid_scheduled_message_id';
    if (!isGone) orThrow(answer);
  }
}

function orThrow<Value>(answer: SlackAnswer<Value>): Value {
  if (answer.ok) return answer.value;
  throw new Error(failureText(answer.failure));
}
