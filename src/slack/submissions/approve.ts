/** The ballot was sent: the typed id, and the version and digest its reader had in front of them. */
import { readBallotMetadata } from '../button-value.ts';
import { INPUTS, MODALS } from '../ids.ts';
import type { ListenerParts } from '../listener-parts.ts';
import { handled, type Listener, refused, type Turn } from '../turn.ts';
import { typedQuery } from '../typed-text.ts';
import { recordedMessage } from '../views/done-text.ts';

function typedId(turn: Turn): string {
  return typedQuery(turn.fields.get(INPUTS.typedId) ?? '');
}

export function approveSubmission({ desk }: ListenerParts): Listener {
  return {
    name: MODALS.ballot,
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
