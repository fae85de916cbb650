/** A Redis whose clock is hours off, for a moment or for good: nothing ends early, nothing waits for hours. */
import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { LOOKED_AT_EVERY_MS, nextAttentionAtMs } from '../../src/domain/close/attention.ts';
import { RedisCloseRequestStore } from '../../src/redis/close-request-store.ts';
import { CLOCKS_AGREE_WITHIN_MS, StoreClock } from '../../src/redis/store-clock.ts';
import { StoreUnavailable } from '../../src/usecases/ports.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { HOUR_MS, newRequest, openOne } from '../contracts/requests.ts';
import { ALICE, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, UNIT } from '../support/desk-harness.ts';
import { type RedisParts, redisParts } from './redis-parts.ts';

const LEASE_MS = 60_000;

/** The same records as a process sees them whose other clocks differ from Redis' by so much. */
function storeWithClocks(parts: RedisParts, clocks: () => readonly number[]) {
  const { connection, keys, log } = parts;
  const auditKeys = onlyKey(parts.auditKey);
  const clock = new StoreClock({ clocks, log });
  return new RedisCloseRequestStore({ connection, keys, auditKeys, newId: randomUUID, log, clock });
}

const desk = (store: RedisCloseRequestStore, { outbox, audit, auditKey }: RedisParts) => {
  const harness = new DeskHarness();
  return { harness, work: harness.replica({ store, outbox, audit, auditKeys: onlyKey(auditKey) }) };
};

describe('fault A11: a Redis clock that no other clock agrees with', () => {
  it.each([
    ['5 h ahead', 5 * HOUR_MS],
    ['5 h back', -5 * HOUR_MS],
  ])('%s: nothing is expired, voted on or opened, and the log says so once', async (_, offMs) => {
    const parts = await redisParts(inject('redisUrl'));
    const nowMs = await parts.store.nowMs();
    // By Redis' clock it ended an hour ago.
    const request = await openOne(parts.store, newRequest(nowMs - 5 * HOUR_MS, { groupId: UNIT }), nowMs - 1);
    const { harness, work } = desk(
      storeWithClocks(parts, () => [Date.now() - offMs]),
      parts,
    );
    await expect(work.attendRequests()).rejects.toThrow(StoreUnavailable);
    await harness.settled();
    const ballot = { requestId: request.id, version: 1, digest: request.factsDigest, typedId: UNIT };
    await expect(work.desk.approve(ALICE, ballot)).rejects.toThrow(StoreUnavailable);
    await expect(work.desk.withdraw(REQUESTER, request.id)).rejects.toThrow(StoreUnavailable);
    expect((await parts.store.load(request.id))?.request).toEqual(request);
    const told = parts.log.lines.filter(({ level }) => level === 'error');
    expect(told.map(({ message }) => message)).toEqual([expect.stringMatching(/^Redis clock is wrong/)]);
  });

  it('is believed again as soon as it agrees, and what it put off for hours is done', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const nowMs = await parts.store.nowMs();
    const request = await openOne(parts.store, newRequest(nowMs - 5 * HOUR_MS, { groupId: UNIT }), nowMs - 1);
    let offMs = 5 * HOUR_MS;
    const { harness, work } = desk(
      storeWithClocks(parts, () => [Date.now() - offMs]),
      parts,
    );
    await expect(work.attendRequests()).rejects.toThrow(StoreUnavailable);
    // As the round left it while Redis' clock was 5 h ahead.
    const { connection, keys } = parts;
    await connection.client.zadd(keys.attention, nowMs + 5 * HOUR_MS + LEASE_MS, request.id);
    offMs = 0;
    expect(await work.attendRequests()).toBe(1);
    await harness.settled();
    expect((await parts.store.load(request.id))?.request.state).toBe('expired');
    expect(parts.log.lines.at(-1)?.message).toMatch(/Redis clock agrees again/);
  });

  it.each([
    ['the exchange’s alone, where this machine’s is wrong', [-5 * HOUR_MS, 0]],
    ['this machine’s alone, where the exchange’s is wrong', [0, 5 * HOUR_MS]],
    ['one that is four minutes off', [CLOCKS_AGREE_WITHIN_MS - 60_000]],
  ])('relative: it is enough that it agrees with %s', async (_, offsMs) => {
    const parts = await redisParts(inject('redisUrl'));
    const store = storeWithClocks(parts, () => offsMs.map((offMs) => Date.now() + offMs));
    const request = await openOne(store);
    expect((await store.load(request.id))?.request).toEqual(request);
  });
});

describe('fault A11: what a wrong clock put off for hours', () => {
  it('is due at once: a request to be looked at', async () => {
    const { store, connection, keys } = await redisParts(inject('redisUrl'));
    const nowMs = await store.nowMs();
    const astray = await openOne(store, {}, nowMs);
    await connection.client.zadd(keys.attention, nowMs + 5 * HOUR_MS, astray.id);
    const later = await openOne(store, {}, nowMs + LOOKED_AT_EVERY_MS);
    const due = await openOne(store, {}, nowMs - 1);
    const taken = async (limit: number) =>
      (await store.takeAttention(LEASE_MS, limit)).map(({ request }) => request.id);
    expect(await taken(1)).toEqual([due.id]);
    expect(await taken(5)).toEqual([astray.id]);
    expect(await taken(5)).toEqual([]);
    expect(later.state).toBe('pending');
  });

  it('is due at once: a message, asked for alone or with others', async () => {
    const { store, outbox, connection, keys } = await redisParts(inject('redisUrl'));
    const { id } = await openOne(store);
    const putOff = async () => {
      const nowMs = await store.nowMs();
      await connection.client.zadd(keys.outboxDue, nowMs + 5 * HOUR_MS, id);
    };
    await putOff();
    expect(await outbox.take(LEASE_MS, 5, id)).toHaveLength(1);
    expect(await outbox.take(LEASE_MS, 5)).toEqual([]);
    await putOff();
    const [item] = await outbox.take(LEASE_MS, 5);
    if (item === undefined) throw new Error('nothing was due');
    // However long Slack asks to wait: longer than this only a wrong clock waits.
    await outbox.retry(item, 20 * 60_000);
    expect(await outbox.take(LEASE_MS, 5)).toEqual([]);
  });

  it('relative: no state is looked at later than every five minutes, whatever times its record holds', () => {
    const nowMs = Date.UTC(2026, 10, 29);
    const aheadMs = nowMs + 5 * HOUR_MS;
    const request = newRequest(nowMs, { expiresAtMs: nowMs + 168 * HOUR_MS });
    const sent = { atMs: aheadMs, signedTimestampMs: aheadMs, recvWindowMs: 5_000 };
    const readBack = {
      agreeingActiveReads: 0,
      lastSeen: { kind: 'still-active', why: null },
      lastSeenAtMs: aheadMs,
    } as const;
    for (const changes of [
      { state: 'pending' },
      { state: 'approved', abandonedClaims: 1 },
      { state: 'sending', claim: { owner: 'a', deadlineAtMs: aheadMs } },
      { state: 'unknown', sent, readBack },
    ] as const) {
      const nextMs = nextAttentionAtMs({ ...request, ...changes }, nowMs) ?? 0;
      expect(nextMs).toBeGreaterThan(nowMs);
      expect(nextMs).toBeLessThanOrEqual(nowMs + LOOKED_AT_EVERY_MS);
    }
  });
});
