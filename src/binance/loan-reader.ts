/** Implements LoanReader: chooses the call and the key, shared or fresh, and reads the rows. */
import type { LongId } from '../domain/amount.ts';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';
import {
  concerns,
  type FindOptions,
  type LoanReader,
  type Read,
  type ReadOptions,
} from '../usecases/ports.ts';
import type { AccountBook } from './account-book.ts';
import type { Account } from './accounts.ts';
import { eachOnce, listAnswer, type ReadRows, readRows, riskUnitRow } from './answers.ts';
import type { FailedCall } from './caller.ts';
import { type ClosedList, decodeClosed, mergeClosed, walkClosedPages } from './closed-list.ts';
import type { CoalescedRead, SharedList } from './coalesced-read.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failed } from './failure.ts';
import type { ReadCaller } from './read-caller.ts';
import type { QueryParameter } from './signing.ts';
import type { Priority } from './weight-limiter.ts';

export interface LoanReaderOptions {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
  readonly coalesced: CoalescedRead;
  /** Exchange time. */
  readonly nowMs: () => number;
}

/** One read, with one time budget for all its calls. */
interface Asked {
  readonly priority: Priority;
  readonly fresh: boolean;
  readonly deadlineMs: number | undefined;
}

export class ExchangeLoanReader implements LoanReader {
  readonly #options: LoanReaderOptions;

  constructor(options: LoanReaderOptions) {
    this.#options = options;
  }

  async riskUnits(options: ReadOptions): Promise<Read<readonly RiskUnit[]>> {
    const read = await this.#details(this.#options.book.parent(), null, this.#asked(options));
    return read.ok ? { ...read, value: read.value.rows, flaws: read.value.flawed } : read;
  }

  async riskUnit(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    return onlyUnit(await this.#details(this.#options.book.parent(), groupId, this.#asked(options)), groupId);
  }

  async riskUnitAsCreditAccount(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    const asked = { ...this.#asked(options), fresh: true };
    const owner = await this.#options.book.findOwner(groupId, asked.priority, asked.deadlineMs);
    if (!owner.ok) return owner;
    return onlyUnit(await this.#details(owner.account, groupId, asked), groupId);
  }

  async closedUnits(options: ReadOptions): Promise<Read<readonly ClosedUnit[]>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0) return noCreditAccount();
    const asked = this.#asked(options);
    const lists = await Promise.all(accounts.map((account) => this.#closedList(account, asked)));
    return mergeClosed(accounts, lists);
  }

  async findClosedUnit(groupId: LongId, options: FindOptions): Promise<Read<ClosedUnit | null>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0) return noCreditAccount();
    const asked = { ...this.#asked(options), fresh: true };
    const owner = this.#options.book.knownOwner(groupId);
    // The key has shown the unit, so no e-mails need comparing and no other list matters.
    if (owner !== null) return this.#findIn(owner, groupId, () => true, asked);
    const ofOwner = rowsOf(options.creditAccount);
    return firstFound(accounts.map((account) => this.#findIn(account, groupId, ofOwner, asked)));
  }

  async canClose(groupId: LongId): Promise<Read<boolean>> {
    const owner = await this.#options.book.findOwner(groupId, 'interactive');
    if (!owner.ok && owner.failure.kind !== 'no-account') return owner;
    return { ok: true, value: owner.ok, asOfMs: this.#options.nowMs(), flaws: [] };
  }

  #asked({ priority, fresh = false }: ReadOptions): Asked {
    return { priority, fresh, deadlineMs: this.#options.reads.deadlineFor(priority) };
  }

  async #details(
    account: Account | null,
    groupId: LongId | null,
    asked: Asked,
  ): Promise<Read<ReadRows<RiskUnit>>> {
    const { priority, deadlineMs } = asked;
    const parameters: QueryParameter[] = groupId === null ? [] : [['groupId', groupId]];
    const call = { endpoint: ENDPOINTS.ltvDetails, account, parameters, priority, deadlineMs };
    const load = () => this.#options.reads.read(call, listAnswer, 'it is not a list of risk units');
    const key = `ltv-details/${account?.name ?? ''}/${groupId ?? 'all'}`;
    return this.#read(key, account, asked, load, (rows) => eachOnce(readRows(rows, riskUnitRow)));
  }

  async #closedList(account: Account, asked: Asked): Promise<Read<ClosedList>> {
    const { priority, deadlineMs } = asked;
    const load = () =>
      walkClosedPages((parameters) =>
        this.#options.reads.call({ endpoint: ENDPOINTS.closed, account, parameters, priority, deadlineMs }),
      );
    return this.#read(`closed/${account.name}`, account, asked, load, decodeClosed);
  }

  /** Shared with simultaneous reads of the same list, unless it must be fresh. */
  async #read<Value>(
    key: string,
    account: Account | null,
    { fresh, priority }: Asked,
    load: () => Promise<SharedList | FailedCall>,
    decode: (rows: readonly unknown[]) => Value,
  ): Promise<Read<Value>> {
    const list = fresh ? await load() : await this.#options.coalesced.read(key, priority, load);
    if (list.kind !== 'read') return failed(list, account);
    return { ok: true, value: decode(list.value), asOfMs: list.asOfMs, flaws: [] };
  }

  async #findIn(
    account: Account,
    groupId: LongId,
    counts: (row: ClosedUnit) => boolean,
    asked: Asked,
  ): Promise<Read<ClosedUnit | null>> {
    const list = await this.#closedList(account, asked);
    if (!list.ok) return list;
    const { units, flawed, missing } = list.value;
    const unit = newest(units.filter((row) => row.groupId === groupId && !row.enabled && counts(row)));
    if (unit !== null) return { ...list, value: unit };
    const flaw = flawed.find((row) => concerns(row, groupId));
    if (flaw !== undefined) return unreadableRow(flaw.text, account);
    if (missing > 0) return unreadableRow(`${missing} rows are counted but not shown`, account);
    return { ...list, value: null };
  }
}

function rowsOf(creditAccount: string | undefined): (row: ClosedUnit) => boolean {
  const owner = creditAccount?.toLowerCase();
  return (row) => owner === undefined || row.creditEmail.toLowerCase() === owner;
}

function newest(rows: readonly ClosedUnit[]): ClosedUnit | null {
  return rows.reduce<ClosedUnit | null>(
    (best, row) => (best === null || row.closedAtMs > best.closedAtMs ? row : best),
    null,
  );
}

/** The first list that has it, whatever the others do. "Not there" only when all lists have answered. */
async function firstFound(
  lists: readonly Promise<Read<ClosedUnit | null>>[],
): Promise<Read<ClosedUnit | null>> {
  const found = Promise.any(
    lists.map(async (list) => {
      const read = await list;
      if (!read.ok || read.value === null) throw new Error('not in this list');
      return read;
    }),
  );
  const none = async (): Promise<Read<ClosedUnit | null>> => {
    const reads = await Promise.all(lists);
    const answered = reads.filter((read) => read.ok);
    const asOfMs = Math.min(...answered.map((read) => read.asOfMs));
    return reads.find((read) => !read.ok) ?? { ok: true, value: null, asOfMs, flaws: [] };
  };
  return found.catch(none);
}

function noCreditAccount() {
  return failed({ kind: 'no-account', endpoint: ENDPOINTS.closed, account: null }, null);
}

/** An unreadable row must not turn into "not there". */
function unreadableRow(detail: string, account: Account | null) {
  return failed({ kind: 'unreadable', detail }, account);
}

function onlyUnit(read: Read<ReadRows<RiskUnit>>, groupId: LongId): Read<RiskUnit | null> {
  if (!read.ok) return read;
  const { rows, flawed } = read.value;
  const unit = rows.find((each) => each.groupId === groupId);
  const flaw = flawed.find((row) => (unit === undefined ? concerns(row, groupId) : row.groupId === groupId));
  if (flaw !== undefined) return unreadableRow(flaw.text, null);
  return { ...read, value: unit ?? null };
}
