/**
 * One round of the watch: whichever replica takes it reads all units in one call, asks the rule, and stores what follows.
 * A round is over within its time, whatever the exchange does.
 */
import { exactText, type LongId } from '../domain/amount.ts';
import { CLOSE_TIME_TOLERANCE_MS } from '../domain/close/closed-evidence.ts';
import { done } from '../domain/refusal.ts';
import { decisiveLtv, findInconsistencies, type RiskUnit } from '../domain/unit/risk-unit.ts';
import { MISSING_TOLD_AFTER_MS } from '../domain/watch/unit-rule.ts';
import type { BlindCause, Observation, WatchRules, WatchState } from '../domain/watch/watch.ts';
import { decideRound } from '../domain/watch/watch-rule.ts';
import {
  type CloseRequestStore,
  type ExchangeFailure,
  type LoanReader,
  type Log,
  type NewId,
  type Read,
  type SeenOnce,
  UnreadableRecord,
} from './ports.ts';
import type { WatchBook } from './watch-book.ts';
import type { StoredWatch, UnreadableOfWatch, WatchEvents, WatchHistory, WatchStore } from './watch-ports.ts';

export type WatchRoundOutcome =
  /** Another replica has this round, or none is due. */
  | { readonly kind: 'not-due' }
  /** `isSeeing`: the reading was complete. */
  | {
      readonly kind: 'stored';
      readonly observation: Observation;
      readonly isSeeing: boolean;
      /** People were told that nothing can be read. */
      readonly isBlindTold: boolean;
      /** Cases that can't be read: their units aren't watched, the others are. */
      readonly unreadable: readonly UnreadableOfWatch[];
    }
  /** `unreadable`: the watch's own record, where that is why. */
  | { readonly kind: 'not-stored'; readonly unreadable: readonly UnreadableOfWatch[] };

/** `late`: what the work is worth when it takes longer than `patienceMs`. */
export type InTime = <Value>(work: Promise<Value>, patienceMs: number, late: () => Value) => Promise<Value>;

export interface WatchRoundParts {
  readonly reader: Pick<LoanReader, 'riskUnits' | 'findClosedUnit'>;
  readonly requests: Pick<CloseRequestStore, 'closedThrough'>;
  readonly store: Pick<WatchStore, 'takeRound' | 'giveBackRound' | 'load'>;
  readonly book: WatchBook;
  readonly history: Pick<WatchHistory, 'add'>;
  readonly seenOnce: SeenOnce;
  readonly rules: WatchRules;
  readonly newEpisodeId: NewId;
  readonly inTime: InTime;
  /** Steady milliseconds, for how long a round took. */
  readonly monotonic: () => number;
  readonly log: Log;
  readonly events: Pick<WatchEvents, 'watchRead'>;
}

const LONGEST_READ_MS = 10_000;
/** Of a round's time; the rest is for storing. */
const READ_SHARE = 0.7;
/** Where every replica fails, they take their turns one after the other, not faster than this. */
const GIVEN_BACK_AFTER_MS = 1_000;
/** What failed here may work on another replica; this one asks Binance again no earlier than in an ordinary round. */
const LONGEST_REST_MS = 15_000;

export function createWatchRound(parts: WatchRoundParts): () => Promise<WatchRoundOutcome> {
  const { reader, store, book, history, rules, inTime, log, monotonic } = parts;
  const readWithinMs = Math.min(LONGEST_READ_MS, rules.everyMs * READ_SHARE);

  async function observe(): Promise<Observation> {
    const late = {
      kind: 'failed',
      cause: 'unavailable',
      why: `no answer within ${readWithinMs / 1000} s`,
    } as const;
    const read = reader.riskUnits({ priority: 'background' }).then(observationOf);
    return inTime<Observation>(read, readWithinMs, () => late);
  }

  /** What takes too long is not known, and asked again. */
  async function closedAmongMissing(observation: Observation, first: StoredWatch) {
    const looked = findClosedAmongMissing(parts, observation, first);
    return inTime<ReadonlySet<LongId>>(looked, readWithinMs / 2, () => new Set());
  }

  async function round(): Promise<WatchRoundOutcome> {
    const startedMs = monotonic();
    const observation = await observe();
    const first = await store.load();
    const closed = await closedAmongMissing(observation, first);
    let basis = first;
    const decide = (now: StoredWatch) => {
      basis = now;
      return done(
        decideRound({
          state: now.watch,
          episodes: now.episodes,
          observation: judgeable(observation, unreadableIn(now)),
          rules,
          nowMs: now.nowMs,
          newId: parts.newEpisodeId,
          undeliveredSinceMs: now.undeliveredSinceMs,
          closedUnits: closed,
        }),
      );
    };
    // The copy that was looked at is fresh unless something had to be looked up for it.
    const stored = await book.apply(decide, closed.size > 0 ? undefined : first);
    if (!stored.ok) {
      log.error({ refusal: stored.refusal }, 'watch round not stored');
      return { kind: 'not-stored', unreadable: [] };
    }
    const { next } = stored.value;
    const isSeeing = next.blind === null;
    if (next.blind !== null) log.warn({ cause: next.blind.cause, why: next.blind.why }, 'watch is blind');
    parts.events.watchRead({ isSeeing, tookMs: monotonic() - startedMs });
    await remember(observation, next, basis.nowMs);
    const isBlindTold = next.blind !== null && next.blind.told !== null;
    return { kind: 'stored', observation, isSeeing, isBlindTold, unreadable: unreadableIn(basis) };
  }

  /** One lost sample of the history is harmless. */
  async function remember(observation: Observation, { blind }: WatchState, atMs: number): Promise<void> {
    if (observation.kind === 'failed' || blind?.cause === 'stale' || observation.units.length === 0) return;
    const samples = observation.units.map((unit) => {
      const ltv = decisiveLtv(unit);
      return { groupId: unit.groupId, ltv: ltv && exactText(ltv) };
    });
    try {
      await history.add(samples, atMs);
    } catch (error) {
      log.warn({ err: error }, 'watch history not written');
    }
  }

  async function orNotStored(): Promise<WatchRoundOutcome> {
    try {
      return await round();
    } catch (error) {
      log.error({ err: error }, 'watch round failed');
      const unreadable = error instanceof UnreadableRecord ? [{ record: error, groupId: null }] : [];
      return { kind: 'not-stored', unreadable };
    }
  }

  async function giveBack(token: string): Promise<void> {
    restsUntilMs = monotonic() + Math.min(rules.everyMs, LONGEST_REST_MS);
    try {
      await store.giveBackRound(token, GIVEN_BACK_AFTER_MS);
    } catch (error) {
      log.warn({ err: error }, 'turn of a failed watch round not given back');
    }
  }

  let isRunning = false;
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  return async () => {
    // A slow round is never joined by a second one of this process.
    if (isRunning || monotonic() < restsUntilMs) return { kind: 'not-due' };
    const token = await store.takeRound(rules.everyMs);
    if (token === null) return { kind: 'not-due' };
    isRunning = true;
    try {
      const outcome = await orNotStored();
      if (outcome.kind === 'not-stored') await giveBack(token);
      return outcome;
    } finally {
      isRunning = false;
    }
  };
}

function unreadableIn({ watch, unreadable }: StoredWatch): UnreadableOfWatch[] {
  const units = Object.entries(watch?.units ?? {});
  return [...unreadable].map(([id, record]) => {
    const [groupId] = units.find(([, { episodeId }]) => episodeId === id) ?? [];
    return { record, groupId: (groupId as LongId | undefined) ?? null };
  });
}

/** A unit whose case can't be read is judged as one that couldn't be read itself. */
function judgeable(observation: Observation, unreadable: readonly UnreadableOfWatch[]): Observation {
  const cases = new Map(unreadable.map(({ groupId, record }) => [groupId, record]));
  cases.delete(null);
  if (cases.size === 0 || observation.kind === 'failed') return observation;
  const { asOfMs } = observation;
  const units = observation.units.filter(({ groupId }) => !cases.has(groupId));
  const causes = [...cases].map(([groupId, { message }]) => `unit ${groupId} isn't watched: ${message}`);
  const why = [...causes, ...(observation.kind === 'incomplete' ? [observation.why] : [])].join('; ');
  return { kind: 'incomplete', units, asOfMs, why };
}

const CAUSES: Readonly<Record<ExchangeFailure['kind'], BlindCause>> = {
  refused: 'refused',
  'no-account': 'refused',
  'region-blocked': 'refused',
  busy: 'busy',
  unavailable: 'unavailable',
  maintenance: 'maintenance',
};
const FLAWS_NAMED = 3;

export function observationOf(read: Read<readonly RiskUnit[]>): Observation {
  if (!read.ok) return { kind: 'failed', cause: CAUSES[read.failure.kind], why: read.failure.meaning };
  const { value: units, asOfMs } = read;
  const flaws = [...read.flaws.map(({ text }) => text), ...units.flatMap(contradictionsIn)];
  if (flaws.length === 0) return { kind: 'complete', units, asOfMs };
  const more = flaws.length > FLAWS_NAMED ? `, and ${flaws.length - FLAWS_NAMED} more` : '';
  return { kind: 'incomplete', units, asOfMs, why: `${flaws.slice(0, FLAWS_NAMED).join('; ')}${more}` };
}

/** A unit with debt and no collateral has no LTV to compare: that is its level, not a contradiction. */
function contradictionsIn(unit: RiskUnit): string[] {
  const found = findInconsistencies(unit).filter(
    ({ kind, recomputed }) => kind !== 'ltv' || recomputed !== null,
  );
  return found.map(({ kind }) => `unit ${unit.groupId}: its ${kind} contradicts its other figures`);
}

export interface LookUpMissingParts {
  readonly reader: Pick<LoanReader, 'findClosedUnit'>;
  readonly requests: Pick<CloseRequestStore, 'closedThrough'>;
  /** Over all replicas. */
  readonly seenOnce: SeenOnce;
  readonly log: Log;
}

/** In the first minutes each round asks; later on, people know already that a unit is missing. */
const ASKED_LATER_EVERY_MS = 10 * 60_000;
/** `lastSeenAtMs` is by the store's clock, a close by the exchange's. */
const CLOCKS_APART_MS = 60_000;

/**
 * Which known units that are not in the answer were closed, through Loandesk or elsewhere; an answer without any unit is
 * asked about, too. One that can't be looked up is not among them, so it is called missing in the end, while the others
 * are judged as they were read.
 */
export async function findClosedAmongMissing(
  { reader, requests, seenOnce, log }: LookUpMissingParts,
  observation: Observation,
  { watch, nowMs }: Pick<StoredWatch, 'watch' | 'nowMs'>,
): Promise<ReadonlySet<LongId>> {
  const closed = new Set<LongId>();
  if (observation.kind !== 'complete' || watch === null) return closed;
  const seen = new Set(observation.units.map(({ groupId }) => groupId));
  const missing = (Object.keys(watch.units) as LongId[]).filter((groupId) => !seen.has(groupId));
  const sinceMs = (groupId: LongId) =>
    watch.units[groupId]?.missingSinceMs ?? (seen.size === 0 ? watch.blind?.sinceMs : null) ?? nowMs;
  const isNew = missing.some((groupId) => nowMs - sinceMs(groupId) <= MISSING_TOLD_AFTER_MS);
  if (missing.length === 0 || !(isNew || (await seenOnce.first('watch-missing', ASKED_LATER_EVERY_MS))))
    return closed;
  const through = await requests.closedThrough(missing);
  for (const groupId of missing) {
    // Ids may be reused after a close, so an older close says nothing about this unit.
    const fromMs = (watch.units[groupId]?.lastSeenAtMs ?? nowMs) - CLOCKS_APART_MS;
    const request = through.get(groupId);
    const ending = request === undefined || request === 'unreadable' ? null : request.ending;
    if (ending !== null && ending.atMs >= fromMs) {
      closed.add(groupId);
      continue;
    }
    const found = await reader.findClosedUnit(groupId, { priority: 'background' });
    if (!found.ok) log.warn({ groupId, why: found.failure.meaning }, 'missing unit not looked up');
    else if ((found.value?.closedAtMs ?? 0) >= fromMs - CLOSE_TIME_TOLERANCE_MS) closed.add(groupId);
  }
  return closed;
}
