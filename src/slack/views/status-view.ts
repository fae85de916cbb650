/** `/loandesk status`. */
import type { ContainerBlock, KnownBlock } from '@slack/types';
import type { StatusView } from '../../usecases/desk.ts';
import type { ExchangeStop } from '../../usecases/ports.ts';
import { context, fitItems, fitLines, header, inForms, type Message, plain, sections } from './blocks.ts';
import { dateToken, plural } from './format.ts';
import { escapeMrkdwn, LIMITS, shorten } from './limits.ts';
import { noticeMessage } from './notice-message.ts';
import { DRY_RUN_LINE } from './request-text.ts';
import { textCell, wrappedTable } from './table-cells.ts';

const LEVELS = {
  fault: ':red_circle: FAULT',
  warning: ':warning: WARNING',
  ok: ':white_check_mark: OK',
} as const;

type Line = StatusView['lines'][number];

/** What is wrong comes first; what is right is counted and folded away. */
export function statusMessage(view: StatusView): Message {
  const of = (wanted: Line['level']): readonly Line[] => view.lines.filter(({ level }) => level === wanted);
  const [faults, warnings, fine] = [of('fault'), of('warning'), of('ok')];
  const title = titleOf(faults.length, warnings.length);
  const wrong = [...faults, ...warnings].map(lineText);
  const mode = view.mode === 'dry-run' ? `mode dry-run: ${DRY_RUN_LINE}` : 'mode live';
  const versions = `Loandesk ${escapeMrkdwn(shorten(view.version, 40))} · Node ${escapeMrkdwn(shorten(view.nodeVersion, 40))} · ${mode}`;
  const more = (left: number): string => `… and ${left} more`;
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [
    header(`Loandesk: ${title}`),
    ...sections(wrong, 5_000, more),
    ...middle,
    context(versions),
  ];
  const text = fitLines([`${title}. ${versions}`, ...wrong, ...fine.map(lineText)], 3_500, more);
  if (fine.length === 0) return { text, blocks: around([]) };
  return inForms(text, around([checksPassed(fine)]), around(sections(fine.map(lineText), 3_500, more)));
}

function titleOf(faults: number, warnings: number): string {
  if (faults === 0 && warnings === 0) return 'all checks OK';
  return [counted(faults, 'fault'), counted(warnings, 'warning')].filter((part) => part !== '').join(', ');
}

function counted(count: number, one: string): string {
  return count === 0 ? '' : plural(count, one);
}

function lineText({ name, level, text }: Line): string {
  return `${LEVELS[level]} *${escapeMrkdwn(shorten(name, 80))}*: ${shorten(escapeMrkdwn(text), 400)}`;
}

/** As many as one table takes; there are some twenty. */
const ROWS_AT_MOST = 60;

function checksPassed(lines: readonly Line[]): ContainerBlock {
  const shown = lines.slice(0, ROWS_AT_MOST);
  const rows = shown.map(({ name, text }) => [textCell(name, 40), textCell(text, 110)]);
  const left = lines.length - shown.length;
  if (left > 0) rows.push([textCell('…'), textCell(`and ${left} more`)]);
  return {
    type: 'container',
    title: plain(
      `${lines.length} ${lines.length === 1 ? 'check is' : 'checks are'} OK`,
      LIMITS.container.title,
    ),
    is_collapsible: true,
    default_collapsed: true,
    child_blocks: [wrappedTable(['Check', 'Result'], rows)],
  };
}

/** After `/loandesk resume`; `stops`: those that were lifted. */
export function resumedMessage(stops: readonly ExchangeStop[]): Message {
  if (stops.length === 0)
    return noticeMessage('Calls to Binance are not stopped. There was nothing to lift.');
  const lines = stops.map(
    ({ bucket, untilMs }) => `• ${shorten(escapeMrkdwn(bucket), 80)}, until ${dateToken(untilMs)}`,
  );
  const list = fitItems(lines, 2_000);
  return noticeMessage(
    `Calls to Binance resume now, in every replica. Lifted:\n${list}\nIf Binance still limits or bans this address, it refuses the next call, and Loandesk stops again. A ban that is ignored gets longer.`,
  );
}
