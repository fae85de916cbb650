/** App Home was opened: drawn anew each time. */
import { EVENTS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener } from '../turn.ts';
import { homeTab, refusedHomeTab } from '../views/home-view.ts';

export function homeOpenedEvent({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
    name: EVENTS.homeOpened,
    work: async (turn) => {
      const result = await desk.home(turn.by);
      await turn.publishHome(
        result.ok ? homeTab(result.value, workspaceUrl()) : refusedHomeTab(result.refusal),
      );
      return handled();
    },
  };
}
