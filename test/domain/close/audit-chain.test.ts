import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import {
  type AuditBody,
  type AuditEntry,
  type AuditKeys,
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

  describe('fault W11: after a key change', () => {
    const OLD = new Uint8Array(32).fill(5);
    const BOTH = { current: KEY, previous: [OLD] };
    const [first, second, third] = trail([3]);
    if (first === undefined || second === undefined || third === undefined) throw new Error('too short');
    const oldFirst = sealEntry(first.body, '', OLD);
    const oldSecond = sealEntry(second.body, oldFirst.seal, OLD);
    const newThird = sealEntry(third.body, oldSecond.seal, KEY);
    const faultOf = (keys: AuditKeys, ...entries: AuditEntry[]) => {
      const verifier = new AuditVerifier(keys, { whole: true });
      for (const entry of entries) verifier.read(entry);
      return verifier.result().fault;
    };

    it('fault W11: entries from before verify under the former key, those after it under the current one', () => {
      expect(faultOf(BOTH, oldFirst, oldSecond, newThird)).toBeNull();
      expect(faultOf({ current: KEY, previous: [] }, oldFirst)).toMatchObject({ position: 1 });
      expect(faultOf({ current: OLD, previous: [] }, oldFirst, oldSecond, newThird)).toMatchObject({
        position: 3,
      });
    });

    it('fault W11, relative: a former key seals nothing after the current one has, in the same request', () => {
      const newSecond = sealEntry(second.body, oldFirst.seal, KEY);
      const lateOld = sealEntry(third.body, newSecond.seal, OLD);
      expect(faultOf(BOTH, oldFirst, newSecond, lateOld)).toMatchObject({
        position: 3,
        what: expect.stringContaining('older key'),
      });
    });

    it('fault W11, relative: of several former keys each verifies its own part', () => {
      const oldest = new Uint8Array(32).fill(4);
      const oldestFirst = sealEntry(first.body, '', oldest);
      const middle = sealEntry(second.body, oldestFirst.seal, OLD);
      const newest = sealEntry(third.body, middle.seal, KEY);
      expect(faultOf({ current: KEY, previous: [OLD, oldest] }, oldestFirst, middle, newest)).toBeNull();
      expect(faultOf({ current: KEY, previous: [oldest, OLD] }, oldestFirst, middle)).not.toBeNull();
    });
  });

  it('fails as a whole under another key', () => {
    expect(verify(trail([2]), new Uint8Array(32).fill(8)).fault).toMatchObject({ position: 1 });
  });
});
