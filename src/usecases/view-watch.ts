/** What the watch shows of itself: `/loandesk watch`, the trend of a unit, its freshness beside other views, its status. */
import { type LongId, parseLongId } from '../domain/amount.ts';
import { knownTimeZone } from '../domain/person.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import type { Thresholds } from '../domain/unit/risk-unit.ts';
import { matches, parseUnitQuery, type TrendSpan } from '../domain/unit/unit-query.ts';
import type { Episode } from '../domain/watch/episode.ts';
import { severityOf } from '../domain/watch/levels.ts';
import type { WatchRules } from '../domain/watch/watch.ts';
import { exchangeRefusal } from './current-facts.ts';
import type { StatusView, WatchDesk, WatchGlimpse, WatchView } from './desk.ts';
import type { PageTrouble } from './page-cases.ts';
import type { LoanReader, Log } from './ports.ts';
import type { WatchAccess } from './watch-access.ts';
import type { DigestClock, TrendStep, WatchHistory, WatchStore } from './watch-ports.ts';

export interface ViewWatchParts {
  readonly access: WatchAccess;
  readonly store: Pick<WatchStore, 'load' | 'recentEpisodes'>;
  readonly history: Pick<WatchHistory, 'read'>;
  readonly reader: Pick<LoanReader, 'riskUnits'>;
  readonly rules: WatchRules;
  readonly thresholds: Thresholds;
  readonly setUp: WatchSetUp;
  readonly log: Log;
}

/** What is configured, as people are shown it. */
export interface WatchSetUp {
  readonly channelId: string;
  readonly group: readonly string[];
  readonly digest: DigestClock | null;
  readonly pagers: readonly string[];
  readonly hasHeartbeat: boolean;
  readonly hasTripwire: boolean;
}

export interface ViewWatch extends Pick<WatchDesk, 'viewWatch' | 'viewTrend'> {
  /** For other views, which are worth showing without it: null when it can't be read. */
  glimpse(): Promise<(WatchGlimpse & Pick<WatchView, 'open' | 'levels' | 'nowMs'>) | null>;
}

const RECENT_SHOWN = 10;
const DAY_MS = 86_400_000;
const SPANS: Readonly<Record<TrendSpan, { readonly days: number; readonly step: TrendStep }>> = {
  '24h': { days: 1, step: '1m' },
  '7d': { days: 7, step: '15m' },
  '30d': { days: 30, step: '15m' },
};
const STEP_MS: Readonly<Record<TrendStep, number>> = { '15s': 15_000, '1m': 60_000, '15m': 900_000 };

export function createViewWatch(parts: ViewWatchParts): ViewWatch {
  const { access, store, history, reader, rules, thresholds, setUp, log } = parts;

  function worstOpen(episodes: Iterable<Episode>): Episode[] {
    const severity = ({ level }: Episode) => severityOf(rules.levels, level);
    return [...episodes]
      .filter(({ state }) => state === 'open')
      .sort((a, b) => severity(b) - severity(a) || a.openedAtMs - b.openedAtMs);
  }

  /** An id needs no reading, so that a trend can be seen while Binance can't be reached. */
  async function unitNamed(typed: string): Promise<Result<LongId>> {
    const id = parseLongId(typed.trim());
    const { watch } = await store.load();
    if (id !== null && watch?.units[id] !== undefined) return done(id);
    const query = parseUnitQuery(typed);
    if (!query.ok) return query;
    if (query.value.kind !== 'id' && query.value.kind !== 'name')
      return refuse({ code: 'unknown-unit', input: typed });
    const read = await reader.riskUnits({ priority: 'interactive' });
    if (!read.ok) return refuse(exchangeRefusal(read.failure));
    const [unit, ...others] = read.value.filter((each) => matches(each, query.value, thresholds));
    return unit === undefined || others.length > 0
      ? refuse({ code: 'unknown-unit', input: typed })
      : done(unit.groupId);
  }

  return {
    async glimpse() {
      try {
        const { watch, episodes, nowMs } = await store.load();
        const open = worstOpen(episodes.values());
        const { levels } = rules;
        return { lastReading: watch?.lastReading ?? null, blind: watch?.blind ?? null, open, levels, nowMs };
      } catch (error) {
        log.warn({ err: error }, 'watch not read, shown without it');
        return null;
      }
    },
    async viewWatch(by): Promise<Result<WatchView>> {
      const person = await access.requireWatcher(by);
      if (!person.ok) return person;
      const [{ watch, episodes, unreadable, nowMs }, recent] = await Promise.all([
        store.load(),
        store.recentEpisodes(RECENT_SHOWN * 2),
      ]);
      const { digest, ...shown } = setUp;
      return done({
        ...shown,
        lastReading: watch?.lastReading ?? null,
        blind: watch?.blind ?? null,
        everyMs: rules.everyMs,
        levels: rules.levels,
        open: worstOpen(episodes.values()),
        unreadable: [...unreadable.keys()],
        recent: recent
          .filter(({ id, state }) => state !== 'open' && !unreadable.has(id))
          .slice(0, RECENT_SHOWN),
        nextDigestAtMs: digest?.next(nowMs) ?? null,
        nowMs,
      });
    },
    async viewTrend(by, typed, span) {
      const person = await access.requireWatcher(by);
      if (!person.ok) return person;
      const groupId = await unitNamed(typed);
      if (!groupId.ok) return groupId;
      const { days, step } = SPANS[span];
      const { nowMs } = await store.load();
      const fromMs = nowMs - days * DAY_MS;
      return done({
        groupId: groupId.value,
        span,
        fromMs,
        nowMs,
        stepMs: Math.max(STEP_MS[step], rules.everyMs),
        points: await history.read(groupId.value, step, fromMs),
        levels: rules.levels,
        timeZone: knownTimeZone(person.value.timeZone),
      });
    },
  };
}

export interface WatchStatusParts {
  readonly glimpse: ViewWatch['glimpse'];
  readonly everyMs: number;
  readonly pagers: readonly string[];
  readonly pageTroubles: () => readonly PageTrouble[];
  readonly tripWireTrouble: () => string | null;
  /** Why messages can't reach the channel; null: they can, or it isn't known. */
  readonly channelTrouble: () => Promise<string | null>;
}

type Line = StatusView['lines'][number];

/** A round that stays away for so long beyond its time is trouble. */
const OVERDUE_AFTER_MS = 60_000;

export async function watchStatus(parts: WatchStatusParts): Promise<readonly Line[]> {
  const [glimpse, channel] = await Promise.all([parts.glimpse(), parts.channelTrouble()]);
  const lines: Line[] = [freshnessLine(glimpse, parts.everyMs)];
  if (channel !== null) lines.push({ name: 'Watch channel', level: 'fault', text: channel });
  if (parts.pagers.length > 0) lines.push(...pagerLines(parts, glimpse?.open ?? null));
  const tripWire = parts.tripWireTrouble();
  if (tripWire !== null)
    lines.push({
      name: 'Trip-wire',
      level: 'warning',
      text: `this replica couldn't move it ahead: ${tripWire}`,
    });
  return lines;
}

/** That a call is outstanding is in the record; why, only the replica knows that made it. `open`: null if unreadable. */
function pagerLines(
  { pagers, pageTroubles }: WatchStatusParts,
  open: readonly Episode[] | null,
): readonly Line[] {
  const name = 'Pager';
  const troubles = pageTroubles();
  const isOutstanding = ({ id, page }: Episode) =>
    page.wanted !== page.told && !troubles.some(({ caseId }) => caseId === id);
  const lines: Line[] = [
    ...troubles.map(({ caseId, why }): Line => {
      return { name, level: 'fault', text: `case ${caseId}, last attempt of this replica: ${why}` };
    }),
    ...(open ?? []).filter(isOutstanding).map(({ id }): Line => {
      return { name, level: 'warning', text: `case ${id}: not every pager has taken the call yet` };
    }),
  ];
  return lines.length > 0 || open === null ? lines : [{ name, level: 'ok', text: pagers.join(' and ') }];
}

function freshnessLine(glimpse: Awaited<ReturnType<ViewWatch['glimpse']>>, everyMs: number): Line {
  const name = 'Watch';
  if (glimpse === null)
    return { name, level: 'fault', text: "what it remembers can't be read: nothing is alerted until it can" };
  const { lastReading, blind, nowMs } = glimpse;
  const agoMs = lastReading === null ? null : nowMs - lastReading.readAtMs;
  const last = agoMs === null ? 'no full reading yet' : `last full reading ${spanText(agoMs)} ago`;
  if (blind !== null)
    return {
      name,
      level: 'fault',
      text: `blind for ${spanText(nowMs - blind.sinceMs)}: ${blind.why}; ${last}`,
    };
  const isOverdue = agoMs === null || agoMs > 2 * everyMs + OVERDUE_AFTER_MS;
  return { name, level: isOverdue ? 'fault' : 'ok', text: `${last}, every ${spanText(everyMs)}` };
}

function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
