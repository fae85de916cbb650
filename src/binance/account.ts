import type { SigningKey } from './signing-key.ts';

export type AccountRole = 'parent' | 'credit';

/**
 * One entry of BINANCE_ACCOUNTS_FILE, ready to sign. API key and signing key are private fields: printing an account
 * as JSON or to a console shows its name and role only.
 */
export class Account {
  readonly name: string;
  readonly role: AccountRole;
  readonly #apiKey: string;
  readonly #key: SigningKey;

  constructor(name: string, role: AccountRole, apiKey: string, key: SigningKey) {
    this.name = name;
    this.role = role;
    this.#apiKey = apiKey;
    this.#key = key;
  }

  get keyKind(): SigningKey['kind'] {
    return this.#key.kind;
  }

  /** The value of the X-MBX-APIKEY header: for the request, never for a message. */
  apiKeyHeader(): string {
    return this.#apiKey;
  }

  sign(payload: string): string {
    return this.#key.sign(payload);
  }

  /** Whether both entries hold the same API key (a reload that did not rotate it). */
  hasSameKeyAs(other: Account): boolean {
    return this.#apiKey === other.#apiKey;
  }
}
