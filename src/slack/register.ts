/** The one route table: which listener answers which command, button, modal and event; each runs inside the guard. */
import type { App, BlockButtonAction, ViewSubmitAction } from '@slack/bolt';
import { approveAction } from './actions/approve.ts';
import { closedCsvAction, turnClosedPageAction } from './actions/closed-units.ts';
import { rejectAction } from './actions/reject.ts';
import { refreshRequestAction, settleAction } from './actions/request-view.ts';
import { turnRequestsPageAction } from './actions/requests.ts';
import { startSendingAction } from './actions/start-sending.ts';
import { askToCloseAction, shareUnitsAction, showUnitsAction } from './actions/units.ts';
import { unknownAction } from './actions/unknown.ts';
import { withdrawAction } from './actions/withdraw.ts';
import { admitted, whereAllowed } from './admission.ts';
import {
  actionDelivery,
  commandDelivery,
  type DeliveryParts,
  homeDelivery,
  submissionDelivery,
} from './bolt-delivery.ts';
import { closeUnitCommand } from './commands/close-unit.ts';
import { closedUnitsCommand } from './commands/closed-units.ts';
import { loandeskCommand } from './commands/loandesk.ts';
import { ltvCommand } from './commands/ltv.ts';
import { homeOpenedEvent } from './events/home-opened.ts';
import type { Guard } from './guard.ts';
import { ACTIONS, type ActionId, COMMANDS, type CommandName, EVENTS, MODALS, type ModalId } from './ids.ts';
import type { ListenerParts } from './listener-parts.ts';
import { approveSubmission } from './submissions/approve.ts';
import { askSubmission } from './submissions/ask.ts';
import { rejectSubmission } from './submissions/reject.ts';
import { settleSubmission } from './submissions/settle.ts';
import type { Listener } from './turn.ts';

export interface Routes {
  readonly commands: Readonly<Record<CommandName, Listener>>;
  readonly actions: Readonly<Record<ActionId, Listener>>;
  readonly submissions: Readonly<Record<ModalId, Listener>>;
  readonly homeOpened: Listener;
  /** Buttons of earlier versions. */
  readonly otherAction: Listener;
}

export function routes(parts: ListenerParts): Routes {
  return {
    commands: {
      [COMMANDS.ltv]: admitted(parts, ltvCommand(parts)),
      [COMMANDS.closedUnits]: admitted(parts, closedUnitsCommand(parts)),
      [COMMANDS.closeUnit]: admitted(parts, closeUnitCommand(parts)),
      [COMMANDS.loandesk]: admitted(parts, loandeskCommand(parts)),
    },
    actions: {
      [ACTIONS.approve]: approveAction(parts),
      [ACTIONS.reject]: rejectAction(parts),
      [ACTIONS.withdraw]: withdrawAction(parts),
      [ACTIONS.startSending]: startSendingAction(parts),
      [ACTIONS.settle]: whereAllowed(parts, settleAction(parts)),
      [ACTIONS.requestsPageBack]: whereAllowed(
        parts,
        turnRequestsPageAction(ACTIONS.requestsPageBack, parts),
      ),
      [ACTIONS.requestsPageOn]: whereAllowed(parts, turnRequestsPageAction(ACTIONS.requestsPageOn, parts)),
      [ACTIONS.refreshRequest]: whereAllowed(parts, refreshRequestAction(parts)),
      [ACTIONS.unitsPageBack]: whereAllowed(parts, showUnitsAction(ACTIONS.unitsPageBack, parts)),
      [ACTIONS.unitsPageOn]: whereAllowed(parts, showUnitsAction(ACTIONS.unitsPageOn, parts)),
      [ACTIONS.refreshUnits]: whereAllowed(parts, showUnitsAction(ACTIONS.refreshUnits, parts)),
      [ACTIONS.shareUnits]: whereAllowed(parts, shareUnitsAction(parts)),
      [ACTIONS.pickUnit]: whereAllowed(parts, showUnitsAction(ACTIONS.pickUnit, parts)),
      [ACTIONS.askToClose]: whereAllowed(parts, askToCloseAction(parts)),
      [ACTIONS.closedNewer]: whereAllowed(parts, turnClosedPageAction(ACTIONS.closedNewer, parts)),
      [ACTIONS.closedOlder]: whereAllowed(parts, turnClosedPageAction(ACTIONS.closedOlder, parts)),
      [ACTIONS.closedCsv]: whereAllowed(parts, closedCsvAction(parts)),
    },
    submissions: {
      [MODALS.ask]: askSubmission(parts),
      [MODALS.ballot]: approveSubmission(parts),
      [MODALS.rejection]: rejectSubmission(parts),
      [MODALS.settle]: settleSubmission(parts),
    },
    homeOpened: homeOpenedEvent(parts),
    otherAction: unknownAction(),
  };
}

/** Whatever its name: which listener it is for is looked up in the table. */
const ANY = /(?:)/;

/**
 * One listener a kind: Bolt asks each of its listeners, one after the other, whether a delivery is for it, which cost
 * more than the rest of an ack when each button had its own. A command or a form that nobody here knows is left to
 * the transport, which says so.
 */
export function register(app: App, table: Routes, guard: Guard, delivery: DeliveryParts): void {
  const commands = new Map<string, Listener>(Object.entries(table.commands));
  const actions = new Map<string, Listener>(Object.entries(table.actions));
  const submissions = new Map<string, Listener>(Object.entries(table.submissions));
  app.command(ANY, async (args) => {
    const listener = commands.get(args.command.command);
    if (listener !== undefined) await guard(listener, commandDelivery(delivery, args));
  });
  app.action<BlockButtonAction>(ANY, (args) =>
    guard(actions.get(args.action.action_id) ?? table.otherAction, actionDelivery(delivery, args)),
  );
  app.view<ViewSubmitAction>({ callback_id: ANY, type: 'view_submission' }, async (args) => {
    const listener = submissions.get(args.view.callback_id);
    if (listener !== undefined) await guard(listener, submissionDelivery(delivery, args));
  });
  app.event(EVENTS.homeOpened, async (args) => {
    const delivered = homeDelivery(delivery, args);
    if (delivered !== null) await guard(table.homeOpened, delivered);
  });
}
