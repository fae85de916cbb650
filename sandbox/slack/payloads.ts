import { escapeMrkdwn } from '../../src/slack/views/limits.ts';
import type { Channel, Directory, Person } from './directory.ts';
import { isObject, type JsonObject, readObjects } from './json.ts';
import { toSlackMessage } from './method.ts';
import type { Store, StoredMessage, StoredView } from './store.ts';
import { type InputValues, toSlackView, toState } from './view-payload.ts';

/** Slack still sends its deprecated verification token; the bot must not rely on it. */
const DEPRECATED_TOKEN = 'deprecated-verification-token';

/** A button in a message or view. */
export interface FoundElement {
  readonly blockId: string;
  readonly element: JsonObject;
}

/** Every button, in containers too. */
export function findButtons(blocks: readonly JsonObject[]): readonly FoundElement[] {
  return blocks.flatMap(({ type, elements, accessory, block_id, child_blocks }) => [
    ...(type === 'actions' ? readObjects(elements) : isObject(accessory) ? [accessory] : []).map(
      (element) => ({ blockId: String(block_id), element }),
    ),
    ...findButtons(readObjects(child_blocks)),
  ]);
}

function toAction({ element, blockId }: FoundElement, actionTs: string): JsonObject {
  const { action_id, type, text, value, style, confirm } = element;
  const given = Object.entries({ value, style, confirm }).filter(([, field]) => field !== undefined);
  return { action_id, block_id: blockId, type, action_ts: actionTs, text, ...Object.fromEntries(given) };
}

/**
 * What every interaction payload begins with. `teamId` overrides the person's own team. On Enterprise Grid
 * `user.team_id` is the id of the organisation, while `team` is the workspace in which it happened
 * (docs.slack.dev/reference/interaction-payloads/block_actions-payload); `userTeamId` says so.
 */
function common({ directory, person, teamId, userTeamId }: Situation): JsonObject {
  const team = teamId ?? person.teamId;
  const domain = team === directory.team.id ? directory.team.domain : 'another-organisation';
  return {
    user: { id: person.id, username: person.name, name: person.name, team_id: userTeamId ?? team },
    api_app_id: directory.appId,
    token: DEPRECATED_TOKEN,
    team: { id: team, domain },
    enterprise:
      directory.team.enterpriseId === undefined
        ? null
        : { id: directory.team.enterpriseId, name: 'Organisation' },
    is_enterprise_install: false,
  };
}

export interface Situation {
  readonly directory: Directory;
  readonly store: Store;
  readonly person: Person;
  readonly triggerId: string;
  readonly responseUrl: string;
  readonly teamId: string | undefined;
  readonly userTeamId?: string | undefined;
}

/** The fields of a slash command. */
export function commandFields(
  situation: Situation,
  channel: Channel,
  command: string,
  text: string,
): JsonObject {
  const { directory, person } = situation;
  const teamId = situation.teamId ?? person.teamId;
  return {
    token: DEPRECATED_TOKEN,
    team_id: teamId,
    team_domain: teamId === directory.team.id ? directory.team.domain : 'another-organisation',
    channel_id: channel.id,
    channel_name: channel.name,
    user_id: person.id,
    user_name: person.name,
    command,
    text,
    api_app_id: directory.appId,
    is_enterprise_install: 'false',
    response_url: situation.responseUrl,
    trigger_id: situation.triggerId,
  };
}

/** `block_actions` from a message. Ephemeral messages are not included in their payloads. */
export function messageActionPayload(
  situation: Situation,
  message: StoredMessage,
  found: FoundElement,
  values: InputValues,
): JsonObject {
  const { directory, store } = situation;
  const isEphemeral = message.viewerId !== undefined;
  const channel = directory.channels.get(message.channelId);
  return {
    type: 'block_actions',
    ...common(situation),
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: message.channelId,
      is_ephemeral: isEphemeral,
      ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    },
    trigger_id: situation.triggerId,
    channel: { id: message.channelId, name: channel?.name ?? 'directmessage' },
    ...(isEphemeral ? {} : { message: toSlackMessage(message, directory) }),
    state: toState(message.blocks, values),
    response_url: situation.responseUrl,
    actions: [toAction(found, store.newTs())],
  };
}

/** `block_actions` from a modal or the Home tab: no channel, no response_url. */
export function viewActionPayload(
  situation: Situation,
  view: StoredView,
  found: FoundElement,
  values: InputValues,
): JsonObject {
  return {
    type: 'block_actions',
    ...common(situation),
    container: { type: 'view', view_id: view.id },
    trigger_id: situation.triggerId,
    view: toSlackView(view, situation.directory, values),
    actions: [toAction(found, situation.store.newTs())],
  };
}

/** `view_submission`. */
export function submissionPayload(situation: Situation, view: StoredView, values: InputValues): JsonObject {
  return {
    type: 'view_submission',
    ...common(situation),
    trigger_id: situation.triggerId,
    view: toSlackView(view, situation.directory, values),
    response_urls: [],
  };
}

/** The Events API envelope of `app_home_opened`. `nowMs` is UTC milliseconds. */
export function homeOpenedEvent(situation: Situation, eventId: string, nowMs: number): JsonObject {
  const { directory, store, person } = situation;
  const home = store.home(person.id);
  const teamId = situation.teamId ?? person.teamId;
  return {
    token: DEPRECATED_TOKEN,
    team_id: teamId,
    context_team_id: directory.team.id,
    context_enterprise_id: null,
    api_app_id: directory.appId,
    event: {
      type: 'app_home_opened',
      user: person.id,
      channel: directory.directMessage(person.id).id,
      tab: 'home',
      ...(home === undefined ? {} : { view: toSlackView(home, directory) }),
      event_ts: store.newTs(),
    },
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor(nowMs / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: directory.team.id,
        user_id: directory.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
  };
}

/**
 * A command's text as the bot receives it with `should_escape: true`: the three special characters as
 * entities, `@handle` and `#channel` as ids, links in angle brackets. Ready-made `<@U…>` are kept.
 * Source: docs.slack.dev/interactivity/implementing-slash-commands
 */
export function escapeCommandText(text: string, directory: Directory): string {
  const parts = text.split(/(<[@#!][^<>]+>)/);
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return part;
      return escapeMrkdwn(part)
        .replaceAll(/https?:\/\/[^\s|]+/g, (url) => `<${url}>`)
        .replaceAll(/(?<![\w&;/])@([\w.-]+)/g, (whole, handle: string) => {
          const person = [...directory.people.values()].find(({ name }) => name === handle);
          if (person !== undefined) return `<@${person.id}|${person.name}>`;
          const group = [...directory.userGroups.values()].find((entry) => entry.handle === handle);
          return group === undefined ? whole : `<!subteam^${group.id}|@${group.handle}>`;
        })
        .replaceAll(/(?<![\w&;/])#([\w-]+)/g, (whole, name: string) => {
          const channel = [...directory.channels.values()].find((entry) => entry.name === name);
          return channel === undefined ? whole : `<#${channel.id}|${channel.name}>`;
        });
    })
    .join('');
}
