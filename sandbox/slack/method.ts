import { LIMITS } from '../../src/slack/views/limits.ts';
import { findBlockKitFaults } from './block-kit/check-blocks.ts';
import type { Channel, Directory } from './directory.ts';
import { isObject, type JsonObject, parseJson, readObjects, readString } from './json.ts';
import type { MessageSchedule } from './message-schedule.ts';
import type { Tier } from './rate-limits.ts';
import { Refused, refuseFaults } from './refused.ts';
import type { SocketConnections } from './socket-connections.ts';
import type { MessageContent, Store, StoredMessage } from './store.ts';
import type { Triggers, Uploads } from './triggers.ts';

/** What the methods of the Web API work on. */
export interface MethodContext {
  readonly directory: Directory;
  readonly store: Store;
  readonly triggers: Triggers;
  readonly uploads: Uploads;
  readonly sockets: SocketConnections;
  readonly scheduled: MessageSchedule;
}

/** One method of the Web API. */
export interface Method {
  /** The scope it needs; none where Slack asks for none. */
  readonly scope?: string;
  /** `app`: an app-level token (`xapp-…`) instead of the bot's. */
  readonly token: 'bot' | 'app';
  readonly tier: Tier;
  /** The fields of the answer beside `ok`. @throws Refused */
  readonly run: (context: MethodContext, args: JsonObject) => JsonObject;
}

/** An argument that is JSON: as it is from a JSON body, parsed from a form field. */
export function readJsonArgument(args: JsonObject, name: string): unknown {
  const value = args[name];
  return typeof value === 'string' ? (parseJson(value) ?? null) : (value ?? undefined);
}

/** The channel that the arguments name. */
export function channelOf({ directory }: MethodContext, args: JsonObject, name = 'channel'): Channel {
  const channel = directory.channels.get(readString(args, name) ?? '');
  if (channel === undefined) throw new Refused('channel_not_found');
  return channel;
}

/** That channel, if the bot may post there. */
export function postableChannelOf(context: MethodContext, args: JsonObject, name = 'channel'): Channel {
  const channel = channelOf(context, args, name);
  if (channel.isArchived) throw new Refused('is_archived');
  if (!channel.members.has(context.directory.botUserId)) throw new Refused('not_in_channel');
  return channel;
}

export interface ContentRules {
  /** chat.update: a shorter text limit. */
  readonly update?: boolean;
  /** response_url: the ceiling over all blocks is not applied there (bolt-js#2867). */
  readonly viaResponseUrl?: boolean;
}

/** Reads text and blocks of a message to be shown. @throws Refused what Slack refuses */
export function readContent(args: JsonObject, rules: ContentRules = {}): MessageContent {
  const blocks = readJsonArgument(args, 'blocks');
  if (blocks !== undefined && !Array.isArray(blocks)) throw new Refused('invalid_blocks_format');
  const text = readString(args, 'text') ?? '';
  if (text === '' && (blocks ?? []).length === 0) throw new Refused('no_text');
  const payload = blocks === undefined ? { text } : { text, blocks };
  const faults = findBlockKitFaults('message', payload, { update: rules.update === true }).filter(
    ({ code }) => rules.viaResponseUrl !== true || code !== 'msg_blocks_too_long',
  );
  if (faults.length > 0) throw refuseFaults(faults);
  const metadata = readMetadata(args);
  return {
    text: text.slice(0, LIMITS.message.textTruncatedAbove),
    blocks: readObjects(blocks),
    // An update without metadata keeps what was there.
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** An event type and one flat object. Source: docs.slack.dev/messaging/message-metadata */
function readMetadata(args: JsonObject): JsonObject | undefined {
  const metadata = readJsonArgument(args, 'metadata');
  if (metadata === undefined) return undefined;
  if (!isObject(metadata) || typeof metadata.event_type !== 'string' || !isObject(metadata.event_payload))
    throw new Refused('invalid_metadata_format');
  return metadata;
}

/** The `message` object as the Web API and interaction payloads show it. */
export function toSlackMessage(message: StoredMessage, directory: Directory): JsonObject {
  const { userId, ts, text, blocks, threadTs, isBroadcast } = message;
  return {
    type: 'message',
    ...(userId === directory.botUserId ? { bot_id: directory.botId, app_id: directory.appId } : {}),
    ...{ user: userId, ts, team: directory.team.id, text, blocks },
    ...(threadTs === undefined ? {} : { thread_ts: threadTs, parent_user_id: directory.botUserId }),
    ...(isBroadcast === true ? { subtype: 'thread_broadcast' } : {}),
  };
}
