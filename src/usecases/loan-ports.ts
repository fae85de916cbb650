/** The records of a loan, read over windows and pages. All times are UTC milliseconds of the exchange. */
import type { LongId } from '../domain/amount.ts';
import type {
  ForcedLiquidation,
  InterestRecord,
  LiquidationTransfer,
  LoanRecord,
  RebateBalance,
  RebateRecord,
  Span,
} from '../domain/loan/loan-records.ts';
import type { ReadingProgress } from './loan-desk.ts';
import type { Read } from './ports.ts';

/** A reading of many calls: at background pace, and it can be given up. */
export interface Walk {
  /** True: it was given up; asked before each call. */
  isStopped(): boolean;
  /** After each call. `of` may grow while pages are counted. */
  onProgress(done: number, of: number): void;
}

/** Rows come once each, newest first. */
export interface Walked<Row> {
  readonly rows: readonly Row[];
  /** True: there are more than are read; these are the newest. */
  readonly isCut: boolean;
}

/** Null in `value`: given up. Rows that can't be read are in the flaws. */
export type WalkedRead<Row> = Read<Walked<Row> | null>;

export interface LoanRecords {
  /** Active or closed units. Spans longer than a window of Binance are split into windows. */
  borrowsAndRepays(groupId: LongId, span: Span, walk: Walk): Promise<WalkedRead<LoanRecord>>;
  interest(groupId: LongId, span: Span, walk: Walk): Promise<WalkedRead<InterestRecord>>;
  forcedLiquidations(groupId: LongId, span: Span, walk: Walk): Promise<WalkedRead<ForcedLiquidation>>;
  /** Of the credit account of that unit; Binance states no unit in them. */
  liquidationTransfers(groupId: LongId, span: Span, walk: Walk): Promise<WalkedRead<LiquidationTransfer>>;
  /** Of the parent account; Binance keeps one for all units. Null: the firm has none. */
  rebate(): Promise<Read<RebateBalance | null>>;
  rebateRecords(span: Span, walk: Walk): Promise<WalkedRead<RebateRecord>>;
}

/**
 * How far long readings are, for all replicas. What is kept of one ends by itself some minutes after its last report. All
 * throw StoreUnavailable.
 */
export interface ReadingProgressStore {
  /** True: somebody asked to stop it. */
  report(readingId: string, progress: ReadingProgress): Promise<boolean>;
  /** Null: it is over, or never began. */
  progress(readingId: string): Promise<ReadingProgress | null>;
  /** False: it was over. */
  stop(readingId: string): Promise<boolean>;
  end(readingId: string): Promise<void>;
}
