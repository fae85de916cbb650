/** Implements LoanReader: which call, which key, shared or fresh, and what its rows say. */
import type { LongId } from '../domain/amount.ts';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';
import type { ExchangeFailure, LoanReader, Read, ReadOptions } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { AccountBook } from './account-book.ts';
import type { Priority } from './admission.ts';
import type { FailedCall } from './call-result.ts';
import { type ClosedList, decodeClosed, mergeClosed } from './closed-list.ts';
import { walkClosedPages } from './closed-pages.ts';
import { type CoalescedRead, jsonOf, type Text } from './coalesced-read.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failureOf } from './failure.ts';
import type { ReadCall } from './read-call.ts';
import { type ReadRows, readRows } from './rows.ts';
import { listAnswer, riskUnitRow } from './schemas.ts';
import type { QueryParameter } from './sign.ts';
import type { UnitOwners } from './unit-owners.ts';

export interface LoanReaderOptions {
  readonly book: AccountBook;
  readonly owners: UnitOwners;
  readonly readCall: ReadCall;
  readonly coalesced: CoalescedRead;
  /** Exchange time. */
  readonly nowMs: () => number;
  readonly patienceMs: Readonly<Record<Priority, number>>;
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
    const read = await this.#details(this.#parent(), null, options);
    if (!read.ok) return read;
    const { rows, flawed } = read.value;
    return { ...read, value: rows, flaws: flawed.map(({ text }) => text) };
  }

  async riskUnit(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    return onlyUnit(await this.#details(this.#parent(), groupId, options), groupId);
  }

  async riskUnitAsCreditAccount(groupId: LongId, options: ReadOptions): Promise<Read<RiskUnit | null>> {
    const ownership = await this.#options.owners.find(groupId, options.priority);
    if (ownership.kind === 'unknown') return { ok: false, failure: ownership.failure };
    const account = ownership.kind === 'owner' ? ownership.account : null;
    if (account === null)
      return failed({ kind: 'no-account', endpoint: ENDPOINTS.close, account: null }, null);
    return onlyUnit(await this.#details(account, groupId, { ...options, fresh: true }), groupId);
  }

  async closedUnits(options: ReadOptions): Promise<Read<readonly ClosedUnit[]>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0)
      return failed({ kind: 'no-account', endpoint: ENDPOINTS.closed, account: null }, null);
    const lists = await Promise.all(accounts.map((account) => this.#closedList(account, options)));
    return mergeClosed(accounts, lists);
  }

  async findClosedUnit(groupId: LongId, options: ReadOptions): Promise<Read<ClosedUnit | null>> {
    const accounts = this.#options.book.credit();
    if (accounts.length === 0)
      return failed({ kind: 'no-account', endpoint: ENDPOINTS.closed, account: null }, null);
    // The owner's list decides alone; only when no key has shown the unit do all of them have to answer.
    const owner = this.#options.book.choose(ENDPOINTS.closed, { by: 'owner', groupId });
    const first = owner === null ? null : await this.#findIn(owner, groupId, options);
    if (first !== null && (!first.ok || first.value !== null)) return first;
    const others = await Promise.all(
      accounts
        .filter((account) => account !== owner)
        .map((account) => this.#findIn(account, groupId, options)),
    );
    const found = others.find((read) => read.ok && read.value !== null);
    if (found !== undefined) return found;
    if (first !== null) return first;
    const read = others.filter((each) => each.ok);
    const failure = others.find((each) => !each.ok);
    return (
      failure ?? { ok: true, value: null, asOfMs: Math.min(...read.map((each) => each.asOfMs)), flaws: [] }
    );
  }

  async canClose(groupId: LongId): Promise<Read<boolean>> {
    const ownership = await this.#options.owners.find(groupId, 'interactive');
    if (ownership.kind === 'unknown') return { ok: false, failure: ownership.failure };
    return { ok: true, value: ownership.kind === 'owner', asOfMs: this.#options.nowMs(), flaws: [] };
  }

  #parent(): Account | null {
    return this.#options.book.choose(ENDPOINTS.ltvDetails, { by: 'parent' });
  }

  async #details(
    account: Account | null,
    groupId: LongId | null,
    options: ReadOptions,
  ): Promise<Read<ReadRows<RiskUnit>>> {
    const { coalesced, patienceMs, readCall } = this.#options;
    const parameters: QueryParameter[] = groupId === null ? [] : [['groupId', groupId]];
    const load = async (): Promise<Text | FailedCall> => {
      const result = await readCall({
        endpoint: ENDPOINTS.ltvDetails,
        account,
        parameters,
        priority: options.priority,
        patienceMs: patienceMs[options.priority],
      });
      if (result.kind !== 'answered') return result;
      if (listAnswer.safeParse(result.json).success) {
        return {
          kind: 'text',
          parts: [{ firstRow: 1, body: result.body, json: result.json }],
          asOfMs: result.asOfMs,
        };
      }
      return { kind: 'unreadable', httpStatus: 200, detail: 'it is not a list of risk units' };
    };
    const key = `ltv-details/${account?.name ?? ''}/${groupId ?? 'all'}`;
    const text = options.fresh === true ? await load() : await coalesced.read(key, load);
    if (text.kind !== 'text') return failed(text, account);
    return { ok: true, value: this.#decode(text), asOfMs: text.asOfMs, flaws: [] };
  }

  /** Once for all who share the answer. */
  #decode(text: Text): ReadRows<RiskUnit> {
    let decoded = this.#decoded.get(text);
    if (decoded === undefined) {
      decoded = readRows(listAnswer.parse(text.parts.flatMap(jsonOf)), riskUnitRow);
      this.#decoded.set(text, decoded);
    }
    return decoded;
  }

  async #closedList(account: Account, options: ReadOptions): Promise<Read<ClosedList>> {
    const load = () => walkClosedPages((page) => this.#closedPage(account, page, options));
    const key = `closed/${account.name}`;
    const text = options.fresh === true ? await load() : await this.#options.coalesced.read(key, load);
    if (text.kind !== 'text') return failed(text, account);
    return { ok: true, value: decodeClosed(text), asOfMs: text.asOfMs, flaws: [] };
  }

  #closedPage(account: Account, parameters: readonly QueryParameter[], { priority }: ReadOptions) {
    const patienceMs = this.#options.patienceMs[priority];
    return this.#options.readCall({ endpoint: ENDPOINTS.closed, account, parameters, priority, patienceMs });
  }

  async #findIn(account: Account, groupId: LongId, options: ReadOptions): Promise<Read<ClosedUnit | null>> {
    const hasIt = (rows: readonly unknown[]) =>
      rows.some(
        (row) => typeof row === 'object' && row !== null && 'groupId' in row && row.groupId === groupId,
      );
    const text = await walkClosedPages((page) => this.#closedPage(account, page, options), hasIt);
    if (text.kind !== 'text') return failed(text, account);
    const { units, flawed, missing } = decodeClosed(text);
    const unit = units.find((each) => each.groupId === groupId);
    if (unit !== undefined) return { ok: true, value: unit, asOfMs: text.asOfMs, flaws: [] };
    const unreadable = flawed.find((row) => row.groupId === groupId || row.groupId === null);
    if (unreadable !== undefined) return unreadableRow(unreadable.text, account);
    if (missing > 0) return unreadableRow(`${missing} rows are counted but not shown`, account);
    return { ok: true, value: null, asOfMs: text.asOfMs, flaws: [] };
  }
}

function failed(
  result: FailedCall,
  account: Account | null,
): { readonly ok: false; readonly failure: ExchangeFailure } {
  return { ok: false, failure: failureOf(result, account) };
}

/** A row that cannot be read must not turn into "not there". */
function unreadableRow(detail: string, account: Account | null) {
  return failed({ kind: 'unreadable', httpStatus: 200, detail }, account);
}

function onlyUnit(read: Read<ReadRows<RiskUnit>>, groupId: LongId): Read<RiskUnit | null> {
  if (!read.ok) return read;
  const { rows, flawed } = read.value;
  const unit = rows.find((each) => each.groupId === groupId);
  if (unit !== undefined) return { ...read, value: unit };
  const flaw = flawed.find((row) => row.groupId === groupId || row.groupId === null);
  return flaw === undefined ? { ...read, value: null } : unreadableRow(flaw.text, null);
}
