/**
 * The accounts in use, and the unit of each credit key. The unit is read with the key itself, because ltv-details shows
 * a credit key only its own unit.
 */
import type { LongId } from '../domain/amount.ts';
import type { ExchangeFailure, Log } from '../usecases/ports.ts';
import type { Account } from './accounts.ts';
import { listAnswer, readRows, riskUnitRow } from './answers.ts';
import { bucketOf } from './caller.ts';
import { decodeClosed, walkClosedPages } from './closed-list.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { failed, failureOf } from './failure.ts';
import type { ReadCaller } from './read-caller.ts';
import { isMoreUrgent, type Priority } from './weight-limiter.ts';

export type Owner =
  | { readonly ok: true; readonly account: Account }
  /** `no-account`: every credit key answered and none shows the unit. Other failures: not every key answered. */
  | { readonly ok: false; readonly failure: ExchangeFailure };

export interface AccountBookOptions {
  readonly accounts: readonly Account[];
  readonly reads: Pick<ReadCaller, 'call' | 'read' | 'deadlineFor'>;
  readonly now: () => number;
  readonly log: Log;
}

interface Known {
  /** Units that its key has shown. Kept after a close, to know whose closed list has the unit. */
  readonly units: Set<LongId>;
  /** Units of its closed list, as far as it was read: their records are this account's too. */
  readonly closedUnits: Set<LongId>;
  /** The key's last answer. */
  answer: KeyAnswer | null;
  question: { readonly priority: Priority; readonly answer: Promise<KeyAnswer> } | null;
}

interface KeyAnswer {
  readonly atMs: number;
  readonly failure: ExchangeFailure | null;
}

/** An older answer can't prove that no key shows a unit, which may have been opened since. */
const ASK_AGAIN_MS = 2_000;

export class AccountBook {
  readonly #options: AccountBookOptions;
  #known: ReadonlyMap<Account, Known>;

  constructor(options: AccountBookOptions) {
    this.#options = options;
    this.#known = new Map(options.accounts.map((account) => [account, unknown()]));
  }

  all(): readonly Account[] {
    return [...this.#known.keys()];
  }

  credit(): readonly Account[] {
    return this.all().filter((account) => account.role === 'credit');
  }

  /** The account that sees all units. */
  parent(): Account | null {
    return this.all().find((account) => account.role === 'parent') ?? null;
  }

  named(name: string): Account | null {
    return this.all().find((account) => account.name === name) ?? null;
  }

  unitsOf(account: Account): ReadonlySet<LongId> {
    return this.#known.get(account)?.units ?? new Set();
  }

  /** Whether this credit key has shown its unit, for the status. */
  hasAnswered(account: Account): boolean {
    return this.#known.get(account)?.answer?.failure === null;
  }

  /** The credit account whose key has shown this unit; null: none so far. */
  knownOwner(groupId: LongId): Account | null {
    return this.credit().find((account) => this.unitsOf(account).has(groupId)) ?? null;
  }

  /** The credit account of a unit. Asks all keys again if none has shown the unit. */
  async findOwner(groupId: LongId, priority: Priority, givenDeadlineMs?: number): Promise<Owner> {
    const before = this.knownOwner(groupId);
    if (before !== null) return { ok: true, account: before };
    const deadlineMs = givenDeadlineMs ?? this.#options.reads.deadlineFor(priority);
    const answers = await Promise.all(
      this.credit().map((account) => this.#recentAnswer(account, priority, deadlineMs)),
    );
    const account = this.knownOwner(groupId);
    if (account !== null) return { ok: true, account };
    const failure = answers.find((answer) => answer.failure !== null)?.failure;
    return failure
      ? { ok: false, failure }
      : failed({ kind: 'no-account', endpoint: ENDPOINTS.close, account }, null);
  }

  /**
   * The credit account that has the records of a unit, active or closed. A closed list costs less than asking a key, so
   * those are read first if no key has shown the unit.
   */
  async findOwnerOfRecords(groupId: LongId, priority: Priority): Promise<Owner> {
    const ownerNow = () =>
      this.knownOwner(groupId) ??
      this.credit().find((each) => this.#known.get(each)?.closedUnits.has(groupId));
    const before = ownerNow();
    if (before !== undefined) return { ok: true, account: before };
    const failures = await Promise.all(this.credit().map((account) => this.#readClosed(account, priority)));
    const account = ownerNow();
    if (account !== undefined) return { ok: true, account };
    const owner = await this.findOwner(groupId, priority);
    // A list that couldn't be read may have the unit.
    const failure = failures.find((each) => each !== null) ?? null;
    return !owner.ok && owner.failure.kind === 'no-account' && failure !== null
      ? { ok: false, failure }
      : owner;
  }

  /** Reads the unit of each credit key that has not answered yet. True: all have answered. */
  async askAll(priority: Priority): Promise<boolean> {
    const deadlineMs = this.#options.reads.deadlineFor(priority);
    const open = this.credit().filter((account) => !this.hasAnswered(account));
    const answers = await Promise.all(
      open.map((account) => this.#recentAnswer(account, priority, deadlineMs)),
    );
    return answers.every(({ failure }) => failure === null);
  }

  /**
   * Replaces the accounts. Calls under way keep theirs. Units are kept only for accounts with the same key.
   */
  replace(accounts: readonly Account[]): void {
    const before = [...this.#known];
    this.#known = new Map(
      accounts.map((account) => {
        const kept = before.find(([old]) => old.isSameAs(account))?.[1];
        return [account, unknown(kept?.units, kept?.closedUnits)];
      }),
    );
  }

  /** Every weight bucket that these accounts can use. */
  buckets(): readonly string[] {
    const names = Object.values(ENDPOINTS).flatMap((endpoint: Endpoint) =>
      endpoint.scope === 'uid'
        ? this.credit().map((account) => bucketOf(endpoint, account))
        : [bucketOf(endpoint, null)],
    );
    return [...new Set(names)];
  }

  /** A recent answer or a new one; simultaneous callers share it. */
  #recentAnswer(
    account: Account,
    priority: Priority,
    deadlineMs: number | undefined,
  ): Promise<KeyAnswer> | KeyAnswer {
    const known = this.#known.get(account) ?? unknown();
    const { question, answer: last } = known;
    // Background work may wait long for its weight, so more urgent work doesn't wait for its answer.
    if (question !== null && !isMoreUrgent(priority, question.priority)) return question.answer;
    // Absolute, so that an answer from a clock that was ahead doesn't count as recent.
    if (last !== null && Math.abs(this.#options.now() - last.atMs) < ASK_AGAIN_MS) return last;
    const answer = this.#ask(account, known, priority, deadlineMs).finally(() => {
      if (known.question?.answer === answer) known.question = null;
    });
    known.question = { priority, answer };
    return answer;
  }

  async #ask(
    account: Account,
    known: Known,
    priority: Priority,
    deadlineMs: number | undefined,
  ): Promise<KeyAnswer> {
    const { reads, now, log } = this.#options;
    const call = { endpoint: ENDPOINTS.ltvDetails, account, parameters: [], priority, deadlineMs };
    const result = await reads.read(call, listAnswer, 'it is not a list');
    const failure = result.kind === 'read' ? null : failureOf(result, account);
    if (result.kind === 'read') this.#noteUnits(account, known, result.value);
    else log.warn({ account: account.name, ...failure }, 'credit key unit lookup failed');
    known.answer = { atMs: now(), failure };
    return known.answer;
  }

  /** Why it couldn't be read; null: it was. */
  async #readClosed(account: Account, priority: Priority): Promise<ExchangeFailure | null> {
    const { reads, log } = this.#options;
    const list = await walkClosedPages((parameters) =>
      reads.call({ endpoint: ENDPOINTS.closed, account, parameters, priority }),
    );
    if (list.kind !== 'read') {
      const failure = failureOf(list, account);
      log.warn({ account: account.name, ...failure }, 'closed list not read');
      return failure;
    }
    for (const { groupId } of decodeClosed(list.value).units)
      this.#known.get(account)?.closedUnits.add(groupId);
    return null;
  }

  #noteUnits(account: Account, known: Known, answer: readonly unknown[]): void {
    const { rows, flawed } = readRows(answer, riskUnitRow);
    const units = [...rows.map((unit) => unit.groupId), ...flawed.flatMap(({ groupId }) => groupId ?? [])];
    for (const unit of units) known.units.add(unit);
    const fields = { account: account.name, units };
    if (units.length > 1) {
      this.#options.log.warn(fields, 'credit key sees several units');
    } else this.#options.log.info(fields, 'credit key unit read');
  }
}

function unknown(units: Set<LongId> = new Set(), closedUnits: Set<LongId> = new Set()): Known {
  return { units, closedUnits, answer: null, question: null };
}
