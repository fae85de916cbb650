/**
 * What Loandesk says to one person directly, addresses in full, with buttons: to the requester and to voters about
 * their own, and to everyone who may still vote. mrkdwn, escaped.
 */
import type { CloseRequest, RequestEvent } from '../../domain/close/close-request.ts';
import { isTerminal } from '../../domain/close/close-state.ts';
import { isBlocked } from '../../domain/close/decision.ts';
import { noticesFor } from '../../domain/close/notices.ts';
import type { PersonId } from '../../domain/person.ts';
import { writeRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { type ButtonSpec, buttons, context, type Message, section } from './blocks.ts';
import { eventText } from './event-text.ts';
import {
  type Audience,
  cardLink,
  cardMention,
  dateToken,
  groupMention,
  isUserId,
  mention,
} from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { resolveManually } from './request-card.ts';
import { approvalsAndNeeds, quoted } from './request-facts.ts';
import { dryRunPrefix, owedBriefly, stateOf } from './request-text.ts';

/** To the requester, or to a voter whose vote no longer counts. */
export function directMessage(
  event: RequestEvent,
  request: CloseRequest,
  to: PersonId,
  workspaceUrl: string | null,
): Message {
  const isRequester = isSamePerson(to, request.requester);
  const lost = !isRequester && losers(event).some((each) => isSamePerson(each, to));
  const whose = lost
    ? 'Your approval no longer counts.'
    : `${isRequester ? 'Your' : 'The'} request to close unit ${request.groupId}:`;
  return message(`${whose} ${eventText(event, request, 'private')}`, request, workspaceUrl, false);
}

/** To each person who may still vote. */
export function approverMessage(
  event: RequestEvent,
  request: CloseRequest,
  workspaceUrl: string | null,
): Message {
  return message(
    approversText(event, request, 'private'),
    request,
    workspaceUrl,
    request.state === 'pending',
  );
}

/**
 * In the card's thread, in place of a message to each of them: those who may approve are named, and are notified. Where
 * the thread has a reply about the event already, only what is asked of them is said.
 */
export function approversReply(event: RequestEvent, request: CloseRequest): Message {
  const isSaid = noticesFor(request, event).some(({ kind }) => kind === 'thread');
  const said = isSaid
    ? `${callText(event, request)} The reply above says why.`
    : approversText(event, request, 'channel');
  const text = `${dryRunPrefix(request.policy.mode)}${said}`;
  return { text, blocks: [section(text)] };
}

/**
 * The approvers as the request names them: its user groups, and of the accounts those in `addressees`. Slack notifies
 * whom it names.
 */
export function namesOfApprovers({ policy }: CloseRequest, addressees: readonly string[]): string {
  return groupMention(policy.approvers.filter((name) => !isUserId(name) || addressees.includes(name)));
}

/** What an approver is asked for, then why. */
function approversText(event: RequestEvent, request: CloseRequest, audience: Audience): string {
  const { groupId, requester } = request;
  const asks = `${mention(requester)} asks to close unit ${groupId}: ${quoted(request.reason, 500)}`;
  const call = callText(event, request);
  switch (event.type) {
    case 'opened':
      return `${call} ${asks}`;
    case 'settlement-proposed':
      return `${call} ${eventText(event, request, audience)}`;
    default:
      return `${call} ${eventText(event, request, audience)}\n${asks}`;
  }
}

function callText(event: RequestEvent, { groupId }: CloseRequest): string {
  switch (event.type) {
    case 'opened':
    case 'reminded':
    case 'facts-changed':
      return `*Approve closing unit ${groupId}?*`;
    case 'approved':
      return `*Close of unit ${groupId}: approved, can still be stopped.*`;
    case 'settlement-proposed':
      return `*Close of unit ${groupId}: a second approver must confirm what became of it.*`;
    default:
      return `*Close of unit ${groupId}: needs approvers now.*`;
  }
}

function message(said: string, request: CloseRequest, workspaceUrl: string | null, isCall: boolean): Message {
  const text = `${dryRunPrefix(request.policy.mode)}${said}`;
  const standing = briefly(request);
  return {
    text: `${shorten(text, 2_900)}\n${standing}${cardMention(workspaceUrl, request.card)}`,
    blocks: [section(text), context(standing), ...buttons(controls(request, workspaceUrl, isCall))],
  };
}

/** Where it stands in one line. */
function briefly(request: CloseRequest): string {
  const { facts, state, expiresAtMs } = request;
  const id = `\`${escapeMrkdwn(request.id)}\``;
  if (isTerminal(state)) return id;
  const standing = escapeMrkdwn(stateOf(request));
  if (state !== 'pending' || isBlocked(request)) return `${standing} · ${id}`;
  return `Owes ${escapeMrkdwn(owedBriefly(facts))} · ${approvalsAndNeeds(request)} · expires ${dateToken(expiresAtMs)} · ${id}`;
}

/** `isCall`: the person is asked to decide. Decisions are made on the card, so the first button leads there. */
function controls(request: CloseRequest, workspaceUrl: string | null, isCall: boolean): ButtonSpec[] {
  const value = writeRequestValue({ requestId: request.id, version: request.version });
  const unit = `unit ${request.groupId}`;
  const url = cardLink(workspaceUrl, request.card);
  const style = isCall ? ({ style: 'primary' } as const) : {};
  const show: ButtonSpec = {
    id: ACTIONS.openRequest,
    label: 'Show request',
    value,
    spoken: `Show request to close ${unit}`,
  };
  const first: ButtonSpec =
    url === null
      ? { ...show, ...style }
      : {
          id: ACTIONS.openCard,
          label: isCall ? 'Review on the card' : 'Open card',
          value,
          spoken: `${isCall ? 'Review on the card' : 'Open card'}: close of ${unit}`,
          url,
          ...style,
        };
  if (request.state !== 'unknown') return [first];
  const evidence: ButtonSpec = { ...show, label: 'Show evidence', spoken: `Show evidence on ${unit}` };
  return [...(url === null ? [] : [first]), evidence, resolveManually(value, unit)];
}

function isSamePerson(one: PersonId, other: PersonId): boolean {
  return one.userId === other.userId && one.teamId === other.teamId;
}

function losers(event: RequestEvent): readonly PersonId[] {
  if (event.type === 'facts-changed') return event.voided;
  if (event.type === 'approved' || event.type === 'votes-dropped') return event.dropped;
  return [];
}
