/** Redis with TLS (a CA of one's own) and an ACL user that may do only what the documents list. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld } from '../../sandbox/world.ts';
import { bareClient, realRedis } from '../redis/redis-parts.ts';
import { freePort, startRedisServer } from '../support/redis-server.ts';
import { ADMIN_PASSWORD, documentedAcl, PASSWORD, startAuthority, tlsOptions } from './secured.ts';

realRedis(
  'a bot closes a unit over TLS as the documented ACL user, and refuses a certificate that it does not know',
  async () => {
    const sign = await startAuthority();
    const certificate = await sign('DNS:localhost,IP:127.0.0.1');
    const tlsPort = await freePort();
    const tls = ['--tls-port', String(tlsPort), ...tlsOptions(certificate)];
    const server = await startRedisServer('--appendonly', 'yes', ...tls);
    onTestFinished(() => server.stop());
    const admin = bareClient(server.url);
    await admin.call('ACL', 'SETUSER', 'loandesk', 'on', `>${PASSWORD}`, ...(await documentedAcl()));
    await admin.call('ACL', 'SETUSER', 'default', 'resetpass', `>${ADMIN_PASSWORD}`);

    const world = await startWorld({
      redisUrl: `rediss://loandesk:${PASSWORD}@localhost:${tlsPort}`,
      replicas: 0,
      workspace: { transport: 'http' },
      settings: { REDIS_PREFIX: `loandesk-${randomUUID().slice(0, 8)}` },
    });
    onTestFinished(() => world.close());
    const bot = await startBotProcess({ ...world.settings(), REDIS_TLS_CA_FILE: certificate.ca });
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
    expect(await ready.text()).toContain("Redis can't be reached");
    await expect
      .poll(() => stranger.log().join('\n'), { timeout: 10_000 })
      .toMatch(
        /"code":"(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)"/,
      );
    await stranger.stop();
  },
  40_000,
);
