/** `/loan 12 statement 2026-10`: whether the month adds up, each asset from opening to closing, and interest by day. */
import type { ContainerBlock, KnownBlock } from '@slack/types';
import { type Amount, ZERO } from '../../domain/amount.ts';
import type { StatementAsset } from '../../domain/loan/statement.ts';
import type { PersonId } from '../../domain/person.ts';
import type { StatementView } from '../../usecases/loan-desk.ts';
import { roundingText, uncheckedText, verdictOf } from '../../usecases/statement-verdict.ts';
import { writePageValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fitItems,
  fitLines,
  header,
  inForms,
  type Message,
  plain,
  section,
  sections,
} from './blocks.ts';
import { type Audience, amountText, maskEmails, mention, plural } from './format.ts';
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
  const missing = masked([...view.missing, ...view.missingForInterest]);
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
    ...(left > 0 ? [section(moreText(plural(left, 'more asset'), audience))] : []),
    ...byDay,
    ...flawBlocks(masked(view.flaws)),
    context(print),
    ...controls,
  ];
  const lines = rows.map(([what, value]) => `${escapeMrkdwn(what)}: *${value}*`);
  const text = fitLines(
    [
      title,
      verdict,
      ...missing.map((each) => `Not read: ${escapeMrkdwn(each)}`),
      ...lines,
      ...(days.length === 0 ? [] : [interest]),
      print,
    ],
    3_500,
  );
  if (rows.length === 0) return { text, blocks: around([], []) };
  const table = wrappedTable(
    [view.month, 'Amount'],
    rows.map(([what, value]) => [textCell(what, 60), textCell(value, 60)]),
    [1],
  );
  return inForms(
    text,
    around([table], days.length === 0 ? [] : [folded(interest, byDayWithin(4_500))]),
    around(
      sections(lines, 3_000, (more) => moreText(`${more} more lines`, audience)),
      days.length === 0 ? [] : [section(escapeMrkdwn(interest)), ...byDayWithin(1_500)],
    ),
  );
}

/** A tick only where all of the principal was read, and never without what of the interest wasn't checked. */
function verdictText(view: StatementView, differences: readonly string[]): string {
  const { kind, text } = verdictOf(view);
  switch (kind) {
    case 'differs': {
      const lines = differences.map((each) => `• ${shorten(escapeMrkdwn(each), 400)}`);
      return `:red_circle: *${text}*\n${fitItems(lines, 1_800)}`;
    }
    case 'not-verified':
      return `:warning: *${text}*`;
    case 'nothing':
      return `*${text}*`;
    case 'adds-up':
      return `:white_check_mark: *${text}* ${interestText(view)}`;
  }
}

function interestText(view: StatementView): string {
  const { interestUnchecked } = view;
  const rounding = roundingText(view);
  const off = rounding === null ? [] : [shorten(escapeMrkdwn(rounding), 400)];
  if (interestUnchecked.length === 0) return off[0] ?? 'So does the interest paid.';
  const reasons = new Set(interestUnchecked.flatMap(({ why }) => why));
  const lines = [...reasons].map((reason) => {
    const assets = interestUnchecked.filter(({ why }) => why.includes(reason)).map(({ asset }) => asset);
    return `• ${fitLines(assets.map(assetName), 200, (left) => `${left} more`).replaceAll('\n', ', ')}: ${uncheckedText(reason, view)}`;
  });
  return ['Not all of the interest paid could be checked:', ...lines, ...off].join('\n');
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
  return `Interest by day: ${sums.join(', ')}`;
}

const HOURS_OF_A_DAY = 24;

/** A day with fewer hourly charges than hours says so: the loan began or ended in it, or rows are missing. */
function dayLines({ asset, interestByDay }: StatementAsset): readonly string[] {
  return interestByDay.map(({ day, interest, rows }) => {
    const hours = rows === HOURS_OF_A_DAY ? '' : ` (${plural(rows, 'charge')})`;
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
  return [
    ...sourceTexts(view, audience),
    'days and the month are UTC',
    `${closingText(view)}, without interest`,
  ];
}

function closingText({ isRunning, interestUnchecked }: StatementView): string {
  if (!isRunning) return 'closing is what was owed when the month ended';
  const isUnread = interestUnchecked.some(({ why }) => why.includes('owed-not-read'));
  return `the month is not over: closing is ${isUnread ? 'taken from the interest rows' : 'what is owed now'}`;
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
