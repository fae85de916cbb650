/** From what Bolt hands over to a turn, its ack, and the key that is the same for a repeated delivery. */
import { createHash } from 'node:crypto';
import type {
  BlockButtonAction,
  Context,
  SlackActionMiddlewareArgs,
  SlackCommandMiddlewareArgs,
  SlackEventMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import type { PersonId } from '../domain/person.ts';
import type { Log } from '../usecases/ports.ts';
import { BoltTurn, type BoltTurnParts } from './bolt-turn.ts';
import type { Delivered } from './guard.ts';
import { type EVENTS, INPUT } from './ids.ts';
import type { OnSlackCall } from './slack-call.ts';
import { noticeModal } from './views/notice-message.ts';

export interface DeliveryParts {
  readonly client: WebClient;
  readonly log: Log;
  readonly quiet: BoltTurnParts['quiet'];
  readonly fetch: BoltTurnParts['fetch'];
  readonly onSlackCall?: OnSlackCall;
}

/** What bolt-app.ts puts into the context of an HTTP request. */
const SIGNATURE = 'slackSignature';

/**
 * A trigger id or an event id is unique per interaction and part of what is signed, so a replayed signature and a
 * redelivered payload both repeat it. Hashed: a trigger id is good for opening a modal for 3 seconds.
 */
function deliveryKey(id: string | undefined, context: Context): string {
  const signature: unknown = context[SIGNATURE];
  const unique = id ?? (typeof signature === 'string' ? signature : '');
  return createHash('sha256').update(unique).digest('hex').slice(0, 40);
}

/**
 * Who clicked or sent a form, in the workspace where it happened. On Enterprise Grid `user.team_id` is the id of the
 * organisation or of another workspace of it (docs.slack.dev, block_actions payload), so it says nothing of membership:
 * the directory asks Slack whether this user is a full member of that workspace.
 */
function personOf(body: {
  readonly team: { readonly id: string } | null;
  readonly user: { readonly id: string; readonly team_id?: string };
}): PersonId {
  return { teamId: body.team?.id ?? body.user.team_id ?? '', userId: body.user.id };
}

export function commandDelivery(
  parts: DeliveryParts,
  { command, ack, respond, context }: SlackCommandMiddlewareArgs & { context: Context },
): Delivered {
  const turn = new BoltTurn({
    ...parts,
    by: { teamId: command.team_id, userId: command.user_id },
    channelId: command.channel_id,
    messageTs: null,
    input: command.text ?? '',
    fields: new Map(),
    metadata: '',
    respond,
    triggerId: command.trigger_id,
    viewId: null,
    isHome: false,
  });
  return {
    turn,
    deliveryKey: () => deliveryKey(command.trigger_id, context),
    ack: async ({ loading }) => {
      if (loading === null) {
        await ack();
        return false;
      }
      turn.noteLoadingLine();
      await ack({ response_type: 'ephemeral', text: loading });
      return true;
    },
    answerInAck: async ({ text, blocks }) => {
      await ack({ response_type: 'ephemeral', text, blocks: [...blocks] });
      return true;
    },
  };
}

export function actionDelivery(
  parts: DeliveryParts,
  {
    body,
    action,
    ack,
    respond,
    context,
  }: SlackActionMiddlewareArgs<BlockButtonAction> & { context: Context },
): Delivered {
  const turn = new BoltTurn({
    ...parts,
    by: personOf(body),
    channelId: body.channel?.id ?? null,
    messageTs: body.message?.ts ?? null,
    input: action.value ?? '',
    fields: new Map(),
    metadata: '',
    // Absent where there is no message: App Home and modals.
    respond: body.response_url === undefined ? null : respond,
    triggerId: body.trigger_id,
    viewId: null,
    isHome: false,
  });
  return {
    turn,
    deliveryKey: () => deliveryKey(body.trigger_id, context),
    ack: async () => {
      await ack();
      return false;
    },
    answerInAck: async () => false,
  };
}

export function submissionDelivery(
  parts: DeliveryParts,
  { body, view, ack, context }: SlackViewMiddlewareArgs<ViewSubmitAction> & { context: Context },
): Delivered {
  const turn = new BoltTurn({
    ...parts,
    by: personOf(body),
    channelId: null,
    messageTs: null,
    input: '',
    fields: inputsOf(view),
    metadata: view.private_metadata,
    respond: null,
    triggerId: body.trigger_id,
    viewId: view.id,
    isHome: false,
  });
  return {
    turn,
    deliveryKey: () => deliveryKey(body.trigger_id, context),
    ack: async ({ faults }) => {
      if (faults === null)
        await ack({ response_action: 'update', view: noticeModal(view.title.text, 'Working on it…') });
      else await ack({ response_action: 'errors', errors: { ...faults } });
      return true;
    },
    // Under its first field, so that what was typed is still there to be sent again.
    answerInAck: async ({ text }) => {
      const [field] = turn.fields.keys();
      if (field !== undefined) await ack({ response_action: 'errors', errors: { [field]: text } });
      else await ack({ response_action: 'update', view: noticeModal(view.title.text, text) });
      return true;
    },
  };
}

function inputsOf(view: ViewSubmitAction['view']): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [blockId, elements] of Object.entries(view.state.values)) {
    const element = elements[INPUT];
    found.set(blockId, element?.value ?? element?.selected_option?.value ?? '');
  }
  return found;
}

/** Bolt acks events by itself before the listener runs. Null: not the Home tab. */
export function homeDelivery(
  parts: DeliveryParts,
  { event, body, context }: SlackEventMiddlewareArgs<typeof EVENTS.homeOpened> & { context: Context },
): Delivered | null {
  if (event.tab === 'messages') return null;
  const turn = new BoltTurn({
    ...parts,
    by: { teamId: body.team_id, userId: event.user },
    channelId: null,
    messageTs: null,
    input: '',
    fields: new Map(),
    metadata: '',
    respond: null,
    triggerId: null,
    viewId: null,
    isHome: true,
  });
  return {
    turn,
    deliveryKey: () => deliveryKey(body.event_id, context),
    ack: async () => false,
    answerInAck: async () => false,
  };
}
