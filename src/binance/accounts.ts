/** Reads BINANCE_ACCOUNTS_FILE. Faults and warnings name entries, never any part of a key. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { createSigningKey, type SigningKey } from './signing.ts';

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

  /** Whether both are the same entry with the same API key: a reload that did not rotate it. */
  isSameAs(other: Account): boolean {
    return this.name === other.name && this.role === other.role && this.#apiKey === other.#apiKey;
  }
}

export interface AccountsFile {
  readonly path: string;
  /** For encrypted private keys without their own passphraseFile. */
  readonly passphrase: string | null;
}

export type AccountsResult =
  | { readonly ok: true; readonly accounts: readonly Account[]; readonly warnings: readonly string[] }
  /** All faults, one sentence each. */
  | { readonly ok: false; readonly faults: readonly string[]; readonly warnings: readonly string[] };

const visibleAscii = (what: string) =>
  z
    .string({ error: `${what} is missing or not text` })
    .regex(/^[\x21-\x7e]+$/, `${what} is empty or has spaces or characters outside ASCII`);

const entrySchema = z
  .strictObject(
    {
      name: z
        .string({ error: 'name is missing or not text' })
        .regex(
          /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u,
          'name must be 1 to 40 letters, digits, spaces, . _ or -',
        ),
      role: z.enum(['parent', 'credit'], { error: 'role must be "parent" or "credit"' }),
      apiKey: visibleAscii('apiKey'),
      secret: z.string({ error: 'secret is not text' }).min(1, 'secret is empty').optional(),
      privateKeyFile: z
        .string({ error: 'privateKeyFile is not text' })
        .min(1, 'privateKeyFile is empty')
        .optional(),
      passphraseFile: z
        .string({ error: 'passphraseFile is not text' })
        .min(1, 'passphraseFile is empty')
        .optional(),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? `has unknown fields (${issue.keys.map((key) => JSON.stringify(key.slice(0, 20))).join(', ')})`
          : 'is not an object',
    },
  )
  .refine((entry) => (entry.secret === undefined) !== (entry.privateKeyFile === undefined), {
    error: 'needs either secret or privateKeyFile, and not both',
  });

type Entry = z.output<typeof entrySchema>;

/** Reads the file and the key files it names (relative to it). Never throws. */
export async function loadAccounts(file: AccountsFile): Promise<AccountsResult> {
  const faults: string[] = [];
  const warnings: string[] = [];
  const text = await readSecretFile(file.path, 'BINANCE_ACCOUNTS_FILE', faults, warnings);
  const rows = text === null ? null : parseRows(text, faults);
  if (rows === null) return { ok: false, faults, warnings };
  const accounts: Account[] = [];
  const entries: Entry[] = [];
  for (const [index, row] of rows.entries()) {
    const parsed = entrySchema.safeParse(row);
    if (!parsed.success) {
      faults.push(...parsed.error.issues.map((issue) => `account ${nameOf(row, index)}: ${issue.message}`));
      continue;
    }
    entries.push(parsed.data);
    const account = await toAccount(parsed.data, file, faults, warnings);
    if (account !== null) accounts.push(account);
  }
  faults.push(...faultsBetween(entries, rows.length));
  if (!entries.some((entry) => entry.role === 'credit') && entries.length === rows.length) {
    warnings.push(
      'no account has the role "credit": closed units can\'t be listed and nothing can be closed',
    );
  }
  return faults.length === 0 ? { ok: true, accounts, warnings } : { ok: false, faults, warnings };
}

function parseRows(text: string, faults: string[]): unknown[] | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds secrets.
    faults.push('BINANCE_ACCOUNTS_FILE is not valid JSON');
    return null;
  }
  if (Array.isArray(json) && json.length > 0) return json;
  faults.push('BINANCE_ACCOUNTS_FILE must be a JSON list with at least one account');
  return null;
}

/** The entry's name if it has a usable one, else its number in the list. */
function nameOf(row: unknown, index: number): string {
  const name = entrySchema.shape.name.safeParse(
    typeof row === 'object' && row !== null && 'name' in row ? row.name : undefined,
  );
  return name.success ? JSON.stringify(name.data) : `number ${index + 1}`;
}

async function toAccount(
  entry: Entry,
  file: AccountsFile,
  faults: string[],
  warnings: string[],
): Promise<Account | null> {
  const label = `account ${JSON.stringify(entry.name)}`;
  const read = (path: string, what: string) =>
    readSecretFile(resolve(dirname(file.path), path), `${label}: ${what}`, faults, warnings);
  const material =
    entry.privateKeyFile === undefined
      ? (entry.secret ?? '')
      : await read(entry.privateKeyFile, 'privateKeyFile');
  const passphrase =
    entry.passphraseFile === undefined
      ? file.passphrase
      : ((await read(entry.passphraseFile, 'passphraseFile'))?.replace(/\r?\n$/, '') ?? null);
  if (material === null || (entry.passphraseFile !== undefined && passphrase === null)) return null;
  if (entry.privateKeyFile !== undefined && !material.includes('-----BEGIN')) {
    faults.push(`${label}: privateKeyFile contains no PEM`);
    return null;
  }
  const result = createSigningKey(material, passphrase);
  if (result.ok) return new Account(entry.name, entry.role, entry.apiKey, result.key);
  const source = entry.privateKeyFile === undefined ? 'secret' : 'privateKeyFile';
  faults.push(`${label}: ${source} ${result.fault}`);
  return null;
}

function faultsBetween(entries: readonly Entry[], total: number): string[] {
  const faults: string[] = [];
  const twice = (values: readonly string[]) => [
    ...new Set(values.filter((value, at) => values.indexOf(value) !== at)),
  ];
  for (const name of twice(entries.map((entry) => entry.name))) {
    faults.push(`the name ${JSON.stringify(name)} is used more than once`);
  }
  for (const key of twice(entries.map((entry) => entry.apiKey))) {
    const names = entries.filter((entry) => entry.apiKey === key).map((entry) => JSON.stringify(entry.name));
    faults.push(`accounts ${names.join(' and ')} have the same apiKey`);
  }
  const parents = entries.filter((entry) => entry.role === 'parent').length;
  if (parents > 1) faults.push(`${parents} accounts have the role "parent"; there must be one`);
  if (parents === 0 && entries.length === total)
    faults.push('no account has the role "parent"; there must be one');
  return faults;
}

async function readSecretFile(
  path: string,
  what: string,
  faults: string[],
  warnings: string[],
): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    const text = await readFile(path, 'utf8');
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(3, '0');
      warnings.push(
        `${what} (${path}) can be used by other users of this machine (mode ${octal}); chmod 600 it`,
      );
    }
    return text.replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    faults.push(`${what} (${path}) can't be read: ${code}`);
    return null;
  }
}
