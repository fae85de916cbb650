/** Which policy decides on a close now: the settings, the firm's own rules where there are some, and who stands in for whom. */
import { parseAmount } from '../domain/amount.ts';
import type { StandIn } from '../domain/close/close-request.ts';
import { type Absence, type CloseRules, namedIn, policyFor } from '../domain/close/close-rules.ts';
import type { Facts } from '../domain/close/facts.ts';
import { inForce, notReplaced } from '../domain/close/rule-book.ts';
import type { ClosePolicy } from '../domain/policy.ts';

export interface ClosePolicies {
  /** For this unit; one that no rule is for gets a policy that nobody can fulfil. */
  for(unit: Pick<Facts, 'groupId' | 'netEquity'>): ClosePolicy;
  /** Whether a close would now release so much more that another rule decides. Upwards only: prices move both ways. */
  releasesMore(known: Facts, now: Facts): boolean;
  /** Everybody whom a rule names: user ids and group ids. Empty without rules. */
  named(): readonly string[];
  /** In force now. Throws StoreUnavailable. */
  standIns(): Promise<readonly StandIn[]>;
}

export interface ClosePoliciesParts {
  /** What holds without rules. */
  readonly settings: ClosePolicy;
  /** As read last from CLOSE_RULES_FILE; default: there is none. */
  readonly rules?: () => CloseRules | null;
  /** Those that people entered themselves, in force by the store's clock. Throws StoreUnavailable. Default: none. */
  readonly absences?: () => Promise<readonly Absence[]>;
  /** The store's clock, so that all processes agree when an absence in the file ends. Throws StoreUnavailable. */
  readonly nowMs: () => Promise<number>;
}

export function createClosePolicies({
  settings,
  rules = () => null,
  absences = async () => [],
  nowMs,
}: ClosePoliciesParts): ClosePolicies {
  const policyOf = (unit: Pick<Facts, 'groupId' | 'netEquity'>) => policyFor(settings, rules(), unit);
  return {
    for: policyOf,
    releasesMore(known, now) {
      const [before, after] = [known.netEquity, now.netEquity].map((text) => parseAmount(text ?? ''));
      if (before == null || after == null || after.lte(before)) return false;
      return policyOf(known).ruleDigest !== policyOf(now).ruleDigest;
    },
    named: () => {
      const given = rules();
      return given === null ? [] : namedIn(given);
    },
    async standIns() {
      const entered = await absences();
      const away = rules()?.away ?? [];
      if (away.length === 0) return entered;
      return [...entered, ...notReplaced(inForce(away, await nowMs()), entered)];
    },
  };
}
