/** The forms of a close: ask, approve, reject, settle. Private: addresses in full. */

import type { KnownBlock } from '@slack/types';
import { type CloseRequest, LONGEST_REASON, type Verdict } from '../../domain/close/close-request.ts';
import { type Facts, shortDigest } from '../../domain/close/facts.ts';
import type { BallotView, FreshFacts } from '../../usecases/desk.ts';
import { writeBallotMetadata, writeRequestValue, writeUnitValue } from '../button-value.ts';
import { COMMANDS, INPUT, INPUTS, MODALS } from '../ids.ts';
import { context, fields, fitItems, type Modal, plain, quote, section, textInput } from './blocks.ts';
import { countdownToken, durationText, mention } from './format.ts';
import { LIMITS } from './limits.ts';
import {
  factChangeLines,
  factPairs,
  irreversibleText,
  votesText,
  whatWillHappen,
  whoMustApprove,
} from './request-facts.ts';
import { DRY_RUN_LINE, standingText } from './request-text.ts';
import { evidenceLines } from './request-view.ts';

/** The desk takes longer ones, a Slack form does not. */
export const LONGEST_ASK_REASON = Math.min(LONGEST_REASON, LIMITS.plainTextInput.value);

export function askModal({ facts, digest, policy }: FreshFacts): Modal {
  return {
    type: 'modal',
    callback_id: MODALS.ask,
    private_metadata: writeUnitValue({ unit: facts.groupId }),
    title: plain('Ask to close', 24),
    submit: plain('Ask to close', 24),
    close: plain('Go back', 24),
    blocks: [
      ...(policy.mode === 'dry-run' ? [context(`:no_entry_sign: *${DRY_RUN_LINE}*`)] : []),
      section(`You are about to request the close of risk unit *${facts.groupId}*.`),
      fields(pairs(facts, digest)),
      section(
        `${whoMustApprove(policy)} must approve within ${durationText(policy.expiresAfterMs)}. ${(policy.delayMs ?? 0) === 0 ? '' : `${whatWillHappen({ policy })} `}Asking sends nothing to Binance; the close itself can't be undone.`,
      ),
      textInput({
        blockId: INPUTS.reason,
        label: 'Why should it be closed?',
        hint: `Approvers read this text, and the audit trail keeps it. Up to ${LONGEST_ASK_REASON} characters here, up to ${LONGEST_REASON} after the unit in ${COMMANDS.closeUnit}.`,
        multiline: true,
        maxLength: LONGEST_ASK_REASON,
      }),
    ],
  };
}

export const LONGEST_UNIT_ID = 30;

/** From Home, where no unit is chosen yet. The unit is read, and refused if it owes, when the form is sent. */
export function askForUnitModal(): Modal {
  return {
    type: 'modal',
    callback_id: MODALS.askForUnit,
    title: plain('Ask to close', 24),
    submit: plain('Ask to close', 24),
    close: plain('Go back', 24),
    blocks: [
      section(
        "Asking sends nothing to Binance: other people must approve first. The unit must owe nothing. The close itself can't be undone.",
      ),
      textInput({
        blockId: INPUTS.unit,
        label: 'Unit',
        hint: 'Its id, as /ltv shows it.',
        multiline: false,
        maxLength: LONGEST_UNIT_ID,
      }),
      textInput({
        blockId: INPUTS.reason,
        label: 'Why should it be closed?',
        hint: 'Approvers read this text, and the audit trail keeps it.',
        multiline: true,
        maxLength: LONGEST_ASK_REASON,
      }),
    ],
  };
}

function pairs(facts: Facts, digest: string): (readonly [string, string])[] {
  const request = { groupId: facts.groupId, version: 1, factsDigest: digest };
  return factPairs(request, facts, 'private').map(([label, value]) =>
    label === 'Facts'
      ? [label, `digest \`${shortDigest(digest).replaceAll('`', '')}\`, read just now`]
      : [label, value],
  );
}

export function ballotModal({ request, facts, inPlaceOf }: BallotView): Modal {
  const changed = factChangeLines(request.factChanges, 'private');
  const blocks: KnownBlock[] = [
    ...(request.policy.mode === 'dry-run' ? [context(`:no_entry_sign: *${DRY_RUN_LINE}*`)] : []),
    section(`${mention(request.requester)} asks to close risk unit *${request.groupId}*. Reason:`),
    quote(request.reason, 2_000),
    fields(factPairs(request, facts, 'private')),
    ...(changed.length === 0
      ? []
      : [section(fitItems([':warning: *Changed since the first approval*', ...changed], 2_000, ' changes'))]),
    section(votesText(request, 2_000)),
    ...(inPlaceOf === undefined
      ? []
      : [section(`*You approve in the place of ${mention(inPlaceOf)}.* You two count as one person.`)]),
    section(`*What will happen*: ${whatWillHappen(request)} ${irreversibleText(request)}`.trimEnd()),
    context(`Expires ${countdownToken(request.expiresAtMs)}`),
    textInput({
      blockId: INPUTS.typedId,
      label: `Type the unit's id (${request.groupId}) to approve`,
      hint: 'This confirms that you mean this unit and no other.',
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
      digest: request.factsDigest,
      groupId: request.groupId,
    }),
    title: plain('Approve close', 24),
    submit: plain('Approve close', 24),
    close: plain('Go back', 24),
    blocks,
  };
}

export const LONGEST_REJECTION = 1_000;

export function rejectionModal(request: CloseRequest): Modal {
  return {
    type: 'modal',
    callback_id: MODALS.rejection,
    private_metadata: writeRequestValue({ requestId: request.id, version: request.version }),
    title: plain('Reject close', 24),
    submit: plain('Reject close', 24),
    close: plain('Go back', 24),
    blocks: [
      ...(request.policy.mode === 'dry-run' ? [context(`:no_entry_sign: *${DRY_RUN_LINE}*`)] : []),
      section(`${mention(request.requester)} asks to close risk unit *${request.groupId}*. Reason:`),
      quote(request.reason, 2_000),
      textInput({
        blockId: INPUTS.reason,
        label: 'Why do you reject it?',
        hint: 'The requester, the channel and the audit trail get this text. The request ends; nothing is sent.',
        multiline: true,
        maxLength: LONGEST_REJECTION,
      }),
    ],
  };
}

export const LONGEST_NOTE = 1_000;

const VERDICTS: readonly (readonly [Verdict, string])[] = [
  ['closed', 'Executed: the unit is in the closed list'],
  ['not-closed', 'Not executed: the unit is still active'],
];

export function settleModal(request: CloseRequest): Modal {
  return {
    type: 'modal',
    callback_id: MODALS.settle,
    private_metadata: writeRequestValue({ requestId: request.id, version: request.version }),
    title: plain('Resolve manually', 24),
    submit: plain('Record finding', 24),
    close: plain('Go back', 24),
    blocks: [
      section(`*Unit ${request.groupId}*. ${standingText(request)}`),
      section(evidenceLines(request).join('\n')),
      {
        type: 'input',
        block_id: INPUTS.verdict,
        label: plain("What does Binance's own record show?", 200),
        element: {
          type: 'radio_buttons',
          action_id: INPUT,
          options: VERDICTS.map(([value, label]) => ({ value, text: plain(label, 75) })),
        },
      },
      textInput({
        blockId: INPUTS.note,
        label: 'On what evidence?',
        hint: 'The note goes to the audit trail. A second approver must record the same finding.',
        multiline: true,
        maxLength: LONGEST_NOTE,
      }),
    ],
  };
}

export function isVerdict(text: string): text is Verdict {
  return text === 'closed' || text === 'not-closed';
}
