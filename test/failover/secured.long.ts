/** Sentinel and Cluster with TLS on every port, a CA of one's own and ACL users, through a failover (issue 7, item 2). */
import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { realRedis } from '../redis/redis-parts.ts';
import { DeskOn } from './desk-on.ts';
import { type RedisNode, startCluster, startSentinelSet } from './redis-nodes.ts';
import { PASSWORD, SENTINEL_PASSWORD, SENTINEL_USER, startAuthority, USER } from './secured.ts';

const { ada, ben } = SEED_IDS;
const WITHIN_MS = 150_000;
/** The host counts for nothing: it gives TLS, user and password. */
const REDIS_URL = `rediss://${USER}:${PASSWORD}@nodes.invalid`;
const NAME = 'redis.desk.example';

/** What ACL users were refused: nothing, as long as the documents allow all that is done. */
async function denials(nodes: readonly RedisNode[]): Promise<unknown[]> {
  const logs = await Promise.all(nodes.map(({ client }) => client.call('ACL', 'LOG')));
  return logs.flat();
}

function expectNoPassword(on: DeskOn): void {
  const said = on.bots.flatMap((bot) => bot.log()).join('\n');
  for (const password of [PASSWORD, SENTINEL_PASSWORD]) expect(said).not.toContain(password);
}

/** A send that Redis' absence interrupts would wait for a person. */
async function allReady(on: DeskOn): Promise<void> {
  const answers = () => Promise.all(on.bots.map(({ baseUrl }) => fetch(`${baseUrl}/readyz`)));
  await on.until(async () => (await answers()).every(({ ok }) => ok) || undefined);
}

/** It listens, is not ready, and says in its log what ioredis tells: behind Sentinels and Cluster no more than this of TLS. */
async function expectRefusedWith(settings: Record<string, string>, why: RegExp): Promise<void> {
  const stranger = await startBotProcess(settings, { waitUntilReady: false });
  try {
    await expect.poll(() => stranger.log().join('\n'), { timeout: 15_000 }).toMatch(why);
    expect((await fetch(`${stranger.baseUrl}/readyz`)).status).toBe(503);
  } finally {
    await stranger.kill();
  }
}

realRedis(
  'Sentinel: votes before and after a failover count over TLS, and the close happens once',
  async () => {
    const sign = await startAuthority();
    // Found by name, they name an address: the nodes' certificate would not do for a Sentinel found so.
    const secured = {
      sentinels: await sign('DNS:localhost,IP:127.0.0.1'),
      nodes: await sign('IP:127.0.0.1'),
    };
    const set = await startSentinelSet(secured);
    const sentinels = set.sentinels.replaceAll('127.0.0.1', 'localhost');
    const ca = secured.nodes.ca;
    const access = { username: USER, password: PASSWORD, tls: { ca: await readFile(ca, 'utf8') } };
    const watch = { sentinelUsername: SENTINEL_USER, sentinelPassword: SENTINEL_PASSWORD };
    const on = await DeskOn.start({
      bots: {
        REDIS_URL,
        REDIS_SENTINELS: sentinels,
        REDIS_SENTINEL_NAME: set.name,
        REDIS_SENTINEL_USERNAME: SENTINEL_USER,
        REDIS_SENTINEL_PASSWORD: SENTINEL_PASSWORD,
        REDIS_TLS_CA_FILE: ca,
        REDIS_WAIT_REPLICAS: '1',
      },
      look: {
        ...access,
        ...watch,
        sentinels: sentinels.split(',').map((each) => `rediss://${each}`),
        name: set.name,
      },
    });
    const request = await on.opened();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    await set.master.kill();
    const master = await set.newMaster();
    // The mark must reach a replica, which follows the new master a moment later.
    await master.says('replication', 'state=online');
    await allReady(on);
    await on.voteUntilItCounts(ben, request);
    const ended = await on.closedOnce(request, 90_000);
    expect(ended.votes.map(({ voter }) => voter.userId)).toEqual([ada, ben]);
    expect(await denials(set.replicas)).toEqual([]);
    expectNoPassword(on);
    const settings = on.world.settings();
    await expectRefusedWith({ ...settings, REDIS_TLS_CA_FILE: '' }, /"code":"Connection is closed\."/);
    await expectRefusedWith(
      { ...settings, REDIS_SENTINEL_PASSWORD: 'not-the-sentinels' },
      /"code":"WRONGPASS/,
    );
  },
  WITHIN_MS,
);

realRedis(
  'Cluster: votes before and after a master’s death count over TLS, and the close happens once',
  async () => {
    const sign = await startAuthority();
    // The nodes announce addresses, which no certificate names.
    const certificate = await sign(`DNS:${NAME}`);
    const cluster = await startCluster({ nodes: certificate, sentinels: certificate });
    const { ca } = certificate;
    const on = await DeskOn.start({
      bots: {
        REDIS_URL,
        REDIS_CLUSTER_NODES: cluster.nodes,
        REDIS_TLS_CA_FILE: ca,
        REDIS_TLS_SERVER_NAME: NAME,
      },
      look: {
        username: USER,
        password: PASSWORD,
        tls: { ca: await readFile(ca, 'utf8'), serverName: NAME },
        clusterNodes: cluster.nodes.split(',').map((each) => `rediss://${each}`),
      },
    });
    const holder = await cluster.holderOf(on.record.keys.open);
    const request = await on.opened();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    await cluster.masters[holder]?.client.wait(1, 2_000);
    await cluster.masters[holder]?.kill();
    await cluster.replicas[holder]?.says('replication', 'role:master');
    await allReady(on);
    await on.voteUntilItCounts(ben, request);
    const ended = await on.closedOnce(request, 90_000);
    expect(ended.votes.map(({ voter }) => voter.userId)).toEqual([ada, ben]);
    expect(await denials(cluster.replicas)).toEqual([]);
    expectNoPassword(on);
    const settings = on.world.settings();
    await expectRefusedWith({ ...settings, REDIS_TLS_SERVER_NAME: '' }, /"code":"Connection is closed\."/);
  },
  WITHIN_MS,
);
