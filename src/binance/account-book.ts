/**
 * The accounts in use, which of them signs which call, and which unit each credit key belongs to: learned by asking
 * with that key, because ltv-details shows a credit key its own unit.
 */
import type { LongId } from '../domain/amount.ts';
import type { ExchangeFailure, Log } from '../usecases/ports.ts';
import type { Account } from './accounts.ts';
import { listAnswer, readRows, riskUnitRow } from './answers.ts';
import { bucketOf, type ReadCaller } from './caller.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { failureOf } from './failure.ts';
import { isMoreUrgent, type Priority } from './weight-limiter.ts';

/** What decides which key signs a call. */
export type KeyChoice =
  /** The desk's own view: the parent key. */
  | { readonly by: 'parent' }
  /** What only the unit's own credit account may ask or do. */
  | { readonly by: 'owner'; readonly groupId: LongId }
  /** One account by its configured name. */
  | { readonly by: 'name'; readonly name: string };

export class AccountBook {
  #accounts: readonly Account[];
  /** Units that each credit account's own key has shown. Kept after a close: they tell whose closed list has the unit. */
  #units = new Map<string, Set<LongId>>();

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  all(): readonly Account[] {
    return this.#accounts;
  }

  credit(): readonly Account[] {
    return this.#accounts.filter((account) => account.role === 'credit');
  }

  /** The account for this call, or null when none fits: its role is one that the endpoint takes. */
  choose(endpoint: Endpoint, choice: KeyChoice): Account | null {
    const fits = (account: Account) => endpoint.roles.includes(account.role);
    switch (choice.by) {
      case 'parent':
        return this.#accounts.find((account) => account.role === 'parent' && fits(account)) ?? null;
      case 'owner':
        return (
          this.credit().find((account) => fits(account) && this.unitsOf(account).has(choice.groupId)) ?? null
        );
      case 'name':
        return this.#accounts.find((account) => account.name === choice.name && fits(account)) ?? null;
    }
  }

  noteUnits(account: Account, units: readonly LongId[]): void {
    // A reload may have replaced the account while it was being asked.
    if (!this.#accounts.includes(account)) return;
    this.#units.set(account.name, new Set([...this.unitsOf(account), ...units]));
  }

  unitsOf(account: Account): ReadonlySet<LongId> {
    return this.#units.get(account.name) ?? new Set();
  }

  /**
   * Takes new accounts into use. Calls under way keep the account they were given. What an account has shown is
   * forgotten, unless it kept its key.
   */
  replace(accounts: readonly Account[]): void {
    const before = this.#accounts;
    this.#accounts = accounts;
    const kept = accounts.filter((account) =>
      before.some(
        (old) => old.name === account.name && old.role === account.role && old.hasSameKeyAs(account),
      ),
    );
    this.#units = new Map(kept.map((account) => [account.name, new Set(this.unitsOf(account))]));
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
}

export type Owner =
  /** Null: every credit key was asked, and none shows the unit. */
  | { readonly ok: true; readonly account: Account | null }
  /** None shows it, but not every one answered. */
  | { readonly ok: false; readonly failure: ExchangeFailure };

export interface UnitOwnersOptions {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
  readonly now: () => number;
  readonly log: Log;
}

/** That a credit key was asked for its unit. */
interface KeyAnswer {
  readonly atMs: number;
  readonly failure: ExchangeFailure | null;
}

interface RunningQuestion {
  readonly priority: Priority;
  readonly answer: Promise<KeyAnswer>;
}

/** That no key shows a unit is never said from an older answer: the unit may have been opened since. */
const ASK_AGAIN_MS = 2_000;
const ASK_AGAIN_AFTER_FAILURE_MS = 3_000;

export class UnitOwners {
  readonly #options: UnitOwnersOptions;
  readonly #running = new Map<Account, RunningQuestion>();
  readonly #answers = new WeakMap<Account, KeyAnswer>();

  constructor(options: UnitOwnersOptions) {
    this.#options = options;
  }

  /** Asks each credit key that has not answered yet for its unit. True: all have answered. */
  async askAll(priority: Priority): Promise<boolean> {
    const { book, reads } = this.#options;
    const deadlineMs = reads.deadlineFor(priority);
    const answers = book
      .credit()
      .map((account) => this.#answerOf(account, priority, deadlineMs, () => false));
    return (await Promise.all(answers)).every(({ failure }) => failure === null);
  }

  /** Which credit account a unit belongs to; where no key has shown it, all are asked again first. */
  async find(groupId: LongId, priority: Priority, deadlineMs?: number): Promise<Owner> {
    const { book, now, reads } = this.#options;
    const known = () => book.choose(ENDPOINTS.close, { by: 'owner', groupId });
    const before = known();
    if (before !== null) return { ok: true, account: before };
    // Either way: a clock that was ahead must not keep an old answer.
    const isOld = ({ atMs }: KeyAnswer) => Math.abs(now() - atMs) >= ASK_AGAIN_MS;
    const untilMs = deadlineMs ?? reads.deadlineFor(priority);
    const answers = book.credit().map((account) => this.#answerOf(account, priority, untilMs, isOld));
    const failure = (await Promise.all(answers)).find((answer) => answer.failure !== null)?.failure;
    const account = known();
    return account === null && failure ? { ok: false, failure } : { ok: true, account };
  }

  /** Whether a credit key has answered, for the status. */
  hasAnswered(account: Account): boolean {
    return this.#answers.get(account)?.failure === null;
  }

  #answerOf(
    account: Account,
    priority: Priority,
    deadlineMs: number | undefined,
    isOld: (answer: KeyAnswer) => boolean,
  ): Promise<KeyAnswer> | KeyAnswer {
    const running = this.#running.get(account);
    // Background work may wait for its weight for long: more urgent work does not wait for its answer.
    if (running !== undefined && !isMoreUrgent(priority, running.priority)) return running.answer;
    const before = this.#answers.get(account);
    if (before !== undefined) {
      const sinceMs = Math.abs(this.#options.now() - before.atMs);
      const again = before.failure === null ? isOld(before) : sinceMs >= ASK_AGAIN_AFTER_FAILURE_MS;
      if (!again) return before;
    }
    const answer = this.#ask(account, priority, deadlineMs).finally(() => {
      if (this.#running.get(account)?.answer === answer) this.#running.delete(account);
    });
    this.#running.set(account, { priority, answer });
    return answer;
  }

  async #ask(account: Account, priority: Priority, deadlineMs: number | undefined): Promise<KeyAnswer> {
    const { book, reads, now, log } = this.#options;
    const endpoint = ENDPOINTS.ltvDetails;
    const call = { endpoint, account, parameters: [], priority, deadlineMs };
    const result = await reads.read(call, listAnswer, 'it is not a list');
    const failure = result.kind === 'read' ? null : failureOf(result, account);
    if (result.kind === 'read') this.#noteUnits(account, result.value);
    else log.warn({ account: account.name, ...failure }, 'credit key unit lookup failed');
    const answer: KeyAnswer = { atMs: now(), failure };
    if (book.all().includes(account)) this.#answers.set(account, answer);
    return answer;
  }

  #noteUnits(account: Account, answer: readonly unknown[]): void {
    const { book, log } = this.#options;
    const { rows, flawed } = readRows(answer, riskUnitRow);
    const units = [...rows.map((unit) => unit.groupId), ...flawed.flatMap(({ groupId }) => groupId ?? [])];
    book.noteUnits(account, units);
    const fields = { account: account.name, units };
    if (units.length > 1) {
      log.warn(fields, 'a key with the role "credit" sees several units: is it the parent\'s key?');
    } else log.info(fields, 'units of a credit key read');
  }
}
