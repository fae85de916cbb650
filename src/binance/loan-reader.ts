/** Implements LoanReader: which call, which key, shared or fresh, and what its rows say. */
import type { LongId } from '../domain/amount.ts';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';
import {
  concerns,
  type FindOptions,
  type LoanReader,
  type Read,
  type ReadOptions,
} from '../usecases/ports.ts';
import type { AccountBook, UnitOwners } from './account-book.ts';
import type { Account } from './accounts.ts';
import { eachOnce, listAnswer, type ReadRows, readRows, riskUnitRow } from './answers.ts';
import type { FailedCall, ReadCaller } from './caller.ts';
import { type ClosedList, decodeClosed, mergeClosed, walkClosedPages } from './closed-list.ts';
import { type CoalescedRead, jsonOf, type Text } from './coalesced-read.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { failed } from './failure.ts';
import type { QueryParameter } from './signing.ts';
import type { Priority } from './weight-limiter.ts';

export interface LoanReaderOptions {
  readonly book: AccountBook;
  readonly owners: UnitOwners;
  readonly reads: ReadCaller;
  readonly coalesced: CoalescedRead;
  /** Exchange time. */
  readonly nowMs: () => number;
}

/** One read as asked for, with the one time budget of all its calls. */
interface Asked {
  readonly priority: Priority;
  readonly fresh: boolean;
  readonly deadlineMs: number | undefined;
}

export class ExchangeLoanReader implements LoanReader {
  readonly #options: LoanReaderOptions;
  readonly #decoded = new WeakMap<Text, ReadRows<RiskUnit>>();

  constructor(options: LoanReaderOptions) {
    this.#options = options;
  }

  async riskUnits(options: ReadOptions): Promise<Read<readonly RiskUnit[]>> {
    const read = await this.#details(this.#parent(), null, this.#asked(options));
    return read.ok ? { ...read, value: read.value.rows, flaws: read.value.flawed } : read;
  }

  async riskUnit(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    return onlyUnit(await this.#details(this.#parent(), groupId, this.#asked(options)), groupId);
  }

  async riskUnitAsCreditAccount(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    const asked = { ...this.#asked(options), fresh: true };
    const owner = await this.#options.owners.find(groupId, asked.priority, asked.deadlineMs);
    if (!owner.ok) return owner;
    if (owner.account === null) return noAccount(ENDPOINTS.close);
    return onlyUnit(await this.#details(owner.account, groupId, asked), groupId);
  }

  async closedUnits(options: ReadOptions): Promise<Read<readonly ClosedUnit[]>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0) return noAccount(ENDPOINTS.closed);
    const asked = this.#asked(options);
    const lists = await Promise.all(accounts.map((account) => this.#closedList(account, asked)));
    return mergeClosed(accounts, lists);
  }

  async findClosedUnit(groupId: LongId, options: FindOptions): Promise<Read<ClosedUnit | null>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0) return noAccount(ENDPOINTS.closed);
    const asked = { ...this.#asked(options), fresh: true };
    const owner = this.#options.book.choose(ENDPOINTS.closed, { by: 'owner', groupId });
    // The key has proved whose list it is: e-mails need not be compared, and no other list matters.
    if (owner !== null) return this.#findIn(owner, groupId, () => true, asked);
    const ofOwner = rowsOf(options.creditAccount);
    return firstFound(accounts.map((account) => this.#findIn(account, groupId, ofOwner, asked)));
  }

  async canClose(groupId: LongId): Promise<Read<boolean>> {
    const owner = await this.#options.owners.find(groupId, 'interactive');
    if (!owner.ok) return owner;
    return { ok: true, value: owner.account !== null, asOfMs: this.#options.nowMs(), flaws: [] };
  }

  #asked({ priority, fresh = false }: ReadOptions): Asked {
    return { priority, fresh, deadlineMs: this.#options.reads.deadlineFor(priority) };
  }

  #parent(): Account | null {
    return this.#options.book.choose(ENDPOINTS.ltvDetails, { by: 'parent' });
  }

  async #details(
    account: Account | null,
    groupId: LongId | null,
    asked: Asked,
  ): Promise<Read<ReadRows<RiskUnit>>> {
    const { priority, deadlineMs } = asked;
    const parameters: QueryParameter[] = groupId === null ? [] : [['groupId', groupId]];
    const load = async (): Promise<Text | FailedCall> => {
      const call = { endpoint: ENDPOINTS.ltvDetails, account, parameters, priority, deadlineMs };
      const answer = await this.#options.reads.read(call, listAnswer, 'it is not a list of risk units');
      if (answer.kind !== 'read') return answer;
      const { body, json, asOfMs } = answer;
      return { kind: 'text', parts: [{ firstRow: 1, body, json }], asOfMs };
    };
    const text = await this.#text(`ltv-details/${account?.name ?? ''}/${groupId ?? 'all'}`, asked, load);
    if (text.kind !== 'text') return failed(text, account);
    return { ok: true, value: this.#decode(text), asOfMs: text.asOfMs, flaws: [] };
  }

  /** Once for all who share the answer. */
  #decode(text: Text): ReadRows<RiskUnit> {
    let decoded = this.#decoded.get(text);
    if (decoded === undefined) {
      decoded = eachOnce(readRows(listAnswer.parse(text.parts.flatMap(jsonOf)), riskUnitRow));
      this.#decoded.set(text, decoded);
    }
    return decoded;
  }

  async #closedList(account: Account, asked: Asked): Promise<Read<ClosedList>> {
    const { priority, deadlineMs } = asked;
    const load = () =>
      walkClosedPages((parameters) =>
        this.#options.reads.call({ endpoint: ENDPOINTS.closed, account, parameters, priority, deadlineMs }),
      );
    const text = await this.#text(`closed/${account.name}`, asked, load);
    if (text.kind !== 'text') return failed(text, account);
    return { ok: true, value: decodeClosed(text), asOfMs: text.asOfMs, flaws: [] };
  }

  #text(key: string, asked: Asked, load: () => Promise<Text | FailedCall>): Promise<Text | FailedCall> {
    return asked.fresh ? load() : this.#options.coalesced.read(key, asked.priority, load);
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

/** The first list that has it, whatever the others do. Not there is said only when all have answered so. */
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

function noAccount(endpoint: Endpoint) {
  return failed({ kind: 'no-account', endpoint, account: null }, null);
}

/** A row that cannot be read must not turn into "not there". */
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
