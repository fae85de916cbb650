/** Buttons under `/loandesk requests`: page back, next page. */
import { readPageValue } from '../button-value.ts';
import type { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { requestListMessage } from '../views/request-list-view.ts';

export function turnRequestsPageAction(
  id: typeof ACTIONS.requestsPageBack | typeof ACTIONS.requestsPageOn,
  { desk, workspaceUrl }: ListenerParts,
): Listener {
  return {
    name: id,
    lane: 'read',
    work: async (turn) => {
      const { page } = readPageValue(turn.input) ?? { page: 1 };
      const result = await desk.listRequests(turn.by);
      if (!result.ok) return refused(result.refusal);
      await turn.replace(requestListMessage(result.value, page, workspaceUrl()));
      return handled();
    },
  };
}
