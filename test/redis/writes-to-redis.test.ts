/**
 * Somebody can write to Redis and has no audit key: what the bot believes, and what SECURITY.md says they can still
 * do. Whole desks on a real Redis and a stand-in of the exchange; the DELETEs are counted on the wire.
 */
import { randomBytes } from 'node:crypto';
import { describe, expect, inject, it } from 'vitest';
import { FIRST_SEAL, sealEntry } from '../../src/domain/audit-chain.ts';
import { type CloseRequest, openRequest, type RequestEvent } from '../../src/domain/close/close-request.ts';
import type { PersonId } from '../../src/domain/person.ts';
import { requestIdFrom } from '../../src/domain/request-id.ts';
import { textOf } from '../../src/redis/audit-log.ts';
import { encodeRecord } from '../../src/redis/request-record.ts';
import { Seals } from '../../src/redis/seals.ts';
import { standingText } from '../../src/slack/views/request-text.ts';
import { UnreadableRecord } from '../../src/usecases/ports.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { approve, loaded, type Replica, Replicas } from '../races/replicas.ts';
import { ALICE, BOB, CAROL, facts, person, policy, REQUESTER } from '../support/close-requests.ts';
import { AUDIT_KEY, bareClient } from './redis-parts.ts';
import { type Json, RedisWriter } from './redis-writer.ts';

const MALLORY = person('U0MALLORY');

async function scene(mode: 'live' | 'dry-run' = 'live') {
  const replicas = await Replicas.start();
  const bot = await replicas.add({ mode });
  const writer = new RedisWriter(bareClient(inject('redisUrl')), bot.redis.keys);
  const deletes = () => replicas.exchange.requests({ method: 'DELETE' });
  return { replicas, bot, writer, deletes };
}

/** A close whose one DELETE was lost on the way: its outcome is unknown. */
async function unknownClose(replicas: Replicas, bot: Replica): Promise<CloseRequest> {
  const request = await replicas.open(bot);
  replicas.exchange.inject({ method: 'DELETE', count: 1, effect: { kind: 'reset' } });
  await approve(bot, ALICE, request);
  await approve(bot, BOB, request);
  await replicas.settled();
  const unknown = await loaded(bot.redis, request.id);
  expect(unknown.state).toBe('unknown');
  return unknown;
}

/** Before each of these calls to the store, and before none but these, the writer gets a turn. */
function interleave(bot: Replica, turn: (call: 'load' | 'save', count: number) => Promise<unknown>): void {
  const { store } = bot.redis;
  let count = 0;
  for (const call of ['load', 'save'] as const) {
    const original = store[call].bind(store) as (argument: never) => Promise<never>;
    Object.assign(store, {
      [call]: async (argument: never) => {
        count += 1;
        await turn(call, count);
        return original(argument);
      },
    });
  }
}

function voteOf(by: PersonId, record: Json): Json {
  const { teamId, userId } = by;
  const { version, factsDigest } = record;
  return { voter: { teamId, userId }, atMs: record.createdAtMs, version, factsDigest };
}

/** A request that waits for votes is forged to have them; one that is further stays there. */
function decided({ state }: Json): unknown {
  return state === 'pending' ? 'approved' : state;
}

interface Forgery {
  readonly mode?: 'dry-run';
  /** True votes before the record is forged. */
  readonly approvers: readonly PersonId[];
  /** `other`: the record of an open request for another unit. */
  readonly changes: (record: Json, other: Json) => Json;
}

const FORGERIES: Readonly<Record<string, Forgery>> = {
  'another unit': {
    approvers: [ALICE, BOB],
    changes: (record, { groupId, facts: itsFacts, factsDigest }) => ({
      ...{ groupId, facts: itsFacts, factsDigest },
      votes: (record.votes as Json[]).map((vote) => ({ ...vote, factsDigest })),
    }),
  },
  'votes that nobody cast': {
    approvers: [],
    changes: (record) => ({ state: decided(record), votes: [voteOf(ALICE, record), voteOf(BOB, record)] }),
  },
  'the requester’s own vote': {
    approvers: [ALICE],
    changes: (record) => ({
      state: decided(record),
      policy: { ...(record.policy as Json), requesterMayApprove: true },
      votes: [...(record.votes as Json[]), voteOf(REQUESTER, record)],
    }),
  },
  'votes of people without a role': {
    approvers: [],
    changes: (record) => ({
      state: decided(record),
      policy: { ...(record.policy as Json), approvers: ['U0MALLORY', 'U0EVE'] },
      votes: [voteOf(MALLORY, record), voteOf(person('U0EVE'), record)],
    }),
  },
  'the live mode in a fleet of dry runs': {
    mode: 'dry-run',
    approvers: [ALICE],
    changes: (record) => ({
      state: decided(record),
      policy: { ...(record.policy as Json), mode: 'live' },
      votes: [...(record.votes as Json[]), voteOf(BOB, record)],
    }),
  },
};

describe('fault R1: a script in Redis that swaps the true record and a forged one while the sender looks', () => {
  it.each(
    Object.entries(FORGERIES).flatMap(([name, forgery]) =>
      [0, 1, 2, 3].map((pattern) => ({ name, forgery, pattern })),
    ),
  )('fault R1: $name, pattern $pattern: nothing is sent for it', async ({ forgery, pattern }) => {
    const { replicas, bot, writer, deletes } = await scene(forgery.mode);
    const other = await writer.record((await replicas.open(bot)).id);
    const request = await replicas.open(bot);
    const last = forgery.approvers.at(-1);
    for (const by of forgery.approvers.slice(0, -1)) await approve(bot, by, request);
    const key = writer.keys.record(request.id);
    let truth = await writer.redis.hget(key, 'record');
    let forged = '';
    // Forged before each second call, before each third one, always, or only before a save: the mark.
    const isForged = [
      (_: string, count: number) => count % 2 === 0,
      (_: string, count: number) => count % 3 === 0,
      () => true,
      (call: string) => call === 'save',
    ][pattern];
    interleave(bot, async (call, count) => {
      const now = (await writer.redis.hget(key, 'record')) ?? '';
      if (now !== forged) truth = now;
      const record: Json = JSON.parse(truth ?? '{}');
      forged = JSON.stringify({ ...record, ...forgery.changes(record, other) });
      await writer.redis.hset(key, 'record', isForged?.(call, count) ? forged : (truth ?? ''));
    });
    if (last !== undefined) await approve(bot, last, request).catch(() => null);
    await writer.redis.zadd(writer.keys.attention, 1, request.id);
    await bot.work.attendRequests();
    await bot.work.desk.startSending(CAROL, request.id, request.version).catch(() => null);
    await replicas.settled();
    const sentTo = deletes().map(({ query }) => JSON.stringify(query));
    for (const query of sentTo) expect(query).not.toContain(String(other.groupId));
    if (forgery.approvers.length < 2) expect(sentTo).toEqual([]);
  });

  it('fault R1, relative: the mark is refused where the record is another one than was checked, though its revision and newest entry are the same', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    await approve(bot, ALICE, request);
    const { store } = bot.redis;
    const save = store.save.bind(store);
    let marks = 0;
    store.save = async (change) => {
      if (change.event.type === 'sent') {
        marks += 1;
        const { expiresAtMs } = change.from.request;
        await writer.forge(request.id, { expiresAtMs: expiresAtMs + 1 });
      }
      return save(change);
    };
    await approve(bot, BOB, request);
    await replicas.settled();
    expect(marks).toBe(1);
    expect(deletes()).toEqual([]);
    await expect(store.load(request.id)).rejects.toThrow("doesn't match its seal");
  });

  it('fault R1, relative: a record put back under its own seal, after a rejection, is not sent', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    await approve(bot, ALICE, request);
    const { hash, unit } = await writer.snapshot(request.id);
    const rejected = await bot.work.desk.reject(CAROL, request.id, 1, 'no');
    expect(rejected).toMatchObject({ ok: true });
    await writer.redis.hset(writer.keys.record(request.id), hash);
    await writer.redis.set(unit[0], request.id);
    expect(await approve(bot, BOB, request)).toMatchObject({
      ok: false,
      refusal: { code: 'record-not-proved', why: 'the record is older than the audit trail' },
    });
    await replicas.settled();
    expect(deletes()).toEqual([]);
    expect(await bot.work.desk.viewRequest(ALICE, request.id)).toMatchObject({
      ok: false,
      refusal: { code: 'record-not-proved' },
    });
  });
});

describe('fault R2: state, votes and ending written with HSET, and outbox items beside them', () => {
  async function forgedClose() {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    await bot.work.deliverOutbox();
    const told = bot.notifier.delivered.length;
    const record = await writer.record(request.id);
    const atMs = request.createdAtMs;
    await writer.forge(request.id, {
      state: 'closed',
      votes: [voteOf(ALICE, record), voteOf(BOB, record)],
      ending: { kind: 'read-back', atMs },
    });
    const event = { type: 'read-back', by: null, seen: 'in-closed-list', why: null, evidence: null, atMs };
    const notices = [
      { kind: 'thread', event },
      { kind: 'direct', to: { teamId: REQUESTER.teamId, userId: REQUESTER.userId }, event },
      { kind: 'card' },
    ];
    const items = notices.map((notice, index) => `9.${index} ${atMs} ${JSON.stringify(notice)}`);
    const sealed = items.map((item) => item.replace(' {', ` ${'ab'.repeat(32)} {`));
    await writer.redis.rpush(writer.keys.outbox(request.id), ...sealed, ...items);
    await writer.redis.zadd(writer.keys.outboxDue, 1, request.id);
    return { replicas, bot, writer, deletes, request, told };
  }

  it('fault R2: nothing of it is drawn, said or listed, and each way of asking says that it is not believed', async () => {
    const { bot, request, told } = await forgedClose();
    const { desk, checkAudit } = bot.work;
    await bot.work.deliverOutbox();
    expect(bot.notifier.delivered.slice(told)).toEqual([]);
    await expect(desk.viewRequest(ALICE, request.id)).rejects.toThrow(UnreadableRecord);
    await expect(checkAudit.evidence(request.id)).rejects.toThrow("doesn't match its seal");
    const lists = await desk.listRequests(ALICE);
    expect(lists).toMatchObject({ ok: true, value: { open: [], recent: [] } });
    const what = expect.stringContaining("doesn't match its seal");
    expect(await checkAudit.verify()).toMatchObject({ fault: { subjectId: request.id, what } });
    expect(await checkAudit.verifySubject(request.id)).toMatchObject({ fault: { what } });
  });

  it('fault R2, relative: its notices are set aside and counted, and what is true is drawn again once the record is', async () => {
    const { bot, writer, request, told } = await forgedClose();
    const { outbox } = bot.redis;
    await writer.forge(request.id, { state: 'pending', votes: [], ending: null });
    for (let round = 0; round < 20 && (await outbox.backlog()).subjects > 0; round += 1) {
      await writer.redis.hset(writer.keys.outboxLeft, request.id, '120');
      await writer.redis.zadd(writer.keys.outboxDue, 1, request.id);
      await bot.work.deliverOutbox();
    }
    expect(await outbox.backlog()).toMatchObject({ subjects: 0, setAside: 6 });
    const drawn = bot.notifier.delivered.slice(told);
    expect(new Set(drawn.map(({ notice }) => notice.kind))).toEqual(new Set(['card']));
    expect(new Set(drawn.map((each) => each.request.state))).toEqual(new Set(['pending']));
  });

  it('fault R2, relative: notices that cannot be read hold up no other request, however many are due first', async () => {
    const { replicas, bot, writer } = await scene();
    const { redis, keys } = writer;
    for (let count = 0; count < 12; count += 1) {
      const { id } = await replicas.open(bot);
      await redis.lpush(keys.outbox(id), 'xyz');
      await redis.zadd(keys.outboxDue, count, id);
    }
    const { id } = await replicas.open(bot);
    await bot.redis.outbox.redraw(id);
    const told = bot.notifier.delivered.length;
    await bot.work.deliverOutbox();
    expect(bot.notifier.delivered.slice(told).map(({ request }) => request.id)).toEqual([id]);
    expect(await bot.redis.outbox.backlog()).toMatchObject({ subjects: 12, setAside: 0 });
  });

  it('fault R2, relative: a record copied over another request’s is not believed there', async () => {
    const { replicas, bot, writer } = await scene();
    const [one, other] = [await replicas.open(bot), await replicas.open(bot)];
    await bot.work.desk.withdraw(REQUESTER, other.id);
    const { hash } = await writer.snapshot(other.id);
    const { record = '', seal = '' } = hash;
    await writer.redis.hset(writer.keys.record(one.id), { record, seal });
    await expect(bot.redis.store.load(one.id)).rejects.toThrow("doesn't match its seal");
    const moved = record.replaceAll(other.id, one.id);
    await writer.redis.hset(writer.keys.record(one.id), { record: moved, seal });
    await expect(bot.redis.store.load(one.id)).rejects.toThrow("doesn't match its seal");
  });
});

describe('fault R3: a forged finding', () => {
  it('fault R3: a forged proposal in another approver’s name settles nothing', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await unknownClose(replicas, bot);
    const { teamId, userId } = CAROL;
    const settlement = { by: { teamId, userId }, verdict: 'closed', note: 'seen', atMs: request.createdAtMs };
    await writer.forge(request.id, { settlement });
    const { desk } = bot.work;
    await expect(desk.settle(BOB, request.id, 'closed', 'seen')).rejects.toThrow("doesn't match its seal");
    await writer.forge(request.id, { settlement: null });
    expect((await loaded(bot.redis, request.id)).state).toBe('unknown');
  });

  it('fault R3, relative: a proposal that was corrected since, put back under its own seal, is not agreed with', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await unknownClose(replicas, bot);
    const { desk } = bot.work;
    expect(await desk.settle(CAROL, request.id, 'closed', 'a mistake')).toMatchObject({ ok: true });
    const { hash } = await writer.snapshot(request.id);
    // Somebody else's attempt is noted: the trail goes on.
    await desk.noteForgery(CAROL, request.id, 'a try');
    await writer.redis.hset(writer.keys.record(request.id), hash);
    expect(await desk.settle(BOB, request.id, 'closed', 'seen')).toMatchObject({
      ok: false,
      refusal: { code: 'record-not-proved' },
    });
  });

  it('fault R3, relative: a finding whose entry is gone from the trail is not agreed with', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await unknownClose(replicas, bot);
    const { desk } = bot.work;
    await desk.settle(CAROL, request.id, 'closed', 'a mistake');
    await writer.rewrite((entries) => entries.slice(0, -1));
    expect(await desk.settle(BOB, request.id, 'closed', 'seen')).toMatchObject({
      ok: false,
      refusal: { code: 'record-not-proved', why: expect.stringContaining('the audit trail is broken') },
    });
  });
});

describe('fault R4: put back to "approved" after a refused DELETE', () => {
  /** Two approvals and a refusal of the exchange; then record and trail as they were before the last approval counted. */
  async function putBack() {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    replicas.exchange.setLiquidation(request.groupId, -27024);
    await approve(bot, ALICE, request);
    const before = await writer.snapshot(request.id);
    await approve(bot, BOB, request);
    await replicas.settled();
    expect(deletes()).toHaveLength(1);
    const { entries, head } = await bot.work.checkAudit.verify();
    return { replicas, bot, writer, deletes, request, before, kept: { entries, head } };
  }

  it('fault R4: the record alone is found too old, and nothing is sent', async () => {
    const { replicas, bot, writer, deletes, request, before } = await putBack();
    await writer.redis.hset(writer.keys.record(request.id), before.hash);
    await writer.redis.set(before.unit[0], request.id);
    expect(await approve(bot, BOB, request)).toMatchObject({ refusal: { code: 'record-not-proved' } });
    await replicas.settled();
    expect(deletes()).toHaveLength(1);
  });

  it('fault R4, relative: a restored record after a lost DELETE: nothing more is sent, and no message says that nothing was', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    replicas.exchange.inject({ method: 'DELETE', count: 1, effect: { kind: 'reset' } });
    await approve(bot, ALICE, request);
    const { store } = bot.redis;
    const save = store.save.bind(store);
    let approved: Record<string, string> = {};
    store.save = async (change) => {
      const saved = await save(change);
      if (change.next.state === 'approved') approved = (await writer.snapshot(request.id)).hash;
      return saved;
    };
    await approve(bot, BOB, request);
    await replicas.settled();
    expect(deletes()).toHaveLength(1);
    await writer.redis.hset(writer.keys.record(request.id), approved);
    await writer.redis.zadd(writer.keys.attention, 1, request.id);
    await (await replicas.add()).work.attendRequests();
    await replicas.settled();
    expect(deletes()).toHaveLength(1);
    const left = await loaded(bot.redis, request.id);
    expect(left.ending).toMatchObject({ kind: 'never-sent' });
    expect(standingText(left)).toContain('This attempt sent nothing: “the audit trail is broken');
  });

  it('fault R4, relative: with its trail cut, too, the process that sent it does not send again', async () => {
    const { replicas, bot, writer, deletes, request, before } = await putBack();
    await writer.putBack(before);
    await approve(bot, BOB, request).catch(() => null);
    await replicas.settled();
    expect(deletes()).toHaveLength(1);
  });

  it('security: with its trail cut, too, another process sends a second DELETE on two true votes; a head that was kept names it', async () => {
    const { replicas, writer, deletes, request, before, kept } = await putBack();
    await writer.putBack(before);
    const restarted = await replicas.add();
    await approve(restarted, BOB, request);
    await replicas.settled();
    expect(deletes()).toHaveLength(2);
    const verdict = await restarted.work.checkAudit.verify(kept);
    expect(verdict.fault).toBeNull();
    expect(verdict.kept?.kind).toMatch(/^(different|fewer)$/);
  });
});

describe('fault R8: where messages go', () => {
  it.each([
    [
      'a channel instead of a person',
      (item: string) => item.replace(/"userId":"U0\w+"/, '"userId":"C0GENERAL"'),
    ],
    ['another person', (item: string) => item.replace(/"userId":"U0\w+"/, '"userId":"U0MALLORY"')],
    ['another request', (item: string) => item],
  ])('fault R8: a direct message turned to %s is not posted', async (_, turn) => {
    const { replicas, bot, writer } = await scene();
    const [request, other] = [await replicas.open(bot), await replicas.open(bot)];
    const { outbox } = bot.redis;
    const stored: string[] = [];
    const { take } = outbox;
    outbox.take = async () => [];
    await bot.work.desk.reject(ALICE, request.id, 1, 'no');
    await replicas.settled();
    stored.push(...(await writer.redis.lrange(writer.keys.outbox(request.id), 0, -1)));
    outbox.take = take;
    const direct = stored.find((item) => item.includes('"direct"')) ?? '';
    expect(direct).not.toBe('');
    await writer.redis.del(writer.keys.outbox(request.id));
    const to = turn(direct) === direct ? other.id : request.id;
    await writer.redis.rpush(writer.keys.outbox(to), turn(direct));
    await writer.redis.zadd(writer.keys.outboxDue, 1, to);
    const told = bot.notifier.delivered.length;
    await bot.work.deliverOutbox();
    expect(bot.notifier.delivered.slice(told)).toEqual([]);
    expect(bot.redis.log.lines).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ why: "it doesn't match its seal" }) }),
    );
  });

  it('fault R8: another channel for the card is not believed', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await replicas.open(bot);
    const told = bot.notifier.delivered.length;
    await writer.forge(request.id, { card: { channelId: 'C0GENERAL', messageTs: '1.000100' } });
    await bot.work.desk.redrawCard(request.id);
    await bot.work.deliverOutbox();
    await expect(bot.work.desk.withdraw(REQUESTER, request.id)).rejects.toThrow("doesn't match its seal");
    expect(bot.notifier.delivered.slice(told)).toEqual([]);
  });

  it('fault R8, relative: a record that is not believed, and bookkeeping of the outbox that is none, hold up no other request', async () => {
    const { replicas, bot, writer } = await scene();
    const [request, other] = [await replicas.open(bot), await replicas.open(bot)];
    const { redis, keys } = writer;
    await writer.forge(request.id, { card: { channelId: 'C0GENERAL', messageTs: '1.000100' } });
    await redis.hset(keys.outboxAttempts, request.id, 'x');
    await redis.rpush(keys.outboxKept, 'x');
    const told = bot.notifier.delivered.length;
    for (const { id } of [request, other]) await bot.work.desk.redrawCard(id);
    await replicas.settled();
    await bot.work.deliverOutbox();
    expect(replicas.failures).toEqual([]);
    expect(await bot.redis.outbox.retryKept()).toBe(1);
    expect(new Set(bot.notifier.delivered.slice(told).map((each) => each.request.id))).toEqual(
      new Set([other.id]),
    );
  });
});

describe('fault A6: an unknown outcome whose unit key is gone', () => {
  it('fault A6: is read back and ends, and holds its unit again until then', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await unknownClose(replicas, bot);
    await writer.redis.del(writer.keys.unit(request.groupId));
    expect(await bot.work.desk.settle(ALICE, request.id, 'closed', 'seen')).toMatchObject({ ok: true });
    expect((await bot.redis.store.openRequestFor(request.groupId))?.id).toBe(request.id);
    replicas.exchange.closeOutside(request.groupId);
    await writer.redis.zadd(writer.keys.attention, 1, request.id);
    await bot.work.attendRequests();
    await replicas.settled();
    expect((await loaded(bot.redis, request.id)).state).toBe('closed');
    expect(replicas.failures).toEqual([]);
    expect(await writer.redis.get(writer.keys.unit(request.groupId))).toBeNull();
  });

  it('fault A6, relative: continues although another request has taken the unit, and logs and shows that', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await unknownClose(replicas, bot);
    const { desk } = bot.work;
    await writer.redis.del(writer.keys.unit(request.groupId));
    const second = await desk.askToClose(REQUESTER, request.groupId, 'again');
    if (!second.ok) throw new Error(second.refusal.code);
    expect(await desk.settle(ALICE, request.id, 'closed', 'seen')).toMatchObject({ ok: true });
    expect(bot.redis.log.lines).toContainEqual(
      expect.objectContaining({ message: 'unit of a sent request is held by another' }),
    );
    expect(await desk.viewRequest(ALICE, request.id)).toMatchObject({ value: { alsoOpen: second.value.id } });
    expect(await desk.settle(BOB, request.id, 'closed', 'seen')).toMatchObject({ ok: true });
    expect(await writer.redis.get(writer.keys.unit(request.groupId))).toBe(second.value.id);
  });

  it('fault A6, relative: before the mark the unit key is still needed', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    await writer.redis.del(writer.keys.unit(request.groupId));
    await expect(approve(bot, ALICE, request)).rejects.toThrow(/does not hold unit/);
    expect((await loaded(bot.redis, request.id)).votes).toEqual([]);
    expect(deletes()).toEqual([]);
  });
});

describe('security: what a writer to Redis without the audit key can still do', () => {
  it('security: undo: a vote and its entry put back are lost, seen as missing, and can be cast again', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    const before = await writer.snapshot(request.id);
    await approve(bot, ALICE, request);
    await writer.putBack(before);
    expect((await loaded(bot.redis, request.id)).votes).toEqual([]);
    expect(await approve(bot, BOB, request)).toMatchObject({ value: { state: 'pending' } });
    expect(deletes()).toEqual([]);
  });

  it('security: delete: a request erased whole is gone, and the next opening names the gap', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await replicas.open(bot);
    await writer.erase(await writer.snapshot(request.id));
    expect(await bot.work.desk.viewRequest(ALICE, request.id)).toMatchObject({
      refusal: { code: 'request-not-found' },
    });
    const next = await replicas.open(bot);
    expect(await bot.work.checkAudit.verify()).toMatchObject({ fault: { subjectId: next.id } });
  });

  it('security: hold up: a unit key that names no request keeps everybody from asking, and says so', async () => {
    const { replicas, bot, writer } = await scene();
    const unit = replicas.newUnit();
    await writer.redis.set(`${writer.keys.open.replace(/:open$/, '')}:unit:${unit}`, 'N0B0DY');
    await expect(bot.work.desk.askToClose(REQUESTER, unit, 'x')).rejects.toThrow(UnreadableRecord);
  });

  it('security: hold up: a forged notice delays those behind it, and a deleted one is lost; the record is as it was', async () => {
    const { replicas, bot, writer } = await scene();
    const request = await replicas.open(bot);
    await writer.redis.lpush(writer.keys.outbox(request.id), 'x');
    const told = bot.notifier.delivered.length;
    await approve(bot, ALICE, request);
    await replicas.settled();
    expect(bot.notifier.delivered.slice(told)).toEqual([]);
    await writer.redis.del(writer.keys.outbox(request.id));
    expect((await loaded(bot.redis, request.id)).votes).toHaveLength(1);
  });

  it('security: repeat: a true notice pushed again is said again, and decides nothing', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await replicas.open(bot);
    const { outbox } = bot.redis;
    const { take } = outbox;
    outbox.take = async () => [];
    await approve(bot, ALICE, request);
    await replicas.settled();
    const items = await writer.redis.lrange(writer.keys.outbox(request.id), 0, -1);
    outbox.take = take;
    await bot.work.deliverOutbox();
    const told = bot.notifier.delivered.length;
    await writer.redis.rpush(writer.keys.outbox(request.id), ...items);
    await writer.redis.zadd(writer.keys.outboxDue, 1, request.id);
    await bot.work.deliverOutbox();
    // A card that shows this revision already is not drawn again.
    const said = items.filter((item) => !item.endsWith('{"kind":"card"}'));
    expect(said.length).toBeGreaterThan(0);
    expect(bot.notifier.delivered.length - told).toBe(said.length);
    expect((await loaded(bot.redis, request.id)).votes).toHaveLength(1);
    expect(deletes()).toEqual([]);
  });
});

describe('security: what the audit key adds to writing to Redis', () => {
  it('security: with the audit key, three forged entries and a record send a DELETE without request or approval', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const unit = replicas.newUnit();
    const request = await selfSealed(bot, writer, unit);
    await writer.redis.zadd(writer.keys.attention, 1, request.id);
    await bot.work.attendRequests();
    await replicas.settled();
    expect(deletes()).toHaveLength(1);
    expect(JSON.stringify(deletes()[0])).toContain(unit);
  });

  it('security: not where one of the named approvers has left', async () => {
    const { replicas, bot, writer, deletes } = await scene();
    const request = await selfSealed(bot, writer, replicas.newUnit());
    replicas.directory.people.set(ALICE.userId, { ...ALICE, kind: 'deactivated' });
    await writer.redis.zadd(writer.keys.attention, 1, request.id);
    await bot.work.attendRequests();
    await replicas.settled();
    expect(deletes()).toEqual([]);
  });

  it('security: not in a dry run; a head from before cannot show what was only added', async () => {
    const { replicas, bot, writer, deletes } = await scene('dry-run');
    await replicas.open(bot);
    const { entries, head } = await bot.work.checkAudit.verify();
    const request = await selfSealed(bot, writer, replicas.newUnit());
    await writer.redis.zadd(writer.keys.attention, 1, request.id);
    await bot.work.attendRequests();
    await replicas.settled();
    expect(deletes()).toEqual([]);
    expect((await bot.work.checkAudit.verify({ entries, head })).kept?.kind).toBe('same');
  });
});

/** An approved request that exists only because somebody has the audit key and may write to Redis. */
async function selfSealed(bot: Replica, writer: RedisWriter, unit: string): Promise<CloseRequest> {
  const { store } = bot.redis;
  const shown = await bot.work.desk.prepareAsk(REQUESTER, unit);
  if (!shown.ok) throw new Error(shown.refusal.code);
  const atMs = await store.nowMs();
  const { next, event } = openRequest(
    {
      id: requestIdFrom(randomBytes(10)),
      requester: REQUESTER,
      reason: 'x',
      facts: { ...facts(), ...shown.value.facts },
      policy: policy(),
    },
    atMs,
  );
  const { version, factsDigest } = next;
  const votes = [ALICE, BOB].map(({ teamId, userId }) => ({
    ...{ voter: { teamId, userId }, atMs, version, factsDigest },
  }));
  const events: RequestEvent[] = [
    event,
    ...votes.map(
      ({ voter: by }, index): RequestEvent => ({ type: 'approved', by, votes: index + 1, dropped: [], atMs }),
    ),
  ];
  let seal = FIRST_SEAL;
  for (const [index, each] of events.entries()) {
    const body = {
      requestId: next.id,
      groupId: next.groupId,
      sequence: index + 1,
      previousOpening: index === 0 ? ((await writer.redis.get(writer.keys.lastOpening)) ?? '') : null,
      stateAfter: index === 2 ? ('approved' as const) : ('pending' as const),
      version,
      factsDigest,
      event: each,
    };
    const entry = sealEntry(body, seal, AUDIT_KEY);
    const fields = ['request', next.id, 'body', textOf(entry), 'previous', seal, 'seal', entry.seal];
    await writer.redis.xadd(writer.keys.audit, '*', ...fields);
    if (index === 0) await writer.redis.set(writer.keys.lastOpening, entry.seal);
    seal = entry.seal;
  }
  const request: CloseRequest = {
    ...next,
    state: 'approved',
    revision: 3,
    votes,
    card: { channelId: 'C0DESK', messageTs: '1.000100' },
    audit: { sequence: 3, seal },
  };
  const record = encodeRecord(request);
  const recordSeal = new Seals(onlyKey(AUDIT_KEY), 'record').seal(request.id, record);
  const hash = { schema: 1, revision: 3, record, seal: recordSeal };
  await writer.redis.hset(writer.keys.record(request.id), hash);
  await writer.redis.set(writer.keys.unit(request.groupId), request.id);
  return request;
}
