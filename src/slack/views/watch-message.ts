/** What the watch itself says in its channel: that it begins, is blind or sees again, and news of units. mrkdwn, escaped. */
import { amount } from '../../domain/amount.ts';
import { WATCH_ID } from '../../domain/subject.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import type { BlindCause, CameAndWent, NamedEpisode, WatchEvent } from '../../domain/watch/watch.ts';
import type { UnreadableOfWatch } from '../../usecases/watch-ports.ts';
import { levelMark, levelName, ltvPhrase, readLtv } from './alert-figures.ts';
import { context, fitItems, fitLines, header, type Message, section } from './blocks.ts';
import { digestMessage } from './digest-view.ts';
import { account, amountText, dateToken, durationText, groupMention, moneyText, plural } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { noticeMessage } from './notice-message.ts';

export function watchMessage(event: WatchEvent, levels: readonly WatchLevel[]): Message {
  switch (event.type) {
    case 'digest':
      return digestMessage(event, levels);
    case 'summary':
      return summaryMessage(event, levels);
    case 'reminder':
      return reminderMessage(event, levels);
    case 'blind':
      return titled('🙈 The watch is blind', blindText(event));
    case 'forced-liquidation':
      return titled(
        `🔴 Unit ${event.groupId}: forced liquidation`,
        `Binance's records have a new forced-liquidation row of unit ${event.groupId}, ${dateToken(event.rowAtMs)}: ${shorten(escapeMrkdwn(event.text), 500)}`,
      );
    default:
      return noticeMessage(newsText(event, levels));
  }
}

function titled(title: string, text: string): Message {
  return { text: `${title}. ${text}`, blocks: [header(title), section(text)] };
}

const SUMMARY_SHOWN = 20;

function summaryMessage(
  { episodes }: Extract<WatchEvent, { type: 'summary' }>,
  levels: readonly WatchLevel[],
): Message {
  const title = `🔴 ${episodes.length} units reached a level within a minute`;
  const end = 'Their cards are in this thread or above. `/loandesk watch` lists all that is open.';
  return listMessage(title, episodes, end, levels);
}

function reminderMessage(
  { why, episodes }: Extract<WatchEvent, { type: 'reminder' }>,
  levels: readonly WatchLevel[],
): Message {
  const count = episodes.length === 1 ? '1 unit is' : `${episodes.length} units are`;
  const isEscalated = why === 'escalated';
  const title = `🔁 ${count} still at a level${isEscalated ? ', and nobody has the cases' : ''}`;
  const take = isEscalated ? 'Take them with *I have it* on their cards. ' : '';
  return listMessage(title, episodes, `${take}\`/loandesk watch\` lists all that is open.`, levels);
}

function listMessage(
  title: string,
  episodes: readonly NamedEpisode[],
  end: string,
  levels: readonly WatchLevel[],
): Message {
  const lines = episodes
    .slice(0, SUMMARY_SHOWN)
    .map(
      ({ groupId, level, ltv, id }) =>
        `• ${levelMark(level)} *Unit ${groupId}*: ${levelName(level)}, ${ltvPhrase(ltv, levels)} · \`/loandesk case ${id}\``,
    );
  const left = episodes.length - SUMMARY_SHOWN;
  if (left > 0) lines.push(`• … and ${left} more`);
  const text = fitLines([`${title}.`, ...lines, end], 3_500);
  return {
    text,
    blocks: [header(title), section(fitItems(lines, 2_800)), section(end)],
  };
}

const CAUSES: Readonly<Record<BlindCause, string>> = {
  unavailable: "Binance can't be reached or gives no usable answer",
  maintenance: 'Binance is under maintenance',
  refused: 'Binance refuses to answer',
  busy: 'the request limit is used up',
  empty: "Binance's answer names no unit",
  incomplete: 'part of the reading is missing, unreadable or contradicts itself',
  stale: "Binance's answers are older than the last reading",
};

/** "Binance can't be reached …". Plain text without anything to escape. */
export function causeText(cause: BlindCause): string {
  return CAUSES[cause];
}

function blindText(event: Extract<WatchEvent, { type: 'blind' }>): string {
  const { sinceMs, cause, why, openCases } = event;
  const open =
    openCases === 0
      ? 'No open case is known.'
      : `${openCases === 1 ? '1 open case stays' : `${openCases} open cases stay`} open.`;
  return `No complete reading since ${dateToken(sinceMs)}: ${CAUSES[cause]} (${shorten(escapeMrkdwn(why), 300)}). *This is not an all-clear*: a unit may cross a level unseen. Look at Binance. ${open}${cameAndWentText(event)}`;
}

function cameAndWentText({ cameAndWent }: { readonly cameAndWent?: CameAndWent }): string {
  if (cameAndWent === undefined) return '';
  const { times, sinceMs } = cameAndWent;
  return ` Binance's answers came and went ${times === 1 ? 'once' : `${times} times`} since ${dateToken(sinceMs)}.`;
}

/** By these words replicas of every version recognise it while it waits. */
const TRIP_WIRE_TITLE = 'The LTV watch is silent';

/** Of a message that waits; one that is listed without its text counts, too, because the bot schedules nothing else. */
export function isTripWireText(text: string): boolean {
  return text === '' || text.includes(TRIP_WIRE_TITLE);
}

/** What Slack posts when the bot has been silent for so long that it could not put it off. */
export function tripWireMessage(silentSinceMs: number, group: readonly string[]): Message {
  const title = `🚨 ${TRIP_WIRE_TITLE}`;
  const text = `*The LTV watch has been silent since ${dateToken(silentSinceMs)}.* Loandesk is down or can't reach Slack: nobody is told when a unit crosses a level. Look at Binance now, and tell your administrator.`;
  return {
    text: `${title}. ${text}`,
    blocks: [
      header(title),
      section(text),
      ...(groupMention(group) === '' ? [] : [context(groupMention(group))]),
    ],
  };
}

/** To each person of the watch group, while the watch can't read its own record or that of a case. */
export function unreadableMessage(records: readonly UnreadableOfWatch[]): Message {
  const isStopped = records.some(({ record }) => record.subjectId === WATCH_ID);
  const lines = records.map(({ groupId, record }) => {
    const unit = groupId === null ? '' : `*Unit ${groupId}*: `;
    return `• ${unit}${escapeMrkdwn(shorten(record.message, 300))}`;
  });
  const units = records.flatMap(({ groupId }) => groupId ?? []);
  const [unit, ...others] = units;
  const [title, lead] = isStopped
    ? ['🛑 The watch has stopped', '*Nobody is told when a unit crosses a level.* Look at Binance now.']
    : unit === undefined
      ? ["🛑 A drill can't go on", 'Units are watched as before.']
      : [
          others.length === 0 ? `🛑 Unit ${unit} isn't watched` : `🛑 ${units.length} units aren't watched`,
          `*Nobody is told when ${others.length === 0 ? 'it crosses' : 'they cross'} a level.* Look at Binance now. Other units are watched, but nothing is called recovered.`,
        ];
  const end =
    "Tell your administrator: “A record of the watch that can't be read” in docs/operations.md says what to do. You get this once an hour until it's done.";
  const list = fitItems(lines, 2_000);
  return {
    text: `${title}. ${lead}\n${list}\n${end}`,
    blocks: [header(title), section(lead), section(list), section(end)],
  };
}

type News = Exclude<WatchEvent, { type: 'digest' | 'summary' | 'reminder' | 'blind' | 'forced-liquidation' }>;

function newsText(event: News, levels: readonly WatchLevel[]): string {
  switch (event.type) {
    case 'began': {
      const units = plural(event.units, 'unit');
      const at =
        event.atLevel === 0
          ? 'None is at a level.'
          : `${event.atLevel} ${event.atLevel === 1 ? 'is' : 'are'} at a level already.`;
      return `*The watch begins*: it reads ${units}. ${at} Nothing from before is remembered.`;
    }
    case 'seeing-again':
      return `*The watch reads again*${event.cameAndWent === undefined ? `, after ${durationText(event.atMs - event.sinceMs)} without a complete reading.` : `.${cameAndWentText(event)}`} What crossed a level in between and went back was not seen.`;
    case 'unit-vanished':
      return `*Unit ${event.groupId} is missing from Binance's answer.* That doesn't mean that it was repaid or closed. Look at Binance.`;
    case 'unit-appeared':
      return `Unit ${event.groupId} is new, and watched from now on.`;
    case 'borrowed-more':
      return `Unit ${event.groupId} borrowed more: ${asset(event)} principal ${moneyText(event.before)} → *${moneyText(event.after)}*. LTV now ${readLtv(event.ltv, levels)}.`;
    case 'rate-step':
      return `The rate of ${asset(event)} on unit ${event.groupId} changed: ${yearly(event.before)} → *${yearly(event.after)} per year* (hourly ${amountText(event.before)} → ${amountText(event.after)}).`;
    case 'members-changed': {
      const lines = [
        ...event.added.map((member) => `• now: ${memberText(member)}`),
        ...event.removed.map((member) => `• no longer: ${memberText(member)}`),
      ];
      const list = fitItems(lines, 2_000);
      return `Accounts or counting wallets of unit ${event.groupId} changed.\n${list}`;
    }
  }
}

function asset(event: { readonly asset: string }): string {
  return escapeMrkdwn(shorten(event.asset, 40));
}

const HOURS_A_YEAR = 24 * 365;

/** Without compounding, as Binance states rates. */
function yearly(hourly: string): string {
  return `${amount(hourly).times(HOURS_A_YEAR).times(100).toFixed(2)}%`;
}

/** From `email|type|margin|spot`. */
function memberText(member: string): string {
  const [email = '', type = '', margin, spot] = member.split('|');
  const wallets = [...(margin === 'true' ? ['margin'] : []), ...(spot === 'true' ? ['spot'] : [])];
  const counted = wallets.length === 0 ? 'no wallet counts' : `${wallets.join(' and ')} count`;
  return `${account(shorten(email, 254), 'channel')}, ${escapeMrkdwn(shorten(type, 40).toLowerCase())} account, ${counted}`;
}
