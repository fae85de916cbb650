/** `/loandesk request <id>` and `/loandesk requests`: the record in private, addresses in full. */
import type { KnownBlock } from '@slack/types';
import type { CloseRequest, ReadBack } from '../../domain/close/close-request.ts';
import { countApprovals, isBlocked } from '../../domain/close/decision.ts';
import type { HomeView, RequestView } from '../../usecases/desk.ts';
import { writeRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fields,
  fitLines,
  header,
  type Message,
  type Position,
  pager,
  quote,
  section,
  sections,
} from './blocks.ts';
import { cardMention, countdownToken, dateAndUtc, dateToken, mention, utcText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { resolveManually } from './request-card.ts';
import { factPairs, votesText, whoMayVote } from './request-facts.ts';
import {
  answerText,
  DRY_RUN_LINE,
  dryRunPrefix,
  SEEN,
  standingText,
  stateOf,
  titleText,
} from './request-text.ts';

/** What is known of the one DELETE and of the exchange's record. mrkdwn, escaped. */
export function evidenceLines(request: CloseRequest): string[] {
  const lines: string[] = [];
  const { sent, answer, readBack, evidence } = request;
  lines.push(
    sent === null
      ? '• DELETE: not sent'
      : `• DELETE: recorded as sent ${dateAndUtc(sent.atMs)}, signed ${utcText(sent.signedTimestampMs, 'seconds')}, valid ${sent.recvWindowMs} ms`,
  );
  if (answer !== null) lines.push(`• Answer: ${answerText(answer)}`);
  if (sent !== null) {
    lines.push(`• Binance's record: ${seenText(readBack)}`);
  }
  if (evidence !== null) {
    lines.push(
      `• In Binance's closed list: created ${utcText(evidence.createdAtMs, 'seconds')}, close time ${utcText(evidence.closedAtMs, 'seconds')}, ${escapeMrkdwn(shorten(evidence.creditEmail, 200))}`,
    );
  }
  if (request.abandonedClaims > 0)
    lines.push(`• Claims abandoned before sending: ${request.abandonedClaims}`);
  return lines;
}

/** What looks have shown, and since when: a look that shows the same as the one before is not recorded. */
function seenText({ lastSeen, lastSeenAtMs, agreeingActiveReads }: ReadBack): string {
  if (lastSeen === null || lastSeenAtMs === null) return 'nothing seen yet';
  const why = lastSeen.why === null ? '' : ` (${shorten(escapeMrkdwn(lastSeen.why), 300)})`;
  return `${SEEN[lastSeen.kind]}${why}, ${dateAndUtc(lastSeenAtMs)} and since; reads that prove it's still active: ${agreeingActiveReads}`;
}

export function requestMessage(view: RequestView, workspaceUrl: string | null): Message {
  const { request, alsoOpen = null } = view;
  const evidence = evidenceLines(request);
  if (alsoOpen !== null)
    evidence.unshift(
      `• :warning: Request \`${escapeMrkdwn(shorten(alsoOpen, 100))}\` for the same unit is open, too: Redis lost the key that keeps one open request per unit. Tell your administrator.`,
    );
  const { mode } = request.policy;
  const standing = standingText(request);
  const voting = request.state === 'pending' || request.state === 'approved';
  const blocks: KnownBlock[] = [
    header(titleText(request)),
    ...(mode === 'dry-run' ? [context(`:no_entry_sign: *${DRY_RUN_LINE}*`)] : []),
    section(`${standing}${cardMention(workspaceUrl, request.card)}`, 2_500),
    section(`${mention(request.requester)} asked ${dateAndUtc(request.createdAtMs)}. Reason:`),
    quote(request.reason, 1_000),
    fields(factPairs(request, request.facts, 'private')),
    section(votesText(request, 1_400)),
    section(`*Evidence*\n${fitLines(evidence, 1_700, (left) => `• … and ${left} more`)}`),
    context(
      `Request \`${escapeMrkdwn(request.id)}\` · ${request.audit.sequence} audit entries${request.state === 'pending' ? ` · Can approve: ${whoMayVote(request, view.approvers)}` : ''}${voting ? ` · Expires ${countdownToken(request.expiresAtMs)}` : ''}`,
    ),
    ...buttons(controls(request)),
  ];
  const text = fitLines(
    [
      `${dryRunPrefix(mode)}Close request ${escapeMrkdwn(request.id)}, unit ${request.groupId}.`,
      standing,
      ...votesText(request, 1_000).split('\n'),
      ...evidence,
    ],
    3_500,
    (left) => `… and ${left} more lines`,
  );
  return { text, blocks };
}

function controls(request: CloseRequest): ButtonSpec[] {
  const value = writeRequestValue({ requestId: request.id, version: request.version });
  const refresh: ButtonSpec = {
    id: ACTIONS.refreshRequest,
    label: 'Refresh',
    value,
    spoken: `Refresh the request for unit ${request.groupId}`,
  };
  if (request.state !== 'unknown') return [refresh];
  return [refresh, resolveManually(value, `unit ${request.groupId}`)];
}

/** Lines are up to about 300 characters long: this many fit beside the recent ones. */
const A_PAGE = 15;

/** One line per request: how it ended or where it is, who asked. mrkdwn, escaped. */
export function requestLine(request: CloseRequest, workspaceUrl: string | null): string {
  const { groupId, state, policy, requester, createdAtMs, id, card } = request;
  const votes =
    state === 'pending' && !isBlocked(request)
      ? `, ${countApprovals(request, request.votes)} of ${policy.quorum} approvals`
      : '';
  const dry = policy.mode === 'dry-run' ? `, ${DRY_RUN_LINE}` : '';
  return `• *Unit ${groupId}*: ${escapeMrkdwn(stateOf(request))}${endedBy(request)}${votes}${dry} · asked by ${mention(requester)} ${dateToken(createdAtMs)} · \`${escapeMrkdwn(id)}\`${cardMention(workspaceUrl, card)}`;
}

/** " by Chen Wei 16:19"; nothing while it is open. */
function endedBy({ ending }: CloseRequest): string {
  if (ending === null) return '';
  const by = ending.kind === 'rejected' || ending.kind === 'withdrawn' ? ` by ${mention(ending.by)}` : '';
  return `${by} ${dateToken(ending.atMs)}`;
}

/** One line for each request whose record cannot be read. mrkdwn. */
export function unreadableLines(ids: readonly string[]): string[] {
  return ids.map(
    (id) =>
      `• *Request \`${escapeMrkdwn(id)}\` can't be read.* Check it with \`/loandesk audit verify ${escapeMrkdwn(id)}\`.`,
  );
}

/** `page` from 1; past the end shows the last. */
export function requestListMessage(
  lists: Pick<HomeView, 'open' | 'recent' | 'unreadable'>,
  page: number,
  workspaceUrl: string | null,
): Message {
  const pages = Math.max(1, Math.ceil(lists.open.length / A_PAGE));
  const shown = Math.min(page, pages);
  const line = (request: CloseRequest): string => requestLine(request, workspaceUrl);
  const onPage = lists.open.slice((shown - 1) * A_PAGE, shown * A_PAGE);
  const listed = [...unreadableLines(lists.unreadable), ...onPage.map(line)];
  const open = listed.length === 0 ? ['None.'] : listed;
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
    ...buttons(listControls({ page: shown, pages })),
  ];
  const text = fitLines([`Close requests. ${title}:`, ...open, 'Recent:', ...recent], 3_500, more);
  return { text, blocks };
}

function listControls(position: Position): ButtonSpec[] {
  return pager(
    '',
    position,
    {
      id: ACTIONS.requestsPageBack,
      label: 'Previous',
      spoken: 'Previous page of open requests',
    },
    { id: ACTIONS.requestsPageOn, label: 'Next', spoken: 'Next page of open requests' },
  );
}
