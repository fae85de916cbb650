/** The form that settles an unknown outcome by hand: the evidence, a verdict and a note; two people are needed. */
import type { CloseRequest, Verdict } from '../../domain/close/close-request.ts';
import { writeRequestValue } from '../button-value.ts';
import { INPUT, INPUTS, MODALS } from '../ids.ts';
import { plain, section, textInput } from './block-builders.ts';
import type { Modal } from './message.ts';
import { standingText } from './outcome-text.ts';
import { evidenceLines } from './request-view.ts';

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
    title: plain('Settle the outcome', 24),
    submit: plain('Settle', 24),
    close: plain('Go back', 24),
    blocks: [
      section(`*Unit ${request.groupId}*. ${standingText(request)}`),
      section(evidenceLines(request).join('\n')),
      {
        type: 'input',
        block_id: INPUTS.verdict,
        label: plain("What happened, by the exchange's own record?", 200),
        element: {
          type: 'radio_buttons',
          action_id: INPUT,
          options: VERDICTS.map(([value, label]) => ({ value, text: plain(label, 75) })),
        },
      },
      textInput({
        blockId: INPUTS.note,
        label: 'On what evidence?',
        hint: 'The note goes to the audit trail. A second approver must confirm the same verdict.',
        multiline: true,
        maxLength: LONGEST_NOTE,
      }),
    ],
  };
}

export function isVerdict(text: string): text is Verdict {
  return text === 'closed' || text === 'not-closed';
}
