/** Short private answers: one text, told in one section. */
import type { Refusal } from '../../domain/refusal.ts';
import { context, section } from './block-builders.ts';
import { shorten } from './block-kit-limits.ts';
import type { Message, Modal } from './message.ts';
import { NOTHING_CHANGED, refusalText } from './refusal-text.ts';

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
