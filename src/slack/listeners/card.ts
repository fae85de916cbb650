/** The buttons of a request's card, and the forms that two of them open. */
import type { CloseRequest } from '../../domain/close/close-request.ts';
import type { Result } from '../../domain/refusal.ts';
import { type RequestValue, readBallotMetadata, readRequestValue } from '../button-value.ts';
import { ACTIONS, INPUTS, MODALS } from '../ids.ts';
import {
  answerWith,
  handled,
  type Listener,
  type ListenerParts,
  type Outcome,
  refused,
  type Turn,
} from '../listener.ts';
import { plainTyped, textFault, typedQuery } from '../typed-text.ts';
import type { Modal } from '../views/blocks.ts';
import { noticeMessage, noticeModal, recordedMessage } from '../views/notice-message.ts';
import { ballotModal, LONGEST_REJECTION, rejectionModal } from '../views/request-forms.ts';

export function cardListeners(parts: ListenerParts) {
  const { desk } = parts;
  return {
    /** Each checks by itself that it was clicked on the card. */
    cardActions: {
      [ACTIONS.approve]: opening(
        parts,
        noticeModal('Approve close', 'Reading the unit as it is now…'),
        (by, { requestId, version }) => desk.openBallot(by, requestId, version),
        ballotModal,
      ),
      [ACTIONS.reject]: opening(
        parts,
        noticeModal('Reject close', 'Looking up the request…'),
        (by, { requestId, version }) => desk.openRejection(by, requestId, version),
        rejectionModal,
      ),
      [ACTIONS.withdraw]: deciding(parts, 'Your request is withdrawn.', (by, { requestId }) =>
        desk.withdraw(by, requestId),
      ),
      /** Of a request that is blocked because its unit owes. */
      [ACTIONS.checkAgain]: deciding(parts, 'Checked again.', (by, { requestId }) =>
        desk.checkAgain(by, requestId),
      ),
      /** After the process that carried out an approved request ended before anything was sent. */
      [ACTIONS.startSending]: deciding(
        parts,
        'The sending was started again.',
        (by, { requestId, version }) => desk.startSending(by, requestId, version),
      ),
    },
    submissions: {
      [MODALS.ballot]: ballotSent(parts),
      [MODALS.rejection]: rejectionSent(parts),
    },
  };
}

/** What a click asks of the desk. */
type Ask<Value> = (by: Turn['by'], value: RequestValue) => Promise<Result<Value>>;

/** A click on a card, checked before anything else: it names a request, and it happened on that request's card. */
async function onCard(
  { desk, closeChannel }: ListenerParts,
  turn: Turn,
  act: (value: RequestValue) => Promise<Outcome>,
): Promise<Outcome> {
  const value = readRequestValue(turn.input);
  const { by, channelId, messageTs } = turn;
  if (value === null) {
    await desk.noteForgery(by, null, 'a click whose value names no request');
    return refused({ code: 'not-the-card' });
  }
  const { requestId } = value;
  if (channelId !== closeChannel) {
    const where = channelId ?? 'no channel';
    await desk.noteForgery(by, requestId, `a click outside the approvals channel (${where})`);
    return refused({ code: 'not-the-card' });
  }
  if (messageTs !== null && (await desk.isCopyOfCard(requestId, { channelId, messageTs })))
    return refused({ code: 'not-the-card' });
  return act(value);
}

/** Opens a form with the request as it is now. Nothing is decided yet. */
function opening<Value>(
  parts: ListenerParts,
  first: Modal,
  ask: Ask<Value>,
  draw: (value: Value) => Modal,
): Listener {
  return {
    prepare: (turn) => turn.openModal(first),
    work: (turn) =>
      onCard(parts, turn, (value) =>
        answerWith(ask(turn.by, value), (found) => turn.updateModal(draw(found)), value.requestId),
      ),
  };
}

function deciding(parts: ListenerParts, said: string, ask: Ask<CloseRequest>): Listener {
  return {
    work: (turn) =>
      onCard(parts, turn, (value) => recorded(turn, said, ask(turn.by, value), value.requestId)),
  };
}

function recorded(turn: Turn, said: string, asked: Promise<Result<CloseRequest>>, requestId: string) {
  return answerWith(asked, (request) => turn.tell(recordedMessage(said, request)), requestId);
}

/** The typed id, and the version and digest that the approver had on screen. */
function ballotSent({ desk }: ListenerParts): Listener {
  return {
    check: (turn) => {
      const ballot = readBallotMetadata(turn.metadata);
      if (ballot === null || typedId(turn) === ballot.groupId) return null;
      return {
        [INPUTS.typedId]: `That is not the id of this unit. Expected: ${ballot.groupId}. Your approval was not recorded.`,
      };
    },
    work: async (turn) => {
      const ballot = readBallotMetadata(turn.metadata);
      if (ballot === null) {
        await desk.noteForgery(turn.by, null, 'a ballot that names no request');
        return refused({ code: 'bad-request-id', input: '' });
      }
      const { requestId, version, digest } = ballot;
      const approved = desk.approve(turn.by, { requestId, version, digest, typedId: typedId(turn) });
      return recorded(turn, 'Your approval is recorded.', approved, requestId);
    },
  };
}

function typedId(turn: Turn): string {
  return typedQuery(turn.fields.get(INPUTS.typedId) ?? '');
}

function rejectionSent({ desk }: ListenerParts): Listener {
  return {
    check: (turn) => textFault(turn.fields, INPUTS.reason, LONGEST_REJECTION, 'A reason is needed.'),
    work: async (turn) => {
      const value = readRequestValue(turn.metadata);
      if (value === null) {
        await desk.noteForgery(turn.by, null, 'a rejection that names no request');
        return refused({ code: 'bad-request-id', input: '' });
      }
      const { requestId, version } = value;
      const reason = plainTyped(turn.fields.get(INPUTS.reason) ?? '');
      const rejected = desk.reject(turn.by, requestId, version, reason);
      return recorded(turn, 'Your rejection is recorded.', rejected, requestId);
    },
  };
}

/** A button of an earlier version, in an old message. */
export const unknownButton: Listener = {
  lane: 'read',
  work: async (turn) => {
    await turn.tell(
      noticeMessage(
        'This button is from an earlier version of Loandesk and no longer works. Nothing was changed. `/loandesk help` lists the commands.',
      ),
    );
    return handled();
  },
};
