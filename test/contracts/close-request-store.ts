/** What every store of close requests, with its outbox and its audit, must do: run on Redis and on the fakes. */
import { describe, expect, it } from 'vitest';
import { type AuditEntry, AuditVerifier, subjectOf } from '../../src/domain/audit-chain.ts';
import { LOOKED_AT_EVERY_MS } from '../../src/domain/close/attention.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { all, onlyKey, verdictOf } from './audit-trail.ts';
import { drain, outboxContract } from './outbox.ts';
import {
  advance,
  CARD,
  changeBy,
  closeCommands,
  HOUR_MS,
  markAt,
  mustSave,
  newRequest,
  newUnit,
  opening,
  openOne,
  person,
  type StoreUnderTest,
  touch,
} from './requests.ts';

/** Long enough never to run out in a test. */
const LEASE_MS = 60_000;
const SHORT_LEASE_MS = 40;

export function closeRequestStoreContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name}: close requests`, () => {
    opens(create);
    saves(create);
    lists(create);
  });
  describe(`${name}: attention`, () => watches(create));
  describe(`${name}: outbox`, () => outboxContract(create));
  describe(`${name}: audit`, () => records(create));
}

type Create = () => Promise<StoreUnderTest>;

function opens(create: Create): void {
  it('opens a request at revision 1 with its first audit entry', async () => {
    const { store } = await create();
    const asked = newRequest(await store.nowMs());
    const { kind, request } = await store.open(opening(asked));
    expect(kind).toBe('opened');
    expect(request).toEqual({
      ...asked,
      revision: 1,
      audit: { sequence: 1, seal: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect((await store.load(request.id))?.request).toEqual(request);
    expect(await store.openRequestFor(request.groupId)).toEqual(request);
  });

  it('answers the open request of a unit instead of opening a second one, also while it is unknown', async () => {
    const { store } = await create();
    let request = await openOne(store);
    const again = () => store.open(opening(newRequest(request.createdAtMs, { groupId: request.groupId })));
    expect(await again()).toMatchObject({ kind: 'exists', request });
    const nowMs = await store.nowMs();
    request = await advance(store, request, ...closeCommands(request, nowMs).slice(0, 5), {
      type: 'record-answer',
      mark: markAt(nowMs),
      answer: {
        kind: 'unknown',
        httpStatus: null,
        exchangeCode: null,
        meaning: 'no answer',
        advice: '',
        atMs: nowMs,
      },
    });
    expect(request.state).toBe('unknown');
    expect(await again()).toMatchObject({ kind: 'exists', request });
  });

  it('gives the unit free when the request has ended', async () => {
    const { store } = await create();
    const request = await openOne(store);
    const ended = await advance(store, request, { type: 'withdraw', by: person('U_ANN') });
    expect(ended.state).toBe('withdrawn');
    expect(await store.openRequestFor(request.groupId)).toBeNull();
    const second = await openOne(store, { groupId: request.groupId });
    expect(await store.openRequestFor(request.groupId)).toEqual(second);
    expect((await store.load(request.id))?.request).toEqual(ended);
  });

  it('refuses an id that was used before', async () => {
    const { store } = await create();
    const request = await openOne(store);
    await advance(store, request, { type: 'withdraw', by: person('U_ANN') });
    await expect(openOne(store, { id: request.id })).rejects.toThrow(request.id);
  });

  it('opens one of ten requests asked for one unit at the same moment', async () => {
    const { store } = await create();
    const groupId = newUnit();
    const nowMs = await store.nowMs();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => store.open(opening(newRequest(nowMs, { groupId })))),
    );
    expect(answers.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
    expect(new Set(answers.map(({ request }) => request.id)).size).toBe(1);
  });

  it('opens ten requests for ten units at the same moment, in one chain', async () => {
    const { store, audit, auditKey } = await create();
    const nowMs = await store.nowMs();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => store.open(opening(newRequest(nowMs)))),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(Array(10).fill('opened'));
    expect(await verdictOf(audit, auditKey)).toMatchObject({ entries: 10, requests: 10, fault: null });
  });
}

function saves(create: Create): void {
  it('knows nothing of an id that was never stored', async () => {
    const { store } = await create();
    expect(await store.load('nobody')).toBeNull();
    expect(await store.openRequestFor(newUnit())).toBeNull();
  });

  it('stores each change with the next revision, to the end of a close', async () => {
    const { store } = await create();
    let request = await openOne(store);
    const nowMs = await store.nowMs();
    for (const [index, command] of closeCommands(request, nowMs).entries()) {
      request = await mustSave(store, changeBy(request, command, nowMs));
      expect(request.revision).toBe(index + 2);
      expect(request.audit.sequence).toBe(index + 2);
      expect((await store.load(request.id))?.request).toEqual(request);
    }
    expect(request.state).toBe('closed');
    expect(await store.openRequestFor(request.groupId)).toBeNull();
    expect(await store.closedThrough([newUnit(), request.groupId])).toEqual(
      new Map([[request.groupId, request]]),
    );
  });

  it('answers conflict when the record has moved on, and changes nothing', async () => {
    const { store, outbox, audit } = await create();
    const request = await openOne(store);
    const nowMs = await store.nowMs();
    const newer = await mustSave(store, changeBy(request, CARD, nowMs));
    const late = await store.save(changeBy(request, { type: 'withdraw', by: person('U_ANN') }, nowMs));
    expect(late).toEqual({ kind: 'conflict' });
    expect((await store.load(request.id))?.request).toEqual(newer);
    expect(await store.openRequestFor(request.groupId)).toEqual(newer);
    expect(await drain(outbox)).toHaveLength(1);
    expect(await all(audit)).toHaveLength(2);
  });

  it('answers conflict when an equal revision belongs to another history', async () => {
    const { store } = await create();
    const request = await openOne(store);
    const foreign: CloseRequest = { ...request, audit: { ...request.audit, seal: 'f'.repeat(64) } };
    expect(await store.save(touch(foreign, await store.nowMs()))).toEqual({ kind: 'conflict' });
  });

  it('answers conflict for a record that is gone', async () => {
    const { store } = await create();
    const never = newRequest(await store.nowMs(), {
      revision: 3,
      audit: { sequence: 3, seal: 'a'.repeat(64) },
    });
    expect(await store.save(touch(never, await store.nowMs()))).toEqual({ kind: 'conflict' });
  });

  it('holds deadlines by its own clock: before it stored, at it and after it refused', async () => {
    const { store, audit } = await create();
    const request = await openOne(store);
    const nowMs = await store.nowMs();
    for (const notAfterMs of [nowMs, nowMs - 1]) {
      expect(await store.save(touch(request, nowMs, { notAfterMs }))).toEqual({ kind: 'too-late' });
    }
    expect(await all(audit)).toHaveLength(1);
    const saved = await store.save(touch(request, nowMs, { notAfterMs: nowMs + HOUR_MS }));
    expect(saved.kind).toBe('saved');
  });

  it('brings every text back as it was given: 4,000 characters, emoji, right-to-left, line ends, quotes', async () => {
    const { store, audit, auditKey } = await create();
    const odd = `👩‍👩‍👧‍👦 שלום مرحبا "\\ \u2028\u0000 <@U1> &amp; \r\n\t é e\u0301 \u202e ${'\ud800'} 𝕊`;
    const reason = odd.repeat(Math.ceil(4_000 / odd.length)).slice(0, 4_000);
    const request = await openOne(store, { reason });
    const pending = await advance(store, request, CARD);
    const rejected = await mustSave(
      store,
      changeBy(
        pending,
        {
          type: 'reject',
          pairs: [],
          by: person('U_BEN'),
          version: 1,
          reason: `no: ${reason} !`,
          eligible: new Set(['U_BEN']),
        },
        await store.nowMs(),
      ),
    );
    expect((await store.load(request.id))?.request).toEqual(rejected);
    expect(rejected.reason).toBe(reason);
    const entries = await all(audit);
    expect(entries.at(-1)?.body.event).toMatchObject({ type: 'rejected', reason: `no: ${reason} !` });
    expect(await verdictOf(audit, auditKey)).toMatchObject({ entries: 3, fault: null });
  });

  it('hands out copies: what a caller does to them stays with the caller', async () => {
    const { store } = await create();
    const request = await openOne(store);
    const loaded = await store.load(request.id);
    Object.assign(loaded?.request.facts ?? {}, { creditAccount: 'someone else' });
    expect((await store.load(request.id))?.request).toEqual(request);
  });
}

function lists(create: Create): void {
  it('lists open requests oldest first and all requests newest first, page by page', async () => {
    const { store } = await create();
    const nowMs = await store.nowMs();
    const requests: CloseRequest[] = [];
    for (const age of [5, 3, 4, 1, 2]) {
      requests.push(await openOne(store, { createdAtMs: nowMs - age * 1_000, expiresAtMs: nowMs + HOUR_MS }));
    }
    const [five, three, four, one, two] = requests.map(({ id }) => id);
    expect(ids(await store.listOpen())).toEqual([five, four, three, two, one]);
    expect(ids(await store.listRecent(2))).toEqual([one, two]);
    expect(ids(await store.listRecent(2, nowMs - 2_000))).toEqual([three, four]);
    expect(ids(await store.listRecent(9, nowMs - 4_000))).toEqual([five]);
    expect(ids(await store.listRecent(9, nowMs - 5_000))).toEqual([]);

    const fourth = requests[2];
    if (fourth === undefined) throw new Error('there are five');
    await advance(store, fourth, { type: 'withdraw', by: person('U_ANN') });
    expect(ids(await store.listOpen())).toEqual([five, three, two, one]);
    expect(ids(await store.listRecent(9))).toEqual([one, two, three, four, five]);
  });

  it('names the request a unit was closed through, for many units at once', async () => {
    const { store } = await create();
    const closed = await openOne(store);
    await advance(store, closed, ...closeCommands(closed, await store.nowMs()));
    const withdrawn = await openOne(store);
    await advance(store, withdrawn, { type: 'withdraw', by: person('U_ANN') });
    const many = [withdrawn.groupId, ...Array.from({ length: 1_200 }, newUnit), closed.groupId];
    expect([...(await store.closedThrough(many)).keys()]).toEqual([closed.groupId]);
    expect(await store.closedThrough([])).toEqual(new Map());
  });
}

function watches(create: Create): void {
  it('leases what is due to one caller, the longest due first, with the clock of the taking', async () => {
    const { store } = await create();
    const nowMs = await store.nowMs();
    const first = await openOne(store, {}, nowMs - 2_000);
    const second = await openOne(store, {}, nowMs - 1_000);
    await openOne(store, {}, nowMs + LOOKED_AT_EVERY_MS);
    await openOne(store, {}, null);
    const taken = await store.takeAttention(LEASE_MS, 1);
    expect(taken.map(({ request }) => request)).toEqual([first]);
    expect(taken[0]?.nowMs).toBeGreaterThanOrEqual(nowMs);
    expect((await store.takeAttention(LEASE_MS, 10)).map(({ request }) => request)).toEqual([second]);
    expect(await store.takeAttention(LEASE_MS, 10)).toEqual([]);
  });

  it('gives it out again when a lease has run out', async () => {
    const { store, passTime } = await create();
    const request = await openOne(store, {}, await store.nowMs());
    expect(await store.takeAttention(SHORT_LEASE_MS, 1)).toHaveLength(1);
    expect(await store.takeAttention(SHORT_LEASE_MS, 1)).toEqual([]);
    await passTime(SHORT_LEASE_MS);
    expect((await store.takeAttention(LEASE_MS, 1)).map(({ request: { id } }) => id)).toEqual([request.id]);
  });

  it('sets the next time with a change, and stops watching what has ended', async () => {
    const { store } = await create();
    const nowMs = await store.nowMs();
    const request = await openOne(store, {}, nowMs + LOOKED_AT_EVERY_MS);
    const touched = await mustSave(store, touch(request, nowMs, { attentionAtMs: nowMs - 1 }));
    expect(await store.takeAttention(LEASE_MS, 1)).toMatchObject([{ request: touched }]);
    const due = await mustSave(store, touch(touched, nowMs, { attentionAtMs: nowMs - 1 }));
    await advance(store, due, { type: 'withdraw', by: person('U_ANN') });
    expect(await store.takeAttention(LEASE_MS, 1)).toEqual([]);
  });

  it('postpones what is watched and unchanged, nothing else', async () => {
    const { store } = await create();
    const nowMs = await store.nowMs();
    const request = await openOne(store, {}, nowMs - 1);
    await store.postponeAttention(request.id, request.revision, nowMs + LOOKED_AT_EVERY_MS);
    expect(await store.takeAttention(LEASE_MS, 1)).toEqual([]);
    await store.postponeAttention(request.id, request.revision, nowMs - 1);
    await store.postponeAttention(request.id, request.revision + 1, nowMs + LOOKED_AT_EVERY_MS);
    expect(await store.takeAttention(LEASE_MS, 1)).toHaveLength(1);
    const ended = await advance(store, request, { type: 'withdraw', by: person('U_ANN') });
    await store.postponeAttention(request.id, ended.revision, nowMs - 1);
    await store.postponeAttention('nobody', 1, nowMs - 1);
    expect(await store.takeAttention(LEASE_MS, 10)).toEqual([]);
  });
}

function records(create: Create): void {
  it('keeps every entry in order, of all requests or of one, and both verify', async () => {
    const { store, audit, auditKey } = await create();
    const a = await openOne(store);
    const b = await openOne(store);
    const aCard = await advance(store, a, CARD);
    const bCard = await advance(store, b, CARD);
    const aEnd = await advance(store, aCard, { type: 'withdraw', by: person('U_ANN') });
    const newest = new Map([aEnd, bCard].map((request) => [request.id, request.audit]));
    expect((await all(audit)).map(({ body }) => [body.requestId, body.sequence, body.event.type])).toEqual([
      [a.id, 1, 'opened'],
      [b.id, 1, 'opened'],
      [a.id, 2, 'card-posted'],
      [b.id, 2, 'card-posted'],
      [a.id, 3, 'withdrawn'],
    ]);
    expect(await verdictOf(audit, auditKey, newest)).toMatchObject({ entries: 5, requests: 2, fault: null });
    expect(ofRequests(await all(audit, b.id))).toEqual([b.id, b.id]);
    const one = new AuditVerifier(onlyKey(auditKey), {
      whole: false,
      newest: new Map([[b.id, bCard.audit]]),
    });
    for await (const entry of audit.entries(b.id)) one.read(entry);
    expect(one.result().fault).toBeNull();
    expect(await all(audit, 'nobody')).toEqual([]);
  });
}

function ids(requests: readonly CloseRequest[]): string[] {
  return requests.map(({ id }) => id);
}

function ofRequests(entries: readonly AuditEntry[]): string[] {
  return entries.map(({ body }) => subjectOf(body));
}
