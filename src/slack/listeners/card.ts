/** The buttons of a request's card, and the forms that two of them open. */
import { type RequestValue, readBallotMetadata, readRequestValue } from '../button-value.ts';
import { ACTIONS, INPUTS, MODALS } from '../ids.ts';
import { handled, type Listener, type ListenerParts, type Outcome, refused, type Turn } from '../listener.ts';
import { plainTyped, textFault, typedQuery } from '../typed-text.ts';
import { noticeMessage, noticeModal, recordedMessage } from '../views/notice-message.ts';
import { ballotModal, LONGEST_REJECTION, rejectionModal } from '../views/request-forms.ts';

export function cardListeners(parts: ListenerParts) {
  return {
    /** Each checks by itself that it was clicked on the card. */
    cardActions: {
      [ACTIONS.approve]: approve(parts),
      [ACTIONS.reject]: reject(parts),
      [ACTIONS.withdraw]: withdraw(parts),
      [ACTIONS.checkAgain]: checkAgain(parts),
      [ACTIONS.startSending]: startSending(parts),
    },
    submissions: {
      [MODALS.ballot]: ballotSent(parts),
      [MODALS.rejection]: rejectionSent(parts),
    },
  };
}

type CardClick =
  | { readonly ok: true; readonly value: RequestValue }
  | { readonly ok: false; readonly outcome: Outcome };

/** A click on a card, checked before anything else: it names a request, and it happened on that request's card. */
async function readCardClick({ desk, closeChannel }: ListenerParts, turn: Turn): Promise<CardClick> {
  const value = readRequestValue(turn.input);
  if (value === null) {
    await desk.noteForgery(turn.by, null, 'a click whose value names no request');
    return { ok: false, outcome: refused({ code: 'not-the-card' }) };
  }
  if (turn.channelId !== closeChannel) {
    await desk.noteForgery(
      turn.by,
      value.requestId,
      `a click outside the approvals channel (${turn.channelId ?? 'no channel'})`,
    );
    return { ok: false, outcome: refused({ code: 'not-the-card' }) };
  }
  const { channelId, messageTs } = turn;
  if (messageTs !== null && (await desk.isCopyOfCard(value.requestId, { channelId, messageTs }))) {
    return { ok: false, outcome: refused({ code: 'not-the-card' }) };
  }
  return { ok: true, value };
}

/** Opens the ballot with the unit as it is now. Nothing is decided yet. */
function approve(parts: ListenerParts): Listener {
  return {
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
      const result = await desk.approve(turn.by, { requestId, version, digest, typedId: typedId(turn) });
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('Your approval is recorded.', result.value));
      return handled(requestId);
    },
  };
}

function typedId(turn: Turn): string {
  return typedQuery(turn.fields.get(INPUTS.typedId) ?? '');
}

/** Opens the form that asks for a reason. Nothing is decided yet. */
function reject(parts: ListenerParts): Listener {
  return {
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
      const result = await desk.reject(turn.by, requestId, version, reason);
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('Your rejection is recorded.', result.value));
      return handled(requestId);
    },
  };
}

function withdraw(parts: ListenerParts): Listener {
  return {
    work: async (turn) => {
      const click = await readCardClick(parts, turn);
      if (!click.ok) return click.outcome;
      const { requestId } = click.value;
      const result = await parts.desk.withdraw(turn.by, requestId);
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('Your request is withdrawn.', result.value));
      return handled(requestId);
    },
  };
}

/** Of a request that is blocked because its unit owes. */
function checkAgain(parts: ListenerParts): Listener {
  return {
    work: async (turn) => {
      const click = await readCardClick(parts, turn);
      if (!click.ok) return click.outcome;
      const { requestId } = click.value;
      const result = await parts.desk.checkAgain(turn.by, requestId);
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('Checked again.', result.value));
      return handled(requestId);
    },
  };
}

/** After the process that carried out an approved request ended before anything was sent. */
function startSending(parts: ListenerParts): Listener {
  return {
    work: async (turn) => {
      const click = await readCardClick(parts, turn);
      if (!click.ok) return click.outcome;
      const { requestId, version } = click.value;
      const result = await parts.desk.startSending(turn.by, requestId, version);
      if (!result.ok) return refused(result.refusal, requestId);
      await turn.tell(recordedMessage('The sending was started again.', result.value));
      return handled(requestId);
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
