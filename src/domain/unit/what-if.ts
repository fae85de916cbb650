/** `/ltv 12 to 75%`, `/ltv 12 if -15%`, `/ltv 12 if borrow 500000`: what was asked about one unit, and the answer. */
import { type Amount, amount, parseAmount, ZERO } from '../amount.ts';
import { done, type Result, refuse } from '../refusal.ts';
import { ltvAfterBorrow, ltvAfterEquityChange } from './cure.ts';
import { type RiskUnit, type Standing, standingOf } from './risk-unit.ts';

export type WhatIf =
  /** An LTV above 0 and below 1. */
  | { readonly kind: 'target'; readonly target: Amount }
  /** Net equity changes by this fraction of itself: −0.15, it falls by 15%. */
  | { readonly kind: 'equity'; readonly change: Amount }
  /** Borrowed and kept in the unit; as Binance values it. */
  | { readonly kind: 'borrow'; readonly borrowed: Amount };

export interface WhatIfQuestion {
  /** What names the unit. */
  readonly unit: string;
  readonly whatIf: WhatIf;
}

const FORMS = '`12 to 75%`, `12 if -15%` or `12 if borrow 500000`';
const ONE = amount('1');

/** Null: the text asks no such question. */
export function parseWhatIf(text: string): Result<WhatIfQuestion | null> {
  const match = /^(\S+)\s+(to|if)(?:\s+(.*))?$/i.exec(text.trim());
  if (match === null) return done(null);
  const [, unit = '', word = '', rest = ''] = match;
  const whatIf = word.toLowerCase() === 'to' ? target(rest.trim()) : condition(rest.trim());
  if (whatIf === null) return refuse({ code: 'bad-filter', input: text.trim(), expected: FORMS });
  return done({ unit, whatIf });
}

/** "75%", "75" and "0.75" mean the same. */
function target(typed: string): WhatIf | null {
  const [, digits = '', percent] = /^(\d{1,3}(?:\.\d{1,18})?)\s*(%?)$/.exec(typed) ?? [];
  const number = parseAmount(digits);
  if (number === null) return null;
  const ratio = percent === '%' || number.gte(ONE) ? number.div('100') : number;
  return ratio.gt(ZERO) && ratio.lt(ONE) ? { kind: 'target', target: ratio } : null;
}

/** A change needs its sign and its percent: "15" could be meant in either direction. Phones write − and – for -. */
function condition(typed: string): WhatIf | null {
  const [, sign = '', percent = ''] = /^([-−–+])\s*(\d{1,4}(?:\.\d{1,18})?)\s*%$/.exec(typed) ?? [];
  const share = parseAmount(percent)?.div('100');
  if (share?.gt(ZERO)) {
    if (sign === '+') return { kind: 'equity', change: share };
    return share.lte(ONE) ? { kind: 'equity', change: share.neg() } : null;
  }
  const [, digits = ''] =
    /^borrow\s+(\d{1,3}(?:,\d{3})+(?:\.\d{1,18})?|\d{1,24}(?:\.\d{1,18})?)$/i.exec(typed) ?? [];
  const borrowed = parseAmount(digits.replaceAll(',', ''));
  return borrowed?.gt(ZERO) ? { kind: 'borrow', borrowed } : null;
}

/** Net equity lower by these fractions of itself. */
const SHOCKS = ['-0.05', '-0.10', '-0.20', '-0.30'].map((text) => amount(text));

export interface LtvAfter {
  /** Null: nothing else changes. */
  readonly change: Amount | null;
  /** Null: something is owed and nothing backs it. */
  readonly ltv: Amount | null;
}

/** What is asked for first, then the same with net equity lower by 5, 10, 20 and 30%. M is taken as unchanged. */
export function ltvAfter(unit: RiskUnit, whatIf: Exclude<WhatIf, { kind: 'target' }>): readonly LtvAfter[] {
  const standing = standingOf(unit);
  if (whatIf.kind === 'equity') {
    const changes = [whatIf.change, ...SHOCKS.filter((shock) => !shock.eq(whatIf.change))];
    return changes.map((change) => ({ change, ltv: ltvAfterEquityChange(unit, change, standing) }));
  }
  const { borrowed } = whatIf;
  const larger: RiskUnit = {
    ...unit,
    totalLiability: unit.totalLiability.plus(borrowed),
    totalNetEquity: unit.totalNetEquity.plus(borrowed),
  };
  const after: Standing = {
    ltv: ltvAfterBorrow(unit, borrowed, standing),
    collateral: standing.collateral.plus(borrowed),
  };
  const shocked = SHOCKS.map((change) => ({ change, ltv: ltvAfterEquityChange(larger, change, after) }));
  return [{ change: null, ltv: after.ltv }, ...shocked];
}
