import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

export type AccountRole = 'parent' | 'credit' | 'other';

/** An account with its key as a test or the sandbox asks for it; what is left out is derived from the name. */
export interface AccountSeed {
  readonly name: string;
  readonly email: string;
  readonly role: AccountRole;
  /** 64 letters and digits. */
  readonly apiKey?: string;
  readonly secret?: string;
  /** Ed25519 or RSA, SPKI PEM: signatures are then checked with it instead of a secret. */
  readonly publicKeyPem?: string;
  /** Only handed on to `accounts()`: where the client finds the private half. */
  readonly privateKeyFile?: string;
  /** Where calls may come from; absent = anywhere. */
  readonly allowedIps?: readonly string[];
  readonly enableReading?: boolean;
  readonly enableSpotAndMarginTrading?: boolean;
}

/** Changes some fields of the account of that name, or adds one when `email` and `role` are given. */
export type AccountOverride = Partial<AccountSeed> & Pick<AccountSeed, 'name'>;

export interface Account {
  readonly name: string;
  readonly email: string;
  readonly role: AccountRole;
  readonly uid: string;
  readonly apiKey: string;
  readonly key: VerifyKey;
  readonly privateKeyFile: string | null;
  readonly allowedIps: readonly string[] | null;
  readonly enableReading: boolean;
  readonly enableSpotAndMarginTrading: boolean;
}

/** What an account's signatures are checked with. */
export type VerifyKey =
  | { readonly kind: 'hmac'; readonly secret: string }
  | { readonly kind: 'ed25519' | 'rsa'; readonly publicKey: KeyObject };

/** One entry of BINANCE_ACCOUNTS_FILE. */
export type AccountsFileEntry = { name: string; role: 'parent' | 'credit'; apiKey: string } & (
  | { secret: string }
  | { privateKeyFile: string }
);

/** Every API key that the stand-in knows. */
export class KeyRing {
  #seeds = new Map<string, AccountSeed>();
  #accounts = new Map<string, Account>();
  #byKey = new Map<string, Account>();

  constructor(seeds: readonly AccountSeed[], overrides: readonly AccountOverride[]) {
    for (const seed of [...seeds, ...overrides]) this.change(seed);
  }

  /** @throws when a new account lacks email or role, or a key is not one. */
  change(override: AccountOverride): Account {
    const before = this.#seeds.get(override.name);
    const { email = before?.email, role = before?.role } = override;
    if (email === undefined || role === undefined) {
      throw new Error(`account ${override.name}: email and role are needed`);
    }
    const seed: AccountSeed = { ...before, ...override, email, role };
    const account = toAccount(seed);
    const old = this.#accounts.get(seed.name);
    if (old !== undefined) this.#byKey.delete(old.apiKey);
    this.#seeds.set(seed.name, seed);
    this.#accounts.set(seed.name, account);
    this.#byKey.set(account.apiKey, account);
    return account;
  }

  byApiKey(apiKey: string): Account | undefined {
    return this.#byKey.get(apiKey);
  }

  byName(name: string): Account | undefined {
    return this.#accounts.get(name);
  }

  byEmail(email: string): Account | undefined {
    return [...this.#accounts.values()].find((account) => account.email === email);
  }

  /** What BINANCE_ACCOUNTS_FILE has to hold: parents and credit accounts. Without a place for it, a public key's
   * private half is named by an empty `privateKeyFile`. */
  fileEntries(): AccountsFileEntry[] {
    const entries: AccountsFileEntry[] = [];
    for (const { name, role, apiKey, key, privateKeyFile } of this.#accounts.values()) {
      if (role === 'other') continue;
      const secret = key.kind === 'hmac' ? { secret: key.secret } : { privateKeyFile: privateKeyFile ?? '' };
      entries.push({ name, role, apiKey, ...secret });
    }
    return entries;
  }
}

function toAccount(seed: AccountSeed): Account {
  const apiKey = seed.apiKey ?? derived('key', seed.name);
  if (!isApiKey(apiKey)) throw new Error(`account ${seed.name}: an API key has 64 letters and digits`);
  return {
    name: seed.name,
    email: seed.email,
    role: seed.role,
    uid: uidOf(seed.email),
    apiKey,
    key: toVerifyKey(seed),
    privateKeyFile: seed.privateKeyFile ?? null,
    allowedIps: seed.allowedIps ?? null,
    enableReading: seed.enableReading ?? true,
    enableSpotAndMarginTrading: seed.enableSpotAndMarginTrading ?? true,
  };
}

function toVerifyKey(seed: AccountSeed): VerifyKey {
  if (seed.publicKeyPem === undefined) {
    return { kind: 'hmac', secret: seed.secret ?? derived('secret', seed.name) };
  }
  const publicKey = createPublicKey(seed.publicKeyPem);
  const kind = publicKey.asymmetricKeyType;
  if (kind !== 'ed25519' && kind !== 'rsa')
    throw new Error(`account ${seed.name}: not an Ed25519 or RSA key`);
  return { kind, publicKey };
}

/** Of any account, one without a key too. */
export function uidOf(email: string): string {
  return String(350_000_000 + Number.parseInt(derived('uid', email).slice(0, 7), 16));
}

export function isApiKey(text: string): boolean {
  return /^[A-Za-z0-9]{64}$/.test(text);
}

/** The same name gives the same key every time: a restarted sandbox keeps its accounts file valid. */
function derived(what: string, name: string): string {
  return createHash('sha256').update(`loandesk sandbox ${what} ${name}`).digest('hex');
}
