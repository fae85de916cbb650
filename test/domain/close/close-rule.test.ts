import { describe, expect, it } from 'vitest';
import {
  LOOKED_AT_EVERY_MS,
  nextAttentionAtMs,
  reminderAtMs,
  UNKNOWN_PAGES_AFTER_MS,
} from '../../../src/domain/close/attention.ts';
import type { CloseRequest, Command } from '../../../src/domain/close/close-request.ts';
import {
  AGREEING_READS,
  LATE_COPY_MARGIN_MS,
  LOOKS_APART_MS,
} from '../../../src/domain/close/close-sending.ts';
import { type CloseState, isTerminal } from '../../../src/domain/close/close-state.ts';
import { digestOf } from '../../../src/domain/close/facts.ts';
import {
  ALICE,
  BOB,
  CAROL,
  decideAt,
  ELIGIBLE,
  facts,
  PEOPLE,
  person,
  REQUESTER,
  request,
  START_MS,
} from '../../support/close-requests.ts';
import {
  answer,
  answered,
  approveBy,
  claimed,
  evidence,
  following,
  IN_STATE,
  marked,
  NOW,
  refusalOf,
  unknown,
} from '../../support/close-stages.ts';

const OWES = facts({
  liabilities: [{ asset: 'USDT', principal: '0', interest: '0.01' }],
  totalLiability: '0.01',
});

const STATES = Object.keys(IN_STATE) as CloseState[];

describe('who counts', () => {
  it('approval case 1: the requester cannot approve, even when listed as an approver', () => {
    expect(
      refusalOf(request(), approveBy(REQUESTER, request(), new Set([...ELIGIBLE, REQUESTER.userId]))),
    ).toBe('self-approval');
  });

  it('approval case 1: one person alone closes nothing, whatever the settings say', () => {
    const open = request({}, { requesterMayApprove: true, quorum: 1 });
    const voted = following(open, approveBy(REQUESTER, open, new Set([...ELIGIBLE, REQUESTER.userId])));
    expect(voted.state).toBe('pending');
    expect(following(voted, approveBy(ALICE, voted)).state).toBe('approved');
  });

  it('approval case 1: the requester counts only if the firm says so', () => {
    const open = request({}, { requesterMayApprove: true });
    expect(refusalOf(open, approveBy(REQUESTER, open, new Set([...ELIGIBLE, REQUESTER.userId])))).toBeNull();
  });

  it('approval case 2: a second account of the requester is the requester, and two accounts of one person are one vote', () => {
    const samePerson = [
      [REQUESTER.userId, 'U0REQ2'],
      [ALICE.userId, 'U0ALICE2'],
    ];
    const open = request({}, { samePerson });
    expect(refusalOf(open, approveBy(person('U0REQ2'), open))).toBe('self-approval');
    const voted = following(open, approveBy(ALICE, open));
    const both = new Set([...ELIGIBLE, 'U0ALICE2']);
    expect(refusalOf(voted, approveBy(person('U0ALICE2'), open, both))).toBe('already-voted');
  });

  it.each(['guest', 'bot', 'deactivated', 'foreign', 'not-found'] as const)(
    'approval case 3: a %s is refused although listed',
    (kind) => {
      expect(refusalOf(request(), approveBy(person(ALICE.userId, { kind })))).toBe('not-a-full-member');
    },
  );

  it('approval case 3: a member who is not listed is refused', () => {
    expect(refusalOf(request(), approveBy(person('U0OTHER')))).toBe('role-missing');
  });

  it('approval case 5: five votes of one person count once', () => {
    const once = following(request(), approveBy());
    for (let click = 0; click < 4; click += 1) expect(refusalOf(once, approveBy())).toBe('already-voted');
    expect(once.votes).toHaveLength(1);
    expect(once.state).toBe('pending');
  });

  it('approval case 6: a voter who was removed meanwhile no longer counts at the final vote', () => {
    const voted = following(request(), approveBy());
    const withoutAlice = new Set([BOB.userId, CAROL.userId]);
    const decision = decideAt(voted, approveBy(BOB, voted, withoutAlice), NOW);
    expect(decision).toMatchObject({
      ok: true,
      next: {
        state: 'pending',
        votes: [{ voter: { userId: BOB.userId } }],
        voidedVotes: [{ because: 'no-longer-eligible' }],
      },
      event: { type: 'approved', dropped: [{ userId: ALICE.userId }] },
    });
  });

  it('approval case 6: and is dropped before sending, which takes the request back', () => {
    const decision = decideAt(
      claimed(),
      {
        type: 'recount-votes',
        eligible: new Set([BOB.userId]),
        requesterMayAsk: true,
        seats: [],
        pairs: [],
        ruleDigest: null,
      },
      NOW,
    );
    expect(decision).toMatchObject({
      ok: true,
      next: { state: 'pending', claim: null, votes: [{ voter: { userId: BOB.userId } }] },
    });
  });
});

describe('deadlines', () => {
  const { expiresAtMs } = request();
  it.each([
    [-1, null],
    [0, 'expired'],
    [1, 'expired'],
  ])(
    'approval case 14: a vote %d ms from the expiry is answered %s, whether or not the sweeper came by',
    (offset, refusal) => {
      expect(refusalOf(request(), approveBy(), expiresAtMs + offset)).toBe(refusal);
    },
  );

  it('approval case 14: the store is told to refuse it from the expiry on', () => {
    expect(decideAt(request(), approveBy(), NOW)).toMatchObject({ ok: true, notAfterMs: expiresAtMs });
  });

  it('approval case 15: an approved request cannot be claimed after its expiry, only expire', () => {
    const approved = IN_STATE.approved();
    const claim: Command = {
      type: 'claim',
      owner: 'x',
      deadlineAtMs: expiresAtMs + 60_000,
      starter: null,
    };
    expect(refusalOf(approved, claim, expiresAtMs)).toBe('expired');
    expect(decideAt(approved, { type: 'expire' }, expiresAtMs)).toMatchObject({
      ok: true,
      next: { state: 'expired' },
    });
    expect(refusalOf(approved, { type: 'expire' }, expiresAtMs - 1)).toBe('nothing-changed');
  });

  it('approval case 15: a claimed request cannot be marked as sent after its expiry', () => {
    const late = { ...claimed(), claim: { owner: 'one', deadlineAtMs: expiresAtMs + 60_000 } };
    const mark: Command = {
      type: 'mark-sent',
      owner: 'one',
      signedTimestampMs: 1,
      recvWindowMs: 5_000,
      deadlineAtMs: 1,
      ...PEOPLE,
    };
    expect(refusalOf(late, mark, expiresAtMs)).toBe('expired');
  });

  it('approval case 31: a claim past its deadline sends nothing, and only its owner may use it', () => {
    const mark = (owner: string): Command => ({
      type: 'mark-sent',
      owner,
      signedTimestampMs: 1,
      recvWindowMs: 5_000,
      deadlineAtMs: 1,
      ...PEOPLE,
    });
    expect(refusalOf(claimed(), mark('one'), NOW + 60_000)).toBe('claim-expired');
    expect(refusalOf(claimed(), mark('two'))).toBe('not-claim-owner');
    expect(refusalOf(marked(), mark('one'))).toBe('already-executing');
  });

  it('approval case 37: reminders fall due at half and at 80 %, once each', () => {
    const half = reminderAtMs(request(), 'half');
    expect(refusalOf(request(), { type: 'remind', stage: 'half' }, half - 1)).toBe('nothing-changed');
    const reminded = decideAt(request(), { type: 'remind', stage: 'half' }, half);
    if (!reminded.ok) throw new Error('refused');
    expect(refusalOf(reminded.next, { type: 'remind', stage: 'half' }, half + 1)).toBe('nothing-changed');
    expect(nextAttentionAtMs(reminded.next, half + 3_600_000)).toBeLessThanOrEqual(
      reminderAtMs(request(), 'eighty'),
    );
  });
});

describe('facts', () => {
  it('approval case 19: a changed fact voids all votes, raises the version and names the difference; old buttons are refused', () => {
    const voted = following(request(), approveBy());
    const changed = following(voted, { type: 'replace-facts', facts: OWES });
    expect(changed).toMatchObject({
      state: 'pending',
      version: 2,
      votes: [],
      voidedVotes: [{ because: 'facts-changed' }],
    });
    expect(changed.factChanges.map((change) => change.fact)).toEqual(['total liability', 'liability']);
    expect(refusalOf(changed, approveBy(BOB, voted))).toBe('old-version');
    expect(
      refusalOf(changed, {
        type: 'reject',
        pairs: [],
        by: BOB,
        version: 1,
        reason: 'old',
        eligible: ELIGIBLE,
      }),
    ).toBe('old-version');
  });

  it('a request whose facts now forbid the close cannot be approved at all', () => {
    const changed = following(request(), { type: 'replace-facts', facts: OWES });
    expect(refusalOf(changed, approveBy(BOB, changed))).toBe('owes');
  });

  it('approval case 21: facts that differ only in their time change nothing', () => {
    expect(refusalOf(request(), { type: 'replace-facts', facts: facts({ readAtMs: 9 }) })).toBe(
      'nothing-changed',
    );
  });

  it('once marked as sent, no change of facts takes the request back', () => {
    expect(refusalOf(marked(), { type: 'replace-facts', facts: OWES })).toBe('wrong-state');
  });
});

describe('decisions', () => {
  it('approval case 8: another version or digest is refused', () => {
    expect(refusalOf(request(), { ...approveBy(), version: 2 } as Command)).toBe('old-version');
    expect(refusalOf(request(), { ...approveBy(), factsDigest: digestOf(OWES) } as Command)).toBe(
      'old-version',
    );
  });

  it.each(STATES.filter((state) => isTerminal(state) || state === 'unknown'))(
    'approval case 12: every old button is refused in state %s',
    (state) => {
      const ended = IN_STATE[state]();
      const commands: Command[] = [
        approveBy(CAROL, ended),
        { type: 'reject', pairs: [], by: CAROL, version: ended.version, reason: 'late', eligible: ELIGIBLE },
        { type: 'withdraw', by: REQUESTER },
        {
          type: 'claim',
          owner: 'x',
          deadlineAtMs: NOW + 1,
          starter: { by: CAROL, version: 1, eligible: ELIGIBLE },
        },
      ];
      for (const command of commands) expect(refusalOf(ended, command)).not.toBeNull();
    },
  );

  it('approval case 11: after a won claim, reject and withdraw answer that it is being executed', () => {
    expect(
      refusalOf(claimed(), {
        type: 'reject',
        pairs: [],
        by: CAROL,
        version: 1,
        reason: 'stop',
        eligible: ELIGIBLE,
      }),
    ).toBe('already-executing');
    expect(refusalOf(claimed(), { type: 'withdraw', by: REQUESTER })).toBe('already-executing');
  });

  it('approval case 13: only the requester withdraws', () => {
    expect(refusalOf(request(), { type: 'withdraw', by: ALICE })).toBe('not-the-requester');
    expect(IN_STATE.withdrawn().state).toBe('withdrawn');
  });

  it('approval case 17: a rejection needs a reason', () => {
    expect(
      refusalOf(request(), {
        type: 'reject',
        pairs: [],
        by: ALICE,
        version: 1,
        reason: ' \n ',
        eligible: ELIGIBLE,
      }),
    ).toBe('reason-missing');
  });

  it('approval case 34: without a posted card nobody can vote, and giving the card up ends the request', () => {
    const undelivered = request({ card: null });
    expect(refusalOf(undelivered, approveBy())).toBe('card-not-posted');
    expect(following(undelivered, { type: 'give-up-card', why: 'channel_not_found' })).toMatchObject({
      state: 'failed',
      ending: { kind: 'card-undeliverable' },
    });
  });
});

describe('sending', () => {
  it('approval case 30: an abandoned claim returns the request; only a person starts the sending again', () => {
    const abandon: Command = { type: 'abandon-claim' };
    expect(refusalOf(claimed(), abandon, NOW + 59_999)).toBe('nothing-changed');
    const decision = decideAt(claimed(), abandon, NOW + 60_000);
    if (!decision.ok) throw new Error('refused');
    expect(decision.next).toMatchObject({ state: 'approved', claim: null, abandonedClaims: 1 });
    const claim = (by: typeof ALICE | null, version = 1): Command => ({
      type: 'claim',
      owner: 'two',
      deadlineAtMs: NOW + 9,
      starter: by && { by, version, eligible: ELIGIBLE },
    });
    expect(refusalOf(decision.next, claim(null))).toBe('nothing-changed');
    expect(refusalOf(decision.next, claim(person('U0OTHER')))).toBe('role-missing');
    expect(refusalOf(decision.next, claim(CAROL, 0)), 'a card of before the facts changed').toBe(
      'old-version',
    );
    expect(refusalOf(decision.next, claim(CAROL))).toBeNull();
    expect(refusalOf(decision.next, claim(REQUESTER))).toBeNull();
    // Not only at its expiry: nothing is put off for longer than this (fault A11).
    expect(nextAttentionAtMs(decision.next, NOW)).toBe(NOW + LOOKED_AT_EVERY_MS);
  });

  it('approval case 30: after the mark, a lost process leaves an unknown outcome and never a claim', () => {
    expect(refusalOf(marked(), { type: 'abandon-claim' }, NOW + 999_999)).toBe('wrong-state');
    expect(refusalOf(marked(), { type: 'lose-track' }, NOW + 29_999)).toBe('nothing-changed');
    expect(decideAt(marked(), { type: 'lose-track' }, NOW + 30_000)).toMatchObject({
      ok: true,
      next: { state: 'unknown' },
    });
    expect(
      refusalOf(unknown(), {
        type: 'claim',
        owner: 'x',
        deadlineAtMs: NOW + 9,
        starter: { by: ALICE, version: 1, eligible: ELIGIBLE },
      }),
    ).toBe('wrong-state');
  });

  it('a record that is only called approved cannot be claimed or marked', () => {
    const called = { ...following(request(), approveBy()), state: 'approved' } as const;
    expect(refusalOf(called, { type: 'claim', owner: 'x', deadlineAtMs: NOW + 9, starter: null })).toBe(
      'too-few-approvals',
    );
    const half = { ...claimed(), votes: claimed().votes.slice(1) };
    const mark: Command = {
      type: 'mark-sent',
      owner: 'one',
      signedTimestampMs: 1,
      recvWindowMs: 5_000,
      deadlineAtMs: 1,
      ...PEOPLE,
    };
    expect(refusalOf(half, mark)).toBe('too-few-approvals');
  });

  it('approval case 39: a dry run can be rehearsed but never marked as sent, a live one never rehearsed', () => {
    const dry = following(request({}, { mode: 'dry-run' }), approveBy(), approveBy(BOB), {
      type: 'claim',
      owner: 'one',
      deadlineAtMs: NOW + 60_000,
      starter: null,
    });
    const mark: Command = {
      type: 'mark-sent',
      owner: 'one',
      signedTimestampMs: 1,
      recvWindowMs: 5_000,
      deadlineAtMs: 1,
      ...PEOPLE,
    };
    expect(refusalOf(dry, mark)).toBe('wrong-state');
    expect(IN_STATE.rehearsed().state).toBe('rehearsed');
    expect(refusalOf(claimed(), { type: 'rehearse', owner: 'one', ...PEOPLE })).toBe('wrong-state');
  });
});

describe('outcomes', () => {
  it.each([
    ['closed', 'sending'],
    ['refused', 'sending'],
    ['not-sent', 'failed'],
    ['unknown', 'unknown'],
  ] as const)('an answer "%s" leads to %s', (kind, state) => {
    expect(following(marked(), answered(answer(kind))).state).toBe(state);
  });

  it('approval case 24: CLOSED by the exchange becomes closed only when the read-back agrees', () => {
    const accepted = following(marked(), answered(answer('closed')));
    expect(accepted.state).toBe('sending');
    const seen = following(accepted, {
      type: 'read-back',
      afterAnswer: true,
      seen: { kind: 'in-closed-list', evidence: evidence() },
    });
    expect(seen).toMatchObject({
      state: 'closed',
      ending: { kind: 'read-back' },
      evidence: { closedAtMs: NOW + 500 },
    });
  });

  it('an answer that comes after the outcome was called unknown is still evidence', () => {
    const lost = { ...marked(), state: 'unknown' } as const;
    expect(following(lost, answered(answer('not-sent'))).state).toBe('failed');
  });

  it('approval case 27: found in the closed list after the send: closed; closed before the send: by someone else', () => {
    const seen = (closedAtMs: number): Command => ({
      type: 'read-back',
      afterAnswer: true,
      seen: { kind: 'in-closed-list', evidence: evidence(closedAtMs) },
    });
    expect(following(unknown(), seen(NOW + 1)).state).toBe('closed');
    const read = { ...unknown(), facts: facts({ readAtMs: START_MS - 60_000 }) };
    expect(following(read, seen(NOW - 2_000)).state).toBe('superseded');
  });

  it('approval case 28: still active proves nothing before timestamp + recvWindow + margin, and only several times', () => {
    const seen = (readAtMs: number): Command => ({
      type: 'read-back',
      afterAnswer: true,
      seen: { kind: 'still-active', readAtMs },
    });
    const provenFrom = NOW + 5_000 + LATE_COPY_MARGIN_MS;
    /** Each look some seconds after the one before. */
    let nowMs = NOW;
    const look = (from: CloseRequest, command: Command, afterMs = LOOKS_APART_MS) => {
      nowMs += afterMs;
      const decision = decideAt(from, command, nowMs);
      if (!decision.ok) throw new Error(decision.refusal.code);
      return decision.next;
    };
    let current = unknown();
    current = look(current, seen(provenFrom - 1));
    expect(current).toMatchObject({ state: 'unknown', readBack: { agreeingActiveReads: 0 } });
    expect(refusalOf(current, seen(provenFrom - 1), nowMs + 60_000), 'seen already').toBe('nothing-changed');
    for (let read = 1; read < AGREEING_READS; read += 1) current = look(current, seen(provenFrom));
    expect(current.state).toBe('unknown');
    // Two replicas that look at the same moment have looked once.
    expect(refusalOf(current, seen(provenFrom), nowMs)).toBe('nothing-changed');
    expect(look(current, seen(provenFrom))).toMatchObject({
      state: 'failed',
      ending: { kind: 'not-executed' },
    });
    const interrupted = look(current, { type: 'read-back', afterAnswer: true, seen: { kind: 'neither' } });
    expect(look(interrupted, seen(provenFrom)).state).toBe('unknown');
  });

  it('looks that could not be made prove nothing; the next one is due within half a minute', () => {
    const unreadable: Command = {
      type: 'read-back',
      afterAnswer: true,
      seen: { kind: 'unreadable', why: 'no answer' },
    };
    const looked = following(unknown(), unreadable);
    expect(looked).toMatchObject({ state: 'unknown', readBack: { agreeingActiveReads: 0 } });
    expect(nextAttentionAtMs({ ...looked, pagedAtMs: NOW }, NOW + 3_600_000 + 1)).toBe(
      NOW + 3_600_000 + 30_000,
    );
  });

  it('an exchange that answered CLOSED but keeps listing the unit as active is left to people', () => {
    let contradicted: CloseRequest = { ...unknown(), answer: answer('closed') };
    const seen: Command = {
      type: 'read-back',
      afterAnswer: true,
      seen: { kind: 'still-active', readAtMs: NOW + 999_999 },
    };
    for (let looks = 1; looks <= AGREEING_READS; looks += 1) {
      const decision = decideAt(contradicted, seen, NOW + looks * LOOKS_APART_MS);
      if (decision.ok) contradicted = decision.next;
    }
    expect(contradicted).toMatchObject({
      state: 'unknown',
      readBack: { agreeingActiveReads: AGREEING_READS },
    });
    expect(refusalOf(contradicted, seen, NOW + 3_600_000)).toBe('nothing-changed');
  });

  it('approval case 29: people are told once that the outcome is still unknown', () => {
    const page: Command = { type: 'page-people' };
    expect(refusalOf(unknown(), page, NOW + UNKNOWN_PAGES_AFTER_MS - 1)).toBe('nothing-changed');
    const paged = decideAt(unknown(), page, NOW + UNKNOWN_PAGES_AFTER_MS);
    expect(paged.ok && refusalOf(paged.next, page, NOW + 2 * UNKNOWN_PAGES_AFTER_MS)).toBe('nothing-changed');
  });

  it('approval case 29: settling takes two different eligible people, the same verdict and a note', () => {
    const settle = (
      by = ALICE,
      verdict: 'closed' | 'not-closed' = 'closed',
      note = 'seen in the web console',
    ): Command => ({
      type: 'settle',
      pairs: [],
      by,
      verdict,
      note,
      eligible: ELIGIBLE,
    });
    expect(refusalOf(unknown(), settle(person('U0OTHER')))).toBe('role-missing');
    expect(refusalOf(unknown(), settle(REQUESTER))).toBe('role-missing');
    expect(refusalOf(unknown(), settle(ALICE, 'closed', ' '))).toBe('note-missing');
    const proposed = following(unknown(), settle());
    expect(proposed.state).toBe('unknown');
    expect(refusalOf(proposed, settle())).toBe('second-person-needed');
    const late = NOW + 5_000 + LATE_COPY_MARGIN_MS;
    expect(refusalOf(proposed, settle(BOB, 'not-closed'), late - 1)).toBe('too-early-to-settle');
    expect(refusalOf(proposed, settle(BOB, 'not-closed'), late)).toBeNull();
    expect(following(proposed, settle(BOB))).toMatchObject({
      state: 'closed',
      ending: { kind: 'settled', by: [{ userId: ALICE.userId }, { userId: BOB.userId }] },
    });
    const changed = decideAt(proposed, settle(ALICE, 'not-closed'), late);
    if (!changed.ok) throw new Error(changed.refusal.code);
    expect(decideAt(changed.next, settle(BOB, 'not-closed'), late)).toMatchObject({
      ok: true,
      next: { state: 'failed' },
    });
    expect(refusalOf(IN_STATE.closed(), settle())).toBe('wrong-state');
  });
});

describe('every state', () => {
  it('is reached by the rule and named correctly', () => {
    for (const state of STATES) expect(IN_STATE[state]().state).toBe(state);
  });

  it('needs attention exactly while it is open', () => {
    for (const state of STATES) {
      expect(nextAttentionAtMs(IN_STATE[state](), NOW) === null).toBe(isTerminal(state));
    }
  });
});

describe('the location of the card', () => {
  const elsewhere = { channelId: 'C0DESK', messageTs: '1700000001.000200' };

  it('is replaced when the card was posted again, in any state, and nothing else changes', () => {
    for (const make of Object.values(IN_STATE)) {
      const before = make();
      const decision = decideAt(before, { type: 'record-card', card: elsewhere }, NOW);
      expect(decision).toEqual({
        ok: true,
        next: { ...before, card: elsewhere },
        event: { type: 'card-posted', by: null, atMs: NOW },
        notAfterMs: null,
      });
    }
  });

  it('is recorded once', () => {
    const { card } = request();
    if (card === null) throw new Error('no card');
    expect(refusalOf(request(), { type: 'record-card', card: { ...card } })).toBe('nothing-changed');
  });
});

describe('fault N3: refused attempts in the audit', () => {
  const noted = (times: number, userId: string, start: CloseRequest) => {
    let current = start;
    for (let count = 0; count < times; count += 1) {
      const by = person(userId);
      const decision = decideAt(
        current,
        { type: 'note-refusal', by, attempted: 'vote', refusal: 'role-missing' },
        NOW,
      );
      if (decision.ok) current = decision.next;
    }
    return current;
  };

  it('each person has ten places, however often they try', () => {
    const after = noted(150, 'U0STRANGER', request());
    expect(after.refusalsNoted).toBe(10);
    expect(noted(20, REQUESTER.userId, after).refusalsNoted).toBe(20);
  });

  it('fifty strangers have places, and they take none from who has a part in the request', () => {
    let current = request();
    for (let count = 0; count < 80; count += 1) current = noted(1, `U0STRANGER${count}`, current);
    expect(current.refusalsNoted).toBe(50);
    for (const { userId } of [REQUESTER, ALICE]) current = noted(1, userId, current);
    expect(current.refusalsNoted).toBe(52);
    expect(noted(1, 'U0ONEMORE', current)).toBe(current);
  });
});
