/** The firm's own rules for closes (CLOSE_RULES_FILE): which one is for a unit, and what is wrong with a list of them. */
import { createHash } from 'node:crypto';
import { amount, type LongId, parseAmount } from '../amount.ts';
import type { ClosePolicy } from '../policy.ts';
import type { Facts } from './facts.ts';
import { type Need, placesIn } from './seats.ts';

export interface CloseRule {
  readonly units: readonly LongId[] | '*';
  /** Only for closes that release more than this, as valued by Binance: an exact decimal. Null: for any. */
  readonly releasesOver: string | null;
  readonly need: readonly Need[];
  /** Where it is longer than CLOSE_DELAY; null: that. */
  readonly delayMs: number | null;
}

/** An approver who is away, and who may act in their place until then. User ids. */
export interface Absence {
  readonly approver: string;
  readonly standIn: string;
  readonly untilMs: number;
}

export interface CloseRules {
  /** The first that fits decides. */
  readonly rules: readonly CloseRule[];
  readonly away: readonly Absence[];
}

/** Nobody can fill it. */
const NOBODY: Need = { from: [], count: 1 };

/** The policy for this unit; `settings`: what holds where there are no rules. */
export function policyFor(
  settings: ClosePolicy,
  rules: CloseRules | null,
  unit: Pick<Facts, 'groupId' | 'netEquity'>,
): ClosePolicy {
  if (rules === null) return settings;
  return policyOf(settings, rules.rules.find((each) => isFor(each, unit)) ?? null);
}

/**
 * Null: no rule is for the unit, and what the rules don't name is not closed. The settings are a floor: raising them in an
 * emergency holds under every rule.
 */
export function policyOf(settings: ClosePolicy, rule: CloseRule | null): ClosePolicy {
  const need = rule?.need ?? [NOBODY];
  const delayMs = Math.max(rule?.delayMs ?? 0, settings.delayMs ?? 0);
  return {
    ...settings,
    approvers: [...new Set(need.flatMap(({ from }) => from))],
    quorum: Math.max(settings.quorum, placesIn(need)),
    need,
    delayMs,
    ruleDigest: rule === null ? 'none' : digestOfRule(rule),
  };
}

/** Whether no rule is for the unit. */
export function hasNoRule(policy: Pick<ClosePolicy, 'need'>): boolean {
  return policy.need?.some(({ from }) => from.length === 0) === true;
}

/** A close whose amount isn't known counts as one that releases more. */
function isFor(
  { units, releasesOver }: CloseRule,
  { groupId, netEquity }: Pick<Facts, 'groupId' | 'netEquity'>,
) {
  if (units !== '*' && !units.includes(groupId)) return false;
  const released = netEquity === undefined ? null : parseAmount(netEquity);
  return releasesOver === null || released === null || released.gt(releasesOver);
}

/** Everybody whom some rule names. */
export function namedIn({ rules }: CloseRules): readonly string[] {
  return [...new Set(rules.flatMap(({ need }) => need.flatMap(({ from }) => from)))];
}

export function digestOfRule({ units, releasesOver, need, delayMs }: CloseRule): string {
  return digest([units, releasesOver, need.map(({ from, count }) => [from, count]), delayMs]);
}

/** Of the whole file. */
export function digestOfRules({ rules, away }: CloseRules): string {
  return digest([
    rules.map(digestOfRule),
    away.map(({ approver, standIn, untilMs }) => [approver, standIn, untilMs]),
  ]);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/**
 * What can't be meant, in words that name the rule by its place; none: the list can be used. `expiresAfterMs`: how long a
 * request stays open.
 */
export function faultsOf({ rules, away }: CloseRules, expiresAfterMs: number): readonly string[] {
  const faults: string[] = [];
  if (rules.length === 0) faults.push('rules: expected at least one rule; without one no unit can be closed');
  for (const [at, rule] of rules.entries()) {
    const where = `rule ${at + 1}`;
    const twice = rule.units === '*' ? [] : repeated(rule.units);
    if (twice.length > 0) faults.push(`${where}: unit ${twice.join(', ')} is listed twice`);
    if (rule.need.length === 0) faults.push(`${where}, need: expected at least one entry`);
    for (const { from } of rule.need) {
      const names = repeated(from);
      if (names.length > 0) faults.push(`${where}, need: ${names.join(', ')} is listed twice in one entry`);
    }
    if (rule.delayMs !== null && rule.delayMs >= expiresAfterMs)
      faults.push(`${where}, delay: expected a shorter time than CLOSE_EXPIRES, or no close could be sent`);
    const earlier = rules.slice(0, at);
    const before = earlier.findIndex((each) => each.units === '*' && hidesAmount(each, rule));
    if (before !== -1)
      faults.push(`${where} can never decide: rule ${before + 1} before it fits every close that it fits`);
    for (const groupId of before !== -1 || rule.units === '*' ? [] : rule.units) {
      const by = earlier.findIndex(
        ({ units, ...each }) => units.includes(groupId) && hidesAmount(each, rule),
      );
      if (by !== -1) faults.push(`${where}: unit ${groupId} is decided by rule ${by + 1} before it`);
    }
  }
  for (const { approver, standIn } of away)
    if (approver === standIn) faults.push(`away: ${approver} can't stand in for themselves`);
  const twiceAway = repeated(away.map(({ approver }) => approver));
  if (twiceAway.length > 0) faults.push(`away: ${twiceAway.join(', ')} is listed twice`);
  return faults;
}

/** Whether every amount that fits the later rule fits the earlier one. */
function hidesAmount(
  earlier: Pick<CloseRule, 'releasesOver'>,
  later: Pick<CloseRule, 'releasesOver'>,
): boolean {
  if (earlier.releasesOver === null) return true;
  return later.releasesOver !== null && amount(earlier.releasesOver).lte(later.releasesOver);
}

function repeated<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))];
}
