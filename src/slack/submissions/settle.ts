/** The settle form was sent: a verdict and a note. Two people have to agree; the rule counts them. */
import { readRequestValue } from '../button-value.ts';
import { INPUTS, MODALS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { plainTyped } from '../typed-text.ts';
import { recordedMessage } from '../views/done-text.ts';
import { isVerdict, LONGEST_NOTE } from '../views/settle-modal.ts';
import { textFault } from './text-fault.ts';

export function settleSubmission({ desk }: ListenerParts): Listener {
  return {
    name: MODALS.settle,
    check: (turn) =>
      isVerdict(turn.fields.get(INPUTS.verdict) ?? '')
        ? textFault(turn, INPUTS.note, LONGEST_NOTE, 'A note is needed.')
        : { [INPUTS.verdict]: 'Choose what happened. Nothing was changed.' },
    work: async (turn) => {
      const value = readRequestValue(turn.metadata);
      const verdict = turn.fields.get(INPUTS.verdict) ?? '';
      if (value === null || !isVerdict(verdict)) {
        await desk.noteForgery(turn.by, null, 'a settlement that names no request or verdict');
        return refused({ code: 'bad-request-id', input: '' });
      }
      const note = plainTyped(turn.fields.get(INPUTS.note) ?? '');
      const result = await desk.settle(turn.by, value.requestId, verdict, note);
      if (!result.ok) return refused(result.refusal, value.requestId);
      await turn.tell(recordedMessage('Your verdict is recorded.', result.value));
      return handled(value.requestId);
    },
  };
}
