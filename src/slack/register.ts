/** The route table: which listener answers which command, button, form and event. Each runs inside the guard. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import type { Refusal } from '../domain/refusal.ts';
import { actionDelivery, commandDelivery, homeDelivery, submissionDelivery } from './bolt-delivery.ts';
import type { TurnParts } from './bolt-turn.ts';
import type { Guard, NamedListener } from './guard.ts';
import { type ActionId, type CommandName, EVENTS, type ModalId } from './ids.ts';
import { type Listener, type ListenerParts, refused, type Turn } from './listener.ts';
import { cardListeners, unknownButton } from './listeners/card.ts';
import { caseListeners } from './listeners/case.ts';
import { closeUnitListeners } from './listeners/close-unit.ts';
import { closedUnitsListeners } from './listeners/closed-units.ts';
import { homeListeners, homeOpened } from './listeners/home.ts';
import { loanListeners } from './listeners/loan.ts';
import { loandeskListeners } from './listeners/loandesk.ts';
import { requestsListeners } from './listeners/requests.ts';
import { settleListeners } from './listeners/settle.ts';
import { unitsListeners } from './listeners/units.ts';
import { watchListeners } from './listeners/watch.ts';

export interface Routes {
  readonly commands: Readonly<Record<CommandName, NamedListener>>;
  readonly actions: Readonly<Record<ActionId, NamedListener>>;
  readonly submissions: Readonly<Record<ModalId, NamedListener>>;
  readonly homeOpened: NamedListener;
  /** For all other buttons: those of earlier versions, in old messages. */
  readonly otherAction: NamedListener;
}

/**
 * Commands and the buttons of private answers need an allowed channel; cards of requests check the click, and cases are
 * taken wherever people are told of them. Roles are for the verbs
 * of the desk, each of which asks for its own.
 */
export function routes(parts: ListenerParts): Routes {
  const units = unitsListeners(parts);
  const closedUnits = closedUnitsListeners(parts);
  const loan = loanListeners(parts);
  const closeUnit = closeUnitListeners(parts);
  const card = cardListeners(parts);
  const requests = requestsListeners(parts);
  const settle = settleListeners(parts);
  const loandesk = loandeskListeners(parts);
  const cases = caseListeners(parts);
  const commands = {
    ...units.commands,
    ...closedUnits.commands,
    ...loan.commands,
    ...closeUnit.commands,
    ...loandesk.commands,
  };
  const privateActions = {
    ...units.actions,
    ...closedUnits.actions,
    ...loan.actions,
    ...closeUnit.actions,
    ...requests.actions,
    ...settle.actions,
    ...homeListeners(parts).actions,
    ...watchListeners(parts).actions,
  };
  const submissions = {
    ...closeUnit.submissions,
    ...card.submissions,
    ...settle.submissions,
    ...cases.submissions,
  };
  return {
    commands: named(commands, (listener) => requireChannel(parts, listener)),
    actions: {
      ...named(card.cardActions),
      ...named(cases.actions),
      ...named(privateActions, (listener) => requireChannel(parts, listener)),
    },
    submissions: named(submissions),
    homeOpened: { name: EVENTS.homeOpened, ...homeOpened(parts) },
    otherAction: { name: 'unknown action', ...unknownButton },
  };
}

function named<Id extends string>(
  table: Readonly<Record<Id, Listener>>,
  inside: (listener: Listener) => Listener = (listener) => listener,
): Record<Id, NamedListener> {
  const found = {} as Record<Id, NamedListener>;
  for (const name in table) found[name] = { name, ...inside(table[name]) };
  return found;
}

type PlaceParts = Pick<ListenerParts, 'allowedChannels' | 'closeChannel'>;

/**
 * Null: allowed. Direct messages always are, because an answer there is private. App Home and modals have no channel.
 */
export function refusePlace(
  { allowedChannels, closeChannel }: PlaceParts,
  channelId: string | null,
): Refusal | null {
  if (allowedChannels.length === 0 || channelId === null || channelId.startsWith('D')) return null;
  const known = [...new Set([closeChannel, ...allowedChannels])];
  return known.includes(channelId) ? null : { code: 'channel-not-allowed', channels: known };
}

/** For what shows figures. */
export function requireChannel(parts: PlaceParts, listener: Listener): Listener {
  const { prepare } = listener;
  return {
    ...listener,
    ...(prepare === undefined
      ? {}
      : {
          prepare: (turn: Turn) =>
            refusePlace(parts, turn.channelId) === null ? prepare(turn) : Promise.resolve(true),
        }),
    work: async (turn) => {
      const refusal = refusePlace(parts, turn.channelId);
      return refusal === null ? listener.work(turn) : refused(refusal);
    },
  };
}

/** Any name: its listener is looked up in the table. */
const ANY = /(?:)/;

/** A command or a form that isn't in the table is left to the transport, which answers that it failed. */
export function register(app: App, table: Routes, guard: Guard, parts: TurnParts): void {
  const commands = new Map<string, NamedListener>(Object.entries(table.commands));
  const actions = new Map<string, NamedListener>(Object.entries(table.actions));
  const submissions = new Map<string, NamedListener>(Object.entries(table.submissions));
  app.command(ANY, async (args) => {
    const listener = commands.get(args.command.command);
    if (listener !== undefined) await guard(listener, commandDelivery(parts, args));
  });
  app.action<BlockButtonAction>(ANY, (args) =>
    guard(actions.get(args.action.action_id) ?? table.otherAction, actionDelivery(parts, args)),
  );
  app.view<ViewSubmitAction>({ callback_id: ANY, type: 'view_submission' }, async (args) => {
    const listener = submissions.get(args.view.callback_id);
    if (listener !== undefined) await guard(listener, submissionDelivery(parts, args));
  });
  app.event(EVENTS.homeOpened, async (args) => {
    const delivered = homeDelivery(parts, args);
    if (delivered !== null) await guard(table.homeOpened, delivered);
  });
}
