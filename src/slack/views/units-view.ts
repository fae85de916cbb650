/** `/ltv`: the units in trouble and what to do, then every unit this key sees, worst first. */

import type { KnownBlock } from '@slack/types';
import { type Amount, sum } from '../../domain/amount.ts';
import type { PersonId } from '../../domain/person.ts';
import type { RiskUnit } from '../../domain/unit/risk-unit.ts';
import type { UnitsView } from '../../usecases/desk.ts';
import { writePageValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  chart,
  context,
  fitItems,
  fitLines,
  header,
  inForms,
  type Message,
  section,
  sections,
} from './blocks.ts';
import { dateToken, durationText, maskEmails, mention, moneyText, plural } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { cushionText, levelText, ltvText, percentText } from './unit-text.ts';
import {
  dataTable,
  figuresOf,
  longIdsText,
  plainTable,
  shownIds,
  tableRows,
  troubleLines,
  type UnitFigures,
  unitLine,
} from './units-table.ts';
import { watchLine } from './watch-view.ts';

const STALE_AFTER_MS = 60_000;
/** Of units in trouble, those with lines of their own above the table. */
const TROUBLE_SHOWN = 8;
/** A firm has five units, a group of firms perhaps fifty; the CSV has all. */
const ROWS_SHOWN = 60;

/** Private to the asker, with buttons. `query` is asked again by them. */
export function unitsMessage(view: UnitsView, query: string): Message {
  return draw(view, query, null);
}

/** For a channel: no buttons, no whole address in the filter, and who shared it. */
export function sharedUnitsMessage(view: UnitsView, sharedBy: PersonId): Message {
  const filter = view.filter === null ? null : maskEmails(view.filter);
  return draw({ ...view, filter }, '', sharedBy);
}

function draw(view: UnitsView, query: string, sharedBy: PersonId | null): Message {
  if (view.units.length === 0) return emptyMessage(view, query, sharedBy);
  const figures = view.units.map((unit) => figuresOf(unit, view.thresholds));
  const troubled = figures.filter(({ level }) => level !== 'normal');
  const shown = figures.slice(0, ROWS_SHOWN);
  const title = titleOf(view, troubled.length);
  const top = [header(title), ...troubleBlocks(troubled), ...flawBlocks(view.flaws)];
  const end = [
    context(smallPrint(view, figures.length - shown.length, sharedBy)),
    ...(sharedBy === null ? buttons(controls(query, troubled)) : []),
  ];
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [...top, ...middle, ...end];
  const rows = tableRows(shown);
  const lines = shown.map(unitLine);
  const text = fitLines(
    [preview(title, troubled), ...lines, smallPrint(view, figures.length - shown.length, sharedBy)],
    3_500,
  );
  return inForms(
    text,
    around([dataTable(rows)]),
    around([plainTable(rows)]),
    around(sections(lines, 6_000, (left) => `… and ${left} more: narrow it with a filter`)),
  );
}

/** Plain text. What a filter hid is not called fine, nor what could not be read. */
function titleOf(view: UnitsView, troubled: number): string {
  const count = view.units.length;
  const unread = view.flaws.length === 0 ? '' : "; part of Binance's answer is unreadable";
  if (view.filter !== null)
    return shorten(`${count} of ${plural(count + view.hidden, 'unit')}: ${view.filter}${unread}`, 150);
  if (troubled > 0)
    return `${troubled} of ${plural(count, 'unit')} need${troubled === 1 ? 's' : ''} attention${unread}`;
  return `${plural(count, 'unit')} below ${percentText(view.thresholds.initial)}${unread}`;
}

/** What a push notification shows: the worst first. */
function preview(title: string, troubled: readonly UnitFigures[]): string {
  const worst = troubled
    .slice(0, 3)
    .map(
      ({ unit, ltv, level, thresholds }) =>
        `Unit ${unit.groupId}: ${ltvText(ltv, thresholds)}, ${levelText(level)}`,
    );
  return `${[...worst, escapeMrkdwn(title)].join('. ')}.`;
}

function troubleBlocks(troubled: readonly UnitFigures[]): KnownBlock[] {
  const left = troubled.length - TROUBLE_SHOWN;
  return [
    ...troubled.slice(0, TROUBLE_SHOWN).map((figures) => section(troubleLines(figures))),
    ...(left > 0 ? [section(`… and ${left} more in the table`)] : []),
  ];
}

function total(units: readonly RiskUnit[], pick: (unit: RiskUnit) => Amount): string {
  return moneyText(sum(units.map(pick)));
}

function smallPrint(view: UnitsView, left: number, sharedBy: PersonId | null): string {
  const { units, hidden } = view;
  const parts = [
    `Owed ${total(units, (unit) => unit.totalLiability)}`,
    `net equity ${total(units, (unit) => unit.totalNetEquity)}`,
    `as valued by Binance, rounded${sharedBy === null ? ' (every digit in the CSV)' : ''}`,
    `as of ${dateToken(view.asOfMs)}${staleness(view)}`,
    ...(hidden === 0 ? [] : [`${plural(hidden, 'unit')} hidden by the filter`]),
    ...(left === 0 ? [] : [`${plural(left, 'unit')} not shown: narrow it with a filter`]),
    longIdsText(units.slice(0, ROWS_SHOWN).map(({ groupId }) => groupId)),
    ...(sharedBy === null ? freshness(view.watch, view.nowMs) : [`shared by ${mention(sharedBy)}`]),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** Nothing where the watch is off. */
export function freshness(watch: UnitsView['watch'], nowMs: number): string[] {
  return watch === null || watch === undefined ? [] : [watchLine(watch, nowMs)];
}

function staleness(view: UnitsView): string {
  const oldest = view.units.reduce<RiskUnit | null>(
    (old, unit) => (old === null || unit.updatedAtMs < old.updatedAtMs ? unit : old),
    null,
  );
  const ageMs = oldest === null ? 0 : view.nowMs - oldest.updatedAtMs;
  if (oldest === null || ageMs <= STALE_AFTER_MS) return '';
  return ` (unit ${oldest.groupId}: ${durationText(ageMs)} old)`;
}

export function flawBlocks(flaws: readonly string[]): KnownBlock[] {
  if (flaws.length === 0) return [];
  const lines = flaws.map((flaw) => `• ${shorten(escapeMrkdwn(flaw), 300)}`);
  const list = fitItems(lines, 700);
  return [
    context(
      `:warning: *Needs attention*: part of Binance's answer couldn't be read or contradicts itself.\n${list}`,
    ),
  ];
}

/** In one row of buttons no action id may come twice. */
const PICKS = [ACTIONS.pickUnit, ACTIONS.pickSecondUnit, ACTIONS.pickThirdUnit] as const;

function controls(query: string, troubled: readonly UnitFigures[]): ButtonSpec[] {
  const value = writePageValue({ query, page: 1 });
  return [
    ...PICKS.flatMap((id, index): ButtonSpec[] => {
      const groupId = troubled[index]?.unit.groupId;
      if (groupId === undefined) return [];
      return [
        {
          id,
          label: `Unit ${groupId}`,
          value: writePageValue({ query: groupId, page: 1 }),
          spoken: `Show unit ${groupId}`,
        },
      ];
    }),
    { id: ACTIONS.refreshUnits, label: 'Refresh', value, spoken: 'Refresh the units' },
    { id: ACTIONS.unitsCsv, label: 'CSV', value, spoken: 'CSV file of these units' },
    { id: ACTIONS.unitsChart, label: 'Chart', value, spoken: 'Chart of the cushions of these units' },
    {
      id: ACTIONS.shareUnits,
      label: 'Share…',
      value,
      spoken: 'Share these units in this channel; asks first',
    },
  ];
}

function emptyMessage(view: UnitsView, query: string, sharedBy: PersonId | null): Message {
  const what =
    view.filter === null
      ? "No units found. That doesn't mean nothing is owed: units under an account this bot has no key for aren't shown."
      : `No unit matches the filter (${shorten(escapeMrkdwn(view.filter), 200)}); ${plural(view.hidden, 'unit')} hidden by it.`;
  const shared = sharedBy === null ? '' : ` · shared by ${mention(sharedBy)}`;
  const asOf = `As of ${dateToken(view.asOfMs)}${shared}`;
  const refresh = controls(query, []).filter(({ id }) => id === ACTIONS.refreshUnits);
  const blocks: KnownBlock[] = [
    header('Units'),
    section(what),
    ...flawBlocks(view.flaws),
    context(asOf),
    ...(sharedBy === null ? buttons(refresh) : []),
  ];
  return { text: `${what} ${asOf}.`, blocks };
}

/** As many as Slack draws; the table has all. */
const BARS = 20;

export function cushionsMessage(view: UnitsView): Message {
  const { thresholds } = view;
  const owing = view.units
    .map((unit) => figuresOf(unit, thresholds))
    .filter(({ toMarginCall }) => toMarginCall !== null)
    .slice(0, BARS);
  const ids = shownIds(owing.map(({ unit }) => unit.groupId));
  const lines = owing.map(cushionLine);
  const asOf = `As of ${dateToken(view.asOfMs)}. Cushion: what may be lost, as valued by Binance and as a share of net equity, before margin call (${percentText(thresholds.marginCall)}) or liquidation (${percentText(thresholds.liquidation)}).`;
  const title = 'Cushion by unit';
  if (owing.length === 0) {
    const nothing = 'None of these units owes anything, so there is no cushion to draw.';
    return { text: nothing, blocks: [section(nothing)] };
  }
  const words = sections(lines, 3_000, (left) => `… and ${left} more`);
  const text = [`${title}, worst first.`, ...lines, asOf].join('\n');
  const bars = chart({
    title,
    kind: 'bar',
    labels: owing.map(({ unit }) => ids.get(unit.groupId) ?? unit.groupId),
    series: {
      'To margin call': owing.map(({ toMarginCall }) => barOf(toMarginCall)),
      'To liquidation': owing.map(({ toLiquidation }) => barOf(toLiquidation)),
    },
    unit: '% of net equity',
  });
  const around = (middle: Message['blocks']) => [header(title), ...middle, ...words, context(asOf)];
  return inForms(text, around(bars), around([]));
}

function cushionLine({ unit, ltv, thresholds, toMarginCall, toLiquidation }: UnitFigures): string {
  const cushions = [
    toMarginCall && cushionText(toMarginCall, 'margin call'),
    toLiquidation && cushionText(toLiquidation, 'liquidation'),
  ];
  return `*Unit ${unit.groupId}* (${ltvText(ltv, thresholds)}): ${cushions.filter(Boolean).join(', ')}`;
}

/** Percent with one decimal; none where the level is reached. */
function barOf(cushion: UnitFigures['toMarginCall']): number {
  return cushion?.ofEquity?.times(100).round(1, 0).toNumber() ?? 0;
}
