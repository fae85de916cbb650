/** chat.scheduleMessage and what belongs to it. */
import { type JsonObject, readString } from './json.ts';
import { type Method, type MethodContext, postableChannelOf, readContent } from './method.ts';

function schedule(context: MethodContext, args: JsonObject): JsonObject {
  const channel = postableChannelOf(context, args);
  const { id, postAtS, content } = context.scheduled.add(channel.id, Number(args.post_at), readContent(args));
  return {
    ...{ channel: channel.id, scheduled_message_id: id, post_at: postAtS },
    message: { text: content.text, bot_id: context.directory.botId, type: 'delayed_message' },
  };
}

const LIMIT = 100;

/** `channel` is optional: without it, those of every channel (docs.slack.dev/reference/methods/chat.scheduledMessages.list). */
function list({ scheduled }: MethodContext, args: JsonObject): JsonObject {
  const all = scheduled.list(readString(args, 'channel'));
  const from = Number(readString(args, 'cursor') ?? 0);
  const end = from + Number(args.limit ?? LIMIT);
  return {
    scheduled_messages: all.slice(from, end).map((each) => ({
      ...{ id: each.id, channel_id: each.channelId, post_at: each.postAtS },
      ...{ date_created: each.createdAtS, text: each.content.text },
    })),
    response_metadata: { next_cursor: end < all.length ? String(end) : '' },
  };
}

function remove({ scheduled }: MethodContext, args: JsonObject): JsonObject {
  scheduled.remove(readString(args, 'channel') ?? '', readString(args, 'scheduled_message_id') ?? '');
  return {};
}

export const SCHEDULED_METHODS: Readonly<Record<string, Method>> = {
  'chat.scheduleMessage': { scope: 'chat:write', token: 'bot', tier: 3, run: schedule },
  'chat.scheduledMessages.list': { token: 'bot', tier: 3, run: list },
  'chat.deleteScheduledMessage': { scope: 'chat:write', token: 'bot', tier: 3, run: remove },
};
