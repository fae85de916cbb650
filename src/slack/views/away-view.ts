/** The answers to `/loandesk away` and `/loandesk back`: who is away, who stands in, and how it ends. */
import type { AbsenceRow, AwayStep, BackStep } from '../../usecases/desk.ts';
import { context, fitLines, header, type Message, section } from './blocks.ts';
import { channelMention, dateToken, mention } from './format.ts';
import { noticeMessage } from './notice-message.ts';

const NO_EFFECT: Readonly<Record<NonNullable<AbsenceRow['noEffect']>, (row: AbsenceRow) => string>> = {
  'not-an-approver': ({ approver }) => `${mention(approver)} isn't an approver`,
  'not-looked-up': () => "Slack couldn't confirm who they are",
  guest: ({ standIn }) => `${mention(standIn)} is a guest`,
  bot: ({ standIn }) => `${mention(standIn)} is a bot`,
  deactivated: ({ standIn }) => `the account of ${mention(standIn)} is deactivated`,
  foreign: ({ standIn }) => `${mention(standIn)} is from another workspace`,
  'not-found': ({ standIn }) => `Slack doesn't know ${mention(standIn)}`,
};

const HOW =
  'Approvers enter it: `/loandesk away until 2026-12-06 for @ada` lets @ada act in your place until the end of that day. `/loandesk back` ends it, `/loandesk back @ben` ends it for @ben.';

/** `rows`: first to come back first. */
export function absencesMessage(rows: readonly AbsenceRow[]): Message {
  if (rows.length === 0) {
    const text = 'No approver is away.';
    return { text, blocks: [section(text), context(HOW)] };
  }
  const list = fitLines(rows.map(rowText), 2_800, (left) => `• … and ${left} more`);
  return {
    text: `Who is away:\n${list}`,
    blocks: [header('Who is away'), section(list), context(HOW)],
  };
}

function rowText(row: AbsenceRow): string {
  const { approver, standIn, untilMs, source, noEffect } = row;
  const from = source === 'entered' ? 'entered with `/loandesk away`' : 'from CLOSE_RULES_FILE';
  const who = `• ${mention(approver)} is away until ${dateToken(untilMs)}`;
  return noEffect === null
    ? `${who}. ${mention(standIn)} may act in their place (${from}).`
    : `${who}. :warning: ${mention(standIn)} can't act in their place now: ${NO_EFFECT[noEffect](row)} (${from}).`;
}

export function awayMessage({ absence, insteadOf, standsInFor }: AwayStep, closeChannel: string): Message {
  const { standIn, untilMs } = absence;
  const them = mention(standIn);
  const channel = channelMention(closeChannel, 'the approvals channel');
  return noticeMessage(
    [
      `*You are away until ${dateToken(untilMs)}. Until then ${them} may approve and reject in your place*${insteadOf === null ? '' : `, instead of ${mention(insteadOf)}`}.`,
      `Is it ${them} who is away? Then type \`/loandesk back\` now: only ${them} can enter that.`,
      `You two count as one person: approvals of both are one. Neither acts in the other's place on a close that one of you requested.`,
      ...standsInFor.map(
        (each) =>
          `You stand in for ${mention(each.approver)} until ${dateToken(each.untilMs)}. ${them} doesn't take that over.`,
      ),
      `Loandesk posts this in ${channel}; ${them} must be in it to see the cards. \`/loandesk back\` ends this earlier.`,
    ].join('\n'),
  );
}

/** `me`: who ended it. */
export function backMessage({ approver, standIn, inFile }: BackStep, me: string): Message {
  const isOwn = approver === me;
  const [whose, is, place] = isOwn
    ? ['You are back', 'you are', 'your place']
    : [`${mention(approver)} is back`, `${mention(approver)} is`, 'their place'];
  if (inFile === null)
    return noticeMessage(
      `*${whose}: ${mention(standIn)} no longer acts in ${place}.* What ${mention(standIn)} approved in ${place} no longer counts, unless the close was sent already.`,
    );
  return noticeMessage(
    `*By CLOSE_RULES_FILE ${is} still away until ${dateToken(inFile.untilMs)}, and ${mention(inFile.standIn)} may act in ${place}.* The absence that was entered has ended; this one ends only in the file.`,
  );
}
