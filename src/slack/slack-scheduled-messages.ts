/** Messages that Slack itself posts when the bot falls silent. Without metadata: Slack posts none that carries any. */
import type { WebClient } from '@slack/web-api';
import type { ScheduledMessage, ScheduledMessages } from '../usecases/watch-ports.ts';
import { failureText, type SlackAnswer, slackCall } from './slack-call.ts';
import { isTripWireText, tripWireMessage } from './views/watch-message.ts';

export class SlackScheduledMessages implements ScheduledMessages {
  readonly #client: WebClient;

  constructor(client: WebClient) {
    this.#client = client;
  }

  /** Without `channel`, Slack lists those of every channel (docs.slack.dev, chat.scheduledMessages.list). */
  async list(): Promise<readonly ScheduledMessage[]> {
    const found: ScheduledMessage[] = [];
    let cursor = '';
    do {
      const page = orThrow(
        await slackCall(() =>
          this.#client.chat.scheduledMessages.list(cursor === '' ? { limit: 100 } : { limit: 100, cursor }),
        ),
      );
      for (const { id, channel_id: channelId, post_at: postAtS, text = '' } of page.scheduled_messages ??
        []) {
        if (id === undefined || channelId === undefined || postAtS === undefined) continue;
        if (isTripWireText(text)) found.push({ id: String(id), channelId, postAtMs: postAtS * 1_000 });
      }
      cursor = page.response_metadata?.next_cursor ?? '';
    } while (cursor !== '');
    return found;
  }

  async schedule(planned: Parameters<ScheduledMessages['schedule']>[0]): Promise<void> {
    const { channelId: channel, group, postAtMs, silentSinceMs } = planned;
    const { text, blocks } = tripWireMessage(silentSinceMs, group);
    const post_at = Math.floor(postAtMs / 1_000);
    orThrow(
      await slackCall(() =>
        this.#client.chat.scheduleMessage({ channel, post_at, text, blocks: [...blocks] }),
      ),
    );
  }

  async delete({ id, channelId: channel }: ScheduledMessage): Promise<void> {
    const answer = await slackCall(() =>
      this.#client.chat.deleteScheduledMessage({ channel, scheduled_message_id: id }),
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
