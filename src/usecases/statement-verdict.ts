/** What a statement says of itself, in a message and in its file: what was checked, and what wasn't. Plain text. */
import type { WhyUnchecked } from '../domain/loan/outstanding.ts';
import type { StatementView } from './loan-desk.ts';

export interface StatementVerdict {
  readonly kind: 'differs' | 'not-verified' | 'nothing' | 'adds-up';
  readonly text: string;
}

export function verdictOf(view: StatementView): StatementVerdict {
  const { assets, differences, isEmpty, missing, flaws } = view;
  const isUnread = missing.length > 0 || flaws.length > 0;
  if (differences.length > 0) {
    const also = isUnread ? ", and part of it couldn't be read" : '';
    return { kind: 'differs', text: `It doesn't add up${also}.` };
  }
  if (isUnread) return { kind: 'not-verified', text: "Not verified: part of it couldn't be read." };
  // Failed records are shown by Binance, and count as nothing.
  const counts = isEmpty ? '' : ' that counts';
  if (assets.length === 0) return { kind: 'nothing', text: `Binance shows nothing${counts} for this month.` };
  return { kind: 'adds-up', text: 'The principal adds up.' };
}

export const UNCHECKED_BECAUSE: Readonly<Record<WhyUnchecked, string>> = {
  'owed-before': 'something was owed before the month, and how much interest was unpaid then is not stated',
  'owed-after': 'something is owed after the month, and Binance states unpaid interest only as of now',
  'rebate-not-read': "what the rebate paid couldn't be read",
  'owed-not-read': "what is owed now couldn't be read",
  'not-booked': 'the first interest of a new loan is due, and not booked yet',
};
