/** What the audit's verification finds when records and trail were tampered with in Redis, each apart or together. */
import { describe, expect, inject, it } from 'vitest';
import { isVerified } from '../../src/domain/audit-chain.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { compareWithExport } from '../../src/usecases/export-audit.ts';
import { checkOf, onlyKey } from '../contracts/audit-trail.ts';
import { advance, approval, CARD, closeCommands, markAt, openOne, person } from '../contracts/requests.ts';
import { AUDIT_KEY, bareClient, redisParts } from './redis-parts.ts';
import { isOf, RedisWriter } from './redis-writer.ts';

async function scene() {
  const parts = await redisParts(inject('redisUrl'));
  const { store, audit, keys } = parts;
  const writer = new RedisWriter(bareClient(inject('redisUrl')), keys);
  const check = checkOf(parts);
  const closed = async (request: CloseRequest) =>
    advance(store, request, ...closeCommands(request, await store.nowMs()));
  const head = async () => {
    const { entries, head } = await check.verify();
    return { entries, head };
  };
  const exported = () => Array.fromAsync(check.exportLines(null));
  const compared = (lines: readonly string[]) =>
    Array.fromAsync(compareWithExport(from(lines), audit, onlyKey(AUDIT_KEY)));
  return { ...{ parts, store, writer, check, closed, head, exported, compared } };
}

async function* from(lines: readonly string[]) {
  yield* lines;
}

const WITHDRAW = { type: 'withdraw', by: person('U_ANN') } as const;

describe('verifying one request', () => {
  it('fault T1: of an id that never existed is "unknown", not "holds"', async () => {
    const { check } = await scene();
    expect(await check.verifySubject('0000000000')).toBeNull();
  });

  it('fault T1, relative: so it is in a trail full of others, with a head given, and for its evidence', async () => {
    const { store, check, head } = await scene();
    await openOne(store);
    expect(await check.verifySubject('0000000000', await head())).toBeNull();
    expect(await check.evidence('0000000000')).toBeNull();
  });

  it('fault T1, relative: an id that only the index knows is a fault of the whole', async () => {
    const { store, check, writer } = await scene();
    await openOne(store);
    await writer.redis.zadd(writer.keys.recent, 5, 'GH0ST');
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: 'GH0ST', what: expect.stringContaining('neither a record nor an audit entry') },
    });
  });
});

describe('a request whose record is gone or unreadable', () => {
  it.each<[string, (writer: RedisWriter, id: string) => Promise<unknown>, RegExp]>([
    ['deleted', (writer, id) => writer.redis.del(writer.keys.record(id)), /its record is missing/],
    [
      'deleted, and out of every index',
      async ({ redis, keys }, id) => {
        await redis.del(keys.record(id));
        for (const key of [keys.open, keys.recent, keys.attention]) await redis.zrem(key, id);
      },
      /its record is missing/,
    ],
    [
      'made unreadable',
      (writer, id) => writer.redis.hset(writer.keys.record(id), 'schema', '7'),
      /can't be read: it has schema 7/,
    ],
    ['changed', (writer, id) => writer.forge(id, { reason: 'x' }), /doesn't match its seal/],
    [
      'without a seal',
      (writer, id) => writer.redis.hdel(writer.keys.record(id), 'seal'),
      /doesn't match its seal/,
    ],
  ])('fault T2: whose last entry was removed, too, is named: %s', async (_, harm, what) => {
    const { store, check, writer } = await scene();
    const request = await advance(store, await openOne(store), CARD, WITHDRAW);
    await openOne(store);
    const last = (await writer.entries()).findLast((entry) => isOf(entry, request.id));
    await writer.rewrite((entries) => entries.filter((entry) => entry[0] !== last?.[0]));
    await harm(writer, request.id);
    const fault = { subjectId: request.id, what: expect.stringMatching(what) };
    expect(await check.verify()).toMatchObject({ fault });
    expect(await check.verifySubject(request.id)).toMatchObject({ fault });
  });

  it('fault T2, relative: a readable record whose entries are all gone is named', async () => {
    const { store, check, writer } = await scene();
    const request = await advance(store, await openOne(store), CARD);
    await writer.rewrite(() => []);
    const fault = { subjectId: request.id, what: expect.stringContaining('the trail ends at none') };
    expect(await check.verify()).toMatchObject({ fault });
    expect(await check.verifySubject(request.id)).toMatchObject({ fault });
  });

  it('fault T2, relative: a record put back to what it was, under its own seal, is older than its trail', async () => {
    const { store, check, writer } = await scene();
    const request = await openOne(store);
    const { hash } = await writer.snapshot(request.id);
    await advance(store, request, CARD, WITHDRAW);
    await writer.redis.hset(writer.keys.record(request.id), hash);
    const fault = {
      subjectId: request.id,
      sequence: 3,
      what: expect.stringContaining('older than the trail'),
    };
    expect(await check.verify()).toMatchObject({ fault });
    expect(await check.verifySubject(request.id)).toMatchObject({ fault });
  });

  it('fault T3: is named behind more than a page of newer ones', async () => {
    const { store, check, writer } = await scene();
    const cut = await advance(store, await openOne(store), CARD, WITHDRAW);
    const newer = [];
    for (let count = 0; count < 210; count += 1) newer.push(await openOne(store));
    expect(isVerified(await check.verify())).toBe(true);
    const last = (await writer.entries()).findLast((entry) => isOf(entry, cut.id));
    await writer.redis.xdel(writer.keys.audit, last?.[0] ?? '');
    expect(await check.verify()).toMatchObject({ fault: { subjectId: cut.id, sequence: 3 } });
    for (const { id } of newer) await writer.redis.hset(writer.keys.record(id), 'schema', '7');
    const { fault } = await check.verify();
    expect(fault?.what).toMatch(/the record's newest entry is 3|can't be read/);
    for (const { id } of newer) await writer.redis.hset(writer.keys.record(id), 'schema', '1');
    expect((await check.verify()).fault).toMatchObject({ subjectId: cut.id });
  });

  it('fault T3, relative: one unreadable record among many, at any position', async () => {
    const { store, check, writer } = await scene();
    const all = [];
    for (let count = 0; count < 30; count += 1) all.push(await openOne(store));
    for (const at of [0, 14, 29]) {
      const id = all[at]?.id ?? '';
      await writer.redis.hset(writer.keys.record(id), 'schema', '7');
      expect(await check.verify()).toMatchObject({ fault: { subjectId: id } });
      await writer.redis.hset(writer.keys.record(id), 'schema', '1');
    }
    expect(isVerified(await check.verify())).toBe(true);
  });

  it('fault T3, relative: the index of requests emptied hides no record from the trail', async () => {
    const { store, check, writer } = await scene();
    const request = await openOne(store);
    await openOne(store);
    await writer.redis.del(writer.keys.recent, writer.keys.open);
    expect(isVerified(await check.verify())).toBe(true);
    await writer.forge(request.id, { reason: 'x' });
    expect(await check.verify()).toMatchObject({ fault: { subjectId: request.id } });
  });
});

describe('what the chain alone cannot show, and a kept head or export names', () => {
  it('fault R4: a request put back to "approved", with its trail, after a refused send', async () => {
    const { store, check, writer, head, exported, compared } = await scene();
    const nowMs = await store.nowMs();
    const opened = await openOne(store);
    const commands = closeCommands(opened, nowMs);
    const approved = await advance(store, opened, ...commands.slice(0, 3));
    expect(approved.state).toBe('approved');
    const before = await writer.snapshot(opened.id);
    const refused = {
      kind: 'refused',
      httpStatus: 400,
      exchangeCode: -27024,
      meaning: 'no',
      advice: '',
    } as const;
    const failed = await advance(
      store,
      approved,
      ...commands.slice(3, 5),
      { type: 'record-answer', mark: markAt(nowMs), answer: { ...refused, atMs: nowMs } },
      { type: 'read-back', afterAnswer: true, seen: { kind: 'still-active', readAtMs: nowMs } },
    );
    expect(failed.state).toBe('failed');
    const [kept, lines] = [await head(), await exported()];
    await writer.putBack(before);
    expect((await check.verify()).fault).toBeNull();
    const verdict = await check.verify(kept);
    expect(verdict.kept).toEqual({ kind: 'fewer', entries: 8, missing: 4 });
    expect(isVerified(verdict)).toBe(false);
    // It goes on from there: as many entries as before, and still another head.
    await advance(store, approved, ...commands.slice(3));
    expect((await check.verify(kept)).kept).toEqual({ kind: 'different', entries: 8 });
    expect((await compared(lines)).map(({ what }) => what)).toEqual([
      expect.stringContaining(`entry 5 of request ${opened.id} (claimed) was replaced`),
      expect.stringContaining(`entry 6 of request ${opened.id} (sent) was replaced`),
      expect.stringContaining(`entry 7 of request ${opened.id} (answered) was replaced`),
      expect.stringContaining(`entry 8 of request ${opened.id} (read-back) was replaced`),
    ]);
  });

  it.each([
    [
      'rejection',
      {
        type: 'reject',
        pairs: [],
        by: person('U_BEN'),
        version: 1,
        reason: 'no',
        eligible: new Set(['U_BEN']),
      },
    ],
    ['withdrawal', WITHDRAW],
  ] as const)('fault R5: a %s erased from record and trail', async (_, veto) => {
    const { store, check, writer, head, exported, compared } = await scene();
    const pending = await advance(store, await openOne(store), CARD);
    const before = await writer.snapshot(pending.id);
    const ended = await advance(store, pending, veto);
    const [kept, lines] = [await head(), await exported()];
    await writer.putBack(before);
    const rest = closeCommands(pending, await store.nowMs()).slice(1);
    expect((await advance(store, pending, ...rest)).state).toBe('closed');
    expect((await check.verify()).fault).toBeNull();
    expect((await check.verify(kept)).kept).toEqual({ kind: 'different', entries: 3 });
    expect(await compared(lines)).toEqual([
      {
        line: 3,
        what: expect.stringContaining(`entry 3 of request ${pending.id} (${ended.state}) was replaced`),
      },
    ]);
  });

  it('fault R6: the newest close erased whole', async () => {
    const { store, check, writer, closed, head, exported, compared } = await scene();
    await closed(await openOne(store));
    const lastOpening = (await writer.redis.get(writer.keys.lastOpening)) ?? '';
    const second = await closed(await openOne(store));
    const [kept, lines] = [await head(), await exported()];
    await writer.erase(await writer.snapshot(second.id));
    await writer.redis.set(writer.keys.lastOpening, lastOpening);
    expect((await check.verify()).fault).toBeNull();
    expect((await check.verify(kept)).kept).toEqual({ kind: 'fewer', entries: 16, missing: 8 });
    expect((await compared(lines)).map(({ line }) => line)).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
    expect(await check.verifySubject(second.id)).toBeNull();
  });

  it('fault R6: a middle one cut back, which then expires', async () => {
    const { store, check, writer, closed, head, exported, compared } = await scene();
    await closed(await openOne(store));
    const middle = await advance(store, await openOne(store, { expiresAtMs: 1 }, null), CARD);
    const before = await writer.snapshot(middle.id);
    await closed(await openOne(store));
    await advance(store, middle, WITHDRAW);
    const [kept, lines] = [await head(), await exported()];
    await writer.putBack(before);
    expect((await advance(store, middle, { type: 'expire' })).state).toBe('expired');
    expect((await check.verify()).fault).toBeNull();
    expect((await check.verify(kept)).kept).toEqual({ kind: 'different', entries: 19 });
    expect(await compared(lines)).toEqual([
      { line: 19, what: expect.stringContaining(`entry 3 of request ${middle.id} (withdrawn) was replaced`) },
    ]);
  });

  it('fault R6, relative: an opening erased with the key that names it, unlike the one after it', async () => {
    const { store, check, writer } = await scene();
    await openOne(store);
    const second = await openOne(store);
    const third = await openOne(store);
    await writer.erase(await writer.snapshot(second.id));
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: third.id, what: expect.stringContaining('what was opened before this one') },
    });
  });

  it('fault R6, relative: everything erased', async () => {
    const { store, check, writer, closed, head, exported, compared } = await scene();
    await closed(await openOne(store));
    const [kept, lines] = [await head(), await exported()];
    const all = await writer.redis.keys(`{${writer.keys.open.slice(1, writer.keys.open.indexOf('}'))}}:*`);
    await writer.redis.del(...all);
    expect(await check.verify(kept)).toMatchObject({
      entries: 0,
      fault: null,
      kept: { kind: 'fewer', entries: 8, missing: 8 },
    });
    expect(await compared(lines)).toHaveLength(8);
  });

  it('fault R5, relative: one request’s own head shows it, too', async () => {
    const { store, check, writer } = await scene();
    const pending = await advance(store, await openOne(store), CARD);
    const before = await writer.snapshot(pending.id);
    await advance(store, pending, WITHDRAW);
    const verdict = await check.verifySubject(pending.id);
    const kept = { entries: verdict?.entries ?? 0, head: verdict?.head ?? '' };
    await openOne(store);
    expect((await check.verifySubject(pending.id, kept))?.kept).toEqual({
      kind: 'same',
      entries: 3,
      since: 0,
    });
    await writer.putBack(before);
    await advance(store, pending, approval(pending, 'U_BEN'));
    expect((await check.verifySubject(pending.id, kept))?.kept).toEqual({ kind: 'different', entries: 3 });
  });
});
