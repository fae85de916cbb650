/** `/loandesk request <id>` and `/loandesk requests`: the record in private, addresses in full. */
import type { KnownBlock } from '@slack/types';
import type { CloseRequest, ReadBack } from '../../domain/close/close-request.ts';
import { isBlocked } from '../../domain/close/decision.ts';
import type { PersonId } from '../../domain/person.ts';
import type { HomeView, RequestView } from '../../usecases/desk.ts';
import { writeRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fields,
  fitItems,
  fitLines,
  header,
  inForms,
  type Message,
  type Position,
  pager,
  quote,
  section,
  sections,
} from './blocks.ts';
import { cardMention, countdownToken, dateAndUtc, dateToken, mention, mentions, utcText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { resolveManually } from './request-card.ts';
import { approvalsText, factPairs, votesText, whoMayVote } from './request-facts.ts';
import {
  answerText,
  DRY_RUN_LINE,
  dryRunPrefix,
  SEEN,
  standingText,
  stateOf,
  titleText,
} from './request-text.ts';
import {
  idCell,
  peopleCell,
  requestCell,
  sortableTable,
  type TableCell,
  textCell,
  timeCell,
} from './table-cells.ts';
import { longIdsText, shownIds } from './units-table.ts';

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
    section(`*Evidence*\n${fitItems(evidence, 1_700)}`),
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

/** One line a request, the end first: "rejected by Chen Wei Today 16:19 · asked by Rina". mrkdwn, escaped. */
export function requestLine(request: CloseRequest, workspaceUrl: string | null): string {
  const { ending } = request;
  const dry = request.policy.mode === 'dry-run' ? `, ${DRY_RUN_LINE}` : '';
  const by = endedBy(request);
  const end =
    ending === null ? '' : `${by.length === 0 ? '' : ` by ${mentions(by)}`} ${dateToken(ending.atMs)}`;
  const asked = `asked by ${mention(request.requester)} ${dateToken(request.createdAtMs)}`;
  return `• *Unit ${request.groupId}*: ${escapeMrkdwn(stateOf(request))}${votesCast(request)}${dry}${end} · ${asked} · \`${escapeMrkdwn(request.id)}\`${cardMention(workspaceUrl, request.card)}`;
}

/** Who ended it, where that could be others than the requester. */
function endedBy({ ending }: CloseRequest): readonly PersonId[] {
  if (ending?.kind === 'rejected') return [ending.by];
  return ending?.kind === 'settled' ? ending.by : [];
}

function takesVotes(request: CloseRequest): boolean {
  return request.state === 'pending' && !isBlocked(request);
}

function votesCast(request: CloseRequest): string {
  return takesVotes(request) ? `, ${approvalsText(request)}` : '';
}

/** What a phone shows without scrolling comes first: which, how it stands, and whose it is. */
const LIST_HEADINGS = ['Unit', 'State', 'Asked by', 'Asked', 'Ended', 'Ended by', 'Request'] as const;

function requestCells(request: CloseRequest, shownId: string, workspaceUrl: string | null): TableCell[] {
  const { policy, state } = request;
  const standing = takesVotes(request) ? approvalsText(request) : stateOf(request);
  return [
    idCell(request.groupId, shownId),
    textCell(policy.mode === 'dry-run' && state !== 'rehearsed' ? `${standing} (dry run)` : standing),
    peopleCell([request.requester]),
    timeCell(request.createdAtMs),
    timeCell(request.ending?.atMs ?? null),
    peopleCell(endedBy(request)),
    requestCell(request.id, workspaceUrl, request.card),
  ];
}

/** One line for each request whose record cannot be read. mrkdwn. */
export function unreadableLines(ids: readonly string[]): string[] {
  return ids.map(
    (id) =>
      `• *Request \`${escapeMrkdwn(id)}\` can't be read.* Check it with \`/loandesk audit verify ${escapeMrkdwn(id)}\`.`,
  );
}

/** As lines they are up to about 300 characters long: this many fit beside the recent ones. */
const A_PAGE = 15;

/** Open requests, oldest first, then those that ended lately. `page` from 1; past the end shows the last. */
export function requestListMessage(
  lists: Pick<HomeView, 'open' | 'recent' | 'unreadable'>,
  page: number,
  workspaceUrl: string | null,
): Message {
  const pages = Math.max(1, Math.ceil(lists.open.length / A_PAGE));
  const shown = Math.min(page, pages);
  const onPage = lists.open.slice((shown - 1) * A_PAGE, shown * A_PAGE);
  const ended = shown === pages ? lists.recent.filter(({ ending }) => ending !== null) : [];
  const title = listTitle(lists.open.length, ended.length, { page: shown, pages });
  const unreadable = unreadableLines(lists.unreadable);
  const requests = [...onPage, ...ended];
  const groupIds = requests.map(({ groupId }) => groupId);
  const wholeIds = longIdsText(groupIds);
  const lines = requests.map((request) => requestLine(request, workspaceUrl));
  const more = (left: number): string => `… and ${left} more`;
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [
    header('Close requests'),
    section(title),
    ...sections(unreadable, 1_800, more),
    ...middle,
    context(
      `\`/loandesk request &lt;id&gt;\` shows one with its evidence.${wholeIds === '' ? '' : ` · ${wholeIds}`}`,
    ),
    ...buttons(listControls({ page: shown, pages })),
  ];
  const text = fitLines([`Close requests: ${title}`, ...unreadable, ...lines], 3_500, more);
  if (requests.length === 0) return { text, blocks: around([]) };
  const ids = shownIds(groupIds);
  const rows = requests.map((request) =>
    requestCells(request, ids.get(request.groupId) ?? request.groupId, workspaceUrl),
  );
  return inForms(
    text,
    around([sortableTable('Close requests, open first', LIST_HEADINGS, rows)]),
    around(sections(lines, 7_000, more)),
  );
}

function listTitle(open: number, ended: number, { page, pages }: Position): string {
  const what = open === 0 ? '*No close request is open.*' : `*${open} open*`;
  const lately = ended === 0 ? '' : open === 0 ? ' These ended lately.' : ', then those that ended lately';
  const where = pages === 1 ? '' : `. Page ${page} of ${pages}, oldest first.`;
  return `${what}${lately}${where}`;
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
