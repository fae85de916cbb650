/** Learns which unit each credit key belongs to, by asking with that key (ltv-details shows a credit key its own). */
import type { LongId } from '../domain/amount.ts';
import type { ExchangeFailure, Log } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import type { AccountBook } from './account-book.ts';
import type { ReadCaller } from './caller.ts';
import { ENDPOINTS } from './endpoints.ts';
import { failureOf } from './failure.ts';
import { readRows } from './rows.ts';
import { listAnswer, riskUnitRow } from './schemas.ts';
import { isMoreUrgent, type Priority } from './weight-limiter.ts';

export type Ownership =
  | { readonly kind: 'owner'; readonly account: Account }
  /** Every credit key was asked; none shows it. */
  | { readonly kind: 'none' }
  /** None shows it, but not every one answered. */
  | { readonly kind: 'unknown'; readonly failure: ExchangeFailure };

export interface UnitOwnersOptions {
  readonly book: AccountBook;
  readonly reads: ReadCaller;
  readonly now: () => number;
  readonly log: Log;
}

interface Asking {
  readonly priority: Priority;
  readonly lesson: Promise<Lesson>;
}

interface Lesson {
  readonly atMs: number;
  readonly failure: ExchangeFailure | null;
}

/**
 * As old as any shared answer may be. That no key shows a unit is never said from an older memory: the unit may have
 * been opened since.
 */
const ASK_AGAIN_MS = 2_000;
const ASK_AGAIN_AFTER_FAILURE_MS = 3_000;

export class UnitOwners {
  readonly #options: UnitOwnersOptions;
  readonly #asking = new Map<Account, Asking>();
  readonly #lessons = new WeakMap<Account, Lesson>();

  constructor(options: UnitOwnersOptions) {
    this.#options = options;
  }

  /** Asks with every credit key that has not answered yet. True: all have. */
  async learnAll(priority: Priority): Promise<boolean> {
    const lessons = await Promise.all(
      this.#options.book
        .credit()
        .map((account) =>
          this.#lesson(account, priority, this.#options.reads.deadlineFor(priority), () => false),
        ),
    );
    return lessons.every((lesson) => lesson.failure === null);
  }

  /** Which credit account a unit belongs to; where no key has shown it, all are asked again first. */
  async find(
    groupId: LongId,
    priority: Priority,
    deadlineMs = this.#options.reads.deadlineFor(priority),
  ): Promise<Ownership> {
    const { book, now } = this.#options;
    const known = book.choose(ENDPOINTS.close, { by: 'owner', groupId });
    if (known !== null) return { kind: 'owner', account: known };
    // Either way: a clock that was ahead must not keep an old answer.
    const isOld = (lesson: Lesson) => Math.abs(now() - lesson.atMs) >= ASK_AGAIN_MS;
    const lessons = await Promise.all(
      book.credit().map((account) => this.#lesson(account, priority, deadlineMs, isOld)),
    );
    const owner = book.choose(ENDPOINTS.close, { by: 'owner', groupId });
    if (owner !== null) return { kind: 'owner', account: owner };
    const failed = lessons.find((lesson) => lesson.failure !== null);
    return failed?.failure == null ? { kind: 'none' } : { kind: 'unknown', failure: failed.failure };
  }

  /** Whether each credit key has shown its unit, for the status. */
  learned(account: Account): boolean {
    return this.#lessons.get(account)?.failure === null;
  }

  #lesson(
    account: Account,
    priority: Priority,
    deadlineMs: number | undefined,
    isOld: (lesson: Lesson) => boolean,
  ): Promise<Lesson> | Lesson {
    const asking = this.#asking.get(account);
    // Background work may wait for its weight for long: nobody waits behind it.
    if (asking !== undefined && !isMoreUrgent(priority, asking.priority)) return asking.lesson;
    const before = this.#lessons.get(account);
    if (before !== undefined) {
      const sinceMs = Math.abs(this.#options.now() - before.atMs);
      const again = before.failure === null ? isOld(before) : sinceMs >= ASK_AGAIN_AFTER_FAILURE_MS;
      if (!again) return before;
    }
    const lesson = this.#ask(account, priority, deadlineMs).finally(() => {
      if (this.#asking.get(account)?.lesson === lesson) this.#asking.delete(account);
    });
    this.#asking.set(account, { priority, lesson });
    return lesson;
  }

  async #ask(account: Account, priority: Priority, deadlineMs: number | undefined): Promise<Lesson> {
    const { book, reads, now, log } = this.#options;
    const result = await reads.call({
      endpoint: ENDPOINTS.ltvDetails,
      account,
      parameters: [],
      priority,
      deadlineMs,
    });
    const rows = listAnswer.safeParse(result.kind === 'answered' ? result.json : null);
    let failure: ExchangeFailure | null = null;
    if (result.kind !== 'answered') failure = failureOf(result, account);
    else if (!rows.success) {
      failure = failureOf({ kind: 'unreadable', detail: 'it is not a list' }, account);
    } else this.#noteUnits(account, rows.data);
    if (failure !== null) {
      log.warn({ account: account.name, ...failure }, 'a credit key could not be asked for its unit');
    }
    const lesson: Lesson = { atMs: now(), failure };
    if (book.all().includes(account)) this.#lessons.set(account, lesson);
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
