/** `/loan`: what a unit's loan costs and what was done with it, and a month's statement. */
import { sum } from '../domain/amount.ts';
import { interestByAsset } from '../domain/loan/interest.ts';
import {
  type LoanQuery,
  parseLoanQuery,
  parseStatementQuery,
  type StatementQuery,
  usualSpans,
} from '../domain/loan/loan-query.ts';
import {
  type ForcedLiquidation,
  type LiquidationTransfer,
  type Span,
  totalsOf,
} from '../domain/loan/loan-records.ts';
import { statementOf } from '../domain/loan/statement.ts';
import { knownTimeZone, type PersonId } from '../domain/person.ts';
import { done, type Result } from '../domain/refusal.ts';
import type { Thresholds } from '../domain/unit/risk-unit.ts';
import type { Access } from './access.ts';
import { findLoanUnit } from './find-loan-unit.ts';
import { loanCsv, statementCsv } from './loan-csv.ts';
import type { LoanDesk, LoanView, StatementView } from './loan-desk.ts';
import type { LoanRecords, ReadingProgressStore } from './loan-ports.ts';
import {
  type LoanReading,
  LoanReadings,
  type MissingPart,
  type ReadingPlan,
  statementInput,
  statementPlan,
} from './loan-readings.ts';
import type { LoanReader, Log } from './ports.ts';

export interface ViewLoanParts {
  readonly access: Access;
  readonly reader: LoanReader;
  readonly records: LoanRecords;
  readonly readingProgress: ReadingProgressStore;
  readonly thresholds: Thresholds;
  readonly now: () => number;
  readonly log: Log;
}

interface Found<Query> {
  readonly query: Query;
  readonly timeZone: string;
  readonly reading: LoanReading;
}

const HOUR_MS = 3_600_000;
const RECORDS_PER_PAGE = 10;
const READING_ID = /^[\w.:-]{1,64}$/;
/** Around the last row before the span, so that a step of the rate at its very start shows. */
const RATE_BEFORE_MS = 2 * HOUR_MS;
/** For transfers that are booked after the end. */
const AFTER_END_MS = HOUR_MS;
/** How far before its liquidation a transfer may be: the two may be stamped by different clocks. */
const BEFORE_START_MS = 10 * 60_000;

export function createViewLoan(parts: ViewLoanParts): LoanDesk {
  const { access, now, readingProgress } = parts;
  const readings = new LoanReadings({ ...parts, progress: readingProgress });

  /** One kept reading serves all pages and files of a query; a first page reads again unless it was read just now. */
  async function read(
    { unit: named, unitText }: LoanQuery | StatementQuery,
    plan: ReadingPlan,
    readingId: string,
    isNew: boolean,
  ): Promise<Result<LoanReading>> {
    const early = named.kind === 'id' ? readings.kept(named.groupId, plan, isNew) : null;
    if (early !== null) return done(early);
    const unit = await findLoanUnit(parts, named, unitText);
    if (!unit.ok) return unit;
    const kept = readings.kept(unit.value.groupId, plan, isNew);
    return kept === null ? readings.read(unit.value, plan, idOf(readingId)) : done(kept);
  }

  async function findLoan(
    by: PersonId,
    text: string,
    readingId: string,
    isNew: boolean,
  ): Promise<Result<Found<LoanQuery>>> {
    const viewer = await access.requireRole(by, 'viewer');
    if (!viewer.ok) return viewer;
    const timeZone = knownTimeZone(viewer.value.timeZone);
    const query = parseLoanQuery(text, now(), timeZone);
    if (!query.ok) return query;
    const { span } = query.value;
    const interest = interestSpans(span, usualSpans(now(), timeZone));
    const plan = { records: span, interest, rebate: span, month: null };
    const reading = await read(query.value, plan, readingId, isNew);
    return reading.ok ? done({ query: query.value, timeZone, reading: reading.value }) : reading;
  }

  async function findStatement(
    by: PersonId,
    text: string,
    readingId: string,
    isNew: boolean,
  ): Promise<Result<Found<StatementQuery>>> {
    const viewer = await access.requireRole(by, 'viewer');
    if (!viewer.ok) return viewer;
    const query = parseStatementQuery(text, now());
    if (!query.ok) return query;
    const plan = statementPlan(query.value.span);
    const reading = await read(query.value, plan, readingId, isNew);
    return reading.ok ? done({ query: query.value, timeZone: 'UTC', reading: reading.value }) : reading;
  }

  async function statement(
    by: PersonId,
    text: string,
    readingId: string,
    isNew: boolean,
  ): Promise<Result<StatementView>> {
    const found = await findStatement(by, text, readingId, isNew);
    return found.ok ? done(statementView(found.value)) : found;
  }

  async function asViewer<Value>(
    by: PersonId,
    readingId: string,
    otherwise: Value,
    ask: () => Promise<Value>,
  ) {
    const viewer = await access.requireRole(by, 'viewer');
    if (!viewer.ok) return viewer;
    return done(READING_ID.test(readingId) ? await ask() : otherwise);
  }

  return {
    async viewLoan(by, text, page, readingId) {
      const found = await findLoan(by, text, readingId, page <= 1);
      return found.ok ? done(loanView(found.value, now(), page)) : found;
    },
    async exportLoan(by, text, readingId) {
      const found = await findLoan(by, text, readingId, false);
      if (!found.ok) return found;
      const { query, reading } = found.value;
      const fileName = `loan-${reading.unit.groupId}-${query.spanText.replaceAll(' ', '-')}.csv`;
      const csv = loanCsv(reading, query.span);
      return done({ fileName, csv, flaws: [...textsOf(reading.missing), ...reading.flaws] });
    },
    viewStatement: (by, text, readingId) => statement(by, text, readingId, true),
    async exportStatement(by, text, readingId) {
      const view = await statement(by, text, readingId, false);
      if (!view.ok) return view;
      const { groupId, month, missing, missingForInterest, flaws } = view.value;
      const fileName = `statement-${groupId}-${month}.csv`;
      return done({
        fileName,
        csv: statementCsv(view.value),
        flaws: [...missing, ...missingForInterest, ...flaws],
      });
    },
    loanProgress: (by, readingId) => asViewer(by, readingId, null, () => readingProgress.progress(readingId)),
    stopLoan: (by, readingId) => asViewer(by, readingId, false, () => readingProgress.stop(readingId)),
  };
}

/** An id that no store would take is one that nobody asks for. */
function idOf(readingId: string): string {
  return READING_ID.test(readingId) ? readingId : 'unnamed';
}

interface UsualSpans {
  readonly yesterday: Span;
  readonly month: Span;
}

/** The span of the query with the rows just before it, and the usual ones beside it if they aren't in it. */
function interestSpans(span: Span, { yesterday, month }: UsualSpans): readonly Span[] {
  const usual = { fromMs: Math.min(yesterday.fromMs, month.fromMs), beforeMs: month.beforeMs };
  const fromMs = span.fromMs - RATE_BEFORE_MS;
  const isApart = span.beforeMs < usual.fromMs;
  if (isApart) return [{ ...span, fromMs }, usual];
  return [{ fromMs: Math.min(fromMs, usual.fromMs), beforeMs: Math.max(span.beforeMs, usual.beforeMs) }];
}

function loanView({ query, timeZone, reading }: Found<LoanQuery>, nowMs: number, page: number): LoanView {
  const { span, spanText } = query;
  const { unit, records, offsets, rebate, asOfMs } = reading;
  const pages = Math.max(1, Math.ceil(records.length / RECORDS_PER_PAGE));
  const shown = Math.min(Math.max(1, Math.trunc(page)), pages);
  const first = (shown - 1) * RECORDS_PER_PAGE;
  const usedHere = offsets === null ? null : sum(offsets.map(({ delta }) => delta.abs()));
  return {
    ...{ groupId: unit.groupId, owed: unit.owed, closedAtMs: unit.closedAtMs, creditEmail: unit.creditEmail },
    ...{ span, spanText, timeZone, asOfMs, page: shown, pages, total: records.length },
    interest: interestByAsset(reading.interest ?? [], { span, ...usualSpans(nowMs, timeZone) }),
    records: records.slice(first, first + RECORDS_PER_PAGE),
    sums: totalsOf(records),
    liquidations: withTransfers(reading.liquidations ?? [], reading.transfers ?? []),
    rebate: rebate && { ...rebate, usedHere },
    missing: textsOf(reading.missing),
    flaws: reading.flaws,
  };
}

/** Transfers of one liquidation stay together, as Binance gives them one id; those of no liquidation's time are left out. */
function withTransfers(
  liquidations: readonly ForcedLiquidation[],
  transfers: readonly LiquidationTransfer[],
): LoanView['liquidations'] {
  const owners = new Map<ForcedLiquidation, LiquidationTransfer[]>();
  for (const together of Map.groupBy(transfers, ({ liquidationId }) => liquidationId).values()) {
    const owner = ownerOf(together, liquidations);
    if (owner !== null) owners.set(owner, [...(owners.get(owner) ?? []), ...together]);
  }
  return liquidations.map((liquidation) => ({
    liquidation,
    transfers: (owners.get(liquidation) ?? []).toSorted((a, b) => b.atMs - a.atMs),
  }));
}

/** The liquidation in whose time most of them are; where none is within one, by the nearest that is near enough. */
function ownerOf(
  transfers: readonly LiquidationTransfer[],
  liquidations: readonly ForcedLiquidation[],
): ForcedLiquidation | null {
  const counted = liquidations.map((liquidation) => {
    const apart = transfers.map(({ atMs }) => apartMs(atMs, liquidation));
    return {
      liquidation,
      within: apart.filter((each) => each === 0).length,
      nearestMs: Math.min(...apart),
    };
  });
  const [best] = counted.toSorted((a, b) => b.within - a.within || a.nearestMs - b.nearestMs);
  return best === undefined || best.nearestMs === Number.POSITIVE_INFINITY ? null : best.liquidation;
}

/** 0: in its time; infinite: too far from it. */
function apartMs(atMs: number, { startedAtMs, endedAtMs }: ForcedLiquidation): number {
  const early = startedAtMs - atMs;
  const late = endedAtMs === null ? 0 : atMs - endedAtMs;
  if (early > BEFORE_START_MS || late > AFTER_END_MS) return Number.POSITIVE_INFINITY;
  return Math.max(0, early, late);
}

function textsOf(missing: readonly MissingPart[]): readonly string[] {
  return missing.map(({ text }) => text);
}

function statementView({ query, reading }: Found<StatementQuery>): StatementView {
  const { unit, flaws, asOfMs, read } = reading;
  const isRunning = query.span.beforeMs > asOfMs;
  const statement = statementOf(statementInput(reading, query.span));
  const needsOwed = statement.interestUnchecked.some(({ why }) => why.includes('owed-not-read'));
  // The principal of a month that is over is compared with the interest rows at its end.
  const isNeeded = ({ part }: MissingPart) => !ONLY_FOR_INTEREST.has(part) && (isRunning || part !== 'owed');
  const isOfInterest = ({ part }: MissingPart) =>
    ONLY_FOR_INTEREST.has(part) || (part === 'owed' && !isRunning && needsOwed);
  return {
    ...{ groupId: unit.groupId, creditEmail: unit.creditEmail, month: query.month },
    ...{ ...statement, isRunning, flaws, asOfMs, read },
    missing: textsOf(reading.missing.filter(isNeeded)),
    missingForInterest: textsOf(reading.missing.filter(isOfInterest)),
  };
}

const ONLY_FOR_INTEREST: ReadonlySet<MissingPart['part']> = new Set(['rebate', 'rebateRecords', 'around']);
