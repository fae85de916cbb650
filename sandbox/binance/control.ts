import { figuresOf, type UnitFigures } from './answers.ts';
import { ENDPOINTS, type EndpointName } from './endpoints.ts';
import type { Fault, FaultOrder } from './faults.ts';
import type { Account, AccountOverride, AccountsFileEntry, KeyRing } from './key-ring.ts';
import type { Ledger, WalletChange } from './ledger.ts';
import type { ClosedUnit, LedgerSeed, Liability, Member, Unit } from './model.ts';
import { type Machine, poolOf } from './pipeline.ts';
import { member } from './seed.ts';
import { PARENT_EMAIL } from './seed-accounts.ts';
import { DEFAULT_SETTINGS, type Settings } from './settings.ts';
import type { WeightUsage } from './weights.ts';
import type { NextOptions, WireFilter, WireLog, WireRecord } from './wire-log.ts';

/** A unit with the sums that the API shows. */
export type UnitView = Unit & UnitFigures;

/** A unit to add: only its id is needed; it then is repaid, with one credit and one collateral account. */
export interface NewUnit {
  readonly groupId: string;
  readonly creditEmail?: string;
  readonly parentEmail?: string;
  readonly liabilities?: readonly Liability[];
  readonly members?: readonly Member[];
}

/** Closed rows to add in bulk; ids count up from `firstGroupId`, close times a minute apart, ending now. */
export interface ClosedBatch {
  readonly count: number;
  readonly creditEmail: string;
  readonly parentEmail?: string;
  readonly firstGroupId?: string;
}

/** What can be done to the exchange, and what can be seen of it. */
export interface ExchangeControl {
  /** What BINANCE_ACCOUNTS_FILE has to hold for this stand-in. */
  accounts(): AccountsFileEntry[];
  /** Key and HMAC secret of any account, the one without a unit too. @throws when it has no secret. */
  credentials(name: string): { apiKey: string; secret: string };
  /** Changes or adds an account: another key, permissions, allowed addresses. Its secret is not in the answer. */
  changeAccount(override: AccountOverride): Pick<Account, 'name' | 'email' | 'role' | 'uid'>;

  units(): UnitView[];
  unit(groupId: string): UnitView;
  closedUnits(): ClosedUnit[];
  editEquity(groupId: string, change: WalletChange): UnitView;
  /** Pays min(owed, asked), interest first; without an amount all of it. Returns what was paid. */
  repay(groupId: string, assetName: string, amount?: string): string;
  borrow(groupId: string, assetName: string, amount: string): UnitView;
  accrueInterest(groupId: string, assetName: string, amount: string): UnitView;
  /** A close is then refused with -27024, or the older -1024; null thaws. */
  setLiquidation(groupId: string, code: Unit['liquidation']): UnitView;
  setPending(groupId: string, code: Unit['pending']): UnitView;
  addCollateral(groupId: string, email: string): UnitView;
  removeMember(groupId: string, email: string): UnitView;
  /** Adds a unit, and an account `loan-<groupId>` with a key if its credit account has none yet. */
  addUnit(unit: NewUnit): UnitView;
  /** Closes a unit as somebody else would, whatever it owes. */
  closeOutside(groupId: string): ClosedUnit;
  /** Makes a unit vanish without any record. */
  removeUnit(groupId: string): void;
  addClosed(batch: ClosedBatch): void;
  /** Lists at once what `closedListDelayMs` still holds back: one unit or all. */
  revealClosed(groupId?: string): void;

  settings(): Settings;
  configure(change: Partial<Settings>): Settings;
  serverTimeMs(): number;

  /** Switches a fault on and returns its id. @throws ZodError when the order is none. */
  inject(order: FaultOrder): number;
  clearFaults(id?: number): void;
  faults(): Fault[];

  weights(): WeightUsage[];
  /** Uses up weight as another program behind the same address or UID would. Subject: an IP, or account name. */
  spendWeight(endpoint: EndpointName, weight: number, subject?: string): void;

  requests(filter?: WireFilter): WireRecord[];
  lastRequests(count: number): WireRecord[];
  /** DELETEs that arrived, by groupId, whatever became of them. */
  deletes(): Map<string, number>;
  nextRequest(filter?: WireFilter, options?: NextOptions): Promise<WireRecord>;
  onAnswered(see: (record: WireRecord) => void): () => void;

  /** Back to the first state: loans, settings, faults, weights, wire log; accounts stay. */
  reset(): void;
}

export interface ControlParts {
  readonly machine: Machine;
  readonly log: WireLog;
  readonly seed: () => LedgerSeed;
  readonly firstSettings: Settings;
}

export function createControl({ machine, log, seed, firstSettings }: ControlParts): ExchangeControl {
  const { ledger, settings, keyRing, clock, faults, weights } = machine;
  return {
    ...unitControl(ledger, settings, keyRing, machine),
    accounts: () => keyRing.fileEntries(),
    credentials: (name) => {
      const account = keyRing.byName(name);
      if (account?.key.kind !== 'hmac') throw new Error(`no HMAC account ${name}`);
      return { apiKey: account.apiKey, secret: account.key.secret };
    },
    changeAccount: (override) => {
      const { name, email, role, uid } = keyRing.change(override);
      return { name, email, role, uid };
    },
    settings: () => ({ ...settings }),
    configure: (change) => Object.assign(settings, change),
    serverTimeMs: () => clock.serverMs(),
    inject: (order) => faults.add(order),
    clearFaults: (id) => faults.clear(id),
    faults: () => faults.list(),
    weights: () => weights.usage(),
    spendWeight: (name, weight, subject = '127.0.0.1') => {
      const endpoint = ENDPOINTS.find((one) => one.name === name);
      if (endpoint === undefined) throw new Error(`no endpoint ${name}`);
      const account = keyRing.byName(subject);
      weights.spend(poolOf(endpoint), endpoint.scope, account?.uid ?? subject, weight, clock.serverMs());
    },
    requests: (filter) => log.requests(filter),
    lastRequests: (count) => log.last(count),
    deletes: () => log.deletes(),
    nextRequest: (filter, options) => log.next(filter, options),
    onAnswered: (see) => log.onAnswered(see),
    reset: () => {
      Object.assign(settings, DEFAULT_SETTINGS, firstSettings);
      faults.clear();
      weights.reset();
      log.reset();
      ledger.load(seed());
    },
  };
}

type UnitControl = Pick<
  ExchangeControl,
  | 'units'
  | 'unit'
  | 'closedUnits'
  | 'editEquity'
  | 'repay'
  | 'borrow'
  | 'accrueInterest'
  | 'setLiquidation'
  | 'setPending'
  | 'addCollateral'
  | 'removeMember'
  | 'addUnit'
  | 'closeOutside'
  | 'removeUnit'
  | 'addClosed'
  | 'revealClosed'
>;

function unitControl(ledger: Ledger, settings: Settings, keyRing: KeyRing, { clock }: Machine): UnitControl {
  const view = (unit: Unit): UnitView => ({ ...unit, ...figuresOf(unit, settings) });
  const changed = (groupId: string): UnitView => view(ledger.unit(groupId));
  return {
    units: () => ledger.units().map(view),
    unit: changed,
    closedUnits: () => ledger.closedUnits(),
    editEquity: (groupId, change) => {
      ledger.setWallet(groupId, change);
      return changed(groupId);
    },
    repay: (groupId, assetName, amount) => ledger.repay(groupId, assetName, amount),
    borrow: (groupId, assetName, amount) => {
      ledger.borrow(groupId, assetName, amount);
      return changed(groupId);
    },
    accrueInterest: (groupId, assetName, amount) => {
      ledger.accrue(groupId, assetName, amount);
      return changed(groupId);
    },
    setLiquidation: (groupId, liquidation) => {
      ledger.setBlock(groupId, { liquidation });
      return changed(groupId);
    },
    setPending: (groupId, pending) => {
      ledger.setBlock(groupId, { pending });
      return changed(groupId);
    },
    addCollateral: (groupId, email) => {
      ledger.addMember(groupId, member('COLLATERAL', email, ['SPOT', '0', '0'], ['CROSS_MARGIN', '0', '0']));
      return changed(groupId);
    },
    removeMember: (groupId, email) => {
      ledger.removeMember(groupId, email);
      return changed(groupId);
    },
    addUnit: (unit) => {
      const added = toUnit(unit, clock.serverMs());
      ledger.add(added);
      if (keyRing.byEmail(added.creditEmail) === undefined) {
        keyRing.change({ name: `loan-${added.groupId}`, role: 'credit', email: added.creditEmail });
      }
      return changed(added.groupId);
    },
    closeOutside: (groupId) => ledger.close(groupId),
    removeUnit: (groupId) => ledger.remove(groupId),
    addClosed: (batch) => ledger.addClosed(closedRows(batch, clock.serverMs())),
    revealClosed: (groupId) => ledger.revealClosed(groupId),
  };
}

function toUnit(wanted: NewUnit, nowMs: number): Unit {
  if (!/^[1-9]\d{0,18}$/.test(wanted.groupId)) throw new Error('groupId: 1 to 2^63-1, in digits');
  const creditEmail = wanted.creditEmail ?? `credit${wanted.groupId}@test.com`;
  const members = wanted.members ?? [
    member('CREDIT', creditEmail, ['SPOT', '0', '0'], ['PORTFOLIO_MARGIN', '1000000', '0']),
    member(
      'COLLATERAL',
      `collateral${wanted.groupId}@test.com`,
      ['SPOT', '500000', '0'],
      ['CROSS_MARGIN', '0', '0'],
    ),
  ];
  return {
    groupId: wanted.groupId,
    parentEmail: wanted.parentEmail ?? PARENT_EMAIL,
    creditEmail,
    createTimeMs: nowMs,
    updateTimeMs: nowMs,
    parentAccountFrozenAmount: '0',
    shownBorrowLimit: null,
    liabilities: [...(wanted.liabilities ?? [])],
    members: [...members],
    liquidation: null,
    pending: null,
  };
}

function closedRows(batch: ClosedBatch, nowMs: number): ClosedUnit[] {
  const first = BigInt(batch.firstGroupId ?? '100000');
  return Array.from({ length: batch.count }, (_, index) => {
    const closeTimeMs = nowMs - (batch.count - index) * 60_000;
    return {
      groupId: (first + BigInt(index)).toString(),
      parentEmail: batch.parentEmail ?? PARENT_EMAIL,
      creditEmail: batch.creditEmail,
      createTimeMs: closeTimeMs - 86_400_000,
      closeTimeMs,
      listedFromMs: 0,
    };
  });
}
