/** REDIS_WAIT_REPLICAS: a decision counts only when replicas have it, on real servers. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { decideRuleBook, NO_RULE_BOOK, type RuleCommand } from '../../src/domain/close/rule-book.ts';
import { RedisCloseRequestStore } from '../../src/redis/close-request-store.ts';
import { RedisRuleBookStore } from '../../src/redis/rule-book-store.ts';
import { StoreUnavailable } from '../../src/usecases/ports.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { approval, CARD, changeBy, mustSave, openOne } from '../contracts/requests.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { AUDIT_KEY, bareClient, newPrefix, type RedisParts, realRedis, redisParts } from './redis-parts.ts';

function waitingStore({ connection, keys, log }: RedisParts, waitReplicas: number): RedisCloseRequestStore {
  return new RedisCloseRequestStore({
    ...{ connection, keys, log, auditKeys: onlyKey(AUDIT_KEY), newId: randomUUID },
    waitReplicas,
  });
}

realRedis(
  'without a replica a vote does not count, while what decides nothing is stored as ever',
  async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    const parts = await redisParts(server.url);
    const store = waitingStore(parts, 1);
    const opened = await openOne(store);
    const withCard = await mustSave(store, changeBy(opened, CARD, await store.nowMs()));
    const vote = changeBy(withCard, approval(withCard, 'U_BEN'), await store.nowMs());
    await expect(store.save(vote)).rejects.toThrow(StoreUnavailable);
    // It is on the master all the same: "not known", not "not done".
    expect((await store.load(opened.id))?.request.votes).toHaveLength(1);
    expect(parts.log.lines.map(({ message }) => message)).toContain('too few replicas acknowledged a change');
  },
);

realRedis('nor does it count who is away or back, or which rules hold, for who stands in then', async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  const { connection, keys, log } = await redisParts(server.url);
  const auditKeys = onlyKey(AUDIT_KEY);
  const store = new RedisRuleBookStore({
    ...{ connection, keys, log, auditKeys, newId: randomUUID },
    waitReplicas: 1,
  });
  const by = { teamId: 'T0HOME', userId: 'U0CAROL' };
  const change = async (command: RuleCommand) => {
    const from = await store.load();
    const decided = decideRuleBook(from.book ?? NO_RULE_BOOK, command, from.nowMs);
    if (!decided.ok) throw new Error(decided.refusal.code);
    return store.save({ from, ...decided.value });
  };
  const untilMs = (await store.load()).nowMs + 60_000;
  const rules = { rules: [], away: [] };
  for (const command of [
    { type: 'away', by, standIn: 'U0EVE', untilMs, inFile: [] },
    { type: 'back', by, approver: by.userId },
    { type: 'note-rules', rules },
  ] as const)
    await expect(change(command)).rejects.toThrow(StoreUnavailable);
  // It is on the master all the same.
  expect((await store.load()).book).toMatchObject({ absences: [], told: { rules } });
  const access = { rulesDigest: null, lists: [], standIns: [] };
  expect(await change({ type: 'note-access', day: '2026-12-01', access })).toBe('saved');
});

realRedis(
  'with a replica it counts, and the replica has it; also when the first answer was lost',
  async () => {
    const master = await startRedisServer();
    onTestFinished(() => master.stop());
    const replica = await startRedisServer(
      ...['--replicaof', `127.0.0.1 ${master.port}`, '--repl-diskless-sync-delay', '0'],
    );
    onTestFinished(() => replica.stop());
    const copy = bareClient(replica.url);
    const original = bareClient(master.url);
    // The replica says "up" before the master counts it.
    while (!(await original.info('replication')).includes('state=online')) {
      // Redis gives no event for it.
    }
    const proxy = await cuttingProxy(master.url);
    const parts = await redisParts(proxy.url, newPrefix());
    const store = waitingStore(parts, 1);
    const opened = await openOne(store);
    const withCard = await mustSave(store, changeBy(opened, CARD, await store.nowMs()));
    const vote = changeBy(withCard, approval(withCard, 'U_BEN'), await store.nowMs());
    proxy.loseNextAnswer();
    const voted = await mustSave(store, vote);
    expect(proxy.lost()).toBe(1);
    expect(voted.votes).toHaveLength(1);
    const stored = await copy.hget(parts.keys.record(opened.id), 'revision');
    expect(stored).toBe(String(voted.revision));
  },
);
