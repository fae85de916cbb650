/** What Slack does with the body of an ack. */

import { findBlockKitFaults } from './block-kit/check-blocks.ts';
import type { Directory } from './directory.ts';
import { isObject, type JsonObject, readObjects } from './json.ts';
import { readContent } from './method.ts';
import { Refused } from './refused.ts';
import { SEED_IDS } from './seed.ts';
import type { Ack } from './socket-connections.ts';
import type { Store, StoredMessage, StoredView } from './store.ts';

export interface AckEffects {
  readonly failure?: string;
  readonly shown?: StoredMessage;
}

export interface TypedCommand {
  readonly channelId: string;
  readonly viewerId: string;
  /** The command line as it was typed. */
  readonly line: string;
}

function whyFailed(ack: Ack): string | undefined {
  if (ack.noAnswer === 'timeout') return 'operation_timeout';
  return ack.status === 200 ? undefined : 'dispatch_failed';
}

function showFailure(store: Store, typed: TypedCommand, failure: string): AckEffects {
  const { channelId, viewerId, line } = typed;
  const text = `${line.split(' ')[0] ?? line} failed with the error "${failure}"`;
  return {
    failure,
    shown: store.addMessage({ channelId, viewerId, userId: SEED_IDS.slackbot }, { text, blocks: [] }),
  };
}

/** A command's ack: empty, a text, or a message; ephemeral unless it says `in_channel`. */
export function applyCommandAck(
  store: Store,
  directory: Directory,
  typed: TypedCommand,
  ack: Ack,
): AckEffects {
  const failure = whyFailed(ack);
  if (failure !== undefined) return showFailure(store, typed, failure);
  const body: JsonObject = isObject(ack.body) ? ack.body : { text: ack.bodyText };
  const isPublic = body.response_type === 'in_channel';
  const { channelId, viewerId, line } = typed;
  if (isPublic) store.addMessage({ channelId, userId: viewerId }, { text: line, blocks: [] });
  if ((body.text === undefined || body.text === '') && body.blocks === undefined) return {};
  try {
    const content = readContent(body, { viaResponseUrl: true });
    const place = { channelId, userId: directory.botUserId, ...(isPublic ? {} : { viewerId }) };
    return { shown: store.addMessage(place, content) };
  } catch (error) {
    if (error instanceof Refused) return showFailure(store, typed, error.message);
    throw error;
  }
}

function readErrors(body: JsonObject, view: StoredView): Readonly<Record<string, string>> | undefined {
  const blockIds = readObjects(view.payload.blocks)
    .filter((block) => block.type === 'input')
    .map((block) => block.block_id);
  if (!isObject(body.errors)) return undefined;
  const entries = Object.entries(body.errors);
  if (
    entries.length === 0 ||
    entries.some(([id, text]) => !blockIds.includes(id) || typeof text !== 'string')
  )
    return undefined;
  return Object.fromEntries(entries.map(([id, text]) => [id, String(text)]));
}

/** A submission's ack: close the view, or do what `response_action` says. */
export function applySubmissionAck(store: Store, view: StoredView, ack: Ack): AckEffects {
  const failure = whyFailed(ack);
  if (failure !== undefined) return { failure };
  const body = isObject(ack.body) ? ack.body : {};
  // The bot may have changed or closed the view while it was handling the submission.
  const current = store.view(view.id) ?? view;
  switch (body.response_action) {
    case undefined:
      if (ack.bodyText !== '' && !isObject(ack.body)) return { failure: 'invalid_response' };
      if (current.isOpen) store.closeView(current);
      return {};
    case 'errors': {
      const errors = readErrors(body, current);
      if (errors === undefined) return { failure: 'invalid_errors' };
      store.refuseView(current, errors);
      return {};
    }
    case 'update':
      if (!isObject(body.view) || findBlockKitFaults('modal', body.view).length > 0)
        return { failure: 'invalid_view' };
      store.changeView(current, body.view);
      return {};
    default:
      return { failure: 'invalid_response_action' };
  }
}
