import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { type LongId, longId } from '../../src/domain/amount.ts';
import { sealEntry } from '../../src/domain/audit-chain.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { readAuditEntry, textOf } from '../../src/redis/audit-log.ts';
import { decodeNotice, encodeNotices, isRequestNotice } from '../../src/redis/outbox-item.ts';
import { decodeRecord, encodeRecord } from '../../src/redis/request-record.ts';
import { Seals } from '../../src/redis/seals.ts';
import { UnreadableRecord } from '../../src/usecases/ports.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { advance, CARD, closeCommands, newRequest, openOne, person } from '../contracts/requests.ts';
import { AUDIT_KEY, redisParts } from './redis-parts.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 9);
const SEALS = new Seals(onlyKey(AUDIT_KEY), 'record');
const NOTICE_SEALS = new Seals(onlyKey(AUDIT_KEY), 'outbox');

function stored(changes: Partial<CloseRequest> = {}): CloseRequest {
  return newRequest(NOW_MS, { revision: 1, audit: { sequence: 1, seal: 'ab' }, ...changes });
}

/** Reads a text that this deployment sealed. */
function decoded(request: CloseRequest, schema: string, text: string): CloseRequest {
  return decodeRecord(SEALS, request.id, [schema, text, SEALS.seal(request.id, text)]).request;
}

describe('a stored record', () => {
  it('comes back as it was written, whatever is in its texts', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 50 }),
        fc.string({ unit: 'grapheme' }),
        (reason, why) => {
          const request = stored({ reason, ending: { kind: 'never-sent', why, atMs: NOW_MS } });
          expect(decoded(request, '1', encodeRecord(request))).toEqual(request);
        },
      ),
    );
  });

  it('comes back with whom it lacks, and without where it lacks nobody', () => {
    const lack = { eligible: 1, quorum: 2, open: [{ from: ['S0RISK'], count: 1 }], sinceMs: NOW_MS };
    const request = stored({ unreachable: lack });
    expect(decoded(request, '1', encodeRecord(request)).unreachable).toEqual(lack);
    expect(encodeRecord(stored({ unreachable: undefined }))).not.toContain('unreachable');
  });

  it.each<[string, string, (text: string) => string, RegExp]>([
    ['a newer schema', '2', (text) => text, /schema 2.*reads schema 1/],
    ['an older schema', '0', (text) => text, /schema 0.*reads schema 1/],
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
    ['another request’s text', '1', (text) => text.replace(/"id":"[^"]+"/, '"id":"other"'), /another record/],
  ])('with %s is an error that names the request', (_, schema, change, what) => {
    const request = stored();
    const reading = () => decoded(request, schema, change(encodeRecord(request)));
    expect(reading).toThrow(UnreadableRecord);
    expect(reading).toThrow(request.id);
    expect(reading).toThrow(what);
  });

  it.each<[string, (text: string, seal: string) => [text: string, seal: string]]>([
    ['no seal', (text) => [text, '']],
    ['another text', (text, seal) => [text.replace('"pending"', '"approved"'), seal]],
    ['a blank more', (text, seal) => [`${text} `, seal]],
    ['another seal', (text, seal) => [text, `${seal.slice(0, -1)}${seal.endsWith('0') ? '1' : '0'}`]],
    ['more after its seal', (text, seal) => [text, `${seal}00`]],
    ['its seal in capitals', (text, seal) => [text, seal.toUpperCase()]],
    ['the seal of a notice', (text) => [text, NOTICE_SEALS.seal(stored().id, text)]],
    [
      'a seal of another key',
      (text) => [text, new Seals(onlyKey(Buffer.alloc(32, 8)), 'record').seal('R', text)],
    ],
  ])('security: with %s is not believed', (_, forge) => {
    const request = stored({ id: 'R' });
    const text = encodeRecord(request);
    const [forged, seal] = forge(text, SEALS.seal('R', text));
    expect(() => decodeRecord(SEALS, 'R', ['1', forged, seal])).toThrow("doesn't match its seal");
  });

  it('of another request is not believed under this one’s id', () => {
    const request = stored({ id: 'R' });
    const text = encodeRecord(request);
    const other = text.replace('"id":"R"', '"id":"S"');
    expect(() => decodeRecord(SEALS, 'S', ['1', other, SEALS.seal('R', text)])).toThrow("doesn't match");
    expect(() => decodeRecord(SEALS, 'S', ['1', text, SEALS.seal('R', text)])).toThrow("doesn't match");
  });

  it('fault W11: is read under a former key, and sealed with the current one', () => {
    const former = new Seals(onlyKey(Buffer.alloc(32, 8)), 'record');
    const both = new Seals({ current: AUDIT_KEY, previous: [Buffer.alloc(32, 8)] }, 'record');
    const request = stored();
    const text = encodeRecord(request);
    expect(decodeRecord(both, request.id, ['1', text, former.seal(request.id, text)]).request).toEqual(
      request,
    );
    expect(both.seal(request.id, text)).toBe(SEALS.seal(request.id, text));
    expect(() => decodeRecord(SEALS, request.id, ['1', text, former.seal(request.id, text)])).toThrow(
      "doesn't match its seal",
    );
  });
});

describe('broken records in Redis', () => {
  it('a broken one is an error where it is asked for; where many are, it is named in the log and the others are there', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const nowMs = await parts.store.nowMs();
    const broken = await openOne(parts.store, {}, nowMs - 2);
    const sound = await openOne(parts.store, {}, nowMs - 1);
    await parts.connection.client.hset(parts.keys.record(broken.id), 'schema', '7');
    await expect(parts.store.load(broken.id)).rejects.toThrow(broken.id);
    await expect(parts.store.openRequestFor(broken.groupId)).rejects.toThrow(broken.id);
    expect(await parts.store.listOpen()).toEqual([sound]);
    expect(await parts.store.listRecent(5)).toEqual([sound]);
    expect((await parts.store.takeAttention(60_000, 5)).map(({ request }) => request)).toEqual([sound]);
    expect(await parts.store.overview(5)).toEqual({
      open: [sound],
      recent: [sound],
      unreadable: [broken.id],
    });
    expect(parts.log.lines).toHaveLength(5);
    for (const line of parts.log.lines)
      expect(line).toMatchObject({ level: 'error', fields: { requestId: broken.id } });
  });

  it.each([
    ['damaged', (id: string) => ({ [id]: ['schema', '7'] as const })],
    ['forged', (id: string) => ({ [id]: ['seal', '00'] as const })],
  ])(
    'fault T2, relative: how a unit was closed is called unreadable when the record is %s',
    async (_, harm) => {
      const parts = await redisParts(inject('redisUrl'));
      const [opened, other] = [await openOne(parts.store), await openOne(parts.store)];
      const nowMs = await parts.store.nowMs();
      const request = await advance(parts.store, opened, ...closeCommands(opened, nowMs));
      const { client } = parts.connection;
      const through = (asked: LongId) => parts.store.closedThrough([longId('99'), asked]);
      expect(await through(request.groupId)).toEqual(new Map([[request.groupId, request]]));
      // An index that names another unit's record, or one that closed nothing, is not believed.
      for (const named of [request, other]) {
        await client.hset(parts.keys.closedThrough, other.groupId, named.id);
        expect(await through(other.groupId)).toEqual(new Map([[other.groupId, 'unreadable']]));
      }
      for (const [id, [field, value]] of Object.entries(harm(request.id)))
        await client.hset(parts.keys.record(id), field, value);
      expect(await through(request.groupId)).toEqual(new Map([[request.groupId, 'unreadable']]));
    },
  );

  it('a record that is gone under its unit is an error, never a free unit', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const request = await openOne(parts.store);
    await parts.connection.client.del(parts.keys.record(request.id));
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
        const [text = ''] = encodeNotices(NOTICE_SEALS, 'R', '7.', NOW_MS, [{ kind: 'thread', event }]);
        expect(decodeNotice(NOTICE_SEALS, 'R', text, isRequestNotice)).toEqual({
          id: '7.1',
          key: 'R/7.1',
          origin: 'change',
          createdAtMs: NOW_MS,
          notice: { kind: 'thread', event },
        });
      }),
    );
    const seal = (text: string) => NOTICE_SEALS.seal('R', text);
    const fax = `7.1 5 ${seal('7.1 5 {"kind":"fax"}')} {"kind":"fax"}`;
    const cut = `7.1 5 ${seal('7.1 5 {')} {`;
    const unsealed = ['7.1 5 {}', '7.1 x {"kind":"card"}', '7.1 5 {"kind":"fax"}'];
    for (const text of ['', '7.1', '7.1 5', ...unsealed, fax, cut]) {
      expect(whyUnreadable(NOTICE_SEALS, 'R', text)).toBe('it is not what this version writes');
    }
  });

  it('of notices are believed only under their seal, for their request, with their id and time', () => {
    const event = { type: 'withdrawn', by: person('U_ANN'), atMs: NOW_MS } as const;
    const notices = [{ kind: 'direct', to: person('U_BEN'), event }] as const;
    const [text = ''] = encodeNotices(NOTICE_SEALS, 'R', '7.', NOW_MS, notices);
    expect(decodeNotice(NOTICE_SEALS, 'R', text, isRequestNotice)).toMatchObject({ id: '7.1' });
    const forged = [
      text.replace('"U_BEN"', '"C_MANY"'),
      text.replace('7.1 ', '8.1 '),
      text.replace(String(NOW_MS), String(NOW_MS + 1)),
      text.replace('withdrawn', 'opened'),
    ];
    for (const each of forged)
      expect(whyUnreadable(NOTICE_SEALS, 'R', each)).toBe("it doesn't match its seal");
    expect(whyUnreadable(NOTICE_SEALS, 'S', text)).toBe("it doesn't match its seal");
    expect(whyUnreadable(SEALS, 'R', text)).toBe("it doesn't match its seal");
  });

  it('every state a close passes through is readable', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const request = await openOne(parts.store);
    const closed = await advance(parts.store, request, ...closeCommands(request, await parts.store.nowMs()));
    expect((await parts.store.load(request.id))?.request).toEqual(closed);
  });
});

function whyUnreadable(seals: Seals, requestId: string, text: string): string | null {
  const { notice } = decodeNotice(seals, requestId, text, isRequestNotice);
  return notice.kind === 'unreadable' ? notice.why : null;
}
