/**
 * What is read less often than the units: forced liquidations, members, rates. After a round and apart from it, so that
 * no alert waits for it. When each is due is counted over all replicas.
 */
import { exactText, type LongId } from '../domain/amount.ts';
import { done, refuse } from '../domain/refusal.ts';
import { isAtLeast, levelOf, type RiskUnit, type Thresholds } from '../domain/unit/risk-unit.ts';
import { slowNews } from '../domain/watch/news.ts';
import type { SlowFacts, UnitMemory, WatchEvent } from '../domain/watch/watch.ts';
import type { Log, SeenOnce, UnitDetails } from './ports.ts';
import type { WatchBook } from './watch-book.ts';
import type { ForcedRow, LoanHistory } from './watch-ports.ts';

const MINUTE_MS = 60_000;
const MEMBERS_EVERY_MS = 10 * MINUTE_MS;
const RATES_EVERY_MS = 60 * MINUTE_MS;
const FORCED_EVERY_MS = 15 * MINUTE_MS;
/** Nothing is due more often: forced liquidations at margin call or worse. */
const LOOKED_AT_EVERY_MS = MINUTE_MS;
/** After a failed read. */
const TRIED_AGAIN_AFTER_MS = MINUTE_MS;
/** Interest is booked hourly. */
const RATES_FROM_MS = 3 * 60 * MINUTE_MS;
/** The endpoint takes 100 days at most; older rows are no news. */
const FORCED_FROM_MS = 30 * 24 * 60 * MINUTE_MS;
const BACKGROUND = { priority: 'background' } as const;

export interface SlowFactsParts {
  readonly details: Pick<UnitDetails, 'activatedUnits'>;
  readonly history: LoanHistory;
  readonly thresholds: Thresholds;
  readonly seenOnce: SeenOnce;
  readonly book: WatchBook;
  readonly log: Log;
}

/** Reads what is due for these units; `asOfMs`: exchange time. Never throws for the exchange. */
export type ReadSlowFacts = (units: readonly RiskUnit[], asOfMs: number) => Promise<void>;

export function createReadSlowFacts(parts: SlowFactsParts): ReadSlowFacts {
  const { details, history, thresholds, seenOnce, book, log } = parts;

  /** Null: not due, or it couldn't be read and is tried again soon. */
  async function due<Value>(
    what: string,
    everyMs: number,
    read: () => Promise<Value | null>,
  ): Promise<Value | null> {
    const key = `watch-facts:${what}`;
    if (!(await seenOnce.first(key, everyMs))) return null;
    const value = await read();
    if (value === null) {
      await seenOnce.forget(key);
      await seenOnce.first(key, TRIED_AGAIN_AFTER_MS);
    }
    return value;
  }

  async function readMembers(): Promise<ReadonlyMap<LongId, readonly string[]> | null> {
    const read = await details.activatedUnits(BACKGROUND);
    if (!read.ok) return unread('members', read.failure.meaning);
    return new Map(
      read.value.map(({ groupId, members }) => [
        groupId,
        members
          .map(
            ({ email, type, enableMargin, enableSpot }) => `${email}|${type}|${enableMargin}|${enableSpot}`,
          )
          .sort(),
      ]),
    );
  }

  async function readRates(groupId: LongId, asOfMs: number): Promise<Record<string, string> | null> {
    const span = { groupId, fromMs: asOfMs - RATES_FROM_MS, toMs: asOfMs };
    const read = await history.interestHistory(span, BACKGROUND);
    if (!read.ok) return unread('rates', read.failure.meaning);
    const oldestFirst = [...read.value.rows].sort((a, b) => a.atMs - b.atMs);
    return Object.fromEntries(oldestFirst.map(({ asset, hourlyRate }) => [asset, exactText(hourlyRate)]));
  }

  async function readForced(groupId: LongId, asOfMs: number) {
    const span = { groupId, fromMs: asOfMs - FORCED_FROM_MS, toMs: asOfMs };
    const read = await history.forcedLiquidations(span, BACKGROUND);
    if (!read.ok) return unread('forced liquidations', read.failure.meaning);
    const oldestFirst = [...read.value.rows].sort((a, b) => a.startedAtMs - b.startedAtMs);
    return oldestFirst.map((row) => ({ atMs: row.startedAtMs, text: forcedText(row) }));
  }

  function unread(what: string, why: string): null {
    log.warn({ what, why }, 'slow facts not read');
    return null;
  }

  /** One after the other: none of it is urgent, and together it stays far below a tenth of any limit. */
  async function read(units: readonly RiskUnit[], asOfMs: number): Promise<SlowFacts> {
    const hourlyRates = new Map<LongId, Readonly<Record<string, string>>>();
    const forced = new Map<LongId, readonly { readonly atMs: number; readonly text: string }[]>();
    for (const unit of units) {
      const { groupId } = unit;
      const isUrgent = isAtLeast(levelOf(unit, thresholds), 'margin-call');
      const rows = isUrgent
        ? await readForced(groupId, asOfMs)
        : await due(`forced:${groupId}`, FORCED_EVERY_MS, () => readForced(groupId, asOfMs));
      if (rows !== null) forced.set(groupId, rows);
      const rates = await due(`rates:${groupId}`, RATES_EVERY_MS, () => readRates(groupId, asOfMs));
      if (rates !== null) hourlyRates.set(groupId, rates);
    }
    return { members: await due('members', MEMBERS_EVERY_MS, readMembers), hourlyRates, forced };
  }

  return async (units, asOfMs) => {
    if (!(await seenOnce.first('watch-facts', LOOKED_AT_EVERY_MS))) return;
    const slow = await read(units, asOfMs);
    if (!slow.members?.size && !slow.hourlyRates?.size && !slow.forced?.size) return;
    await book.apply(({ watch, nowMs }) => {
      if (watch === null) return refuse({ code: 'watch-not-begun' });
      const events: WatchEvent[] = [];
      const known = Object.entries(watch.units).map(([key, memory]): [string, UnitMemory] => {
        const groupId = key as LongId;
        const news = slowNews(groupId, memory.known, slow, nowMs);
        events.push(...news.events);
        return [key, { ...memory, known: news.known }];
      });
      return done({ next: { ...watch, units: Object.fromEntries(known) }, episodes: [], events });
    });
  };
}

function forcedText({ startLtv, endLtv }: ForcedRow): string {
  const percent = (ltv: ForcedRow['startLtv']) => `${ltv.times('100').toFixed(2)}%`;
  const end = endLtv === null ? 'no end stated yet' : `ended at ${percent(endLtv)}`;
  return `began at LTV ${percent(startLtv)}, ${end}`;
}
