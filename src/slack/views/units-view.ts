/** `/ltv`: every unit this key sees, worst first. */
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
  context,
  fitLines,
  header,
  type Message,
  type Position,
  pager,
  section,
  sections,
} from './blocks.ts';
import { type Audience, amountText, durationText, mention, secondsToken } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { dataTable, pagesOf, plainTable } from './units-table.ts';

export interface UnitsQuestion {
  /** As typed; Refresh and paging ask it again. */
  readonly query: string;
  /** From 1; past the end shows the last. */
  readonly page: number;
}

const STALE_AFTER_MS = 60_000;

/** Private to the asker, with buttons. */
export function unitsMessage(view: UnitsView, question: UnitsQuestion): Message {
  return draw(view, question, 'private', null);
}

/** For a channel: addresses masked, no buttons, and who shared it. */
export function sharedUnitsMessage(view: UnitsView, question: UnitsQuestion, sharedBy: PersonId): Message {
  return draw(view, question, 'channel', sharedBy);
}

function draw(
  view: UnitsView,
  question: UnitsQuestion,
  audience: Audience,
  sharedBy: PersonId | null,
): Message {
  if (view.units.length === 0) return emptyMessage(view, question, sharedBy);
  const pages = pagesOf(view.units, view.thresholds, audience);
  const page = Math.min(question.page, pages.length);
  const rows = pages[page - 1] ?? [];
  const more: Position = { pages: pages.length, page };
  const title = header('Risk units');
  const top = [section(summary(view, more)), context(asOf(view, sharedBy))];
  const end = [...flawBlocks(view.flaws), ...(sharedBy === null ? buttons(controls(question, more)) : [])];
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [title, ...top, ...middle, ...end];
  const lines = rows.map(({ line }) => line);
  const text = fitLines(
    [summary(view, more), ...lines, asOf(view, sharedBy)],
    3_500,
    (left) => `… and ${left} more lines`,
  );
  return {
    text,
    blocks: around([dataTable(rows)]),
    plainer: {
      text,
      blocks: around([plainTable(rows)]),
      plainer: {
        text,
        blocks: around(sections(lines, 7_500, (left) => `… and ${left} more units: narrow it with a filter`)),
      },
    },
  };
}

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

function total(units: readonly RiskUnit[], pick: (unit: RiskUnit) => Amount): string {
  return amountText(sum(units.map(pick)));
}

function summary(view: UnitsView, { page, pages }: Position): string {
  const { units } = view;
  const filter = view.filter === null ? '' : ` with ${shorten(escapeMrkdwn(view.filter), 200)}`;
  const hidden = view.hidden === 0 ? '' : ` (${plural(view.hidden, 'other unit')} hidden by the filter)`;
  const where = pages === 1 ? '' : ` Page ${page} of ${pages}.`;
  return `*${plural(units.length, 'unit')}*${filter}, worst first${hidden}. Total liability *${total(units, (unit) => unit.totalLiability)}*, total net equity *${total(units, (unit) => unit.totalNetEquity)}*, as valued by Binance.${where}`;
}

function asOf(view: UnitsView, sharedBy: PersonId | null): string {
  const oldest = view.units.reduce<RiskUnit | null>(
    (old, unit) => (old === null || unit.updatedAtMs < old.updatedAtMs ? unit : old),
    null,
  );
  const ageMs = oldest === null ? 0 : view.nowMs - oldest.updatedAtMs;
  const stale =
    oldest !== null && ageMs > STALE_AFTER_MS
      ? ` The oldest figures are ${durationText(ageMs)} old (unit ${oldest.groupId}).`
      : '';
  const shared = sharedBy === null ? '' : ` Shared by ${mention(sharedBy)}.`;
  return `As of ${secondsToken(view.asOfMs)}, from Binance.${stale}${shared}`;
}

export function flawBlocks(flaws: readonly string[]): KnownBlock[] {
  if (flaws.length === 0) return [];
  const lines = flaws.map((flaw) => `• ${shorten(escapeMrkdwn(flaw), 300)}`);
  const list = fitLines(lines, 700, (left) => `• … and ${left} more`);
  return [
    context(
      `:warning: *Needs attention*: part of Binance's answer could not be read or contradicts itself.\n${list}`,
    ),
  ];
}

function controls(question: UnitsQuestion, position: Position): ButtonSpec[] {
  const value = writePageValue({ query: question.query, page: position.page });
  return [
    { id: ACTIONS.refreshUnits, label: 'Refresh', value, spoken: 'Refresh the risk units' },
    {
      id: ACTIONS.shareUnits,
      label: 'Share to channel',
      value,
      spoken: 'Share to channel: these units, addresses masked',
    },
    ...pager(
      question.query,
      position,
      { id: ACTIONS.unitsPageBack, label: 'Worse units', spoken: 'Show the page with worse units' },
      { id: ACTIONS.unitsPageOn, label: 'More units', spoken: 'Show the next page of units' },
    ),
  ];
}

function emptyMessage(view: UnitsView, question: UnitsQuestion, sharedBy: PersonId | null): Message {
  const what =
    view.filter === null
      ? "No units found. That doesn't mean nothing is owed: units under an account this bot has no key for aren't shown."
      : `No unit matches the filter (${shorten(escapeMrkdwn(view.filter), 200)}); ${plural(view.hidden, 'unit')} hidden by it.`;
  const blocks: KnownBlock[] = [
    header('Risk units'),
    section(what),
    context(asOf(view, sharedBy)),
    ...flawBlocks(view.flaws),
    ...(sharedBy === null ? buttons(controls(question, { page: 1, pages: 1 }).slice(0, 1)) : []),
  ];
  return { text: `${what} ${asOf(view, sharedBy)}`, blocks };
}
