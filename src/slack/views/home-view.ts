/** App Home: open alerts, units at margin call or worse, what waits for me, all units, and what is open or was decided lately. */
import type { KnownBlock, SectionBlock } from '@slack/types';
import type { CloseRequest } from '../../domain/close/close-request.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { HomeView, UnitsView } from '../../usecases/desk.ts';
import { writePageValue, writeRequestValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { type ButtonSpec, buttons, context, type Home, header, section, sections } from './blocks.ts';
import { cardLink, dateToken, plural, secondsToken } from './format.ts';
import { refusalReason } from './refusal-text.ts';
import { requestLine, unreadableLines } from './request-view.ts';
import {
  dataTable,
  figuresOf,
  isAtMarginCall,
  longIdsText,
  tableRows,
  troubleLines,
  type UnitFigures,
  unitLine,
} from './units-table.ts';
import { flawBlocks, freshness } from './units-view.ts';
import { openBlocks, watchLine } from './watch-view.ts';

/** Each has a section of its own with a button; more than a person decides on in one go. */
const WAITING_SHOWN = 10;
/** All units of a large group of firms. */
const UNITS_SHOWN = 60;
/** Each with its buttons. */
const ALERTS_SHOWN = 5;
/** Of units at margin call or worse, those with lines of their own; the table has all. */
const IN_TROUBLE_SHOWN = 5;

export function homeTab(view: HomeView, workspaceUrl: string | null): Home {
  const { units: all } = view;
  const figures =
    all === null ? [] : all.units.slice(0, UNITS_SHOWN).map((unit) => figuresOf(unit, all.thresholds));
  const around = (units: readonly KnownBlock[]): KnownBlock[] => [
    ...alertBlocks(view, workspaceUrl),
    ...troubleBlocks(figures),
    ...waitingBlocks(view.waitingForMe, workspaceUrl),
    ...unitBlocks(view, units),
    ...buttons(controls(view)),
    ...requestBlocks(view, workspaceUrl),
    context(
      '`/ltv` units · `/closed-units` history · `/close-unit` asks for a close · `/loandesk help` all commands',
    ),
    context(
      `Your roles: ${view.roles.length === 0 ? 'none' : view.roles.join(', ')} · drawn ${dateToken(view.nowMs)}${freshness(
        view.watch,
        view.nowMs,
      )
        .map((line) => ` · ${line}`)
        .join('')}`,
    ),
  ];
  if (figures.length === 0) return { type: 'home', blocks: around([]) };
  return {
    type: 'home',
    blocks: around([dataTable(tableRows(figures))]),
    plainer: { type: 'home', blocks: around(unitLines(figures)) },
  };
}

function unitLines(figures: readonly UnitFigures[]): SectionBlock[] {
  const lines = figures.map((each) => `• ${unitLine(each)}`);
  return sections(lines, 6_000, (left) => `… and ${left} more: \`/ltv\``);
}

/** Open alerts as the watch told them, worst first; a blind watch before all else. */
function alertBlocks({ watch, nowMs }: HomeView, workspaceUrl: string | null): KnownBlock[] {
  if (watch === null || watch === undefined) return [];
  const { open, levels, blind } = watch;
  const left = open.length - ALERTS_SHOWN;
  return [
    ...(blind === null ? [] : [section(watchLine(watch, nowMs))]),
    ...(open.length === 0 ? [] : [header(plural(open.length, 'open alert'))]),
    ...open.slice(0, ALERTS_SHOWN).flatMap((episode) => openBlocks(episode, levels, workspaceUrl)),
    ...(left > 0 ? [context(`… and ${left} more: \`/loandesk watch\``)] : []),
  ];
}

/** A margin call can't wait for a decision about a close. */
function troubleBlocks(figures: readonly UnitFigures[]): KnownBlock[] {
  const troubled = figures.filter(isAtMarginCall);
  if (troubled.length === 0) return [];
  const left = troubled.length - IN_TROUBLE_SHOWN;
  return [
    header(troubled.length === 1 ? '1 unit needs action now' : `${troubled.length} units need action now`),
    ...troubled.slice(0, IN_TROUBLE_SHOWN).map((each) => section(troubleLines(each))),
    ...(left > 0 ? [context(`… and ${left} more: \`/ltv\``)] : []),
  ];
}

function waitingBlocks(waiting: readonly CloseRequest[], workspaceUrl: string | null): KnownBlock[] {
  if (waiting.length === 0) return [header('Nothing waits for your decision')];
  const left = waiting.length - WAITING_SHOWN;
  return [
    header(waiting.length === 1 ? '1 request waits for you' : `${waiting.length} requests wait for you`),
    ...waiting.slice(0, WAITING_SHOWN).map((request) => waitingSection(request, workspaceUrl)),
    ...(left > 0 ? [context(`… and ${left} more among the open requests below`)] : []),
  ];
}

/** Decisions count on the card alone, so the button leads there. */
function waitingSection(request: CloseRequest, workspaceUrl: string | null): SectionBlock {
  const line = requestLine(request, workspaceUrl).replace(/^• /, '');
  const ends = request.state === 'unknown' ? '' : ` · expires ${dateToken(request.expiresAtMs)}`;
  const text = `${line}${ends}`;
  const url = cardLink(workspaceUrl, request.card);
  const [row] = buttons(
    url === null
      ? []
      : [
          {
            id: ACTIONS.openCard,
            label: 'Review',
            value: writeRequestValue({ requestId: request.id, version: request.version }),
            spoken: `Review the close of unit ${request.groupId}; opens its card`,
            style: 'primary',
            url,
          },
        ],
  );
  const [button] = row?.elements ?? [];
  return button?.type === 'button' ? { ...section(text), accessory: button } : section(text);
}

function unitBlocks({ units, unitsRefusal }: HomeView, rows: readonly KnownBlock[]): KnownBlock[] {
  if (units !== null)
    return [header('Units'), section(unitsText(units)), ...rows, ...flawBlocks(units.flaws)];
  return unitsRefusal === null ? [] : [header('Units'), section(refusalReason(unitsRefusal))];
}

function unitsText({ units, asOfMs }: UnitsView): string {
  if (units.length === 0)
    return "No units found. That doesn't mean nothing is owed: units under an account this bot has no key for aren't shown.";
  const left = units.length - UNITS_SHOWN;
  const more = left > 0 ? ` · ${left} more: \`/ltv\`` : '';
  const ids = longIdsText(units.slice(0, UNITS_SHOWN).map(({ groupId }) => groupId));
  return `As of ${secondsToken(asOfMs)}, as valued by Binance${more}${ids === '' ? '' : ` · ${ids}`}`;
}

function controls({ roles }: HomeView): ButtonSpec[] {
  const value = writePageValue({ query: '', page: 1 });
  const refresh: ButtonSpec = {
    id: ACTIONS.refreshHome,
    label: 'Refresh',
    value,
    spoken: 'Refresh this page',
  };
  if (!roles.includes('requester')) return [refresh];
  return [
    {
      id: ACTIONS.closeAUnit,
      label: 'Close a unit…',
      value,
      spoken: 'Close a unit: opens a form in which you ask for it',
    },
    refresh,
  ];
}

function requestBlocks(view: HomeView, workspaceUrl: string | null): KnownBlock[] {
  const line = (request: CloseRequest): string => requestLine(request, workspaceUrl);
  const more = (left: number): string => `… and ${left} more: \`/loandesk requests\``;
  const list = (title: string, lines: readonly string[]): KnownBlock[] =>
    lines.length === 0 ? [] : [header(title), ...sections(lines, 4_000, more)];
  // Those above, with a button each, are not listed again.
  const above = new Set(view.waitingForMe.slice(0, WAITING_SHOWN).map(({ id }) => id));
  const open = view.open.filter(({ id }) => !above.has(id));
  return [
    ...list(above.size === 0 ? 'Open close requests' : 'Other open close requests', [
      ...unreadableLines(view.unreadable),
      ...open.map(line),
    ]),
    ...list('Recent decisions', view.recent.map(line)),
  ];
}

/** For people who may not use Loandesk, and when the home could not be drawn. */
export function refusedHomeTab(refusal: Refusal): Home {
  const text =
    refusal.code === 'not-a-full-member'
      ? 'Loandesk works only for full members of its own workspace, so there is nothing for you to see here: ask a colleague on the desk.'
      : refusalReason(refusal);
  return { type: 'home', blocks: [header('Loandesk'), section(text)] };
}
