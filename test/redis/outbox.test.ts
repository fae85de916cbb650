/** Stored notices that cannot be read: damaged, or written by a newer version, with replicas of both versions about. */
import { expect, inject, it } from 'vitest';
import { drain, readable } from '../contracts/outbox.ts';
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

it.each(UNREADABLE)(
  'one %s is given out as unreadable, and set aside as it was stored',
  async (_, stored) => {
    const parts = await redisParts(inject('redisUrl'));
    const { outbox, keys, connection } = parts;
    const id = await requestWith(parts, stored);
    const [item] = await outbox.take(LEASE_MS, 10);
    if (item === undefined) throw new Error('nothing was due');
    expect(item).toMatchObject({ subjectId: id, notice: { kind: 'unreadable' }, timesLeft: 0 });
    await outbox.leave(item, 0);
    expect(await connection.client.lindex(keys.outbox(id), 0)).toBe(stored);
    expect(await outbox.backlog()).toMatchObject({ subjects: 1, setAside: 0 });
    const [again] = await outbox.take(LEASE_MS, 10);
    if (again === undefined) throw new Error('nothing was due');
    expect(again).toMatchObject({ notice: { kind: 'unreadable' }, timesLeft: 1 });
    expect(await outbox.setAside(again)).toBe(true);
    expect((await drain(outbox)).map(({ notice }) => notice)).toEqual([{ kind: 'card' }, { kind: 'card' }]);
    expect(await outbox.backlog()).toMatchObject({ subjects: 0, setAside: 1 });
    const [entry = ''] = await connection.client.lrange(keys.outboxSetAside, 0, -1);
    expect(entry.replace(/\d{13}/, 'NOW')).toBe(`${id} NOW ${stored}`);
  },
);

it('one that is not even text is set aside byte by byte', async () => {
  const parts = await redisParts(inject('redisUrl'));
  const { outbox, keys, connection } = parts;
  const bytes = Buffer.from([0x32, 0x2e, 0x31, 0x20, 0xff, 0xfe, 0x00, 0x7b]);
  const { id } = await openOne(parts.store);
  await connection.client.lpush(keys.outbox(id), bytes);
  const [item] = await outbox.take(LEASE_MS, 10);
  expect(item && (await outbox.setAside(item))).toBe(true);
  const [entry] = await connection.client.lrangeBuffer(keys.outboxSetAside, 0, -1);
  expect(entry?.subarray(-bytes.length)).toEqual(bytes);
});

it('what an older replica left, a newer one delivers, and the next one is counted from 0', async () => {
  const prefix = newPrefix();
  const older = await redisParts(inject('redisUrl'), prefix);
  const newer = await redisParts(inject('redisUrl'), prefix);
  const id = await requestWith(older, UNREADABLE[2][1]);
  const [left] = await older.outbox.take(LEASE_MS, 10);
  if (left === undefined) throw new Error('nothing was due');
  await older.outbox.leave(left, 0);
  const [item] = await newer.outbox.take(LEASE_MS, 10);
  expect(item && (await newer.outbox.done(item))).toBe(true);
  await newer.connection.client.lpush(newer.keys.outbox(id), UNREADABLE[3][1].replace('2.1', '3.1'));
  expect(await older.outbox.take(LEASE_MS, 10)).toMatchObject([{ id: '3.1', timesLeft: 0 }]);
  expect(await older.outbox.backlog()).toMatchObject({ subjects: 1, setAside: 0 });
});

it('fault N1: kept messages are counted and delay no others', async () => {
  const { store, outbox } = await redisParts(inject('redisUrl'));
  await openOne(store);
  const [item] = await outbox.take(LEASE_MS, 1);
  if (item === undefined) throw new Error('nothing was due');
  await outbox.keep(readable(item));
  expect(await outbox.backlog()).toMatchObject({ subjects: 0, kept: 1 });
  await outbox.retryKept();
  expect(await outbox.backlog()).toMatchObject({ subjects: 1, kept: 0 });
});
