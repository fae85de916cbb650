/** `/closed-units [filter]` */
import { COMMANDS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { READING_A_LONG_LIST, tellIfSlow } from '../tell-if-slow.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { typedQuery } from '../typed-text.ts';
import { closedUnitsMessage } from '../views/closed-units-view.ts';
import { commandHelpMessage } from '../views/help-view.ts';

export function closedUnitsCommand({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
    name: COMMANDS.closedUnits,
    lane: 'read',
    loading: () => 'Reading the closed list…',
    work: async (turn) => {
      const filter = typedQuery(turn.input);
      if (filter.toLowerCase() === 'help') {
        await turn.tell(commandHelpMessage(COMMANDS.closedUnits));
        return handled();
      }
      const reading = desk.listClosedUnits(turn.by, filter, 1);
      const result = await tellIfSlow(turn, READING_A_LONG_LIST, reading);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(closedUnitsMessage(result.value, filter, workspaceUrl()));
      return handled();
    },
  };
}
