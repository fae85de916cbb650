/** What one person is told directly about a request that concerns them. Private, so addresses are in full. */
import type { CloseRequest, RequestEvent } from '../../domain/close/close-request.ts';
import type { PersonId } from '../../domain/person.ts';
import { cardMention } from './card-link.ts';
import { dryRunPrefix } from './dry-run.ts';
import { mention } from './people-text.ts';
import { quoted } from './request-facts.ts';
import { eventText } from './thread-text.ts';

/** To the requester, or to a voter whose vote no longer counts. mrkdwn, escaped. */
export function directText(
  event: RequestEvent,
  request: CloseRequest,
  to: PersonId,
  workspaceUrl: string | null,
): string {
  const isRequester = to.userId === request.requester.userId && to.teamId === request.requester.teamId;
  const lost =
    !isRequester && losers(event).some((each) => each.userId === to.userId && each.teamId === to.teamId);
  const whose = lost
    ? 'Your approval no longer counts.'
    : isRequester
      ? `Your request to close unit ${request.groupId}:`
      : `The request to close unit ${request.groupId}:`;
  return `${dryRunPrefix(request.policy.mode)}${whose} ${eventText(event, request, 'private')}${cardMention(workspaceUrl, request.card)}`;
}

function losers(event: RequestEvent): readonly PersonId[] {
  if (event.type === 'facts-changed') return event.voided;
  if (event.type === 'approved' || event.type === 'votes-dropped') return event.dropped;
  return [];
}

/** To everyone who may still vote. mrkdwn, escaped. */
export function approverText(
  event: RequestEvent,
  request: CloseRequest,
  workspaceUrl: string | null,
): string {
  const reason = `Reason: ${quoted(request.reason, 500)}`;
  return `${dryRunPrefix(request.policy.mode)}${mention(request.requester)} asks to close unit ${request.groupId}. ${eventText(event, request, 'private')} ${reason}${cardMention(workspaceUrl, request.card)}`;
}
