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
import { type StatementInput, statementSpan, unreadSpan } from '../domain/loan/statement.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import { exchangeRefusal } from './current-facts.ts';
import type { LoanUnit } from './find-loan-unit.ts';
import type { LoanRecords, ReadingProgressStore, Walked, WalkedRead } from './loan-ports.ts';
import { concerns, type ExchangeFailure, type Log, type Read } from './ports.ts';
import { ReadingReport } from './reading-report.ts';

const PART_NAMES = {
  owed: 'What is owed now',
  records: 'Borrows and repays',
  interest: 'Interest',
  liquidations: 'Forced liquidations',
  transfers: 'Transfers of forced liquidations',
  rebate: 'Interest rebate',
  rebateRecords: 'Interest rebate records',
  around: 'Rows before or after the month',
} as const;

type PartName = keyof typeof PART_NAMES;

/** What couldn't be read, and why, in words for people. */
export interface MissingPart {
  readonly part: PartName;
  readonly text: string;
}

export interface LoanReading {
  readonly unit: LoanUnit;
  /** What was read of the records; for a statement also of interest and rebate. */
  readonly read: Span;
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
  readonly rebate: Span;
  /**
   * Of a statement: without the interest rows there is nothing to show, liquidations and transfers aren't read, and the rows
   * around the month are, as far as its interest must be followed. Null: it is for no statement.
   */
  readonly month: Span | null;
}

export function statementPlan(month: Span): ReadingPlan {
  const span = statementSpan(month);
  return { records: span, interest: [span], rebate: span, month };
}

/** What a statement is made of. */
export function statementInput(reading: LoanReading, month: Span): StatementInput {
  const { unit, read, records, interest, offsets, asOfMs } = reading;
  const owed = unit.closedAtMs === null ? unit.owed : [];
  return { month, read, asOfMs, records, interest: interest ?? [], offsets, owed };
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
      const reading = await this.#readAll(order, report);
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

  async #readAll(order: ReadingOrder, report: ReadingReport): Promise<Result<LoanReading>> {
    const part = new Parts();
    const first = await this.#readParts(order, report, part);
    if (!first.ok || order.month === null) return first;
    let reading = first.value;
    for (;;) {
      const span = unreadSpan(statementInput(reading, order.month));
      if (span === null) break;
      const more = await this.#readAround(reading, span, report);
      if (report.isStopped) return refuse({ code: 'reading-stopped' });
      if (typeof more === 'string') {
        part.miss('around', more);
        break;
      }
      reading = more;
    }
    return done({ ...reading, missing: part.missing });
  }

  /** With the rows of a span next to what was read; or why they can't be used. */
  async #readAround(reading: LoanReading, span: Span, report: ReadingReport): Promise<LoanReading | string> {
    const { unit, read, rebate } = reading;
    const { records } = this.#parts;
    const walk = (what: string) => report.walk(`${what} from ${span.fromMs}`);
    const [moved, charged, rebated] = await Promise.all([
      records.borrowsAndRepays(unit.groupId, span, walk('borrows and repays')),
      records.interest(unit.groupId, span, walk('interest')),
      rebate === null ? NONE : records.rebateRecords(span, walk('rebate')),
    ]);
    for (const each of [moved, charged, rebated]) {
      const why = whyNotWhole(each, unit.groupId);
      if (why !== null) return why;
    }
    return {
      ...reading,
      read: { fromMs: Math.min(read.fromMs, span.fromMs), beforeMs: Math.max(read.beforeMs, span.beforeMs) },
      records: [...reading.records, ...rowsOf(moved)],
      interest: [...(reading.interest ?? []), ...rowsOf(charged)],
      offsets: [...(reading.offsets ?? []), ...offsetsOf(rowsOf(rebated), unit.groupId)],
    };
  }

  async #readParts(order: ReadingOrder, report: ReadingReport, part: Parts): Promise<Result<LoanReading>> {
    const { groupId } = order.unit;
    if (order.unit.missing !== null) part.miss('owed', order.unit.missing);
    const [borrowsAndRepays, interest, liquidated, rebate] = await Promise.all([
      this.#records(order, report),
      Promise.all(order.interest.map((span, at) => this.#interest(order, span, report, at))),
      order.month === null ? this.#liquidations(order, report) : null,
      this.#rebate(order, report),
    ]);
    if (!borrowsAndRepays.ok) return refuse(exchangeRefusal(borrowsAndRepays.failure));
    const unread = order.month !== null ? interest.find((read) => !read.ok) : undefined;
    if (unread?.ok === false) return refuse(exchangeRefusal(unread.failure));
    if (report.isStopped) return refuse({ code: 'reading-stopped' });
    const rows = part.rows('records', borrowsAndRepays) ?? [];
    const charged = interest.map((read) => part.rows('interest', read));
    const liquidations = liquidated && part.rows('liquidations', liquidated.liquidations);
    const transfers = liquidated && part.rows('transfers', liquidated.transfers);
    const balance = part.value('rebate', rebate.balance);
    const notWhole = rebate.records && whyNotWhole(rebate.records, groupId);
    if (notWhole !== null) part.miss('rebateRecords', notWhole);
    const isRebateWhole = rebate.records !== null && notWhole === null;
    return done({
      unit: order.unit,
      read: order.records,
      records: rows,
      interest: charged.some((each) => each === null) ? null : charged.flatMap((each) => each ?? []),
      liquidations,
      transfers,
      rebate: balance,
      offsets: isRebateWhole ? offsetsOf(rowsOf(rebate.records), groupId) : null,
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
    if (!read.ok && order.month !== null) report.giveUp();
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

/** Null: every row that may be of this unit was read. */
function whyNotWhole(read: WalkedRead<unknown>, groupId: LongId): string | null {
  if (!read.ok) return whyFailed(read.failure);
  const [flaw, ...others] = read.flaws.filter((each) => concerns(each, groupId));
  if (flaw !== undefined) return others.length === 0 ? flaw.text : `${flaw.text}; and ${others.length} more`;
  if (read.value === null) return 'given up.';
  return read.value.isCut ? cutText(read.value.rows) : null;
}

function whyFailed({ meaning, advice }: ExchangeFailure): string {
  return `${meaning} ${advice}`;
}

function cutText(rows: readonly unknown[]): string {
  return `only the newest ${rows.length} rows were read.`;
}

function rowsOf<Row>(read: WalkedRead<Row> | null): readonly Row[] {
  return read?.ok ? (read.value?.rows ?? []) : [];
}

/** Interest of that unit that the rebate paid. */
function offsetsOf(rows: readonly RebateRecord[], groupId: LongId): readonly RebateRecord[] {
  return rows.filter((row) => row.groupId === groupId && row.type === 'INTEREST_OFFSET');
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
    if (walked.isCut) this.miss(part, cutText(walked.rows));
    return walked.rows;
  }

  value<Value>(part: PartName, read: Read<Value>): Value | null {
    if (!read.ok) {
      this.miss(part, whyFailed(read.failure));
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
