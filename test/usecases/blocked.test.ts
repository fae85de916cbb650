/** A request whose unit owes again: nobody can approve it, and it opens again as soon as the unit is repaid. */
import { describe, expect, it } from 'vitest';
import { amount } from '../../src/domain/amount.ts';
import { LOOKED_AT_EVERY_MS, reminderAtMs } from '../../src/domain/close/attention.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isBlocked } from '../../src/domain/close/decision.ts';
import { repaidUnit, UNAVAILABLE } from '../fakes/loan-exchange.ts';
import { ALICE, BOB, person, policy, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, UNIT, VIEWER, withMethods } from '../support/desk-harness.ts';

function owe(harness: DeskHarness, principal: string): void {
  const liabilities = [{ asset: 'USDT', principal: amount(principal), interest: amount('0') }];
  const owing = { totalLiability: amount(principal), liabilities };
  harness.exchange.units.set(UNIT, repaidUnit(UNIT, principal === '0' ? {} : owing));
}

/** Alice approved; then 0.5 USDT were borrowed, and Bob's click noticed it. */
async function blocked(harness: DeskHarness): Promise<CloseRequest> {
  const request = await harness.open();
  await harness.approve(ALICE, request);
  owe(harness, '0.5');
  expect(await harness.desk.openBallot(BOB, request.id, 1)).toMatchObject({
    refusal: { code: 'facts-changed' },
  });
  await harness.settled();
  return harness.get(request.id);
}

async function eventsOf(harness: DeskHarness, requestId: string): Promise<string[]> {
  const events: string[] = [];
  for await (const { body } of harness.store.audit.entries(requestId)) events.push(body.event.type);
  return events;
}

describe('a blocked request', () => {
  it('is pending at its next version, without approvals, and cannot be approved', async () => {
    const harness = new DeskHarness();
    const request = await blocked(harness);
    expect(request).toMatchObject({ state: 'pending', version: 2, votes: [] });
    expect(isBlocked(request)).toBe(true);
    expect(await harness.approve(BOB, request)).toMatchObject({ refusal: { code: 'owes' } });
  });

  it('can be ended by an approver', async () => {
    const harness = new DeskHarness();
    const { id } = await blocked(harness);
    expect(await harness.desk.openRejection(BOB, id, 2)).toMatchObject({ ok: true });
    expect(await harness.desk.reject(BOB, id, 2, 'No longer wanted')).toMatchObject({ ok: true });
    expect(await harness.get(id)).toMatchObject({
      state: 'rejected',
      ending: { kind: 'rejected', reason: 'No longer wanted' },
    });
    expect(harness.exchange.deletes).toEqual([]);
  });

  it('opens again by itself once the unit is repaid, and every approver hears of it', async () => {
    const harness = new DeskHarness();
    const { id } = await blocked(harness);
    await harness.pass(LOOKED_AT_EVERY_MS);
    expect(await harness.get(id)).toMatchObject({ version: 2 });
    owe(harness, '0');
    await harness.pass(LOOKED_AT_EVERY_MS);
    const open = await harness.get(id);
    expect(open).toMatchObject({ state: 'pending', version: 3, votes: [] });
    expect(isBlocked(open)).toBe(false);
    expect(harness.approversTold(id)).toEqual(['opened', 'facts-changed']);
    // The vote before the debt was on other facts.
    expect(await harness.approve(BOB, { ...open, version: 1 })).toMatchObject({
      refusal: { code: 'old-version' },
    });
    await harness.approve(ALICE, open);
    await harness.approve(BOB, await harness.get(id));
    await harness.settled();
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('is read once in five minutes, in the background, and only until it expires', async () => {
    const harness = new DeskHarness();
    const { id, expiresAtMs } = await blocked(harness);
    const reads: string[] = [];
    const reader = withMethods(harness.exchange, {
      riskUnits: async (options?: { priority: string }) => {
        reads.push(options?.priority ?? '');
        return harness.exchange.riskUnits();
      },
      findClosedUnit: () => Promise.reject(new Error('the unit is active: its closed list is not asked')),
    });
    harness.restart({}, { reader });
    while (harness.nowMs < expiresAtMs - 60_000) await harness.pass(60_000);
    expect(new Set(reads)).toEqual(new Set(['background']));
    expect(reads.length).toBeGreaterThan(40);
    expect(reads.length).toBeLessThanOrEqual(48);
    expect(harness.approversTold(id), 'nobody is reminded of what nobody can do').toEqual(['opened']);
    await harness.pass(LOOKED_AT_EVERY_MS);
    const read = reads.length;
    await harness.pass(LOOKED_AT_EVERY_MS);
    expect((await harness.get(id)).state).toBe('expired');
    expect(reads).toHaveLength(read);
  });

  it('shows growing interest on its card without a message', async () => {
    const harness = new DeskHarness();
    const { id } = await blocked(harness);
    const before = harness.threadOf(id);
    owe(harness, '0.6');
    await harness.pass(LOOKED_AT_EVERY_MS);
    expect((await harness.get(id)).facts.totalLiability).toBe('0.6');
    expect(harness.threadOf(id)).toEqual(before);
    expect(harness.approversTold(id)).toEqual(['opened']);
    expect(harness.notifier.delivered.at(-1)?.notice.kind).toBe('card');
  });

  it('that opens again late asks once: what it says is not followed by a reminder', async () => {
    const harness = new DeskHarness();
    const { id, createdAtMs, expiresAtMs } = await blocked(harness);
    await harness.pass(createdAtMs + (expiresAtMs - createdAtMs) * 0.6 - harness.nowMs);
    owe(harness, '0');
    await harness.pass(LOOKED_AT_EVERY_MS);
    await harness.pass(LOOKED_AT_EVERY_MS);
    expect(harness.approversTold(id)).toEqual(['opened', 'facts-changed']);
    await harness.pass(reminderAtMs(await harness.get(id), 'eighty') - harness.nowMs);
    expect(harness.approversTold(id)).toEqual(['opened', 'facts-changed', 'reminded']);
  });

  it('that expires while its unit is being read does not open again', async () => {
    const harness = new DeskHarness();
    const { id, expiresAtMs, version } = await blocked(harness);
    const reader = withMethods(harness.exchange, {
      riskUnits: async () => {
        harness.nowMs = expiresAtMs;
        return harness.exchange.riskUnits();
      },
    });
    harness.restart({}, { reader });
    owe(harness, '0');
    await harness.pass(LOOKED_AT_EVERY_MS);
    await harness.pass(LOOKED_AT_EVERY_MS);
    expect(await harness.get(id)).toMatchObject({ state: 'expired', version });
    expect(harness.approversTold(id)).toEqual(['opened']);
    expect(harness.threadOf(id).at(-1)).toBe('expired');
  });

  it('stays as it is while the unit cannot be read, and ends when it was closed elsewhere', async () => {
    const harness = new DeskHarness();
    const { id, revision } = await blocked(harness);
    harness.exchange.readFailure = UNAVAILABLE;
    await harness.pass(LOOKED_AT_EVERY_MS);
    expect(await harness.get(id)).toMatchObject({ revision });
    harness.exchange.readFailure = null;
    harness.exchange.closeOutside(UNIT);
    await harness.pass(LOOKED_AT_EVERY_MS);
    expect((await harness.get(id)).state).toBe('superseded');
  });
});

describe('Check again', () => {
  it.each([
    ['the requester', REQUESTER],
    ['an approver', BOB],
  ])('by %s says what is owed, and opens the request when nothing is', async (_, by) => {
    const harness = new DeskHarness();
    const { id } = await blocked(harness);
    expect(await harness.desk.checkAgain(by, id)).toMatchObject({
      refusal: { code: 'owes', totalLiability: '0.5' },
    });
    owe(harness, '0.2');
    expect(await harness.desk.checkAgain(by, id)).toMatchObject({
      refusal: { code: 'owes', totalLiability: '0.2' },
    });
    owe(harness, '0');
    expect(await harness.desk.checkAgain(by, id)).toMatchObject({
      ok: true,
      value: { state: 'pending', version: 4, votes: [] },
    });
    await harness.settled();
    expect(harness.approversTold(id)).toEqual(['opened', 'facts-changed']);
  });

  it.each([
    ['somebody who may only look', VIEWER, 'role-missing'],
    ['a guest', person('U0GUEST', { kind: 'guest' }), 'not-a-full-member'],
  ])('is refused to %s, and the audit has it', async (_, by, code) => {
    const harness = new DeskHarness();
    harness.directory.people.set(by.userId, by);
    const { id } = await blocked(harness);
    expect(await harness.desk.checkAgain(by, id)).toMatchObject({ refusal: { code } });
    expect((await eventsOf(harness, id)).at(-1)).toBe('refused');
  });

  it('does nothing on a request that is not blocked, or whose unit cannot be read', async () => {
    const harness = new DeskHarness();
    const open = await harness.open();
    expect(await harness.desk.checkAgain(REQUESTER, open.id)).toMatchObject({
      refusal: { code: 'wrong-state' },
    });
    owe(harness, '0.5');
    await harness.desk.openBallot(BOB, open.id, 1);
    harness.exchange.readFailure = UNAVAILABLE;
    expect(await harness.desk.checkAgain(REQUESTER, open.id)).toMatchObject({
      refusal: { code: 'exchange-unavailable' },
    });
    harness.exchange.readFailure = null;
    harness.nowMs = open.expiresAtMs;
    expect(await harness.desk.checkAgain(REQUESTER, open.id)).toMatchObject({ refusal: { code: 'expired' } });
  });

  it('by several people at once is one change', async () => {
    const harness = new DeskHarness();
    const { id, version } = await blocked(harness);
    owe(harness, '0');
    const checked = await Promise.all([ALICE, BOB, REQUESTER].map((by) => harness.desk.checkAgain(by, id)));
    expect(checked.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect((await harness.get(id)).version).toBe(version + 1);
  });
});

it('a blocked request is in the list of no approver on App Home', async () => {
  const harness = new DeskHarness(
    {},
    { roles: { requesters: [REQUESTER.userId], approvers: policy().approvers, viewers: '*' } },
  );
  await blocked(harness);
  expect(await harness.desk.home(BOB)).toMatchObject({ value: { waitingForMe: [], open: [{ version: 2 }] } });
});
