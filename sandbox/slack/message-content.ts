import { LIMITS } from '../../src/slack/views/limits.ts';
import { findBlockKitFaults } from './block-kit/faults.ts';
import type { Directory } from './directory.ts';
import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import { type MethodAnswer, readJsonArgument, refuse, refuseFaults } from './method.ts';
import type { MessageContent, StoredMessage } from './store.ts';

export type ContentAnswer =
  | { readonly ok: true; readonly content: MessageContent; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly refusal: MethodAnswer };

export interface ContentRules {
  /** chat.update: a shorter text limit. */
  readonly update?: boolean;
  /** response_url: the ceiling over all blocks is not applied there (bolt-js#2867). */
  readonly viaResponseUrl?: boolean;
}

const no = (refusal: MethodAnswer): ContentAnswer => ({ ok: false, refusal });

/** `{event_type, event_payload}` of message metadata, or what is wrong with it. */
function readMetadata(args: JsonObject): JsonObject | MethodAnswer | undefined {
  const metadata = readJsonArgument(args, 'metadata');
  if (metadata === undefined) return undefined;
  if (
    !isObject(metadata) ||
    readString(metadata, 'event_type') === undefined ||
    !isObject(metadata.event_payload)
  )
    return refuse('invalid_metadata_format');
  return metadata;
}

/** Reads text, blocks and metadata of a message to be shown, and refuses what Slack refuses. */
export function readContent(args: JsonObject, rules: ContentRules = {}): ContentAnswer {
  const blocks = readJsonArgument(args, 'blocks');
  if (blocks !== undefined && !Array.isArray(blocks)) return no(refuse('invalid_blocks_format'));
  let text = readString(args, 'text') ?? '';
  const hasFallback = text !== '' || (Array.isArray(blocks) && blocks.length > 0);
  if (!hasFallback) return no(refuse('no_text'));
  const payload = blocks === undefined ? { text } : { text, blocks };
  const faults = findBlockKitFaults('message', payload, { update: rules.update === true }).filter(
    ({ code }) => !(rules.viaResponseUrl === true && code === 'msg_blocks_too_long'),
  );
  if (faults.length > 0) return no(refuseFaults(faults));
  const metadata = readMetadata(args);
  if (metadata?.ok === false) return no(refuse(String(metadata.error)));
  const warnings: string[] = [];
  if (text.length > LIMITS.message.textTruncatedAbove) {
    text = text.slice(0, LIMITS.message.textTruncatedAbove);
    warnings.push('message_truncated');
  }
  const content = { text, blocks: readObjects(blocks), ...(metadata === undefined ? {} : { metadata }) };
  return { ok: true, content, warnings };
}

/** The `message` object as the Web API and interaction payloads show it. */
export function toSlackMessage(message: StoredMessage, directory: Directory): JsonObject {
  const isBot = message.userId === directory.botUserId;
  return {
    type: 'message',
    ...(isBot ? { bot_id: directory.botId, app_id: directory.appId } : {}),
    user: message.userId,
    ts: message.ts,
    team: directory.team.id,
    text: message.text,
    blocks: message.blocks,
    ...(message.threadTs === undefined
      ? {}
      : { thread_ts: message.threadTs, parent_user_id: directory.botUserId }),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
  };
}
