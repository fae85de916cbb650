/**
 * The same contracts on Redis Cluster: a real node that holds all slots and refuses scripts whose keys cross them,
 * and three embedded ones between which keys really are spread.
 */
import { setTimeout } from 'node:timers/promises';
import { createRedisMock } from 'js-redis-server';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { checkRedis } from '../../src/redis/startup-check.ts';
import { closeRequestStoreContract } from '../contracts/close-request-store.ts';
import { ruleBookStoreContract } from '../contracts/rule-book.ts';
import { sharedPartsContract } from '../contracts/shared-parts.ts';
import { watchStoreContract } from '../contracts/watch-store.ts';
import { type RedisProcess, startRedisServer } from '../support/redis-server.ts';
import { bareClient, CAN_START_SERVERS, redisParts } from './redis-parts.ts';

const REAL = CAN_START_SERVERS && inject('redisKind') !== 'embedded';
if (!REAL) console.log('not tested without a redis-server: scripts on a real Redis Cluster');

describe.runIf(REAL)('a real cluster', () => {
  let server: RedisProcess;
  beforeAll(async () => {
    server = await startRedisServer(
      ...['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--appendonly', 'yes'],
    );
    const admin = bareClient(server.url, afterAll);
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
      // The node takes a moment to notice that it holds every slot, and gives no event for it.
      await setTimeout(20);
    }
  });
  afterAll(() => server.stop());
  const parts = () => redisParts({ clusterNodes: [server.url.replace('redis://', '')] });

  closeRequestStoreContract('Redis Cluster', parts);
  watchStoreContract('Redis Cluster', parts);
  ruleBookStoreContract('Redis Cluster', parts);
  sharedPartsContract('Redis Cluster', parts);

  it('is checked node by node', async () => {
    const { connection } = await parts();
    const findings = await checkRedis(connection);
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok']);
    expect(findings[0]?.text).toMatch(/^127\.0\.0\.1:\d+: Redis /);
  });
});

describe('an embedded cluster of three', () => {
  let embedded: Awaited<ReturnType<typeof createRedisMock>>;
  beforeAll(async () => {
    embedded = await createRedisMock({ cluster: { masters: 3 } });
  });
  afterAll(() => embedded.close());
  const parts = () =>
    redisParts({ clusterNodes: embedded.addresses().map(({ host, port }) => `redis://${host}:${port}`) });

  closeRequestStoreContract('embedded Cluster', parts);
  watchStoreContract('embedded Cluster', parts);
  ruleBookStoreContract('embedded Cluster', parts);
  sharedPartsContract('embedded Cluster', parts);
});
