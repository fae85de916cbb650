/** `/loandesk status`. */
import type { StatusView } from '../../usecases/desk.ts';
import type { ExchangeStop } from '../../usecases/ports.ts';
import { context, fitLines, header, type Message, sections } from './blocks.ts';
import { dateToken } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { noticeMessage } from './notice-message.ts';
import { DRY_RUN_LINE } from './request-text.ts';

const LEVELS = {
  ok: ':white_check_mark: OK',
  warning: ':warning: WARNING',
  fault: ':red_circle: FAULT',
} as const;

export function statusMessage(view: StatusView): Message {
  const lines = view.lines.map(
    ({ name, level, text }) =>
      `${LEVELS[level]} *${escapeMrkdwn(shorten(name, 80))}*: ${shorten(escapeMrkdwn(text), 400)}`,
  );
  const mode = view.mode === 'dry-run' ? `mode dry-run: ${DRY_RUN_LINE}` : 'mode live';
  const versions = `Loandesk ${escapeMrkdwn(shorten(view.version, 40))} · Node ${escapeMrkdwn(shorten(view.nodeVersion, 40))} · ${mode}`;
  const more = (left: number): string => `… and ${left} more`;
  return {
    text: fitLines([versions, ...lines], 3_500, more),
    blocks: [header('Loandesk status'), context(versions), ...sections(lines, 8_000, more)],
  };
}

/** After `/loandesk resume`; `stops`: those that were lifted. */
export function resumedMessage(stops: readonly ExchangeStop[]): Message {
  if (stops.length === 0)
    return noticeMessage('Calls to Binance are not stopped. There was nothing to lift.');
  const lines = stops.map(
    ({ bucket, untilMs }) => `• ${shorten(escapeMrkdwn(bucket), 80)}, until ${dateToken(untilMs)}`,
  );
  const list = fitLines(lines, 2_000, (left) => `• … and ${left} more`);
  return noticeMessage(
    `Calls to Binance resume now, in every replica. Lifted:\n${list}\nIf Binance still limits or bans this address, it refuses the next call, and Loandesk stops again. A ban that is ignored gets longer.`,
  );
}
