/** The verbs of `/loan`, with what they return. Each checks the person itself. */
import type { Amount, LongId } from '../domain/amount.ts';
import type { AssetInterest } from '../domain/loan/interest.ts';
import type {
  ForcedLiquidation,
  LiquidationTransfer,
  LoanRecord,
  LoanTotals,
  RebateBalance,
  Span,
} from '../domain/loan/loan-records.ts';
import type { Statement } from '../domain/loan/statement.ts';
import type { PersonId } from '../domain/person.ts';
import type { Result } from '../domain/refusal.ts';
import type { Liability } from '../domain/unit/risk-unit.ts';
import type { CsvFile } from './desk.ts';

export interface LoanView {
  readonly groupId: LongId;
  /** Null: the unit is closed, or this couldn't be read and is in `missing`. */
  readonly owed: readonly Liability[] | null;
  /** Null: it isn't closed, as far as could be read. */
  readonly closedAtMs: number | null;
  /** Null: couldn't be read. */
  readonly creditEmail: string | null;
  readonly span: Span;
  /** In words, days in the reader's zone: "2026-11-01 to 2026-11-30". */
  readonly spanText: string;
  readonly interest: readonly AssetInterest[];
  /** Borrows, repays and forced repays of this page, newest first; failed ones among them. */
  readonly records: readonly LoanRecord[];
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  /** Sums of the confirmed ones in the span. */
  readonly sums: readonly LoanTotals[];
  /** Newest first, each with the transfers of its time. */
  readonly liquidations: readonly {
    readonly liquidation: ForcedLiquidation;
    readonly transfers: readonly LiquidationTransfer[];
  }[];
  /** Null: couldn't be read, or the firm has none. `usedHere`: interest of this unit that it paid within the span. */
  readonly rebate: (RebateBalance & { readonly usedHere: Amount | null }) | null;
  /** Parts that couldn't be read, each with why, in words for people; and rows that couldn't. */
  readonly missing: readonly string[];
  readonly flaws: readonly string[];
  readonly timeZone: string;
  readonly asOfMs: number;
}

/** Days and the month are UTC. */
export interface StatementView extends Statement {
  readonly groupId: LongId;
  /** Null: couldn't be read. */
  readonly creditEmail: string | null;
  /** "2026-10" */
  readonly month: string;
  /** True: the month isn't over. */
  readonly isRunning: boolean;
  /** What the statement can't be made without, each with why, in words for people. */
  readonly missing: readonly string[];
  /** What was read to follow the interest; the month is in it. */
  readonly read: Span;
  /** What only the check of the interest paid can't be made without; whose it is, is in `interestUnchecked`. */
  readonly missingForInterest: readonly string[];
  readonly flaws: readonly string[];
  readonly asOfMs: number;
}

export interface LoanDesk {
  /**
   * `query`: "12", "12 last 30d", "12 2026-10-01 2026-10-31"; a page from 1. `readingId` names the reading for
   * `loanProgress` and `stopLoan`.
   */
  viewLoan(by: PersonId, query: string, page: number, readingId: string): Promise<Result<LoanView>>;
  /** All rows of the same query with every digit. */
  exportLoan(by: PersonId, query: string, readingId: string): Promise<Result<CsvFile>>;
  /** "12 statement 2026-10" */
  viewStatement(by: PersonId, query: string, readingId: string): Promise<Result<StatementView>>;
  exportStatement(by: PersonId, query: string, readingId: string): Promise<Result<CsvFile>>;
  /** How far it is, on whichever replica it runs; null: it is over, or never began. */
  loanProgress(by: PersonId, readingId: string): Promise<Result<ReadingProgress | null>>;
  /** Gives it up. False: it was over. */
  stopLoan(by: PersonId, readingId: string): Promise<Result<boolean>>;
}

export interface ReadingProgress {
  readonly done: number;
  readonly of: number;
}
