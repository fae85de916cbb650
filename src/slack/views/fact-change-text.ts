/** What moved between two sets of facts, line by line. mrkdwn, escaped. */
import { parseAmount } from '../../domain/amount.ts';
import type { FactChange } from '../../domain/close/facts.ts';
import { amountText } from './amount-text.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { type Audience, account } from './people-text.ts';

const LONGEST = 300;

export function factChangeLines(changes: readonly FactChange[], audience: Audience): string[] {
  return changes.map((change) => {
    const isAddress = change.fact === 'collateral account';
    const which =
      change.which === null
        ? ''
        : ` ${isAddress ? account(change.which, audience) : escapeMrkdwn(change.which)}`;
    const value = (text: string | null): string => {
      if (text === null) return 'none';
      if (change.fact === 'credit account') return account(text, audience);
      return parseAmount(text) === null ? escapeMrkdwn(text) : amountText(text);
    };
    return `• ${change.fact}${shorten(which, LONGEST)}: ${shorten(value(change.before), LONGEST)} → ${shorten(value(change.after), LONGEST)}`;
  });
}
