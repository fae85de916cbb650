/** People and accounts in text. E-mail addresses are masked wherever more than one person reads. */
import type { PersonId } from '../../domain/person.ts';
import { escapeMrkdwn } from './limits.ts';

/** A mention by user id; anything that is not a user id is shown as escaped text. */
export function mention(person: PersonId | string): string {
  const userId = typeof person === 'string' ? person : person.userId;
  return /^[UW][A-Z0-9]{1,30}$/.test(userId) ? `<@${userId}>` : escapeMrkdwn(userId);
}

export function mentions(people: Iterable<PersonId | string>): string {
  return [...people].map(mention).join(', ');
}

/** "tst20241120@test.com" becomes "t***0@test.com"; text without an @ keeps its first character only. Plain text. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const characters = Array.from(at === -1 ? email : email.slice(0, at));
  const first = characters[0] ?? '';
  const last = at === -1 || characters.length < 3 ? '' : (characters.at(-1) ?? '');
  return `${first}***${last}${at === -1 ? '' : email.slice(at)}`;
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
