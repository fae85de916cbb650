/** The acceptance cases of a two-person close at the level of the desk; approval cases 1 to 40. */

import { describe, expect, it } from 'vitest';
import { amount, longId, ZERO } from '../../src/domain/amount.ts';
import { UNKNOWN_PAGES_AFTER_MS } from '../../src/domain/close/attention.ts';
import { type CloseOutcome, StoreUnavailable } from '../../src/usecases/ports.ts';
import { all } from '../contracts/audit-trail.ts';
import { repaidUnit, UNAVAILABLE } from '../fakes/loan-exchange.ts';
import { ALICE, BOB, CAROL, HOME_TEAM, person, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, UNIT, VIEWER, withMethods } from '../support/desk-harness.ts';

const OWED = { asset: 'USDT', principal: ZERO, interest: amount('0.00000001') };

function outcome(kind: CloseOutcome['kind'], changes: Partial<CloseOutcome> = {}): CloseOutcome {
  return { kind, httpStatus: null, exchangeCode: null, meaning: `answer: ${kind}`, advice: '', ...changes };
}

async function auditOf(harness: DeskHarness, requestId: string): Promise<string[]> {
  const types: string[] = [];
  for (const entry of await all(harness.store.audit, requestId)) {
    const { event } = entry.body;
    types.push(event.type === 'refused' ? `refused: ${event.refusal}` : event.type);
  }
  return types;
}

async function approved(harness: DeskHarness) {
  const request = await harness.open();
  await harness.approve(ALICE, request);
  const last = await harness.approve(BOB, request);
  await harness.settled();
  return { request, last };
}

describe('identity and quorum', () => {
  it('approval case 1: a self-approval stores no vote and leaves an audit entry', async () => {
    const harness = new DeskHarness({ approvers: [REQUESTER.userId, ALICE.userId, BOB.userId] });
    const request = await harness.open();
    expect(await harness.desk.openBallot(REQUESTER, request.id, 1)).toMatchObject({
      ok: false,
      refusal: { code: 'self-approval' },
    });
    expect(await harness.approve(REQUESTER, request)).toMatchObject({
      ok: false,
      refusal: { code: 'self-approval' },
    });
    expect((await harness.get(request.id)).votes).toEqual([]);
    expect(await auditOf(harness, request.id)).toContain('refused: self-approval');
  });

  it('dates a vote by the clock of the store when it counts, however long the facts took, with two round trips', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    // The card's redrawing looks, too, and is not the vote's.
    harness.heldBack.add('deliver');
    let looks = 0;
    const { desk } = harness.replica({
      reader: withMethods(harness.exchange, {
        riskUnits: async () => {
          harness.nowMs += 14_000;
          return harness.exchange.riskUnits();
        },
      }),
      store: withMethods(harness.store, {
        load: (requestId) => {
          looks += 1;
          return harness.store.load(requestId);
        },
      }),
    });
    const { id: requestId, version, factsDigest: digest, groupId: typedId } = request;
    expect(await desk.approve(ALICE, { requestId, version, digest, typedId })).toMatchObject({ ok: true });
    expect(looks).toBe(1);
    expect((await harness.get(request.id)).votes).toMatchObject([{ atMs: harness.nowMs }]);
  });

  it('does not take a vote whose request expired while the facts were read', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    const { desk } = harness.replica({
      reader: withMethods(harness.exchange, {
        riskUnits: async () => {
          harness.nowMs = request.expiresAtMs;
          return harness.exchange.riskUnits();
        },
      }),
    });
    const { id: requestId, version, factsDigest: digest, groupId: typedId } = request;
    expect(await desk.approve(ALICE, { requestId, version, digest, typedId })).toMatchObject({
      ok: false,
      refusal: { code: 'expired' },
    });
    expect((await harness.get(request.id)).votes).toEqual([]);
  });

  it.each([
    ['a guest', person('U0X', { kind: 'guest' })],
    ['a bot', person('U0X', { kind: 'bot' })],
    ['a deactivated account', person('U0X', { kind: 'deactivated' })],
    ['an account that Slack does not know', person('U0X', { kind: 'not-found' })],
  ])('approval case 3: %s that is listed as an approver changes nothing', async (_, who) => {
    const harness = new DeskHarness({ approvers: [ALICE.userId, BOB.userId, who.userId] });
    harness.directory.people.set(who.userId, who);
    const request = await harness.open();
    expect(await harness.approve(who, request)).toMatchObject({
      ok: false,
      refusal: { code: 'not-a-full-member' },
    });
    expect((await harness.get(request.id)).votes).toEqual([]);
  });

  it('approval case 3: an approver id from another team, and a channel member who is not listed, change nothing', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    const foreign = { teamId: 'T0OTHER', userId: ALICE.userId };
    expect(await harness.approve(foreign, request)).toMatchObject({
      ok: false,
      refusal: { code: 'not-a-full-member', kind: 'foreign' },
    });
    expect(await harness.approve(VIEWER, request)).toMatchObject({
      ok: false,
      refusal: { code: 'role-missing' },
    });
    expect((await harness.get(request.id)).votes).toEqual([]);
  });

  it('approval case 4: when identities cannot be looked up, everybody is refused', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    harness.directory.down = true;
    expect(await harness.approve(ALICE, request)).toMatchObject({
      ok: false,
      refusal: { code: 'identity-unavailable' },
    });
    expect((await harness.get(request.id)).votes).toEqual([]);
  });

  it.each(['not-found', 'deactivated'] as const)(
    'approval case 4: one approver who left (%s) stops nobody else, and the status names them',
    async (kind) => {
      const approvers = [ALICE.userId, 'U0LEFT', BOB.userId];
      const harness = new DeskHarness({ approvers });
      harness.directory.people.set('U0LEFT', person('U0LEFT', { kind }));
      const request = await harness.open();
      await harness.approve(ALICE, request);
      await harness.approve(BOB, request);
      await harness.settled();
      expect((await harness.get(request.id)).state).toBe('closed');
      const status = async () => {
        const view = await harness.desk.status(VIEWER);
        return view.ok ? view.value.lines.filter(({ name }) => name === 'Approvers') : [];
      };
      expect(await status()).toEqual([
        {
          name: 'Approvers',
          level: 'warning',
          text: expect.stringMatching(/^2 people can approve; .*: U0LEFT \(/),
        },
      ]);
      harness.directory.people.set(BOB.userId, person(BOB.userId, { kind }));
      expect(await status()).toMatchObject([
        { level: 'fault', text: expect.stringContaining('1 person can approve, 2 are needed') },
      ]);
    },
  );

  it('approval case 7: where those who are left cannot reach the quorum, nothing is asked or sent', async () => {
    const harness = new DeskHarness({ approvers: [ALICE.userId, BOB.userId] });
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    harness.directory.people.set(BOB.userId, person(BOB.userId, { kind: 'not-found' }));
    await harness.pass(10_000);
    expect(harness.exchange.deletes).toEqual([]);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'pending',
      votes: [{ voter: { userId: ALICE.userId } }],
    });
    await harness.desk.withdraw(REQUESTER, request.id);
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'repaid')).toMatchObject({
      ok: false,
      refusal: { code: 'quorum-unreachable', eligible: 1, quorum: 2 },
    });
  });

  it('approval case 6: a voter removed before the final vote is dropped, said on the card, and nothing is sent', async () => {
    const harness = new DeskHarness({ approvers: ['S0GROUP'] });
    harness.directory.groups.set('S0GROUP', [ALICE.userId, BOB.userId, CAROL.userId]);
    const request = await harness.open();
    await harness.approve(ALICE, request);
    harness.directory.groups.set('S0GROUP', [BOB.userId, CAROL.userId]);
    await harness.approve(BOB, request);
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({
      state: 'pending',
      votes: [{ voter: { userId: BOB.userId } }],
    });
    expect(harness.notifier.delivered.at(-1)?.request.voidedVotes).toMatchObject([
      { because: 'no-longer-eligible' },
    ]);
    expect(harness.exchange.deletes).toEqual([]);
  });

  it('approval case 6: a voter removed between the last vote and the send stops the send', async () => {
    const harness = new DeskHarness({ approvers: ['S0GROUP'] });
    harness.directory.groups.set('S0GROUP', [ALICE.userId, BOB.userId]);
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    harness.directory.groups.set('S0GROUP', [BOB.userId, CAROL.userId]);
    await harness.pass(10_000);
    expect(harness.exchange.deletes).toEqual([]);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'pending',
      votes: [{ voter: { userId: BOB.userId } }],
    });
  });

  it('approval case 7: fewer eligible people than the quorum: refused with no card', async () => {
    const harness = new DeskHarness({ approvers: [REQUESTER.userId, ALICE.userId] });
    const asked = await harness.desk.askToClose(REQUESTER, UNIT, 'repaid');
    expect(asked).toMatchObject({
      ok: false,
      refusal: { code: 'quorum-unreachable', eligible: 1, quorum: 2 },
    });
    expect(harness.notifier.delivered).toEqual([]);
  });

  it('approval case 8: a forged request id, version or digest changes nothing', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    const attempts = [
      harness.desk.openBallot(ALICE, '0000000000', 1),
      harness.desk.openBallot(ALICE, request.id, 7),
      harness.desk.approve(ALICE, {
        requestId: request.id,
        version: 1,
        digest: 'f'.repeat(64),
        typedId: UNIT,
      }),
      harness.desk.reject(ALICE, request.id, 0, 'forged'),
    ];
    for (const attempt of attempts) expect(await attempt).toMatchObject({ ok: false });
    expect(await harness.get(request.id)).toMatchObject({ state: 'pending', votes: [] });
    expect(await auditOf(harness, request.id)).toContain('refused: old-version');
  });
});

describe('asking', () => {
  it('approval case 16: a second request for the same unit answers with the first, also at the same time', async () => {
    const harness = new DeskHarness();
    const answers = await Promise.all([
      harness.desk.askToClose(REQUESTER, UNIT, 'once'),
      harness.desk.askToClose(REQUESTER, UNIT, 'twice'),
    ]);
    await harness.settled();
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    expect(answers.find((answer) => !answer.ok)).toMatchObject({
      refusal: { code: 'already-open', state: 'pending' },
    });
    expect(harness.notifier.delivered.filter(({ notice }) => notice.kind === 'card')).toHaveLength(1);
  });

  it.each([
    ['owes dust', { liabilities: [OWED] }, 'owes'],
    ['owes by its total only', { totalLiability: amount('1') }, 'owes'],
  ])('approval case 18: a unit that %s is refused before a card is posted', async (_, changes, code) => {
    const harness = new DeskHarness();
    harness.exchange.units.set(UNIT, repaidUnit(UNIT, changes));
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'repaid')).toMatchObject({
      ok: false,
      refusal: { code },
    });
    expect(harness.notifier.delivered).toEqual([]);
  });

  it('approval case 18: unknown, already closed, without a key, unreadable: each is named', async () => {
    const harness = new DeskHarness();
    const ask = (unit: string, reason = 'repaid') => harness.desk.askToClose(REQUESTER, unit, reason);
    expect(await ask('999')).toMatchObject({ refusal: { code: 'unknown-unit' } });
    expect(await ask('072')).toMatchObject({ refusal: { code: 'bad-unit-id' } });
    expect(await ask(UNIT, ' ')).toMatchObject({ refusal: { code: 'reason-missing' } });
    expect(await ask(UNIT, 'x'.repeat(4_001))).toMatchObject({ refusal: { code: 'reason-too-long' } });
    harness.exchange.withoutCreditKey.add(UNIT);
    expect(await ask(UNIT)).toMatchObject({ refusal: { code: 'no-credit-key' } });
    harness.exchange.readFailure = UNAVAILABLE;
    expect(await ask(UNIT)).toMatchObject({ refusal: { code: 'exchange-unavailable' } });
    harness.exchange.readFailure = null;
    harness.exchange.closeOutside(UNIT);
    expect(await ask(UNIT)).toMatchObject({ refusal: { code: 'already-closed' } });
    expect(await harness.desk.askToClose(ALICE, UNIT, 'repaid')).toMatchObject({
      refusal: { code: 'role-missing', role: 'requester' },
    });
  });

  it('approval case 17: a reason of 4,000 characters with markup is whole in the audit', async () => {
    const harness = new DeskHarness();
    const reason = `<!channel> *now* & \n${'é😀'.repeat(1_300)}`.slice(0, 4_000);
    const request = await harness.open(reason);
    for (const entry of await all(harness.store.audit, request.id)) {
      if (entry.body.event.type === 'opened') expect(entry.body.event.reason).toBe(reason.trim());
    }
  });
});

describe('facts', () => {
  it('approval case 19: a fact that changes after the first vote voids it, shows the difference and sends nothing', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    await harness.approve(ALICE, request);
    harness.exchange.units.set(
      UNIT,
      repaidUnit(UNIT, { liabilities: [OWED], totalLiability: amount('0.00000001') }),
    );
    const second = await harness.approve(BOB, request);
    await harness.settled();
    expect(second).toMatchObject({
      ok: false,
      refusal: {
        code: 'facts-changed',
        changes: [{ fact: 'total liability' }, { fact: 'liability', which: 'USDT' }],
      },
    });
    expect(await harness.get(request.id)).toMatchObject({ state: 'pending', version: 2, votes: [] });
    expect(harness.threadOf(request.id)).toContain('facts-changed');
    expect(await harness.desk.openBallot(BOB, request.id, 1)).toMatchObject({
      refusal: { code: 'old-version' },
    });
  });

  it('approval case 19: a fact that changes between the last vote and the send is caught by the last look', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    harness.exchange.units.set(UNIT, repaidUnit(UNIT, { accounts: [] }));
    await harness.pass(6_000);
    expect(await harness.get(request.id)).toMatchObject({ state: 'pending', version: 2, votes: [] });
    expect(harness.exchange.deletes).toEqual([]);
  });

  it.each(['unreadable', 'not visible', 'row flawed'] as const)(
    'approval case 20: facts that are %s at the last look send nothing, and the approvals are kept',
    async (how) => {
      const harness = new DeskHarness();
      harness.heldBack.add('execute');
      const { request } = await approved(harness);
      if (how === 'unreadable') harness.exchange.readFailure = UNAVAILABLE;
      else harness.exchange.units.delete(UNIT);
      if (how === 'row flawed') harness.exchange.flaws = ['row 1, totalLiability: not a decimal'];
      await harness.pass(6_000);
      expect(await harness.get(request.id)).toMatchObject({
        state: 'approved',
        version: 1,
        votes: [{}, {}],
        obstacle: { why: expect.any(String) },
      });
      expect(harness.exchange.deletes).toEqual([]);
    },
  );

  it('approval case 21: equity, LTV and times may move without touching the votes', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    await harness.approve(ALICE, request);
    harness.exchange.units.set(UNIT, repaidUnit(UNIT, { totalNetEquity: amount('1'), updatedAtMs: 5 }));
    await harness.approve(BOB, request);
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({ state: 'closed', version: 1 });
  });

  it('approval case 22: of two open requests, only the approved one gets the vote', async () => {
    const other = longId('8');
    for (const [first, second] of [
      [UNIT, other],
      [other, UNIT],
    ] as const) {
      const harness = new DeskHarness();
      harness.exchange.units.set(other, repaidUnit(other));
      const asked = await Promise.all([
        harness.desk.askToClose(REQUESTER, first, 'a'),
        harness.desk.askToClose(REQUESTER, second, 'b'),
      ]);
      await harness.settled();
      const [, target] = asked.map((each) => (each.ok ? each.value : null));
      if (!target) throw new Error('not opened');
      await harness.approve(ALICE, target);
      const votes = (await harness.store.listOpen()).map((each) => [each.groupId, each.votes.length]);
      expect(new Map(votes as [string, number][])).toEqual(
        new Map([
          [first, 0],
          [second, 1],
        ]),
      );
    }
  });

  it.each(['at the last look', 'while pending'] as const)(
    'approval case 23: closed outside the bot, noticed %s: superseded, nothing sent, requester told',
    async (when) => {
      const harness = new DeskHarness();
      harness.heldBack.add('execute');
      const request = when === 'while pending' ? await harness.open() : (await approved(harness)).request;
      harness.exchange.closeOutside(UNIT);
      await harness.pass(when === 'while pending' ? 6 * 60_000 : 6_000);
      expect(await harness.get(request.id)).toMatchObject({
        state: 'superseded',
        evidence: { groupId: UNIT },
      });
      expect(harness.exchange.deletes).toEqual([]);
      const direct = harness.notifier.delivered.filter(({ notice }) => notice.kind === 'direct');
      expect(direct.at(-1)?.notice).toMatchObject({
        to: { userId: REQUESTER.userId },
        event: { type: 'superseded' },
      });
    },
  );
});

describe('execution', () => {
  it('approval case 24: CLOSED by the exchange is closed only after the read-back agrees', async () => {
    const harness = new DeskHarness();
    harness.exchange.listsClosed = false;
    const { request } = await approved(harness);
    expect(await harness.get(request.id)).toMatchObject({ state: 'sending', answer: { kind: 'closed' } });
    harness.exchange.listsClosed = true;
    await harness.pass(60_000);
    expect(await harness.get(request.id)).toMatchObject({ state: 'closed', ending: { kind: 'read-back' } });
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('approval case 24: never listed as closed: after a while unknown, for people to settle, and not sent again', async () => {
    const harness = new DeskHarness();
    harness.exchange.listsClosed = false;
    const { request } = await approved(harness);
    for (let round = 0; round < 20; round += 1) await harness.pass(60_000);
    expect(await harness.get(request.id)).toMatchObject({ state: 'unknown', pagedAtMs: expect.any(Number) });
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('approval case 25: a business refusal is failed with its code, and asking again needs new votes', async () => {
    const harness = new DeskHarness();
    harness.exchange.takesEffect = false;
    harness.exchange.outcome = outcome('refused', { httpStatus: 400, exchangeCode: -27018 });
    const { request } = await approved(harness);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'failed',
      answer: { exchangeCode: -27018 },
    });
    await harness.pass(3_600_000);
    expect(harness.exchange.deletes).toEqual([UNIT]);
    const again = await harness.open();
    expect(again).toMatchObject({ state: 'pending', votes: [] });
    expect(again.id).not.toBe(request.id);
  });

  it('approval case 26: an unknown outcome has sent exactly one DELETE and blocks a new request', async () => {
    const harness = new DeskHarness();
    harness.exchange.takesEffect = false;
    harness.exchange.outcome = outcome('unknown', { httpStatus: 503 });
    const { request } = await approved(harness);
    await harness.pass(20_000);
    expect(await harness.get(request.id)).toMatchObject({ state: 'unknown' });
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'again')).toMatchObject({
      refusal: { code: 'already-open', state: 'unknown' },
    });
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('approval case 27: unknown, then seen in the closed list: closed, with the evidence', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.listsClosed = false;
    const { request } = await approved(harness);
    expect((await harness.get(request.id)).state).toBe('unknown');
    harness.exchange.listsClosed = true;
    await harness.pass(60_000);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'closed',
      evidence: { groupId: UNIT },
      ending: { kind: 'read-back' },
    });
  });

  it('approval case 28: unknown and still active: not executed only after the margin and several reads; never re-sent', async () => {
    const harness = new DeskHarness();
    harness.exchange.takesEffect = false;
    harness.exchange.outcome = outcome('unknown');
    const { request } = await approved(harness);
    await harness.pass(30_000);
    expect((await harness.get(request.id)).state).toBe('unknown');
    for (let round = 0; round < 5; round += 1) await harness.pass(61_000);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'failed',
      ending: { kind: 'not-executed' },
    });
    expect(harness.exchange.deletes).toEqual([UNIT]);
    expect((await harness.open()).state).toBe('pending');
  });

  it('approval case 29: unknown past its limit: people are told once, and one person alone cannot settle it', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.listsClosed = false;
    const { request } = await approved(harness);
    for (let round = 0; round < 4; round += 1) await harness.pass(UNKNOWN_PAGES_AFTER_MS);
    expect(harness.approversTold(request.id)).toEqual(['opened', 'answered', 'people-paged']);
    const settle = (who = ALICE) => harness.desk.settle(who, request.id, 'closed', 'seen in the web console');
    const home = (who = ALICE) => harness.desk.home(who);
    expect(await home()).toMatchObject({ value: { waitingForMe: [{ id: request.id }] } });
    expect(await settle()).toMatchObject({ ok: true, value: { state: 'unknown' } });
    // It waits for a second person, on Home too.
    expect(await home()).toMatchObject({ value: { waitingForMe: [] } });
    expect(await home(BOB)).toMatchObject({ value: { waitingForMe: [{ id: request.id }] } });
    expect(await settle()).toMatchObject({ refusal: { code: 'second-person-needed' } });
    expect(await settle(REQUESTER)).toMatchObject({ refusal: { code: 'role-missing' } });
    expect(await settle(BOB)).toMatchObject({
      ok: true,
      value: { state: 'closed', ending: { kind: 'settled' } },
    });
    expect(await auditOf(harness, request.id)).toEqual(
      expect.arrayContaining(['settlement-proposed', 'settled']),
    );
  });
});

describe('a process stops at the worst moment', () => {
  const STOPPED = new Error('process stopped');

  it('approval case 30: before the claim: another replica sends', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    await harness.pass(6_000);
    expect((await harness.get(request.id)).state).toBe('closed');
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('approval case 30: after the claim: nothing was sent, nothing is sent by itself; a person starts it again', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    const dying = harness.replica({ closer: { prepareClose: () => Promise.reject(STOPPED) } });
    await dying.attendRequests();
    await harness.settled();
    harness.nowMs += 6_000;
    await dying.attendRequests();
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({ state: 'sending', sent: null });
    await harness.pass(120_000);
    expect(await harness.get(request.id)).toMatchObject({ state: 'approved', abandonedClaims: 1 });
    expect(harness.threadOf(request.id)).toContain('claim-abandoned');
    await harness.pass(600_000);
    expect(harness.exchange.deletes).toEqual([]);
    expect(await harness.desk.startSending(VIEWER, request.id, request.version)).toMatchObject({
      refusal: { code: 'role-missing' },
    });
    expect(await harness.desk.startSending(CAROL, request.id, request.version - 1)).toMatchObject({
      refusal: { code: 'old-version' },
    });
    expect(harness.exchange.deletes).toEqual([]);
    expect((await harness.get(request.id)).refusalsNoted).toBe(2);
    expect(await harness.desk.startSending(CAROL, request.id, request.version)).toMatchObject({
      ok: true,
      value: { state: 'closed' },
    });
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it.each([
    ['after the mark, before the bytes', false],
    ['after the bytes', true],
  ])("approval case 30: %s: unknown, settled by the exchange's record, never re-sent", async (_, effect) => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    const { exchange } = harness;
    let stopped = false;
    harness.heldBack.add('deliver');
    const dying = harness.replica({
      store: withMethods(harness.store, {
        load: (id) => (stopped ? Promise.reject(STOPPED) : harness.store.load(id)),
      }),
      closer: {
        async prepareClose(groupId) {
          const prepared = await exchange.prepareClose(groupId);
          if (!prepared.ok) return prepared;
          const send = async () => {
            const answer = effect ? await prepared.value.send() : outcome('unknown');
            stopped = true;
            return answer;
          };
          return { ...prepared, value: { ...prepared.value, send } };
        },
      },
    });
    harness.nowMs += 6_000;
    await dying.attendRequests();
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({ state: 'sending', sent: { recvWindowMs: 5_000 } });
    for (let round = 0; round < 6; round += 1) await harness.pass(61_000);
    expect(await harness.get(request.id)).toMatchObject({
      state: effect ? 'closed' : 'failed',
      ending: { kind: effect ? 'read-back' : 'not-executed' },
    });
    expect(exchange.deletes).toEqual(effect ? [UNIT] : []);
  });

  it('before the read-back: another replica reads back', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    const dying = harness.replica({
      reader: withMethods(harness.exchange, {
        findClosedUnit: () => Promise.reject(STOPPED),
      }),
    });
    harness.nowMs += 6_000;
    await dying.attendRequests();
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({ state: 'sending', answer: { kind: 'closed' } });
    await harness.pass(61_000);
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it('before the card edit: the outbox of another replica redraws it', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    harness.heldBack.add('deliver');
    await harness.approve(ALICE, request);
    await harness.approve(BOB, request);
    await harness.settled();
    const before = harness.notifier.delivered.length;
    await harness.pass(0);
    const drawn = harness.notifier.delivered.slice(before).filter(({ notice }) => notice.kind === 'card');
    expect(drawn.at(-1)?.request.state).toBe('closed');
  });

  it('approval case 31: a process paused past its claim sends nothing when it wakes', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    const { exchange } = harness;
    const paused = harness.replica({
      closer: {
        async prepareClose(groupId) {
          const prepared = await exchange.prepareClose(groupId);
          harness.nowMs += 61_000;
          return prepared;
        },
      },
    });
    harness.nowMs += 6_000;
    await paused.attendRequests();
    await harness.settled();
    expect(exchange.deletes).toEqual([]);
    await harness.pass(1_000);
    expect(await harness.get(request.id)).toMatchObject({ state: 'approved', sent: null });
  });

  it('approval case 15: the last vote was in time but the send would start after the expiry: expired, nothing sent', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    await harness.pass(request.expiresAtMs - harness.nowMs);
    expect((await harness.get(request.id)).state).toBe('expired');
    expect(harness.exchange.deletes).toEqual([]);
  });

  it('approval cases 32 and 38: with the store gone, or no audit entry to be written, nothing is voted and nothing is sent', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    const gone = new StoreUnavailable(new Error('connection lost'));
    const store = withMethods(harness.store, { save: () => Promise.reject(gone) });
    const cut = harness.replica({ store });
    harness.nowMs += 6_000;
    await cut.attendRequests();
    await harness.settled();
    expect(harness.exchange.deletes).toEqual([]);
    await expect(cut.desk.withdraw(REQUESTER, request.id)).rejects.toThrow(StoreUnavailable);
  });
});

describe('a forged record', () => {
  it('with votes that the sealed trail does not tell sends nothing and says why', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const { request } = await approved(harness);
    const forger = harness.replica({
      store: withMethods(harness.store, {
        load: async (id: string) => {
          const stored = await harness.store.load(id);
          if (stored === null) return null;
          const votes = stored.request.votes.map((vote) => ({
            ...vote,
            voter: vote.voter.userId === BOB.userId ? CAROL : vote.voter,
          }));
          return { ...stored, request: { ...stored.request, votes } };
        },
      }),
    });
    harness.nowMs += 6_000;
    await forger.attendRequests();
    await harness.settled();
    expect(harness.exchange.deletes).toEqual([]);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'failed',
      sent: null,
      ending: { kind: 'never-sent', why: expect.stringContaining('votes differ') },
    });
  });
});

describe('telling people', () => {
  it.each(['channel_not_found', 'chat.postMessage gave no ts'])(
    'approval case 34: a card that cannot be posted (%s) ends the request and tells the requester',
    async (why) => {
      const harness = new DeskHarness();
      harness.notifier.failures.push({ ok: false, retry: false, why, retryAfterMs: null });
      const request = await harness.open();
      expect(request).toMatchObject({ state: 'failed', ending: { kind: 'card-undeliverable', why } });
      expect(await harness.approve(ALICE, request)).toMatchObject({ ok: false });
      expect(harness.notifier.delivered).toMatchObject([
        { notice: { kind: 'direct', to: { userId: REQUESTER.userId } } },
      ]);
    },
  );

  it('approval case 35: a failed edit never touches state; it is tried again after what Slack asks for, in order', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    harness.notifier.failures.push({ ok: false, retry: true, why: 'ratelimited', retryAfterMs: 30_000 });
    await harness.approve(ALICE, request);
    await harness.settled();
    expect((await harness.get(request.id)).votes).toHaveLength(1);
    expect(harness.threadOf(request.id)).toEqual([]);
    await harness.pass(29_000);
    expect(harness.threadOf(request.id)).toEqual([]);
    await harness.pass(1_001);
    expect(harness.threadOf(request.id)).toEqual(['approved']);
    expect(harness.notifier.delivered.at(-2)).toMatchObject({
      notice: { kind: 'card' },
      request: { votes: [{}] },
    });
  });

  it('approval case 35: an edit that can never work is dropped, and what comes after it is delivered', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    harness.notifier.failures.push({ ok: false, retry: false, why: 'message_not_found', retryAfterMs: null });
    await harness.approve(ALICE, request);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('pending');
    expect(harness.threadOf(request.id)).toEqual(['approved']);
  });

  it('approval case 36: no message is drawn from a record that says closed before the exchange confirmed it', async () => {
    const harness = new DeskHarness();
    const { request } = await approved(harness);
    expect(harness.threadOf(request.id)).toEqual(['approved', 'approved', 'read-back']);
    for (const { notice, request: drawn } of harness.notifier.delivered) {
      if (drawn.state === 'closed') expect(drawn.evidence).not.toBeNull();
      if (notice.kind === 'direct') expect(notice.to.userId).toBe(REQUESTER.userId);
    }
  });

  it('approval case 37: one reminder each at half and at 80 % of the lifetime, however many replicas sweep', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    const other = harness.replica();
    for (let tenth = 1; tenth < 10; tenth += 1) {
      harness.nowMs =
        request.createdAtMs + Math.ceil(((request.expiresAtMs - request.createdAtMs) * tenth) / 10);
      await Promise.all([harness.work.attendRequests(), other.attendRequests()]);
      await harness.settled();
      await harness.pass(0);
    }
    expect(harness.approversTold(request.id)).toEqual(['opened', 'reminded', 'reminded']);
  });

  it('approval case 39: a dry run goes all the way and sends nothing', async () => {
    const harness = new DeskHarness({ mode: 'dry-run' });
    const { request } = await approved(harness);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'rehearsed',
      sent: null,
      policy: { mode: 'dry-run' },
    });
    expect(harness.exchange.deletes).toEqual([]);
    expect((await harness.desk.verifyAudit(ALICE, null)).ok).toBe(true);
  });
});

describe('decisions', () => {
  it('approval case 11: approve and reject race: one wins, and after a won rejection nothing is ever sent', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await Promise.all([harness.approve(BOB, request), harness.desk.reject(CAROL, request.id, 1, 'not yet')]);
    await harness.settled();
    await harness.pass(60_000);
    const { state } = await harness.get(request.id);
    expect(['rejected', 'closed']).toContain(state);
    expect(harness.exchange.deletes).toEqual(state === 'closed' ? [UNIT] : []);
  });

  it('a ballot needs the right id typed, and is refused to those who may not vote before they see anything', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    expect(await harness.approve(ALICE, request, '8')).toMatchObject({
      refusal: { code: 'typed-id-differs' },
    });
    expect(await harness.desk.openBallot(VIEWER, request.id, 1)).toMatchObject({
      refusal: { code: 'role-missing' },
    });
    expect(await harness.desk.openBallot(ALICE, request.id, 1)).toMatchObject({
      ok: true,
      value: { request: { factsDigest: request.factsDigest } },
    });
  });

  it('the audit verifies from first to last and names who did what', async () => {
    const harness = new DeskHarness();
    const { request } = await approved(harness);
    expect(await harness.desk.verifyAudit(ALICE, null)).toMatchObject({
      ok: true,
      value: { fault: null, requests: 1 },
    });
    expect(await auditOf(harness, request.id)).toEqual([
      'opened',
      'card-posted',
      'approved',
      'approved',
      'claimed',
      'sent',
      'answered',
      'read-back',
    ]);
    expect(await harness.desk.verifyAudit(VIEWER, null)).toMatchObject({ refusal: { code: 'role-missing' } });
  });

  it('home team is decided by id alone', async () => {
    const harness = new DeskHarness();
    await harness.open();
    expect(await harness.desk.viewUnits({ teamId: HOME_TEAM, userId: 'U0STRANGER' }, '')).toMatchObject({
      refusal: { code: 'identity-unavailable' },
    });
  });
});
