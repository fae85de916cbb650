/** Buttons of the private view of a request: refresh, and settling an unknown outcome by hand. */
import { readRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused } from '../turn.ts';
import { noticeModal } from '../views/notice-message.ts';
import { requestMessage } from '../views/request-view.ts';
import { settleModal } from '../views/settle-modal.ts';

export function refreshRequestAction({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
    name: ACTIONS.refreshRequest,
    lane: 'read',
    work: async (turn) => {
      const value = readRequestValue(turn.input);
      if (value === null) return refused({ code: 'bad-request-id', input: '' });
      const result = await desk.viewRequest(turn.by, value.requestId);
      if (!result.ok) return refused(result.refusal);
      await turn.replace(requestMessage(result.value, workspaceUrl()));
      return handled(value.requestId);
    },
  };
}

export function settleAction({ desk }: ListenerParts): Listener {
  return {
    name: ACTIONS.settle,
    prepare: (turn) => turn.openModal(noticeModal('Settle the outcome', 'Looking up the evidence…')),
    work: async (turn) => {
      const value = readRequestValue(turn.input);
      if (value === null) return refused({ code: 'bad-request-id', input: '' });
      const { requestId } = value;
      const result = await desk.viewRequest(turn.by, requestId);
      if (!result.ok) return refused(result.refusal);
      const { request } = result.value;
      if (request.state !== 'unknown')
        return refused({ code: 'wrong-state', state: request.state }, requestId);
      await turn.updateModal(settleModal(request));
      return handled(requestId);
    },
  };
}
