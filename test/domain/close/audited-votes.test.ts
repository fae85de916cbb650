import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import { sealEntry } from '../../../src/domain/audit-chain.ts';
import { whyTrailDiffers, whyTrailForbids } from '../../../src/domain/close/audited-votes.ts';
import type { CloseRequest, Command, Ending, RequestEvent } from '../../../src/domain/close/close-request.ts';
import type { RequestBody, RequestEntry } from '../../../src/domain/close/request-entry.ts';
import {
  ALICE,
  BOB,
  CAROL,
  decideAt,
  ELIGIBLE,
  facts,
  PEOPLE,
  REQUESTER,
  request,
  START_MS,
} from '../../support/close-requests.ts';
import { answer, answered, CLAIM, evidence, FOUND_CLOSED, MARK, NOW } from '../../support/close-stages.ts';

const KEY = new Uint8Array(32).fill(3);

type Step =
  | Command
  | ((current: CloseRequest) => Command)
  | { readonly atMs: number; readonly command: Command };

/** Plays commands and keeps the trail as the store would. */
function played(...steps: Step[]): { record: CloseRequest; trail: RequestEntry[] } {
  return playedFrom(request(), ...steps);
}

function playedFrom(start: CloseRequest, ...steps: Step[]) {
  let record = start;
  const { policy, reason, requester } = record;
  const events: [RequestEvent, CloseRequest][] = [
    [{ type: 'opened', by: requester, reason, facts: record.facts, policy, atMs: START_MS }, record],
  ];
  for (const step of steps) {
    const { atMs, command } = 'command' in step ? step : { atMs: NOW, command: step };
    const decision = decideAt(record, typeof command === 'function' ? command(record) : command, atMs);
    if (!decision.ok) throw new Error(decision.refusal.code);
    record = decision.next;
    events.push([decision.event, record]);
  }
  const trail = events.map(([event, after], index) => {
    const body: RequestBody = {
      requestId: after.id,
      groupId: after.groupId,
      sequence: index + 1,
      previousOpening: index === 0 ? '' : null,
      stateAfter: after.state,
      version: after.version,
      factsDigest: after.factsDigest,
      event,
    };
    return sealEntry(body, '', KEY);
  });
  return { record, trail };
}

const approve =
  (by: typeof ALICE, eligible = ELIGIBLE) =>
  (current: CloseRequest): Command => ({
    type: 'approve',
    by,
    version: current.version,
    factsDigest: current.factsDigest,
    eligible,
    requesterMayAsk: true,
    seats: [],
    pairs: [],
    ruleDigest: null,
  });

const changeFacts: Step = { type: 'replace-facts', facts: facts({ collateralAccounts: ['other@test.com'] }) };
const withoutBob: Step = {
  type: 'recount-votes',
  eligible: new Set([ALICE.userId, CAROL.userId]),
  requesterMayAsk: true,
  seats: [],
  pairs: [],
  ruleDigest: null,
};
const withoutPerson =
  (type: RequestEvent['type']) =>
  (entry: RequestEntry): RequestEntry =>
    entry.body.event.type === type
      ? { ...entry, body: { ...entry.body, event: { ...entry.body.event, by: null } } }
      : entry;

describe('what the sealed trail says of the votes', () => {
  it('nothing against a record that it tells the same of, through changes of facts and dropped voters', () => {
    const changed = facts({ collateralAccounts: ['other@test.com'] });
    const { record, trail } = played(
      approve(CAROL),
      () => ({ type: 'replace-facts', facts: changed }),
      approve(ALICE),
      approve(BOB, new Set([BOB.userId, CAROL.userId])),
      approve(CAROL, new Set([BOB.userId, CAROL.userId])),
    );
    expect(record.state).toBe('approved');
    expect(whyTrailForbids(record, trail)).toBeNull();
  });

  it.each([
    [
      'a vote that nobody cast',
      (record: CloseRequest) => ({
        ...record,
        votes: [...record.votes, ...record.votes.map((vote) => ({ ...vote, voter: BOB }))],
      }),
      'votes differ',
    ],
    ['a vote that was lost', (record: CloseRequest) => ({ ...record, votes: [] }), 'votes differ'],
    [
      'another rule',
      (record: CloseRequest) => ({ ...record, policy: { ...record.policy, quorum: 1 } }),
      'policy or expiry differ',
    ],
    ['other facts', (record: CloseRequest) => ({ ...record, factsDigest: 'f'.repeat(64) }), 'facts differ'],
    ['another version', (record: CloseRequest) => ({ ...record, version: 2 }), 'facts differ'],
    [
      'another unit',
      (record: CloseRequest) => ({ ...record, groupId: longId('8') }),
      'unit or requester differ',
    ],
    [
      'another requester',
      (record: CloseRequest) => ({ ...record, requester: CAROL }),
      'unit or requester differ',
    ],
    [
      'a longer life',
      (record: CloseRequest) => ({ ...record, expiresAtMs: record.expiresAtMs + 1 }),
      'policy or expiry differ',
    ],
    [
      'one true vote, called approved',
      (record: CloseRequest) => ({ ...record, state: 'approved' as const }),
      'the state differs',
    ],
    ['one true vote', (record: CloseRequest) => record, 'too few votes'],
  ])('forbids sending a record with %s', (_, forge, why) => {
    const { record, trail } = played(approve(ALICE));
    expect(whyTrailForbids(forge(record), trail)).toContain(why);
  });

  it.each<[string, Step[]]>([
    ['votes of before a change of facts', [approve(CAROL), changeFacts, approve(ALICE), approve(BOB)]],
    ['a voter who was dropped', [approve(ALICE), approve(BOB), withoutBob, approve(CAROL)]],
  ])('does not count %s', (_, steps) => {
    const { record, trail } = played(...steps);
    expect(record.state).toBe('approved');
    expect(whyTrailForbids(record, trail)).toBeNull();
  });

  it('forbids sending with the vote of another than it tells of', () => {
    const { record, trail } = played(approve(ALICE), approve(BOB));
    const votes = record.votes.map((vote) =>
      vote.voter.userId === BOB.userId ? { ...vote, voter: CAROL } : vote,
    );
    expect(whyTrailForbids({ ...record, votes }, trail)).toContain('votes differ');
  });

  it('forbids sending with a vote that it tells of without a voter', () => {
    const { record, trail } = played(approve(ALICE), approve(BOB));
    expect(whyTrailForbids(record, trail.map(withoutPerson('approved')))).toContain('votes differ');
  });

  it('believes nothing that does not begin with an opening by the requester', () => {
    const { record, trail } = played(approve(ALICE), approve(BOB));
    const headless = "the audit trail doesn't begin with the opening";
    expect(whyTrailForbids(record, [])).toBe(headless);
    expect(whyTrailForbids(record, trail.slice(1))).toBe(headless);
    expect(whyTrailForbids(record, trail.map(withoutPerson('opened')))).toContain('unit or requester differ');
  });

  it('forbids sending again what the trail says was sent, whatever the record says', () => {
    const { record, trail } = played(approve(ALICE), approve(BOB));
    const first = trail[0];
    if (first === undefined) throw new Error('no trail');
    const event = { type: 'sent', by: null, atMs: 1, signedTimestampMs: 1, recvWindowMs: 5_000 } as const;
    const mark = { atMs: 1, signedTimestampMs: 1, recvWindowMs: 5_000 };
    const restored = { type: 'mark-restored', by: null, atMs: 1, mark, answer: null } as const;
    expect(whyTrailForbids(record, trail)).toBeNull();
    for (const last of [event, { ...restored, stateBefore: 'approved' } as const]) {
      const sent = sealEntry({ ...first.body, sequence: 4, event: last }, '', KEY);
      expect(whyTrailForbids(record, [...trail, sent])).toContain('sent before');
    }
  });
});

const APPROVED: Step[] = [approve(ALICE), approve(BOB)];
const SENT: Step[] = [...APPROVED, CLAIM, MARK];
const UNKNOWN: Step[] = [...SENT, answered(answer('unknown'))];
const settle = (by: typeof ALICE, verdict: 'closed' | 'not-closed' = 'closed'): Command => ({
  type: 'settle',
  pairs: [],
  by,
  verdict,
  note: 'seen in the console',
  eligible: ELIGIBLE,
});
const stillActive: Command = {
  type: 'read-back',
  afterAnswer: true,
  seen: { kind: 'still-active', readAtMs: NOW + 999_999 },
};
const lookAt = (atMs: number): Step => ({ atMs, command: stillActive });
const rehearse: Command = { type: 'rehearse', owner: 'one', ...PEOPLE };
const found = (closedAtMs: number): Command => ({
  type: 'read-back',
  afterAnswer: true,
  seen: { kind: 'in-closed-list', evidence: evidence(closedAtMs) },
});

/** Every way in which a request ends. */
const ENDINGS: [kind: Ending['kind'], start: CloseRequest, steps: Step[]][] = [
  ['read-back', request(), [...SENT, answered(answer('closed')), FOUND_CLOSED]],
  ['settled', request(), [...UNKNOWN, settle(ALICE), settle(BOB)]],
  ['rehearsed', request({}, { mode: 'dry-run' }), [...APPROVED, CLAIM, rehearse]],
  ['refused-by-exchange', request(), [...SENT, answered(answer('refused')), stillActive]],
  ['never-sent', request(), [...APPROVED, CLAIM, { type: 'never-sent', owner: 'one', why: 'too busy' }]],
  ['never-sent', request(), [...SENT, answered(answer('not-sent'))]],
  ['never-sent', request(), [...APPROVED, answered(answer('not-sent'))]],
  ['not-executed', request(), [...UNKNOWN, ...[10_000, 20_000, 30_000].map((ms) => lookAt(NOW + ms))]],
  ['card-undeliverable', request({ card: null }), [{ type: 'give-up-card', why: 'channel_not_found' }]],
  [
    'rejected',
    request(),
    [{ type: 'reject', pairs: [], by: ALICE, version: 1, reason: 'not yet', eligible: ELIGIBLE }],
  ],
  ['withdrawn', request(), [...APPROVED, { type: 'withdraw', by: REQUESTER }]],
  ['expired', request(), [{ atMs: request().expiresAtMs, command: { type: 'expire' } }]],
  ['closed-elsewhere', request(), [{ type: 'supersede', evidence: evidence() }]],
  ['closed-elsewhere', request({ facts: facts({ readAtMs: 1 }) }), [...UNKNOWN, found(NOW - 60_000)]],
];

const restoreMark = answered(null);

describe('what the sealed trail says of the ending', () => {
  it.each(ENDINGS)('nothing against one that it tells of: %s', (kind, start, steps) => {
    const { record, trail } = playedFrom(start, ...steps);
    expect(record.ending?.kind).toBe(kind);
    expect(whyTrailDiffers(record, trail)).toBeNull();
    const noted: Command = {
      type: 'note-refusal',
      by: CAROL,
      attempted: 'approve',
      refusal: 'already-decided',
    };
    const later = playedFrom(start, ...steps, { atMs: NOW + 86_400_000, command: noted });
    expect(whyTrailDiffers(later.record, later.trail)).toBeNull();
  });

  it.each(ENDINGS)('that it is another one than %s', (kind, start, steps) => {
    const { record, trail } = playedFrom(start, ...steps);
    const { ending } = record;
    if (ending === null) throw new Error('no ending');
    const another: Ending['kind'] = kind === 'withdrawn' ? 'expired' : 'withdrawn';
    const forged: unknown[] = [
      null,
      { ...ending, atMs: ending.atMs + 1 },
      { ...ending, kind: another },
      ...['reason', 'verdict', 'note'].map((field) => ({ ...ending, [field]: 'another' })),
    ];
    for (const each of forged)
      expect(whyTrailDiffers({ ...record, ending: each as Ending }, trail), JSON.stringify(each)).toBe(
        'the ending differs from the audit trail',
      );
  });

  it('that there is none yet', () => {
    const { record, trail } = played(...UNKNOWN);
    expect(whyTrailDiffers({ ...record, ending: { kind: 'expired', atMs: NOW } }, trail)).toContain(
      'the ending differs',
    );
  });

  it('nothing of one from before its mark was restored', () => {
    const { record, trail } = played(...APPROVED, { type: 'withdraw', by: REQUESTER }, restoreMark);
    expect(record).toMatchObject({ state: 'unknown', ending: null });
    expect(whyTrailDiffers(record, trail)).toBeNull();
  });
});

describe('what the sealed trail says of a finding', () => {
  const DIFFERS = 'the finding differs from the audit trail';

  it('nothing against the newest one that it tells of', () => {
    const both = played(...UNKNOWN, settle(ALICE), {
      atMs: NOW + 99_999,
      command: settle(BOB, 'not-closed'),
    });
    expect(both.record.settlement).toMatchObject({ by: { userId: BOB.userId }, verdict: 'not-closed' });
    expect(whyTrailDiffers(both.record, both.trail)).toBeNull();
  });

  it.each<[string, Partial<NonNullable<CloseRequest['settlement']>>]>([
    ['somebody else', { by: BOB }],
    ['something else', { verdict: 'not-closed' }],
    ['with other words', { note: 'another' }],
    ['at another time', { atMs: NOW + 1 }],
  ])('that it was said by or as %s', (_, changes) => {
    const { record, trail } = played(...UNKNOWN, settle(ALICE));
    if (record.settlement === null) throw new Error('no finding');
    expect(whyTrailDiffers({ ...record, settlement: { ...record.settlement, ...changes } }, trail)).toBe(
      DIFFERS,
    );
  });

  it('that there is one, or that there is none', () => {
    const before = played(...UNKNOWN);
    const after = played(...UNKNOWN, settle(ALICE));
    expect(whyTrailDiffers({ ...before.record, settlement: after.record.settlement }, before.trail)).toBe(
      DIFFERS,
    );
    expect(whyTrailDiffers({ ...after.record, settlement: null }, after.trail)).toBe(DIFFERS);
    expect(whyTrailDiffers(after.record, after.trail.map(withoutPerson('settlement-proposed')))).toBe(
      DIFFERS,
    );
  });

  it('nothing of one from before its mark was restored', () => {
    const { record, trail } = played(...UNKNOWN, settle(ALICE));
    const last = trail.at(-1);
    if (last === undefined || record.sent === null) throw new Error('too short');
    const event = {
      type: 'mark-restored',
      by: null,
      atMs: NOW,
      mark: record.sent,
      answer: null,
      stateBefore: 'unknown',
    } as const;
    const restored = sealEntry({ ...last.body, sequence: last.body.sequence + 1, event }, last.seal, KEY);
    expect(whyTrailDiffers({ ...record, settlement: null }, [...trail, restored])).toBeNull();
    expect(whyTrailDiffers(record, [...trail, restored])).toBe(DIFFERS);
  });
});
