/** Redis with TLS (a CA of one's own) and an ACL user that may do only what the documents list. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { startBotProcess } from '../../src/sandbox/bot-process.ts';
import { SEED_IDS } from '../../src/sandbox/workspace/seed.ts';
import { startWorld } from '../../src/sandbox/world.ts';
import { bareClient, realRedis } from '../redis/redis-parts.ts';
import { freePort, startRedisServer } from '../support/redis-server.ts';

const PASSWORD = 'hunter2-hunter2';
const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

/** A CA and a certificate for 127.0.0.1 and localhost; the paths of their files. */
async function certificates() {
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-tls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const ca = ['-keyout', at('ca.key'), '-out', at('ca.crt'), '-subj', '/CN=Desk CA', '-days', '2'];
  openssl('req', '-x509', ...key, ...ca);
  openssl('req', ...key, '-keyout', at('redis.key'), '-out', at('redis.csr'), '-subj', '/CN=localhost');
  await writeFile(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const sign = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', at('redis.csr'), ...sign, '-extfile', at('names'), '-out', at('redis.crt'));
  return { ca: at('ca.crt'), key: at('redis.key'), certificate: at('redis.crt') };
}

/** The rules of the ACL user as docs/operations.md gives them. */
async function documentedAcl(): Promise<string[]> {
  const block = /ACL SETUSER loandesk on >… ([^`]+)```/.exec(await readFile(OPERATIONS, 'utf8'))?.[1];
  if (block === undefined) throw new Error('the documents give no ACL user');
  return block.trim().split(/\s+/);
}

realRedis(
  'a bot closes a unit over TLS as the documented ACL user, and refuses a certificate that it does not know',
  async () => {
    const { ca, key, certificate } = await certificates();
    const tlsPort = await freePort();
    const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca];
    const tls = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', ...files];
    const server = await startRedisServer('--appendonly', 'yes', ...tls);
    onTestFinished(() => server.stop());
    const admin = bareClient(server.url);
    await admin.call('ACL', 'SETUSER', 'loandesk', 'on', `>${PASSWORD}`, ...(await documentedAcl()));
    await admin.call('ACL', 'SETUSER', 'default', 'resetpass', '>for-admins-only');

    const world = await startWorld({
      redisUrl: `rediss://loandesk:${PASSWORD}@localhost:${tlsPort}`,
      replicas: 0,
      workspace: { transport: 'http' },
      settings: { REDIS_PREFIX: `loandesk-${randomUUID().slice(0, 8)}` },
    });
    onTestFinished(() => world.close());
    const bot = await startBotProcess({ ...world.settings(), NODE_EXTRA_CA_CERTS: ca });
    onTestFinished(() => bot.kill().then(() => {}));
    const { workspace } = world;
    workspace.setBotUrl(bot.url);
    const { rina, loanDesk } = SEED_IDS;
    await workspace.as(rina).command('/close-unit', '7 repaid', { channelId: loanDesk });
    await workspace.until(() => workspace.store.messages(loanDesk).find(({ blocks }) => blocks.length > 0));
    const denied = await admin.call('ACL', 'LOG');
    expect(denied).toEqual([]);
    expect(bot.log().join('\n')).not.toContain(PASSWORD);
    await bot.stop();

    // Without the CA: it listens and waits, and says why in its log.
    const stranger = await startBotProcess(world.settings(), { waitUntilReady: false });
    onTestFinished(() => stranger.kill().then(() => {}));
    const ready = await fetch(`${stranger.baseUrl}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('Redis cannot be reached');
    await expect
      .poll(() => stranger.log().join('\n'), { timeout: 10_000 })
      .toMatch(
        /"code":"(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)"/,
      );
    await stranger.stop();
  },
  40_000,
);
