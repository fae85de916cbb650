/** Buttons under `/closed-units`: newer, older, CSV file. */
import { readPageValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { READING_A_LONG_LIST, tellIfSlow } from '../tell-if-slow.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { closedUnitsMessage } from '../views/closed-units-view.ts';
import { fileSentMessage } from '../views/done-text.ts';
import { flawBlocks } from '../views/units-view.ts';

export function turnClosedPageAction(
  id: typeof ACTIONS.closedNewer | typeof ACTIONS.closedOlder,
  { desk, workspaceUrl }: ListenerParts,
): Listener {
  return {
    name: id,
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

export function closedCsvAction({ desk }: ListenerParts): Listener {
  return {
    name: ACTIONS.closedCsv,
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
