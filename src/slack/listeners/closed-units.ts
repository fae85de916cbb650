/** `/closed-units [filter]` and the buttons under its answer. */
import { readPageValue } from '../button-value.ts';
import { ACTIONS, COMMANDS } from '../ids.ts';
import { handled, type Listener, type ListenerParts, refused, type Turn } from '../listener.ts';
import { typedQuery } from '../typed-text.ts';
import { closedUnitsMessage } from '../views/closed-units-view.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { fileSentMessage, noticeMessage } from '../views/notice-message.ts';
import { flawBlocks } from '../views/units-view.ts';

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
    loading: () => 'Reading the closed list…',
    work: async (turn) => {
      const filter = typedQuery(turn.input);
      if (filter.toLowerCase() === 'help') {
        await turn.tell(commandHelpMessage(COMMANDS.closedUnits));
        return handled();
      }
      const result = await tellIfSlow(turn, READING_A_LONG_LIST, desk.listClosedUnits(turn.by, filter, 1));
      if (!result.ok) return refused(result.refusal);
      await turn.tell(closedUnitsMessage(result.value, filter, workspaceUrl()));
      return handled();
    },
  };
}

function turnClosedPage({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const { query, page } = readPageValue(turn.input) ?? { query: '', page: 1 };
      const reading = desk.listClosedUnits(turn.by, query, page);
      const result = await tellIfSlow(turn, READING_A_LONG_LIST, reading);
      if (!result.ok) return refused(result.refusal);
      await turn.replace(closedUnitsMessage(result.value, query, workspaceUrl()));
      return handled();
    },
  };
}

function closedCsv({ desk }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const { query } = readPageValue(turn.input) ?? { query: '' };
      const reading = desk.exportClosedUnits(turn.by, query);
      const result = await tellIfSlow(turn, READING_A_LONG_LIST, reading);
      if (!result.ok) return refused(result.refusal);
      const { fileName, csv, flaws } = result.value;
      const sent = fileSentMessage(fileName, await turn.sendFile(fileName, csv));
      await turn.tell({ ...sent, blocks: [...sent.blocks, ...flawBlocks(flaws)] });
      return handled();
    },
  };
}

const SLOW_AFTER_MS = 3_000;

/** The closed list has 100 rows a page and at most a thousand pages. */
const READING_A_LONG_LIST =
  'Still reading: the closed list is long, and all of it is read before anything is shown. This may take up to a minute.';

/**
 * The work's result. Tells users that a slow command is still running, and why; that message is in Slack before this
 * resolves, so that it can't take the answer's place.
 */
export async function tellIfSlow<Value>(
  turn: Turn,
  text: string,
  work: Promise<Value>,
  afterMs = SLOW_AFTER_MS,
): Promise<Value> {
  let telling: Promise<unknown> = Promise.resolve();
  const timer = setTimeout(() => {
    telling = turn.tell(noticeMessage(text));
  }, afterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    await telling;
  }
}
