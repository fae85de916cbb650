/** Money and ratios in words. An amount always keeps every digit; only percentages are rounded, and said to be. */
import { type Amount, exactText, parseAmount } from '../../domain/amount.ts';

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
const TOWARDS_ZERO = 0;

/** A ratio as percent with two decimals: 0.592 becomes "59.20 %". */
export function percentText(ratio: Amount): string {
  return `${ratio.times(100).toFixed(2, HALF_EVEN)} %`;
}

/** The decisive LTV; null: something is owed and there is no net collateral. */
export function ltvText(ltv: Amount | null): string {
  return ltv === null ? 'undefined (no net collateral)' : percentText(ltv);
}

/** How far equity may fall, rounded down so that it never promises more room than there is; null: does not apply. */
export function fallText(fraction: Amount | null): string {
  if (fraction === null) return 'n/a';
  if (fraction.lte(0)) return 'crossed';
  return `${fraction.times(100).toFixed(2, TOWARDS_ZERO)} %`;
}
