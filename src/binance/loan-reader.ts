/** Implements LoanReader: which call, which key, shared or fresh, and what its rows say. */
import type { LongId } from '../domain/amount.ts';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';
import {
  concerns,
  type ExchangeFailure,
  type FindOptions,
  type LoanReader,
  type Read,
  type ReadOptions,
} from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { AccountBook } from './account-book.ts';
import type { FailedCall, ReadCaller } from './caller.ts';
import { type ClosedList, decodeClosed, mergeClosed } from './closed-list.ts';
import { walkClosedPages } from './closed-pages.ts';
import { type CoalescedRead, jsonOf, type Text } from './coalesced-read.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failureOf } from './failure.ts';
import { eachOnce, type ReadRows, readRows } from './rows.ts';
import { listAnswer, riskUnitRow } from './schemas.ts';
import type { QueryParameter } from './sign.ts';
import type { UnitOwners } from './unit-owners.ts';
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

export function createLoanReader(options: LoanReaderOptions): LoanReader {
  const reader = new Reader(options);
  return {
    riskUnits: (read) => reader.riskUnits(read),
    riskUnit: (groupId, read) => reader.riskUnit(groupId, read),
    riskUnitAsCreditAccount: (groupId, read) => reader.riskUnitAsCreditAccount(groupId, read),
    closedUnits: (read) => reader.closedUnits(read),
    findClosedUnit: (groupId, read) => reader.findClosedUnit(groupId, read),
    canClose: (groupId) => reader.canClose(groupId),
  };
}

class Reader {
  readonly #options: LoanReaderOptions;
  readonly #decoded = new WeakMap<Text, ReadRows<RiskUnit>>();

  constructor(options: LoanReaderOptions) {
    this.#options = options;
  }

  async riskUnits(options: ReadOptions): Promise<Read<readonly RiskUnit[]>> {
    const read = await this.#details(this.#parent(), null, this.#asked(options));
    if (!read.ok) return read;
    return { ...read, value: read.value.rows, flaws: read.value.flawed };
  }

  async riskUnit(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    return onlyUnit(await this.#details(this.#parent(), groupId, this.#asked(options)), groupId);
  }

  async riskUnitAsCreditAccount(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    const asked = { ...this.#asked(options), fresh: true };
    const ownership = await this.#options.owners.find(groupId, asked.priority, asked.deadlineMs);
    if (ownership.kind === 'unknown') return { ok: false, failure: ownership.failure };
    const account = ownership.kind === 'owner' ? ownership.account : null;
    if (account === null)
      return failed({ kind: 'no-account', endpoint: ENDPOINTS.close, account: null }, null);
    return onlyUnit(await this.#details(account, groupId, asked), groupId);
  }

  async closedUnits(options: ReadOptions): Promise<Read<readonly ClosedUnit[]>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0)
      return failed({ kind: 'no-account', endpoint: ENDPOINTS.closed, account: null }, null);
    const asked = this.#asked(options);
    const lists = await Promise.all(accounts.map((account) => this.#closedList(account, asked)));
    return mergeClosed(accounts, lists);
  }

  async findClosedUnit(groupId: LongId, options: FindOptions): Promise<Read<ClosedUnit | null>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0)
      return failed({ kind: 'no-account', endpoint: ENDPOINTS.closed, account: null }, null);
    const asked = this.#asked(options);
    const owner = this.#options.book.choose(ENDPOINTS.closed, { by: 'owner', groupId });
    // The key has proved whose list it is: e-mails need not be compared, and no other list matters.
    if (owner !== null) return this.#findIn(owner, groupId, () => true, asked);
    const ofOwner = rowsOf(options.creditAccount);
    return firstFound(accounts.map((account) => this.#findIn(account, groupId, ofOwner, asked)));
  }

  async canClose(groupId: LongId): Promise<Read<boolean>> {
    const ownership = await this.#options.owners.find(groupId, 'interactive');
    if (ownership.kind === 'unknown') return { ok: false, failure: ownership.failure };
    return { ok: true, value: ownership.kind === 'owner', asOfMs: this.#options.nowMs(), flaws: [] };
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
    const { coalesced, reads } = this.#options;
    const parameters: QueryParameter[] = groupId === null ? [] : [['groupId', groupId]];
    const load = async (): Promise<Text | FailedCall> => {
      const result = await reads.call({
        endpoint: ENDPOINTS.ltvDetails,
        account,
        parameters,
        priority: asked.priority,
        deadlineMs: asked.deadlineMs,
      });
      if (result.kind !== 'answered') return result;
      if (listAnswer.safeParse(result.json).success) {
        return {
          kind: 'text',
          parts: [{ firstRow: 1, body: result.body, json: result.json }],
          asOfMs: result.asOfMs,
        };
      }
      return { kind: 'unreadable', detail: 'it is not a list of risk units' };
    };
    const key = `ltv-details/${account?.name ?? ''}/${groupId ?? 'all'}`;
    const text = asked.fresh ? await load() : await coalesced.read(key, asked.priority, load);
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
    const load = () => walkClosedPages((page) => this.#closedPage(account, page, asked));
    const key = `closed/${account.name}`;
    const text = asked.fresh ? await load() : await this.#options.coalesced.read(key, asked.priority, load);
    if (text.kind !== 'text') return failed(text, account);
    return { ok: true, value: decodeClosed(text), asOfMs: text.asOfMs, flaws: [] };
  }

  #closedPage(account: Account, parameters: readonly QueryParameter[], { priority, deadlineMs }: Asked) {
    const { closed: endpoint } = ENDPOINTS;
    return this.#options.reads.call({ endpoint, account, parameters, priority, deadlineMs });
  }

  async #findIn(
    account: Account,
    groupId: LongId,
    counts: (row: ClosedUnit) => boolean,
    asked: Asked,
  ): Promise<Read<ClosedUnit | null>> {
    const list = await this.#closedList(account, { ...asked, fresh: true });
    if (!list.ok) return list;
    const { units, flawed, missing } = list.value;
    const unit = newest(units.filter((row) => row.groupId === groupId && !row.enabled && counts(row)));
    if (unit !== null) return { ...list, value: unit };
    const unreadable = flawed.find((row) => concerns(row, groupId));
    if (unreadable !== undefined) return unreadableRow(unreadable.text, account);
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

function failed(
  result: FailedCall,
  account: Account | null,
): { readonly ok: false; readonly failure: ExchangeFailure } {
  return { ok: false, failure: failureOf(result, account) };
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
