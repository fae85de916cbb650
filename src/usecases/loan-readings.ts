/**
 * Readings of a unit's records: all parts at once, at background pace. One is kept for some minutes in this process, so that
 * pages and files don't read again; another replica just reads again.
 */
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
import { done, type Result, refuse } from '../domain/refusal.ts';
import { exchangeRefusal } from './current-facts.ts';
import type { LoanUnit } from './find-loan-unit.ts';
import type { LoanRecords, ReadingProgressStore, Walked, WalkedRead } from './loan-ports.ts';
import type { Log, Read } from './ports.ts';
import { ReadingReport } from './reading-report.ts';

const PART_NAMES = {
  owed: 'What is owed now',
  records: 'Borrows and repays',
  interest: 'Interest',
  liquidations: 'Forced liquidations',
  transfers: 'Transfers of forced liquidations',
  rebate: 'Interest rebate',
  rebateRecords: 'Interest rebate records',
} as const;

type PartName = keyof typeof PART_NAMES;

/** What couldn't be read, and why, in words for people. */
export interface MissingPart {
  readonly part: PartName;
  readonly text: string;
}

export interface LoanReading {
  readonly unit: LoanUnit;
  readonly records: readonly LoanRecord[];
  /** Null: couldn't be read, and is in `missing`; so are the others. */
  readonly interest: readonly InterestRecord[] | null;
  readonly liquidations: readonly ForcedLiquidation[] | null;
  readonly transfers: readonly LiquidationTransfer[] | null;
  /** Null also: the firm has none. */
  readonly rebate: RebateBalance | null;
  /** What the rebate paid for this unit, null also if not all was read; empty for a firm that has none. */
  readonly offsets: readonly RebateRecord[] | null;
  readonly missing: readonly MissingPart[];
  readonly flaws: readonly string[];
  /** Exchange time of the oldest answer. */
  readonly asOfMs: number;
}

/** What to read of a unit. */
export interface ReadingPlan {
  readonly records: Span;
  /** Together they are what is needed; no moment is in two of them. */
  readonly interest: readonly Span[];
  /** True: without the interest rows there is nothing to show. */
  readonly needsInterest: boolean;
  /** False: neither liquidations nor transfers. */
  readonly hasLiquidations: boolean;
  readonly rebate: Span;
}

interface ReadingOrder extends ReadingPlan {
  readonly unit: LoanUnit;
}

export interface LoanReadingsParts {
  readonly records: LoanRecords;
  readonly progress: ReadingProgressStore;
  readonly now: () => number;
  readonly log: Log;
}

/** A command reads again, because people ask it whether a repay has landed; a double click doesn't. */
const FRESH_MS = 30_000;
const KEPT_MS = 5 * 60_000;
/** Up to 20,000 rows each. */
const KEPT_AT_MOST = 10;
const AT_ONCE = 4;
const FLAWS_AT_MOST = 20;
/** Binance's clocks for a liquidation and its transfers may differ. */
const DAY_MS = 86_400_000;

interface Running {
  readonly report: ReadingReport;
  readonly reading: Promise<Result<LoanReading>>;
}

interface Kept {
  readonly atMs: number;
  readonly reading: LoanReading;
}

export class LoanReadings {
  readonly #parts: LoanReadingsParts;
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Running>();
  #atOnce = 0;

  constructor(parts: LoanReadingsParts) {
    this.#parts = parts;
  }

  /** Null: none that is recent enough. `isNew`: one that is older than half a minute won't do. */
  kept(groupId: LongId, plan: ReadingPlan, isNew: boolean): LoanReading | null {
    this.#dropOld();
    const kept = this.#kept.get(keyOf(groupId, plan));
    if (kept === undefined) return null;
    const ageMs = Math.abs(this.#parts.now() - kept.atMs);
    return ageMs <= (isNew ? FRESH_MS : KEPT_MS) ? kept.reading : null;
  }

  /**
   * Reads, and keeps it; those who ask for the same meanwhile wait for the same reading. Refuses when the borrows and
   * repays can't be read, or when it is given up.
   */
  async read(unit: LoanUnit, plan: ReadingPlan, readingId: string): Promise<Result<LoanReading>> {
    const key = keyOf(unit.groupId, plan);
    let running = this.#running.get(key);
    if (running === undefined || running.report.isStopped) {
      if (this.#atOnce >= AT_ONCE) return refuse({ code: 'too-much-at-once' });
      running = this.#start(key, { ...plan, unit });
    }
    const stopped = running.report.join(readingId);
    return Promise.race([running.reading, stopped.then(() => refuse({ code: 'reading-stopped' }))]);
  }

  #start(key: string, order: ReadingOrder): Running {
    const { progress: store, log } = this.#parts;
    const report = new ReadingReport({ store, log });
    const running = { report, reading: this.#readAndKeep(key, order, report) };
    this.#running.set(key, running);
    return running;
  }

  async #readAndKeep(key: string, order: ReadingOrder, report: ReadingReport): Promise<Result<LoanReading>> {
    this.#atOnce += 1;
    try {
      const reading = await this.#readParts(order, report);
      if (reading.ok) this.#keep(key, { atMs: this.#parts.now(), reading: reading.value });
      return reading;
    } finally {
      this.#atOnce -= 1;
      if (this.#running.get(key)?.report === report) this.#running.delete(key);
      void report.end();
    }
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    this.#dropOld();
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= KEPT_AT_MOST) break;
      this.#kept.delete(oldest);
    }
  }

  #dropOld(): void {
    for (const [key, { atMs }] of this.#kept)
      if (Math.abs(this.#parts.now() - atMs) > KEPT_MS) this.#kept.delete(key);
  }

  async #readParts(order: ReadingOrder, report: ReadingReport): Promise<Result<LoanReading>> {
    const { groupId } = order.unit;
    const part = new Parts();
    if (order.unit.missing !== null) part.miss('owed', order.unit.missing);
    const [borrowsAndRepays, interest, liquidated, rebate] = await Promise.all([
      this.#records(order, report),
      Promise.all(order.interest.map((span, at) => this.#interest(order, span, report, at))),
      order.hasLiquidations ? this.#liquidations(order, report) : null,
      this.#rebate(order, report),
    ]);
    if (!borrowsAndRepays.ok) return refuse(exchangeRefusal(borrowsAndRepays.failure));
    const unread = order.needsInterest ? interest.find((read) => !read.ok) : undefined;
    if (unread?.ok === false) return refuse(exchangeRefusal(unread.failure));
    if (report.isStopped) return refuse({ code: 'reading-stopped' });
    const rows = part.rows('records', borrowsAndRepays) ?? [];
    const charged = interest.map((read) => part.rows('interest', read));
    const liquidations = liquidated && part.rows('liquidations', liquidated.liquidations);
    const transfers = liquidated && part.rows('transfers', liquidated.transfers);
    const balance = part.value('rebate', rebate.balance);
    const rebates = part.rows('rebateRecords', rebate.records);
    const isRebateWhole = rebate.records !== null && isWhole(rebate.records);
    const ofUnit = rebates?.filter((row) => row.groupId === groupId && row.type === 'INTEREST_OFFSET');
    return done({
      unit: order.unit,
      records: rows,
      interest: charged.some((each) => each === null) ? null : charged.flatMap((each) => each ?? []),
      liquidations,
      transfers,
      rebate: balance,
      offsets: isRebateWhole ? (ofUnit ?? null) : null,
      missing: part.missing,
      flaws: part.shownFlaws(),
      asOfMs: Math.min(part.asOfMs, order.unit.asOfMs ?? Number.POSITIVE_INFINITY),
    });
  }

  /** Without these there is nothing to show, so the other parts stop too. */
  async #records(order: ReadingOrder, report: ReadingReport): Promise<WalkedRead<LoanRecord>> {
    const walk = report.walk('borrows and repays');
    const read = await this.#parts.records.borrowsAndRepays(order.unit.groupId, order.records, walk);
    if (!read.ok) report.giveUp();
    return read;
  }

  async #interest(order: ReadingOrder, span: Span, report: ReadingReport, at: number) {
    const walk = report.walk(`interest ${at}`);
    const read = await this.#parts.records.interest(order.unit.groupId, span, walk);
    if (!read.ok && order.needsInterest) report.giveUp();
    return read;
  }

  /** Transfers state no unit, so they are asked for the time of the liquidations. */
  async #liquidations({ unit: { groupId }, records: span }: ReadingOrder, report: ReadingReport) {
    const { records } = this.#parts;
    const liquidations = await records.forcedLiquidations(groupId, span, report.walk('liquidations'));
    const rows = liquidations.ok ? (liquidations.value?.rows ?? []) : [];
    if (rows.length === 0) return { liquidations, transfers: NONE };
    const fromMs = Math.min(...rows.map(({ startedAtMs }) => startedAtMs)) - DAY_MS;
    const beforeMs = Math.max(...rows.map(({ endedAtMs }) => endedAtMs ?? span.beforeMs)) + DAY_MS;
    const walk = report.walk('transfers');
    return {
      liquidations,
      transfers: await records.liquidationTransfers(groupId, { fromMs, beforeMs }, walk),
    };
  }

  async #rebate({ rebate: span }: ReadingOrder, report: ReadingReport) {
    const balance = await this.#parts.records.rebate();
    if (balance.ok && balance.value === null) return { balance, records: NONE };
    if (!balance.ok || report.isStopped) return { balance, records: null };
    return { balance, records: await this.#parts.records.rebateRecords(span, report.walk('rebate')) };
  }
}

/** Every row was read. */
function isWhole(read: WalkedRead<unknown>): boolean {
  return read.ok && read.value?.isCut === false && read.flaws.length === 0;
}

function keyOf(groupId: LongId, plan: ReadingPlan): string {
  return JSON.stringify([groupId, plan]);
}

const NONE: Read<Walked<never>> = {
  ok: true,
  value: { rows: [], isCut: false },
  asOfMs: Number.POSITIVE_INFINITY,
  flaws: [],
};

/** What was read of each part, and what of it wasn't. */
class Parts {
  readonly missing: MissingPart[] = [];
  readonly #flaws: string[] = [];
  asOfMs = Number.POSITIVE_INFINITY;

  /** Null: couldn't be read, or wasn't asked for. */
  rows<Row>(part: PartName, read: WalkedRead<Row> | null): readonly Row[] | null {
    const walked = read && this.value(part, read);
    if (walked === null) return null;
    if (walked.isCut) this.miss(part, `only the newest ${walked.rows.length} rows were read.`);
    return walked.rows;
  }

  value<Value>(part: PartName, read: Read<Value>): Value | null {
    if (!read.ok) {
      this.miss(part, `${read.failure.meaning} ${read.failure.advice}`);
      return null;
    }
    this.asOfMs = Math.min(this.asOfMs, read.asOfMs);
    this.#flaws.push(...read.flaws.map(({ text }) => text));
    return read.value;
  }

  /** Interest of two spans may fail for the same reason. */
  miss(part: PartName, why: string): void {
    const text = `${PART_NAMES[part]}: ${why}`;
    if (this.missing.every((each) => each.text !== text)) this.missing.push({ part, text });
  }

  shownFlaws(): readonly string[] {
    const more = this.#flaws.length - FLAWS_AT_MOST;
    const shown = this.#flaws.slice(0, FLAWS_AT_MOST);
    return more > 0 ? [...shown, `and ${more} more rows that couldn't be read`] : shown;
  }
}
