/** The private views of requests, for `/loandesk requests` and `/loandesk request <id>`, and their buttons. */
import { readPageValue, readRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  answerWith,
  handled,
  type Listener,
  type ListenerParts,
  type Outcome,
  refused,
  type Turn,
} from '../listener.ts';
import { requestListMessage, requestMessage } from '../views/request-view.ts';

export function requestsListeners(parts: ListenerParts) {
  const { desk, workspaceUrl } = parts;
  const turnPage: Listener = {
    lane: 'read',
    work: (turn) => {
      const { page } = readPageValue(turn.input) ?? { page: 1 };
      return answerWith(desk.listRequests(turn.by), (view) =>
        turn.replace(requestListMessage(view, page, workspaceUrl())),
      );
    },
  };
  return {
    actions: {
      [ACTIONS.requestsPageBack]: turnPage,
      [ACTIONS.requestsPageOn]: turnPage,
      [ACTIONS.refreshRequest]: refreshRequest(parts),
      [ACTIONS.openRequest]: openRequest(parts),
      [ACTIONS.openCard]: openCard,
    },
  };
}

export function tellRequests({ desk, workspaceUrl }: ListenerParts, turn: Turn): Promise<Outcome> {
  return answerWith(desk.listRequests(turn.by), (view) =>
    turn.tell(requestListMessage(view, 1, workspaceUrl())),
  );
}

export async function tellRequest(
  { desk, workspaceUrl }: ListenerParts,
  turn: Turn,
  id: string,
): Promise<Outcome> {
  const result = await desk.viewRequest(turn.by, id);
  if (!result.ok) return refused(result.refusal);
  await turn.tell(requestMessage(result.value, workspaceUrl()));
  return handled(result.value.request.id);
}

/** On the card and in direct messages: the request with its evidence, to this person alone. */
function openRequest(parts: ListenerParts): Listener {
  return {
    lane: 'read',
    work: async (turn) => {
      const value = readRequestValue(turn.input);
      return value === null
        ? refused({ code: 'bad-request-id', input: '' })
        : tellRequest(parts, turn, value.requestId);
    },
  };
}

/** A link that Slack follows by itself. */
const openCard: Listener = { lane: 'read', work: async () => handled() };

function refreshRequest({ desk, workspaceUrl }: ListenerParts): Listener {
  return {
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
