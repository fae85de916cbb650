/** Learns which unit each credit key belongs to, by asking with that key (ltv-details shows a credit key its own). */
import type { LongId } from '../domain/amount.ts';
import type { ExchangeFailure, Log } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { AccountBook } from './account-book.ts';
import type { Priority } from './admission.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failureOf } from './failure.ts';
import type { ReadCall } from './read-call.ts';
import { readRows } from './rows.ts';
import { listAnswer, riskUnitRow } from './schemas.ts';

export type Ownership =
  | { readonly kind: 'owner'; readonly account: Account }
  /** Every credit key was asked; none shows it. */
  | { readonly kind: 'none' }
  /** None shows it, but not every one answered. */
  | { readonly kind: 'unknown'; readonly failure: ExchangeFailure };

export interface UnitOwnersOptions {
  readonly book: AccountBook;
  readonly readCall: ReadCall;
  readonly now: () => number;
  readonly log: Log;
  readonly patienceMs: Readonly<Record<Priority, number>>;
}

interface Lesson {
  readonly account: Account;
  readonly atMs: number;
  readonly failure: ExchangeFailure | null;
}

/** A unit that no key has shown is asked for again only after this long: typing junk ids must not eat the limit. */
const ASK_AGAIN_MS = 30_000;
const ASK_AGAIN_AFTER_FAILURE_MS = 3_000;

export class UnitOwners {
  readonly #options: UnitOwnersOptions;
  #lessons = new WeakMap<Account, Promise<Lesson> | Lesson>();

  constructor(options: UnitOwnersOptions) {
    this.#options = options;
  }

  /** Asks with every credit key that has not answered yet. True: all have. */
  async learnAll(priority: Priority): Promise<boolean> {
    const lessons = await Promise.all(
      this.#options.book.credit().map((account) => this.#lesson(account, priority, () => false)),
    );
    return lessons.every((lesson) => lesson.failure === null);
  }

  /** Which credit account a unit belongs to; asks again when no key has shown it lately. */
  async find(groupId: LongId, priority: Priority): Promise<Ownership> {
    const { book, now } = this.#options;
    const known = book.choose(ENDPOINTS.close, { by: 'owner', groupId });
    if (known !== null) return { kind: 'owner', account: known };
    const isOld = (lesson: Lesson) => now() - lesson.atMs >= ASK_AGAIN_MS;
    const lessons = await Promise.all(book.credit().map((account) => this.#lesson(account, priority, isOld)));
    const owner = book.choose(ENDPOINTS.close, { by: 'owner', groupId });
    if (owner !== null) return { kind: 'owner', account: owner };
    const failed = lessons.find((lesson) => lesson.failure !== null);
    return failed?.failure == null ? { kind: 'none' } : { kind: 'unknown', failure: failed.failure };
  }

  /** Whether each credit key has shown its unit, for the status. */
  learned(account: Account): boolean {
    const lesson = this.#lessons.get(account);
    return lesson !== undefined && !(lesson instanceof Promise) && lesson.failure === null;
  }

  #lesson(
    account: Account,
    priority: Priority,
    isOld: (lesson: Lesson) => boolean,
  ): Promise<Lesson> | Lesson {
    const before = this.#lessons.get(account);
    if (before !== undefined) {
      if (before instanceof Promise) return before;
      const sinceMs = this.#options.now() - before.atMs;
      const again = before.failure === null ? isOld(before) : sinceMs >= ASK_AGAIN_AFTER_FAILURE_MS;
      if (!again) return before;
    }
    const lesson = this.#ask(account, priority);
    this.#lessons.set(account, lesson);
    return lesson;
  }

  async #ask(account: Account, priority: Priority): Promise<Lesson> {
    const { book, readCall, now, log, patienceMs } = this.#options;
    const result = await readCall({
      endpoint: ENDPOINTS.ltvDetails,
      account,
      parameters: [],
      priority,
      patienceMs: patienceMs[priority],
    });
    const rows = listAnswer.safeParse(result.kind === 'answered' ? result.json : null);
    let failure: ExchangeFailure | null = null;
    if (result.kind !== 'answered') failure = failureOf(result, account);
    else if (!rows.success) {
      failure = failureOf({ kind: 'unreadable', httpStatus: 200, detail: 'it is not a list' }, account);
    } else this.#noteUnits(account, rows.data);
    if (failure !== null) {
      log.warn({ account: account.name, ...failure }, 'a credit key could not be asked for its unit');
    }
    const lesson: Lesson = { account, atMs: now(), failure };
    if (book.all().includes(account)) this.#lessons.set(account, lesson);
    else this.#lessons.delete(account);
    return lesson;
  }

  #noteUnits(account: Account, answer: readonly unknown[]): void {
    const { book, log } = this.#options;
    const { rows, flawed } = readRows(answer, riskUnitRow);
    const units = [...rows.map((unit) => unit.groupId), ...flawed.flatMap(({ groupId }) => groupId ?? [])];
    book.noteUnits(account, units);
    const fields = { account: account.name, units };
    if (units.length > 1) {
      log.warn(fields, 'a key with the role "credit" sees several units: is it the parent\'s key?');
    } else if (units.length === 0) log.info(fields, 'a credit key sees no unit now');
    else log.info(fields, 'a credit key has shown its unit');
  }
}
