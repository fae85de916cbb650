/** `/closed-units [filter]` and the buttons under its answer. */
import { readPageValue, readQuery } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { answerAnyRole, handled, type Listener, type ListenerParts, refused } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import { closedUnitsMessage } from '../views/closed-units-view.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { fileSentMessage } from '../views/notice-message.ts';
import { flawBlocks } from '../views/units-view.ts';

/** The closed list has 100 rows per page and up to a thousand pages. */
const READING_A_LONG_LIST =
  'Still reading the closed list: all of it is read before anything is shown. This can take a minute…';

export function closedUnitsListeners(parts: ListenerParts) {
  const turnPage = turnClosedPage(parts);
  return {
    commands: { [COMMANDS.closedUnits]: closedUnits(parts) },
    actions: {
      [ACTIONS.closedNewer]: turnPage,
      [ACTIONS.closedOlder]: turnPage,
      [ACTIONS.closedCsv]: closedCsv(parts),
    },
  };
}

function closedUnits({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
    lane: 'read',
    lateNotice: READING_A_LONG_LIST,
    work: async (turn) => {
      const filter = typedQuery(turn.input);
      if (filter.toLowerCase() === 'help')
        return answerAnyRole(desk, turn, commandHelpMessage(COMMANDS.closedUnits));
      const result = await desk.listClosedUnits(turn.by, filter, 1);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(closedUnitsMessage(result.value, filter, workspaceUrl()));
      return handled();
    },
  };
}

function turnClosedPage({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
    lane: 'read',
    lateNotice: READING_A_LONG_LIST,
    work: async (turn) => {
      const { query, page } = readPageValue(turn.input) ?? { query: '', page: 1 };
      const result = await desk.listClosedUnits(turn.by, query, page);
      if (!result.ok) return refused(result.refusal);
      await turn.replace(closedUnitsMessage(result.value, query, workspaceUrl()));
      return handled();
    },
  };
}

function closedCsv({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    lateNotice: READING_A_LONG_LIST,
    work: async (turn) => {
      const result = await desk.exportClosedUnits(turn.by, readQuery(turn.input));
      if (!result.ok) return refused(result.refusal);
      const { fileName, csv, flaws } = result.value;
      const sent = fileSentMessage(fileName, await turn.sendFile(fileName, csv));
      await turn.tell({ ...sent, blocks: [...sent.blocks, ...flawBlocks(flaws)] });
      return handled();
    },
  };
}
