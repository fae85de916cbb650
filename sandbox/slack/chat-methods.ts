import type { Channel } from './directory.ts';
import { type JsonObject, readString } from './json.ts';
import { readContent, toSlackMessage } from './message-content.ts';
import { accept, type Method, type MethodAnswer, type MethodContext, refuse } from './method.ts';
import type { StoredMessage } from './store.ts';

type Found<T> = { readonly found: T } | { readonly refusal: MethodAnswer };

/** The conversation to post to. A user id opens the direct message with that person. */
function findTarget(context: MethodContext, args: JsonObject): Found<Channel> {
  const { directory } = context;
  const id = readString(args, 'channel');
  if (id === undefined) return { refusal: refuse('channel_not_found') };
  const person = directory.people.get(id);
  if (person !== undefined) {
    const reachable = person.deleted !== true && person.isBot !== true && person.isStranger !== true;
    return reachable ? { found: directory.directMessage(id) } : { refusal: refuse('channel_not_found') };
  }
  const channel = directory.channels.get(id);
  if (channel === undefined) return { refusal: refuse('channel_not_found') };
  if (channel.isArchived) return { refusal: refuse('is_archived') };
  if (!channel.members.has(directory.botUserId)) return { refusal: refuse('not_in_channel') };
  return { found: channel };
}

/** A thread's parent must exist. Slack is quieter about a wrong thread_ts; here it is an error on purpose. */
function findThread(context: MethodContext, channelId: string, args: JsonObject): Found<string | undefined> {
  const threadTs = readString(args, 'thread_ts');
  if (threadTs === undefined) return { found: undefined };
  const parent = context.store.message(channelId, threadTs);
  return parent === undefined
    ? { refusal: refuse('invalid_thread_ts') }
    : { found: parent.threadTs ?? parent.ts };
}

function postMessage(context: MethodContext, args: JsonObject): MethodAnswer {
  const target = findTarget(context, args);
  if ('refusal' in target) return target.refusal;
  const content = readContent(args);
  if (!content.ok) return content.refusal;
  const thread = findThread(context, target.found.id, args);
  if ('refusal' in thread) return thread.refusal;
  const message = context.store.addMessage(
    { channelId: target.found.id, userId: context.directory.botUserId, threadTs: thread.found },
    content.content,
  );
  return accept({
    channel: message.channelId,
    ts: message.ts,
    message: toSlackMessage(message, context.directory),
    ...(content.warnings.length > 0
      ? { warning: content.warnings.join(','), response_metadata: { warnings: content.warnings } }
      : {}),
  });
}

/** The bot's own message under `channel` and `ts`; an ephemeral one cannot be found. */
function findOwnMessage(context: MethodContext, args: JsonObject, notOwn: string): Found<StoredMessage> {
  const channel = context.directory.channels.get(readString(args, 'channel') ?? '');
  if (channel === undefined) return { refusal: refuse('channel_not_found') };
  const message = context.store.message(channel.id, readString(args, 'ts') ?? '');
  if (message === undefined || message.viewerId !== undefined)
    return { refusal: refuse('message_not_found') };
  if (message.userId !== context.directory.botUserId) return { refusal: refuse(notOwn) };
  if (channel.isArchived) return { refusal: refuse('is_inactive') };
  return { found: message };
}

function update(context: MethodContext, args: JsonObject): MethodAnswer {
  const own = findOwnMessage(context, args, 'cant_update_message');
  if ('refusal' in own) return own.refusal;
  const content = readContent(args, { update: true });
  if (!content.ok) return content.refusal;
  // Text without blocks removes the blocks; metadata and files stay unless given anew.
  const { metadata, files } = own.found;
  const kept = { ...(metadata === undefined ? {} : { metadata }), ...(files === undefined ? {} : { files }) };
  const message = context.store.changeMessage(own.found, { ...kept, ...content.content });
  return accept({
    channel: message.channelId,
    ts: message.ts,
    text: message.text,
    message: toSlackMessage(message, context.directory),
  });
}

function remove(context: MethodContext, args: JsonObject): MethodAnswer {
  const own = findOwnMessage(context, args, 'cant_delete_message');
  if ('refusal' in own) return own.refusal;
  context.store.deleteMessage(own.found);
  return accept({ channel: own.found.channelId, ts: own.found.ts });
}

function postEphemeral(context: MethodContext, args: JsonObject): MethodAnswer {
  const { directory, store } = context;
  const channel = directory.channels.get(readString(args, 'channel') ?? '');
  if (channel === undefined) return refuse('channel_not_found');
  if (channel.isArchived) return refuse('is_archived');
  if (!channel.members.has(directory.botUserId)) return refuse('not_in_channel');
  const viewer = directory.people.get(readString(args, 'user') ?? '');
  if (viewer === undefined || viewer.deleted === true || !channel.members.has(viewer.id))
    return refuse('user_not_in_channel');
  const content = readContent(args);
  if (!content.ok) return content.refusal;
  const thread = findThread(context, channel.id, args);
  if ('refusal' in thread) return thread.refusal;
  const place = {
    channelId: channel.id,
    userId: directory.botUserId,
    viewerId: viewer.id,
    threadTs: thread.found,
  };
  return accept({ message_ts: store.addMessage(place, content.content).ts });
}

function getPermalink(context: MethodContext, args: JsonObject): MethodAnswer {
  const channel = context.directory.channels.get(readString(args, 'channel') ?? '');
  if (channel === undefined) return refuse('channel_not_found');
  const message = context.store.message(channel.id, readString(args, 'message_ts') ?? '');
  if (message === undefined || message.viewerId !== undefined) return refuse('message_not_found');
  const base = `https://${context.directory.team.domain}.slack.com/archives/${channel.id}`;
  const thread = message.threadTs === undefined ? '' : `?thread_ts=${message.threadTs}&cid=${channel.id}`;
  return accept({ channel: channel.id, permalink: `${base}/p${message.ts.replace('.', '')}${thread}` });
}

/** chat.* */
export const CHAT_METHODS: Readonly<Record<string, Method>> = {
  'chat.postMessage': { scope: 'chat:write', token: 'bot', tier: 'post', run: postMessage },
  'chat.update': { scope: 'chat:write', token: 'bot', tier: 3, run: update },
  'chat.delete': { scope: 'chat:write', token: 'bot', tier: 3, run: remove },
  'chat.postEphemeral': { scope: 'chat:write', token: 'bot', tier: 4, run: postEphemeral },
  'chat.getPermalink': { token: 'bot', tier: 'none', run: getPermalink },
};
