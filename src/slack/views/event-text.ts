/**
 * What a stored event says: in the card's thread (read by the whole channel: addresses masked) and in direct messages
 * (private: in full). Drawn from the event and from the record as it is when the message is sent; "closed" is said when
 * the record says it. mrkdwn, escaped.
 */
import type { CloseRequest, RequestEvent } from '../../domain/close/close-request.ts';
import { isRepaid, owedBefore } from '../../domain/close/facts.ts';
import { fitItems, fitLines } from './blocks.ts';
import { type Audience, countdownToken, dateToken, mention, mentions } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { approvalsAndNeeds, factChangeLines, lackText, quoted, voterText } from './request-facts.ts';
import { answerText, dryRunPrefix, heldText, isHeld, owedBriefly, standingText } from './request-text.ts';

export function threadText(event: RequestEvent, request: CloseRequest): string {
  return dryRunPrefix(request.policy.mode) + eventText(event, request, 'channel');
}

function who(event: RequestEvent): string {
  return event.by === null ? 'Loandesk' : mention(event.by);
}

function approvedBy(event: Extract<RequestEvent, { type: 'approved' }>): string {
  const { by, inPlaceOf } = event;
  return by === null ? who(event) : voterText({ voter: by, inPlaceOf });
}

/** One event in words, at most about 2,500 characters. */
export function eventText(event: RequestEvent, request: CloseRequest, audience: Audience): string {
  const when = dateToken(event.atMs);
  switch (event.type) {
    case 'opened':
      return `${who(event)} asked to close unit ${request.groupId} ${when}.`;
    case 'card-posted':
      return `The card was posted ${when}.`;
    case 'approved': {
      const need = request.policy.quorum;
      const dropped =
        event.dropped.length === 0
          ? ''
          : ` No longer counted, because these people are no longer approvers, or no longer stand in for one: ${mentions(event.dropped)}.`;
      const isByNeed = request.policy.need !== undefined;
      const isLast = request.votes.at(-1)?.atMs === event.atMs;
      const isEnough = event.votes >= need && (!isByNeed || (isLast && request.state !== 'pending'));
      const count = isByNeed ? '' : `: ${event.votes} of ${need}`;
      const next =
        isLast && isHeld(request)
          ? ` That is enough. ${heldText(request)}`
          : ' That is enough: the unit and the approvers are read again before anything is sent.';
      return `${approvedBy(event)} approved ${when}${count}.${dropped}${isEnough ? next : ''}`;
    }
    case 'votes-dropped':
      return votesDroppedText(event, request);
    case 'unreachable':
      return `${lackText(event)} (${when}). Approvals that were given still count. Your administrator can name more people; otherwise it expires ${countdownToken(request.expiresAtMs)}.`;
    case 'reachable':
      return `Enough people can approve this close again (${when}).`;
    case 'reminded':
      return `${event.stage === 'half' ? 'Reminder, half of the time is over' : 'Last reminder, most of the time is over'}: this request has ${approvalsAndNeeds(request)}, and expires ${countdownToken(request.expiresAtMs)}.`;
    case 'facts-changed':
      return factsChangedText(event, request, audience);
    case 'claimed':
      return `The unit and the approvers are being read again ${when}; nothing is sent yet.`;
    case 'claim-abandoned':
      return 'The process that carried out this request ended before anything was sent. Press Start sending again on the card if the close is still wanted.';
    case 'claim-released':
      return `*Not sent yet* ${when}: ${quoted(event.why, 500)} Nothing was sent and the approvals still count. Loandesk keeps trying until the request expires.`;
    case 'sent':
      return `One close order was recorded as sent ${when}. It is never repeated; waiting for Binance's answer.`;
    case 'answered':
      return `${answerText(event.answer)} (${when})${voters(request)}`;
    case 'mark-restored':
      return `*Record repaired* ${when}: Loandesk's database had lost the note that the close order was sent ${dateToken(event.mark.atMs)}. It's back, and the order isn't sent again. ${event.answer === null ? '' : answerText(event.answer)}`.trimEnd();
    case 'lost-track':
      return `*Outcome not known* ${when}: ${request.answer === null ? 'no answer to the close order was recorded in time' : "Binance's own record doesn't confirm its answer"}. The order isn't sent again; Loandesk keeps checking Binance's record. Two approvers who agree can resolve it.`;
    case 'people-paged':
      return `*Still not known* ${when}: neither the answer nor Binance's record tells whether the close order was executed. Two approvers who agree can resolve it manually.`;
    case 'settlement-proposed':
      return `${who(event)} recorded a finding ${when}: ${verdictText(event.verdict)}. A second approver must confirm. Note: ${quoted(event.note, 800)}`;
    case 'refused':
      return `${who(event)} tried: ${escapeMrkdwn(shorten(event.attempted, 100))}; refused.`;
    case 'card-undeliverable':
      if (request.ending === null)
        return `Slack won't post the card in the approvals channel (${quoted(event.why, 300)}), so nobody can approve yet. Loandesk keeps trying until the request expires ${countdownToken(request.expiresAtMs)}. Tell your administrator.`;
      return `${standingText(request)}${voters(request)}`;
    case 'rejected':
    case 'withdrawn':
    case 'expired':
    case 'superseded':
    case 'rehearsed':
    case 'never-sent':
    case 'read-back':
    case 'settled':
      return `${standingText(request)}${voters(request)}`;
  }
}

function votesDroppedText(
  { dropped }: Extract<RequestEvent, { type: 'votes-dropped' }>,
  request: CloseRequest,
): string {
  const left = `It now has ${approvalsAndNeeds(request)}.`;
  if (dropped.length === 0)
    return `The settings or rules in force now need more approvals. ${left} Nothing was sent.`;
  return `Approvals that no longer count, because these people are no longer approvers, or no longer stand in for one: ${mentions(dropped)}. ${left}`;
}

/** An end says who had voted and when; while it is open the card says so. */
function voters(request: CloseRequest): string {
  if (request.ending === null) return '';
  const votes = request.votes.map((vote) => `${voterText(vote)} ${dateToken(vote.atMs)}`);
  return `\nApprovals that counted: ${votes.length === 0 ? 'none' : fitLines(votes, 600, (left) => `and ${left} more`).replaceAll('\n', ', ')}.`;
}

function verdictText(verdict: 'closed' | 'not-closed'): string {
  return verdict === 'closed' ? 'executed' : 'not executed';
}

function changeHead(event: Extract<RequestEvent, { type: 'facts-changed' }>, request: CloseRequest): string {
  const unit = `unit ${request.groupId}`;
  const when = dateToken(event.atMs);
  if (!isRepaid(event.facts))
    return `*Blocked* ${when}: ${unit} owes ${escapeMrkdwn(owedBriefly(event.facts))}, so it can't be approved.`;
  return owedBefore(event.facts, event.changes)
    ? `*Open again* ${when}: ${unit} owes nothing now, and approvals start from none.`
    : `A fact of ${unit} changed ${when}.`;
}

function factsChangedText(
  event: Extract<RequestEvent, { type: 'facts-changed' }>,
  request: CloseRequest,
  audience: Audience,
): string {
  const voided =
    event.voided.length === 0 ? '' : ` Approvals that no longer count: ${mentions(event.voided)}.`;
  const lines = factChangeLines(event.changes, audience);
  const head = `${changeHead(event, request)} Nothing was sent.${voided} The card shows the current facts.`;
  return fitItems([head, ...lines], 2_400, ' changes');
}
