/** One read of all units, as the watch judges it: complete, or why not. Missing and contradictory is never "fine". */
import type { LongId } from '../domain/amount.ts';
import { CLOSE_TIME_TOLERANCE_MS } from '../domain/close/closed-evidence.ts';
import { findInconsistencies, type RiskUnit } from '../domain/unit/risk-unit.ts';
import type { BlindCause, Observation, WatchState } from '../domain/watch/watch.ts';
import type { ExchangeFailure, LoanReader, Read } from './ports.ts';

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

export interface MissingLookup {
  readonly closed: ReadonlySet<LongId>;
  /** Why some could not be looked up; null: all were. */
  readonly trouble: string | null;
}

/**
 * Looks in the closed list for units that were known and are not in a complete reading. Without a credit key there is no
 * such list, so nothing is found. `mayAsk`: how often one unit is looked up is the caller's.
 */
export async function lookUpMissing(
  reader: Pick<LoanReader, 'findClosedUnit'>,
  observation: Observation,
  state: WatchState | null,
  mayAsk: (groupId: LongId, isFirst: boolean) => Promise<boolean>,
): Promise<MissingLookup> {
  const closed = new Set<LongId>();
  let trouble: string | null = null;
  if (observation.kind !== 'complete' || observation.units.length === 0) return { closed, trouble };
  const seen = new Set(observation.units.map(({ groupId }) => groupId));
  for (const [key, memory] of Object.entries(state?.units ?? {})) {
    const groupId = key as LongId;
    const isFirst = memory.missingSinceMs === null;
    if (seen.has(groupId) || !(await mayAsk(groupId, isFirst))) continue;
    const found = await reader.findClosedUnit(groupId, { priority: 'background' });
    if (!found.ok) {
      // Later on, people know already that it is missing.
      if (isFirst && found.failure.kind !== 'no-account')
        trouble = `unit ${groupId} is missing, and the closed list can't be read: ${found.failure.meaning}`;
      continue;
    }
    // Ids may be reused after a close, so an older row says nothing about this unit.
    const closedAtMs = found.value?.closedAtMs ?? 0;
    if (closedAtMs >= memory.lastSeenAtMs - CLOSE_TIME_TOLERANCE_MS - CLOCKS_APART_MS) closed.add(groupId);
  }
  return { closed, trouble };
}

/** `lastSeenAtMs` is by the store's clock, a close by the exchange's. */
const CLOCKS_APART_MS = 60_000;
