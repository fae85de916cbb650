/** The accounts in use, and the one place that decides which of them signs which call. */
import type { LongId } from '../domain/amount.ts';
import type { Account } from './account.ts';
import { bucketOf } from './caller.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';

/** What a call is about, as far as it decides the key. */
export type KeyChoice =
  /** The desk's own view: the parent key. */
  | { readonly by: 'parent' }
  /** What only the unit's own credit account may ask or do. */
  | { readonly by: 'owner'; readonly groupId: LongId }
  /** One account by its configured name. */
  | { readonly by: 'name'; readonly name: string };

export class AccountBook {
  #accounts: readonly Account[];
  /** Units that each credit account's own key has shown. Kept after a close: they say whose closed list to look in. */
  #units = new Map<string, Set<LongId>>();

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  all(): readonly Account[] {
    return this.#accounts;
  }

  credit(): readonly Account[] {
    return this.#accounts.filter((account) => account.role === 'credit');
  }

  /** The account for this call, or null when none fits: its role is one that the endpoint takes. */
  choose(endpoint: Endpoint, choice: KeyChoice): Account | null {
    const fits = (account: Account) => endpoint.roles.includes(account.role);
    switch (choice.by) {
      case 'parent':
        return this.#accounts.find((account) => account.role === 'parent' && fits(account)) ?? null;
      case 'owner':
        return (
          this.credit().find((account) => fits(account) && this.unitsOf(account).has(choice.groupId)) ?? null
        );
      case 'name':
        return this.#accounts.find((account) => account.name === choice.name && fits(account)) ?? null;
    }
  }

  noteUnits(account: Account, units: readonly LongId[]): void {
    // A reload may have replaced the account while it was being asked.
    if (!this.#accounts.includes(account)) return;
    this.#units.set(account.name, new Set([...this.unitsOf(account), ...units]));
  }

  unitsOf(account: Account): ReadonlySet<LongId> {
    return this.#units.get(account.name) ?? new Set();
  }

  /**
   * Takes new accounts into use. Calls under way keep the account they were given. What an account has shown is
   * forgotten, unless it kept its key.
   */
  replace(accounts: readonly Account[]): void {
    const before = this.#accounts;
    this.#accounts = accounts;
    const kept = accounts.filter((account) =>
      before.some(
        (old) => old.name === account.name && old.role === account.role && old.hasSameKeyAs(account),
      ),
    );
    this.#units = new Map(kept.map((account) => [account.name, new Set(this.unitsOf(account))]));
  }

  /** Every weight bucket that these accounts can use. */
  buckets(): readonly string[] {
    const names = Object.values(ENDPOINTS).flatMap((endpoint: Endpoint) =>
      endpoint.scope === 'uid'
        ? this.credit().map((account) => bucketOf(endpoint, account))
        : [bucketOf(endpoint, null)],
    );
    return [...new Set(names)];
  }
}
