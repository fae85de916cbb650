/** `/closed-units`: the exchange's closed list, newest first, and who approved what Loandesk closed. */
import type { KnownBlock } from '@slack/types';
import { knownTimeZone } from '../../domain/person.ts';
import type { ClosedUnitsView } from '../../usecases/desk.ts';
import { writePageValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fitLines,
  header,
  inForms,
  type Message,
  pager,
  section,
  sections,
} from './blocks.ts';
import { cardMention, durationText, mentions, plural, secondsToken, zonedText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { stateOf } from './request-text.ts';
import { idCell, peopleCell, requestCell, sortableTable, type TableCell, textCell } from './table-cells.ts';
import { longIdsText, shownIds } from './units-table.ts';
import { flawBlocks } from './units-view.ts';

/** Private to the asker: addresses in full. `filter` is what was typed; the buttons ask it again. */
export function closedUnitsMessage(
  view: ClosedUnitsView,
  filter: string,
  workspaceUrl: string | null,
): Message {
  const lines = view.rows.map((row) => rowLine(row, view.timeZone, workspaceUrl));
  const top = summary(view);
  const groupIds = view.rows.map(({ unit }) => unit.groupId);
  const wholeIds = longIdsText(groupIds);
  const when = `As of ${secondsToken(view.asOfMs)}, from Binance. Times below are in ${knownTimeZone(view.timeZone)}.`;
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [
    header('Closed units'),
    section(top),
    context(when),
    ...middle,
    ...(wholeIds === '' ? [] : [context(wholeIds)]),
    ...flawBlocks(view.flaws),
    ...buttons(controls(view, filter)),
  ];
  const text = fitLines([top, when, ...lines], 3_500);
  if (view.rows.length === 0) return { text, blocks: around([]) };
  const ids = shownIds(groupIds);
  const rows = view.rows.map((row) =>
    cellsOf(row, ids.get(row.unit.groupId) ?? row.unit.groupId, view.timeZone, workspaceUrl),
  );
  const more = (left: number) => `… and ${left} more on this page: narrow it with a filter`;
  return inForms(
    text,
    around([sortableTable('Closed units, newest first', HEADINGS, rows)]),
    around(sections(lines, 7_500, more)),
  );
}

function summary(view: ClosedUnitsView): string {
  const filter = view.filter === null ? '' : ` for ${shorten(escapeMrkdwn(view.filter), 300)}`;
  if (view.total === 0) return `The closed list holds nothing${filter} that these keys can see.`;
  const page = view.pages === 1 ? '' : ` Page ${view.page} of ${view.pages}.`;
  return `*${plural(view.total, 'closed unit')}*${filter}, newest first.${page}`;
}

type ClosedRow = ClosedUnitsView['rows'][number];

/** What a phone shows without scrolling comes first: which, when, and by what way. */
const HEADINGS = [
  'Unit',
  'Closed',
  'Through',
  'Approved by',
  'Asked by',
  'Credit account',
  'Opened',
  'Open for',
  'Request',
] as const;

function cellsOf(
  { unit, through }: ClosedRow,
  shownId: string,
  timeZone: string,
  workspaceUrl: string | null,
): TableCell[] {
  const request = typeof through === 'string' ? null : through;
  return [
    idCell(unit.groupId, shownId),
    textCell(zonedText(unit.closedAtMs, timeZone)),
    textCell(throughText(through)),
    peopleCell(request?.votes.map(({ voter }) => voter) ?? []),
    peopleCell(request === null ? [] : [request.requester]),
    textCell(unit.creditEmail, 100),
    textCell(zonedText(unit.createdAtMs, timeZone)),
    textCell(durationText(unit.closedAtMs - unit.createdAtMs)),
    request === null ? textCell('') : requestCell(request.id, workspaceUrl, request.card),
  ];
}

function throughText(through: ClosedRow['through']): string {
  if (through === null) return 'elsewhere';
  if (through === 'unreadable') return 'record unreadable';
  return through.ending?.kind === 'settled' ? 'Loandesk (resolved manually)' : 'Loandesk';
}

function rowLine({ unit, through }: ClosedRow, timeZone: string, workspaceUrl: string | null): string {
  const open = durationText(unit.closedAtMs - unit.createdAtMs);
  const who =
    through === null
      ? 'not closed through Loandesk'
      : through === 'unreadable'
        ? "Loandesk's record of it can't be read"
        : `${stateOf(through)}, approved by ${mentions(through.votes.slice(0, 10).map((vote) => vote.voter))} · asked by ${mentions([through.requester])}${cardMention(workspaceUrl, through.card)}`;
  return `• *Unit ${unit.groupId}* · ${escapeMrkdwn(shorten(unit.creditEmail, 100))} · closed ${zonedText(unit.closedAtMs, timeZone)} · opened ${zonedText(unit.createdAtMs, timeZone)} · open for ${open} · ${who}`;
}

function controls(view: ClosedUnitsView, filter: string): ButtonSpec[] {
  const turns = pager(
    filter,
    view,
    { id: ACTIONS.closedNewer, label: 'Newer', spoken: 'Show newer closed units' },
    { id: ACTIONS.closedOlder, label: 'Older', spoken: 'Show older closed units' },
  );
  if (view.total === 0) return turns;
  const file: ButtonSpec = {
    id: ACTIONS.closedCsv,
    label: 'CSV file',
    value: writePageValue({ query: filter, page: view.page }),
    spoken: 'Send me all rows of this filter as a CSV file',
  };
  return [...turns, file];
}
