/** `/closed-units [filter]` */
import { COMMANDS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { typedQuery } from '../typed-text.ts';
import { closedUnitsMessage } from '../views/closed-units-view.ts';
import { commandHelpMessage } from '../views/help-view.ts';

export function closedUnitsCommand({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
    name: COMMANDS.closedUnits,
    loading: () => 'Reading the closed list…',
    work: async (turn) => {
      const filter = typedQuery(turn.input);
      if (filter.toLowerCase() === 'help') {
        await turn.tell(commandHelpMessage(COMMANDS.closedUnits));
        return handled();
      }
      const result = await desk.listClosedUnits(turn.by, filter, 1);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(closedUnitsMessage(result.value, filter, workspaceUrl()));
      return handled();
    },
  };
}
