/**
 * What the approvals channel reads about the rules for closes and who stands in: rules that came, went or moved, and who
 * is away. mrkdwn, escaped.
 */
import { type CloseRule, type CloseRules, digestOfRule } from '../../domain/close/close-rules.ts';
import { shortDigest } from '../../domain/close/facts.ts';
import { inForce, type RuleEvent, type RulesChange, rulesThatDiffer } from '../../domain/close/rule-book.ts';
import { fitLines, type Message, sections } from './blocks.ts';
import { amountText, dateToken, durationText, groupMention, mention } from './format.ts';
import { shorten } from './limits.ts';
import { noticeMessage } from './notice-message.ts';

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

/** Of one rule, so that others have room beside it. */
const LONGEST_RULE = 500;
const LONGEST_TEXT = 3_500;
const LONGEST_MESSAGE = 8_000;
const UNITS_NAMED = 10;

function rulesChangedMessage(event: Extract<RuleEvent, { type: 'rules-changed' }>): Message {
  const { after, to, from } = event;
  const rules = differences(event, inSlack).map((line) => `• ${shorten(line, LONGEST_RULE)}`);
  const foot =
    after === null || from === null
      ? []
      : ['Open requests need what the rule of their opening and the rule in force now ask for.'];
  const lines = [headText(event), ...rules, ...awayLines(event), ...foot];
  const more = (left: number) =>
    `… and ${left} more: see the audit, \`/loandesk audit export rules\` (${digestText(from)} → ${digestText(to)})`;
  return { text: fitLines(lines, LONGEST_TEXT, more), blocks: sections(lines, LONGEST_MESSAGE, more) };
}

function headText({ from, to }: RulesChange): string {
  if (from === null)
    return `*Rules for closes are in force now*: \`CLOSE_RULES_FILE\` with the digest ${digestText(to)}. The first rule that fits a close decides.`;
  if (to === null)
    return `*The rules for closes are gone*: there is no \`CLOSE_RULES_FILE\` any more (its digest was ${digestText(from)}). \`CLOSE_APPROVERS\` and \`CLOSE_QUORUM\` decide.`;
  return `*The rules for closes changed*: digest ${digestText(from)} → ${digestText(to)}. The first rule that fits a close decides.`;
}

function digestText(digest: string | null): string {
  return digest === null ? 'none' : `\`${shortDigest(digest).replaceAll('`', '')}\``;
}

/** A sentence for each rule that went, came or moved. */
export function differences(change: RulesChange, sentence: (rule: CloseRule) => string): readonly string[] {
  const { removed, added, moved } = rulesThatDiffer(change);
  const [was, is] = [placesIn(change.before), placesIn(change.after)];
  return [
    ...removed.map((rule) => `Rule ${was(rule)} is gone: ${sentence(rule)}`),
    ...added.map((rule) => `New rule ${is(rule)}: ${sentence(rule)}`),
    ...moved.map((rule) => `Rule ${is(rule)} was rule ${was(rule)}: ${sentence(rule)}`),
  ];
}

/** The place of a rule in the file, from 1. */
function placesIn(file: CloseRules | null): (rule: CloseRule) => number {
  const digests = file?.rules.map(digestOfRule) ?? [];
  return (rule) => digests.indexOf(digestOfRule(rule)) + 1;
}

function inSlack(rule: CloseRule): string {
  return `${ruleText(rule, (from) => groupMention(from).replaceAll(' ', ' or '))} · rule ${digestText(digestOfRule(rule))}`;
}

/** "unit 12, over 5,000,000 released: 1 of @treasury and 1 of @risk, 15 min to stop it"; `who`: the names of a list. */
export function ruleText(
  { units, releasesOver, need, delayMs }: CloseRule,
  who: (from: readonly string[]) => string,
): string {
  const over = releasesOver === null ? '' : `, over ${amountText(releasesOver)} released`;
  const delay = delayMs === null ? '' : `, ${durationText(delayMs)} to stop it`;
  const people = need.map(({ from, count }) => `${count} of ${who(from)}`).join(' and ');
  return `${unitsText(units)}${over}: ${people}${delay}`;
}

function unitsText(units: CloseRule['units']): string {
  if (units === '*') return 'any unit';
  const named = units.slice(0, UNITS_NAMED).join(', ');
  const more = units.length > UNITS_NAMED ? ` and ${units.length - UNITS_NAMED} more` : '';
  return `unit${units.length === 1 ? '' : 's'} ${named}${more}`;
}

function awayLines({ before, after, atMs }: RulesChange & { readonly atMs: number }): readonly string[] {
  const away = inForce(after?.away ?? [], atMs);
  if (away.length === 0)
    return inForce(before?.away ?? [], atMs).length === 0 ? [] : ['By the file nobody is away any more.'];
  return away.map(
    ({ approver, standIn, untilMs }) =>
      `• Away by the file: ${mention(approver)} until ${dateToken(untilMs)}, ${mention(standIn)} may act in their place`,
  );
}
