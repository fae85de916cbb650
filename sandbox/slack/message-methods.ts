import { LIMITS } from '../../src/slack/views/limits.ts';
import type { Channel } from './directory.ts';
import { type JsonObject, readFlag, readObjects, readString } from './json.ts';
import {
  channelOf,
  type Method,
  type MethodContext,
  postableChannelOf,
  readContent,
  readJsonArgument,
  toSlackMessage,
} from './method.ts';
import { Refused } from './refused.ts';
import type { StoredFile, StoredMessage } from './store.ts';

/** The conversation to post to. A user id opens the direct message with that person. */
function targetOf(context: MethodContext, args: JsonObject): Channel {
  const { directory } = context;
  const person = directory.people.get(readString(args, 'channel') ?? '');
  if (person === undefined) return postableChannelOf(context, args);
  if (person.deleted || person.isBot || person.isStranger) throw new Refused('channel_not_found');
  return directory.directMessage(person.id);
}

/** A thread's parent must exist. Slack is quieter about a wrong thread_ts; here it is an error on purpose. */
function threadOf({ store }: MethodContext, channelId: string, args: JsonObject): string | undefined {
  const threadTs = readString(args, 'thread_ts');
  if (threadTs === undefined) return undefined;
  const parent = store.message(channelId, threadTs);
  if (parent === undefined) throw new Refused('invalid_thread_ts');
  return parent.threadTs ?? parent.ts;
}

function postMessage(context: MethodContext, args: JsonObject): JsonObject {
  const { directory, store } = context;
  const channelId = targetOf(context, args).id;
  const content = readContent(args);
  const threadTs = threadOf(context, channelId, args);
  const isBroadcast = threadTs !== undefined && readFlag(args.reply_broadcast);
  const place = { channelId, userId: directory.botUserId, threadTs, isBroadcast };
  const message = store.addMessage(place, content);
  const isCut = String(args.text ?? '').length > LIMITS.message.textTruncatedAbove;
  const warnings = ['message_truncated'];
  return {
    ...{ channel: channelId, ts: message.ts, message: toSlackMessage(message, directory) },
    ...(isCut ? { warning: warnings.join(','), response_metadata: { warnings } } : {}),
  };
}

/** The bot's own message under `channel` and `ts`; an ephemeral one cannot be found. */
function ownMessageOf(context: MethodContext, args: JsonObject): StoredMessage {
  const channel = channelOf(context, args);
  const message = context.store.message(channel.id, readString(args, 'ts') ?? '');
  if (message === undefined || message.viewerId !== undefined) throw new Refused('message_not_found');
  if (message.userId !== context.directory.botUserId) throw new Refused('cant_update_message');
  if (channel.isArchived) throw new Refused('is_inactive');
  return message;
}

function update(context: MethodContext, args: JsonObject): JsonObject {
  const own = ownMessageOf(context, args);
  const content = readContent(args, { update: true });
  // Text without blocks removes the blocks; files stay.
  const message = context.store.changeMessage(own, { files: own.files, ...content });
  const { channelId: channel, ts, text } = message;
  return { channel, ts, text, message: toSlackMessage(message, context.directory) };
}

function postEphemeral(context: MethodContext, args: JsonObject): JsonObject {
  const { directory, store } = context;
  const channel = postableChannelOf(context, args);
  const viewer = directory.people.get(readString(args, 'user') ?? '');
  if (viewer === undefined || viewer.deleted === true || !channel.members.has(viewer.id))
    throw new Refused('user_not_in_channel');
  const content = readContent(args);
  const threadTs = threadOf(context, channel.id, args);
  const place = { channelId: channel.id, userId: directory.botUserId, viewerId: viewer.id, threadTs };
  return { message_ts: store.addMessage(place, content).ts };
}

function getPermalink(context: MethodContext, args: JsonObject): JsonObject {
  const { id } = channelOf(context, args);
  const message = context.store.message(id, readString(args, 'message_ts') ?? '');
  if (message === undefined || message.viewerId !== undefined) throw new Refused('message_not_found');
  const base = `https://${context.directory.team.domain}.slack.com/archives/${id}`;
  const thread = message.threadTs === undefined ? '' : `?thread_ts=${message.threadTs}&cid=${id}`;
  return { channel: id, permalink: `${base}/p${message.ts.replace('.', '')}${thread}` };
}

function getUploadUrl({ store, uploads }: MethodContext, args: JsonObject): JsonObject {
  const name = readString(args, 'filename');
  const length = Number(args.length);
  if (name === undefined || !Number.isSafeInteger(length) || length <= 0)
    throw new Refused('invalid_arguments');
  const id = store.newId('F');
  return { upload_url: uploads.start({ id, name, length }), file_id: id };
}

function completeUpload(context: MethodContext, args: JsonObject): JsonObject {
  const { directory, store, uploads } = context;
  const channel = args.channel_id === undefined ? null : postableChannelOf(context, args, 'channel_id');
  const threadTs = readString(args, 'thread_ts');
  const files = readObjects(readJsonArgument(args, 'files')).map((entry): StoredFile => {
    const upload = uploads.get(readString(entry, 'id') ?? '');
    if (upload?.bytes?.length !== upload?.length || upload?.bytes === undefined)
      throw new Refused('file_not_found');
    const { id, name, bytes } = upload;
    return { id, name, title: readString(entry, 'title') ?? name, bytes, channelId: channel?.id, threadTs };
  });
  if (files.length === 0) throw new Refused('invalid_arguments');
  for (const file of files) {
    uploads.finish(file.id);
    store.addFile(file);
  }
  const told = files.map(({ bytes: _bytes, ...file }) => file);
  const content = { text: readString(args, 'initial_comment') ?? '', blocks: [], files: told };
  if (channel !== null)
    store.addMessage({ channelId: channel.id, userId: directory.botUserId, threadTs }, content);
  return { files: files.map(({ id, title, name }) => ({ id, title, name })) };
}

/** chat.*, files.* */
export const MESSAGE_METHODS: Readonly<Record<string, Method>> = {
  'chat.postMessage': { scope: 'chat:write', token: 'bot', tier: 'post', run: postMessage },
  'chat.update': { scope: 'chat:write', token: 'bot', tier: 3, run: update },
  'chat.postEphemeral': { scope: 'chat:write', token: 'bot', tier: 4, run: postEphemeral },
  'chat.getPermalink': { token: 'bot', tier: 'none', run: getPermalink },
  'files.getUploadURLExternal': { scope: 'files:write', token: 'bot', tier: 4, run: getUploadUrl },
  'files.completeUploadExternal': { scope: 'files:write', token: 'bot', tier: 4, run: completeUpload },
};

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
