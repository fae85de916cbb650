/** A request's facts, their changes, votes and rules in words, for the card, the forms and the private view. mrkdwn, escaped. */

import { parseAmount } from '../../domain/amount.ts';
import type { CloseRequest, Lack, PeopleNow, VoidedVote, Vote } from '../../domain/close/close-request.ts';
import { type FactChange, type Facts, isRepaid, shortDigest } from '../../domain/close/facts.ts';
import { fillSeats, openNeeds, placesIn } from '../../domain/close/seats.ts';
import { countApprovals, votersOf } from '../../domain/close/votes.ts';
import { personKey } from '../../domain/person.ts';
import type { ClosePolicy } from '../../domain/policy.ts';
import { fitItems, fitLines } from './blocks.ts';
import {
  type Audience,
  account,
  amountText,
  dateAndUtc,
  dateToken,
  durationText,
  mention,
  mentions,
  moneyText,
  needsText,
  plural,
} from './format.ts';
import { escapeMrkdwn, shorten, withoutMarks } from './limits.ts';

export function owedText(facts: Facts, max: number): string {
  if (facts.liabilities.length === 0) {
    const isNothing = isRepaid(facts);
    return isNothing ? 'Nothing' : `total ${amountText(facts.totalLiability)} as valued by Binance`;
  }
  const lines = facts.liabilities.map(
    ({ asset, principal, interest }) =>
      `${escapeMrkdwn(shorten(asset, 40))}: principal ${amountText(principal)}, interest ${amountText(interest)}`,
  );
  return fitLines(
    [`total ${amountText(facts.totalLiability)} as valued by Binance`, ...lines],
    max,
    (left) => `… and ${left} more`,
  );
}

/** What a close releases: shown, never voted on. Null where it was not kept. */
export function releasedText(
  { netEquity, collateralAccounts }: Facts,
  money: (value: string) => string = moneyText,
): string | null {
  if (netEquity === undefined) return null;
  // The credit account's equity is part of the sum.
  const count = collateralAccounts.length + 1;
  return `${money(netEquity)} in ${plural(count, 'account')}, as valued by Binance`;
}

export function factPairs(
  request: Pick<CloseRequest, 'groupId' | 'version' | 'factsDigest'>,
  facts: Facts,
  audience: Audience,
): (readonly [string, string])[] {
  const collateral = facts.collateralAccounts.map((each) => account(shorten(each, 100), audience));
  const released = releasedText(facts, amountText);
  return [
    ['Unit', facts.groupId],
    ['Credit account', account(shorten(facts.creditAccount, 254), audience)],
    ['Owed', owedText(facts, 500)],
    ...(released === null ? [] : [['Released by the close', released] as const]),
    [
      `Collateral accounts (${collateral.length})`,
      collateral.length === 0 ? 'none' : fitLines(collateral, 400, (left) => `… and ${left} more`),
    ],
    ['Facts', readText(request, facts)],
  ];
}

/** When the facts were read, and how to tell them apart. */
export function readText(
  { version, factsDigest }: Pick<CloseRequest, 'version' | 'factsDigest'>,
  { readAtMs }: Facts,
): string {
  return `read ${dateToken(readAtMs)}, digest \`${shortDigest(factsDigest).replaceAll('`', '')}\`, version ${version}`;
}

/** Somebody's words inside a sentence of ours: on one line, as typed, escaped, cut after escaping. */
export function quoted(text: string, max: number): string {
  return `“${shorten(escapeMrkdwn(withoutMarks(text)).replace(/\s+/g, ' ').trim(), max)}”`;
}

const VOIDED: Readonly<Record<VoidedVote['because'], string>> = {
  'facts-changed': 'a fact of the unit changed afterwards',
  'no-longer-eligible': 'no longer an approver',
};

/** The card's votes in short: a box for each that is needed, whom the rules need, who approved when. */
export function progressText(request: CloseRequest, max: number, seats: PeopleNow['seats'] = []): string {
  const have = countApprovals(request, request.votes);
  const needs = needLines(request, seats);
  // Beside boxes for the places of a rule those for people would be read as places, too.
  const approved = request.votes.map((vote) =>
    needs.length === 0
      ? `☑ ${voterText(vote)} ${dateToken(vote.atMs)}`
      : `${voterText(vote)} approved ${dateToken(vote.atMs)}`,
  );
  const { need, quorum } = request.policy;
  // Two approvals of one group aren't two of two; where more are needed than the rule has places, both are said.
  const saysAll = need !== undefined && seats.length > 0 && needs.length > 0 && quorum <= placesIn(need);
  const isKnown = need === undefined || seats.length > 0;
  const total = isKnown || request.ending !== null ? tally(request, have) : `*${approvalsText(request)}*`;
  const lines = [...(saysAll ? [] : [total]), ...needs, ...reachLines(request), ...approved];
  return fitLines(lines, max, (left) => `… and ${left} more`);
}

/** "1 of 2 approvals"; under a rule "1 approval so far", as two of one group aren't two of two. Plain text. */
export function approvalsText(request: CloseRequest): string {
  const { need, quorum } = request.policy;
  const have = countApprovals(request, request.votes);
  return need === undefined
    ? `${have} of ${plural(quorum, 'approval')}`
    : `${plural(have, 'approval')} so far`;
}

/** The same with whom its rule needs. */
export function approvalsAndNeeds(request: CloseRequest): string {
  const { policy } = request;
  const needed = policy.need === undefined ? '' : `, needed: ${shorten(whoMustApprove(policy), 300)}`;
  return `${approvalsText(request)}${needed}`;
}

/** "2 other people", "1 of @treasury and 1 of @risk": the subject of "must approve". */
export function whoMustApprove({ need, quorum }: ClosePolicy): string {
  if (need !== undefined)
    return quorum > placesIn(need) ? `${quorum} people including ${needsText(need)}` : needsText(need);
  return `${quorum} other ${quorum === 1 ? 'person' : 'people'}`;
}

function reachLines({ state, unreachable }: CloseRequest): string[] {
  const isOpen = state === 'pending' || state === 'approved';
  return isOpen && unreachable !== undefined ? [`:warning: *${lackText(unreachable)}*`] : [];
}

/** "Nobody can complete this now: 1 of @risk is missing". */
export function lackText({ eligible, quorum, open = [] }: Lack): string {
  const nobody = 'Nobody can complete this now';
  if (open.some(({ from }) => from.length === 0)) return `${nobody}: no rule in force is for this unit`;
  if (open.length > 0)
    return `${nobody}: ${shorten(needsText(open), 300)} ${placesIn(open) === 1 ? 'is' : 'are'} missing`;
  const can = `${eligible} ${eligible === 1 ? 'person' : 'people'} can approve`;
  // One approver who is also the requester: a second person is needed in any case.
  return `${nobody}: ${can}, and it needs ${Math.max(quorum, eligible + 1)}`;
}

/** "@ada", "@ada for @ben". */
export function voterText({ voter, inPlaceOf }: Pick<Vote, 'voter' | 'inPlaceOf'>): string {
  return inPlaceOf === undefined
    ? mention(voter)
    : `${mention(voter)} for ${mention({ ...voter, userId: inPlaceOf })}`;
}

/** Whom its own rule needs, and what the current one needs beyond that. While it is open. */
function needLines(request: CloseRequest, seats: NonNullable<PeopleNow['seats']>): string[] {
  const { need } = request.policy;
  if (request.ending !== null || (need === undefined && seats.length === 0)) return [];
  const voters = votersOf(request, request.votes);
  const [own, current] = need === undefined ? [undefined, seats[0]] : seats;
  const filled = own === undefined ? [] : fillSeats(own, voters);
  const lines = (need ?? []).map((each, at) => {
    const taken = filled[at] ?? 0;
    const boxes = Array.from({ length: each.count }, (_, index) => (index < taken ? '☑' : '☐'));
    return own === undefined ? `Needs ${needsText([each])}` : `${boxes.join(' ')} ${needsText([each])}`;
  });
  const missing = own === undefined ? 0 : openNeeds(own, voters).length;
  if (current?.some(({ from }) => from.length === 0))
    return [...lines, 'No rule in force now is for this unit, so it can only be rejected or withdrawn.'];
  const more = current === undefined ? [] : openNeeds(current, voters);
  return missing === 0 && more.length > 0
    ? [...lines, `The rule in force now also needs ${needsText(more)}`]
    : lines;
}

/** "☑ ☐ *1 of 2 approvals*"; of an ended request only what there was. */
function tally({ policy: { quorum }, ending }: CloseRequest, have: number): string {
  if (ending !== null) return have === 0 ? '*No approvals*' : `*Approvals: ${have}*`;
  const boxes = Array.from({ length: Math.max(quorum, have) }, (_, index) => (index < have ? '☑' : '☐'));
  return `${boxes.join(' ')}  *${have} of ${plural(quorum, 'approval')}*`;
}

/** Approvals that no longer count, and why. */
export function voidedLines(request: CloseRequest): string[] {
  return request.voidedVotes.map((vote) => {
    const { because, inPlaceOf } = vote;
    const why =
      because === 'no-longer-eligible' && inPlaceOf !== undefined ? 'no longer stands in' : VOIDED[because];
    return `~${voterText(vote)}~ no longer counts: ${why}`;
  });
}

/** Every vote with its time in UTC, for evidence. */
export function votesText(request: CloseRequest, max: number): string {
  const have = countApprovals(request, request.votes);
  const lines = [
    ...request.votes.map((vote) => `• ${voterText(vote)} approved ${dateAndUtc(vote.atMs)}`),
    ...voidedLines(request).map((line) => `• ${line}`),
  ];
  const isByNeed = request.policy.need !== undefined && request.ending === null;
  return fitItems([isByNeed ? `*${approvalsAndNeeds(request)}*` : tally(request, have), ...lines], max);
}

/** User ids of those who may vote and have not: people are counted, not accounts. */
export function stillToVote(request: CloseRequest, approvers: ReadonlySet<string>): string[] {
  const { policy } = request;
  const key = (userId: string): string => personKey(userId, policy.samePerson);
  const done = new Set(request.votes.map((vote) => key(vote.voter.userId)));
  if (!policy.requesterMayApprove) done.add(key(request.requester.userId));
  return [...approvers].filter((userId) => !done.has(key(userId)));
}

/** Those of them whose approval still helps: where a rule needs one of Risk, another of Treasury doesn't. */
function stillNeeded(
  request: CloseRequest,
  userIds: readonly string[],
  seats: NonNullable<PeopleNow['seats']>,
): readonly string[] {
  const voters = votersOf(request, request.votes);
  const open = (rule: (typeof seats)[number], people = voters) => placesIn(openNeeds(rule, people));
  const short = request.policy.quorum - countApprovals(request, request.votes);
  if (short > Math.max(0, ...seats.map((rule) => open(rule)))) return userIds;
  return userIds.filter((userId) => seats.some((rule) => open(rule, [...voters, [userId]]) < open(rule)));
}

/** `approvers`: user ids that may vote now; null: not known, so the configured names are counted instead. */
export function whoMayVote(
  request: CloseRequest,
  approvers: ReadonlySet<string> | null,
  { named = 12, seats = [] }: { readonly named?: number; readonly seats?: PeopleNow['seats'] } = {},
): string {
  const except = request.policy.requesterMayApprove ? '' : ', but not the requester';
  if (approvers === null) {
    const groups = request.policy.approvers.filter((name) => name.startsWith('S')).length;
    const people = request.policy.approvers.length - groups;
    const counted = [
      ...(people === 0 ? [] : [plural(people, 'named approver')]),
      ...(groups === 0 ? [] : [plural(groups, 'user group')]),
    ];
    return `${counted.join(' and ')}${except}`;
  }
  const open = stillNeeded(request, stillToVote(request, approvers), seats);
  const shown = open.slice(0, named);
  const more = open.length > shown.length ? ` and ${open.length - shown.length} more` : '';
  return `${shown.length === 0 ? 'nobody at present' : mentions(shown)}${more}`;
}

export function whatWillHappen({ policy }: Pick<CloseRequest, 'policy'>): string {
  const { mode, delayMs = 0 } = policy;
  const wait =
    delayMs === 0
      ? ''
      : ` waits ${durationText(delayMs)}, in which any approver or the requester can stop it, then`;
  const begin = `After the last approval Loandesk${wait} reads the unit and the approvers again`;
  return mode === 'dry-run'
    ? `${begin} and stops there: this is a rehearsal, nothing is sent.`
    : `${begin}, then sends *one* close order to Binance, which ends this risk unit.`;
}

/** Where people decide; empty where nothing will be sent. */
export function irreversibleText({ policy }: CloseRequest): string {
  return policy.mode === 'dry-run' ? '' : "*A close can't be undone.*";
}

const LONGEST = 300;

export function factChangeLines(changes: readonly FactChange[], audience: Audience): string[] {
  return changes.map((change) => {
    const isAddress = change.fact === 'collateral account';
    const which =
      change.which === null
        ? ''
        : ` ${isAddress ? account(change.which, audience) : escapeMrkdwn(change.which)}`;
    const value = (text: string | null): string => {
      if (text === null) return 'none';
      if (change.fact === 'credit account') return account(text, audience);
      return parseAmount(text) === null ? escapeMrkdwn(text) : amountText(text);
    };
    const valued = change.fact === 'total liability' ? ' as valued by Binance' : '';
    return `• ${change.fact}${valued}${shorten(which, LONGEST)}: ${shorten(value(change.before), LONGEST)} → ${shorten(value(change.after), LONGEST)}`;
  });
}
