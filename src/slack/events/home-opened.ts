/** App Home was opened: drawn anew each time, and for a while whenever a request changes. */
import { EVENTS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener } from '../turn.ts';
import { homeTab, refusedHomeTab } from '../views/home-view.ts';

export function homeOpenedEvent({ desk, workspaceUrl, homes }: ListenerParts): Listener {
  return {
    name: EVENTS.homeOpened,
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
