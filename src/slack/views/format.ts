/** Single values in words: amounts and ratios, times, people and accounts, links to messages. */
import { type Amount, exactText, parseAmount } from '../../domain/amount.ts';
import type { CardLocation } from '../../domain/card-location.ts';
import type { Need } from '../../domain/close/seats.ts';
import { knownTimeZone, type PersonId } from '../../domain/person.ts';
import { escapeMrkdwn } from './limits.ts';

/** All digits, thousands separated: 1234567.00000001 becomes "1,234,567.00000001". */
export function amountText(value: Amount | string): string {
  const parsed = typeof value === 'string' ? parseAmount(value) : value;
  if (parsed === null) return String(value);
  const text = exactText(parsed);
  const [whole = '0', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

const HALF_EVEN = 2;

const WHOLE_FROM = 1_000;
const SMALLEST_ROUNDED = '0.01';

/** Money rounded for reading: no decimals from 1,000, two below; below 0.01 every digit, so that little is not nothing. */
export function moneyText(value: Amount | string): string {
  const parsed = typeof value === 'string' ? parseAmount(value) : value;
  if (parsed === null) return String(value);
  const size = parsed.abs();
  if (size.lt(SMALLEST_ROUNDED)) return amountText(parsed);
  return amountText(parsed.round(size.gte(WHOLE_FROM) ? 0 : 2, HALF_EVEN));
}

function isSayable(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8_640_000_000_000_000;
}

/** "2026-11-20 14:05 UTC"; with seconds for evidence. Safe in plain text. */
export function utcText(ms: number, precision: 'minutes' | 'seconds' = 'minutes'): string {
  if (!isSayable(ms)) return 'an unreadable time';
  const iso = new Date(ms).toISOString();
  const end = precision === 'minutes' ? iso.lastIndexOf(':') : iso.lastIndexOf('.');
  return `${iso.slice(0, end).replace('T', ' ')} UTC`;
}

/** Which parts of a time a token shows. */
export const DATE_FORMAT = '{date_short_pretty} {time}';

/** A mrkdwn token that each reader's device shows in its own time zone; UTC where tokens are not rendered. */
export function dateToken(ms: number): string {
  if (!isSayable(ms)) return utcText(ms);
  return `<!date^${Math.floor(ms / 1000)}^${DATE_FORMAT}|${utcText(ms)}>`;
}

/** The same with seconds: figures move while people read. */
export function secondsToken(ms: number): string {
  if (!isSayable(ms)) return utcText(ms);
  return `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time_secs}|${utcText(ms, 'seconds')}>`;
}

/** The same with a countdown ("in 3 hours") where the client knows it. */
export function countdownToken(ms: number): string {
  if (!isSayable(ms)) return utcText(ms);
  return `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time} ({ago})|${utcText(ms)}>`;
}

/** Both: the token for the eye, UTC for the record. */
export function dateAndUtc(ms: number): string {
  return `${dateToken(ms)} (${utcText(ms, 'seconds')})`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units: "3 d 4 h", "12 min 5 s". */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return 'an unknown time';
  const total = Math.max(0, Math.floor(ms));
  const parts: [number, string][] = [
    [Math.floor(total / DAY), 'd'],
    [Math.floor((total % DAY) / HOUR), 'h'],
    [Math.floor((total % HOUR) / MINUTE), 'min'],
    [Math.floor((total % MINUTE) / 1000), 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** In the reader's own zone, for cells where date tokens are not rendered: "2026-11-20 15:05" (the zone is said once). */
export function zonedText(ms: number, timeZone: string): string {
  if (!isSayable(ms)) return utcText(ms);
  return new Date(ms).toLocaleString('sv-SE', {
    timeZone: knownTimeZone(timeZone),
    dateStyle: 'short',
    timeStyle: 'short',
  });
}

/** "1 unit", "2 units". */
export function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** Slack's ids of people. */
export function isUserId(text: string): boolean {
  return /^[UW][A-Z0-9]{1,30}$/.test(text);
}

/** A mention by user id; anything that is not a user id is shown as escaped text. */
export function mention(person: PersonId | string): string {
  const userId = typeof person === 'string' ? person : person.userId;
  return isUserId(userId) ? `<@${userId}>` : escapeMrkdwn(userId);
}

export function mentions(people: Iterable<PersonId | string>): string {
  return [...people].map(mention).join(', ');
}

/** A channel by its id; `otherwise`: where it is not one. */
export function channelMention(channelId: string, otherwise: string): string {
  return /^[CG][A-Z0-9]{1,30}$/.test(channelId) ? `<#${channelId}>` : otherwise;
}

/** As many as fit into one section. */
const NAMED_AT_MOST = 150;

/** People and user groups by their ids, each of whom Slack notifies; other names are left out. */
export function groupMention(names: readonly string[]): string {
  return names
    .flatMap((name) =>
      /^S[A-Z0-9]{1,30}$/.test(name) ? [`<!subteam^${name}>`] : isUserId(name) ? [mention(name)] : [],
    )
    .slice(0, NAMED_AT_MOST)
    .join(' ');
}

/** "1 of @treasury and 2 of @risk or @chen": whom a rule needs. Mentions that Slack turns into names. */
export function needsText(needs: readonly Need[]): string {
  return needs
    .map(({ from, count }) => `${count} of ${groupMention(from).replaceAll(' ', ' or ')}`)
    .join(' and ');
}

/** "tst20241120@test.com" becomes "t***0@test.com"; text without an @ keeps its first character only. Plain text. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const characters = Array.from(at === -1 ? email : email.slice(0, at));
  const first = characters[0] ?? '';
  const last = at === -1 || characters.length < 3 ? '' : (characters.at(-1) ?? '');
  return `${first}***${last}${at === -1 ? '' : email.slice(at)}`;
}

/** Free text with every address in it masked; before the @ is what RFC 5322 allows unquoted. */
export function maskEmails(text: string): string {
  return text.replace(/[\p{L}\d.!#$%&'*+/=?^_`{|}~-]*@[\p{L}\d._+-]*/gu, maskEmail);
}

/** Who reads a view: `channel` masks addresses. */
export type Audience = 'private' | 'channel';

/** An account's address for this audience, escaped for mrkdwn. */
export function account(email: string, audience: Audience): string {
  return escapeMrkdwn(accountPlain(email, audience));
}

/** The same for plain text (table cells, headers). */
export function accountPlain(email: string, audience: Audience): string {
  return audience === 'channel' ? maskEmail(email) : email;
}

/** `workspaceUrl` comes from auth.test ("https://acme.slack.com/"); null: not known yet, so no link. */
export function cardLink(workspaceUrl: string | null, card: CardLocation | null): string | null {
  if (workspaceUrl === null || card === null) return null;
  if (!URL.canParse(workspaceUrl) || !/^[A-Z0-9]+$/.test(card.channelId)) return null;
  if (!/^\d+\.\d+$/.test(card.messageTs)) return null;
  return new URL(`archives/${card.channelId}/p${card.messageTs.replace('.', '')}`, workspaceUrl).href;
}

/** " · card" as a mrkdwn link, or nothing. */
export function cardMention(workspaceUrl: string | null, card: CardLocation | null): string {
  const link = cardLink(workspaceUrl, card);
  return link === null ? '' : ` · <${link}|card>`;
}
