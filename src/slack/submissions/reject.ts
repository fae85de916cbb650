/** The reject form was sent. */
import { readRequestValue } from '../button-value.ts';
import { INPUTS, MODALS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { plainTyped } from '../typed-text.ts';
import { recordedMessage } from '../views/done-text.ts';
import { LONGEST_REJECTION } from '../views/rejection-modal.ts';
import { textFault } from './text-fault.ts';

export function rejectSubmission({ desk }: ListenerParts): Listener {
  return {
    name: MODALS.rejection,
    check: (turn) => textFault(turn, INPUTS.reason, LONGEST_REJECTION, 'A reason is needed.'),
    work: async (turn) => {
      const value = readRequestValue(turn.metadata);
      if (value === null) {
        await desk.noteForgery(turn.by, null, 'a rejection that names no request');
        return refused({ code: 'bad-request-id', input: '' });
      }
      const { requestId, version } = value;
      const reason = plainTyped(turn.fields.get(INPUTS.reason) ?? '');
      const result = await desk.reject(turn.by, requestId, version, reason);
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('Your rejection is recorded.', result.value));
      return handled(requestId);
    },
  };
}
