/** Stand-ins that people enter themselves, from the command to what their approvals count. */
import { describe, expect, it } from 'vitest';
import type { TypedAbsence } from '../../src/domain/close/away-query.ts';
import type { CloseRules } from '../../src/domain/close/close-rules.ts';
import type { PersonId } from '../../src/domain/person.ts';
import { RULES_ID } from '../../src/domain/subject.ts';
import { StoreUnavailable, UnreadableRecord } from '../../src/usecases/ports.ts';
import { ALICE, BOB, CAROL, person, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, VIEWER, withMethods } from '../support/desk-harness.ts';

const EVE = person('U0EVE');
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

function typed(text: string, ...people: readonly PersonId[]): TypedAbsence {
  return { people: people.map(({ userId }) => userId), groups: [], text, input: text };
}

function deskWith(...given: ConstructorParameters<typeof DeskHarness>): DeskHarness {
  const harness = new DeskHarness(...given);
  harness.directory.people.set(EVE.userId, EVE);
  return harness;
}

const UNTIL = 'until 2026-11-22 for';
/** The end of that day in UTC. */
const UNTIL_MS = Date.UTC(2026, 10, 23) - 1;

/** Throws where it is refused. */
async function enter(harness: DeskHarness, by: PersonId, standIn: PersonId, until = UNTIL) {
  const entered = await harness.desk.enterAbsence(by, typed(until, standIn));
  if (!entered.ok) throw new Error(`refused: ${entered.refusal.code}`);
  await harness.settled();
  return entered.value;
}

async function listed(harness: DeskHarness) {
  const rows = await harness.desk.listAbsences(VIEWER);
  if (!rows.ok) throw new Error(`refused: ${rows.refusal.code}`);
  return rows.value;
}

function fileWith(...away: CloseRules['away']): CloseRules {
  const need = [{ from: [ALICE.userId, BOB.userId, CAROL.userId], count: 2 }];
  return { rules: [{ units: '*', releasesOver: null, need, delayMs: null }], away };
}

describe('an absence that an approver enters', () => {
  it('holds until its end, and is listed for everybody with a role', async () => {
    const harness = deskWith();
    expect(await enter(harness, CAROL, EVE)).toEqual({
      absence: { approver: CAROL.userId, standIn: EVE.userId, untilMs: UNTIL_MS },
      insteadOf: null,
      standsInFor: [],
    });
    const row = { approver: CAROL.userId, standIn: EVE.userId, untilMs: UNTIL_MS, source: 'entered' };
    expect(await listed(harness)).toEqual([{ ...row, noEffect: null }]);
    expect(await harness.desk.listAbsences(EVE)).toMatchObject({ ok: true });
    harness.nowMs = UNTIL_MS;
    expect(await listed(harness)).toEqual([]);
  });

  it('is in the time zone of the person who enters it', async () => {
    const harness = deskWith();
    harness.directory.people.set(CAROL.userId, { ...CAROL, timeZone: 'Asia/Singapore' });
    const { absence } = await enter(harness, CAROL, EVE);
    expect(absence.untilMs).toBe(UNTIL_MS - 8 * 3_600_000);
  });

  it('takes the place of an earlier one, and the same once more says again what holds', async () => {
    const harness = deskWith();
    await enter(harness, CAROL, EVE);
    expect(await enter(harness, CAROL, BOB)).toMatchObject({ insteadOf: EVE.userId });
    expect(await enter(harness, CAROL, BOB)).toMatchObject({
      absence: { standIn: BOB.userId },
      insteadOf: null,
    });
    expect(await listed(harness)).toMatchObject([{ standIn: BOB.userId }]);
  });

  it('says for whom the person who is away stands in themselves: that is not handed on', async () => {
    const harness = deskWith();
    await enter(harness, CAROL, BOB);
    const { standsInFor } = await enter(harness, BOB, EVE);
    expect(standsInFor).toMatchObject([{ approver: CAROL.userId, untilMs: UNTIL_MS }]);
    const request = await harness.open();
    await harness.approve(EVE, request);
    expect((await harness.get(request.id)).votes).toMatchObject([{ inPlaceOf: BOB.userId }]);
    // All three are one person now.
    await harness.approve(CAROL, request);
    expect((await harness.get(request.id)).votes).toHaveLength(1);
  });

  const group = { people: [], groups: ['S0RISK'], text: UNTIL, input: UNTIL };
  it.each<[string, PersonId, TypedAbsence, object]>([
    ['by the requester', REQUESTER, typed(UNTIL, EVE), { code: 'role-missing', role: 'approver' }],
    ['by a viewer', VIEWER, typed(UNTIL, EVE), { code: 'role-missing', role: 'approver' }],
    ['by somebody who only stands in', EVE, typed(UNTIL, BOB), { code: 'only-stand-in' }],
    ['by a guest', person('U0GUEST'), typed(UNTIL, EVE), { code: 'not-a-full-member', kind: 'guest' }],
    ['for oneself', BOB, typed(UNTIL, BOB), { code: 'stand-in-not-allowed', why: 'yourself' }],
    [
      'for one’s other account',
      BOB,
      typed(UNTIL, person('U0BOB2')),
      { code: 'stand-in-not-allowed', why: 'yourself' },
    ],
    ['for somebody who is away', BOB, typed(UNTIL, CAROL), { code: 'stand-in-not-allowed', why: 'away' }],
    [
      'for somebody who is away by the file',
      BOB,
      typed(UNTIL, ALICE),
      { code: 'stand-in-not-allowed', why: 'away' },
    ],
    ...(['guest', 'bot', 'deactivated', 'not-found'] as const).map(
      (kind) =>
        [
          `for ${kind}`,
          BOB,
          typed(UNTIL, person(`U0${kind.toUpperCase()}`)),
          { code: 'stand-in-not-allowed', why: kind },
        ] as [string, PersonId, TypedAbsence, object],
    ),
    [
      'for somebody of another workspace',
      BOB,
      typed(UNTIL, person('U0FRANK')),
      { code: 'stand-in-not-allowed', why: 'foreign' },
    ],
    [
      'for somebody whom Slack does not confirm',
      BOB,
      typed(UNTIL, person('U0UNREAD')),
      { code: 'identity-unavailable' },
    ],
    ['for a group', BOB, group, { code: 'absence-unclear', why: 'group' }],
    ['for nobody', BOB, typed(UNTIL), { code: 'absence-unclear', why: 'no-person' }],
    ['for two', BOB, typed(UNTIL, EVE, VIEWER), { code: 'absence-unclear', why: 'several-people' }],
    ['without a day', BOB, typed('for', EVE), { code: 'absence-unclear', why: 'no-day' }],
    [
      'until a day that is over',
      BOB,
      typed('until 2026-11-19 for', EVE),
      { code: 'bad-absence', why: 'over' },
    ],
    [
      'for longer than 60 days',
      BOB,
      typed('until 2027-01-20 for', EVE),
      { code: 'bad-absence', why: 'too-long' },
    ],
  ])('is refused %s', async (_, by, what, refusal) => {
    const rules = fileWith({ approver: ALICE.userId, standIn: EVE.userId, untilMs: UNTIL_MS });
    const harness = deskWith({ samePerson: [[BOB.userId, 'U0BOB2']] }, { rules: () => rules });
    for (const kind of ['guest', 'bot', 'deactivated', 'not-found'] as const)
      harness.directory.people.set(`U0${kind.toUpperCase()}`, person(`U0${kind.toUpperCase()}`, { kind }));
    harness.directory.people.set('U0FRANK', person('U0FRANK', { teamId: 'T0OTHER' }));
    harness.directory.people.set('U0BOB2', person('U0BOB2'));
    await enter(harness, CAROL, EVE);
    const before = await listed(harness);
    expect(await harness.desk.enterAbsence(by, what)).toMatchObject({ ok: false, refusal });
    expect(await listed(harness)).toEqual(before);
  });

  it('is refused while Slack does not answer', async () => {
    const harness = deskWith();
    harness.directory.down = true;
    const silent = { refusal: { code: 'identity-unavailable' } };
    expect(await harness.desk.enterAbsence(CAROL, typed(UNTIL, EVE))).toMatchObject(silent);
    expect(await harness.desk.listAbsences(CAROL)).toMatchObject(silent);
    expect(await harness.desk.endAbsence(CAROL, typed(''))).toMatchObject(silent);
  });

  it('is not entered twice by two replicas at once, and each approver has one', async () => {
    for (let round = 0; round < 50; round += 1) {
      const harness = deskWith();
      const other = harness.replica().desk;
      const [first, second, third] = await Promise.all([
        harness.desk.enterAbsence(CAROL, typed(UNTIL, EVE)),
        other.enterAbsence(CAROL, typed(UNTIL, VIEWER)),
        other.enterAbsence(BOB, typed(UNTIL, EVE)),
      ]);
      expect([first.ok, second.ok, third.ok]).toEqual([true, true, true]);
      const rows = await listed(harness);
      expect(rows.map(({ approver }) => approver).sort()).toEqual([BOB.userId, CAROL.userId]);
      expect((await harness.store.ruleBook.load()).book?.revision).toBe(3);
      await harness.settled();
    }
  });

  it('cannot become a chain when both enter at once', async () => {
    for (let round = 0; round < 50; round += 1) {
      const harness = deskWith();
      const other = harness.replica().desk;
      const entered = await Promise.all([
        harness.desk.enterAbsence(CAROL, typed(UNTIL, BOB)),
        other.enterAbsence(BOB, typed(UNTIL, CAROL)),
      ]);
      expect(entered.filter(({ ok }) => ok)).toHaveLength(1);
      await harness.settled();
    }
  });
});

describe('the end of an absence', () => {
  it.each<[string, PersonId, TypedAbsence]>([
    ['themselves', CAROL, typed('')],
    ['themselves, by name', CAROL, typed('', CAROL)],
    ['the stand-in', EVE, typed('', CAROL)],
    ['any approver', BOB, typed('', CAROL)],
  ])('is said by %s', async (_, by, what) => {
    const harness = deskWith();
    await enter(harness, CAROL, EVE);
    expect(await harness.desk.endAbsence(by, what)).toEqual({
      ok: true,
      value: { approver: CAROL.userId, standIn: EVE.userId, inFile: null },
    });
    expect(await listed(harness)).toEqual([]);
    expect(await harness.desk.endAbsence(CAROL, typed(''))).toMatchObject({
      refusal: { code: 'not-away', approver: CAROL.userId },
    });
  });

  it('is not said by others', async () => {
    const harness = deskWith();
    await enter(harness, CAROL, EVE);
    for (const by of [REQUESTER, VIEWER])
      expect(await harness.desk.endAbsence(by, typed('', CAROL))).toMatchObject({
        refusal: { code: 'role-missing' },
      });
    expect(await harness.desk.endAbsence(VIEWER, typed(''))).toMatchObject({
      refusal: { code: 'role-missing' },
    });
    expect(await listed(harness)).toHaveLength(1);
  });

  it('is said by somebody who is no approver any more, for themselves', async () => {
    const harness = deskWith();
    await enter(harness, CAROL, EVE);
    harness.restart({ approvers: [ALICE.userId, BOB.userId] });
    expect(await listed(harness)).toMatchObject([{ noEffect: 'not-an-approver' }]);
    expect(await harness.desk.admit(EVE)).toMatchObject({ ok: false });
    expect(await harness.desk.endAbsence(CAROL, typed(''))).toMatchObject({ ok: true });
  });

  it('leaves one of the file, which ends only there', async () => {
    const inFile = { approver: CAROL.userId, standIn: VIEWER.userId, untilMs: UNTIL_MS + DAY_MS };
    const rules = fileWith(inFile);
    const harness = deskWith({}, { rules: () => rules });
    expect(await listed(harness)).toMatchObject([{ ...inFile, source: 'file', noEffect: null }]);
    expect(await harness.desk.endAbsence(BOB, typed('', CAROL))).toMatchObject({
      refusal: { code: 'not-away', approver: CAROL.userId, fileUntilMs: inFile.untilMs },
    });
    await enter(harness, CAROL, EVE);
    expect(await listed(harness)).toMatchObject([{ standIn: EVE.userId, source: 'entered' }]);
    expect(await harness.desk.endAbsence(CAROL, typed(''))).toMatchObject({ value: { inFile } });
    expect(await listed(harness)).toMatchObject([{ standIn: VIEWER.userId, source: 'file' }]);
  });
});

describe('what a stand-in who was entered may do', () => {
  it('approves in place, with both names in the vote and a trail that fits', async () => {
    const harness = deskWith();
    await enter(harness, CAROL, EVE);
    const request = await harness.open();
    expect(harness.approversTold(request.id)).toEqual(['opened']);
    await harness.approve(ALICE, request);
    await harness.approve(EVE, request);
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({
      state: 'closed',
      votes: [{}, { voter: { userId: EVE.userId }, inPlaceOf: CAROL.userId }],
    });
    expect(await harness.desk.verifyAudit(REQUESTER, request.id)).toMatchObject({ value: { fault: null } });
    const entries: string[] = [];
    for await (const entry of harness.store.audit.entries(RULES_ID)) entries.push(JSON.stringify(entry));
    expect(entries).toHaveLength(1);
    expect(entries[0]).toContain(EVE.userId);
  });

  it('counts once with the approver who is away, in either order of approvals', async () => {
    for (const order of [
      [CAROL, EVE],
      [EVE, CAROL],
    ]) {
      const harness = deskWith();
      await enter(harness, CAROL, EVE);
      const request = await harness.open();
      for (const by of order) await harness.approve(by, request);
      await harness.settled();
      expect(await harness.get(request.id)).toMatchObject({ state: 'pending', votes: [{}] });
      expect(harness.exchange.deletes).toEqual([]);
    }
  });

  it('counts once for two approvers who are away', async () => {
    const harness = deskWith({ quorum: 2 });
    await enter(harness, CAROL, EVE);
    await enter(harness, BOB, EVE);
    const request = await harness.open();
    for (const by of [EVE, BOB, CAROL]) await harness.approve(by, request);
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({ state: 'pending', votes: [{}] });
    await harness.approve(ALICE, request);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it('makes a close unreachable where the approvers stand in for each other', async () => {
    const harness = deskWith({ approvers: [ALICE.userId, BOB.userId] });
    await enter(harness, ALICE, BOB);
    expect(await harness.desk.askToClose(REQUESTER, '7', 'Loan repaid')).toMatchObject({
      refusal: { code: 'quorum-unreachable', eligible: 1, quorum: 2 },
    });
  });

  /** Approved by Alice and by Eve for Carol, and held for an hour. */
  async function heldUp(harness: DeskHarness, until?: string) {
    await enter(harness, CAROL, EVE, until);
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await harness.approve(EVE, request);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('approved');
    return request;
  }

  it.each<[string, string | undefined, (harness: DeskHarness) => Promise<unknown>]>([
    ['the absence ended meanwhile', 'until 2026-11-20 12:30 for', async () => {}],
    ['they are back', undefined, (harness) => harness.desk.endAbsence(CAROL, typed(''))],
    [
      'the stand-in was deactivated',
      undefined,
      async ({ directory }) => directory.people.set(EVE.userId, { ...EVE, kind: 'deactivated' }),
    ],
    ['another stands in now', undefined, (harness) => enter(harness, CAROL, VIEWER)],
    [
      'the approver left',
      undefined,
      async ({ directory }) => directory.people.set(CAROL.userId, { ...CAROL, kind: 'deactivated' }),
    ],
  ])('takes nothing with it when %s before the sending', async (_, until, change) => {
    const harness = deskWith({ delayMs: 60 * MINUTE_MS });
    const request = await heldUp(harness, until);
    await change(harness);
    await harness.pass(61 * MINUTE_MS);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'pending',
      votes: [{ voter: { userId: ALICE.userId } }],
    });
    expect(harness.exchange.deletes).toEqual([]);
    await harness.approve(BOB, request);
    await harness.pass(61 * MINUTE_MS);
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it('is sent where the absence goes on', async () => {
    const harness = deskWith({ delayMs: 60 * MINUTE_MS });
    const request = await heldUp(harness);
    await harness.pass(61 * MINUTE_MS);
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it.each<[string, (harness: DeskHarness) => Promise<unknown>]>([
    ['they are back', (harness) => harness.desk.endAbsence(CAROL, typed(''))],
    ['another stands in', (harness) => harness.desk.enterAbsence(CAROL, typed(UNTIL, VIEWER))],
    [
      'the absence ends',
      async (harness) => {
        harness.nowMs += 2_000;
      },
    ],
  ])('nothing where %s between the last check and the marker', async (_, change) => {
    const harness = deskWith();
    harness.heldBack.add('execute');
    const request = await heldUp(harness, 'until 2026-11-20 12:30 for');
    harness.nowMs = Date.UTC(2026, 10, 20, 12, 30) - 1_000;
    const prepareClose = async () => {
      await change(harness);
      return harness.exchange.prepareClose(request.groupId);
    };
    const work = harness.replica({ closer: withMethods(harness.exchange, { prepareClose }) });
    await work.attendRequests();
    await harness.settled();
    expect(harness.exchange.deletes).toEqual([]);
    await harness.pass(60_000);
    expect(harness.exchange.deletes).toEqual([]);
    expect(await harness.get(request.id)).toMatchObject({ state: 'pending', votes: [{}] });
  });

  it('nothing on a request of either of them', async () => {
    const approvers = [ALICE.userId, BOB.userId, CAROL.userId, REQUESTER.userId];
    for (const [approver, standIn, code] of [
      [REQUESTER, EVE, 'role-missing'],
      [ALICE, REQUESTER, 'self-approval'],
    ] as const) {
      const harness = deskWith({ approvers });
      await enter(harness, approver, standIn);
      const request = await harness.open();
      expect(await harness.approve(standIn, request)).toMatchObject({ refusal: { code } });
      expect((await harness.get(request.id)).votes).toEqual([]);
      for (const by of [ALICE, BOB]) await harness.approve(by, request);
      await harness.settled();
      expect((await harness.get(request.id)).state).toBe('closed');
    }
  });

  it('stops it also while Slack answers nothing about others', async () => {
    const harness = deskWith({ delayMs: 60 * MINUTE_MS });
    const request = await heldUp(harness);
    for (const { userId } of [ALICE, BOB, REQUESTER]) harness.directory.people.delete(userId);
    expect(await harness.desk.openRejection(EVE, request.id, 1)).toMatchObject({ ok: true });
    expect(await harness.desk.reject(EVE, request.id, 1, 'wait')).toMatchObject({
      value: { state: 'rejected' },
    });
  });

  it('stops nothing while Slack does not say whether the one who is away is still an approver', async () => {
    const harness = deskWith({ delayMs: 60 * MINUTE_MS });
    const request = await heldUp(harness);
    harness.directory.people.delete(CAROL.userId);
    expect(await harness.desk.reject(EVE, request.id, 1, 'wait')).toMatchObject({
      refusal: { code: 'identity-unavailable' },
    });
  });

  it('stops a close that is approved', async () => {
    const harness = deskWith({ delayMs: 60 * MINUTE_MS });
    const request = await heldUp(harness);
    expect(await harness.desk.reject(EVE, request.id, 1, 'wait')).toMatchObject({
      value: { state: 'rejected' },
    });
  });
});

describe('/loandesk status', () => {
  async function lines(harness: DeskHarness) {
    const status = await harness.desk.status(ALICE);
    if (!status.ok) throw new Error(status.refusal.code);
    return status.value.lines
      .filter(({ name }) => name !== 'Watch')
      .map(({ name, level, text }) => `${level} ${name}: ${text}`);
  }

  it('says who stands in for whom, and counts the pair once', async () => {
    const harness = deskWith();
    expect(await lines(harness)).toEqual(['ok Approvers: 3 people can approve']);
    await enter(harness, CAROL, BOB);
    expect(await lines(harness)).toEqual([
      'ok Approvers: 2 people can approve',
      `ok Stand-ins: U0BOB for U0CAROL until 2026-11-22 23:59 UTC`,
    ]);
  });

  it('warns of one without effect', async () => {
    const harness = deskWith();
    await enter(harness, CAROL, EVE);
    harness.directory.people.set(EVE.userId, { ...EVE, kind: 'guest' });
    expect(await lines(harness)).toContain(
      'warning Stand-ins: U0EVE for U0CAROL until 2026-11-22 23:59 UTC (without effect: U0EVE is a guest)',
    );
  });

  it('says that they are unreadable; commands refuse then, and nobody acts in the place of another', async () => {
    const harness = deskWith();
    await enter(harness, CAROL, EVE);
    harness.store.ruleBook.unreadable = new UnreadableRecord(RULES_ID, "it doesn't match its seal");
    expect(await lines(harness)).toContain(
      "fault Stand-ins: the record of who is away can't be read: it doesn't match its seal. Nobody stands in for them until it can",
    );
    expect(await harness.desk.admit(EVE)).toMatchObject({ ok: false });
    await expect(harness.desk.listAbsences(ALICE)).rejects.toThrow(UnreadableRecord);
    await expect(harness.desk.enterAbsence(ALICE, typed(UNTIL, EVE))).rejects.toThrow(UnreadableRecord);
    await expect(harness.desk.endAbsence(CAROL, typed(''))).rejects.toThrow(UnreadableRecord);
  });

  it('is shown while Redis does not answer', async () => {
    const harness = deskWith();
    const down = withMethods(harness.store.ruleBook, {
      load: () => Promise.reject(new StoreUnavailable(new Error('down'))),
    });
    harness.restart({}, { ruleBookStore: down });
    expect((await lines(harness)).at(-1)).toContain('fault Stand-ins');
  });
});
