/** `/loan 12`: what the loan costs, what changed its rate, what was liquidated, and what was borrowed and repaid. */
import type { KnownBlock } from '@slack/types';
import type { AssetInterest } from '../../domain/loan/interest.ts';
import { type LoanRecord, repaidPrincipal } from '../../domain/loan/loan-records.ts';
import type { PersonId } from '../../domain/person.ts';
import { type Liability, outstanding, owed } from '../../domain/unit/risk-unit.ts';
import type { LoanView } from '../../usecases/loan-desk.ts';
import { writePageValue } from '../button-value.ts';
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
  pager,
  section,
  sections,
} from './blocks.ts';
import { type Audience, maskEmails, mention, moneyText, plural, zonedText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import {
  assetName,
  exchangeWord,
  isCounted,
  liquidationTexts,
  moreText,
  rateStepText,
  rateText,
  recordText,
  SHORT_KINDS,
  sourceTexts,
} from './loan-text.ts';
import { sortableTable, type TableCell, textCell } from './table-cells.ts';
import { flawBlocks } from './units-view.ts';

/** Private to the asker: the address in full. `query` is what was typed; the buttons ask it again. */
export function loanMessage(view: LoanView, query: string): Message {
  return draw(view, 'private', [], buttons(controls(view, query)));
}

/** For a channel: no buttons, no whole address, and who shared it. */
export function sharedLoanMessage(view: LoanView, sharedBy: PersonId): Message {
  return draw(view, 'channel', [`shared by ${mention(sharedBy)}`], []);
}

function draw(
  view: LoanView,
  audience: Audience,
  notes: readonly string[],
  controls: readonly KnownBlock[],
): Message {
  const title = titleOf(view);
  const liquidations = liquidationTexts(view.liquidations, audience);
  const steps = stepLines(view);
  const assets = assetsOf(view);
  const figures = assets.slice(0, ASSETS_SHOWN).flatMap((asset) => figuresOf(asset, view));
  const leftOut = assets.length - ASSETS_SHOWN;
  const more = leftOut > 0 ? [moreText(plural(leftOut, 'more asset'), audience)] : [];
  const activity = [...rebateLines(view), activityText(view)].join('\n');
  const print = [...smallPrint(view, audience), ...notes].join(' · ');
  const rows = view.records.map((record) => recordLine(record, view.timeZone));
  const masked = (texts: readonly string[]) => (audience === 'channel' ? texts.map(maskEmails) : texts);
  const missing = masked(view.missing);
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [
    header(title),
    ...liquidations.map((text) => section(text)),
    ...missingBlocks(missing),
    ...(steps.length === 0 ? [] : [section(fitLines(steps, 700))]),
    ...(figures.length === 0 ? [] : [fields(figures.map(([label, value]) => [label, shorten(value, 200)]))]),
    ...more.map((text) => section(text)),
    section(activity),
    ...middle,
    ...flawBlocks(masked(view.flaws)),
    context(print, 800),
    ...controls,
  ];
  const text = fitLines(
    [
      exchangeWord(title, 150),
      ...liquidations,
      ...missing.map((each) => `Not read: ${escapeMrkdwn(each)}`),
      ...steps,
      ...figures.map(([label, value]) => `${label}: ${value.replaceAll('\n', ', ')}`),
      ...more,
      activity,
      ...rows,
      print,
    ],
    3_500,
  );
  if (rows.length === 0) return { text, blocks: around([]) };
  return inForms(
    text,
    around([sortableTable('Borrows and repays, newest first', HEADINGS, rowsOf(view))]),
    around(sections(rows, 1_500, (left) => moreText(`${left} more on this page`, audience))),
  );
}

/** Plain text. */
function titleOf({ groupId, owed: liabilities, closedAtMs, timeZone }: LoanView): string {
  if (closedAtMs !== null) return `Unit ${groupId}: closed ${zonedText(closedAtMs, timeZone)}`;
  if (liabilities === null) return `Loan of unit ${groupId}`;
  const open = outstanding({ liabilities });
  const [first, ...others] = open;
  if (first === undefined) return `Unit ${groupId} owes nothing`;
  const more = others.length === 0 ? '' : ` and ${plural(others.length, 'more asset')}`;
  return `Unit ${groupId} owes ${moneyText(owed(first))} ${shorten(first.asset, 20)}${more}`;
}

export function missingBlocks(missing: readonly string[]): KnownBlock[] {
  if (missing.length === 0) return [];
  const lines = missing.map((each) => `• ${shorten(escapeMrkdwn(each), 300)}`);
  const list = fitItems(lines, 650);
  return [section(`:warning: *Couldn't be read*\n${list}`)];
}

const STEPS_SHOWN = 3;

/** Newest first by asset; a variable rate may step every hour. */
function stepLines({ interest }: LoanView): readonly string[] {
  return interest.flatMap(({ asset, steps }) => {
    const left = steps.length - STEPS_SHOWN;
    return [
      ...steps.slice(0, STEPS_SHOWN).map((step) => rateStepText(asset, step)),
      ...(left > 0 ? [`… and ${plural(left, 'earlier step')} of ${assetName(asset)} in these days`] : []),
    ];
  });
}

/** Two figures each, of the ten that a section takes. */
const ASSETS_SHOWN = 4;

/** What is owed first. */
function assetsOf({ owed: liabilities, interest }: LoanView): readonly string[] {
  const named = [...outstanding({ liabilities: liabilities ?? [] }), ...interest];
  return [...new Set(named.map(({ asset }) => asset))];
}

function figuresOf(asset: string, view: LoanView): readonly (readonly [string, string])[] {
  const owing = outstanding({ liabilities: view.owed ?? [] }).find((each) => each.asset === asset);
  const cost = view.interest.find((each) => each.asset === asset);
  return [
    ...(owing === undefined ? [] : [owedFigure(owing)]),
    ...(cost === undefined ? [] : [[`Interest ${assetName(asset)}`, costText(cost)] as const]),
  ];
}

function owedFigure({ asset, principal, interest }: Liability): readonly [string, string] {
  return [`Owed ${assetName(asset)}`, `principal ${moneyText(principal)}\ninterest ${moneyText(interest)}`];
}

function costText({ yesterday, month, monthAnnualRate, annualRate, total }: AssetInterest): string {
  const paid = (amount: AssetInterest['month']) => (amount === null ? 'no charge' : moneyText(amount));
  const effective = monthAnnualRate === null ? '' : `, ${rateText(monthAnnualRate)} per year`;
  const days =
    yesterday === null && month === null
      ? [`${moneyText(total)} in these days`]
      : [`yesterday ${paid(yesterday)}`, `this month ${paid(month)}${effective}`];
  const rate = annualRate === null ? [] : [`last rate ${rateText(annualRate)} per year`];
  return [...days, ...rate].join('\n');
}

/** Nothing where the firm has none. */
function rebateLines({ rebate }: LoanView): readonly string[] {
  if (rebate === null) return [];
  const { asset, balance, totalConsumed, usedHere } = rebate;
  const here = usedHere === null ? '' : `, ${moneyText(usedHere)} of that for this unit in these days`;
  return [
    `*Rebate of the firm*: ${moneyText(balance)} ${assetName(asset)} left, ${moneyText(totalConsumed)} used${here}`,
  ];
}

function activityText(view: LoanView): string {
  const { total, page, pages, spanText, sums, interest } = view;
  const days = escapeMrkdwn(spanText);
  if (total === 0)
    return view.missing.length === 0 && view.flaws.length === 0
      ? `*No borrow or repay*, ${days}.`
      : `*No borrow or repay was read*, ${days}.`;
  const where = pages === 1 ? '' : `, page ${page} of ${pages}`;
  const totals = sums.map(({ asset, borrowed, repaidPrincipal: principal, repaidInterest }) => {
    const cost = interest.find((each) => each.asset === asset)?.total;
    const charged = cost === undefined ? '' : `, interest charged ${moneyText(cost)}`;
    return `${assetName(asset)}: borrowed ${moneyText(borrowed)}, repaid ${moneyText(principal)} principal and ${moneyText(repaidInterest)} interest${charged}`;
  });
  const list = fitLines(totals, 500, (left) => `… and ${left} more assets`);
  const left = view.records.filter((record) => !isCounted(record)).length;
  const uncounted =
    left === 0
      ? ''
      : `:warning: ${left} on this page count${left === 1 ? 's' : ''} as nothing (failed, or not documented)`;
  return [`*${total} borrow${total === 1 ? ' or repay' : 's and repays'}*, ${days}${where}`, list, uncounted]
    .filter((line) => line !== '')
    .join('\n');
}

/** The first three are what a phone shows. */
const HEADINGS = ['Time', 'What', 'Amount', 'Principal', 'Interest', 'Transaction'] as const;

function rowsOf({ records, timeZone }: LoanView): readonly TableCell[][] {
  const times = records.map(({ atMs }) => zonedText(atMs, timeZone));
  // The days above the table say which year it is.
  const isOneYear = new Set(times.map((time) => time.slice(0, 4))).size === 1;
  return records.map((record, index) => cellsOf(record, (times[index] ?? '').slice(isOneYear ? 5 : 0)));
}

function cellsOf(record: LoanRecord, time: string): TableCell[] {
  const { asset, amount, interest, transactionId } = record;
  const principal = repaidPrincipal(record);
  return [
    textCell(time),
    textCell(recordText(record, SHORT_KINDS), 70),
    textCell(`${moneyText(amount)} ${shorten(asset, 20)}`, 80),
    textCell(principal === null ? '' : moneyText(principal), 60),
    textCell(interest === null ? '' : moneyText(interest), 60),
    textCell(transactionId),
  ];
}

function recordLine(record: LoanRecord, timeZone: string): string {
  const { atMs, asset, amount, interest, transactionId } = record;
  const principal = repaidPrincipal(record);
  const parts =
    principal === null || interest === null
      ? ''
      : ` (principal ${moneyText(principal)}, interest ${moneyText(interest)})`;
  return `• ${zonedText(atMs, timeZone)} · ${exchangeWord(recordText(record), 70)}${isCounted(record) ? '' : ', counts as nothing'} · *${moneyText(amount)} ${assetName(asset)}*${parts} · ${transactionId}`;
}

/** What Binance doesn't state is said here, once. */
function smallPrint(view: LoanView, audience: Audience): readonly string[] {
  return [
    ...sourceTexts(view, audience),
    `times in ${view.timeZone}`,
    `rounded${audience === 'private' ? ' (every digit in the CSV file)' : ''}`,
    'Binance states no fixed terms: one that ends shows only as a step of the rate',
    ...(view.liquidations.length === 0
      ? []
      : ['transfers are matched by their time, as Binance names no unit in them']),
  ];
}

function controls(view: LoanView, query: string): readonly ButtonSpec[] {
  const { groupId } = view;
  const value = writePageValue({ query, page: view.page });
  const month = monthBefore(view.asOfMs);
  return [
    ...pager(
      query,
      view,
      { id: ACTIONS.loanNewer, label: 'Newer', spoken: `Show newer borrows and repays of unit ${groupId}` },
      { id: ACTIONS.loanOlder, label: 'Older', spoken: `Show older borrows and repays of unit ${groupId}` },
    ),
    { id: ACTIONS.loanCsv, label: 'CSV file', value, spoken: `CSV file of the loan of unit ${groupId}` },
    {
      id: ACTIONS.loanStatement,
      label: 'Statement of last month',
      value: writePageValue({ query: `${groupId} statement ${month}`, page: 1 }),
      spoken: `Statement of last month, ${month}, of unit ${groupId}`,
    },
    {
      id: ACTIONS.shareLoan,
      label: 'Share…',
      value,
      spoken: `Share the loan of unit ${groupId} in this channel; asks first`,
    },
  ];
}

/** "2026-10" at any time of November 2026 UTC, as statements are of UTC months. */
function monthBefore(atMs: number): string {
  const at = new Date(atMs);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1)).toISOString().slice(0, 7);
}
