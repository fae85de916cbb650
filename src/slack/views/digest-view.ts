/** The daily digest: whether all is clear, then the units from the worst, then what is open. For a channel: no addresses. */

import { amount } from '../../domain/amount.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import type { Digest, DigestUnit } from '../../domain/watch/watch.ts';
import { levelMark, levelName, pointsText, readLtv } from './alert-figures.ts';
import { context, fitLines, header, type Message, sections } from './blocks.ts';
import { moneyText, plural, secondsToken, zonedText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';

const UNITS_SHOWN = 30;

export function digestMessage(digest: Digest, levels: readonly WatchLevel[]): Message {
  const title = titleOf(digest);
  const units = (digest.units ?? []).slice(0, UNITS_SHOWN).map((unit) => unitText(unit, levels));
  const left = (digest.units?.length ?? 0) - units.length;
  if (left > 0) units.push(`• … and ${left} more: \`/ltv\``);
  const open = openLines(digest);
  const small = smallPrint(digest);
  const more = (count: number): string => `… and ${count} more lines`;
  return {
    text: fitLines([`${title}.`, ...units, ...open, small], 3_500, more),
    blocks: [header(title), ...sections(units, 6_000, more), ...sections(open, 2_500, more), context(small)],
  };
}

/** "All clear" only where every unit was read and is below every level, and nothing is open. Plain text. */
function titleOf({ units, openCases, openRequests }: Digest): string {
  if (units === null) return '🙈 No digest: the watch is blind';
  // An empty list is never an all-clear.
  if (units.length === 0) return '🙈 No unit is visible';
  const count = plural(units.length, 'unit');
  const troubled = units.filter(({ level }) => level !== 'normal').length;
  if (troubled > 0) return `${troubled} of ${count} at a level${casesText(openCases.length)}`;
  if (openCases.length > 0) return `No unit at a level${casesText(openCases.length)}`;
  const requests = openRequests.length;
  const asked = requests === 0 ? '' : `, ${plural(requests, 'open close request')}`;
  return `All clear: ${count} below every level${asked}`;
}

function casesText(open: number): string {
  return open === 0 ? '' : `, ${plural(open, 'open case')}`;
}

function unitText(
  { groupId, level, ltv, ltvBefore, interest }: DigestUnit,
  levels: readonly WatchLevel[],
): string {
  const mark = level === 'normal' ? '🟢' : levelMark(level);
  const name = level === 'normal' ? '' : ` · ${levelName(level)}`;
  return `• ${mark} *Unit ${groupId}: ${readLtv(ltv, levels)}*${name}${changeText(ltv, ltvBefore)}${interestText(interest)}`;
}

function changeText(ltv: string | null, before: string | null): string {
  if (ltv === null || before === null) return '';
  return ` · ${pointsText(before, ltv) ?? 'unchanged'} since yesterday`;
}

const ASSETS_SHOWN = 4;

function interestText(interest: DigestUnit['interest']): string {
  if (interest === null) return '';
  const paid = Object.entries(interest).filter(([, value]) => amount(value).gt('0'));
  if (paid.length === 0) return ' · no interest yesterday';
  const shown = paid
    .slice(0, ASSETS_SHOWN)
    .map(([asset, value]) => `${moneyText(value)} ${escapeMrkdwn(shorten(asset, 20))}`);
  const more = paid.length > ASSETS_SHOWN ? ` and ${paid.length - ASSETS_SHOWN} more assets` : '';
  return ` · interest yesterday ${shown.join(', ')}${more}`;
}

function openLines({ openCases, openRequests }: Digest): readonly string[] {
  return [
    ...openCases.map(
      ({ id, groupId, level, owned }) =>
        `• Open case: unit ${groupId}, ${levelName(level)}, ${owned ? 'somebody has it' : '*nobody has it*'} · \`/loandesk case ${id}\``,
    ),
    ...openRequests.map(
      ({ id, groupId }) =>
        `• Open close request: unit ${groupId} · \`/loandesk request ${escapeMrkdwn(shorten(id, 40)).replaceAll('`', '')}\``,
    ),
  ];
}

function smallPrint({ units, forMs, timeZone, late, skippedMs, asOfMs }: Digest): string {
  const at = (ms: number): string => `${zonedText(ms, timeZone)} ${timeZone}`;
  return [
    ...(units === null
      ? ['Nothing is claimed about any unit: the last reading was not complete. Look at Binance.']
      : [`Reading of ${asOfMs === null ? 'an unknown time' : secondsToken(asOfMs)}`]),
    `digest of ${at(forMs)}${late ? ', late: Loandesk was not running then' : ''}`,
    ...(skippedMs === null
      ? []
      : [`the one of ${at(skippedMs)} was skipped: Loandesk was not running until later`]),
  ].join(' · ');
}
