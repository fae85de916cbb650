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
  type Message,
  pager,
  section,
  sections,
} from './blocks.ts';
import { cardMention, durationText, mentions, secondsToken, zonedText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { flawBlocks } from './units-view.ts';

/** Private to the asker: addresses in full. `filter` is what was typed; the buttons ask it again. */
export function closedUnitsMessage(
  view: ClosedUnitsView,
  filter: string,
  workspaceUrl: string | null,
): Message {
  const lines = view.rows.map((row) => rowLine(row, view.timeZone, workspaceUrl));
  const top = summary(view);
  const when = `As of ${secondsToken(view.asOfMs)}, from Binance. Times below are in ${knownTimeZone(view.timeZone)}.`;
  const blocks: KnownBlock[] = [
    header('Closed units'),
    section(top),
    context(when),
    ...sections(lines, 7_500, (left) => `… and ${left} more on this page: narrow it with a filter`),
    ...flawBlocks(view.flaws),
    ...buttons(controls(view, filter)),
  ];
  const text = fitLines([top, when, ...lines], 3_500, (left) => `… and ${left} more lines`);
  return { text, blocks };
}

function summary(view: ClosedUnitsView): string {
  const filter = view.filter === null ? '' : ` for ${shorten(escapeMrkdwn(view.filter), 300)}`;
  if (view.total === 0) return `The closed list holds nothing${filter} that these keys can see.`;
  return `*${view.total} closed unit${view.total === 1 ? '' : 's'}*${filter}, newest first. Page ${view.page} of ${view.pages}.`;
}

function rowLine(
  { unit, through }: ClosedUnitsView['rows'][number],
  timeZone: string,
  workspaceUrl: string | null,
): string {
  const open = durationText(unit.closedAtMs - unit.createdAtMs);
  const who =
    through === null
      ? 'not closed through Loandesk'
      : through === 'unreadable'
        ? "Loandesk's record of it can't be read"
        : `asked by ${mentions([through.requester])}, approved by ${mentions(through.votes.slice(0, 10).map((vote) => vote.voter))}${cardMention(workspaceUrl, through.card)}`;
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
