/** Verifying and exporting trails of any length within bounds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/domain/close/audit-chain.ts';
import { createAccess } from '../../src/usecases/access.ts';
import {
  createAuditVerbs,
  createCheckAudit,
  LARGEST_SLACK_EXPORT_BYTES,
} from '../../src/usecases/check-audit.ts';
import type { AuditLog } from '../../src/usecases/ports.ts';
import { all } from '../contracts/audit-trail.ts';
import { advance, CARD, openOne, person } from '../contracts/requests.ts';
import { MemoryCloseRequestStore } from '../fakes/memory-close-request-store.ts';
import { FakeDirectory } from '../fakes/people.ts';
import { ALICE, policy } from '../support/close-requests.ts';

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

describe('a trail of more requests than are judged at once', () => {
  it('is read once for each share of them, with the same verdict and head', async () => {
    const { store, entries } = await longTrail();
    const audit = logOf(entries);
    const verdict = await createCheckAudit({ audit, store, key: KEY, requestsAPass: 15 }).verify(null);
    expect(audit.readings).toBe(3);
    expect(verdict).toMatchObject({ entries: entries.length, requests: REQUESTS, fault: null });
    const once = logOf(entries);
    expect(await createCheckAudit({ audit: once, store, key: KEY }).verify(null)).toEqual(verdict);
    expect(once.readings).toBe(1);
  });

  it('names the same fault, whatever was done to it', async () => {
    const { store, entries } = await longTrail();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(TAMPERS)),
        fc.nat({ max: entries.length - 1 }),
        fc.integer({ min: 1, max: REQUESTS }),
        async (tamper, at, requestsAPass) => {
          const audit = logOf(TAMPERS[tamper]?.(entries, at) ?? []);
          const [whole, inShares] = await Promise.all([
            createCheckAudit({ audit, store, key: KEY }).verify(null),
            createCheckAudit({ audit, store, key: KEY, requestsAPass }).verify(null),
          ]);
          expect(whole.fault === null).toBe(tamper === 'nothing');
          expect([inShares.entries, inShares.head]).toEqual([whole.entries, whole.head]);
          // Of several requests that lost their end any one may be named.
          if (whole.fault?.what.startsWith('the record names') === true)
            expect(inShares.fault?.what).toMatch(/^the record names/);
          else expect(inShares.fault).toEqual(whole.fault);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('an export to Slack', () => {
  const roles = { requesters: [], approvers: [ALICE.userId], viewers: [] };
  const access = createAccess(new FakeDirectory(ALICE), roles, policy());
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
      checkAudit: createCheckAudit({ audit: endless, store, key: KEY }),
    });
    expect(await verbs.exportAudit(ALICE, null)).toEqual({
      ok: false,
      refusal: { code: 'audit-too-large', limitBytes: LARGEST_SLACK_EXPORT_BYTES },
    });
    expect(given).toBeLessThan(LARGEST_SLACK_EXPORT_BYTES + 10_000);
  });

  it('gives what is within it, whole', async () => {
    const { entries } = await longTrail();
    const checkAudit = createCheckAudit({ audit: logOf(entries), store, key: KEY });
    const answer = await createAuditVerbs({ access, checkAudit }).exportAudit(ALICE, null);
    if (!answer.ok) throw new Error(answer.refusal.code);
    const lines = answer.value.jsonLines.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(entries);
  });
});
