/** Reject on the card: opens the form that asks for a reason. Nothing is decided yet. */
import { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { noticeModal } from '../views/notice-message.ts';
import { rejectionModal } from '../views/rejection-modal.ts';
import { readCardClick } from './card-click.ts';

export function rejectAction(parts: ListenerParts): Listener {
  return {
    name: ACTIONS.reject,
    prepare: (turn) => turn.openModal(noticeModal('Reject close', 'Looking up the request…')),
    work: async (turn) => {
      const click = await readCardClick(parts, turn);
      if (!click.ok) return click.outcome;
      const { requestId, version } = click.value;
      const request = await parts.desk.openRejection(turn.by, requestId, version);
      if (!request.ok) return refused(request.refusal, requestId);
      await turn.updateModal(rejectionModal(request.value));
      return handled(requestId);
    },
  };
}
