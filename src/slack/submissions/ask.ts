/** The ask form was sent: a reason, and the unit it was opened for. */
import { readUnitValue } from '../button-value.ts';
import { INPUTS, MODALS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { plainTyped } from '../typed-text.ts';
import { LONGEST_ASK_REASON } from '../views/ask-modal.ts';
import { askedMessage } from '../views/done-text.ts';
import { textFault } from './text-fault.ts';

export function askSubmission({ desk, closeChannel }: ListenerParts): Listener {
  return {
    name: MODALS.ask,
    check: (turn) => textFault(turn, INPUTS.reason, LONGEST_ASK_REASON, 'A reason is needed.'),
    work: async (turn) => {
      const value = readUnitValue(turn.metadata);
      if (value === null) return refused({ code: 'unit-id-missing' });
      const reason = plainTyped(turn.fields.get(INPUTS.reason) ?? '');
      const result = await desk.askToClose(turn.by, value.unit, reason);
      if (!result.ok) return refused(result.refusal);
      await turn.tell(askedMessage(result.value, closeChannel));
      return handled(result.value.id);
    },
  };
}
