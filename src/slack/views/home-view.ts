/** App Home: what waits for me, units by level, recent decisions, and help. */
import type { KnownBlock } from '@slack/types';
import type { Refusal } from '../../domain/refusal.ts';
import { type Level, levelOf } from '../../domain/unit/risk-unit.ts';
import type { HomeView, UnitsView } from '../../usecases/desk.ts';
import { COMMANDS } from '../ids.ts';
import { context, divider, type Home, header, section, sections } from './blocks.ts';
import { dateToken, secondsToken } from './format.ts';
import { USAGE } from './help-view.ts';
import { escapeMrkdwn } from './limits.ts';
import { refusalText } from './refusal-text.ts';
import { requestLine, unreadableLines } from './request-view.ts';
import { levelText } from './unit-text.ts';
import { figuresOf, unitLine } from './units-table.ts';
import { flawBlocks } from './units-view.ts';

const LEVELS_WORST_FIRST: readonly Level[] = [
  'undefined-ltv',
  'liquidation',
  'margin-call',
  'transfer-out',
  'initial',
  'normal',
];

export function homeTab(view: HomeView, workspaceUrl: string | null): Home {
  const line = (request: HomeView['open'][number]): string => requestLine(request, workspaceUrl);
  const more = (left: number): string => `… and ${left} more: \`/loandesk requests\``;
  const list = (title: string, lines: readonly string[], empty: string): KnownBlock[] => [
    header(title),
    ...(lines.length === 0 ? [section(empty)] : sections(lines, 4_000, more)),
  ];
  return {
    type: 'home',
    blocks: [
      ...list('Waiting for me', view.waitingForMe.map(line), 'Nothing waits for your decision.'),
      ...unitBlocks(view),
      ...list('Open close requests', [...unreadableLines(view.unreadable), ...view.open.map(line)], 'None.'),
      ...list('Recent decisions', view.recent.map(line), 'None.'),
      divider,
      ...helpBlocks(),
      context(
        `Your roles: ${view.roles.length === 0 ? 'none' : view.roles.join(', ')} · drawn ${dateToken(view.nowMs)}`,
      ),
    ],
  };
}

function unitBlocks(view: HomeView): KnownBlock[] {
  if (view.units !== null) return [header('Risk units'), ...levels(view.units)];
  if (view.unitsRefusal === null) return [];
  return [header('Risk units'), section(refusalText(view.unitsRefusal))];
}

function levels(view: UnitsView): KnownBlock[] {
  const flaws = flawBlocks(view.flaws);
  if (view.units.length === 0)
    return [
      section(
        "No units found. That doesn't mean nothing is owed: units under an account this bot has no key for aren't shown.",
      ),
      ...flaws,
    ];
  const counts = LEVELS_WORST_FIRST.map((level) => ({
    level,
    count: view.units.filter((unit) => levelOf(unit, view.thresholds) === level).length,
  })).filter(({ count }) => count > 0);
  const summary = counts.map(({ level, count }) => `*${count}* ${levelText(level)}`).join(' · ');
  const worst = view.units.slice(0, 5).map((unit) => `• ${unitLine(figuresOf(unit, view.thresholds))}`);
  return [
    section(`${summary}\nAs of ${secondsToken(view.asOfMs)}.`),
    ...sections(worst, 4_000, (left) => `… and ${left} more: \`/ltv\``),
    ...flaws,
  ];
}

function helpBlocks(): KnownBlock[] {
  const lines = Object.values(COMMANDS).map(
    (command) => `• \`${escapeMrkdwn(USAGE[command].usage)}\`: ${USAGE[command].does}`,
  );
  return [header('Commands'), ...sections(lines, 2_900, (left) => `… and ${left} more`)];
}

/** For people who may not use Loandesk, and when the home could not be drawn. */
export function refusedHomeTab(refusal: Refusal): Home {
  return { type: 'home', blocks: [header('Loandesk'), section(refusalText(refusal))] };
}
