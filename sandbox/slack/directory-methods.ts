import { toSlackChannel, toSlackUser } from './directory.ts';
import { type JsonObject, readFlag, readString } from './json.ts';
import { channelOf, type Method, type MethodContext, toSlackMessage } from './method.ts';
import { Refused } from './refused.ts';
import type { StoredMessage } from './store.ts';

function authTest({ directory }: MethodContext): JsonObject {
  const { id, domain, name, enterpriseId } = directory.team;
  return {
    ...{ url: `https://${domain}.slack.com/`, team: name, team_id: id },
    user: directory.people.get(directory.botUserId)?.name,
    ...{ user_id: directory.botUserId, bot_id: directory.botId },
    ...(enterpriseId === undefined ? {} : { enterprise_id: enterpriseId }),
    is_enterprise_install: false,
  };
}

function usersInfo({ directory }: MethodContext, args: JsonObject): JsonObject {
  const person = directory.people.get(readString(args, 'user') ?? '');
  if (person === undefined) throw new Refused('user_not_found');
  return { user: toSlackUser(person, directory.team.id) };
}

function userGroupMembers({ directory }: MethodContext, args: JsonObject): JsonObject {
  const group = directory.userGroups.get(readString(args, 'usergroup') ?? '');
  if (group === undefined) throw new Refused('no_such_subteam');
  return { users: [...group.members] };
}

function userGroupsList({ directory }: MethodContext): JsonObject {
  const groups = [...directory.userGroups.values()];
  return { usergroups: groups.map(({ id, handle }) => ({ id, handle })) };
}

function conversationsInfo(context: MethodContext, args: JsonObject): JsonObject {
  const { botUserId, team } = context.directory;
  return { channel: toSlackChannel(channelOf(context, args), botUserId, team.id) };
}

function conversationsMembers(context: MethodContext, args: JsonObject): JsonObject {
  return { members: [...channelOf(context, args).members], response_metadata: { next_cursor: '' } };
}

function openConnection({ sockets }: MethodContext): JsonObject {
  // Which error Slack gives an app with Socket Mode off was not seen; ours says what is the matter.
  if (!sockets.isEnabled) throw new Refused('feature_not_enabled');
  return { url: sockets.createUrl() };
}

/** auth.*, apps.*, users.*, usergroups.*, conversations.* */
export const DIRECTORY_METHODS: Readonly<Record<string, Method>> = {
  'auth.test': { token: 'bot', tier: 'none', run: authTest },
  'apps.connections.open': { scope: 'connections:write', token: 'app', tier: 3, run: openConnection },
  'users.info': { scope: 'users:read', token: 'bot', tier: 4, run: usersInfo },
  'usergroups.list': { scope: 'usergroups:read', token: 'bot', tier: 2, run: userGroupsList },
  'usergroups.users.list': { scope: 'usergroups:read', token: 'bot', tier: 2, run: userGroupMembers },
  'conversations.info': { scope: 'channels:read', token: 'bot', tier: 3, run: conversationsInfo },
  'conversations.members': { scope: 'channels:read', token: 'bot', tier: 4, run: conversationsMembers },
};

const DEFAULT_LIMIT = 100;
const MOST = 999;

/** The messages that the bot may read there, oldest first. */
function readable(context: MethodContext, args: JsonObject): readonly StoredMessage[] {
  const { directory, store } = context;
  const channel = channelOf(context, args);
  if (!channel.members.has(directory.botUserId)) throw new Refused('not_in_channel');
  const oldest = Number(args.oldest ?? 0);
  const latest = Number(args.latest ?? Number.POSITIVE_INFINITY);
  const isInclusive = readFlag(args.inclusive);
  return store.messages(channel.id).filter(({ ts, viewerId }) => {
    if (viewerId !== undefined) return false;
    const at = Number(ts);
    return isInclusive ? at >= oldest && at <= latest : at > oldest && at < latest;
  });
}

/** One page; the cursor is the place of the next one. */
function page(context: MethodContext, args: JsonObject, found: readonly StoredMessage[]): JsonObject {
  const limit = Math.min(Math.max(Number(args.limit ?? DEFAULT_LIMIT), 1), MOST);
  const from = Number(readString(args, 'cursor') ?? 0);
  const hasMore = found.length > from + limit;
  const withMetadata = readFlag(args.include_all_metadata);
  return {
    messages: found.slice(from, from + limit).map((message) => ({
      ...toSlackMessage(message, context.directory),
      ...(withMetadata && message.metadata !== undefined ? { metadata: message.metadata } : {}),
    })),
    has_more: hasMore,
    response_metadata: { next_cursor: hasMore ? String(from + limit) : '' },
  };
}

/** Newest first; of replies only those that the channel shows. */
function history(context: MethodContext, args: JsonObject): JsonObject {
  const shown = readable(context, args).filter(
    ({ threadTs, isBroadcast }) => threadTs === undefined || isBroadcast === true,
  );
  return page(context, args, shown.toReversed());
}

/** The parent, then its replies, oldest first; the parent comes whatever its time. */
function replies(context: MethodContext, args: JsonObject): JsonObject {
  const ts = readString(args, 'ts') ?? '';
  const parent = context.store.message(channelOf(context, args).id, ts);
  if (parent === undefined) throw new Refused('thread_not_found');
  const found = readable(context, args).filter(({ threadTs }) => threadTs === parent.ts);
  return page(context, args, [parent, ...found]);
}

export const HISTORY_METHODS: Readonly<Record<string, Method>> = {
  'conversations.history': { scope: 'channels:history', token: 'bot', tier: 3, run: history },
  'conversations.replies': { scope: 'channels:history', token: 'bot', tier: 3, run: replies },
};
