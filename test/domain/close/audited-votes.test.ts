import { describe, expect, it } from 'vitest';
import { type AuditBody, type AuditEntry, sealEntry } from '../../../src/domain/close/audit-chain.ts';
import { whyTrailForbids } from '../../../src/domain/close/audited-votes.ts';
import type { CloseRequest, Command, RequestEvent } from '../../../src/domain/close/close-request.ts';
import {
  ALICE,
  BOB,
  CAROL,
  decideAt,
  ELIGIBLE,
  facts,
  request,
  START_MS,
} from '../../support/close-requests.ts';

const KEY = new Uint8Array(32).fill(3);

/** Plays commands and keeps the trail as the store would. */
function played(...commands: ((current: CloseRequest) => Command)[]): {
  record: CloseRequest;
  trail: AuditEntry[];
} {
  let record = request();
  const { policy, reason, requester } = record;
  const events: [RequestEvent, CloseRequest][] = [
    [{ type: 'opened', by: requester, reason, facts: record.facts, policy, atMs: START_MS }, record],
  ];
  for (const command of commands) {
    const decision = decideAt(record, command(record), START_MS + 1);
    if (!decision.ok) throw new Error(decision.refusal.code);
    record = decision.next;
    events.push([decision.event, record]);
  }
  const trail = events.map(([event, after], index) => {
    const body: AuditBody = {
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
  });

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
      'other votes',
    ],
    ['a vote that was lost', (record: CloseRequest) => ({ ...record, votes: [] }), 'other votes'],
    [
      'another rule',
      (record: CloseRequest) => ({ ...record, policy: { ...record.policy, quorum: 1 } }),
      'another rule',
    ],
    ['other facts', (record: CloseRequest) => ({ ...record, factsDigest: 'f'.repeat(64) }), 'other facts'],
    [
      'another requester',
      (record: CloseRequest) => ({ ...record, requester: CAROL }),
      'another unit or requester',
    ],
    [
      'a longer life',
      (record: CloseRequest) => ({ ...record, expiresAtMs: record.expiresAtMs + 1 }),
      'another rule',
    ],
    [
      'one true vote, called approved',
      (record: CloseRequest) => ({ ...record, state: 'approved' as const }),
      'another state',
    ],
    ['one true vote', (record: CloseRequest) => record, 'enough votes'],
  ])('forbids sending a record with %s', (_, forge, why) => {
    const { record, trail } = played(approve(ALICE));
    expect(whyTrailForbids(forge(record), trail)).toContain(why);
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
