/** What Redis with TLS and ACL users needs: a CA of the test's own, certificates, and the users of the documents. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const USER = 'loandesk';
export const PASSWORD = 'hunter2-hunter2';
export const SENTINEL_USER = 'loandesk-watch';
export const SENTINEL_PASSWORD = 'watcher-watcher-3';
export const ADMIN_PASSWORD = 'for-admins-only';
const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

/** Paths of PEM files. */
export interface Certificate {
  readonly ca: string;
  readonly key: string;
  readonly certificate: string;
}

/** A CA that ends with the running test; it signs certificates for names as `subjectAltName` takes them. */
export async function startAuthority(): Promise<(names: string) => Promise<Certificate>> {
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const ca = at('ca.crt');
  const self = ['-keyout', at('ca.key'), '-out', ca, '-subj', '/CN=Desk CA', '-days', '2'];
  openssl('req', '-x509', ...newKey, ...self);
  const sign = ['-CA', ca, '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2'];
  let count = 0;
  return async (names) => {
    count += 1;
    const [key, request, certificate] = ['key', 'csr', 'crt'].map((end) => at(`${count}.${end}`)) as [
      string,
      string,
      string,
    ];
    openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=Redis');
    await writeFile(at('names'), `subjectAltName=${names}\n`);
    openssl('x509', '-req', '-in', request, ...sign, '-extfile', at('names'), '-out', certificate);
    return { ca, key, certificate };
  };
}

/** Options of redis-server that take TLS only, also among the servers themselves. */
export function tlsOptions({ ca, key, certificate }: Certificate): string[] {
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca];
  return [...files, '--tls-auth-clients', 'no', '--tls-replication', 'yes'];
}

/** The rules of the ACL user as docs/operations.md gives them: of the nodes, or of the Sentinels. */
export async function documentedAcl(user: typeof USER | typeof SENTINEL_USER = USER): Promise<string[]> {
  const text = await readFile(OPERATIONS, 'utf8');
  const block = new RegExp(`ACL SETUSER ${user} on >… ([^\`]+?)(?=ACL|\`\`\`)`).exec(text)?.[1];
  if (block === undefined) throw new Error(`the documents give no ACL user ${user}`);
  return block.trim().split(/\s+/);
}
