/** The verbs of `/loan`, with what they return. Each checks the person itself. */
import type { Amount, LongId } from '../domain/amount.ts';
import type {
  ForcedLiquidation,
  LiquidationTransfer,
  LoanRecord,
  RebateBalance,
} from '../domain/loan/loan-records.ts';
import type { PersonId } from '../domain/person.ts';
import type { Result } from '../domain/refusal.ts';
import type { Liability } from '../domain/unit/risk-unit.ts';
import type { CsvFile } from './desk.ts';
import type { Span } from './loan-ports.ts';

/** A change of the rate in the hourly interest: also how a fixed-term loan becomes variable. */
export interface RateStep {
  readonly atMs: number;
  /** Per year of 365 days, not compounded: hourly rate × 8,760. */
  readonly annualBefore: Amount;
  readonly annualAfter: Amount;
}

export interface AssetInterest {
  readonly asset: string;
  /** The calendar day before today in the reader's zone; null: no row. */
  readonly yesterday: Amount | null;
  /** This calendar month so far. */
  readonly month: Amount | null;
  /** The month's interest over what was owed in its hours, per year; null: nothing was owed. */
  readonly monthAnnualRate: Amount | null;
  /** The newest row's; null: no row in the span. */
  readonly annualRate: Amount | null;
  /** Newest first, within the span. */
  readonly steps: readonly RateStep[];
  /** Of the span. */
  readonly total: Amount;
}

export interface LoanView {
  readonly groupId: LongId;
  /** Null: the unit is closed. */
  readonly owed: readonly Liability[] | null;
  /** Null: the unit is active. */
  readonly closedAtMs: number | null;
  readonly creditEmail: string;
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
  readonly sums: readonly {
    readonly asset: string;
    readonly borrowed: Amount;
    readonly repaidPrincipal: Amount;
    readonly repaidInterest: Amount;
  }[];
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

/** One asset of a statement. Days and the month are UTC, so that everybody reads the same statement. */
export interface StatementAsset {
  readonly asset: string;
  readonly opening: Amount;
  readonly borrowed: Amount;
  readonly repaid: Amount;
  readonly forcedRepaid: Amount;
  /** opening + borrowed − repaid − forced. */
  readonly computedClosing: Amount;
  /** As Binance shows it, now or at the end of the month. */
  readonly statedClosing: Amount;
  readonly interest: Amount;
  readonly interestByDay: readonly {
    readonly day: string;
    readonly interest: Amount;
    readonly rows: number;
  }[];
}

export interface StatementView {
  readonly groupId: LongId;
  readonly creditEmail: string;
  /** "2026-10" */
  readonly month: string;
  /** True: the month isn't over. */
  readonly isRunning: boolean;
  readonly assets: readonly StatementAsset[];
  /** What doesn't add up, in words for people; none: it reconciles. */
  readonly differences: readonly string[];
  readonly missing: readonly string[];
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
