/** What the approvals channel is told about the rules for closes and who stands in. mrkdwn, escaped. */
import type { RuleEvent } from '../../domain/close/rule-book.ts';
import type { Message } from './blocks.ts';
import { dateToken, mention } from './format.ts';
import { noticeMessage } from './notice-message.ts';
import { rulesChangedMessage } from './rules-changed.ts';

export function ruleMessage(event: RuleEvent): Message {
  switch (event.type) {
    case 'away':
      return noticeMessage(awayText(event));
    case 'back':
      return noticeMessage(backText(event));
    case 'rules-changed':
      return rulesChangedMessage(event);
    case 'access-resolved':
      // Goes to the audit trail only.
      return noticeMessage(`Who could have approved on ${event.day} is in the audit trail.`);
  }
}

function awayText(event: Extract<RuleEvent, { type: 'away' }>): string {
  const { approver, standIn, untilMs, insteadOf } = event;
  const instead = insteadOf === null ? '' : `, instead of ${mention(insteadOf)}`;
  return `*${mention(approver)} is away until ${dateToken(untilMs)}. Until then ${mention(standIn)} may approve and reject in their place*${instead}. They count as one person. \`/loandesk back\` ends it earlier; other approvers add the name: \`/loandesk back @name\`.`;
}

function backText({ approver, standIn, by }: Extract<RuleEvent, { type: 'back' }>): string {
  // Not "is back": CLOSE_RULES_FILE may still say that they are away.
  const whose =
    by === null || by.userId === approver ? 'their own absence' : `the absence of ${mention(approver)}`;
  return `*${mention(by ?? approver)} ended ${whose}*, in which ${mention(standIn)} could act in their place.`;
}
