import { toSlackChannel, toSlackUser } from './directory.ts';
import { type JsonObject, readFlag, readString } from './json.ts';
import { accept, type Method, type MethodAnswer, type MethodContext, refuse } from './method.ts';

function authTest({ directory }: MethodContext): MethodAnswer {
  return accept({
    url: `https://${directory.team.domain}.slack.com/`,
    team: directory.team.name,
    team_id: directory.team.id,
    user: directory.people.get(directory.botUserId)?.name,
    user_id: directory.botUserId,
    bot_id: directory.botId,
    ...(directory.team.enterpriseId === undefined ? {} : { enterprise_id: directory.team.enterpriseId }),
    is_enterprise_install: false,
  });
}

function usersInfo({ directory }: MethodContext, args: JsonObject): MethodAnswer {
  const person = directory.people.get(readString(args, 'user') ?? '');
  return person === undefined
    ? refuse('user_not_found')
    : accept({ user: toSlackUser(person, directory.team.id) });
}

function userGroupMembers({ directory }: MethodContext, args: JsonObject): MethodAnswer {
  const group = directory.userGroups.get(readString(args, 'usergroup') ?? '');
  return group === undefined ? refuse('no_such_subteam') : accept({ users: [...group.members] });
}

function userGroups({ directory }: MethodContext, args: JsonObject): MethodAnswer {
  const usergroups = [...directory.userGroups.values()].map((group) => ({
    id: group.id,
    team_id: directory.team.id,
    is_usergroup: true,
    name: group.name,
    handle: group.handle,
    description: '',
    date_delete: 0,
    user_count: group.members.size,
    ...(readFlag(args.include_users) ? { users: [...group.members] } : {}),
  }));
  return accept({ usergroups });
}

function conversationsInfo({ directory }: MethodContext, args: JsonObject): MethodAnswer {
  const channel = directory.channels.get(readString(args, 'channel') ?? '');
  if (channel === undefined) return refuse('channel_not_found');
  return accept({ channel: toSlackChannel(channel, directory.botUserId, directory.team.id) });
}

function conversationsMembers({ directory }: MethodContext, args: JsonObject): MethodAnswer {
  const channel = directory.channels.get(readString(args, 'channel') ?? '');
  if (channel === undefined) return refuse('channel_not_found');
  return accept({ members: [...channel.members], response_metadata: { next_cursor: '' } });
}

function conversationsOpen({ directory }: MethodContext, args: JsonObject): MethodAnswer {
  const users = (readString(args, 'users') ?? '').split(',').filter((user) => user !== '');
  const [userId] = users;
  if (userId === undefined) return refuse('users_list_not_supplied');
  if (users.length > 1) return refuse('invalid_arguments');
  const person = directory.people.get(userId);
  if (person === undefined) return refuse('user_not_found');
  if (person.deleted === true) return refuse('user_disabled');
  if (person.isBot === true) return refuse('cannot_dm_bot');
  return accept({ channel: { id: directory.directMessage(userId).id } });
}

function openConnection({ sockets }: MethodContext): MethodAnswer {
  // Which error Slack gives an app with Socket Mode off was not seen; ours says what is the matter.
  return sockets.isEnabled ? accept({ url: sockets.createUrl() }) : refuse('feature_not_enabled');
}

/** auth.*, apps.*, users.*, usergroups.*, conversations.* */
export const DIRECTORY_METHODS: Readonly<Record<string, Method>> = {
  'auth.test': { token: 'bot', tier: 'none', run: authTest },
  'apps.connections.open': { scope: 'connections:write', token: 'app', tier: 3, run: openConnection },
  'users.info': { scope: 'users:read', token: 'bot', tier: 4, run: usersInfo },
  'usergroups.users.list': { scope: 'usergroups:read', token: 'bot', tier: 2, run: userGroupMembers },
  'usergroups.list': { scope: 'usergroups:read', token: 'bot', tier: 2, run: userGroups },
  'conversations.info': { scope: 'channels:read', token: 'bot', tier: 3, run: conversationsInfo },
  'conversations.members': { scope: 'channels:read', token: 'bot', tier: 4, run: conversationsMembers },
  'conversations.open': { scope: 'im:write', token: 'bot', tier: 3, run: conversationsOpen },
};
