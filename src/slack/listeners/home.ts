/** App Home was opened, or its Refresh clicked: drawn again each time, and for a while whenever a request changes. */
import { ACTIONS } from '../ids.ts';
import { handled, type Listener, type ListenerParts } from '../listener.ts';
import { homeTab, refusedHomeTab } from '../views/home-view.ts';

export function homeListeners(parts: ListenerParts) {
  return { actions: { [ACTIONS.refreshHome]: homeOpened(parts) } };
}

export function homeOpened({ desk, workspaceUrl, homes }: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const mark = await desk.requestsMark();
      const result = await desk.home(turn.by);
      if (result.ok) homes.opened(turn.by, mark);
      await turn.publishHome(
        result.ok ? homeTab(result.value, workspaceUrl()) : refusedHomeTab(result.refusal),
      );
      return handled();
    },
  };
}
