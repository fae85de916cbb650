/** The form that asks for a close: the unit as it is now, and a reason. Private: addresses in full. */

import { LONGEST_REASON } from '../../domain/close/close-request.ts';
import { type Facts, shortDigest } from '../../domain/close/facts.ts';
import type { FreshFacts } from '../../usecases/desk.ts';
import { writeUnitValue } from '../button-value.ts';
import { COMMANDS, INPUTS, MODALS } from '../ids.ts';
import { context, fields, plain, section, textInput } from './block-builders.ts';
import { DRY_RUN_LINE } from './dry-run.ts';
import { LIMITS } from './limits.ts';
import type { Modal } from './message.ts';
import { factPairs } from './request-facts.ts';
import { durationText } from './time-text.ts';

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
      section(`You are about to ask that risk unit *${facts.groupId}* be closed.`),
      fields(pairs(facts, digest)),
      section(
        `${policy.quorum} other ${policy.quorum === 1 ? 'person' : 'people'} must approve within ${durationText(policy.expiresAfterMs)}. Asking sends nothing to the exchange; the close itself cannot be undone.`,
      ),
      textInput({
        blockId: INPUTS.reason,
        label: 'Why should it be closed?',
        hint: `Approvers and the audit trail read this text. Up to ${LONGEST_ASK_REASON} characters here, up to ${LONGEST_REASON} after the unit in ${COMMANDS.closeUnit}.`,
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
