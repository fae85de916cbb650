/** A button that this version does not know: an old message. It gets an answer, too. */
import { handled, type Listener } from '../turn.ts';
import { noticeMessage } from '../views/notice-message.ts';

export function unknownAction(): Listener {
  return {
    name: 'unknown action',
    lane: 'read',
    work: async (turn) => {
      await turn.tell(
        noticeMessage(
          'This button belongs to an earlier version of Loandesk and does nothing any more. Nothing was changed. `/loandesk help` shows what there is.',
        ),
      );
      return handled();
    },
  };
}
