/**
 * A request in words: its state, where it is now and how it ended, from the record alone. A unit is called "closed" in
 * one place only: when the record's state is `closed`. mrkdwn, escaped.
 */

import { type Amount, parseAmount, sum, ZERO } from '../../domain/amount.ts';
import type {
  CloseRequest,
  Ending,
  ExchangeAnswer,
  PeopleNow,
  Sighting,
} from '../../domain/close/close-request.ts';
import type { CloseState } from '../../domain/close/close-state.ts';
import { isBlocked } from '../../domain/close/decision.ts';
import type { Facts, LiabilityFact } from '../../domain/close/facts.ts';
import { openNeeds, placesIn } from '../../domain/close/seats.ts';
import { countApprovals, sendsFromMs, votersOf } from '../../domain/close/votes.ts';
import type { CloseMode } from '../../domain/policy.ts';
import { amountText, countdownToken, dateToken, mention, mentions, plural } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { approvalsAndNeeds, quoted } from './request-facts.ts';

export const DRY_RUN_LINE = 'DRY RUN — no close will be sent';

/** Before plain or mrkdwn text; empty in live mode. */
export function dryRunPrefix(mode: CloseMode): string {
  return mode === 'dry-run' ? `[${DRY_RUN_LINE}] ` : '';
}

const STATES: Readonly<Record<CloseState, string>> = {
  pending: 'waiting for approvals',
  approved: 'approved, not sent yet',
  sending: 'being carried out',
  unknown: 'outcome not known',
  closed: 'closed',
  rehearsed: 'rehearsed (dry run), nothing sent',
  failed: 'failed',
  rejected: 'rejected',
  withdrawn: 'withdrawn',
  expired: 'expired',
  superseded: 'superseded by a close made elsewhere',
};

export function stateText(state: CloseState): string {
  return STATES[state];
}

/** The same for a record: an end that two people stated is never shown as one that was read. Plain text. */
export function stateOf(request: Pick<CloseRequest, 'state' | 'ending' | 'facts'>): string {
  const { state, ending, facts } = request;
  if (isBlocked(request)) return `blocked, owes ${owedBriefly(facts)}`;
  return stateWhenRefused({ state, settled: ending?.kind === 'settled' });
}

/** What is owed with every digit: "0.5 USDT", "0.5 USDT and 2 more assets"; "nothing". Plain text. */
export function owedBriefly(facts: Facts): string {
  const [first = 'nothing', ...others] = owedInParts(facts);
  if (others.length === 0) return first;
  return `${first} and ${plural(others.length, 'more asset')}`;
}

/** What is owed in each asset with every digit, principal and interest together; empty: nothing. Plain text. */
export function owedInParts({ liabilities, totalLiability }: Facts): string[] {
  if (liabilities.length > 0)
    return liabilities.map((each) => `${amountText(owedOf(each))} ${shorten(each.asset, 40)}`);
  const isNothing = parseAmount(totalLiability)?.eq(ZERO) === true;
  return isNothing ? [] : [`${amountText(totalLiability)} as valued by Binance`];
}

/** Principal and interest, which are repaid together. */
function owedOf({ principal, interest }: LiabilityFact): Amount | string {
  const parts = [parseAmount(principal), parseAmount(interest)];
  return parts.every((part) => part !== null) ? sum(parts) : `${principal} + ${interest}`;
}

/** What the whole card is about in one line: a mark for the eye, and the same in words. Plain text. */
export function titleText(request: CloseRequest, seats: PeopleNow['seats'] = []): string {
  const { groupId, state, ending, facts, policy, votes } = request;
  const close = `Close unit ${groupId}`;
  const isSettled = ending?.kind === 'settled';
  switch (state) {
    case 'pending': {
      if (isBlocked(request)) return `⛔ ${close}: blocked, owes ${owedBriefly(facts)}`;
      if (request.unreachable !== undefined) return `⚠️ ${close}: nobody can complete it now`;
      const have = countApprovals(request, votes);
      const missing = seats.map((rule) => placesIn(openNeeds(rule, votersOf(request, votes))));
      const left = Math.max(1, policy.quorum - have, ...missing);
      return `⏳ ${close}: needs ${plural(left, have > 0 ? 'more approval' : 'approval')}`;
    }
    case 'approved':
      if (request.obstacle !== null) return `⚠️ ${close}: approved, not sent yet`;
      if (request.abandonedClaims > 0) return `⚠️ ${close}: approved, sending stopped`;
      return isHeld(request) ? `⏳ ${close}: approved, can still be stopped` : `🔄 ${close}: approved`;
    case 'sending':
      if (request.sent === null) return `🔄 ${close}: last check before sending`;
      return `🔄 ${close}: ${sendingTitle(request.answer)}`;
    case 'unknown':
      return `❓ Unit ${groupId}: close order sent, OUTCOME UNKNOWN`;
    case 'closed':
      return `✅ Unit ${groupId} closed${isSettled ? ' (resolved manually)' : ''}`;
    case 'rehearsed':
      return `✅ Close of unit ${groupId} rehearsed, nothing sent`;
    case 'failed':
      return `❌ Close of unit ${groupId} failed${isSettled ? ' (resolved manually)' : ''}`;
    case 'rejected':
      return `🚫 Close of unit ${groupId} rejected`;
    case 'withdrawn':
      return `↩️ Close of unit ${groupId} withdrawn`;
    case 'expired':
      return `⌛ Close of unit ${groupId} expired`;
    case 'superseded':
      return `ℹ️ Unit ${groupId}: already in Binance's closed list`;
  }
}

/** Approved, with nothing in the way but the time to stop it. */
export function isHeld({ state, obstacle, abandonedClaims, policy }: CloseRequest): boolean {
  return state === 'approved' && obstacle === null && abandonedClaims === 0 && (policy.delayMs ?? 0) > 0;
}

/** Until when it can be stopped, and by whom. mrkdwn. */
export function heldText(request: CloseRequest): string {
  return `Loandesk carries it out ${countdownToken(sendsFromMs(request))} unless someone stops it: an approver with *Reject…*, ${mention(request.requester)} with *Withdraw*.`;
}

function sendingTitle(answer: ExchangeAnswer | null): string {
  if (answer === null) return "sent, waiting for Binance's answer";
  return answer.kind === 'closed'
    ? 'accepted by Binance, being confirmed'
    : 'refused by Binance, being checked';
}

/** The same for a refusal that names the state of its request. */
export function stateWhenRefused({ state, settled }: { state: CloseState; settled?: boolean }): string {
  return settled === true ? `${stateText(state)} (resolved manually)` : stateText(state);
}

export const ACCEPTED =
  "Binance accepted the close. The read-back is pending: Loandesk is waiting to see that in Binance's own record.";

/** The exchange's words, cut and quoted. */
export function answerText(answer: ExchangeAnswer): string {
  const code = answer.exchangeCode === null ? '' : ` (code ${answer.exchangeCode})`;
  const http = answer.httpStatus === null ? '' : `, HTTP ${answer.httpStatus}`;
  switch (answer.kind) {
    case 'closed':
      return ACCEPTED;
    case 'refused':
      return `Binance refused the close${code}${http}: ${said(answer)}`;
    case 'not-sent':
      return `The close order was not sent: ${said(answer)}`;
    case 'unknown':
      return `Binance's answer does not tell whether the close order was executed${code}${http}: ${said(answer)}`;
  }
}

function said(answer: ExchangeAnswer): string {
  const advice = answer.advice === '' ? '' : ` ${shorten(escapeMrkdwn(answer.advice), 400)}`;
  return `${shorten(escapeMrkdwn(answer.meaning), 400)}${advice}`;
}

/** The present state of any request. */
export function standingText(request: CloseRequest): string {
  if (request.ending !== null) return endingText(request, request.ending);
  switch (request.state) {
    case 'pending':
      if (isBlocked(request)) return blockedText(request);
      return `*Waiting*: ${approvalsAndNeeds(request)}.`;
    case 'approved':
      if (request.obstacle !== null)
        return `*Approved, not sent yet*: ${quoted(request.obstacle.why, 500)} Nothing was sent. Loandesk keeps trying until the request expires.`;
      if (isHeld(request)) return `*Approved.* ${heldText(request)}`;
      return request.abandonedClaims > 0
        ? '*Approved, but the sending stopped* before anything was sent: its process ended. A person must start it again.'
        : '*Approved.* Loandesk is about to read the unit and the approvers again.';
    case 'sending':
      if (request.answer?.kind === 'closed') return `*Read-back.* ${ACCEPTED}`;
      if (request.answer !== null)
        return `*Refused by Binance; being checked.* ${answerText(request.answer)} Loandesk checks Binance's record before it's final.`;
      return request.sent === null
        ? '*Re-check.* The unit and the approvers are being read again; nothing is sent yet.'
        : `*Sent.* One close order was recorded as sent ${dateToken(request.sent.atMs)}; waiting for Binance's answer.`;
    case 'unknown':
      return `*Outcome not known.* ${unknownText(request)}`;
    default:
      return `*${request.state}*`;
  }
}

function blockedText({ facts }: CloseRequest): string {
  return `*Blocked*: the unit owes ${escapeMrkdwn(owedBriefly(facts))}, and Binance closes repaid units only. Approvals are paused until it owes nothing.`;
}

function unknownText({ sent, readBack, settlement }: CloseRequest): string {
  const when = sent === null ? '' : `The close order was recorded as sent ${dateToken(sent.atMs)}. `;
  const seen = readBack.lastSeen === null ? '' : `\n*Binance's record*: ${SEEN[readBack.lastSeen.kind]}.`;
  const proposal =
    settlement === null
      ? ''
      : `\n:memo: ${mention(settlement.by)} found that it was *${settlement.verdict === 'closed' ? 'executed' : 'not executed'}*; a second approver must confirm. Note: ${note(settlement.note)}`;
  return `${when}Whether it was executed is not known, and it is *never sent again*. Loandesk keeps checking; two approvers who agree can resolve it.${seen}${proposal}`;
}

/** What looks at Binance's record show. */
export const SEEN: Readonly<Record<Sighting, string>> = {
  'still-active': 'the unit is in the active list, not in the closed list',
  neither: 'the unit is not in the active list and not in the closed list',
  'in-both-lists': 'the unit is in the active list and in the closed list',
  unreadable: "it couldn't be read",
};

function endingText(request: CloseRequest, ending: Ending): string {
  const when = dateToken(ending.atMs);
  switch (ending.kind) {
    case 'read-back':
      return request.state === 'closed'
        ? `*Closed.* The unit is in Binance's closed list${evidenceText(request)}. Confirmed ${when}.`
        : `*Ended* ${when}.`;
    case 'settled':
      return ending.verdict === 'closed' && request.state === 'closed'
        ? `*Closed (resolved manually)* by ${mentions(ending.by)} ${when}. Note: ${note(ending.note)}`
        : `*Failed (resolved manually as not executed)* by ${mentions(ending.by)} ${when}. Note: ${note(ending.note)}`;
    case 'rehearsed':
      return `*Rehearsed* ${when}. Everything but the close order was done; nothing was sent.`;
    case 'refused-by-exchange':
      return `*Failed* ${when}. ${request.answer === null ? 'Binance refused the close.' : answerText(request.answer)} Binance's record still shows the unit as active.`;
    case 'never-sent':
      // Of a record that its audit trail contradicts nobody knows what was sent before.
      return `*Failed* ${when}. This attempt sent nothing: ${note(ending.why)}`;
    case 'not-executed':
      return `*Failed* ${when}. Binance's record still shows the unit as active, after the time in which a late close order could count: it was not executed. If the close is still wanted, ask for it again.`;
    case 'card-undeliverable':
      return `*Failed* ${when}. The card couldn't be posted, so nobody could approve: ${note(ending.why)}`;
    case 'rejected':
      return `*Rejected* by ${mention(ending.by)} ${when}. Nothing was sent. Reason: ${note(ending.reason)}`;
    case 'withdrawn':
      return `*Withdrawn* by ${mention(ending.by)} ${when}. Nothing was sent.`;
    case 'expired':
      return `*Expired* ${when}. Nothing was sent.`;
    case 'closed-elsewhere':
      return `*Superseded* ${when}. Binance's closed list shows this unit${evidenceText(request)}, through another way than this request.`;
  }
}

function evidenceText(request: CloseRequest): string {
  return request.evidence === null ? '' : `, close time ${dateToken(request.evidence.closedAtMs)}`;
}

function note(text: string): string {
  return quoted(text, 500);
}
