/**
 * The books of all loans. Interest is booked for every full hour when somebody looks, not by a timer, so skipping a
 * month costs milliseconds. Times are given: the same books write the history that the stand-in starts with.
 *
 * Not documented, so assumed: interest is due at each full hour UTC on the principal owed then; a repayment that
 * failed names no parts; the rebate takes each day's interest off at midnight UTC, as the dates of its page's example.
 */
import { Big } from 'big.js';
import type {
  InterestRecord,
  LedgerSeed,
  Liability,
  LiquidationRecord,
  LoanRecord,
  RebateRecord,
  Unit,
} from './model.ts';
import { DAY_MS } from './params.ts';

export const HOUR_MS = 3_600_000;
/** The rate of the interest-history page's example, as shown there. */
export const DEFAULT_HOURLY_RATE = '0.00000833';
/** USDT is the rebate's asset; the rate for BTC is that of the rebate page's example. */
const PER_USDT: Readonly<Record<string, string>> = { BTC: '0.00001' };

/** After a longer skip only the last days are booked, and rows beyond the number are dropped, the oldest first. */
const BOOKED_DAYS = 400;
const ROWS_KEPT = 200_000;

/** A borrow or a repayment that is to fail. */
export type FailedLoan = Pick<LoanRecord, 'assetName' | 'amount'> & {
  readonly type: 'BORROW' | 'NORMAL_REPAY';
};

type Parts = Omit<LoanRecord, 'groupId' | 'tranId' | 'timestampMs'>;

export class LoanBook {
  records: LoanRecord[] = [];
  interest: InterestRecord[] = [];
  liquidations: LiquidationRecord[] = [];
  rebates: RebateRecord[] = [];
  /** By unit and asset. */
  readonly #rates = new Map<string, string>();
  /** Interest since the last midnight, which a rebate takes off. */
  readonly #today = new Map<string, Big>();
  /** The last full hour whose interest is booked. */
  #bookedToMs: number;
  #nextTranId: bigint;
  /** USDT. */
  #rebateLeft = new Big(0);

  constructor(nowMs: number, firstTranId: bigint) {
    this.#bookedToMs = hourOf(nowMs);
    this.#nextTranId = firstTranId;
  }

  /** Rows never change, so they are not copied. */
  load({ records, interest, liquidations, rebates = [], rates = [] }: LedgerSeed): void {
    this.records = [...records];
    this.interest = [...interest];
    this.liquidations = [...liquidations];
    this.rebates = [...rebates];
    this.#rebateLeft = rebates.reduce((sum, { delta }) => sum.plus(delta), new Big(0));
    for (const { groupId, assetName, hourlyRate } of rates) this.setRate(groupId, assetName, hourlyRate);
  }

  /** Books every full hour up to then; without `accrues` the hours pass free of interest. */
  accrueTo(units: Iterable<Unit>, nowMs: number, accrues = true): void {
    const lastMs = hourOf(nowMs);
    if (lastMs <= this.#bookedToMs) return;
    let fromMs = Math.max(this.#bookedToMs, lastMs - BOOKED_DAYS * DAY_MS);
    this.#bookedToMs = lastMs;
    const owing = [...units].filter(({ liabilities }) =>
      liabilities.some(({ principal }) => isMore(principal)),
    );
    while (accrues && fromMs < lastMs) {
      // Midnights matter to a rebate only.
      const midnightMs = Math.floor(fromMs / DAY_MS + 1) * DAY_MS;
      const toMs = this.#rebateLeft.gt(0) ? Math.min(midnightMs, lastMs) : lastMs;
      for (const unit of owing) this.#bookHours(unit, fromMs, toMs);
      if (toMs % DAY_MS === 0) this.#offsetAll(owing, toMs);
      fromMs = toMs;
    }
    if (this.interest.length > ROWS_KEPT) this.interest = this.interest.slice(-ROWS_KEPT);
  }

  /** For the hours after now: the step that a loan of a fixed term makes when it turns variable. */
  setRate(groupId: string, assetName: string, hourlyRate: string): void {
    this.#rates.set(key(groupId, assetName), hourlyRate);
  }

  rateOf(groupId: string, assetName: string): string {
    return this.#rates.get(key(groupId, assetName)) ?? DEFAULT_HOURLY_RATE;
  }

  rates(): NonNullable<LedgerSeed['rates']> {
    return [...this.#rates].map(([name, hourlyRate]) => {
      const [groupId = '', assetName = ''] = name.split(' ');
      return { groupId, assetName, hourlyRate };
    });
  }

  borrow(unit: Unit, assetName: string, amount: string, atMs: number, tranId?: string): void {
    const liability = liabilityOf(unit, assetName);
    liability.principal = new Big(liability.principal).plus(amount).toFixed();
    const row = { assetName, amount: plain(amount), status: 'CONFIRM', type: 'BORROW' } as const;
    this.#record(unit, row, atMs, tranId);
  }

  /**
   * Interest first, then principal: min(owed, asked), all without an amount. What the account has is not looked at: the
   * stand-in knows no balances by asset. Returns what was paid.
   */
  repay(
    unit: Unit,
    { assetName, amount }: { readonly assetName: string; readonly amount?: string | undefined },
    atMs: number,
    type: 'NORMAL_REPAY' | 'FORCE_REPAY' = 'NORMAL_REPAY',
    tranId?: string,
  ): string {
    const liability = liabilityOf(unit, assetName);
    const owed = owes(liability);
    const paid = amount === undefined || owed.lt(amount) ? owed : new Big(amount);
    const interest = paid.lt(liability.interest) ? paid : new Big(liability.interest);
    const principal = paid.minus(interest);
    liability.interest = new Big(liability.interest).minus(interest).toFixed();
    liability.principal = new Big(liability.principal).minus(principal).toFixed();
    const parts = { principal: principal.toFixed(), interest: interest.toFixed() };
    this.#record(
      unit,
      { assetName, type, status: 'CONFIRM', amount: paid.toFixed(), ...parts },
      atMs,
      tranId,
    );
    return paid.toFixed();
  }

  /** Moves no money. */
  fail(unit: Unit, { type, assetName, amount }: FailedLoan, atMs: number, tranId?: string): void {
    this.#record(unit, { type, assetName, amount: plain(amount), status: 'FAILED' }, atMs, tranId);
  }

  /** What a new unit owes was borrowed at that time. */
  recordAsBorrowed(unit: Unit, atMs: number): void {
    for (const { assetName, principal } of unit.liabilities) {
      if (!isMore(principal)) continue;
      this.#record(unit, { assetName, amount: plain(principal), status: 'CONFIRM', type: 'BORROW' }, atMs);
    }
  }

  /** An interest of any amount, outside the full hours. */
  addInterest(unit: Unit, assetName: string, amount: string, atMs: number): void {
    const liability = liabilityOf(unit, assetName);
    liability.interest = new Big(liability.interest).plus(amount).toFixed();
    this.interest.push({
      ...{ groupId: unit.groupId, assetName, principal: liability.principal },
      ...{ interestRate: this.rateOf(unit.groupId, assetName), interest: plain(amount), timestampMs: atMs },
    });
  }

  /** Grants a rebate in USDT, or takes some away. @throws when less is left. */
  changeRebate(delta: string, atMs: number): void {
    if (this.#rebateLeft.plus(delta).lt(0)) throw new Error('the rebate has less than that left');
    this.#rebate({ type: new Big(delta).lt(0) ? 'DEDUCT' : 'ADD', delta: plain(delta), timestampMs: atMs });
  }

  #bookHours(unit: Unit, fromMs: number, toMs: number): void {
    for (const liability of unit.liabilities) {
      if (!isMore(liability.principal)) continue;
      const { groupId } = unit;
      const { assetName } = liability;
      const interestRate = this.rateOf(groupId, assetName);
      const principal = plain(liability.principal);
      // Rounded up to eight decimals, as in the page's example.
      const interest = new Big(principal).times(interestRate).round(8, Big.roundUp).toFixed();
      for (let timestampMs = fromMs + HOUR_MS; timestampMs <= toMs; timestampMs += HOUR_MS)
        this.interest.push({ groupId, assetName, principal, interestRate, interest, timestampMs });
      const dayMs = Math.floor((toMs - 1) / DAY_MS) * DAY_MS;
      const accruedSince = (sinceMs: number) => new Big(interest).times((toMs - sinceMs) / HOUR_MS);
      liability.interest = accruedSince(fromMs).plus(liability.interest).toFixed();
      const name = key(groupId, assetName);
      const before = fromMs > dayMs ? (this.#today.get(name) ?? 0) : 0;
      this.#today.set(name, accruedSince(Math.max(fromMs, dayMs)).plus(before));
    }
    unit.shownBorrowLimit = null;
    unit.updateTimeMs = toMs;
  }

  #offsetAll(units: readonly Unit[], atMs: number): void {
    for (const { groupId, liabilities } of units)
      for (const each of liabilities) this.#offset(groupId, each, atMs);
    this.#today.clear();
  }

  /** No more than the day's interest, what of it is still owed, and what is left of the rebate. */
  #offset(groupId: string, liability: Liability, atMs: number): void {
    const { assetName: liabilityAsset } = liability;
    const exchangeRate = PER_USDT[liabilityAsset] ?? '1';
    const today = this.#today.get(key(groupId, liabilityAsset)) ?? new Big(0);
    const bounds = [today, new Big(liability.interest), this.#rebateLeft.times(exchangeRate)];
    const deducted = bounds.reduce((least, each) => (each.lt(least) ? each : least)).round(8, Big.roundDown);
    if (deducted.lte(0)) return;
    liability.interest = new Big(liability.interest).minus(deducted).toFixed();
    this.#rebate({
      ...{
        type: 'INTEREST_OFFSET',
        delta: deducted.div(exchangeRate).times(-1).toFixed(),
        timestampMs: atMs,
      },
      offset: { groupId, liabilityAsset, deductedInterest: deducted.toFixed(), exchangeRate },
    });
  }

  #rebate(row: RebateRecord): void {
    this.rebates.push(row);
    this.#rebateLeft = this.#rebateLeft.plus(row.delta);
  }

  #record(unit: Unit, parts: Parts, timestampMs: number, given?: string): void {
    const tranId = given ?? (this.#nextTranId++).toString();
    this.records.push({ groupId: unit.groupId, tranId, ...parts, timestampMs });
  }
}

export function owes({ principal, interest }: Liability): Big {
  return new Big(principal).plus(interest);
}

export function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

function liabilityOf(unit: Unit, assetName: string): Liability {
  const found = unit.liabilities.find((liability) => liability.assetName === assetName);
  if (found !== undefined) return found;
  const added = { assetName, principal: '0', interest: '0' };
  unit.liabilities.push(added);
  return added;
}

function isMore(amount: string): boolean {
  return new Big(amount).gt(0);
}

function plain(amount: string): string {
  return new Big(amount).toFixed();
}

function key(groupId: string, assetName: string): string {
  return `${groupId} ${assetName}`;
}
