/** The daily digest: once per occurrence over all replicas, because the watch's record says which one was handled last. */
import { type Amount, exactText, type LongId, sum } from '../domain/amount.ts';
import { done, refuse } from '../domain/refusal.ts';
import type { RiskUnit } from '../domain/unit/risk-unit.ts';
import { type DigestInput, digestOf, dueDigest } from '../domain/watch/digest.ts';
import type { WatchRules, WatchState } from '../domain/watch/watch.ts';
import type { CloseRequestStore, Log, SeenOnce } from './ports.ts';
import type { WatchBook } from './watch-book.ts';
import type { DigestClock, InterestRow, LoanHistory, WatchHistory, WatchStore } from './watch-ports.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One failed reading is no reason to say nothing about the units. */
const COMPLETE_READING_AWAITED_MS = 5 * 60_000;
/** How far before "a day earlier" a reading may be to count as it. */
const DAY_BEFORE_WITHIN_MS = HOUR_MS;
/** After a crash or an error, another replica tries again. */
const GATHERED_WITHIN_MS = 2 * 60_000;
/** A row per asset and hour. */
const INTEREST_PAGES_AT_MOST = 5;
const BACKGROUND = { priority: 'background' } as const;

export interface WatchDigestParts {
  readonly clock: DigestClock;
  readonly store: Pick<WatchStore, 'load'>;
  readonly book: WatchBook;
  readonly history: Pick<WatchHistory, 'read'>;
  readonly loans: Pick<LoanHistory, 'interestHistory'>;
  readonly requests: Pick<CloseRequestStore, 'listOpen'>;
  readonly seenOnce: SeenOnce;
  readonly rules: WatchRules;
  readonly log: Log;
}

/** What a stored round read, where the watch believes it as a whole; null: it is blind. */
export type BelievedReading = DigestInput['reading'];

/** After each stored round. `meanwhile`: another replica handles it. */
export type PostDigest = (
  reading: BelievedReading,
) => Promise<'not-due' | 'posted' | 'skipped' | 'meanwhile'>;

export function createPostDigest(parts: WatchDigestParts): PostDigest {
  const { clock, store, book, history, loans, requests, seenOnce, rules, log } = parts;

  function dueNow(watch: WatchState | null, nowMs: number) {
    const forMs = clock.latest(nowMs);
    const beforeMs = forMs === null ? null : clock.before(forMs);
    if (watch === null || forMs === null || beforeMs === null) return null;
    const due = dueDigest(watch, { forMs, beforeMs, noonMs: clock.noonOf(forMs) }, nowMs);
    return due && { ...due, forMs };
  }

  async function ltvADayBefore({ groupId }: RiskUnit, forMs: number): Promise<string | null | undefined> {
    const atMs = forMs - DAY_MS;
    try {
      const points = await history.read(groupId, '15m', atMs - DAY_BEFORE_WITHIN_MS);
      return points.findLast(({ fromMs }) => fromMs <= atMs)?.last;
    } catch (error) {
      log.warn({ err: error }, 'watch history not read');
      return undefined;
    }
  }

  /** Null when a part of it couldn't be read: half a sum is worse than none. */
  async function interestOf(
    { groupId }: RiskUnit,
    day: { readonly fromMs: number; readonly toMs: number },
  ): Promise<Readonly<Record<string, string>> | null> {
    const rows: InterestRow[] = [];
    for (let page = 1; page <= INTEREST_PAGES_AT_MOST; page += 1) {
      const read = await loans.interestHistory({ groupId, ...day, page }, BACKGROUND);
      if (!read.ok || read.flaws.length > 0) return null;
      rows.push(...read.value.rows);
      if (read.value.rows.length === 0 || rows.length >= (read.value.total ?? 0))
        return sumByAsset(rows.filter(({ atMs }) => atMs >= day.fromMs && atMs < day.toMs));
    }
    return null;
  }

  async function gather(
    reading: BelievedReading,
    forMs: number,
  ): Promise<Pick<DigestInput, 'reading' | 'ltvBefore' | 'interest' | 'openRequests'>> {
    const ltvBefore = new Map<LongId, string | null>();
    const interest = new Map<LongId, Readonly<Record<string, string>>>();
    for (const unit of reading?.units ?? []) {
      const before = await ltvADayBefore(unit, forMs);
      if (before !== undefined) ltvBefore.set(unit.groupId, before);
      const paid = await interestOf(unit, clock.dayBefore(forMs));
      if (paid !== null) interest.set(unit.groupId, paid);
    }
    const open = await requests.listOpen();
    return { reading, ltvBefore, interest, openRequests: open.map(({ id, groupId }) => ({ id, groupId })) };
  }

  return async (reading) => {
    const first = await store.load();
    const due = dueNow(first.watch, first.nowMs);
    if (due === null) return 'not-due';
    const { forMs } = due;
    if (reading === null && first.nowMs - forMs < COMPLETE_READING_AWAITED_MS) return 'not-due';
    // One replica reads what the digest needs: up to five pages of interest per unit.
    const key = `watch-digest:${forMs}`;
    if (!(await seenOnce.first(key, GATHERED_WITHIN_MS))) return 'meanwhile';
    const isSkipped = due.kind === 'skip';
    if (isSkipped) log.warn({ forMs }, 'digest skipped, it would be too late');
    const gathered = isSkipped ? null : await gather(reading, forMs);
    const saved = await book.apply(({ watch, episodes, nowMs }) => {
      if (watch === null || (watch.digest?.forMs ?? 0) >= forMs) return refuse({ code: 'nothing-changed' });
      const next = { ...watch, digest: { forMs, skipped: isSkipped } };
      if (due.kind === 'skip' || gathered === null) return done({ next, episodes: [], events: [] });
      const { late, skippedMs } = due;
      const { timeZone } = clock;
      const digest = digestOf({
        forMs,
        timeZone,
        late,
        skippedMs,
        episodes: episodes.values(),
        rules,
        ...gathered,
      });
      return done({ next, episodes: [], events: [{ type: 'digest', ...digest, atMs: nowMs }] });
    });
    if (!saved.ok) return 'meanwhile';
    return isSkipped ? 'skipped' : 'posted';
  };
}

function sumByAsset(rows: readonly InterestRow[]): Record<string, string> {
  const byAsset = new Map<string, Amount[]>();
  for (const { asset, interest } of rows) byAsset.set(asset, [...(byAsset.get(asset) ?? []), interest]);
  return Object.fromEntries([...byAsset].map(([asset, amounts]) => [asset, exactText(sum(amounts))]));
}
