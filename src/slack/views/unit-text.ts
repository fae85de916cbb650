/** A unit's figures in words, rounded for reading: level, LTV, cushion, cure. mrkdwn without anything to escape. */
import { type Amount, amount, ZERO } from '../../domain/amount.ts';
import type { Cure, Cushion } from '../../domain/unit/cure.ts';
import type { Level, Thresholds } from '../../domain/unit/risk-unit.ts';
import { moneyText } from './format.ts';

const LEVELS: Readonly<Record<Level, { readonly emoji: string; readonly text: string }>> = {
  normal: { emoji: ':large_green_circle:', text: 'Normal' },
  initial: { emoji: ':large_yellow_circle:', text: 'Above initial LTV' },
  'transfer-out': { emoji: ':large_yellow_circle:', text: 'No transfers out' },
  'margin-call': { emoji: ':large_orange_circle:', text: 'MARGIN CALL' },
  liquidation: { emoji: ':red_circle:', text: 'LIQUIDATION' },
  'undefined-ltv': { emoji: ':red_circle:', text: 'LTV UNDEFINED' },
};

export function levelText(level: Level): string {
  return LEVELS[level].text;
}

export function levelEmoji(level: Level): string {
  return LEVELS[level].emoji;
}

const TOWARDS_ZERO = 0;
const HALF_EVEN = 2;
const ONE_POINT = '0.01';

/** A level or a target: 0.85 becomes "85%". */
export function percentText(ratio: Amount): string {
  return `${ratio.times(100).toFixed()}%`;
}

/**
 * An LTV as percent: "59.2%". Within one point of a level it has two decimals and is cut instead of rounded, so that
 * it never reads as a level that is not reached. Null: something is owed and nothing backs it.
 */
export function ltvText(ltv: Amount | null, levels: Thresholds | readonly Amount[]): string {
  if (ltv === null) return 'no LTV';
  const isNear = Object.values(levels).some((level: Amount) => ltv.minus(level).abs().lt(ONE_POINT));
  return `${isNear ? ltv.times(100).toFixed(2, TOWARDS_ZERO) : ltv.times(100).toFixed(1, HALF_EVEN)}%`;
}

/** A share of equity that may be lost, rounded down so that it never promises more room than there is: "0.9%". */
export function shareText(share: Amount): string {
  const percent = share.times(100);
  return `${percent.toFixed(percent.lt('0.1') ? 2 : 1, TOWARDS_ZERO)}%`;
}

const WHOLE_FROM = '1000';

/** Money rounded down to what is shown. */
function roundedDown(value: Amount): Amount {
  return value.round(value.gte(WHOLE_FROM) ? 0 : 2, TOWARDS_ZERO);
}

/** The next figure above it, because at a level exactly the unit is still in it. */
function roundedUp(value: Amount): Amount {
  return roundedDown(value).plus(amount(value.gte(WHOLE_FROM) ? '1' : '0.01'));
}

/** "*32,752 (0.9%)* to margin call". */
export function cushionText({ amount: left, ofEquity }: Cushion, to: string): string {
  if (left.eq(ZERO)) return `${to} reached`;
  const share = ofEquity === null ? '' : ` (${shareText(ofEquity)})`;
  return `*${moneyText(roundedDown(left))}${share}* to ${to}`;
}

/** "repay *84,001* with money from outside the unit, or add *98,824* of collateral, to get under 85%": each alone is enough. */
export function cureText(cure: Cure, target: Amount): string {
  const { add, repayFromOutside } = cure;
  const added = `add *${moneyText(roundedUp(add))}* of collateral`;
  const either =
    repayFromOutside === null
      ? added
      : `repay *${moneyText(roundedUp(repayFromOutside))}* with money from outside the unit, or ${added},`;
  return `${either} to get under ${percentText(target)}`;
}

/**
 * The three ways, told apart by where the money comes from: quoting one for another leaves the LTV too high. Each alone
 * is enough. Repaying is left out where it can't bring the unit there.
 */
export function cureForms({ add, repayFromOutside, repayFromInside }: Cure): readonly string[] {
  const repay = (need: Amount | null, money: string): string[] =>
    need === null ? [] : [`repay *${moneyText(roundedUp(need))}* with money ${money} the unit`];
  return [
    `add *${moneyText(roundedUp(add))}* of collateral`,
    ...repay(repayFromOutside, 'from outside'),
    ...repay(repayFromInside, 'inside'),
  ];
}

const CELLS = 10;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** The LTV from 0 to 100% as a bar of constant width. */
export function ltvBar(ltv: Amount | null): string {
  const eighths = ltv === null || ltv.gte('1') ? CELLS * 8 : Math.floor(ltv.times(CELLS * 8).toNumber());
  const whole = Math.floor(eighths / 8);
  const bar = '█'.repeat(whole) + (EIGHTHS[eighths % 8] ?? '');
  // Slack cuts plain spaces at the end of code.
  return `\`${bar.padEnd(CELLS, '\u00a0')}\``;
}
