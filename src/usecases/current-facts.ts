/** Reads a unit's current facts, and tells apart: readable, closed, not visible, unreadable. */
import type { LongId } from '../domain/amount.ts';
import { digestOf, type Facts, factsOf } from '../domain/close/facts.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { ClosedUnit, RiskUnit } from '../domain/unit/risk-unit.ts';
import {
  concerns,
  type ExchangeFailure,
  type FindOptions,
  type Flaw,
  type LoanReader,
  type Read,
} from './ports.ts';

export type CurrentFacts =
  | { readonly kind: 'read'; readonly facts: Facts; readonly digest: string }
  | { readonly kind: 'closed'; readonly closedUnit: ClosedUnit }
  /** In neither list. That proves nothing: a wrong key sees nothing either. */
  | { readonly kind: 'not-visible' }
  | { readonly kind: 'unreadable'; readonly failure: ExchangeFailure };

/**
 * Through the parent key; one answer, at most two seconds old, serves everybody who asks at once. `creditAccount`: the
 * owner's e-mail, where a request states it.
 */
export async function readFacts(
  reader: LoanReader,
  groupId: LongId,
  creditAccount?: string,
  priority: 'interactive' | 'background' = 'interactive',
): Promise<CurrentFacts> {
  const units = await reader.riskUnits({ priority });
  if (!units.ok) return { kind: 'unreadable', failure: units.failure };
  const unit = units.value.find((each) => each.groupId === groupId) ?? null;
  return judge(reader, groupId, { ...units, value: unit }, { priority, creditAccount });
}

/** For the last check before sending: never shared, through the key that will sign the close. */
export async function readFactsBeforeSending(
  reader: LoanReader,
  groupId: LongId,
  creditAccount: string,
): Promise<CurrentFacts> {
  const unit = await reader.riskUnitAsCreditAccount(groupId, { priority: 'close', fresh: true });
  return judge(reader, groupId, unit, { priority: 'close', creditAccount });
}

async function judge(
  reader: LoanReader,
  groupId: LongId,
  read: Read<RiskUnit | null>,
  closedList: FindOptions,
): Promise<CurrentFacts> {
  if (!read.ok) return { kind: 'unreadable', failure: read.failure };
  const flaws = flawsOf(read, groupId);
  if (flaws.length > 0) return { kind: 'unreadable', failure: unreadableRow(flaws) };
  if (read.value !== null) {
    const facts = factsOf(read.value, read.asOfMs);
    return { kind: 'read', facts, digest: digestOf(facts) };
  }
  const closed = await reader.findClosedUnit(groupId, closedList);
  if (!closed.ok) return { kind: 'unreadable', failure: closed.failure };
  // A row that is still enabled is not a closed unit, in whichever list it is.
  const closedUnit = closed.value?.enabled === false ? closed.value : null;
  return closedUnit === null ? { kind: 'not-visible' } : { kind: 'closed', closedUnit };
}

/** For a unit that was read, flaws known to be about it; for one that was not, any flaw that may be about it. */
export function flawsOf(
  { value, flaws }: { readonly value: RiskUnit | null; readonly flaws: readonly Flaw[] },
  groupId: LongId,
): readonly Flaw[] {
  return flaws.filter((flaw) => (value === null ? concerns(flaw, groupId) : flaw.groupId === groupId));
}

function unreadableRow(flaws: readonly Flaw[]): ExchangeFailure {
  return {
    kind: 'unavailable',
    exchangeCode: null,
    meaning: `Binance's answer couldn't be read: ${flaws.map(({ text }) => text).join('; ')}`,
    advice: 'Ask again in a minute.',
    retryAtMs: null,
  };
}

/** An exchange failure as a refusal. */
export function exchangeRefusal(failure: ExchangeFailure): Refusal {
  switch (failure.kind) {
    case 'busy':
      return { code: 'exchange-busy', why: failure.meaning, retryAtMs: failure.retryAtMs };
    case 'refused':
    case 'no-account':
    case 'region-blocked':
      return {
        code: 'exchange-refused',
        exchangeCode: failure.exchangeCode,
        meaning: failure.meaning,
        advice: failure.advice,
      };
    case 'unavailable':
    case 'maintenance':
      return { code: 'exchange-unavailable', why: failure.meaning, retryAtMs: failure.retryAtMs };
  }
}
