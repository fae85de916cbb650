/** Short private answers: one text, in one section or in a form that only tells. */
import type { CloseRequest } from '../../domain/close/close-request.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { context, type Message, type Modal, section } from './blocks.ts';
import { channelMention, countdownToken } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { NOTHING_CHANGED, refusalText } from './refusal-text.ts';
import { whoMustApprove } from './request-facts.ts';
import { dryRunPrefix, standingText } from './request-text.ts';

/** `text` is mrkdwn, escaped. */
export function noticeMessage(text: string): Message {
  const fitted = shorten(text, 2_900);
  return { text: fitted, blocks: [section(fitted)] };
}

export function refusalMessage(refusal: Refusal): Message {
  return noticeMessage(refusalText(refusal));
}

/** Something unexpected: the reference finds it in the log. Whether anything changed is not known, and said so. */
export function unexpectedMessage(reference: string): Message {
  const text = `Something unexpected went wrong, and Loandesk stopped there. Whether your step was recorded is not known: look at \`/loandesk requests\` before you repeat it. If it happens again, tell your administrator the reference *${reference}*.`;
  return { text, blocks: [section(text), context(`Reference ${reference}`)] };
}

export function duplicateMessage(): Message {
  return noticeMessage(
    `Slack delivered this a second time. It was handled once, at its first arrival. ${NOTHING_CHANGED}`,
  );
}

/** A modal that only tells something: loading, done, refused. */
export function noticeModal(title: string, text: string): Modal {
  const fitted = shorten(text, 2_900);
  return {
    type: 'modal',
    title: { type: 'plain_text', text: shorten(title, 24), emoji: false },
    close: { type: 'plain_text', text: 'Close window', emoji: false },
    blocks: [section(fitted)],
  };
}

export function askedMessage(request: CloseRequest, closeChannel: string): Message {
  return noticeMessage(
    `${dryRunPrefix(request.policy.mode)}Your request to close unit *${request.groupId}* is recorded (\`${escapeMrkdwn(request.id)}\`). Its card goes to ${channelMention(closeChannel, 'the approvals channel')}; ${whoMustApprove(request.policy)} must approve before ${countdownToken(request.expiresAtMs)}. Nothing has been sent to Binance.`,
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
