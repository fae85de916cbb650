/** The reject form: asks for a reason, which the requester and the audit trail get. */
import type { CloseRequest } from '../../domain/close/close-request.ts';
import { writeRequestValue } from '../button-value.ts';
import { INPUTS, MODALS } from '../ids.ts';
import { context, plain, quote, section, textInput } from './block-builders.ts';
import { DRY_RUN_LINE } from './dry-run.ts';
import type { Modal } from './message.ts';
import { mention } from './people-text.ts';

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
      section(
        `${mention(request.requester)} asks to close risk unit *${request.groupId}*. Reason, in their words:`,
      ),
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
