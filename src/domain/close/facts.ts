/**
 * The facts a vote is bound to: what the approvers were shown of a unit. Liabilities, the credit account and the
 * collateral accounts are bound; times, equity and LTV drift are not. Only an active unit is listed and read.
 */
import { createHash } from 'node:crypto';
import { exactText, type LongId, parseAmount, ZERO } from '../amount.ts';
import { outstanding, type RiskUnit } from '../unit/risk-unit.ts';

export interface LiabilityFact {
  readonly asset: string;
  /** Exact decimals in text, so that a record and a digest never depend on number formatting. */
  readonly principal: string;
  readonly interest: string;
}

export interface Facts {
  readonly groupId: LongId;
  readonly creditAccount: string;
  readonly totalLiability: string;
  /** Sorted by asset; entries of zero are left out: an asset that is no longer owed is not a liability. */
  readonly liabilities: readonly LiabilityFact[];
  /** E-mails of every member that is not the credit account, sorted. */
  readonly collateralAccounts: readonly string[];
  /**
   * What the close would release, as valued by Binance, exact decimal. For information: it moves with every price, so it
   * is not part of the digest. Absent where it was not kept.
   */
  readonly netEquity?: string | undefined;
  /** When they were read (exchange time). Not part of the digest. */
  readonly readAtMs: number;
}

export interface FactChange {
  readonly fact:
    | 'credit account'
    | 'total liability'
    | 'liability'
    | 'collateral account'
    | 'released amount';
  /** Which one, where there are several: the asset or the account. */
  readonly which: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

export function factsOf(unit: RiskUnit, readAtMs: number): Facts {
  return {
    groupId: unit.groupId,
    creditAccount: unit.creditEmail,
    totalLiability: exactText(unit.totalLiability),
    liabilities: outstanding(unit)
      .map(({ asset, principal, interest }) => ({
        asset,
        principal: exactText(principal),
        interest: exactText(interest),
      }))
      .sort((a, b) => (a.asset < b.asset ? -1 : 1)),
    collateralAccounts: unit.accounts
      .filter((account) => account.type !== 'CREDIT')
      .map((account) => account.email)
      .sort(),
    netEquity: exactText(unit.totalNetEquity),
    readAtMs,
  };
}

/** SHA-256 over the bound facts in one fixed writing; hex. */
export function digestOf(facts: Facts): string {
  const bound = [
    facts.groupId,
    facts.creditAccount,
    facts.totalLiability,
    facts.liabilities.map(({ asset, principal, interest }) => [asset, principal, interest]),
    facts.collateralAccounts,
  ];
  return createHash('sha256').update(JSON.stringify(bound)).digest('hex');
}

/** Short enough to read aloud, long enough to see a difference; the whole digest is what is compared. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 8);
}

/** What differs between two sets of bound facts, in words a person can act on; empty when the digests agree. */
export function diffFacts(before: Facts, after: Facts): FactChange[] {
  const changes: FactChange[] = [];
  const compare = (fact: FactChange['fact'], which: string | null, was: string | null, is: string | null) => {
    if (was !== is) changes.push({ fact, which, before: was, after: is });
  };
  compare('credit account', null, before.creditAccount, after.creditAccount);
  compare('total liability', null, before.totalLiability, after.totalLiability);
  const owedBefore = new Map(before.liabilities.map((each) => [each.asset, liabilityText(each)]));
  const owedAfter = new Map(after.liabilities.map((each) => [each.asset, liabilityText(each)]));
  for (const asset of new Set([...owedBefore.keys(), ...owedAfter.keys()])) {
    compare('liability', asset, owedBefore.get(asset) ?? null, owedAfter.get(asset) ?? null);
  }
  for (const account of new Set([...before.collateralAccounts, ...after.collateralAccounts])) {
    compare(
      'collateral account',
      account,
      before.collateralAccounts.includes(account) ? 'linked' : null,
      after.collateralAccounts.includes(account) ? 'linked' : null,
    );
  }
  return changes;
}

/** Whether the unit owed before these changes led to `after`. */
export function owedBefore(after: Facts, changes: readonly FactChange[]): boolean {
  const total = changes.find(({ fact }) => fact === 'total liability')?.before ?? after.totalLiability;
  const changed = changes.filter(({ fact }) => fact === 'liability');
  const unchanged = after.liabilities.filter(({ asset }) => !changed.some(({ which }) => which === asset));
  const owed = unchanged.length > 0 || changed.some(({ before }) => before !== null);
  return owed || parseAmount(total)?.eq(ZERO) !== true;
}

function liabilityText({ principal, interest }: LiabilityFact): string {
  return `principal ${principal}, interest ${interest}`;
}

/** The exchange closes repaid units only (close page). */
export function isRepaid({ liabilities, totalLiability }: Facts): boolean {
  // The total counts too: an answer whose list is empty while its total is not must not pass as repaid.
  return liabilities.length === 0 && parseAmount(totalLiability)?.eq(ZERO) === true;
}
