/** Resolving an unknown outcome manually: the evidence, a finding and a note. The rule decides when two people agree. */
import { readRequestValue } from '../button-value.ts';
import { ACTIONS, INPUTS, MODALS } from '../ids.ts';
import { answerWith, handled, type Listener, type ListenerParts, refused } from '../listener.ts';
import { plainTyped, textFault } from '../typed-text.ts';
import { noticeModal, recordedMessage } from '../views/notice-message.ts';
import { isVerdict, LONGEST_NOTE, settleModal } from '../views/request-forms.ts';

export function settleListeners(parts: ListenerParts) {
  return {
    actions: { [ACTIONS.settle]: settle(parts) },
    submissions: { [MODALS.settle]: verdictSent(parts) },
  };
}

function settle({ desk }: ListenerParts): Listener {
  return {
    prepare: (turn) => turn.openModal(noticeModal('Resolve manually', 'Looking up the evidence…')),
    work: async (turn) => {
      const value = readRequestValue(turn.input);
      if (value === null) return refused({ code: 'bad-request-id', input: '' });
      const { requestId } = value;
      const result = await desk.viewRequest(turn.by, requestId);
      if (!result.ok) return refused(result.refusal);
      const { request } = result.value;
      const { state, ending } = request;
      if (state !== 'unknown')
        return refused({ code: 'wrong-state', state, settled: ending?.kind === 'settled' }, requestId);
      await turn.updateModal(settleModal(request));
      return handled(requestId);
    },
  };
}

function verdictSent({ desk }: ListenerParts): Listener {
  return {
    check: (turn) =>
      isVerdict(turn.fields.get(INPUTS.verdict) ?? '')
        ? textFault(turn.fields, INPUTS.note, LONGEST_NOTE, 'A note is needed.')
        : { [INPUTS.verdict]: "Choose what Binance's record shows. Nothing was changed." },
    work: async (turn) => {
      const value = readRequestValue(turn.metadata);
      const verdict = turn.fields.get(INPUTS.verdict) ?? '';
      if (value === null || !isVerdict(verdict)) {
        await desk.noteForgery(turn.by, null, 'a settlement that names no request or verdict');
        return refused({ code: 'bad-request-id', input: '' });
      }
      const note = plainTyped(turn.fields.get(INPUTS.note) ?? '');
      return answerWith(
        desk.settle(turn.by, value.requestId, verdict, note),
        (request) => turn.tell(recordedMessage('Your finding is recorded.', request)),
        value.requestId,
      );
    },
  };
}
