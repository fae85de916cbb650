/** What a statement says of itself, in a message and in its file: what was checked, and what wasn't. Plain text. */

import { exactText } from '../domain/amount.ts';
import { utcDay } from '../domain/calendar-day.ts';
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

export function uncheckedText(why: WhyUnchecked, { read }: Pick<StatementView, 'read'>): string {
  const NOT_STATED = 'and Binance states unpaid interest only as of now';
  switch (why) {
    case 'owed-before':
      return `something was owed already on ${utcDay(read.fromMs)}, the first day that was read, ${NOT_STATED}`;
    case 'owed-after':
      return `something was still owed on ${utcDay(read.beforeMs)}, the last day that was read, ${NOT_STATED}`;
    case 'rebate-not-read':
      return "what the rebate paid couldn't be read";
    case 'owed-not-read':
      return "what is owed now couldn't be read";
    case 'not-booked':
      return 'the interest of the last hour, or the rebate of midnight UTC, may not be booked yet: ask again in 15 minutes';
  }
}

/** Null: every digit agrees. */
export function roundingText({ interestRounding }: Pick<StatementView, 'interestRounding'>): string | null {
  if (interestRounding.length === 0) return null;
  const offs = interestRounding.map(({ asset, off }) => `${exactText(off)} ${asset}`);
  return `The interest paid is off by ${offs.join(', ')}, which rounding may explain.`;
}
