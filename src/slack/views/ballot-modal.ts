/** The approve form: what is voted on, read just now, and the unit's id to be typed. Private: addresses in full. */
import type { KnownBlock } from '@slack/types';
import type { BallotView } from '../../usecases/desk.ts';
import { writeBallotMetadata } from '../button-value.ts';
import { INPUTS, MODALS } from '../ids.ts';
import { context, fields, fitLines, plain, quote, section, textInput } from './block-builders.ts';
import { DRY_RUN_LINE } from './dry-run.ts';
import { factChangeLines } from './fact-change-text.ts';
import type { Modal } from './message.ts';
import { mention } from './people-text.ts';
import { factPairs, votesText, whatWillHappen } from './request-facts.ts';
import { countdownToken } from './time-text.ts';

export function ballotModal({ request, facts, digest, changesSinceFirstVote }: BallotView): Modal {
  const changed = factChangeLines(changesSinceFirstVote, 'private');
  const blocks: KnownBlock[] = [
    ...(request.policy.mode === 'dry-run' ? [context(`:no_entry_sign: *${DRY_RUN_LINE}*`)] : []),
    section(
      `${mention(request.requester)} asks to close risk unit *${request.groupId}*. Reason, in their words:`,
    ),
    quote(request.reason, 2_000),
    fields(factPairs({ ...request, factsDigest: digest }, facts, 'private')),
    ...(changed.length === 0
      ? []
      : [
          section(
            fitLines(
              [':warning: *WARNING: changed since the first vote*', ...changed],
              2_000,
              (left) => `• … and ${left} more changes`,
            ),
          ),
        ]),
    section(votesText(request, 2_000)),
    section(`*What will happen*: ${whatWillHappen(request)}`),
    context(`Expires ${countdownToken(request.expiresAtMs)}`),
    textInput({
      blockId: INPUTS.typedId,
      label: `Type the unit's id (${request.groupId}) to approve`,
      hint: 'Typing it shows that you mean this unit and no other.',
      multiline: false,
      maxLength: 30,
    }),
  ];
  return {
    type: 'modal',
    callback_id: MODALS.ballot,
    private_metadata: writeBallotMetadata({
      requestId: request.id,
      version: request.version,
      digest,
      groupId: request.groupId,
    }),
    title: plain('Approve close', 24),
    submit: plain('Approve close', 24),
    close: plain('Go back', 24),
    blocks,
  };
}
