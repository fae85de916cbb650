import { Big } from 'big.js';
import { figuresOf, type UnitFigures } from './answers.ts';
import { ClosedList } from './closed-list.ts';
import { liquidate } from './forced-liquidation.ts';
import { type FailedLoan, LoanBook, owes } from './loan-book.ts';
import type {
  ClosedUnit,
  InterestRecord,
  LedgerSeed,
  LiquidationRecord,
  LoanRecord,
  RebateRecord,
  Unit,
} from './model.ts';
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
  readonly closedList: ClosedList;
  #book: LoanBook;
  readonly prices: Prices;

  constructor(clock: ExchangeClock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
    this.closedList = new ClosedList(clock, settings);
    this.prices = new Prices(clock);
    this.#book = this.#newBook();
  }

  load(seed: LedgerSeed): void {
    this.#units = new Map(structuredClone(seed.units).map((unit) => [unit.groupId, unit]));
    this.#lingering = [];
    this.closedList.clear();
    this.#book = this.#newBook();
    this.#book.load(seed);
    this.closedList.list(structuredClone(seed.closed));
  }

  units(): UnitView[] {
    return [...this.#now().values()].map((unit) => this.#view(unit));
  }

  /** @throws when no such unit is active; so do all that name one. */
  unit(groupId: string): UnitView {
    return this.#view(this.#active(groupId));
  }

  closedUnits(): ClosedUnit[] {
    return this.closedList.all();
  }

  /** The units that ltv-details may show now, those lately closed among them while they linger. @throws Refusal */
  shownUnits(): Unit[] {
    const nowMs = this.#clock.realMs();
    const lingering = this.#lingering.filter(({ untilMs }) => nowMs < untilMs);
    return [...this.prices.listed([...this.#now().values()]), ...lingering.map(({ unit }) => unit)];
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
    return [...this.#now().values()];
  }

  /** Of all units, as are the other rows; the history endpoints choose from them. */
  get records(): readonly LoanRecord[] {
    return this.#booked().records;
  }

  get interest(): readonly InterestRecord[] {
    return this.#booked().interest;
  }

  get liquidations(): readonly LiquidationRecord[] {
    return this.#booked().liquidations;
  }

  get rebates(): readonly RebateRecord[] {
    return this.#booked().rebates;
  }

  /** Whose loan a unit is or was. */
  creditOf(groupId: string): string | undefined {
    return (this.#units.get(groupId) ?? this.closedList.get(groupId))?.creditEmail;
  }

  /** @throws Refusal when this credit account may not close that unit now. */
  checkClosable(groupId: string, creditEmail: string): void {
    const unit = this.#now().get(groupId);
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
    this.closedList.list([row]);
    return { ...row };
  }

  /** Takes a unit away without any record of it. */
  removeUnit(groupId: string): void {
    this.#active(groupId);
    this.#units.delete(groupId);
  }

  /** @throws when the id is taken by an active or a closed unit. */
  add(unit: Unit): void {
    if (this.creditOf(unit.groupId) !== undefined) throw new Error(`unit ${unit.groupId} exists already`);
    this.#now().set(unit.groupId, structuredClone(unit));
    this.#book.recordAsBorrowed(unit, this.#clock.serverMs());
  }

  /** Lists closed units at once that would have appeared later: all, or one. */
  revealClosed(groupId?: string): void {
    this.closedList.reveal(groupId);
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
    const paid = this.#book.repay(unit, { assetName, amount }, this.#clock.serverMs());
    this.#touch(unit);
    return paid;
  }

  borrow(groupId: string, assetName: string, amount: string): UnitView {
    const unit = this.#active(groupId);
    this.#book.borrow(unit, assetName, amount, this.#clock.serverMs());
    return this.#touch(unit);
  }

  /** A borrow or a repayment that moves nothing and leaves a FAILED row. */
  failLoan(groupId: string, failed: FailedLoan): UnitView {
    const unit = this.#active(groupId);
    this.#book.fail(unit, failed, this.#clock.serverMs());
    return this.#view(unit);
  }

  /** From the next full hour on. */
  setRate(groupId: string, assetName: string, hourlyRate: string): void {
    this.#active(groupId);
    this.#book.setRate(groupId, assetName, hourlyRate);
  }

  rateOf(groupId: string, assetName: string): string {
    return this.#book.rateOf(groupId, assetName);
  }

  /** A forced liquidation down to that LTV, "0" to repay all; the unit stays open. @throws when it is there already. */
  liquidate(groupId: string, ltv: string): UnitView {
    this.stopPath(groupId);
    const unit = this.#active(groupId);
    liquidate(this.#book, unit, ltv, this.#clock.serverMs());
    return this.#touch(unit);
  }

  /** Grants a rebate of interest in USDT; a negative one takes away what is left of it. */
  changeRebate(delta: string): void {
    this.#booked().changeRebate(delta, this.#clock.serverMs());
  }

  /** Adds interest outside the full hours, also to a unit that read 0 a minute ago. */
  accrueInterest(groupId: string, assetName: string, amount: string): UnitView {
    const unit = this.#active(groupId);
    this.#book.addInterest(unit, assetName, amount, this.#clock.serverMs());
    return this.#touch(unit);
  }

  #newBook(): LoanBook {
    return new LoanBook(this.#clock.serverMs(), 1_648_963_700n);
  }

  /** With the interest that is due by now. */
  #booked(): LoanBook {
    this.#book.accrueTo(this.#units.values(), this.#clock.serverMs(), this.#settings.interestAccrues);
    return this.#book;
  }

  #now(): Map<string, Unit> {
    this.#booked();
    return this.#units;
  }

  #active(groupId: string): Unit {
    const unit = this.#now().get(groupId);
    if (unit === undefined) throw new Error(`no active unit ${groupId}`);
    return unit;
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
}
