import { describe, expect, it } from 'vitest';
import { personKey } from '../../src/domain/person.ts';
import { eligibleVoters, narrower, refuseKind, refuseUnreachableQuorum } from '../../src/domain/policy.ts';
import { ALICE, BOB, CAROL, person, policy, REQUESTER } from '../support/close-requests.ts';

const HOUR_MS = 3_600_000;

describe('the narrower of two rules', () => {
  it.each([
    ['the higher quorum', { quorum: 3 }, { quorum: 2 }, { quorum: 3 }],
    ['live, if both are', { mode: 'live' }, { mode: 'live' }, { mode: 'live' }],
    ['dry run, if either is', { mode: 'dry-run' }, { mode: 'live' }, { mode: 'dry-run' }],
    [
      'the requester may approve only if both say so',
      { requesterMayApprove: true },
      {},
      { requesterMayApprove: false },
    ],
    [
      'the requester may approve if both say so',
      { requesterMayApprove: true },
      { requesterMayApprove: true },
      { requesterMayApprove: true },
    ],
    [
      'the shorter life',
      { expiresAfterMs: HOUR_MS },
      { expiresAfterMs: 2 * HOUR_MS },
      { expiresAfterMs: HOUR_MS },
    ],
  ] as const)('takes %s, whichever of them is the frozen one', (_, one, other, expected) => {
    expect(narrower(policy(one), policy(other))).toMatchObject(expected);
    expect(narrower(policy(other), policy(one))).toMatchObject(expected);
  });

  it('is the same again under the same settings', () => {
    const frozen = policy({ samePerson: [['A', 'B']], quorum: 3 });
    const current = policy({ samePerson: [['B', 'C']], mode: 'dry-run' });
    const once = narrower(frozen, current);
    expect(narrower(once, current)).toEqual(once);
  });

  it.each([
    [[['A', 'B']], [['B', 'C']], ['A', 'B', 'C']],
    [
      [
        ['A', 'B'],
        ['C', 'D'],
      ],
      [['B', 'C']],
      ['A', 'B', 'C', 'D'],
    ],
    [
      [
        ['A', 'B'],
        ['B', 'C'],
      ],
      [],
      ['A', 'B', 'C'],
    ],
  ])('makes one person of groups that share an account', (frozen, current, accounts) => {
    const { samePerson } = narrower(policy({ samePerson: frozen }), policy({ samePerson: current }));
    expect(new Set(accounts.map((userId) => personKey(userId, samePerson))).size).toBe(1);
    expect(personKey('E', samePerson)).toBe('E');
  });
});

describe('who may vote', () => {
  const samePerson = [
    [ALICE.userId, 'U0ALICE2'],
    [REQUESTER.userId, BOB.userId],
  ];

  it('fault B6: accounts that are listed, without any account of the requester', () => {
    const listed = [ALICE.userId, BOB.userId, CAROL.userId, REQUESTER.userId];
    const rule = { samePerson, requesterMayApprove: false };
    expect(eligibleVoters(listed, REQUESTER, rule)).toEqual(new Set([ALICE.userId, CAROL.userId]));
    expect(eligibleVoters(listed, REQUESTER, { ...rule, requesterMayApprove: true })).toEqual(
      new Set(listed),
    );
  });

  it.each(['guest', 'bot', 'deactivated', 'foreign', 'not-found'] as const)('never a %s', (kind) => {
    expect(refuseKind(person(ALICE.userId, { kind }))).toEqual({ code: 'not-a-full-member', kind });
  });

  it('full members of the home team', () => {
    expect(refuseKind(ALICE)).toBeNull();
  });

  it.each([
    [[ALICE.userId], 1, null],
    [[ALICE.userId, 'U0ALICE2'], 2, 1],
    [[ALICE.userId, CAROL.userId], 2, null],
    [[ALICE.userId], 0, 1],
    [[BOB.userId, REQUESTER.userId], 1, 1],
    [[], 1, 0],
  ])('the accounts %j reach a quorum of %i by people: %s', (eligible, quorum, refusedWith) => {
    expect(refuseUnreachableQuorum(new Set(eligible), REQUESTER, { quorum, samePerson })).toEqual(
      refusedWith === null ? null : { code: 'quorum-unreachable', eligible: refusedWith, quorum },
    );
  });
});
