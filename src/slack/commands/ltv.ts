/** `/ltv [unit | filter]` */
import { COMMANDS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { typedQuery } from '../typed-text.ts';
import { commandHelpMessage } from '../views/help-view.ts';
import { unitMessage } from '../views/unit-view.ts';
import { unitsMessage } from '../views/units-view.ts';

export function ltvCommand({ desk }: ListenerParts): Listener {
  return {
    name: COMMANDS.ltv,
    lane: 'read',
    loading: () => 'Reading the risk units…',
    work: async (turn) => {
      const query = typedQuery(turn.input);
      if (query.toLowerCase() === 'help') {
        await turn.tell(commandHelpMessage(COMMANDS.ltv));
        return handled();
      }
      const result = await desk.viewUnits(turn.by, query);
      if (!result.ok) return refused(result.refusal);
      const view = result.value;
      await turn.tell(
        view.kind === 'one' ? unitMessage(view, query) : unitsMessage(view, { query, page: 1 }),
      );
      return handled();
    },
  };
}
