/** What Bolt hands over, as a turn, its ack, and a key that is the same for a repeated delivery. */
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
import type { PersonId } from '../domain/person.ts';
import { BoltTurn, type Interaction, type TurnParts } from './bolt-turn.ts';
import type { Delivered } from './guard.ts';
import { type EVENTS, INPUT } from './ids.ts';
import { noticeModal } from './views/notice-message.ts';

/**
 * A trigger id or an event id is unique per interaction and part of what is signed, so a replayed request and a
 * repeated delivery both carry the same one. Hashed, because a trigger id can open a modal for 3 seconds.
 */
function deliveryKey(id: string | undefined, context: Context): string {
  // Set by http-transport.ts.
  const signature: unknown = context.slackSignature;
  const unique = id ?? (typeof signature === 'string' ? signature : '');
  return createHash('sha256').update(unique).digest('hex').slice(0, 40);
}

/**
 * Who clicked or sent a form, in the workspace where it happened. `user.team_id` doesn't count: on Enterprise Grid it
 * names the organisation ("E…") or another workspace of it (docs.slack.dev, block_actions payload). The directory then
 * asks Slack whether this user is a full member of the workspace. Without a workspace (an app that is installed for a
 * whole organisation) nobody is.
 */
function personOf(body: {
  readonly team: { readonly id: string } | null;
  readonly user: { readonly id: string };
}): PersonId {
  return { teamId: body.team?.id ?? '', userId: body.user.id };
}

const ABSENT: Omit<Interaction, 'by'> = {
  channelId: null,
  messageTs: null,
  input: '',
  fields: new Map(),
  metadata: '',
  respond: null,
  triggerId: null,
  viewId: null,
  isHome: false,
};

export function commandDelivery(
  parts: TurnParts,
  { command, ack, respond, context }: SlackCommandMiddlewareArgs & { context: Context },
): Delivered {
  const turn = new BoltTurn(parts, {
    ...ABSENT,
    by: { teamId: command.team_id, userId: command.user_id },
    channelId: command.channel_id,
    input: command.text ?? '',
    respond,
    triggerId: command.trigger_id,
  });
  return {
    turn,
    deliveryKey: () => deliveryKey(command.trigger_id, context),
    // Empty: no later message can take the place of what an ack shows (bolt-js#2287, bolt-python#1268).
    ack: () => ack(),
    answerInAck: async ({ text, blocks }) => {
      await ack({ response_type: 'ephemeral', text, blocks: [...blocks] });
      return true;
    },
  };
}

export function actionDelivery(
  parts: TurnParts,
  {
    body,
    action,
    ack,
    respond,
    context,
  }: SlackActionMiddlewareArgs<BlockButtonAction> & { context: Context },
): Delivered {
  const turn = new BoltTurn(parts, {
    ...ABSENT,
    by: personOf(body),
    channelId: body.channel?.id ?? null,
    messageTs: body.message?.ts ?? null,
    input: action.value ?? '',
    // Absent where there is no message: App Home and modals.
    respond: body.response_url === undefined ? null : respond,
    triggerId: body.trigger_id,
  });
  return {
    turn,
    deliveryKey: () => deliveryKey(body.trigger_id, context),
    ack: () => ack(),
    answerInAck: async () => false,
  };
}

export function submissionDelivery(
  parts: TurnParts,
  { body, view, ack, context }: SlackViewMiddlewareArgs<ViewSubmitAction> & { context: Context },
): Delivered {
  const turn = new BoltTurn(parts, {
    ...ABSENT,
    by: personOf(body),
    fields: inputsOf(view),
    metadata: view.private_metadata,
    triggerId: body.trigger_id,
    viewId: view.id,
  });
  return {
    turn,
    deliveryKey: () => deliveryKey(body.trigger_id, context),
    ack: (faults) =>
      faults === null
        ? ack({ response_action: 'update', view: noticeModal(view.title.text, 'Working on it…') })
        : ack({ response_action: 'errors', errors: { ...faults } }),
    // Under the first field, so that the form keeps what was typed.
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
    found.set(blockId, element?.value ?? element?.selected_option?.value ?? element?.selected_user ?? '');
  }
  return found;
}

/** Bolt acks events by itself before the listener runs. Null: not the Home tab. */
export function homeDelivery(
  parts: TurnParts,
  { event, body, context }: SlackEventMiddlewareArgs<typeof EVENTS.homeOpened> & { context: Context },
): Delivered | null {
  if (event.tab === 'messages') return null;
  const by = { teamId: body.team_id, userId: event.user };
  return {
    turn: new BoltTurn(parts, { ...ABSENT, by, isHome: true }),
    deliveryKey: () => deliveryKey(body.event_id, context),
    ack: async () => {},
    answerInAck: async () => false,
  };
}
