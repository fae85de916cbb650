/** `/loandesk status` and `/loandesk audit verify`. */
import type { AuditVerdict } from '../../domain/close/audit-chain.ts';
import type { StatusView } from '../../usecases/desk.ts';
import type { ExchangeStop } from '../../usecases/ports.ts';
import { context, fitLines, header, section, sections } from './block-builders.ts';
import { DRY_RUN_LINE } from './dry-run.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import type { Message } from './message.ts';
import { noticeMessage } from './notice-message.ts';
import { dateToken, utcText } from './time-text.ts';

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

/** The day's head, for the channel that keeps it. */
export function auditHeadMessage(verdict: AuditVerdict, atMs: number): Message {
  const title = `Audit head of ${utcText(atMs).slice(0, 10)}`;
  const { text } = auditVerdictMessage(verdict, null);
  const when = `Read ${utcText(atMs, 'seconds')}. Keep it: the entries that were read then must still give this head, or the trail was changed or cut off.`;
  return { text: `${title}: ${text}`, blocks: [header(title), section(text), context(when)] };
}

export function auditVerdictMessage(verdict: AuditVerdict, requestId: string | null): Message {
  const scope =
    requestId === null ? 'the whole audit trail' : `request \`${shorten(escapeMrkdwn(requestId), 100)}\``;
  const read = `${verdict.entries} entr${verdict.entries === 1 ? 'y' : 'ies'} of ${verdict.requests} request${verdict.requests === 1 ? '' : 's'} read`;
  const { fault } = verdict;
  const text =
    fault === null
      ? `:white_check_mark: *The audit chain holds* for ${scope}: ${read}, every seal fits.\nHead \`${verdict.head === '' ? 'empty' : escapeMrkdwn(verdict.head)}\`. Compare it with the one posted before: the chain alone cannot show that its end was cut off.`
      : `:red_circle: *FAULT in the audit chain* of ${scope}: entry ${fault.position} in order, number ${fault.sequence} of request \`${shorten(escapeMrkdwn(fault.requestId), 100)}\`: ${shorten(escapeMrkdwn(fault.what), 500)}. ${read}; nothing after that entry is vouched for. Tell your administrator.`;
  return { text, blocks: [header('Audit trail'), section(text)] };
}
