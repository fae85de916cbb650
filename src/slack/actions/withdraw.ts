/** Withdraw on the card: the requester takes the request back. */
import { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { recordedMessage } from '../views/done-text.ts';
import { readCardClick } from './card-click.ts';

export function withdrawAction(parts: ListenerParts): Listener {
  return {
    name: ACTIONS.withdraw,
    work: async (turn) => {
      const click = await readCardClick(parts, turn);
      if (!click.ok) return click.outcome;
      const { requestId } = click.value;
      const result = await parts.desk.withdraw(turn.by, requestId);
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('Your request is withdrawn.', result.value));
      return handled(requestId);
    },
  };
}
