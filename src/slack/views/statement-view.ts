/** `/loan 12 statement 2026-10`: whether the month adds up, each asset from opening to closing, and interest by day. */
import type { ContainerBlock, KnownBlock } from '@slack/types';
import { type Amount, ZERO } from '../../domain/amount.ts';
import type { StatementAsset } from '../../domain/loan/statement.ts';
import type { PersonId } from '../../domain/person.ts';
import type { StatementView } from '../../usecases/loan-desk.ts';
import { writePageValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fitLines,
  header,
  type Message,
  plain,
  section,
  sections,
} from './blocks.ts';
import { type Audience, amountText, maskEmails, mention } from './format.ts';
import { escapeMrkdwn, LIMITS, shorten } from './limits.ts';
import { assetName, moreText, sourceTexts } from './loan-text.ts';
import { missingBlocks } from './loan-view.ts';
import { textCell, wrappedTable } from './table-cells.ts';
import { flawBlocks } from './units-view.ts';

/** Private to the asker: the address in full. `query` is asked again by the buttons. */
export function statementMessage(view: StatementView, query: string): Message {
  return draw(view, 'private', [], buttons(controls(view, query)));
}

/** For a channel: no buttons, no whole address, and who shared it. */
export function sharedStatementMessage(view: StatementView, sharedBy: PersonId): Message {
  return draw(view, 'channel', [`shared by ${mention(sharedBy)}`], []);
}

/** Binance lends a handful; a table takes 100 rows. */
const ASSETS_SHOWN = 12;

function draw(
  view: StatementView,
  audience: Audience,
  notes: readonly string[],
  controls: readonly KnownBlock[],
): Message {
  const masked = (texts: readonly string[]) => (audience === 'channel' ? texts.map(maskEmails) : texts);
  const title = `Statement of unit ${view.groupId}, ${view.month}${view.isRunning ? ' so far' : ''}`;
  const verdict = verdictText(view, masked(view.differences));
  const missing = masked(view.missing);
  const shown = view.assets.slice(0, ASSETS_SHOWN);
  const left = view.assets.length - shown.length;
  const rows = shown.flatMap(linesOf);
  const print = [...smallPrint(view, audience), ...notes].join(' · ');
  const days = shown.flatMap(dayLines);
  const byDayWithin = (max: number) => sections(days, max, (more) => moreText(`${more} more days`, audience));
  const interest = interestTitle(shown);
  const around = (table: readonly KnownBlock[], byDay: readonly KnownBlock[]): KnownBlock[] => [
    header(title),
    section(verdict),
    ...missingBlocks(missing),
    ...table,
    ...(left > 0 ? [section(moreText(`${left} more asset${left === 1 ? '' : 's'}`, audience))] : []),
    ...byDay,
    ...flawBlocks(masked(view.flaws)),
    context(print),
    ...controls,
  ];
  const lines = rows.map(([what, value]) => `${escapeMrkdwn(what)}: *${value}*`);
  const text = fitLines(
    [title, verdict, ...missing.map((each) => `Not read: ${escapeMrkdwn(each)}`), ...lines, interest, print],
    3_500,
    (more) => `… and ${more} more lines`,
  );
  if (rows.length === 0) return { text, blocks: around([section(NOTHING)], []) };
  const table = wrappedTable(
    [view.month, 'Amount'],
    rows.map(([what, value]) => [textCell(what, 60), textCell(value, 60)]),
    [1],
  );
  return {
    text,
    blocks: around([table], days.length === 0 ? [] : [folded(interest, byDayWithin(4_500))]),
    plainer: {
      text,
      blocks: around(
        sections(lines, 3_000, (more) => moreText(`${more} more lines`, audience)),
        days.length === 0 ? [] : [section(escapeMrkdwn(interest)), ...byDayWithin(1_500)],
      ),
    },
  };
}

const NOTHING = 'Nothing was owed, borrowed or repaid in this month.';

/** What doesn't add up comes first; "It adds up." only where everything was read. */
function verdictText(view: StatementView, differences: readonly string[]): string {
  if (differences.length > 0) {
    const lines = differences.map((each) => `• ${shorten(escapeMrkdwn(each), 400)}`);
    return `:red_circle: *It doesn't add up*\n${fitLines(lines, 1_800, (left) => `• … and ${left} more`)}`;
  }
  if (view.missing.length > 0 || view.flaws.length > 0)
    return ":warning: *Not verified*: part of it couldn't be read.";
  return ':white_check_mark: *It adds up.*';
}

/** One asset as lines of a table: what, and every digit. Plain text. */
function linesOf(each: StatementAsset): readonly (readonly [string, string])[] {
  const asset = shorten(each.asset, 20);
  const { computedClosing, statedClosing } = each;
  const closing: readonly (readonly [string, string])[] = computedClosing.eq(statedClosing)
    ? [[`= ${asset} closing`, amountText(statedClosing)]]
    : [
        [`= ${asset} computed`, amountText(computedClosing)],
        [`${asset} at Binance`, amountText(statedClosing)],
      ];
  return [
    [`${asset} opening`, amountText(each.opening)],
    ['+ borrowed', amountText(each.borrowed)],
    ['− repaid', amountText(each.repaid)],
    ...(each.forcedRepaid.eq(ZERO) ? [] : [['− forced repaid', amountText(each.forcedRepaid)] as const]),
    ...closing,
    [`${asset} interest`, amountText(each.interest)],
  ];
}

/** Plain text. */
function interestTitle(assets: readonly StatementAsset[]): string {
  const sums = assets
    .filter(({ interestByDay }) => interestByDay.length > 0)
    .map(({ asset, interest }) => `${amountText(interest)} ${shorten(asset, 20)}`);
  return sums.length === 0 ? 'No interest was charged' : `Interest by day: ${sums.join(', ')}`;
}

const HOURS_OF_A_DAY = 24;

/** A day with fewer hourly charges than hours says so: the loan began or ended in it, or rows are missing. */
function dayLines({ asset, interestByDay }: StatementAsset): readonly string[] {
  return interestByDay.map(({ day, interest, rows }) => {
    const hours = rows === HOURS_OF_A_DAY ? '' : ` (${rows} charge${rows === 1 ? '' : 's'})`;
    return `${escapeMrkdwn(day)} · ${exact(interest)} ${assetName(asset)}${hours}`;
  });
}

function exact(value: Amount): string {
  return shorten(amountText(value), 60);
}

function folded(title: string, days: readonly KnownBlock[]): ContainerBlock {
  return {
    type: 'container',
    title: plain(title, LIMITS.container.title),
    is_collapsible: true,
    default_collapsed: true,
    child_blocks: days as ContainerBlock['child_blocks'],
  };
}

function smallPrint(view: StatementView, audience: Audience): readonly string[] {
  const closing = view.isRunning
    ? 'the month is not over: closing is what is owed now'
    : 'closing is what was owed when the month ended';
  return [...sourceTexts(view, audience), 'days and the month are UTC', `${closing}, without interest`];
}

function controls(view: StatementView, query: string): readonly ButtonSpec[] {
  const { groupId, month } = view;
  const value = writePageValue({ query, page: 1 });
  return [
    {
      id: ACTIONS.loanCsv,
      label: 'CSV file',
      value,
      spoken: `CSV file of the statement of unit ${groupId}, ${month}`,
    },
    {
      id: ACTIONS.shareLoan,
      label: 'Share…',
      value,
      spoken: `Share the statement of unit ${groupId}, ${month}, in this channel; asks first`,
    },
  ];
}
