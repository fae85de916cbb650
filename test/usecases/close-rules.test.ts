/** The firm's own rules, the time to stop a close, and stand-ins, through the desk. */
import { describe, expect, it } from 'vitest';
import { amount, longId } from '../../src/domain/amount.ts';
import type { Absence, CloseRule, CloseRules } from '../../src/domain/close/close-rules.ts';
import type { ClosePolicy } from '../../src/domain/policy.ts';
import type { DeskParts } from '../../src/usecases/create-desk.ts';
import { StoreUnavailable, UnreadableRecord } from '../../src/usecases/ports.ts';
import { repaidUnit } from '../fakes/loan-exchange.ts';
import { ALICE, BOB, CAROL, person, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, UNIT } from '../support/desk-harness.ts';
import { memoryLog } from '../support/logs.ts';

const MINUTE_MS = 60_000;
const EVE = person('U0EVE');
const TREASURY = { from: ['S0TREASURY'], count: 1 };
const RISK = { from: ['S0RISK'], count: 1 };

const rule = (changes: Partial<CloseRule> = {}): CloseRule => ({
  ...{ units: '*', releasesOver: null, need: [TREASURY, RISK], delayMs: null },
  ...changes,
});

/** Alice and Bob are treasury, Carol is risk; the settings name no one of them. */
function deskWith(
  list: readonly CloseRule[],
  changes: Partial<ClosePolicy> = {},
  overrides: Partial<DeskParts> = {},
) {
  const inForce: { rules: CloseRules } = { rules: { rules: list, away: [] } };
  const harness: DeskHarness = new DeskHarness(
    { approvers: ['U0NOBODY'], ...changes },
    { rules: () => inForce.rules, ...overrides },
  );
  const setAway = (...absences: Absence[]) => harness.store.ruleBook.setAbsences(absences);
  harness.directory.groups.set('S0TREASURY', [ALICE.userId, BOB.userId]);
  harness.directory.groups.set('S0RISK', [CAROL.userId]);
  harness.directory.people.set(EVE.userId, EVE);
  harness.directory.people.set('U0NOBODY', person('U0NOBODY', { kind: 'not-found' }));
  return { harness, inForce, setAway };
}

describe('rules for closes', () => {
  it('one of treasury and one of risk close a unit', async () => {
    const { harness } = deskWith([rule()]);
    const request = await harness.open();
    expect(request.policy).toMatchObject({ need: [TREASURY, RISK], quorum: 2 });
    await harness.approve(ALICE, request);
    await harness.approve(CAROL, request);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('closed');
    expect(harness.exchange.deletes).toHaveLength(1);
  });

  it('two of treasury do not, until risk approves, too', async () => {
    const { harness } = deskWith([rule()]);
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await harness.approve(BOB, request);
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({ state: 'pending', votes: [{}, {}] });
    expect(harness.exchange.deletes).toEqual([]);
    await harness.approve(CAROL, request);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it('raising CLOSE_QUORUM or CLOSE_DELAY holds what is approved under a rule', async () => {
    for (const raised of [{ quorum: 3 }, { delayMs: 60 * MINUTE_MS }]) {
      const { harness } = deskWith([rule({ delayMs: 0 })]);
      harness.heldBack.add('execute');
      const request = await harness.open();
      await harness.approve(ALICE, request);
      await harness.approve(CAROL, request);
      harness.restart({ approvers: ['U0NOBODY'], ...raised });
      await harness.pass(6_000);
      expect(harness.exchange.deletes).toEqual([]);
      await harness.approve(BOB, request);
      await harness.pass(2 * 60 * MINUTE_MS);
      expect((await harness.get(request.id)).state).toBe('closed');
    }
  });

  it('people whom only the settings name approve nothing', async () => {
    const { harness } = deskWith([rule()], { approvers: [EVE.userId] });
    const request = await harness.open();
    expect(await harness.approve(EVE, request)).toMatchObject({ refusal: { code: 'role-missing' } });
  });

  it('a unit without a rule is refused at the ask, and so is a rule that people there cannot fill', async () => {
    const { harness, inForce } = deskWith([rule({ units: [longId('12')] })]);
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'Loan repaid')).toMatchObject({
      refusal: { code: 'no-rule', groupId: UNIT },
    });
    inForce.rules = { rules: [rule({ need: [TREASURY, { ...RISK, count: 2 }] })], away: [] };
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'Loan repaid')).toMatchObject({
      refusal: { code: 'quorum-unreachable', open: [{ from: ['S0RISK'], count: 1 }] },
    });
  });

  it('the requester does not fill a place', async () => {
    const { harness } = deskWith([rule()]);
    harness.directory.groups.set('S0RISK', [REQUESTER.userId]);
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'Loan repaid')).toMatchObject({
      refusal: { code: 'quorum-unreachable', open: [RISK] },
    });
  });

  it('a file that changes adds what it asks for to open requests, and takes nothing away', async () => {
    const { harness, inForce } = deskWith([rule()]);
    const request = await harness.open();
    inForce.rules = { rules: [rule({ need: [{ ...TREASURY, count: 2 }] })], away: [] };
    await harness.approve(ALICE, request);
    await harness.approve(CAROL, request);
    // Carol is on no list of the new file: her approval doesn't count, and both rules must be filled.
    expect(await harness.get(request.id)).toMatchObject({
      state: 'pending',
      votes: [{ voter: { userId: ALICE.userId } }],
    });
    inForce.rules = { rules: [rule({ need: [{ ...TREASURY, count: 2 }, RISK] })], away: [] };
    await harness.approve(CAROL, request);
    expect((await harness.get(request.id)).state).toBe('pending');
    await harness.approve(BOB, request);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it('a close that would release much more meanwhile falls under the rule for that, with new approvals', async () => {
    const large = rule({ releasesOver: '5000000', need: [{ ...TREASURY, count: 2 }, RISK] });
    const { harness } = deskWith([large, rule()]);
    harness.heldBack.add('execute');
    const small = repaidUnit(UNIT);
    const request = await harness.open();
    expect(request.policy.need).toEqual([TREASURY, RISK]);
    await harness.approve(ALICE, request);
    await harness.approve(CAROL, request);
    harness.exchange.units.set(UNIT, { ...small, totalNetEquity: amount('90000000') });
    await harness.pass(6_000);
    const again = await harness.get(request.id);
    expect(again).toMatchObject({ state: 'pending', version: 2, votes: [] });
    expect(again.factChanges).toMatchObject([{ fact: 'released amount', after: '90000000' }]);
    for (const by of [ALICE, CAROL]) await harness.approve(by, again);
    expect((await harness.get(request.id)).state).toBe('pending');
    harness.heldBack.clear();
    await harness.approve(BOB, again);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('closed');
    expect(harness.exchange.deletes).toHaveLength(1);
  });

  it('without a rule in force nobody approves', async () => {
    const { harness, inForce } = deskWith([rule()]);
    const request = await harness.open();
    inForce.rules = { rules: [rule({ units: [longId('12')] })], away: [] };
    expect(await harness.approve(ALICE, request)).toMatchObject({ refusal: { code: 'no-rule' } });
  });

  it('a rule that goes away stops what is approved; it can still be rejected', async () => {
    const { harness, inForce } = deskWith([rule()]);
    harness.heldBack.add('execute');
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await harness.approve(CAROL, request);
    inForce.rules = { rules: [rule({ units: [longId('12')] })], away: [] };
    await harness.pass(6_000);
    expect((await harness.get(request.id)).state).toBe('pending');
    expect(harness.exchange.deletes).toEqual([]);
    expect(await harness.desk.reject(CAROL, request.id, 1, 'no rule')).toMatchObject({
      value: { state: 'rejected' },
    });
  });

  it('a group that is emptied or deleted meanwhile takes its approvals back', async () => {
    const { harness } = deskWith([rule()]);
    harness.heldBack.add('execute');
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await harness.approve(CAROL, request);
    harness.directory.missingGroups.add('S0RISK');
    await harness.pass(6_000);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'pending',
      votes: [{ voter: { userId: ALICE.userId } }],
    });
    expect(harness.exchange.deletes).toEqual([]);
  });

  it('a request of the version before, without a rule, ends under its own', async () => {
    const { harness, inForce } = deskWith([rule()], { approvers: [ALICE.userId, BOB.userId, CAROL.userId] });
    const { rules } = inForce;
    const before = harness.replica({ rules: () => null });
    const asked = await before.desk.askToClose(REQUESTER, UNIT, 'Loan repaid');
    if (!asked.ok) throw new Error(asked.refusal.code);
    await harness.settled();
    const request = await harness.get(asked.value.id);
    expect(request.policy).not.toHaveProperty('need');
    inForce.rules = rules;
    await harness.approve(ALICE, request);
    await harness.approve(BOB, request);
    expect((await harness.get(request.id)).state).toBe('pending');
    await harness.approve(CAROL, request);
    await harness.settled();
    expect((await harness.get(request.id)).state).toBe('closed');
  });
});

describe('the time to stop a close', () => {
  const delayMs = 15 * MINUTE_MS;

  async function approved(harness: DeskHarness) {
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await harness.approve(CAROL, request);
    await harness.settled();
    return harness.get(request.id);
  }

  it('nothing is sent before its end, and it is sent then by itself, on facts read then', async () => {
    const { harness } = deskWith([rule()], { delayMs });
    const request = await approved(harness);
    expect(request.state).toBe('approved');
    await harness.pass(delayMs - 1_000);
    expect(harness.exchange.deletes).toEqual([]);
    await harness.pass(2_000);
    expect((await harness.get(request.id)).state).toBe('closed');
    expect(harness.exchange.deletes).toHaveLength(1);
  });

  it('tells the requester and everybody who may stop it', async () => {
    const { harness } = deskWith([rule()], { delayMs });
    const request = await approved(harness);
    expect(harness.approversTold(request.id)).toEqual(['opened', 'approved']);
    const direct = harness.notifier.delivered.flatMap(({ notice }) =>
      notice.kind === 'direct' ? [`${notice.to.userId} ${notice.event.type}`] : [],
    );
    expect(direct).toContain(`${REQUESTER.userId} approved`);
  });

  it('is stopped by an approver or by the requester', async () => {
    for (const by of [BOB, REQUESTER]) {
      const { harness } = deskWith([rule()], { delayMs });
      const { id } = await approved(harness);
      const stopped =
        by === REQUESTER
          ? await harness.desk.withdraw(by, id)
          : await harness.desk.reject(by, id, 1, 'wait for the audit');
      expect(stopped.ok).toBe(true);
      await harness.pass(delayMs + MINUTE_MS);
      expect(harness.exchange.deletes).toEqual([]);
    }
  });

  it('is stopped also while Slack does not answer about a group or about others', async () => {
    const { harness } = deskWith([rule({ need: [TREASURY, { from: ['S0RISK', CAROL.userId], count: 1 }] })], {
      delayMs,
    });
    const { id } = await approved(harness);
    harness.directory.unreadGroups.add('S0RISK');
    harness.directory.people.delete(ALICE.userId);
    harness.directory.people.delete(REQUESTER.userId);
    // Carol is named herself; who else is in the group isn't known.
    expect(await harness.desk.openRejection(CAROL, id, 1)).toMatchObject({ ok: true });
    expect(await harness.desk.reject(EVE, id, 1, 'wait')).toMatchObject({
      refusal: { code: 'identity-unavailable', groups: ['S0RISK'] },
    });
    expect(await harness.desk.reject(BOB, id, 1, 'wait')).toMatchObject({ value: { state: 'rejected' } });
  });

  it('a time that is set, or gets longer, holds what is approved already', async () => {
    const { harness } = deskWith([rule()]);
    harness.heldBack.add('execute');
    const request = await approved(harness);
    harness.restart({ delayMs, approvers: ['U0NOBODY'] });
    await harness.pass(6_000);
    expect(harness.exchange.deletes).toEqual([]);
    expect((await harness.get(request.id)).state).toBe('approved');
    await harness.pass(delayMs);
    expect((await harness.get(request.id)).state).toBe('closed');
  });

  it('nobody starts it before its end either', async () => {
    const { harness } = deskWith([rule()], { delayMs });
    const request = await approved(harness);
    expect(await harness.desk.startSending(ALICE, request.id, 1)).toMatchObject({
      refusal: { code: 'cooling-off' },
    });
  });

  it('a close made elsewhere meanwhile is noticed while it waits', async () => {
    const { harness } = deskWith([rule()], { delayMs: 60 * MINUTE_MS });
    const request = await approved(harness);
    harness.exchange.closeOutside(UNIT);
    await harness.pass(6 * MINUTE_MS);
    expect((await harness.get(request.id)).state).toBe('superseded');
  });

  it('a fact that changes meanwhile voids the approvals, as always', async () => {
    const { harness } = deskWith([rule()], { delayMs });
    const request = await approved(harness);
    harness.exchange.units.set(UNIT, repaidUnit(UNIT, { accounts: [] }));
    await harness.pass(delayMs + 1_000);
    expect(await harness.get(request.id)).toMatchObject({ state: 'pending', votes: [] });
    expect(harness.exchange.deletes).toEqual([]);
  });
});

describe('a request that nobody can complete any more', () => {
  const WITHIN_MS = 5 * MINUTE_MS + 1_000;
  const toldDirectly = (harness: DeskHarness) =>
    harness.notifier.delivered.flatMap(({ notice }) =>
      notice.kind === 'direct' ? [`${notice.to.userId} ${notice.event.type}`] : [],
    );

  it('says so within five minutes, and no longer once it can be', async () => {
    const { harness } = deskWith([rule()]);
    const { id } = await harness.open();
    await harness.pass(WITHIN_MS);
    expect((await harness.get(id)).unreachable).toBeUndefined();
    harness.directory.groups.set('S0RISK', []);
    await harness.pass(WITHIN_MS);
    const lack = { eligible: 2, quorum: 2, open: [RISK] };
    expect(await harness.get(id)).toMatchObject({ state: 'pending', unreachable: lack });
    await harness.pass(WITHIN_MS);
    expect(harness.threadOf(id)).toEqual(['unreachable']);
    expect(toldDirectly(harness)).toEqual([`${REQUESTER.userId} unreachable`]);
    harness.directory.groups.set('S0RISK', [CAROL.userId]);
    await harness.pass(WITHIN_MS);
    expect((await harness.get(id)).unreachable).toBeUndefined();
    await harness.pass(WITHIN_MS);
    expect(harness.threadOf(id)).toEqual(['unreachable', 'reachable']);
    expect(toldDirectly(harness)).toHaveLength(1);
    expect(await harness.desk.verifyAudit(REQUESTER, id)).toMatchObject({ value: { fault: null } });
  });

  it('where a rule came that its people cannot fill, or none is left', async () => {
    const { harness, inForce } = deskWith([rule()]);
    const { id } = await harness.open();
    inForce.rules = { rules: [rule({ need: [TREASURY, { ...RISK, count: 2 }] })], away: [] };
    await harness.pass(WITHIN_MS);
    expect((await harness.get(id)).unreachable?.open).toEqual([RISK]);
    inForce.rules = { rules: [rule({ units: [longId('12')] })], away: [] };
    await harness.pass(WITHIN_MS);
    expect((await harness.get(id)).unreachable?.open).toEqual([{ from: [], count: 1 }]);
  });

  it('counts stand-ins while they stand in, and approvals that were given', async () => {
    const { harness, setAway } = deskWith([rule()]);
    harness.directory.groups.set('S0TREASURY', [ALICE.userId]);
    const request = await harness.open();
    await harness.approve(ALICE, request);
    harness.directory.people.set(CAROL.userId, { ...CAROL, kind: 'deactivated' });
    harness.directory.groups.set('S0RISK', [CAROL.userId, BOB.userId]);
    harness.directory.groups.set('S0TREASURY', [ALICE.userId]);
    harness.directory.people.set(BOB.userId, { ...BOB, kind: 'deactivated' });
    await setAway({ approver: BOB.userId, standIn: EVE.userId, untilMs: harness.nowMs + 60 * MINUTE_MS });
    await harness.pass(WITHIN_MS);
    // Nobody acts in the place of people who left.
    expect((await harness.get(request.id)).unreachable?.open).toEqual([RISK]);
    harness.directory.people.set(BOB.userId, BOB);
    await harness.pass(WITHIN_MS);
    expect((await harness.get(request.id)).unreachable).toBeUndefined();
  });

  it('under the settings alone, too', async () => {
    const harness = new DeskHarness();
    const { id } = await harness.open();
    for (const { userId } of [ALICE, BOB])
      harness.directory.people.set(userId, person(userId, { kind: 'deactivated' }));
    await harness.pass(WITHIN_MS);
    expect((await harness.get(id)).unreachable).toMatchObject({ eligible: 1, quorum: 2 });
    harness.directory.people.set(BOB.userId, BOB);
    await harness.pass(WITHIN_MS);
    expect((await harness.get(id)).unreachable).toBeUndefined();
  });

  it('while it waits to be sent, and when it owes again', async () => {
    const { harness } = deskWith([rule()], { delayMs: 60 * MINUTE_MS });
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await harness.approve(CAROL, request);
    harness.directory.groups.set('S0RISK', []);
    await harness.pass(WITHIN_MS);
    expect(await harness.get(request.id)).toMatchObject({ state: 'approved', unreachable: { open: [RISK] } });
    const { harness: owing } = deskWith([rule()]);
    const { id } = await owing.open();
    owing.exchange.units.set(UNIT, repaidUnit(UNIT, { totalLiability: amount('5') }));
    owing.directory.groups.set('S0RISK', []);
    await owing.pass(WITHIN_MS);
    expect((await owing.get(id)).unreachable?.open).toEqual([RISK]);
  });

  it.each(['anything', 'who somebody is'])('is not known while Slack does not say %s', async (what) => {
    const { harness } = deskWith([rule()]);
    const { id } = await harness.open();
    harness.directory.groups.set('S0RISK', []);
    if (what === 'anything') harness.directory.down = true;
    else harness.directory.people.delete(ALICE.userId);
    await harness.pass(WITHIN_MS);
    expect((await harness.get(id)).unreachable).toBeUndefined();
    expect(harness.threadOf(id)).toEqual([]);
  });

  it('ends with the approval that completes it', async () => {
    const { harness } = deskWith([rule()], { delayMs: 15 * MINUTE_MS });
    const request = await harness.open();
    await harness.approve(ALICE, request);
    harness.directory.groups.set('S0RISK', []);
    await harness.pass(WITHIN_MS);
    harness.directory.groups.set('S0RISK', [CAROL.userId]);
    await harness.approve(CAROL, request);
    const approved = await harness.get(request.id);
    expect([approved.state, approved.unreachable]).toEqual(['approved', undefined]);
  });
});

describe('stand-ins', () => {
  it('act while the approver is away, with both names in the vote and the trail', async () => {
    const { harness, setAway } = deskWith([rule()]);
    await setAway({ approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + 60 * MINUTE_MS });
    const request = await harness.open();
    await harness.approve(ALICE, request);
    await harness.approve(EVE, request);
    await harness.settled();
    expect(await harness.get(request.id)).toMatchObject({
      state: 'closed',
      votes: [{}, { voter: { userId: EVE.userId }, inPlaceOf: CAROL.userId }],
    });
    expect(await harness.desk.verifyAudit(REQUESTER, request.id)).toMatchObject({ value: { fault: null } });
  });

  it('no longer once it is over, and what they approved no longer counts', async () => {
    const { harness, setAway } = deskWith([rule()]);
    await setAway({ approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + MINUTE_MS });
    const request = await harness.open();
    await harness.approve(EVE, request);
    await harness.pass(2 * MINUTE_MS);
    await harness.approve(ALICE, request);
    expect(await harness.get(request.id)).toMatchObject({
      state: 'pending',
      votes: [{ voter: { userId: ALICE.userId } }],
    });
    expect(await harness.approve(EVE, request)).toMatchObject({ refusal: { code: 'role-missing' } });
  });

  it.each([
    ['left the firm', person('U0EVE', { kind: 'deactivated' })],
    ['is a guest', person('U0EVE', { kind: 'guest' })],
  ])('not if the stand-in %s', async (_, eve) => {
    const { harness, setAway } = deskWith([rule()]);
    harness.directory.people.set(EVE.userId, eve);
    await setAway({ approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + 60 * MINUTE_MS });
    const request = await harness.open();
    expect((await harness.approve(EVE, request)).ok).toBe(false);
  });

  it('of the file end by the store’s clock, whatever the process has', async () => {
    for (const [processMs, storeMs, code] of [
      [2 * MINUTE_MS, 0, null],
      [0, 2 * MINUTE_MS, 'role-missing'],
    ] as const) {
      const desk = deskWith([rule()], {}, { now: () => desk.harness.nowMs - storeMs + processMs });
      const { harness, inForce } = desk;
      const absence = { approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + MINUTE_MS };
      inForce.rules = { ...inForce.rules, away: [absence] };
      const request = await harness.open();
      harness.nowMs += storeMs;
      const approved = await harness.approve(EVE, request);
      expect(approved).toMatchObject(code === null ? { ok: true } : { refusal: { code } });
    }
  });

  it('not for somebody who is no approver, nor after they left', async () => {
    const { harness, setAway } = deskWith([rule()]);
    await setAway({ approver: 'U0NOBODY', standIn: EVE.userId, untilMs: harness.nowMs + 60 * MINUTE_MS });
    const request = await harness.open();
    expect(await harness.approve(EVE, request)).toMatchObject({ refusal: { code: 'role-missing' } });
    await setAway({ approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + 60 * MINUTE_MS });
    harness.directory.people.set(CAROL.userId, { ...CAROL, kind: 'deactivated' });
    expect(await harness.approve(EVE, request)).toMatchObject({ refusal: { code: 'role-missing' } });
  });

  it('never on a request of either of them, and each acts for themselves there', async () => {
    for (const [approver, standIn] of [
      [CAROL, REQUESTER],
      [REQUESTER, EVE],
    ] as const) {
      const { harness, setAway } = deskWith([rule()], { requesterMayApprove: true });
      harness.directory.groups.set('S0TREASURY', [ALICE.userId, REQUESTER.userId]);
      await setAway({
        approver: approver.userId,
        standIn: standIn.userId,
        untilMs: harness.nowMs + 60 * MINUTE_MS,
      });
      const request = await harness.open();
      if (standIn === EVE)
        expect(await harness.approve(EVE, request)).toMatchObject({ refusal: { code: 'role-missing' } });
      await harness.approve(REQUESTER, request);
      await harness.settled();
      expect(await harness.get(request.id)).toMatchObject({ state: 'pending' });
      expect((await harness.get(request.id)).votes[0]).not.toHaveProperty('inPlaceOf');
      expect(await harness.desk.reject(CAROL, request.id, 1, 'no')).toMatchObject({ ok: true });
    }
  });

  it('make no rule look reachable that needs two people', async () => {
    const { harness, setAway } = deskWith([rule()]);
    harness.directory.groups.set('S0TREASURY', [ALICE.userId]);
    await setAway({ approver: ALICE.userId, standIn: CAROL.userId, untilMs: harness.nowMs + MINUTE_MS });
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'Loan repaid')).toMatchObject({
      refusal: { code: 'quorum-unreachable' },
    });
  });

  it('give no role where the person away is no approver, or has left', async () => {
    const { harness, setAway } = deskWith([rule()]);
    const untilMs = harness.nowMs + MINUTE_MS;
    await setAway({ approver: REQUESTER.userId, standIn: EVE.userId, untilMs });
    expect(await harness.desk.admit(EVE)).toMatchObject({ ok: false });
    await setAway({ approver: CAROL.userId, standIn: EVE.userId, untilMs });
    expect(await harness.desk.admit(EVE)).toMatchObject({ ok: true, value: ['approver'] });
    harness.directory.people.set(CAROL.userId, { ...CAROL, kind: 'deactivated' });
    expect(await harness.desk.admit(EVE)).toMatchObject({ ok: false });
  });

  it('no vote counts while Redis does not say who is away; roles that need no stand-in stay', async () => {
    const { harness } = deskWith([rule()]);
    harness.store.ruleBook.load = () => Promise.reject(new StoreUnavailable(new Error('down')));
    await expect(harness.desk.askToClose(REQUESTER, UNIT, 'Loan repaid')).rejects.toThrow(StoreUnavailable);
    expect(await harness.desk.admit(REQUESTER)).toEqual({ ok: true, value: ['viewer', 'requester'] });
    expect(await harness.desk.status(REQUESTER)).toMatchObject({ ok: true });
    await expect(harness.desk.admit(EVE)).rejects.toThrow(StoreUnavailable);
  });

  it('a record that cannot be read: nobody stands in, others go on, and it is said once until it changes', async () => {
    const log = memoryLog();
    const { harness, setAway } = deskWith([rule()], {}, { log });
    const request = await harness.open();
    await setAway({ approver: CAROL.userId, standIn: EVE.userId, untilMs: harness.nowMs + 60 * MINUTE_MS });
    const { ruleBook } = harness.store;
    const unreadable = (what: string) => new UnreadableRecord('rules', what);
    const standInLines = async () => {
      const status = await harness.desk.status(REQUESTER);
      return status.ok ? status.value.lines.filter(({ name }) => name === 'Stand-ins') : [];
    };
    expect(await standInLines()).toMatchObject([{ level: 'ok' }]);
    ruleBook.unreadable = unreadable("it doesn't match its seal");
    for (let attempt = 0; attempt < 3; attempt += 1)
      expect(await harness.approve(EVE, request)).toMatchObject({ refusal: { code: 'role-missing' } });
    expect(await standInLines()).toEqual([
      {
        ...{ name: 'Stand-ins', level: 'fault' },
        text: "the record of who is away can't be read: it doesn't match its seal. Nobody stands in for them until it can",
      },
    ]);
    ruleBook.unreadable = unreadable('it is missing');
    await harness.approve(EVE, request);
    expect(await harness.approve(ALICE, request)).toMatchObject({ ok: true });
    ruleBook.unreadable = null;
    expect(await harness.approve(EVE, request)).toMatchObject({ ok: true });
    const said = log.lines.filter(({ message }) => message.startsWith('who is away'));
    expect(said.map(({ level, message, fields }) => [level, message, fields])).toEqual([
      ...["it doesn't match its seal", 'it is missing'].map((what) => [
        'error',
        'who is away is unreadable: nobody stands in for them',
        { why: `the record of the rules can't be read: ${what}` },
      ]),
      ['info', 'who is away can be read again', {}],
    ]);
  });
});
