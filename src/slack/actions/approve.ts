/** Approve on the card: opens the ballot with the unit as it is now. Nothing is decided yet. */
import { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { ballotModal } from '../views/ballot-modal.ts';
import { noticeModal } from '../views/notice-message.ts';
import { readCardClick } from './card-click.ts';

export function approveAction(parts: ListenerParts): Listener {
  return {
    name: ACTIONS.approve,
    prepare: (turn) => turn.openModal(noticeModal('Approve close', 'Reading the unit as it is now…')),
    work: async (turn) => {
      const click = await readCardClick(parts, turn);
      if (!click.ok) return click.outcome;
      const { requestId, version } = click.value;
      const ballot = await parts.desk.openBallot(turn.by, requestId, version);
      if (!ballot.ok) return refused(ballot.refusal, requestId);
      await turn.updateModal(ballotModal(ballot.value));
      return handled(requestId);
    },
  };
}
