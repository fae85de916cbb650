/** A request's facts, their changes, votes and rules in words, for the card, the forms and the private view. mrkdwn, escaped. */

import { parseAmount } from '../../domain/amount.ts';
import type { CloseRequest, VoidedVote, Vote } from '../../domain/close/close-request.ts';
import { countApprovals } from '../../domain/close/decision.ts';
import { type FactChange, type Facts, shortDigest } from '../../domain/close/facts.ts';
import { personKey } from '../../domain/person.ts';
import { fitLines } from './blocks.ts';
import { type Audience, account, amountText, dateAndUtc, dateToken, mention, mentions } from './format.ts';
import { escapeMrkdwn, shorten, withoutMarks } from './limits.ts';

export function owedText(facts: Facts, max: number): string {
  if (facts.liabilities.length === 0) return `nothing (total ${amountText(facts.totalLiability)})`;
  const lines = facts.liabilities.map(
    ({ asset, principal, interest }) =>
      `${escapeMrkdwn(shorten(asset, 40))}: principal ${amountText(principal)}, interest ${amountText(interest)}`,
  );
  return fitLines(
    [`total ${amountText(facts.totalLiability)}`, ...lines],
    max,
    (left) => `… and ${left} more`,
  );
}

export function factPairs(
  request: Pick<CloseRequest, 'groupId' | 'version' | 'factsDigest'>,
  facts: Facts,
  audience: Audience,
): (readonly [string, string])[] {
  const collateral = facts.collateralAccounts.map((each) => account(shorten(each, 100), audience));
  return [
    ['Unit', facts.groupId],
    ['Credit account', account(shorten(facts.creditAccount, 254), audience)],
    ['Owed', owedText(facts, 500)],
    [
      `Collateral accounts (${collateral.length})`,
      collateral.length === 0 ? 'none' : fitLines(collateral, 400, (left) => `… and ${left} more`),
    ],
    [
      'Facts',
      `read ${dateToken(facts.readAtMs)}, digest \`${shortDigest(request.factsDigest).replaceAll('`', '')}\`, version ${request.version}`,
    ],
  ];
}

/** Somebody's words inside a sentence of ours: on one line, as typed, escaped, cut after escaping. */
export function quoted(text: string, max: number): string {
  return `“${shorten(escapeMrkdwn(withoutMarks(text)).replace(/\s+/g, ' ').trim(), max)}”`;
}

function voteLine(vote: Vote): string {
  return `• ${mention(vote.voter)} approved ${dateAndUtc(vote.atMs)}`;
}

const VOIDED: Readonly<Record<VoidedVote['because'], string>> = {
  'facts-changed': 'a fact of the unit changed afterwards',
  'no-longer-eligible': 'no longer an approver',
};

export function votesText(request: CloseRequest, max: number): string {
  const { quorum } = request.policy;
  const have = countApprovals(request, request.votes);
  const head =
    have > quorum
      ? `*Approvals: ${have}* (${quorum} needed when it was asked for)`
      : `*Approvals: ${have} of ${quorum}*${have < quorum ? `, ${quorum - have} more needed` : ''}`;
  const lines = [
    ...request.votes.map(voteLine),
    ...request.voidedVotes.map(
      (vote) => `• ~${mention(vote.voter)}~ no longer counts: ${VOIDED[vote.because]}`,
    ),
  ];
  return fitLines([head, ...lines], max, (left) => `• … and ${left} more`);
}

/** User ids of those who may vote and have not: people are counted, not accounts. */
export function stillToVote(request: CloseRequest, approvers: ReadonlySet<string>): string[] {
  const { policy } = request;
  const key = (userId: string): string => personKey(userId, policy.samePerson);
  const done = new Set(request.votes.map((vote) => key(vote.voter.userId)));
  if (!policy.requesterMayApprove) done.add(key(request.requester.userId));
  return [...approvers].filter((userId) => !done.has(key(userId)));
}

/** `approvers`: user ids that may vote now; null: not known, so the configured names are counted instead. */
export function whoMayVote(request: CloseRequest, approvers: ReadonlySet<string> | null): string {
  const except = request.policy.requesterMayApprove ? '' : ', but not the requester';
  if (approvers === null) {
    const groups = request.policy.approvers.filter((name) => name.startsWith('S')).length;
    const people = request.policy.approvers.length - groups;
    return `${people} named approver${people === 1 ? '' : 's'} and ${groups} user group${groups === 1 ? '' : 's'}${except}`;
  }
  const open = stillToVote(request, approvers);
  const shown = open.slice(0, 12);
  const more = open.length > shown.length ? ` and ${open.length - shown.length} more` : '';
  return `${shown.length === 0 ? 'nobody at present' : mentions(shown)}${more}`;
}

export function whatWillHappen(request: CloseRequest): string {
  if (request.policy.mode === 'dry-run')
    return 'After the last approval Loandesk reads the unit and the approvers again and stops there: this is a rehearsal, nothing is sent.';
  return "After the last approval Loandesk reads the unit and the approvers again, then sends *one* close order to Binance, which ends this risk unit. *It can't be undone.*";
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
    return `• ${change.fact}${shorten(which, LONGEST)}: ${shorten(value(change.before), LONGEST)} → ${shorten(value(change.after), LONGEST)}`;
  });
}
