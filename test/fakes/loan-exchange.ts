/** The exchange as the usecases see it: units and closed units as plain data, faults as plain fields. */
import { type Amount, type LongId, longId, ZERO } from '../../src/domain/amount.ts';
import type { ClosedUnit, RiskUnit } from '../../src/domain/unit/risk-unit.ts';
import type {
  CloseOutcome,
  ExchangeFailure,
  ExchangeStop,
  ExchangeStops,
  LoanCloser,
  LoanReader,
  PreparedClose,
  Read,
  UnitDetails,
} from '../../src/usecases/ports.ts';
import { exampleUnit } from '../support/close-requests.ts';

export const UNAVAILABLE: ExchangeFailure = {
  kind: 'unavailable',
  exchangeCode: null,
  meaning: 'the exchange did not answer',
  advice: 'Ask again in a minute.',
  retryAtMs: null,
};

const CLOSED: CloseOutcome = {
  kind: 'closed',
  httpStatus: 200,
  exchangeCode: null,
  meaning: 'accepted',
  advice: '',
};

/** A repaid unit, ready to be closed. */
export function repaidUnit(groupId = longId('7'), changes: Partial<RiskUnit> = {}): RiskUnit {
  return exampleUnit({
    groupId,
    creditEmail: `credit${groupId}@test.com`,
    ltv: ZERO,
    totalLiability: ZERO,
    liabilities: [],
    ...changes,
  });
}

export class FakeLoanExchange implements LoanReader, LoanCloser, UnitDetails {
  stopsInForce: readonly ExchangeStop[] = [];
  readonly stops: ExchangeStops = {
    list: async () => this.stopsInForce,
    lift: async () => {
      this.stopsInForce = [];
    },
  };
  readonly units = new Map<LongId, RiskUnit>();
  readonly closed: ClosedUnit[] = [];
  /** Every DELETE that left, in order. */
  readonly deletes: LongId[] = [];
  readonly withoutCreditKey = new Set<LongId>();
  readFailure: ExchangeFailure | null = null;
  prepareFailure: ExchangeFailure | null = null;
  /** What a DELETE answers, and whether it takes effect; the default does. */
  outcome: CloseOutcome = CLOSED;
  takesEffect = true;
  /** False: a closed unit does not show up in the closed list yet. */
  listsClosed = true;
  flaws: string[] = [];
  beforeSend: () => Promise<void> = async () => {};
  readonly #now: () => number;

  constructor(now: () => number, ...units: RiskUnit[]) {
    this.#now = now;
    for (const unit of units) this.units.set(unit.groupId, unit);
  }

  closeOutside(groupId: LongId, closedAtMs = this.#now()): void {
    const unit = this.units.get(groupId);
    this.units.delete(groupId);
    this.closed.unshift({
      groupId,
      parentEmail: unit?.parentEmail ?? 'p@test.com',
      creditEmail: unit?.creditEmail ?? 'c@test.com',
      enabled: false,
      createdAtMs: 1,
      closedAtMs,
    });
  }

  #read<Value>(value: Value): Read<Value> {
    if (this.readFailure) return { ok: false, failure: this.readFailure };
    return {
      ok: true,
      value,
      asOfMs: this.#now(),
      flaws: this.flaws.map((text) => ({ groupId: null, text })),
    };
  }

  async riskUnits() {
    return this.#read([...this.units.values()]);
  }
  async riskUnit(groupId: LongId) {
    return this.#read(this.units.get(groupId) ?? null);
  }
  async riskUnitAsCreditAccount(groupId: LongId) {
    return this.#read(this.units.get(groupId) ?? null);
  }
  async closedUnits() {
    return this.#read(this.listsClosed ? [...this.closed] : []);
  }
  async findClosedUnit(groupId: LongId) {
    return this.#read((this.listsClosed && this.closed.find((unit) => unit.groupId === groupId)) || null);
  }
  /** Of every unit and asset. */
  borrowable: Amount | null = ZERO;
  async maxBorrowable(): Promise<Read<Amount | null>> {
    return this.#read(this.borrowable);
  }
  async activatedUnits() {
    const units = [...this.units.values()].map(({ groupId, accounts }) => ({
      groupId,
      createdAtMs: 1,
      members: accounts.map(({ email, type }) => ({ email, type, enableMargin: true, enableSpot: true })),
    }));
    return this.#read(units);
  }
  async canClose(groupId: LongId) {
    return this.#read(!this.withoutCreditKey.has(groupId));
  }

  async prepareClose(groupId: LongId): Promise<Read<PreparedClose>> {
    if (this.prepareFailure) return { ok: false, failure: this.prepareFailure };
    let sent = false;
    const send = async (): Promise<CloseOutcome> => {
      if (sent) throw new Error('a prepared close was sent twice');
      sent = true;
      await this.beforeSend();
      this.deletes.push(groupId);
      if (this.takesEffect) this.closeOutside(groupId);
      return this.outcome;
    };
    const prepared = { signedTimestampMs: this.#now(), recvWindowMs: 5_000, send };
    return { ok: true, value: prepared, asOfMs: this.#now(), flaws: [] };
  }
}
