import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longId } from '../../src/domain/amount.ts';
import {
  type AuditBody,
  type AuditEntry,
  type AuditKeys,
  type AuditVerdict,
  AuditVerifier,
  isVerified,
  parseKeptHead,
  sealEntry,
  sealFits,
} from '../../src/domain/audit-chain.ts';
import type { RequestBody } from '../../src/domain/close/request-entry.ts';

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
      const body: RequestBody = {
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
    expect(verifier.result().fault?.what).toContain('newest entry is 3');
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

const OLD = new Uint8Array(32).fill(5);
const OTHER = new Uint8Array(32).fill(9);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function at(entries: readonly AuditEntry[], index: number): AuditEntry {
  const entry = entries.at(index);
  if (entry === undefined) throw new Error('no such entry');
  return entry;
}

/** Sealed under the right key, with something else in it. */
const forged = ({ body, previousSeal }: AuditEntry, changes: Partial<AuditBody>, seal = previousSeal) =>
  sealEntry({ ...body, ...changes }, seal, KEY);

/** As docs/audit.md has it, for people who write their own verifier. */
describe('the algorithm of the trail', () => {
  const entries = trail([2, 1]);

  it('seals with HMAC-SHA-256 over the seal before, a line feed and the body as JSON', () => {
    const { body } = at(entries, 0);
    const sealed = sealEntry(body, 'before', KEY);
    const seal = createHmac('sha256', KEY)
      .update(`before\n${JSON.stringify(body)}`)
      .digest('hex');
    expect(sealed).toEqual({ body, previousSeal: 'before', seal });
  });

  it('rolls the head over all seals with SHA-256, from nothing on', () => {
    expect(verify([])).toEqual({ entries: 0, requests: 0, episodes: 0, head: '', fault: null, kept: null });
    const head = entries.reduce((before, { seal }) => sha256(before + seal), '');
    expect(verify(entries)).toEqual({ entries: 3, requests: 2, episodes: 0, head, fault: null, kept: null });
  });

  it('a seal fits under the current key and under each former one, and under no other', () => {
    const entry = at(trail([1]), 0);
    expect(sealFits(entry, { current: KEY, previous: [] })).toBe(true);
    expect(sealFits(entry, { current: OLD, previous: [OTHER, KEY] })).toBe(true);
    expect(sealFits(entry, { current: OLD, previous: [OTHER] })).toBe(false);
    expect(sealFits({ ...entry, seal: entry.seal.slice(1) }, { current: KEY, previous: [] })).toBe(false);
    expect(sealFits({ ...entry, previousSeal: 'x' }, { current: KEY, previous: [] })).toBe(false);
  });
});

describe('what a fault of the trail is called', () => {
  const entries = trail([3]);
  const [first, second, third] = [at(entries, 0), at(entries, 1), at(entries, 2)];
  const own = trail([2, 2]);

  it.each<[string, AuditEntry[], number, number, string]>([
    ['altered', [first, { ...second, seal: first.seal }], 2, 2, "altered: its seal doesn't match its text"],
    ['removed', [first, third], 2, 3, 'removed or reordered: entry 2 of this request was expected here'],
    [
      'removed from the beginning',
      [second],
      1,
      2,
      'removed or reordered: entry 1 of this request was expected here',
    ],
    ['repeated', [first, first], 2, 1, 'removed or reordered: entry 2 of this request was expected here'],
    [
      'grafted onto another one',
      [first, forged(second, {}, 'x')],
      2,
      2,
      "doesn't follow the entry before it",
    ],
    [
      'a beginning that follows something',
      [forged(first, {}, 'x')],
      1,
      1,
      "doesn't follow the entry before it",
    ],
    [
      'an opening that follows another one',
      [forged(first, { previousOpening: 'x' })],
      1,
      1,
      'what was opened before this one (a request, a case, the watch or the rules) is missing from the trail',
    ],
    [
      'an opening that follows none, after another one',
      [at(own, 0), forged(at(own, 1), { previousOpening: '' })],
      2,
      1,
      'what was opened before this one (a request, a case, the watch or the rules) is missing from the trail',
    ],
  ])('%s', (_, read, position, sequence, what) => {
    const requestId = read.at(-1)?.body.requestId;
    expect(verify(read).fault).toEqual({ position, subjectId: requestId, sequence, what });
  });

  it('is looked for in each request by itself, and in later entries of a request without the chain of openings', () => {
    expect(verify(own).fault).toBeNull();
    const verifier = new AuditVerifier({ current: KEY, previous: [] }, { whole: false });
    for (const entry of own.filter(({ body }) => body.requestId === 'R1')) verifier.read(entry);
    expect(verifier.result()).toMatchObject({ entries: 2, requests: 1, fault: null });
    const later = sealEntry({ ...second.body, previousOpening: 'x' }, first.seal, KEY);
    expect(verify([first, later]).fault).toBeNull();
  });

  it('an opening follows the opening before it, whatever was written between them', () => {
    const body = { ...first.body, requestId: 'R1', previousOpening: first.seal };
    expect(verify([first, second, sealEntry(body, '', KEY)]).fault).toBeNull();
  });

  it('an older key than that of the entry before', () => {
    const verifier = new AuditVerifier({ current: KEY, previous: [OLD] }, { whole: true });
    verifier.read(first);
    verifier.read(sealEntry(second.body, first.seal, OLD));
    expect(verifier.fault).toEqual({
      position: 2,
      subjectId: 'R0',
      sequence: 2,
      what: 'altered: it is sealed with an older key than the entry before it',
    });
  });

  it('is the first one, and what comes after it is counted, not judged', () => {
    const verifier = new AuditVerifier({ current: KEY, previous: [] }, { whole: true });
    for (const entry of [first, third, { ...second, seal: 'x' }]) verifier.read(entry);
    verifier.readUnreadable('R0', 'not JSON');
    expect(verifier.fault).toMatchObject({ position: 2, sequence: 3 });
    expect(verifier.result()).toMatchObject({ entries: 3, requests: 1, fault: { position: 2, sequence: 3 } });
    expect(verifier.newest).toEqual(new Map([['R0', { sequence: 1, seal: first.seal, key: 0 }]]));
  });

  it('unreadable', () => {
    const verifier = new AuditVerifier({ current: KEY, previous: [] }, { whole: true });
    verifier.read(first);
    expect(verifier.fault).toBeNull();
    verifier.readUnreadable('R0', 'not JSON');
    expect(verifier.fault).toEqual({ position: 2, subjectId: 'R0', sequence: 0, what: 'not JSON' });
  });

  it.each<[string, { sequence: number; seal: string }, AuditEntry[], string]>([
    ['cut off', { sequence: 3, seal: third.seal }, [first, second], '2'],
    ['gone', { sequence: 3, seal: third.seal }, [], 'none'],
    ['another one', { sequence: 3, seal: second.seal }, entries, '3'],
    ['the same under another number', { sequence: 2, seal: third.seal }, entries, '3'],
  ])('an end that the record names and that is %s', (_, newest, read, ends) => {
    const options = { whole: true, newest: new Map([['R0', newest]]) };
    const verifier = new AuditVerifier({ current: KEY, previous: [] }, options);
    for (const entry of read) verifier.read(entry);
    expect(verifier.fault).toBeNull();
    expect(verifier.result().fault).toEqual({
      position: read.length,
      subjectId: 'R0',
      sequence: newest.sequence,
      what: `the record's newest entry is ${newest.sequence}, but the trail ends at ${ends} or has another one`,
    });
  });
});

describe('a head that was kept', () => {
  const entries = trail([4]);
  const head = verify(entries.slice(0, 2)).head;
  const compared = (read: readonly AuditEntry[], kept = { entries: 2, head }) => {
    const verifier = new AuditVerifier({ current: KEY, previous: [] }, { whole: true, kept });
    for (const entry of read) verifier.read(entry);
    return verifier;
  };

  it.each([
    ['the same', entries, { kind: 'same', entries: 2, since: 2 }],
    ['the same, and nothing since', entries.slice(0, 2), { kind: 'same', entries: 2, since: 0 }],
    ['different', entries.toSpliced(0, 1), { kind: 'different', entries: 2 }],
    ['longer than the trail', entries.slice(0, 1), { kind: 'fewer', entries: 2, missing: 1 }],
    ['longer than nothing', [], { kind: 'fewer', entries: 2, missing: 2 }],
  ] as const)('is %s', (_, read, kept) => {
    expect(compared(read).result().kept).toEqual(kept);
  });

  it('is not reached behind an unreadable entry, but stays what it was before one', () => {
    const early = compared(entries.slice(0, 1));
    early.readUnreadable('R0', 'not JSON');
    expect(early.result().kept).toEqual({ kind: 'not-reached', entries: 2 });
    const late = compared(entries.slice(0, 3));
    late.readUnreadable('R0', 'not JSON');
    expect(late.result().kept).toEqual({ kind: 'same', entries: 2, since: 1 });
  });

  it.each([
    ['1', 'a'.repeat(64), { entries: 1, head: 'a'.repeat(64) }],
    ['123456789012', 'F0'.repeat(32), { entries: 123_456_789_012, head: 'f0'.repeat(32) }],
    ['0', 'a'.repeat(64), null],
    ['01', 'a'.repeat(64), null],
    ['-1', 'a'.repeat(64), null],
    ['1.5', 'a'.repeat(64), null],
    ['x1', 'a'.repeat(64), null],
    ['1x', 'a'.repeat(64), null],
    ['1234567890123', 'a'.repeat(64), null],
    ['', 'a'.repeat(64), null],
    ['1', 'a'.repeat(63), null],
    ['1', 'a'.repeat(65), null],
    ['1', `${'a'.repeat(63)}g`, null],
    ['1', `x${'a'.repeat(64)}`, null],
  ])('typed as %j %j is %j', (count, typed, kept) => {
    expect(parseKeptHead(count, typed)).toEqual(kept);
  });

  const verdict = { ...verify(entries), fault: null };
  const fault = { position: 1, subjectId: 'R0', sequence: 1, what: 'x' };
  it.each<[Partial<AuditVerdict>, boolean]>([
    [{}, true],
    [{ kept: { kind: 'same', entries: 1, since: 3 } }, true],
    [{ kept: { kind: 'different', entries: 1 } }, false],
    [{ kept: { kind: 'fewer', entries: 5, missing: 1 } }, false],
    [{ kept: { kind: 'not-reached', entries: 5 } }, false],
    [{ fault }, false],
    [{ fault, kept: { kind: 'same', entries: 1, since: 3 } }, false],
  ])('a verdict with %j is verified: %s', (changes, verified) => {
    expect(isVerified({ ...verdict, ...changes })).toBe(verified);
  });
});

describe('requests, cases and the watch in one trail', () => {
  const keys = { current: KEY, previous: [] };
  const event = { type: 'x', atMs: 1 };
  const names = [{ watch: true }, { episodeId: 'C-00000001' }, { requestId: 'R1' }] as const;

  function mixed(): AuditEntry[] {
    const entries: AuditEntry[] = [];
    let opening = '';
    for (const name of names) {
      const body = { ...name, sequence: 1, previousOpening: opening, stateAfter: 'open', event };
      entries.push(sealEntry(body, '', KEY));
      opening = entries.at(-1)?.seal ?? '';
    }
    for (const [index, name] of names.entries()) {
      const body = { ...name, sequence: 2, previousOpening: null, stateAfter: 'open', event };
      entries.push(sealEntry(body, entries[index]?.seal ?? '', KEY));
    }
    return entries;
  }

  function faultIn(
    entries: readonly AuditEntry[],
    newest = new Map<string, { sequence: number; seal: string }>(),
  ) {
    const verifier = new AuditVerifier(keys, { whole: true, newest });
    for (const entry of entries) verifier.read(entry);
    return verifier.result();
  }

  it('are counted apart, and fit', () => {
    expect(faultIn(mixed())).toMatchObject({ entries: 6, requests: 1, episodes: 1, fault: null });
  });

  it('a case removed whole is named by the opening after it', () => {
    const fault = faultIn(mixed().filter(({ body }) => body.episodeId === undefined)).fault;
    expect(fault).toMatchObject({
      position: 2,
      subjectId: 'R1',
      what: expect.stringContaining('opened before'),
    });
  });

  it.each([
    ['watch', 0, 'entry 1 of this watch was expected here'],
    ['C-00000001', 1, 'entry 1 of this case was expected here'],
    ['R1', 2, 'entry 1 of this request was expected here'],
  ])('an entry removed is named by its subject %s', (subjectId, at, what) => {
    const second = mixed()[at + 3];
    expect(faultIn(second === undefined ? [] : [second]).fault).toMatchObject({
      subjectId,
      what: expect.stringContaining(what),
    });
  });

  it('an end that the record of a case names is missed; a record without entries misses nothing', () => {
    const entries = mixed();
    const newest = new Map([['C-00000001', { sequence: 2, seal: entries[4]?.seal ?? '' }]]);
    expect(faultIn(entries, newest).fault).toBeNull();
    expect(faultIn(entries.toSpliced(4, 1), newest).fault).toMatchObject({
      subjectId: 'C-00000001',
      sequence: 2,
    });
    expect(faultIn([], new Map([['watch', { sequence: 0, seal: '' }]])).fault).toBeNull();
  });
});
