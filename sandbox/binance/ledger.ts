import { Big } from 'big.js';
import { figuresOf, type UnitFigures } from './answers.ts';
import type {
  ClosedUnit,
  InterestRecord,
  LedgerSeed,
  Liability,
  LiquidationRecord,
  LoanRecord,
  RebateRecord,
  Unit,
} from './model.ts';
import type { Page } from './params.ts';
import { type PathOrder, Prices, scaled, shareAt } from './price-paths.ts';
import { REFUSALS } from './reply.ts';
import { member } from './seed.ts';
import type { ExchangeClock, Settings } from './settings.ts';

/** A unit with the sums that the API shows. */
export type UnitView = Unit & UnitFigures;

/** What a wallet is set to; what is left out stays. */
export interface WalletChange {
  readonly email: string;
  readonly accountType: string;
  readonly netEquity?: string;
  readonly maintainMargin?: string;
}

/** The loans themselves: units, closed units, records; the one place that changes them. */
export class Ledger {
  readonly #clock: ExchangeClock;
  readonly #settings: Settings;
  #units = new Map<string, Unit>();
  /** Closed units that ltv-details still shows, until then. */
  #lingering: { readonly unit: Unit; readonly untilMs: number }[] = [];
  #closed = new Map<string, ClosedUnit>();
  /** Of all units; the history endpoints choose from them. */
  records: LoanRecord[] = [];
  interest: InterestRecord[] = [];
  liquidations: LiquidationRecord[] = [];
  rebates: RebateRecord[] = [];
  readonly prices: Prices;
  #nextTranId = 1_648_963_700n;

  constructor(clock: ExchangeClock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
    this.prices = new Prices(clock);
  }

  load(seed: LedgerSeed): void {
    const copy = structuredClone(seed);
    this.#units = new Map(copy.units.map((unit) => [unit.groupId, unit]));
    this.#lingering = [];
    this.#closed.clear();
    this.records = copy.records;
    this.interest = copy.interest;
    this.liquidations = copy.liquidations;
    this.rebates = copy.rebates ?? [];
    this.listClosed(copy.closed);
  }

  units(): UnitView[] {
    return [...this.#units.values()].map((unit) => this.#view(unit));
  }

  /** @throws when no such unit is active; so do all that name one. */
  unit(groupId: string): UnitView {
    return this.#view(this.#active(groupId));
  }

  closedUnits(): ClosedUnit[] {
    return [...this.#closed.values()].map((row) => ({ ...row }));
  }

  /** The units that ltv-details may show now, those lately closed among them while they linger. @throws Refusal */
  shownUnits(): Unit[] {
    const nowMs = this.#clock.realMs();
    const lingering = this.#lingering.filter(({ untilMs }) => nowMs < untilMs);
    return [...this.prices.listed([...this.#units.values()]), ...lingering.map(({ unit }) => unit)];
  }

  /** Puts a unit on a course of prices, in place of the one it was on. @throws when its order is none. */
  startPath(order: PathOrder): UnitView {
    this.stopPath(order.groupId);
    this.prices.start(this.#active(order.groupId), order);
    return this.unit(order.groupId);
  }

  /** Its prices stay where they are. */
  stopPath(groupId: string): UnitView {
    const unit = this.#active(groupId);
    unit.members = this.prices.priced(unit).members;
    this.prices.stop(groupId);
    return this.#view(unit);
  }

  /** Active units only. */
  activeUnits(): readonly Unit[] {
    return [...this.#units.values()];
  }

  /** One page of the closed units of a credit account that are listed by now, and how many there are. */
  closedOf(creditEmail: string, { current, size }: Page): { total: number; rows: ClosedUnit[] } {
    const nowMs = this.#clock.realMs();
    const listed = this.#sortedClosed(creditEmail).filter((row) => row.listedFromMs <= nowMs);
    return { total: listed.length, rows: listed.slice((current - 1) * size, current * size) };
  }

  /** Whose loan a unit is or was. */
  creditOf(groupId: string): string | undefined {
    return (this.#units.get(groupId) ?? this.#closed.get(groupId))?.creditEmail;
  }

  /** @throws Refusal when this credit account may not close that unit now. */
  checkClosable(groupId: string, creditEmail: string): void {
    const unit = this.#units.get(groupId);
    if (unit === undefined || unit.creditEmail !== creditEmail) throw REFUSALS.groupNotFound();
    if (unit.pending === -1025) throw REFUSALS.pendingTransactions();
    if (unit.pending === -27025) throw REFUSALS.previousTransaction();
    if (unit.liquidation === -1024) throw REFUSALS.groupInLiquidation(groupId);
    if (unit.liquidation === -27024) throw REFUSALS.unitInLiquidation();
    const owed = unit.liabilities.find((liability) => owes(liability).gt(0));
    if (owed !== undefined) throw REFUSALS.notRepaid(owed.assetName, owes(owed).toFixed());
  }

  /** Moves an active unit to the closed ones, whatever it owes. @throws when no such unit is active. */
  closeUnit(groupId: string): ClosedUnit {
    const unit = this.#active(groupId);
    const nowMs = this.#clock.realMs();
    this.#units.delete(groupId);
    this.#lingering.push({ unit, untilMs: nowMs + this.#settings.detailsLingerMs });
    const row: ClosedUnit = {
      groupId,
      parentEmail: unit.parentEmail,
      creditEmail: unit.creditEmail,
      createTimeMs: unit.createTimeMs,
      closeTimeMs: this.#clock.serverMs(),
      listedFromMs: nowMs + this.#settings.closedListDelayMs,
    };
    this.listClosed([row]);
    return { ...row };
  }

  /** Takes a unit away without any record of it. */
  removeUnit(groupId: string): void {
    this.#active(groupId);
    this.#units.delete(groupId);
  }

  /** @throws when the id is taken by an active or a closed unit. */
  add(unit: Unit): void {
    if (this.#units.has(unit.groupId) || this.#closed.has(unit.groupId)) {
      throw new Error(`unit ${unit.groupId} exists already`);
    }
    this.#units.set(unit.groupId, structuredClone(unit));
  }

  listClosed(rows: readonly ClosedUnit[]): void {
    for (const row of rows) this.#closed.set(row.groupId, row);
  }

  /** Lists closed units at once that would have appeared later: all, or one. */
  revealClosed(groupId?: string): void {
    const nowMs = this.#clock.realMs();
    for (const row of this.#closed.values()) {
      if (groupId === undefined || row.groupId === groupId)
        row.listedFromMs = Math.min(row.listedFromMs, nowMs);
    }
  }

  /** @throws when unit, member or wallet is unknown or an amount is none. */
  editEquity(groupId: string, change: WalletChange): UnitView {
    const unit = this.#active(groupId);
    const wallet = unit.members
      .find(({ email }) => email === change.email)
      ?.wallets.find(({ accountType }) => accountType === change.accountType);
    if (wallet === undefined)
      throw new Error(`no wallet ${change.accountType} of ${change.email} in ${groupId}`);
    if (change.netEquity !== undefined)
      wallet.netEquity = new Big(change.netEquity).div(this.prices.shareOf(groupId)).toFixed();
    if (change.maintainMargin !== undefined) wallet.maintainMargin = new Big(change.maintainMargin).toFixed();
    return this.#touch(unit);
  }

  /** Prices fall, or rise, until the unit's LTV is `ltv`: each wallet by the same share. @throws when it owes nothing */
  fallTo(groupId: string, ltv: string): UnitView {
    this.stopPath(groupId);
    const unit = this.#active(groupId);
    unit.members = scaled(unit, shareAt(unit, ltv)).members;
    return this.#touch(unit);
  }

  addCollateral(groupId: string, email: string): UnitView {
    const unit = this.#active(groupId);
    unit.members.push(member('COLLATERAL', email, { SPOT: '0', CROSS_MARGIN: '0' }));
    return this.#touch(unit);
  }

  removeMember(groupId: string, email: string): UnitView {
    const unit = this.#active(groupId);
    unit.members = unit.members.filter((each) => each.email !== email);
    return this.#touch(unit);
  }

  /** A close is then refused with -27024, or the older -1024; null thaws. */
  setLiquidation(groupId: string, liquidation: Unit['liquidation']): UnitView {
    return this.#view(Object.assign(this.#active(groupId), { liquidation }));
  }

  setPending(groupId: string, pending: Unit['pending']): UnitView {
    return this.#view(Object.assign(this.#active(groupId), { pending }));
  }

  /** Pays interest, then principal: min(owed, asked), all without an amount. Returns what was paid. */
  repay(groupId: string, assetName: string, amount?: string): string {
    const unit = this.#active(groupId);
    const liability = this.#liability(unit, assetName);
    const owed = owes(liability);
    const paid = amount === undefined || owed.lt(amount) ? owed : new Big(amount);
    const interest = paid.lt(liability.interest) ? paid : new Big(liability.interest);
    const principal = paid.minus(interest);
    liability.interest = new Big(liability.interest).minus(interest).toFixed();
    liability.principal = new Big(liability.principal).minus(principal).toFixed();
    const paidParts = { principal: principal.toFixed(), interest: interest.toFixed() };
    this.#record(unit, { assetName, type: 'NORMAL_REPAY', amount: paid.toFixed(), ...paidParts });
    return paid.toFixed();
  }

  borrow(groupId: string, assetName: string, amount: string): UnitView {
    const unit = this.#active(groupId);
    const liability = this.#liability(unit, assetName);
    liability.principal = new Big(liability.principal).plus(amount).toFixed();
    return this.#record(unit, { assetName, type: 'BORROW', amount: new Big(amount).toFixed() });
  }

  /** Adds interest, as every hour does to a unit that owes; also to one that read 0 a minute ago. */
  accrueInterest(groupId: string, assetName: string, amount: string): UnitView {
    const unit = this.#active(groupId);
    const liability = this.#liability(unit, assetName);
    liability.interest = new Big(liability.interest).plus(amount).toFixed();
    this.interest.push({
      groupId,
      assetName,
      principal: liability.principal,
      interestRate: '0.00000833',
      interest: new Big(amount).toFixed(),
      timestampMs: this.#clock.serverMs(),
    });
    return this.#touch(unit);
  }

  #active(groupId: string): Unit {
    const unit = this.#units.get(groupId);
    if (unit === undefined) throw new Error(`no active unit ${groupId}`);
    return unit;
  }

  #liability(unit: Unit, assetName: string): Liability {
    const found = unit.liabilities.find((liability) => liability.assetName === assetName);
    if (found !== undefined) return found;
    const added = { assetName, principal: '0', interest: '0' };
    unit.liabilities.push(added);
    return added;
  }

  #record(unit: Unit, row: Omit<LoanRecord, 'groupId' | 'tranId' | 'status' | 'timestampMs'>): UnitView {
    this.#nextTranId += 1n;
    const tranId = this.#nextTranId.toString();
    const timestampMs = this.#clock.serverMs();
    this.records.push({ groupId: unit.groupId, tranId, status: 'CONFIRM', timestampMs, ...row });
    return this.#touch(unit);
  }

  #touch(unit: Unit): UnitView {
    unit.updateTimeMs = this.#clock.serverMs();
    unit.shownBorrowLimit = null;
    return this.#view(unit);
  }

  #view(unit: Unit): UnitView {
    const priced = this.prices.priced(unit);
    return { ...structuredClone(priced), ...figuresOf(priced) };
  }

  #sortedClosed(creditEmail: string): ClosedUnit[] {
    const rows = [...this.#closed.values()].filter((row) => row.creditEmail === creditEmail);
    return this.#settings.closedOrder === 'groupId-ascending'
      ? rows.sort((a, b) => a.groupId.length - b.groupId.length || (a.groupId < b.groupId ? -1 : 1))
      : rows.sort((a, b) => b.closeTimeMs - a.closeTimeMs);
  }
}

function owes({ principal, interest }: Liability): Big {
  return new Big(principal).plus(interest);
}
