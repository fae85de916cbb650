/** `/loandesk requests`: open ones page by page, then what was decided lately. */
import type { KnownBlock } from '@slack/types';
import type { CloseRequest } from '../../domain/close/close-request.ts';
import { ACTIONS } from '../ids.ts';
import { type ButtonSpec, buttons, context, fitLines, header, section, sections } from './block-builders.ts';
import { cardMention } from './card-link.ts';
import { DRY_RUN_LINE } from './dry-run.ts';
import { escapeMrkdwn } from './limits.ts';
import type { Message } from './message.ts';
import { type Position, pager } from './pager.ts';
import { mention } from './people-text.ts';
import { stateOf } from './state-text.ts';
import { dateToken } from './time-text.ts';

/** Lines are up to about 300 characters long: this many fit beside the recent ones. */
const A_PAGE = 15;

/** One line a request. mrkdwn, escaped. */
export function requestLine(request: CloseRequest, workspaceUrl: string | null): string {
  const votes =
    request.state === 'pending' ? `, ${request.votes.length} of ${request.policy.quorum} approvals` : '';
  const dry = request.policy.mode === 'dry-run' ? `, ${DRY_RUN_LINE}` : '';
  return `• *Unit ${request.groupId}*: ${stateOf(request)}${votes}${dry} · ${mention(request.requester)} ${dateToken(request.createdAtMs)} · \`${escapeMrkdwn(request.id)}\`${cardMention(workspaceUrl, request.card)}`;
}

/** `page` from 1; past the end shows the last. */
export function requestListMessage(
  lists: { readonly open: readonly CloseRequest[]; readonly recent: readonly CloseRequest[] },
  page: number,
  workspaceUrl: string | null,
): Message {
  const pages = Math.max(1, Math.ceil(lists.open.length / A_PAGE));
  const shown = Math.min(page, pages);
  const line = (request: CloseRequest): string => requestLine(request, workspaceUrl);
  const onPage = lists.open.slice((shown - 1) * A_PAGE, shown * A_PAGE);
  const open = onPage.length === 0 ? ['None.'] : onPage.map(line);
  const recent = lists.recent.length === 0 ? ['None.'] : lists.recent.map(line);
  const title = pages === 1 ? 'Open' : `Open: ${lists.open.length}, oldest first. Page ${shown} of ${pages}.`;
  const more = (left: number): string => `… and ${left} more`;
  const blocks: KnownBlock[] = [
    header('Close requests'),
    section(`*${title}*`),
    ...sections(open, 5_200, more),
    section('*Recent*'),
    ...sections(recent, 3_600, more),
    context('`/loandesk request &lt;id&gt;` shows one with its evidence.'),
    ...buttons(controls({ page: shown, pages })),
  ];
  const text = fitLines([`Close requests. ${title}:`, ...open, 'Recent:', ...recent], 3_500, more);
  return { text, blocks };
}

function controls(position: Position): ButtonSpec[] {
  return pager(
    '',
    position,
    {
      id: ACTIONS.requestsPageBack,
      label: 'Page back',
      spoken: 'Show the page of open requests before this one',
    },
    { id: ACTIONS.requestsPageOn, label: 'Next page', spoken: 'Show the next page of open requests' },
  );
}
