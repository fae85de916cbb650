import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { sealEntry } from '../../src/domain/close/audit-chain.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { readAuditEntry, textOf } from '../../src/redis/audit-entry.ts';
import { decodeNotice, encodeNotices } from '../../src/redis/outbox-item.ts';
import { decodeRecord, encodeRecord, UnreadableRecord } from '../../src/redis/request-record.ts';
import { advance, CARD, closeCommands, newRequest, openOne, person } from '../contracts/requests.ts';
import { redisParts } from './redis-parts.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 9);

function stored(changes: Partial<CloseRequest> = {}): CloseRequest {
  return newRequest(NOW_MS, { revision: 1, audit: { sequence: 1, seal: 'ab' }, ...changes });
}

/** As a version before would have written it. */
function schema0(request: CloseRequest): string {
  const { abandonedClaims: _a, pagedAtMs: _p, refusalsNoted: _r, ...old } = request;
  return JSON.stringify({ ...old, schema: 0 });
}

describe('a stored record', () => {
  it('comes back as it was written, whatever is in its texts', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 50 }),
        fc.string({ unit: 'grapheme' }),
        (reason, why) => {
          const request = stored({ reason, ending: { kind: 'never-sent', why, atMs: NOW_MS } });
          expect(decodeRecord(request.id, '1', encodeRecord(request))).toEqual(request);
        },
      ),
    );
  });

  it('of schema 0 is upgraded on reading', () => {
    const request = stored();
    expect(decodeRecord(request.id, '0', schema0(request))).toEqual(request);
  });

  it.each<[string, string, (text: string) => string, RegExp]>([
    ['a newer schema', '2', (text) => text, /schema 2.*up to 1/],
    ['no schema', '', (text) => text, /no schema version/],
    ['a schema that is none', 'one', (text) => text, /no schema version/],
    ['a cut text', '1', (text) => text.slice(0, -1), /not a JSON object/],
    ['a list', '1', () => '[]', /not a JSON object/],
    ['nothing', '1', () => '', /missing/],
    ['a field less', '1', (text) => text.replace('"abandonedClaims":0,', ''), /abandonedClaims/],
    ['a field more', '1', (text) => text.replace('{', '{"new":1,'), /new/],
    ['an unknown state', '1', (text) => text.replace('"pending"', '"paused"'), /state/],
    [
      'a unit id that is none',
      '1',
      (text) => text.replaceAll(/"groupId":"\d+"/g, '"groupId":"072"'),
      /groupId/,
    ],
    [
      'another request’s text',
      '1',
      (text) => text.replace(/"id":"[^"]+"/, '"id":"other"'),
      /another request/,
    ],
  ])('with %s is an error that names the request', (_, schema, change, what) => {
    const request = stored();
    const reading = () => decodeRecord(request.id, schema, change(encodeRecord(request)));
    expect(reading).toThrow(UnreadableRecord);
    expect(reading).toThrow(request.id);
    expect(reading).toThrow(what);
  });
});

describe('old and broken records in Redis', () => {
  it('an old one is read, worked on and written anew', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const request = await openOne(parts.store);
    const key = parts.keys.request(request.id);
    await parts.connection.client.hset(key, 'schema', '0', 'record', schema0(request));
    expect((await parts.store.load(request.id))?.request).toEqual(request);
    expect(await parts.store.listOpen()).toEqual([request]);
    await advance(parts.store, request, CARD);
    expect(await parts.connection.client.hget(key, 'schema')).toBe('1');
  });

  it('a broken one is an error where it is asked for; where many are, it is named in the log and the others are there', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const nowMs = await parts.store.nowMs();
    const broken = await openOne(parts.store, {}, nowMs - 2);
    const sound = await openOne(parts.store, {}, nowMs - 1);
    await parts.connection.client.hset(parts.keys.request(broken.id), 'schema', '7');
    await expect(parts.store.load(broken.id)).rejects.toThrow(broken.id);
    await expect(parts.store.openRequestFor(broken.groupId)).rejects.toThrow(broken.id);
    expect(await parts.store.listOpen()).toEqual([sound]);
    expect(await parts.store.listRecent(5)).toEqual([sound]);
    expect((await parts.store.takeAttention(60_000, 5)).map(({ request }) => request)).toEqual([sound]);
    expect(parts.log.lines).toHaveLength(3);
    for (const line of parts.log.lines)
      expect(line).toMatchObject({ level: 'error', fields: { requestId: broken.id } });
  });

  it('a record that is gone under its unit is an error, never a free unit', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const request = await openOne(parts.store);
    await parts.connection.client.del(parts.keys.request(request.id));
    await expect(parts.store.openRequestFor(request.groupId)).rejects.toThrow(request.id);
    await expect(openOne(parts.store, { groupId: request.groupId })).rejects.toThrow(request.id);
  });

  it('an open request whose unit is lost or another’s cannot go on', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const request = await openOne(parts.store);
    await parts.connection.client.del(parts.keys.unit(request.groupId));
    await expect(advance(parts.store, request, CARD)).rejects.toThrow(/does not hold unit/);
    const other = await openOne(parts.store, { groupId: request.groupId });
    const ended = await advance(parts.store, request, { type: 'withdraw', by: person('U_ANN') });
    expect(ended.state).toBe('withdrawn');
    expect(await parts.store.openRequestFor(request.groupId)).toEqual(other);
  });
});

describe('stored texts', () => {
  it('of an audit entry are exactly what was sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (note) => {
        const body = {
          requestId: 'r',
          groupId: stored().groupId,
          sequence: 2,
          previousOpening: null,
          stateAfter: 'unknown',
          version: 1,
          factsDigest: 'd',
          event: { type: 'settlement-proposed', by: null, verdict: 'closed', note, atMs: NOW_MS },
        } as const;
        const entry = sealEntry(body, 'before', Buffer.alloc(32));
        expect(readAuditEntry(textOf(entry), 'before', entry.seal)).toEqual(entry);
      }),
    );
  });

  it('of notices bring back the notice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (reason) => {
        const event = { type: 'rejected', by: person('U_BEN'), reason, atMs: NOW_MS } as const;
        const [text = ''] = encodeNotices({ revision: 7 }, event, [{ kind: 'thread', event }]);
        expect(decodeNotice(text)).toEqual({
          id: '7.1',
          createdAtMs: NOW_MS,
          notice: { kind: 'thread', event },
        });
      }),
    );
    for (const text of ['', '7.1', '7.1 5', '7.1 5 {}', '7.1 x {"kind":"card"}', '7.1 5 {"kind":"fax"}']) {
      expect(decodeNotice(text)).toBeNull();
    }
  });

  it('an unreadable notice is named and holds back only its own request', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const broken = await openOne(parts.store);
    const sound = await openOne(parts.store);
    await parts.connection.client.lset(parts.keys.outbox(broken.id), 0, '1.1 5 {"kind":"fax"}');
    expect((await parts.outbox.take(60_000, 5)).map(({ requestId }) => requestId)).toEqual([sound.id]);
    expect(parts.log.lines).toMatchObject([{ level: 'warn', fields: { requestId: broken.id } }]);
  });

  it('every state a close passes through is readable', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const request = await openOne(parts.store);
    const closed = await advance(parts.store, request, ...closeCommands(request, await parts.store.nowMs()));
    expect((await parts.store.load(request.id))?.request).toEqual(closed);
  });
});
