/** `/closed-units [filter]` and the buttons under its answer. */
import { readPageValue, readQuery } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { answerAnyRole, answerWith, type Listener, type ListenerParts } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import { closedUnitsMessage } from '../views/closed-units-view.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { sendCsv } from './sharing.ts';

/** The closed list has 100 rows per page and up to a thousand pages. */
const LONG_LIST = {
  lane: 'read',
  lateNotice:
    'Still reading the closed list: all of it is read before anything is shown. This can take a minute…',
} as const;

export function closedUnitsListeners({ desk, workspaceUrl }: ListenerParts) {
  const turnPage: Listener = {
    ...LONG_LIST,
    work: (turn) => {
      const { query, page } = readPageValue(turn.input) ?? { query: '', page: 1 };
      return answerWith(desk.listClosedUnits(turn.by, query, page), (view) =>
        turn.replace(closedUnitsMessage(view, query, workspaceUrl())),
      );
    },
  };
  const command: Listener = {
    ...LONG_LIST,
    work: (turn) => {
      const filter = typedQuery(turn.input);
      if (filter.toLowerCase() === 'help')
        return answerAnyRole(desk, turn, commandHelpMessage(COMMANDS.closedUnits));
      return answerWith(desk.listClosedUnits(turn.by, filter, 1), (view) =>
        turn.tell(closedUnitsMessage(view, filter, workspaceUrl())),
      );
    },
  };
  const csv: Listener = {
    ...LONG_LIST,
    work: (turn) => sendCsv(turn, desk.exportClosedUnits(turn.by, readQuery(turn.input))),
  };
  return {
    commands: { [COMMANDS.closedUnits]: command },
    actions: {
      [ACTIONS.closedNewer]: turnPage,
      [ACTIONS.closedOlder]: turnPage,
      [ACTIONS.closedCsv]: csv,
    },
  };
}
