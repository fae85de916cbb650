/** App Home was opened, or its Refresh clicked: drawn again each time, and for a while whenever a request changes. */
import { ACTIONS } from '../ids.ts';
import { handled, type Listener, type ListenerParts } from '../listener.ts';
import { homeTab, refusedHomeTab } from '../views/home-view.ts';

/** The usual notice is a message that promises the answer in its place; this one says where it comes. */
const STILL_READING = 'Still reading the units. Your Home tab shows them when they are read…';

export function homeListeners(parts: ListenerParts) {
  return { actions: { [ACTIONS.refreshHome]: { ...homeOpened(parts), lateNotice: STILL_READING } } };
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
