/** Stored notices that cannot be read: damaged, or written by a newer version, with replicas of both versions about. */
import { expect, inject, it } from 'vitest';
import { drain, LEAVE_UNREADABLE_MS } from '../contracts/outbox.ts';
import { openOne } from '../contracts/requests.ts';
import { newPrefix, type RedisParts, redisParts } from './redis-parts.ts';

const LEASE_MS = 60_000;

const UNREADABLE = [
  ['damaged', '2.1 1700000000000 {"kind":"thr'],
  ['without a head', 'xyz'],
  ['of a newer kind', '2.1 1700000000000 {"kind":"canvas"}'],
  ['of a newer event', '2.1 1700000000000 {"kind":"thread","event":{"type":"escalated","atMs":1,"by":null}}'],
] as const;

/** A request whose first notice is this one, with one behind it that can be read. */
async function requestWith(parts: RedisParts, stored: string): Promise<string> {
  const { id } = await openOne(parts.store);
  await parts.connection.client.lpush(parts.keys.outbox(id), stored);
  return id;
}

function logged({ log }: RedisParts, level: string): object[] {
  return log.lines.filter((line) => line.level === level).map(({ fields }) => fields);
}

it.each(UNREADABLE)(
  'one %s is left, then set aside and kept, and those behind it go on',
  async (_, stored) => {
    const parts = await redisParts(inject('redisUrl'));
    const { outbox, keys, connection, passTime } = parts;
    const id = await requestWith(parts, stored);
    expect(await outbox.take(LEASE_MS, 10)).toEqual([]);
    expect(await outbox.backlog()).toMatchObject({ requests: 1, setAside: 0 });
    expect(await connection.client.lindex(keys.outbox(id), 0)).toBe(stored);
    await passTime(LEAVE_UNREADABLE_MS);
    const delivered = await drain(outbox);
    expect(delivered.map(({ notice }) => notice)).toEqual([{ kind: 'card' }, { kind: 'card' }]);
    expect(await outbox.backlog()).toMatchObject({ requests: 0, setAside: 1 });
    const kept = await connection.client.lrange(keys.outboxSetAside, 0, -1);
    expect(kept).toEqual([expect.stringMatching(new RegExp(`^${id} \\d{13} `))]);
    expect(kept[0]?.endsWith(` ${stored}`)).toBe(true);
    expect(logged(parts, 'warn')).toEqual([expect.objectContaining({ requestId: id })]);
    expect(logged(parts, 'error')).toEqual([
      expect.objectContaining({ requestId: id, list: keys.outboxSetAside }),
    ]);
  },
);

it('holds up no other request, however many unreadable ones are due before it', async () => {
  const parts = await redisParts(inject('redisUrl'));
  for (let count = 0; count < 12; count += 1) await requestWith(parts, UNREADABLE[0][1]);
  const { id } = await openOne(parts.store);
  const [item, ...more] = await parts.outbox.take(LEASE_MS, 10);
  expect(item?.requestId).toBe(id);
  expect(more).toEqual([]);
});

it('a newer replica delivers within the ten minutes what an older one cannot read, and nothing is set aside', async () => {
  const prefix = newPrefix();
  const older = await redisParts(inject('redisUrl'), prefix);
  const newer = await redisParts(inject('redisUrl'), prefix);
  const id = await requestWith(older, UNREADABLE[2][1]);
  expect(await older.outbox.take(LEASE_MS, 10)).toEqual([]);
  // What a newer version does with a notice that it can read.
  const { keys, connection } = newer;
  const { outboxDue, outboxAttempts, outboxKept } = keys;
  await connection.run('outboxRemove', (client) =>
    client.outboxRemove(keys.outbox(id), outboxDue, outboxAttempts, outboxKept, id, '2.1 ', '', '', ''),
  );
  expect((await drain(older.outbox)).map(({ notice }) => notice)).toEqual([{ kind: 'card' }]);
  // The next unreadable one of the same request has ten minutes of its own.
  await connection.client.rpush(keys.outbox(id), UNREADABLE[3][1].replace('2.1', '3.1'));
  await connection.client.zadd(keys.outboxDue, 1, id);
  await older.passTime(LEAVE_UNREADABLE_MS);
  expect(await older.outbox.take(LEASE_MS, 10)).toEqual([]);
  expect(await older.outbox.backlog()).toMatchObject({ requests: 1, setAside: 0 });
});

it('fault N1: what is kept is counted, and keeps nobody waiting', async () => {
  const { store, outbox } = await redisParts(inject('redisUrl'));
  await openOne(store);
  const [item] = await outbox.take(LEASE_MS, 1);
  if (item === undefined) throw new Error('nothing was due');
  await outbox.keep(item);
  expect(await outbox.backlog()).toMatchObject({ requests: 0, kept: 1 });
  await outbox.retryKept();
  expect(await outbox.backlog()).toMatchObject({ requests: 1, kept: 0 });
});
