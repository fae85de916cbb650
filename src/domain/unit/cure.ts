/**
 * How far a unit is from a level, what brings it back under one, and its LTV after a change. All of it takes the
 * decisive LTV: L is owed, N = L / LTV backs it. Where Binance states a worse LTV than its sums give, that N is below
 * E − M: what is owed is counted and what backs it is priced, so less collateral is assumed, which makes cushions
 * smaller and cures larger, never the other way round. Maintenance margin M is taken as unchanged throughout.
 */
import { type Amount, amount, ZERO } from '../amount.ts';
import { ltvOf, type RiskUnit, type Standing, standingOf } from './risk-unit.ts';

const ONE = amount('1');

/** What may be lost before a level is reached. */
export interface Cushion {
  /** As Binance values equity; zero when the level is reached, never negative. */
  readonly amount: Amount;
  /** The same as a share of net equity E: 0.3356 = 33.56 %; null when E is not positive. */
  readonly ofEquity: Amount | null;
}

/** N − L/T. Null: nothing is owed, so no loss reaches a level. */
export function cushionTo(unit: RiskUnit, level: Amount, standing = standingOf(unit)): Cushion | null {
  return cushionOf(unit, level, standing);
}

/** The same from figures that were kept: the sums, and the standing that they gave. */
export function cushionOf(
  { totalLiability, totalNetEquity }: Pick<RiskUnit, 'totalLiability' | 'totalNetEquity'>,
  level: Amount,
  { collateral }: Standing,
): Cushion | null {
  if (totalLiability.lte(ZERO)) return null;
  const cushion = atLeastZero(collateral.minus(totalLiability.div(level)));
  return { amount: cushion, ofEquity: totalNetEquity.gt(ZERO) ? cushion.div(totalNetEquity) : null };
}

/** Each of the three alone brings the unit to the target, exactly. */
export interface Cure {
  /** Collateral from outside the unit, as Binance counts it: after haircuts. */
  readonly add: Amount;
  /** Null when E − M is not positive: then even a repaid unit may need collateral first. */
  readonly repayFromOutside: Amount | null;
  /** With money that counts in E, so E falls with it; null from an LTV of 100 % on, where it would make the LTV worse. */
  readonly repayFromInside: Amount | null;
}

/** `target` is above 0 and below 1. Null: nothing is owed, or the LTV is below the target already. */
export function cureTo(unit: RiskUnit, target: Amount, standing = standingOf(unit)): Cure | null {
  return cureOf(unit.totalLiability, target, standing);
}

/** The same from figures that were kept. */
export function cureOf(liability: Amount, target: Amount, { ltv, collateral }: Standing): Cure | null {
  if (liability.lte(ZERO) || ltv?.lt(target)) return null;
  const overTarget = atLeastZero(liability.minus(target.times(collateral)));
  return {
    add: atLeastZero(liability.div(target).minus(collateral)),
    repayFromOutside: collateral.gt(ZERO) ? overTarget : null,
    repayFromInside: collateral.gt(liability) ? overTarget.div(ONE.minus(target)) : null,
  };
}

/** The LTV after net equity changed by this fraction of itself (−0.15: it fell by 15 %); null: not defined. */
export function ltvAfterEquityChange(
  unit: RiskUnit,
  change: Amount,
  { collateral } = standingOf(unit),
): Amount | null {
  return ltvOf(unit.totalLiability, collateral.plus(unit.totalNetEquity.times(change)));
}

/** The LTV after a borrow that stays in the unit, where it counts in E; null: not defined. */
export function ltvAfterBorrow(
  unit: RiskUnit,
  borrowed: Amount,
  { collateral } = standingOf(unit),
): Amount | null {
  return ltvOf(unit.totalLiability.plus(borrowed), collateral.plus(borrowed));
}

function atLeastZero(value: Amount): Amount {
  return value.lt(ZERO) ? ZERO : value;
}
