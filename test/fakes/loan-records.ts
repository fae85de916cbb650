/** A unit's records as plain data, faults as plain fields; and the progress of readings in memory. */
import type { LongId } from '../../src/domain/amount.ts';
import {
  type ForcedLiquidation,
  type InterestRecord,
  isWithin,
  type LiquidationTransfer,
  type LoanRecord,
  type RebateBalance,
  type RebateRecord,
  type Span,
} from '../../src/domain/loan/loan-records.ts';
import type { ReadingProgress } from '../../src/usecases/loan-desk.ts';
import type { LoanRecords, ReadingProgressStore, Walk, WalkedRead } from '../../src/usecases/loan-ports.ts';
import { type ExchangeFailure, type Flaw, type Read, StoreUnavailable } from '../../src/usecases/ports.ts';

export type RecordsPart = 'records' | 'interest' | 'liquidations' | 'transfers' | 'rebate' | 'rebates';

export class FakeLoanRecords implements LoanRecords {
  records: LoanRecord[] = [];
  interestRows: InterestRecord[] = [];
  liquidations: ForcedLiquidation[] = [];
  transfers: LiquidationTransfer[] = [];
  balance: RebateBalance | null = null;
  rebates: RebateRecord[] = [];
  readonly failures = new Map<RecordsPart, ExchangeFailure>();
  readonly flaws = new Map<RecordsPart, Flaw[]>();
  readonly cut = new Set<RecordsPart>();
  /** Every read, with its span. */
  readonly asked: { readonly part: RecordsPart; readonly span: Span | null }[] = [];
  /** Before each of the calls of a part. */
  beforeCall: (part: RecordsPart) => Promise<void> = async () => {};
  callsPerPart = 1;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  borrowsAndRepays(_: LongId, span: Span, walk: Walk) {
    return this.#walked('records', this.records, ({ atMs }) => atMs, span, walk);
  }

  interest(_: LongId, span: Span, walk: Walk) {
    return this.#walked('interest', this.interestRows, ({ atMs }) => atMs, span, walk);
  }

  forcedLiquidations(_: LongId, span: Span, walk: Walk) {
    return this.#walked('liquidations', this.liquidations, ({ startedAtMs }) => startedAtMs, span, walk);
  }

  liquidationTransfers(_: LongId, span: Span, walk: Walk) {
    return this.#walked('transfers', this.transfers, ({ atMs }) => atMs, span, walk);
  }

  async rebate(): Promise<Read<RebateBalance | null>> {
    this.asked.push({ part: 'rebate', span: null });
    const failure = this.failures.get('rebate');
    return failure
      ? { ok: false, failure }
      : { ok: true, value: this.balance, asOfMs: this.#now(), flaws: [] };
  }

  rebateRecords(span: Span, walk: Walk) {
    return this.#walked('rebates', this.rebates, ({ atMs }) => atMs, span, walk);
  }

  async #walked<Row>(
    part: RecordsPart,
    all: readonly Row[],
    timeOf: (row: Row) => number,
    span: Span,
    walk: Walk,
  ): Promise<WalkedRead<Row>> {
    this.asked.push({ part, span });
    const asOfMs = this.#now();
    for (let done = 1; done <= this.callsPerPart; done += 1) {
      await this.beforeCall(part);
      if (walk.isStopped()) return { ok: true, value: null, asOfMs, flaws: [] };
      walk.onProgress(done, this.callsPerPart);
    }
    const failure = this.failures.get(part);
    if (failure !== undefined) return { ok: false, failure };
    const rows = all.filter((row) => isWithin(timeOf(row), span)).sort((a, b) => timeOf(b) - timeOf(a));
    return {
      ok: true,
      value: { rows, isCut: this.cut.has(part) },
      asOfMs,
      flaws: this.flaws.get(part) ?? [],
    };
  }
}

export class MemoryReadingProgress implements ReadingProgressStore {
  readonly #readings = new Map<string, ReadingProgress & { isStopped: boolean }>();
  isDown = false;
  readonly reported: ReadingProgress[] = [];

  async report(readingId: string, progress: ReadingProgress): Promise<boolean> {
    this.#check();
    this.reported.push(progress);
    const isStopped = this.#readings.get(readingId)?.isStopped ?? false;
    this.#readings.set(readingId, { ...progress, isStopped });
    return isStopped;
  }

  async progress(readingId: string): Promise<ReadingProgress | null> {
    this.#check();
    const reading = this.#readings.get(readingId);
    return reading === undefined ? null : { done: reading.done, of: reading.of };
  }

  async stop(readingId: string): Promise<boolean> {
    this.#check();
    const reading = this.#readings.get(readingId);
    if (reading !== undefined) reading.isStopped = true;
    return reading !== undefined;
  }

  async end(readingId: string): Promise<void> {
    this.#check();
    this.#readings.delete(readingId);
  }

  #check(): void {
    if (this.isDown) throw new StoreUnavailable(new Error('Redis is down'));
  }
}
