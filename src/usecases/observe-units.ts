/** One read of all units, as the watch judges it: complete, or why not. Missing and contradictory is never "fine". */
import type { LongId } from '../domain/amount.ts';
import { CLOSE_TIME_TOLERANCE_MS } from '../domain/close/closed-evidence.ts';
import { findInconsistencies, type RiskUnit } from '../domain/unit/risk-unit.ts';
import { MISSING_TOLD_AFTER_MS } from '../domain/watch/unit-rule.ts';
import type { BlindCause, Observation } from '../domain/watch/watch.ts';
import type { CloseRequestStore, ExchangeFailure, LoanReader, Log, Read, SeenOnce } from './ports.ts';
import type { StoredWatch } from './watch-ports.ts';

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
