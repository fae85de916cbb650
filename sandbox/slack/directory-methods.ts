import { toSlackChannel, toSlackUser } from './directory.ts';
import { type JsonObject, readString } from './json.ts';
import { channelOf, type Method, type MethodContext } from './method.ts';
import { Refused } from './refused.ts';

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
  'usergroups.users.list': { scope: 'usergroups:read', token: 'bot', tier: 2, run: userGroupMembers },
  'conversations.info': { scope: 'channels:read', token: 'bot', tier: 3, run: conversationsInfo },
  'conversations.members': { scope: 'channels:read', token: 'bot', tier: 4, run: conversationsMembers },
};
