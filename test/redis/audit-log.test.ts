/** What a person with access to Redis can do to the trail, and how it shows. */
import type { Redis } from 'ioredis';
import { describe, expect, inject, it } from 'vitest';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { UnreadableAuditEntry } from '../../src/usecases/ports.ts';
import { all, verdictOf } from '../contracts/audit-trail.ts';
import { advance, approval, CARD, loadOne, openOne, person } from '../contracts/requests.ts';
import { AUDIT_KEY, bareClient, type RedisParts, redisParts } from './redis-parts.ts';

type StreamEntry = [id: string, fields: string[]];

/** Two requests with five entries: a1 b1 a2 b2 a3. */
async function trail() {
  const parts = await redisParts(inject('redisUrl'));
  const a = await openOne(parts.store);
  const b = await openOne(parts.store);
  const aCard = await advance(parts.store, a, CARD);
  const bEnd = await advance(parts.store, b, { type: 'withdraw', by: person('U_ANN') });
  const aEnd = await advance(parts.store, aCard, approval(a, 'U_BEN'));
  const newest = new Map([aEnd, bEnd].map(({ id, audit }) => [id, audit]));
  return { parts, a, b, newest, raw: bareClient(inject('redisUrl')) };
}

async function rewrite(
  raw: Redis,
  parts: RedisParts,
  change: (entries: StreamEntry[]) => StreamEntry[],
): Promise<void> {
  const entries = await raw.xrange(parts.keys.audit, '-', '+');
  await raw.del(parts.keys.audit);
  for (const [index, [, fields]] of change(entries).entries()) {
    await raw.xadd(parts.keys.audit, `${index + 1}-0`, ...fields);
  }
}

function withField(entry: StreamEntry, name: string, change: (value: string) => string): StreamEntry {
  const [id, fields] = entry;
  const at = fields.indexOf(name) + 1;
  return [id, fields.map((value, index) => (index === at ? change(value) : value))];
}

function at(entries: StreamEntry[], index: number): StreamEntry {
  const entry = entries[index];
  if (entry === undefined) throw new Error(`no entry ${index}`);
  return entry;
}

describe('a trail that was tampered with', () => {
  it.each<[string, (entries: StreamEntry[]) => StreamEntry[], number, RegExp]>([
    [
      'an altered text',
      (all) =>
        all.with(
          2,
          withField(at(all, 2), 'body', (text) => text.replace('card-posted', 'card-pasted')),
        ),
      3,
      /altered/,
    ],
    [
      'an altered seal',
      (all) =>
        all.with(
          3,
          withField(at(all, 3), 'seal', (seal) => `${seal.slice(1)}0`),
        ),
      4,
      /altered/,
    ],
    [
      'an altered seal before',
      (all) =>
        all.with(
          2,
          withField(at(all, 2), 'previous', () => ''),
        ),
      3,
      /altered/,
    ],
    ['a removed entry', (all) => all.toSpliced(2, 1), 4, /removed or reordered/],
    ['a removed opening', (all) => all.toSpliced(0, 1), 1, /missing/],
    [
      'two entries exchanged',
      (all) => all.with(2, at(all, 4)).with(4, at(all, 2)),
      3,
      /removed or reordered/,
    ],
    ['a repeated entry', (all) => [...all, at(all, 4)], 6, /removed or reordered/],
  ])('%s is named', async (_, change, position, what) => {
    const { parts, newest, raw } = await trail();
    expect((await verdictOf(parts.audit, AUDIT_KEY, newest)).fault).toBeNull();
    await rewrite(raw, parts, change);
    expect((await verdictOf(parts.audit, AUDIT_KEY, newest)).fault).toMatchObject({
      position,
      what: expect.stringMatching(what),
    });
  });

  it('a whole request removed is named by the openings after it', async () => {
    const { parts, a, raw } = await trail();
    await rewrite(raw, parts, (entries) => entries.filter(([, fields]) => !fields.includes(a.id)));
    expect((await verdictOf(parts.audit, AUDIT_KEY)).fault).toMatchObject({
      position: 1,
      what: expect.stringContaining('missing'),
    });
  });

  it('an end cut off is named by the records', async () => {
    const { parts, a, newest, raw } = await trail();
    await rewrite(raw, parts, (entries) => entries.slice(0, -1));
    expect((await verdictOf(parts.audit, AUDIT_KEY)).fault).toBeNull();
    expect((await verdictOf(parts.audit, AUDIT_KEY, newest)).fault).toMatchObject({
      subjectId: a.id,
      sequence: 3,
    });
  });

  it.each<[string, (text: string) => string]>([
    ['cut text', (text) => text.slice(0, -1)],
    ['blanks', (text) => text.replace('":', '": ')],
    ['a key twice', (text) => text.replace('{"requestId"', '{"stateAfter":"closed","requestId"')],
    ['another shape', () => '[]'],
    ['nothing', () => ''],
  ])('%s where an entry stood cannot be read past, and is named', async (_, change) => {
    const { parts, a, raw } = await trail();
    await rewrite(raw, parts, (entries) => entries.with(2, withField(at(entries, 2), 'body', change)));
    const reading = verdictOf(parts.audit, AUDIT_KEY);
    await expect(reading).rejects.toThrow(UnreadableAuditEntry);
    await expect(reading).rejects.toMatchObject({ position: 3, subjectId: a.id });
  });

  it('an entry filed under another request is named', async () => {
    const { parts, b, raw } = await trail();
    await rewrite(raw, parts, (entries) =>
      entries.with(
        2,
        withField(at(entries, 2), 'request', () => b.id),
      ),
    );
    await expect(verdictOf(parts.audit, AUDIT_KEY)).rejects.toMatchObject({ position: 3, subjectId: b.id });
  });
});

describe('a long trail', () => {
  it('is read in pages, whole or one request of it', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const first = await openOne(parts.store);
    const others: CloseRequest[] = [];
    for (let i = 0; i < 1_200; i += 1) others.push(await openOne(parts.store));
    const ended = await advance(parts.store, first, { type: 'withdraw', by: person('U_ANN') });
    expect(await verdictOf(parts.audit, AUDIT_KEY)).toMatchObject({
      entries: 1_202,
      requests: 1_201,
      fault: null,
    });
    expect((await all(parts.audit, first.id)).map(({ seal }) => seal)).toEqual([
      first.audit.seal,
      ended.audit.seal,
    ]);
    const last = others.at(-1);
    expect(await all(parts.audit, last?.id)).toHaveLength(1);
  });
});

describe('an audit that cannot be written', () => {
  it('keeps the change from being stored', async () => {
    const { parts, a, raw } = await trail();
    const before = await loadOne(parts.store, a.id);
    await raw.set(parts.keys.audit, 'not a stream any more');
    const due = await raw.zrange(parts.keys.outboxDue, '0', '-1', 'WITHSCORES');
    await expect(advance(parts.store, before, { type: 'withdraw', by: person('U_ANN') })).rejects.toThrow(
      'store unavailable',
    );
    expect((await parts.store.load(a.id))?.request).toEqual(before);
    expect(await parts.store.openRequestFor(a.groupId)).toEqual(before);
    expect(await raw.zrange(parts.keys.outboxDue, '0', '-1', 'WITHSCORES')).toEqual(due);
  });
});
