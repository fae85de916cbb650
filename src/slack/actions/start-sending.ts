/** Start sending again: after the process that carried out an approved request ended before anything was sent. */
import { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { recordedMessage } from '../views/done-text.ts';
import { readCardClick } from './card-click.ts';

export function startSendingAction(parts: ListenerParts): Listener {
  return {
    name: ACTIONS.startSending,
    work: async (turn) => {
      const click = await readCardClick(parts, turn);
      if (!click.ok) return click.outcome;
      const { requestId, version } = click.value;
      const result = await parts.desk.startSending(turn.by, requestId, version);
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('The sending was started again.', result.value));
      return handled(requestId);
    },
  };
}
