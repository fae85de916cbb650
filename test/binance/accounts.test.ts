import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { AccountBook } from '../../src/binance/account-book.ts';
import { loadAccounts } from '../../src/binance/accounts.ts';
import type { ReadCall } from '../../src/binance/read-caller.ts';
import { longId } from '../../src/domain/amount.ts';
import { capturingLog } from '../support/logs.ts';
import { E1_PEM, S1 } from './support/vectors.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loandesk-accounts-'));
  path = join(folder, 'accounts.json');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string, mode = 0o600): Promise<void> {
  await writeFile(join(folder, name), text);
  await chmod(join(folder, name), mode);
}

async function load(entries: unknown, passphrase: string | null = null) {
  await write('accounts.json', typeof entries === 'string' ? entries : JSON.stringify(entries));
  const result = await loadAccounts({ path, passphrase });
  const printed = inspect(result, { depth: 9, showHidden: true }) + JSON.stringify(result);
  expect(printed, 'nothing of a key is shown').not.toMatch(/topsecret|KEY-|BEGIN|MC4CAQ/);
  return result;
}

const parent = { name: 'fund', role: 'parent', apiKey: 'KEY-parent', secret: 'topsecret-parent' };
const credit = { name: 'loan-1', role: 'credit', apiKey: 'KEY-credit', secret: 'topsecret-credit' };
const pem = { type: 'pkcs8', format: 'pem' } as const;

describe('loadAccounts', () => {
  it('reads secrets, key files and encrypted key files; the kind comes from the key', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    await write('ed.pem', E1_PEM);
    await write('rsa.pem', rsa.export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'a' }).toString());
    await write('own.pem', rsa.export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'b' }).toString());
    await write('own.txt', 'b\n');
    const result = await load(
      [
        { name: 'fund', role: 'parent', apiKey: 'KEY-1', privateKeyFile: 'ed.pem' },
        { name: 'loan-1', role: 'credit', apiKey: 'KEY-2', privateKeyFile: 'rsa.pem' },
        {
          name: 'loan-2',
          role: 'credit',
          apiKey: 'KEY-3',
          privateKeyFile: 'own.pem',
          passphraseFile: 'own.txt',
        },
        { ...credit, name: 'loan 3' },
      ],
      'a',
    );
    expect(result).toMatchObject({ ok: true, warnings: [] });
    const accounts = result.ok ? result.accounts : [];
    expect(accounts.map(({ name, role, keyKind }) => [name, role, keyKind])).toEqual([
      ['fund', 'parent', 'ed25519'],
      ['loan-1', 'credit', 'rsa'],
      ['loan-2', 'credit', 'rsa'],
      ['loan 3', 'credit', 'hmac'],
    ]);
  });

  it('names every fault at once', async () => {
    await write('not.pem', 'hello');
    const result = await load([
      { ...parent, role: 'boss' },
      { ...credit, secret: undefined },
      { ...credit, name: 'both', apiKey: 'KEY-3', privateKeyFile: 'not.pem' },
      { name: 'lost', role: 'credit', apiKey: 'KEY-4', privateKeyFile: 'lost.pem' },
      { name: 'text', role: 'credit', apiKey: 'KEY-5', privateKeyFile: 'not.pem' },
      { name: 'spaced', role: 'credit', apiKey: 'KEY 6', secret: 'topsecret' },
      { name: 'extra', role: 'credit', apiKey: 'KEY-7', secret: 'topsecret', sercet: 'topsecret' },
      { role: 'credit', apiKey: 'KEY-8', secret: 'topsecret' },
      17,
      { ...credit, name: 'bad secret', apiKey: 'KEY-9', secret: 'topsecret …' },
    ]);
    expect(result).toEqual({
      ok: false,
      warnings: [],
      faults: [
        'account "fund": role must be "parent" or "credit"',
        'account "loan-1": needs either secret or privateKeyFile, and not both',
        'account "both": needs either secret or privateKeyFile, and not both',
        expect.stringMatching(/^account "lost": privateKeyFile \(.*lost\.pem\) can't be read: ENOENT$/),
        'account "text": privateKeyFile contains no PEM',
        'account "spaced": apiKey is empty or has spaces or characters outside ASCII',
        'account "extra": has unknown fields ("sercet")',
        'account number 8: name is missing or not text',
        'account number 9: is not an object',
        'account "bad secret": secret has a secret with spaces or characters outside ASCII',
      ],
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['no parent', [credit], /no account has the role "parent"/],
    ['two parents', [parent, { ...parent, name: 'b', apiKey: 'KEY-b' }], /2 accounts have the role "parent"/],
    ['a name twice', [parent, credit, { ...credit, apiKey: 'KEY-b' }], /"loan-1" is used more than once/],
    [
      'a key twice',
      [parent, { ...credit, apiKey: 'KEY-parent' }],
      /"fund" and "loan-1" have the same apiKey/,
    ],
    ['an empty list', [], /at least one account/],
    ['no list', { accounts: [] }, /must be a JSON list/],
    ['broken JSON', '[{"secret":"topsecret"', /not valid JSON/],
  ])('refuses %s', async (_name, entries, fault) => {
    const result = await load(entries);
    expect(result.ok ? [] : result.faults).toEqual([expect.stringMatching(fault)]);
  });

  it('a file that is not there is a fault', async () => {
    const result = await loadAccounts({ path: join(folder, 'none.json'), passphrase: null });
    expect(result).toMatchObject({ ok: false, faults: [expect.stringContaining('ENOENT')] });
  });

  it('warns when others can read a file, and when there is no credit account', async () => {
    await write('ed.pem', E1_PEM, 0o640);
    await write(
      'accounts.json',
      JSON.stringify([{ name: 'fund', role: 'parent', apiKey: 'KEY-1', privateKeyFile: 'ed.pem' }]),
      0o644,
    );
    const result = await loadAccounts({ path, passphrase: null });
    expect(result).toMatchObject({
      ok: true,
      warnings: [
        expect.stringMatching(/^BINANCE_ACCOUNTS_FILE .*mode 644/),
        expect.stringMatching(/^account "fund": privateKeyFile .*mode 640/),
        expect.stringContaining('"credit"'),
      ],
    });
  });
});

/** Keys that show these units, once `held` has passed. */
function bookOf(
  loaded: Awaited<ReturnType<typeof load>>,
  shows: Readonly<Record<string, readonly string[]>>,
  held: Promise<void> = Promise.resolve(),
): AccountBook {
  return new AccountBook({
    accounts: loaded.ok ? loaded.accounts : [],
    reads: {
      deadlineFor: () => undefined,
      call: async () => ({ kind: 'unreadable', detail: 'no closed list' }),
      async read<Value>({ account }: ReadCall, schema: z.ZodType<Value>) {
        await held;
        const units = (shows[account?.name ?? ''] ?? []).map((groupId) => ({ groupId }));
        return { kind: 'read', value: schema.parse(units), asOfMs: 1 } as const;
      },
    },
    now: () => 1,
    log: capturingLog(),
  });
}

describe('which key for which call', () => {
  it("is the parent for the desk's view, and the owner for the close", async () => {
    const result = await load([parent, credit, { ...credit, name: 'loan-2', apiKey: 'KEY-2' }]);
    const book = bookOf(result, { 'loan-1': ['1'] });
    expect(book.parent()?.name).toBe('fund');
    expect(await book.findOwner(longId('1'), 'close')).toMatchObject({
      ok: true,
      account: { name: 'loan-1' },
    });
    expect(await book.findOwner(longId('2'), 'close')).toMatchObject({
      ok: false,
      failure: {
        kind: 'no-account',
        meaning: 'No credit account in BINANCE_ACCOUNTS_FILE can make this call.',
      },
    });
    expect(book.knownOwner(longId('2'))).toBeNull();
    expect(book.named('fund')).toBe(book.parent());
    expect(book.named('loan-3')).toBeNull();
    expect(book.buckets()).toContain('uid/loan-2/close');
    expect(book.buckets()).toContain('ip/ltv-details');
    expect(book.buckets()).toContain('ip/api');
  });

  it('forgets on reload what a rotated key had shown, and keeps the rest', async () => {
    const first = await load([parent, credit, { ...credit, name: 'loan-2', apiKey: 'KEY-2' }]);
    const shows: Record<string, string[]> = { 'loan-1': ['1'], 'loan-2': ['2'] };
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    const book = bookOf(first, shows);
    await book.askAll('background');
    const late = bookOf(first, shows, held);
    const asking = late.askAll('background');
    const second = await load([parent, credit, { ...credit, name: 'loan-2', apiKey: 'KEY-new', secret: S1 }]);
    book.replace(second.ok ? second.accounts : []);
    expect(book.credit().map((account) => [...book.unitsOf(account)])).toEqual([['1'], []]);
    late.replace(second.ok ? second.accounts : []);
    answer();
    await asking;
    expect(
      late.credit().map((account) => [...late.unitsOf(account)]),
      'a late answer of an old key',
    ).toEqual([['1'], []]);
  });
});
