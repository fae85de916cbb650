import type { JsonObject } from './json.ts';

/** A person or a bot, as users.info tells it. */
export interface Person {
  readonly id: string;
  readonly teamId: string;
  /** The handle, without `@`. */
  readonly name: string;
  readonly realName: string;
  /** IANA zone, e.g. `Europe/London`. */
  readonly tz: string;
  readonly tzOffsetS: number;
  readonly deleted?: boolean;
  readonly isBot?: boolean;
  /** Multi-channel guest. */
  readonly isRestricted?: boolean;
  /** Single-channel guest. */
  readonly isUltraRestricted?: boolean;
  /** From another organisation and sharing no channel yet. */
  readonly isStranger?: boolean;
  /** Enterprise Grid: the workspaces of the organisation in which they are a member. */
  readonly enterpriseTeams?: readonly string[];
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: 'channel' | 'im';
  readonly isArchived: boolean;
  /** Shared with another organisation (Slack Connect). */
  readonly isExternallyShared: boolean;
  readonly members: Set<string>;
}

export interface UserGroup {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly members: Set<string>;
}

export interface Team {
  readonly id: string;
  readonly domain: string;
  readonly name: string;
  /** Enterprise Grid: the organisation that it belongs to. */
  readonly enterpriseId?: string;
}

export interface WorkspaceSeed {
  readonly team: Team;
  readonly appId: string;
  readonly botId: string;
  readonly botUserId: string;
  readonly people: readonly Person[];
  readonly channels: readonly Channel[];
  readonly userGroups: readonly UserGroup[];
}

/** Who and what exists in the workspace. People and groups can be changed while it runs. */
export class Directory {
  readonly team: Team;
  readonly appId: string;
  readonly botId: string;
  readonly botUserId: string;
  readonly people = new Map<string, Person>();
  readonly channels = new Map<string, Channel>();
  readonly userGroups = new Map<string, UserGroup>();

  constructor(seed: WorkspaceSeed) {
    this.team = seed.team;
    this.appId = seed.appId;
    this.botId = seed.botId;
    this.botUserId = seed.botUserId;
    for (const person of seed.people) this.people.set(person.id, person);
    for (const channel of seed.channels) this.channels.set(channel.id, channel);
    for (const group of seed.userGroups) this.userGroups.set(group.id, group);
  }

  /** Changes a person, e.g. `{deleted: true}`. */
  changePerson(id: string, change: Partial<Person>): void {
    const person = this.people.get(id);
    if (person === undefined) throw new Error(`No such person: ${id}`);
    this.people.set(id, { ...person, ...change });
  }

  /** The direct-message channel of the bot and a person; it is made when first asked for. */
  directMessage(userId: string): Channel {
    const id = `D${userId.slice(1)}`;
    const known = this.channels.get(id);
    if (known !== undefined) return known;
    const channel: Channel = {
      id,
      name: 'directmessage',
      kind: 'im',
      isArchived: false,
      isExternallyShared: false,
      members: new Set([userId, this.botUserId]),
    };
    this.channels.set(id, channel);
    return channel;
  }

  /** What a reader sees for an id: `@Ada Lindqvist`, `#loan-desk`; an unknown id as it is. */
  nameOf(id: string): string {
    const person = this.people.get(id);
    if (person !== undefined) return `@${person.realName}`;
    const group = this.userGroups.get(id);
    if (group !== undefined) return `@${group.handle}`;
    const channel = this.channels.get(id);
    return channel === undefined ? id : `#${channel.name}`;
  }
}

/** The `user` object of users.info. */
export function toSlackUser(person: Person, homeTeamId: string): JsonObject {
  const foreign = person.teamId !== homeTeamId;
  return {
    id: person.id,
    team_id: person.teamId,
    name: person.name,
    deleted: person.deleted ?? false,
    real_name: person.realName,
    // Slack leaves the zone out for deactivated people.
    ...(person.deleted ? {} : { tz: person.tz, tz_label: person.tz, tz_offset: person.tzOffsetS }),
    profile: {
      real_name: person.realName,
      display_name: person.name,
      real_name_normalized: person.realName,
      display_name_normalized: person.name,
      team: person.teamId,
    },
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: person.isRestricted === true || person.isUltraRestricted === true,
    is_ultra_restricted: person.isUltraRestricted ?? false,
    is_bot: person.isBot ?? false,
    is_app_user: false,
    ...(foreign ? { is_stranger: person.isStranger ?? false } : {}),
    // docs.slack.dev, the user object: on Enterprise Grid `enterprise_user.teams` names the workspaces of the member.
    ...(person.enterpriseTeams === undefined
      ? {}
      : { enterprise_user: { id: person.id, teams: [...person.enterpriseTeams] } }),
    updated: 1_767_225_600,
  };
}

/** The `channel` object of conversations.info. */
export function toSlackChannel(channel: Channel, botUserId: string, teamId: string): JsonObject {
  const common = {
    id: channel.id,
    created: 1_767_225_600,
    is_archived: channel.isArchived,
    is_org_shared: false,
  };
  if (channel.kind === 'im') {
    const other = [...channel.members].find((member) => member !== botUserId);
    return { ...common, is_im: true, user: other, is_user_deleted: false };
  }
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: false,
    is_general: channel.name === 'general',
    is_member: channel.members.has(botUserId),
    is_shared: channel.isExternallyShared,
    is_ext_shared: channel.isExternallyShared,
    num_members: channel.members.size,
    context_team_id: teamId,
  };
}
