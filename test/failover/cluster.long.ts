/** Three masters, each with a replica: the desk's master dies in the middle of approvals and of a send. */
import { expect } from 'vitest';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { realRedis } from '../redis/redis-parts.ts';
import { DeskOn } from './desk-on.ts';
import { startCluster } from './redis-nodes.ts';

const { ada, ben } = SEED_IDS;
const WITHIN_MS = 150_000;

async function desk(settings: Record<string, string> = {}) {
  const cluster = await startCluster();
  const on = await DeskOn.start({
    bots: { REDIS_CLUSTER_NODES: cluster.nodes, ...settings },
    look: { clusterNodes: cluster.nodes.split(',') },
  });
  const holder = await cluster.holderOf(on.record.keys.open);
  const master = cluster.masters[holder];
  const replica = cluster.replicas[holder];
  if (master === undefined || replica === undefined) throw new Error('nobody holds the slot');
  return { on, master, replica };
}

realRedis(
  'the master of the requests dies between two votes: the close happens once',
  async () => {
    const { on, master, replica } = await desk();
    const request = await on.opened();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    await master.client.wait(1, 2_000);
    await master.kill();
    await on.voteUntilItCounts(ben, request);
    await replica.says('replication', 'role:master');
    const ended = await on.closedOnce(request);
    expect(ended.votes.map(({ voter }) => voter.userId)).toEqual([ada, ben]);
  },
  WITHIN_MS,
);

realRedis(
  'the master of the requests dies while the DELETE is on its way: it is not sent again, and its end is read back',
  async () => {
    const { on, master, replica } = await desk({ REDIS_WAIT_REPLICAS: '1' });
    on.world.exchange.inject({ endpoint: 'close', effect: { kind: 'latency', ms: 2_500, when: 'after' } });
    const request = await on.opened();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    void on.people.approve(ben, request);
    await on.until(async () => on.deletes === 1 || undefined);
    await master.kill();
    await replica.says('replication', 'role:master');
    await on.closedOnce(request, 90_000);
  },
  WITHIN_MS,
);
