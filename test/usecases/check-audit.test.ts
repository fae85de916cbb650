/** Verifying, comparing and exporting a trail; what an attacker does to it in Redis is in test/redis. */
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditEntry, isVerified, parseKeptHead, sealEntry } from '../../src/domain/audit-chain.ts';
import { createAccess } from '../../src/usecases/access.ts';
import {
  compareWithExport,
  createAuditVerbs,
  LARGEST_SLACK_EXPORT_BYTES,
} from '../../src/usecases/export-audit.ts';
import { type AuditLog, UnreadableAuditEntry } from '../../src/usecases/ports.ts';
import { all, checkOf, onlyKey } from '../contracts/audit-trail.ts';
import { advance, CARD, openOne, person } from '../contracts/requests.ts';
import { MemoryCloseRequestStore } from '../fakes/memory-close-request-store.ts';
import { FakeDirectory } from '../fakes/people.ts';
import { ALICE, settingsOnly } from '../support/close-requests.ts';

const KEY = Buffer.alloc(32, 7);
const REQUESTS = 40;

/** Forty requests of one to three entries each, side by side. */
async function longTrail() {
  let nowMs = Date.UTC(2026, 10, 21, 9);
  const store = new MemoryCloseRequestStore({ now: () => nowMs++, auditKey: KEY });
  const open = [];
  for (let count = 0; count < REQUESTS; count += 1) open.push(await openOne(store));
  for (const [index, request] of open.entries()) {
    if (index % 3 === 0) continue;
    const posted = await advance(store, request, CARD);
    if (index % 3 === 2) await advance(store, posted, { type: 'withdraw', by: person('U_ANN') });
  }
  return { store, entries: await all(store.audit) };
}

/** A trail as given, and how often it was read. */
function logOf(entries: readonly AuditEntry[]): AuditLog & { readings: number } {
  return {
    readings: 0,
    async *entries(requestId) {
      this.readings += 1;
      for (const entry of entries)
        if (requestId === undefined || entry.body.requestId === requestId) yield entry;
    },
  };
}

function checkWith(store: MemoryCloseRequestStore, audit: AuditLog = store.audit) {
  const { watch, ruleBook } = store;
  return checkOf({ audit, store, watch, ruleBook, auditKey: KEY });
}

type Tamper = (entries: readonly AuditEntry[], at: number) => AuditEntry[];

const TAMPERS: Readonly<Record<string, Tamper>> = {
  nothing: (entries) => [...entries],
  altered: (entries, at) =>
    entries.map((entry, index) =>
      index === at ? { ...entry, body: { ...entry.body, version: 99 } } : entry,
    ),
  removed: (entries, at) => entries.filter((_, index) => index !== at),
  repeated: (entries, at) => entries.flatMap((entry, index) => (index === at ? [entry, entry] : [entry])),
  'request removed': (entries, at) =>
    entries.filter(({ body }) => body.requestId !== entries[at]?.body.requestId),
  'cut off': (entries, at) => entries.slice(0, at),
};

describe('verifying', () => {
  it('reads the trail once', async () => {
    const { store, entries } = await longTrail();
    const audit = logOf(entries);
    const verdict = await checkWith(store, audit).verify();
    expect(verdict).toMatchObject({ entries: entries.length, requests: REQUESTS, fault: null, kept: null });
    expect(audit.readings).toBe(1);
  });

  it('names a fault, whatever was done to the trail', async () => {
    const { store, entries } = await longTrail();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(TAMPERS)),
        fc.nat({ max: entries.length - 1 }),
        async (tamper, at) => {
          const audit = logOf(TAMPERS[tamper]?.(entries, at) ?? []);
          const { fault } = await checkWith(store, audit).verify();
          expect(fault === null).toBe(tamper === 'nothing');
        },
      ),
      { numRuns: 200 },
    );
  });

  it('takes what is written while it reads for what it is', async () => {
    const { store } = await longTrail();
    const one = await openOne(store);
    const opened: string[] = [];
    const audit: AuditLog = {
      async *entries(requestId) {
        yield* store.audit.entries(requestId);
        if (opened.length > 0) return;
        opened.push((await openOne(store)).id);
        await advance(store, one, CARD);
      },
    };
    const { fault } = await checkWith(store, audit).verify();
    expect(fault).toBeNull();
    expect(opened).toHaveLength(1);
  });

  it('does not say "verified" of a record that keeps changing', async () => {
    const { store } = await longTrail();
    let request = await openOne(store);
    const audit: AuditLog = {
      async *entries(requestId) {
        yield* store.audit.entries(requestId);
        request = await advance(store, request, {
          type: 'record-card',
          card: { channelId: 'C', messageTs: String(request.revision) },
        });
      },
    };
    const check = checkWith(store, audit);
    expect((await check.verifySubject(request.id))?.fault?.what).toContain('kept changing');
  });
});

describe('a head that was kept', () => {
  const keep = async (entries: readonly AuditEntry[], store: MemoryCloseRequestStore, count: number) => {
    const audit = logOf(entries.slice(0, count));
    // The head is the trail's alone: what the records say is another question.
    const { head } = await checkWith(store, audit).verify();
    return { head, entries: count };
  };

  it('compares a kept head at every position of the trail', async () => {
    const { store, entries } = await longTrail();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(TAMPERS)),
        fc.nat({ max: entries.length - 1 }),
        fc.integer({ min: 1, max: entries.length }),
        async (tamper, at, count) => {
          const kept = await keep(entries, store, count);
          const now = TAMPERS[tamper]?.(entries, at) ?? [];
          const check = checkWith(store, logOf(now));
          const found = (await check.verify(kept)).kept;
          const same = entries.slice(0, count).every((entry, index) => entry.seal === now[index]?.seal);
          if (same) expect(found).toEqual({ kind: 'same', entries: count, since: now.length - count });
          else if (now.length < count)
            expect(found).toEqual({ kind: 'fewer', entries: count, missing: count - now.length });
          else expect(found).toEqual({ kind: 'different', entries: count });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('says so when it could not be compared', async () => {
    const { store, entries } = await longTrail();
    const audit: AuditLog = {
      async *entries() {
        yield* entries.slice(0, 5);
        throw new UnreadableAuditEntry(6, 'R', 'its text is not as it was written');
      },
    };
    const check = checkWith(store, audit);
    const verdict = await check.verify({ head: 'ab'.repeat(32), entries: 6 });
    expect(verdict).toMatchObject({
      entries: 5,
      fault: { position: 6, subjectId: 'R' },
      kept: { kind: 'not-reached', entries: 6 },
    });
    expect(isVerified(verdict)).toBe(false);
    const reached = await check.verify(await keep(entries, store, 5));
    expect(reached.kept).toEqual({ kind: 'same', entries: 5, since: 0 });
    expect(isVerified(reached)).toBe(false);
  });

  it.each([
    ['12', 'AB'.repeat(32), { entries: 12, head: 'ab'.repeat(32) }],
    ['0', 'ab'.repeat(32), null],
    ['01', 'ab'.repeat(32), null],
    ['-1', 'ab'.repeat(32), null],
    ['1e3', 'ab'.repeat(32), null],
    ['12', 'ab'.repeat(31), null],
    ['12', 'xy'.repeat(32), null],
    ['', '', null],
  ])('is read from %j and %j', (entries, head, expected) => {
    expect(parseKeptHead(entries, head)).toEqual(expected);
  });
});

describe('an earlier export', () => {
  async function compared(lines: readonly string[], now: readonly AuditEntry[]) {
    const exported = (async function* () {
      yield* lines;
    })();
    return Array.fromAsync(compareWithExport(exported, logOf(now), onlyKey(KEY)));
  }

  it('says nothing about a trail that only grew', async () => {
    const { entries } = await longTrail();
    const lines = entries.map((entry) => JSON.stringify(entry));
    expect(await compared(lines, entries)).toEqual([]);
    expect(await compared(lines.slice(0, 20), entries)).toEqual([]);
    const { requestId } = entries[5]?.body ?? {};
    const ofOne = lines.filter((line) => line.includes(`"requestId":"${requestId}"`));
    expect(await compared(ofOne, entries)).toEqual([]);
  });

  it('names each entry that is missing, replaced or reordered', async () => {
    const { entries } = await longTrail();
    const lines = entries.map((entry) => JSON.stringify(entry));
    const [third, fifth] = [entries[2], entries[4]];
    if (third === undefined || fifth === undefined) throw new Error('too short');
    const forged = sealEntry({ ...fifth.body, version: 99 }, fifth.previousSeal, KEY);
    const now = entries.with(4, forged).toSpliced(2, 1);
    expect(await compared(lines, now)).toEqual([
      { line: 3, what: `entry 1 of request ${third.body.requestId} (opened) is missing from the trail` },
      {
        line: 5,
        what: `entry 1 of request ${fifth.body.requestId} (opened) was replaced by another entry`,
      },
    ]);
    const moved = entries.toSpliced(0, 1).concat(entries.slice(0, 1));
    expect((await compared(lines, moved)).map(({ line }) => line)).toEqual(
      Array.from({ length: entries.length - 1 }, (_, index) => index + 2),
    );
  });

  it('does not believe a line that does not fit its own seal, or is none', async () => {
    const { entries } = await longTrail();
    const altered = { ...entries[0], body: { ...entries[0]?.body, version: 7 } };
    const lines = [JSON.stringify(altered), '', 'x', 'null', '{"seal":1}'];
    expect((await compared(lines, entries)).map(({ what }) => what)).toEqual([
      expect.stringContaining('the export was altered'),
      ...Array.from({ length: 4 }, () => 'this line is not an audit entry'),
    ]);
  });
});

it('docs/audit.md: an export can be checked with nothing but what that page says', async () => {
  const { store, entries } = await longTrail();
  const hmac = (text: string) => createHmac('sha256', KEY).update(text).digest('hex');
  let head = '';
  let opening = '';
  const last = new Map<string, { sequence: number; seal: string }>();
  for (const line of entries.map((entry) => JSON.stringify(entry))) {
    const json = /^\{"body":(.*),"previousSeal":"[0-9a-f]*","seal":"[0-9a-f]{64}"\}$/.exec(line)?.[1];
    const { body, previousSeal, seal } = JSON.parse(line);
    const before = last.get(body.requestId) ?? { sequence: 0, seal: '' };
    expect(seal).toBe(hmac(`${previousSeal}\n${json}`));
    expect([body.sequence, previousSeal]).toEqual([before.sequence + 1, before.seal]);
    expect(body.previousOpening).toBe(body.sequence === 1 ? opening : null);
    if (body.sequence === 1) opening = seal;
    last.set(body.requestId, { sequence: body.sequence, seal });
    head = createHash('sha256').update(`${head}${seal}`).digest('hex');
  }
  const check = checkWith(store);
  expect((await check.verify()).head).toBe(head);
});

describe('an export to Slack', () => {
  const roles = { requesters: [], approvers: [ALICE.userId], viewers: [] };
  const access = createAccess(new FakeDirectory(ALICE), roles, settingsOnly());
  const store = new MemoryCloseRequestStore({ now: () => 0, auditKey: KEY });

  it('stops reading at the limit, and says so instead of sending a part', async () => {
    const { entries } = await longTrail();
    const [entry] = entries;
    if (entry === undefined) throw new Error('no entry');
    let given = 0;
    const endless: AuditLog = {
      async *entries() {
        for (;;) {
          given += JSON.stringify(entry).length + 1;
          yield entry;
        }
      },
    };
    const verbs = createAuditVerbs({
      access,
      checkAudit: checkWith(store, endless),
    });
    expect(await verbs.exportAudit(ALICE, null)).toEqual({
      ok: false,
      refusal: { code: 'audit-too-large', limitBytes: LARGEST_SLACK_EXPORT_BYTES },
    });
    expect(given).toBeLessThan(LARGEST_SLACK_EXPORT_BYTES + 10_000);
  });

  it('gives what is within it, whole', async () => {
    const { entries } = await longTrail();
    const checkAudit = checkWith(store, logOf(entries));
    const answer = await createAuditVerbs({ access, checkAudit }).exportAudit(ALICE, null);
    if (!answer.ok) throw new Error(answer.refusal.code);
    const lines = answer.value.jsonLines.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(entries);
  });

  it('fault T1, relative: of a request that never existed is a refusal, not an empty file', async () => {
    const { store: full } = await longTrail();
    const checkAudit = checkWith(full);
    expect(await createAuditVerbs({ access, checkAudit }).exportAudit(ALICE, '0000000000')).toEqual({
      ok: false,
      refusal: { code: 'request-not-found', requestId: '0000000000' },
    });
  });

  it.each(['watch', 'rules'])(
    'of the %s before its first entry is a refusal that says so',
    async (subjectId) => {
      const { store: full } = await longTrail();
      const verbs = createAuditVerbs({ access, checkAudit: checkWith(full) });
      expect(await verbs.exportAudit(ALICE, subjectId)).toEqual({
        ok: false,
        refusal: { code: 'no-entries', subjectId },
      });
      expect(await verbs.verifyAudit(ALICE, subjectId, null)).toMatchObject({
        ok: true,
        value: { entries: 0, fault: null },
      });
    },
  );
});
