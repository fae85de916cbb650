/** What a person is told after their step was recorded. */
import type { CloseRequest } from '../../domain/close/close-request.ts';
import { dryRunPrefix } from './dry-run.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import type { Message } from './message.ts';
import { noticeMessage } from './notice-message.ts';
import { standingText } from './outcome-text.ts';
import { countdownToken } from './time-text.ts';

function channel(id: string): string {
  return /^[CG][A-Z0-9]+$/.test(id) ? `<#${id}>` : 'the approvals channel';
}

export function askedMessage(request: CloseRequest, closeChannel: string): Message {
  const { quorum } = request.policy;
  return noticeMessage(
    `${dryRunPrefix(request.policy.mode)}Your request to close unit *${request.groupId}* is recorded (\`${escapeMrkdwn(request.id)}\`). Its card goes to ${channel(closeChannel)}; ${quorum} approval${quorum === 1 ? ' is' : 's are'} needed before ${countdownToken(request.expiresAtMs)}. Nothing has been sent to the exchange.`,
  );
}

/** `step`: what was recorded, as a sentence; then where the request stands. */
export function recordedMessage(step: string, request: CloseRequest): Message {
  return noticeMessage(
    `${dryRunPrefix(request.policy.mode)}${step} Unit *${request.groupId}*: ${standingText(request)}`,
  );
}

export function fileSentMessage(fileName: string, outcome: 'sent' | 'scope-missing' | 'failed'): Message {
  const name = `*${shorten(escapeMrkdwn(fileName), 100)}*`;
  switch (outcome) {
    case 'sent':
      return noticeMessage(`${name} is in your direct messages with Loandesk.`);
    case 'scope-missing':
      return noticeMessage(
        `${name} could not be sent: the app was installed without the optional scope \`files:write\`. Ask your administrator to grant it. Nothing was changed.`,
      );
    case 'failed':
      return noticeMessage(
        `${name} could not be sent: Slack did not take the file. Try again in a minute. Nothing was changed.`,
      );
  }
}
