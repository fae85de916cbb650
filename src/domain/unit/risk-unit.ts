/**
 * The risk unit and its arithmetic. E = net equity, M = maintenance margin, L = total liability;
 * LTV = L / (E − M) (Binance announcement of 2026-04-02 and the ltv-details page).
 */
import { type Amount, amount, type LongId, sum, ZERO } from '../amount.ts';

export interface Wallet {
  /** SPOT, CROSS_MARGIN, PORTFOLIO_MARGIN, or a type Binance adds later. */
  readonly accountType: string;
  readonly netEquity: Amount;
  readonly maintenanceMargin: Amount;
}

export interface MemberAccount {
  readonly email: string;
  /** CREDIT or COLLATERAL, or a type Binance adds later. */
  readonly type: string;
  readonly wallets: readonly Wallet[];
}

export interface Liability {
  readonly asset: string;
  readonly principal: Amount;
  readonly interest: Amount;
}

/** One row of GET /sapi/v1/margin/loan-group/ltv-details. */
export interface RiskUnit {
  readonly groupId: LongId;
  readonly parentEmail: string;
  readonly creditEmail: string;
  readonly updatedAtMs: number;
  readonly ltv: Amount;
  readonly totalNetEquity: Amount;
  readonly totalMaintenanceMargin: Amount;
  readonly totalLiability: Amount;
  /** Undocumented; shown as it is, nothing is computed from it. Null when the answer lacks it. */
  readonly parentAccountFrozenAmount: Amount | null;
  readonly maxTransferOutAmount: Amount | null;
  readonly maxAllowedBorrowLimit: Amount | null;
  readonly liabilities: readonly Liability[];
  /** Includes the credit account itself (type CREDIT). */
  readonly accounts: readonly MemberAccount[];
}

/** One row of GET /sapi/v1/margin/loan-groups/closed. */
export interface ClosedUnit {
  readonly groupId: LongId;
  readonly parentEmail: string;
  readonly creditEmail: string;
  readonly enabled: boolean;
  readonly createdAtMs: number;
  readonly closedAtMs: number;
}

/** From calm to worst. `undefined-ltv`: E − M is zero or negative while something is owed. */
export type Level = 'normal' | 'initial' | 'transfer-out' | 'margin-call' | 'liquidation' | 'undefined-ltv';

const SEVERITY: Record<Level, number> = {
  normal: 0,
  initial: 1,
  'transfer-out': 2,
  'margin-call': 3,
  liquidation: 4,
  'undefined-ltv': 5,
};

export function isAtLeast(level: Level, other: Level): boolean {
  return SEVERITY[level] >= SEVERITY[other];
}

/** The API returns no thresholds, so they are settings (defaults: announcement of 2026-04-02). */
export interface Thresholds {
  readonly initial: Amount;
  readonly transferOut: Amount;
  readonly marginCall: Amount;
  readonly liquidation: Amount;
}

/** Binance's announcement of 2026-04-02; its API returns none. */
export const PUBLISHED_THRESHOLDS: Thresholds = {
  initial: amount('0.80'),
  transferOut: amount('0.83'),
  marginCall: amount('0.85'),
  liquidation: amount('0.90'),
};

/** E − M, what the loan is measured against. */
function netCollateral(unit: RiskUnit): Amount {
  return unit.totalNetEquity.minus(unit.totalMaintenanceMargin);
}

/** Zero when nothing is owed; null (worst) when something is owed and the collateral is zero or negative. */
export function ltvOf(liability: Amount, collateral: Amount): Amount | null {
  if (liability.lte(ZERO)) return ZERO;
  return collateral.lte(ZERO) ? null : liability.div(collateral);
}

/** LTV from the unit's own sums. */
export function recomputeLtv(unit: RiskUnit): Amount | null {
  return ltvOf(unit.totalLiability, netCollateral(unit));
}

/** How a unit stands by the worse of the exchange's LTV and the recomputed one. */
export interface Standing {
  /** The decisive LTV; null (worst) when it is not defined. */
  readonly ltv: Amount | null;
  /** What that LTV measures the loan against: E − M, or less where the exchange states a worse LTV than its sums give. */
  readonly collateral: Amount;
}

/** Levels, filters, sorting, cushions and what people are shown all use this one. It divides: work it out once a unit. */
export function standingOf(unit: RiskUnit): Standing {
  const collateral = netCollateral(unit);
  const recomputed = recomputeLtv(unit);
  if (recomputed === null || recomputed.gte(unit.ltv)) return { ltv: recomputed, collateral };
  return { ltv: unit.ltv, collateral: unit.totalLiability.div(unit.ltv) };
}

export function decisiveLtv(unit: RiskUnit): Amount | null {
  return standingOf(unit).ltv;
}

/** By the decisive LTV, worst first: negative when `a` is worse. */
export function compareLtv(a: Amount | null, b: Amount | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  return b.cmp(a);
}

/** A level begins at its threshold. */
export function levelOf(unit: RiskUnit, thresholds: Thresholds, { ltv } = standingOf(unit)): Level {
  if (ltv === null) return 'undefined-ltv';
  if (ltv.gte(thresholds.liquidation)) return 'liquidation';
  if (ltv.gte(thresholds.marginCall)) return 'margin-call';
  if (ltv.gte(thresholds.transferOut)) return 'transfer-out';
  if (ltv.gte(thresholds.initial)) return 'initial';
  return 'normal';
}

/** Worst level first, then highest LTV, then lowest id: the order in which a desk wants to read its units. */
export function worstFirst(units: readonly RiskUnit[], thresholds: Thresholds): RiskUnit[] {
  return units
    .map((unit) => {
      const standing = standingOf(unit);
      return { unit, ltv: standing.ltv, severity: SEVERITY[levelOf(unit, thresholds, standing)] };
    })
    .sort(
      (a, b) =>
        b.severity - a.severity ||
        compareLtv(a.ltv, b.ltv) ||
        (BigInt(a.unit.groupId) < BigInt(b.unit.groupId) ? -1 : 1),
    )
    .map(({ unit }) => unit);
}

export interface Inconsistency {
  readonly kind: 'ltv' | 'net-equity' | 'maintenance-margin' | 'liability';
  readonly stated: Amount;
  /** Null: the parts give no figure that could be compared. */
  readonly recomputed: Amount | null;
}

/** The exchange values units in it: the page's example owes 15.30718771 USDT, and its totalLiability is that figure. */
const VALUATION_ASSET = 'USDT';

/** Binance prints LTV with three decimals and rounds its sums at eight places. */
const LTV_TOLERANCE = amount('0.001');
const SUM_TOLERANCE = amount('0.0000001');

/** Where the unit's totals disagree with their parts by more than rounding. */
export function findInconsistencies(unit: RiskUnit): Inconsistency[] {
  const found: Inconsistency[] = [];
  const recomputedLtv = recomputeLtv(unit);
  if (recomputedLtv === null || recomputedLtv.minus(unit.ltv).abs().gt(LTV_TOLERANCE)) {
    found.push({ kind: 'ltv', stated: unit.ltv, recomputed: recomputedLtv });
  }
  const wallets = unit.accounts.flatMap((account) => account.wallets);
  const sums = [
    ['net-equity', unit.totalNetEquity, sum(wallets.map((wallet) => wallet.netEquity))],
    [
      'maintenance-margin',
      unit.totalMaintenanceMargin,
      sum(wallets.map((wallet) => wallet.maintenanceMargin)),
    ],
  ] as const;
  for (const [kind, stated, recomputed] of sums) {
    if (recomputed.minus(stated).abs().gt(SUM_TOLERANCE)) found.push({ kind, stated, recomputed });
  }
  const liability = liabilityInconsistency(unit);
  return liability === null ? found : [...found, liability];
}

/** What is owed in another asset than the valuation's cannot be compared: only whether anything is owed at all can. */
function liabilityInconsistency(unit: RiskUnit): Inconsistency | null {
  const stated = unit.totalLiability;
  const open = outstanding(unit);
  const comparable = open.every(({ asset }) => asset === VALUATION_ASSET);
  const recomputed = comparable ? sum(open.map(owed)) : null;
  const agrees = recomputed === null ? stated.gt(ZERO) : recomputed.minus(stated).abs().lte(SUM_TOLERANCE);
  return agrees ? null : { kind: 'liability', stated, recomputed };
}

/** Principal plus interest. */
export function owed(liability: Liability): Amount {
  return liability.principal.plus(liability.interest);
}

/** The assets that must be repaid before a close, to the last digit. */
export function outstanding(unit: Pick<RiskUnit, 'liabilities'>): Liability[] {
  return unit.liabilities.filter(
    (liability) => !liability.principal.eq(ZERO) || !liability.interest.eq(ZERO),
  );
}
