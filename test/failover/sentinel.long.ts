/** A Sentinel failover in the middle of approvals and of a send, on real processes (approval case 32). */
import { expect } from 'vitest';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { realRedis } from '../redis/redis-parts.ts';
import { DeskOn } from './desk-on.ts';
import { type SentinelSet, startSentinelSet } from './redis-nodes.ts';

const { ada, ben } = SEED_IDS;
const WITHIN_MS = 120_000;

async function desk(settings: Record<string, string> = {}): Promise<{ set: SentinelSet; on: DeskOn }> {
  const set = await startSentinelSet();
  const on = await DeskOn.start({
    bots: { REDIS_SENTINELS: set.sentinels, REDIS_SENTINEL_NAME: set.name, ...settings },
    look: { sentinels: set.sentinels.split(','), name: set.name },
  });
  return { set, on };
}

realRedis(
  'a master dies between two votes: the first one still counts, and the close happens once',
  async () => {
    const { set, on } = await desk({ REDIS_WAIT_REPLICAS: '1' });
    const request = await on.opened();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    await set.master.kill();
    // While nobody is master, Ben's clicks are refused and change nothing; then one of them counts.
    await on.voteUntilItCounts(ben, request);
    await set.newMaster();
    const ended = await on.closedOnce(request);
    expect(ended.votes.map(({ voter }) => voter.userId)).toEqual([ada, ben]);
  },
  WITHIN_MS,
);

realRedis(
  'a master dies while the DELETE is on its way: it is not sent again, and its end is read back',
  async () => {
    const { set, on } = await desk({ REDIS_WAIT_REPLICAS: '1' });
    on.world.exchange.inject({ endpoint: 'close', effect: { kind: 'latency', ms: 2_500, when: 'after' } });
    const request = await on.opened();
    await on.people.approve(ada, request);
    void on.people.approve(ben, request);
    await on.until(async () => on.deletes === 1 || undefined);
    await set.master.kill();
    await set.newMaster();
    await on.closedOnce(request, 90_000);
  },
  WITHIN_MS,
);

realRedis(
  'a vote that was acknowledged and lost by the failover is missing, not guessed',
  async () => {
    const { set, on } = await desk();
    const request = await on.opened();
    await set.master.client.wait(2, 2_000);
    for (const replica of set.replicas) await replica.stopFollowing();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    await set.master.kill();
    const next = await set.newMaster();
    for (const replica of set.replicas) await replica.followAgain();
    expect(next.port).not.toBe(set.master.port);
    const after = await on.stored(request.id, () => true);
    expect(after.votes).toEqual([]);
    // Ben's vote is then the first one: nothing leaves.
    const one = await on.voteUntilItCounts(ben, request);
    expect(one.votes.map(({ voter }) => voter.userId)).toEqual([ben]);
    expect(one.state).toBe('pending');
    expect(on.deletes).toBe(0);
    // The card shows it, and Ada can vote again.
    await on.voteUntilItCounts(ada, request);
    await on.closedOnce(request);
  },
  WITHIN_MS,
);

realRedis(
  'the last vote, the claim and the mark are lost after the DELETE: the exchange is read before anything is sent again',
  async () => {
    const { set, on } = await desk();
    on.world.exchange.inject({ endpoint: 'close', effect: { kind: 'latency', ms: 3_000, when: 'after' } });
    const request = await on.opened();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    await set.master.client.wait(2, 2_000);
    for (const replica of set.replicas) await replica.stopFollowing();
    void on.people.approve(ben, request);
    await on.until(async () => on.deletes === 1 || undefined);
    await set.master.kill();
    await set.newMaster();
    for (const replica of set.replicas) await replica.followAgain();
    // The new master knows one vote and no send. Ben votes again: the unit is found closed.
    await on.voteUntilItCounts(ben, request);
    const ended = await on.stored(request.id, ({ ending }) => ending !== null);
    expect(ended.state).toBe('superseded');
    expect(ended.ending).toMatchObject({ kind: 'closed-elsewhere' });
    expect(on.deletes).toBe(1);
  },
  WITHIN_MS,
);

realRedis(
  'with REDIS_WAIT_REPLICAS the DELETE does not leave while no replica has the mark',
  async () => {
    const { set, on } = await desk({ REDIS_WAIT_REPLICAS: '1' });
    const request = await on.opened();
    await on.people.approve(ada, request);
    await on.stored(request.id, ({ votes }) => votes.length === 1);
    for (const replica of set.replicas) await replica.stopFollowing();
    await on.people.approve(ben, request);
    // Stored on the master alone, and picked up by a round: claimed, marked, and not sent.
    await on.stored(request.id, (now) => now.sent !== null);
    // Whether it left is not known to the record, so it is looked up: the unit is still there, and stays so.
    const unknown = await on.stored(request.id, ({ state }) => state === 'unknown', 60_000);
    expect(unknown.answer).toBeNull();
    await on.stored(request.id, ({ readBack }) => readBack.lastSeen?.kind === 'still-active');
    expect(on.deletes).toBe(0);
    expect(on.world.exchange.unit('7').groupId).toBe('7');
    expect(await on.falseWords()).toEqual([]);
  },
  WITHIN_MS,
);
