import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import {
  type AuditBody,
  type AuditEntry,
  AuditVerifier,
  sealEntry,
} from '../../../src/domain/close/audit-chain.ts';

const KEY = new Uint8Array(32).fill(7);

/** A trail as the store writes it: `requests` open one after the other, their entries interleaved. */
function trail(counts: readonly number[]): AuditEntry[] {
  const entries: AuditEntry[] = [];
  const last = new Map<string, string>();
  let opening = '';
  const longest = Math.max(0, ...counts);
  for (let sequence = 1; sequence <= longest; sequence += 1) {
    for (const [index, count] of counts.entries()) {
      if (sequence > count) continue;
      const requestId = `R${index}`;
      const body: AuditBody = {
        requestId,
        groupId: longId('7'),
        sequence,
        previousOpening: sequence === 1 ? opening : null,
        stateAfter: 'pending',
        version: 1,
        factsDigest: 'd',
        event: { type: 'expired', by: null, atMs: sequence },
      };
      const entry = sealEntry(body, last.get(requestId) ?? '', KEY);
      last.set(requestId, entry.seal);
      if (sequence === 1) opening = entry.seal;
      entries.push(entry);
    }
  }
  return entries;
}

function verify(entries: readonly AuditEntry[], key = KEY) {
  const verifier = new AuditVerifier({ current: key, previous: [] }, { whole: true });
  for (const entry of entries) verifier.read(entry);
  return verifier.result();
}

describe('approval case 38: the audit trail', () => {
  it('verifies as written, with a head that names its length', () => {
    expect(verify(trail([3, 2, 1]))).toMatchObject({ entries: 6, requests: 3, fault: null });
    expect(verify(trail([3])).head).not.toBe(verify(trail([2])).head);
  });

  const trails = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }).map(trail);

  it('names the first entry that was altered', () => {
    fc.assert(
      fc.property(trails, fc.nat(), (entries, pick) => {
        const at = pick % entries.length;
        const altered = entries.map((entry, index) =>
          index === at ? { ...entry, body: { ...entry.body, version: 99 } } : entry,
        );
        expect(verify(altered).fault).toMatchObject({
          position: at + 1,
          what: expect.stringContaining('altered'),
        });
      }),
    );
  });

  it('notices any removed entry but the last of its request, and any removed request that others followed', () => {
    fc.assert(
      fc.property(trails, fc.nat(), (entries, pick) => {
        const at = pick % entries.length;
        const gone = entries[at];
        const followed = entries.slice(at + 1).some((entry) => entry.body.requestId === gone?.body.requestId);
        fc.pre(followed);
        expect(verify(entries.toSpliced(at, 1)).fault).not.toBeNull();
      }),
    );
    const withoutFirstRequest = trail([2, 2]).filter((entry) => entry.body.requestId !== 'R0');
    expect(verify(withoutFirstRequest).fault?.what).toContain('missing');
  });

  it('names reordered entries', () => {
    fc.assert(
      fc.property(trails, fc.nat(), (entries, pick) => {
        const at = pick % entries.length;
        const [first, second] = [entries[at], entries[at + 1]];
        fc.pre(first !== undefined && second !== undefined && first.body.requestId === second.body.requestId);
        if (first && second)
          expect(verify(entries.toSpliced(at, 2, second, first)).fault).toMatchObject({ position: at + 1 });
      }),
    );
  });

  it('notices a cut-off end through the records', () => {
    const entries = trail([3]);
    const newest = new Map([['R0', { sequence: 3, seal: entries[2]?.seal ?? '' }]]);
    const verifier = new AuditVerifier({ current: KEY, previous: [] }, { whole: true, newest });
    for (const entry of entries.slice(0, 2)) verifier.read(entry);
    expect(verifier.result().fault?.what).toContain('names entry 3');
  });

  it('takes entries written while it reads for what they are', () => {
    const entries = trail([5]);
    const newest = new Map([['R0', { sequence: 3, seal: entries[2]?.seal ?? '' }]]);
    const verifier = new AuditVerifier({ current: KEY, previous: [] }, { whole: true, newest });
    for (const entry of entries) verifier.read(entry);
    expect(verifier.result().fault).toBeNull();
  });

  it('fails as a whole under another key', () => {
    expect(verify(trail([2]), new Uint8Array(32).fill(8)).fault).toMatchObject({ position: 1 });
  });
});
