/**
 * The sentence for every refusal: what was wrong and what was expected, what to do, and whether anything changed.
 * The table is exhaustive: a new code does not compile without its sentence. Refusals are private, so amounts and
 * addresses are shown in full. mrkdwn, escaped.
 */

import type { FactChange, LiabilityFact } from '../../domain/close/facts.ts';
import type { Refusal, RefusalCode, WhyAbsenceUnclear } from '../../domain/refusal.ts';
import { subjectText } from '../../domain/subject.ts';
import { fitItems } from './blocks.ts';
import { amountText, channelMention, dateToken, durationText, mention, needsText } from './format.ts';
import { escapeMrkdwn, shorten, withoutMarks } from './limits.ts';
import { factChangeLines } from './request-facts.ts';
import { stateText, stateWhenRefused } from './request-text.ts';

const BAD_SPAN = {
  future: () => 'it ends in the future',
  reversed: () => 'it ends before it begins',
  'too-long': (limitDays: number) => `it is longer than ${limitDays} days`,
  'too-early': () => 'it begins before 2025-01-01, and there are no records of institutional loans from then',
} as const;

export const NOTHING_CHANGED = 'Nothing was changed.';

interface Sentence {
  /** What was wrong, and what was expected. */
  readonly what: string;
  /** What to do now; may be empty. */
  readonly advice: string;
  /** Whether anything changed; `NOTHING_CHANGED` unless said otherwise. */
  readonly effect?: string;
}

type RefusalOf = { readonly [Code in RefusalCode]: Extract<Refusal, { code: Code }> };

/** Typed text, quoted; long input is cut after escaping. */
function typed(input: string): string {
  return `“${shorten(escapeMrkdwn(withoutMarks(input)), 200)}”`;
}

/** A sentence of others inside one of ours: without its own full stop. */
function inBrackets(why: string): string {
  return shorten(escapeMrkdwn(why.trimEnd().replace(/\.$/, '')), 500);
}

function owedLines(liabilities: readonly LiabilityFact[], totalLiability: string): string {
  const lines = liabilities.map(
    ({ asset, principal, interest }) =>
      `• *${escapeMrkdwn(asset)}*: principal ${amountText(principal)}, interest ${amountText(interest)}`,
  );
  const list = fitItems(lines, 1_800, ' assets');
  return `Total liability ${amountText(totalLiability)} as valued by Binance.${list === '' ? '' : `\n${list}\n`}`;
}

function changeList(changes: readonly FactChange[]): string {
  const lines = factChangeLines(changes, 'private');
  return lines.length === 0 ? '' : `\n${fitItems(lines, 1_500, ' changes')}\n`;
}

function retryAdvice(retryAtMs: number | null): string {
  return retryAtMs === null ? 'Try again in a minute.' : `Try again after ${dateToken(retryAtMs)}.`;
}

/** At most ten, as links where they are channel ids. */
function channelList(channels: readonly string[]): string {
  const shown = channels.slice(0, 10).map((id) => channelMention(id, escapeMrkdwn(id)));
  const more = channels.length > shown.length ? ` or ${channels.length - shown.length} more` : '';
  return `${shown.join(', ')}${more}`;
}

/** At most ten. */
function unitList(groupIds: readonly string[]): string {
  const more = groupIds.length > 10 ? ` and ${groupIds.length - 10} more` : '';
  return `${groupIds.slice(0, 10).join(', ')}${more}`;
}

function groupList(groups: readonly string[]): string {
  return groups
    .slice(0, 10)
    .map((group) => `\`${escapeMrkdwn(group).replaceAll('`', '')}\``)
    .join(', ');
}

/** Of the groups named in the settings. */
function goneGroups(groups: readonly string[]): string {
  if (groups.length === 0) return '';
  return groups.length === 1
    ? ` User group ${groupList(groups)} in the settings no longer exists in Slack, so no one gets a role from it.`
    : ` These user groups in the settings no longer exist in Slack, so no one gets a role from them: ${groupList(groups)}.`;
}

function caseLink(caseId: string): string {
  return `\`/loandesk case ${shorten(escapeMrkdwn(caseId), 100).replaceAll('`', '')}\``;
}

const LOOK = 'See `/loandesk requests` for its status.';

const KIND_WORDS = {
  guest: 'guests',
  bot: 'bots',
  deactivated: 'deactivated accounts',
  foreign: 'people from another workspace',
  'not-found': 'accounts that Slack does not know',
} as const;

const NO_STAND_IN = {
  yourself: () => 'Somebody else must stand in for you.',
  away: (standIn) => `${standIn} is away, too.`,
  guest: (standIn) => `${standIn} is a guest, and only full members of this workspace can stand in.`,
  bot: (standIn) => `${standIn} is a bot.`,
  deactivated: (standIn) => `${standIn} is a deactivated account.`,
  foreign: (standIn) => `${standIn} is from another workspace.`,
  'not-found': (standIn) => `Slack does not know ${standIn}.`,
} as const satisfies Record<string, (standIn: string) => string>;

const ABSENCE_UNCLEAR: Readonly<Record<WhyAbsenceUnclear, (input: string) => string>> = {
  'no-day': (input) => `${input} doesn't say until when.`,
  'bad-day': (input) => `${input} has no day that can be read: write it as 2026-12-06, and a time as 18:00.`,
  'several-days': (input) => `${input} names more than one day or time. Give the last day only.`,
  'no-person': (input) => `${input} doesn't say who stands in.`,
  'several-people': (input) => `${input} names more than one person. There is one stand-in.`,
  group: (input) => `${input} names a user group. Name one person.`,
  'plain-name': (input) =>
    `Slack didn't tell whom ${input} means. Type @ and choose the person from Slack's list.`,
  'unknown-word': (input) => `${input} has words that Loandesk doesn't understand.`,
};

const NEW_OWNER_WORDS = {
  guest: 'they are a guest, and only full members of this workspace can have a case',
  bot: 'a bot can have no case',
  deactivated: 'their account is deactivated',
  foreign: 'they belong to another workspace',
  'not-found': "Slack doesn't know this account",
  'no-role': 'they have no role in Loandesk and are not in the watch group',
  'not-looked-up': "Slack couldn't confirm whether they have access",
} as const;

const ROLE_WORDS = {
  viewer: 'to look at loans',
  requester: 'to request a close',
  approver: 'to decide on closes',
} as const;

const NOT_SHARED = {
  'other-organisation': {
    what: "Can't share here: this channel is shared with another organisation, whose people would see every figure.",
    advice:
      'Share in a channel of your own, or ask your administrator to list this channel in `ALLOWED_CHANNELS`.',
  },
  'not-looked-up': {
    what: "Can't share here: Slack didn't say who reads this conversation.",
    advice:
      'Try again in a minute. If that fails, ask your administrator to invite Loandesk to the channel and to grant the scopes `channels:read` and `groups:read`.',
  },
  'nobody-else': {
    what: "Can't share here: only you and Loandesk are in this conversation.",
    advice: 'Repeat the command in the channel where you want to share.',
  },
} as const;

const TEXTS: { readonly [Code in RefusalCode]: (refusal: RefusalOf[Code]) => Sentence } = {
  'bad-unit-id': ({ input }) => ({
    what: `${typed(input)} is not a unit id. A unit id is a whole number from 1 to 9223372036854775807, written without sign, leading zeros or decimals.`,
    advice: '`/ltv` lists the units with their ids.',
  }),
  'unit-id-missing': () => ({
    what: 'The unit is missing.',
    advice:
      'Write its id after the command, for example `/loan 1` or `/close-unit 1`. `/ltv` lists the units with their ids.',
  }),
  'unknown-unit': ({ input }) => ({
    what: `No unit matches ${typed(input)}. It may exist under an account this bot has no key for.`,
    advice: '`/ltv` lists the units this bot can see, `/closed-units` the ones in the closed list.',
  }),
  'unit-unreadable': ({ input, rows }) => ({
    what: `${typed(input)} can't be shown: Binance lists it, or may list it, but what it lists can't be read or contradicts itself.\n${fitItems(
      rows.map((row) => `• ${shorten(escapeMrkdwn(row), 300)}`),
      1_800,
    )}\n`,
    advice:
      'Try again in a minute, or look at Binance. Until it can be read, nothing is known about what it owes.',
  }),
  'bad-filter': ({ input, expected }) => ({
    what: `The filter ${typed(input)} was not understood. Expected: ${escapeMrkdwn(expected)}.`,
    advice: 'Repeat the command with a filter of that form, or with `help` for examples.',
  }),
  'bad-span': ({ input, why, limitDays }) => ({
    what: `Can't read ${typed(input)}: ${BAD_SPAN[why](limitDays)}.`,
    advice: 'Repeat the command with other days.',
  }),
  'several-units': ({ input, groupIds }) => ({
    what: `${typed(input)} fits ${groupIds.length} units: ${unitList(groupIds)}. This shows one unit.`,
    advice: 'Repeat the command with one unit id.',
  }),
  'reason-missing': () => ({
    what: 'A reason is needed: approvers read it, and the audit trail keeps it.',
    advice: 'Repeat the command with a reason.',
  }),
  'reason-too-long': ({ limit }) => ({
    what: `The reason is longer than ${limit} characters.`,
    advice: 'Shorten it and repeat.',
  }),
  'note-missing': () => ({
    what: 'A note is needed: it says on what evidence the outcome is resolved.',
    advice: 'Repeat with a note.',
  }),
  'typed-id-differs': ({ typed: wrong, groupId }) => ({
    what: `You typed ${typed(wrong)}, but this request is about unit ${groupId}.`,
    advice: 'Compare the unit, then type its id exactly.',
  }),
  'bad-request-id': ({ input }) => ({
    what: `${typed(input)} is not a request id.`,
    advice: '`/loandesk requests` lists the requests with their ids.',
  }),
  'unknown-command': ({ input }) => ({
    what: `${typed(input)} is not a Loandesk command.`,
    advice: '`/loandesk help` shows every command with examples.',
  }),
  'not-shared': ({ why }) => NOT_SHARED[why],
  'channel-not-allowed': ({ channels }) => ({
    what: "Loandesk doesn't answer in this channel: positions are shown only where your administrator allows it.",
    advice: `Repeat it in a direct message with Loandesk${channels.length === 0 ? '' : ` or in ${channelList(channels)}`}.`,
  }),
  'not-a-full-member': ({ kind }) => ({
    what: `Loandesk works only for full, active members of its own workspace, not for ${KIND_WORDS[kind]}.`,
    advice: 'Ask a colleague on the desk.',
  }),
  'role-missing': ({ role, missingGroups = [] }) => ({
    what: `You aren't on the list of people who may do this (${ROLE_WORDS[role]}). Channel membership alone doesn't give access.${goneGroups(missingGroups)}`,
    advice: 'If you should be, ask your administrator.',
  }),
  'identity-unavailable': ({ groups = [], userId }) => ({
    what:
      groups.length === 0
        ? `Slack couldn't confirm who ${userId === undefined ? 'you are' : `${mention(userId)} is`}, so this was blocked.`
        : `Slack couldn't tell who is in user group ${groupList(groups)}, so this was blocked.`,
    advice: 'Try again in a minute.',
  }),
  'self-approval': () => ({
    what: 'You requested this close, so someone else must decide on it.',
    advice: 'To take it back, use Withdraw.',
  }),
  'not-the-requester': () => ({
    what: 'Only the requester can withdraw the request.',
    advice: 'Approvers stop a request with Reject.',
  }),
  'requester-not-allowed': () => ({
    what: 'The person who requested this close may no longer ask for closes, so it can be neither approved nor sent.',
    advice: 'An approver can reject it; someone who may ask can then request the close again.',
  }),
  'quorum-unreachable': ({ eligible, quorum, missingGroups = [], open = [] }) => ({
    what:
      open.length > 0
        ? `This close needs ${needsText(open)}, and there are too few of them without you, so it could never be approved.${goneGroups(missingGroups)}`
        : `This close needs ${quorum} approvals, but only ${eligible} people other than you can approve, so it could never be approved.${goneGroups(missingGroups)}`,
    advice: 'Ask your administrator to name more approvers.',
  }),
  'request-not-found': ({ requestId }) => ({
    what: `There is no request ${typed(requestId)}.`,
    advice: '`/loandesk requests` lists the requests with their ids.',
  }),
  'no-entries': ({ subjectId }) => ({
    what: `The audit trail has no entry of ${subjectText(subjectId)} yet.`,
    advice: 'There is nothing to export.',
  }),
  'case-not-found': ({ caseId }) => ({
    what: `There is no case ${typed(caseId)}.`,
    advice: '`/loandesk watch` lists the cases with their ids.',
  }),
  'record-not-proved': ({ requestId, why }) => ({
    what: `What is stored for ${subjectText(requestId).replace(requestId, () => typed(requestId))} can't be trusted (${inBrackets(why)}), so Loandesk doesn't show it, decide on it or send anything for it.`,
    advice:
      'Tell your administrator: somebody or something changed it in Redis. `npm run audit -- verify` names what does not fit.',
  }),
  'bad-audit-head': ({ input }) => ({
    what: `${typed(input)} is not a number of entries and a head of 64 characters.`,
    advice:
      'Copy both from a message in the audit channel: `/loandesk audit verify &lt;entries&gt; &lt;head&gt;`.',
  }),
  'audit-too-large': ({ limitBytes }) => ({
    what: `The audit trail you asked for is larger than ${Math.floor(limitBytes / 1_048_576)} MiB, the most that Loandesk sends through Slack.`,
    advice:
      'Ask for one request (`/loandesk audit export &lt;id&gt;`), or ask the operator of Loandesk to write the whole trail to a file: `npm run audit -- export`.',
  }),
  'already-open': ({ requestId, state }) => ({
    what: `There is already an open request for this unit (${typed(requestId)}, ${stateText(state)}). A unit has one at a time.`,
    advice: `See it with \`/loandesk request ${shorten(escapeMrkdwn(requestId), 100).replaceAll('`', '')}\`.`,
  }),
  'already-decided': (refusal) => ({
    what: `This request is already decided: ${stateWhenRefused(refusal)}.`,
    advice: LOOK,
  }),
  'already-executing': () => ({
    what: "This request is being carried out, so it can't be decided or taken back now.",
    advice: LOOK,
  }),
  'already-voted': () => ({ what: 'Your approval is already counted.', advice: LOOK }),
  expired: () => ({
    what: 'This request has expired.',
    advice: 'If the close is still wanted, ask for it again with `/close-unit`.',
  }),
  'old-version': () => ({
    what: "This is no longer the current version of the request: the unit's facts have changed since.",
    advice: 'Read the updated card, then decide again.',
  }),
  'facts-changed': ({ changes }) => ({
    what: `The unit no longer matches the request, so it can't be approved as it was.${changeList(changes)}`,
    advice: "The card is updated with the current facts; approvals of the old facts don't count.",
    effect: 'Your approval was not counted.',
  }),
  'card-not-posted': () => ({
    what: 'The request has no card in the approvals channel yet, so nobody can decide on it.',
    advice: 'Try again in a minute.',
  }),
  'not-the-card': () => ({
    what: "This button is not on the request's card in the approvals channel, so it does nothing.",
    advice: 'Use the card itself; `/loandesk requests` links to it.',
  }),
  'wrong-state': (refusal) => ({
    what: `Can't do that now: the request is ${stateWhenRefused(refusal)}.`,
    advice: LOOK,
  }),
  'too-few-approvals': ({ approvals, quorum, open = [] }) => ({
    what: `${approvals} of ${quorum} approvals count now${open.length === 0 ? '' : `, and ${needsText(open)} must still approve`}, so nothing is sent.`,
    advice: 'Another approver must approve it on the card.',
  }),
  'cooling-off': ({ untilMs }) => ({
    what: `It is approved and waits until ${dateToken(untilMs)}, so that it can still be stopped.`,
    advice: 'Loandesk then checks again and sends it. To stop it, use Reject or Withdraw on the card.',
  }),
  'too-late-to-approve': ({ delayMs, expiresAtMs }) => ({
    what: `After the last approval a close waits ${durationText(delayMs)}, and this request expires ${dateToken(expiresAtMs)}, before that.`,
    advice: 'The requester can withdraw it and ask again.',
  }),
  'no-rule': ({ groupId }) => ({
    what: `No rule in CLOSE_RULES_FILE says who may approve a close of unit ${groupId}, so it can't be closed.`,
    advice: 'Ask your administrator for a rule for it.',
  }),
  'stand-in-not-allowed': ({ standIn, why }) => ({
    what: NO_STAND_IN[why](`<@${standIn}>`),
    advice: 'Name another full member of this workspace.',
  }),
  'absence-unclear': ({ input, why }) => ({
    what: ABSENCE_UNCLEAR[why](typed(input)),
    advice: 'For example `/loandesk away until 2026-12-06 for @ada`, or `/loandesk back`.',
  }),
  'only-stand-in': () => ({
    what: "You only stand in for an approver, so you can't name a stand-in of your own.",
    advice: 'The approver who is away can name somebody else with `/loandesk away`.',
  }),
  'bad-absence': ({ untilMs, why, longestMs }) =>
    why === 'over'
      ? { what: `${dateToken(untilMs)} is over.`, advice: 'Give the last day on which you are away.' }
      : {
          what: `${dateToken(untilMs)} is more than ${longestMs / 86_400_000} days away.`,
          advice: 'A longer absence belongs in CLOSE_RULES_FILE: ask your administrator.',
        },
  'not-away': ({ approver, fileUntilMs }) =>
    fileUntilMs === undefined
      ? {
          what: `Nobody has entered that ${mention(approver)} is away.`,
          advice: '`/loandesk away` lists who is.',
        }
      : {
          what: `${mention(approver)} is away until ${dateToken(fileUntilMs)} by CLOSE_RULES_FILE, and that ends only there.`,
          advice: 'Ask your administrator to change the file.',
        },
  'not-claim-owner': () => ({
    what: 'Another process carries out this request.',
    advice: LOOK,
  }),
  'claim-expired': () => ({
    what: 'The time to carry out this request ran out before anything was sent.',
    advice: LOOK,
  }),
  'nothing-changed': () => ({ what: 'There was nothing to do.', advice: LOOK }),
  'second-person-needed': () => ({
    what: 'Your finding is recorded already. A second person must confirm it.',
    advice: 'Ask another approver to check the evidence and record their finding.',
  }),
  'too-early-to-settle': ({ notBeforeMs }) => ({
    what: `Until ${dateToken(notBeforeMs)} Binance may still carry out what was sent, so it's too early to say that it didn't.`,
    advice: 'Check the evidence again then, and resolve it if it is still unknown.',
  }),
  'not-evidence': () => ({
    what: "That row of Binance's closed list doesn't show that this unit was closed.",
    advice: LOOK,
  }),
  'bad-case-id': ({ input }) => ({
    what: `${typed(input)} is not a case id.`,
    advice: '`/loandesk watch` lists the cases with their ids.',
  }),
  'case-over': ({ caseId }) => ({
    what: `Case ${typed(caseId)} is over.`,
    advice: `${caseLink(caseId)} shows how it ended.`,
  }),
  'not-a-case': ({ caseId }) => ({
    what: `Alert ${typed(caseId)} is below the margin call, so it needs no owner.`,
    advice: 'You can add a note to it or mute it.',
  }),
  'case-has-owner': ({ caseId, owner, untilMs }) => ({
    what: `<@${owner.userId}> has case ${typed(caseId)}, until ${dateToken(untilMs)}.`,
    advice: `Ask them to hand it over to you. ${caseLink(caseId)} shows it.`,
  }),
  'case-not-owned-by-you': ({ caseId, owner }) => ({
    what:
      owner === null
        ? `Case ${typed(caseId)} has no owner, so it can't be handed over.`
        : `<@${owner.userId}> has case ${typed(caseId)}. Only the owner can hand it over.`,
    advice: owner === null ? 'Take it first.' : 'Ask them to hand it over.',
  }),
  'new-owner-not-allowed': ({ to, why }) => ({
    what: `Can't hand this case over to ${mention(to)}: ${NEW_OWNER_WORDS[why]}.`,
    advice:
      why === 'not-looked-up'
        ? 'Try again in a minute, or choose somebody else.'
        : 'Choose somebody who has a role in Loandesk or is in the watch group, or ask your administrator to give them access.',
  }),
  'bad-note': ({ limit }) => ({
    what: `A note must have 1 to ${amountText(String(limit))} characters.`,
    advice: 'Write it again.',
  }),
  'mute-not-allowed': () => ({
    what: "At liquidation, or when the LTV isn't defined, alerts can't be muted.",
    advice: 'Take the case: then only you are reminded.',
  }),
  'bad-mute': ({ limitMs }) => ({
    what: `A mute must end within ${limitMs / 3_600_000} hours.`,
    advice: 'Choose a shorter time.',
  }),
  'not-a-drill': ({ caseId }) => ({
    what: `Case ${typed(caseId)} is not a drill, so it ends only when the unit recovers.`,
    advice: `${caseLink(caseId)} shows it.`,
  }),
  'drill-running': ({ caseId }) => ({
    what: `A drill is running already: ${typed(caseId)}. There is one at a time.`,
    advice: 'End it on its card, or wait: it ends after 30 minutes.',
  }),
  'watch-off': () => ({
    what: 'The watch is switched off, so nothing is watched and nothing is remembered.',
    advice: 'Ask your administrator to set `WATCH=on`.',
  }),
  'watch-not-begun': () => ({
    what: 'The watch has not read any unit yet.',
    advice: 'Try again in a minute; `/loandesk status` says what it is waiting for.',
  }),
  owes: ({ groupId, liabilities, totalLiability }) => ({
    what: `Unit ${groupId} still owes, and Binance closes repaid units only. ${owedLines(liabilities, totalLiability)}`,
    advice: `Repay it in full, including interest, then try again. \`/ltv ${groupId}\` shows the unit.`,
  }),
  'already-closed': ({ groupId, closedAtMs }) => ({
    what: `Unit ${groupId} is already in Binance's closed list, since ${dateToken(closedAtMs)}.`,
    advice: `See \`/closed-units ${groupId}\`.`,
  }),
  'no-credit-key': ({ groupId }) => ({
    what: `Loandesk has no key for the credit account of unit ${groupId}, and only that account can ask Binance to close it.`,
    advice: 'Ask your administrator to add it to the accounts file.',
  }),
  'facts-unreadable': ({ why }) => ({
    what: `The unit couldn't be read in full (${inBrackets(why)}), so nothing can be decided on it.`,
    advice: 'Try again in a minute.',
  }),
  'exchange-busy': ({ why, retryAtMs }) => ({
    what: shorten(escapeMrkdwn(why), 500),
    advice: retryAdvice(retryAtMs),
  }),
  'exchange-unavailable': ({ why, retryAtMs }) => ({
    what: `Binance gave no usable answer (${inBrackets(why)}).`,
    advice: retryAdvice(retryAtMs),
  }),
  'exchange-refused': ({ exchangeCode, meaning, advice }) => ({
    what: `Binance refused${exchangeCode === null ? '' : ` (code ${exchangeCode})`}: ${shorten(escapeMrkdwn(meaning), 500)}`,
    advice: shorten(escapeMrkdwn(advice), 500),
  }),
  'store-unavailable': () => ({
    what: "Loandesk can't reach its own records right now, or can't trust them, and it does nothing that it can't record.",
    advice: 'Try again in a minute; `/loandesk status` says why.',
    effect:
      'Whether your last step was recorded is not known: check `/loandesk requests` before you repeat it.',
  }),
  'too-much-at-once': () => ({
    what: 'Loandesk is too busy right now.',
    advice: 'Try again in a minute.',
  }),
  'reading-stopped': () => ({
    what: 'Stopped.',
    advice: '',
    effect: 'Nothing was shown.',
  }),
  'changed-meanwhile': () => ({
    what: 'Somebody else changed this request at the same moment.',
    advice: LOOK,
  }),
};

function sentence<Code extends RefusalCode>(code: Code, refusal: RefusalOf[Code]): Sentence {
  return TEXTS[code](refusal);
}

/** Why not and what to do, for a view that only shows it: nobody tried anything. mrkdwn, escaped. */
export function refusalReason(refusal: Refusal): string {
  const { what, advice } = sentence(refusal.code, refusal);
  return `${shorten(what.trimEnd(), 2_400)}${what.endsWith('\n') ? '\n' : ' '}${advice}`.trimEnd();
}

/** mrkdwn, at most 2,900 characters; its last sentence says whether anything changed. */
export function refusalText(refusal: Refusal): string {
  const { what, advice, effect = NOTHING_CHANGED } = sentence(refusal.code, refusal);
  // A list ends its own line.
  const join = what.endsWith('\n') ? '\n' : ' ';
  const end = [advice, effect].filter((part) => part !== '').join(' ');
  return `${shorten(what.trimEnd(), 2_899 - end.length)}${join}${end}`;
}

/** Every code, for tests that look at all sentences. */
export const REFUSAL_CODES: readonly string[] = Object.keys(TEXTS);
