/** What became of the DELETE: told only when it is known, looked up before it is final, and never forgotten. */

import { describe, expect, it } from 'vitest';
import { longId } from '../../src/domain/amount.ts';
import { UNKNOWN_PAGES_AFTER_MS } from '../../src/domain/close/attention.ts';
import type { CloseRequest, RequestEvent } from '../../src/domain/close/close-request.ts';
import type { CloseState } from '../../src/domain/close/close-state.ts';
import type { ClosedUnit } from '../../src/domain/unit/risk-unit.ts';
import { type CloseOutcome, StoreUnavailable, UnreadableRecord } from '../../src/usecases/ports.ts';
import { all } from '../contracts/audit-trail.ts';
import { repaidUnit, UNAVAILABLE } from '../fakes/loan-exchange.ts';
import { ALICE, BOB, CAROL, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness, UNIT, withMethods } from '../support/desk-harness.ts';

function outcome(kind: CloseOutcome['kind'], changes: Partial<CloseOutcome> = {}): CloseOutcome {
  return { kind, httpStatus: null, exchangeCode: null, meaning: `answer: ${kind}`, advice: '', ...changes };
}

const REFUSED = outcome('refused', { httpStatus: 400, exchangeCode: -27018 });

async function approved(harness: DeskHarness): Promise<CloseRequest> {
  const request = await harness.open();
  await harness.approve(ALICE, request);
  await harness.approve(BOB, request);
  await harness.settled();
  return harness.get(request.id);
}

async function entriesOf(harness: DeskHarness, requestId: string): Promise<number> {
  let entries = 0;
  for await (const _ of harness.store.audit.entries(requestId)) entries += 1;
  return entries;
}

/** What approvers were told after the ask. */
const approversTold = (harness: DeskHarness, requestId: string) =>
  harness.approversTold(requestId).filter((type) => type !== 'opened');

describe('people are told in time', () => {
  it('fault N6: CLOSED answered but never listed: approvers are told after ten minutes', async () => {
    const harness = new DeskHarness();
    harness.exchange.listsClosed = false;
    const sent = await approved(harness);
    expect(sent).toMatchObject({ state: 'sending', answer: { kind: 'closed' } });
    const sentAtMs = sent.sent?.atMs ?? 0;
    while (harness.nowMs < sentAtMs + UNKNOWN_PAGES_AFTER_MS - 1_000) await harness.pass(1_000);
    expect(approversTold(harness, sent.id)).toEqual([]);
    await harness.pass(sentAtMs + UNKNOWN_PAGES_AFTER_MS - harness.nowMs);
    expect(await harness.get(sent.id)).toMatchObject({ state: 'unknown', pagedAtMs: harness.nowMs });
    expect(approversTold(harness, sent.id)).toEqual(['lost-track']);
    for (let minute = 0; minute < 60; minute += 1) await harness.pass(60_000);
    expect(approversTold(harness, sent.id), 'once').toEqual(['lost-track']);
  });

  it.each([
    ['an unknown answer', outcome('unknown'), ['answered', 'people-paged']],
    ['a refusal that cannot be looked up', REFUSED, ['lost-track']],
  ])(
    'fault N6, relative: %s, and an exchange that is silent: told after ten minutes',
    async (_, answer, told) => {
      const harness = new DeskHarness();
      harness.exchange.outcome = answer;
      harness.exchange.listsClosed = false;
      const sent = await approved(harness);
      harness.exchange.readFailure = UNAVAILABLE;
      const dueAtMs = (sent.sent?.atMs ?? 0) + UNKNOWN_PAGES_AFTER_MS;
      while (harness.nowMs < dueAtMs) await harness.pass(Math.min(7_000, dueAtMs - harness.nowMs));
      expect(await harness.get(sent.id)).toMatchObject({ state: 'unknown', pagedAtMs: dueAtMs });
      expect(approversTold(harness, sent.id)).toEqual(told);
    },
  );

  it.each([
    ['fault A9: cannot be read', UNAVAILABLE, false],
    ['fault A9, relative: shows the unit in neither list', null, false],
    ['fault A9, relative: answered CLOSED and keeps listing the unit', null, true],
  ])('%s: a day of it writes what was seen, not each look', async (_, failure, isActive) => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome(isActive ? 'closed' : 'unknown');
    harness.exchange.takesEffect = !isActive;
    harness.exchange.listsClosed = false;
    const sent = await approved(harness);
    harness.exchange.readFailure = failure;
    let looks = 0;
    harness.restart(
      {},
      {
        reader: withMethods(harness.exchange, {
          findClosedUnit: async () => {
            looks += 1;
            return harness.exchange.findClosedUnit(UNIT);
          },
        }),
      },
    );
    const before = await entriesOf(harness, sent.id);
    for (let minute = 0; minute < 24 * 60; minute += 1) await harness.pass(60_000);
    expect((await harness.get(sent.id)).state).toBe('unknown');
    expect(looks).toBeGreaterThan(250);
    // The sighting, the page, and at most three reads that count as proof.
    expect((await entriesOf(harness, sent.id)) - before).toBeLessThanOrEqual(6);
  });

  it('fault A9, relative: what people do in between does not put the next look off', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.listsClosed = false;
    const sent = await approved(harness);
    await harness.pass(UNKNOWN_PAGES_AFTER_MS);
    const due = harness.store.watched().get(sent.id);
    harness.nowMs += 100_000;
    await harness.desk.settle(ALICE, sent.id, 'closed', 'seen');
    expect(harness.store.watched().get(sent.id)).toBe(due);
  });
});

describe('settling by hand', () => {
  it('fault B8: a wrong finding is replaced, and two who agree settle it', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.listsClosed = false;
    const { id } = await approved(harness);
    await harness.pass(120_000);
    const settle = (by: typeof ALICE, verdict: 'closed' | 'not-closed') =>
      harness.desk.settle(by, id, verdict, 'seen in the console');
    await settle(ALICE, 'closed');
    expect(await settle(BOB, 'not-closed')).toMatchObject({
      value: { state: 'unknown', settlement: { by: { userId: BOB.userId }, verdict: 'not-closed' } },
    });
    expect(await settle(BOB, 'not-closed')).toMatchObject({ refusal: { code: 'second-person-needed' } });
    expect(await settle(CAROL, 'not-closed')).toMatchObject({
      value: { state: 'failed', ending: { by: [{ userId: BOB.userId }, { userId: CAROL.userId }] } },
    });
  });

  it('fault B8, relative: a finding can be corrected, but changing it back and forth settles nothing alone', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.listsClosed = false;
    const { id } = await approved(harness);
    await harness.pass(120_000);
    const settle = (by: typeof ALICE, verdict: 'closed' | 'not-closed') =>
      harness.desk.settle(by, id, verdict, 'seen in the console');
    for (const verdict of ['closed', 'not-closed', 'closed', 'not-closed'] as const)
      expect(await settle(ALICE, verdict)).toMatchObject({ value: { state: 'unknown' } });
    expect(await settle(BOB, 'not-closed')).toMatchObject({ value: { state: 'failed' } });
  });

  it('fault B8, relative: the finding of somebody taken off the list confirms nothing', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.listsClosed = false;
    const { id } = await approved(harness);
    await harness.desk.settle(ALICE, id, 'closed', 'seen');
    harness.restart({ approvers: [BOB.userId, CAROL.userId] });
    expect(await harness.desk.settle(BOB, id, 'closed', 'seen')).toMatchObject({
      value: { state: 'unknown' },
    });
    expect(await harness.desk.settle(CAROL, id, 'closed', 'seen')).toMatchObject({
      value: { state: 'closed' },
    });
  });
});

describe('a refusal is looked up before it is final', () => {
  it('fault T12: refused, and executed all the same: closed', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = REFUSED;
    const ended = await approved(harness);
    expect(ended).toMatchObject({
      state: 'closed',
      ending: { kind: 'read-back' },
      answer: { kind: 'refused' },
    });
    for (const { notice, request } of harness.notifier.delivered)
      if (notice.kind === 'thread' && notice.event.type === 'answered')
        expect(request.state).not.toBe('failed');
  });

  it('fault T12, relative: refused and still active: failed, with its code, after one look', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = REFUSED;
    harness.exchange.takesEffect = false;
    const ended = await approved(harness);
    expect(ended).toMatchObject({
      state: 'failed',
      ending: { kind: 'refused-by-exchange' },
      answer: { exchangeCode: -27018 },
    });
    // Its trail tells of it, so its evidence is shown.
    expect(await harness.desk.viewRequest(REQUESTER, ended.id)).toMatchObject({
      ok: true,
      value: { request: { state: 'failed' } },
    });
  });

  it('fault T12, relative: refused and in neither list: looked up again, then closed or unknown', async () => {
    for (const isListed of [true, false]) {
      const harness = new DeskHarness();
      harness.exchange.outcome = REFUSED;
      harness.exchange.listsClosed = false;
      const { id, state } = await approved(harness);
      expect(state).toBe('sending');
      await harness.pass(120_000);
      harness.exchange.listsClosed = isListed;
      for (let minute = 0; minute < 10; minute += 1) await harness.pass(60_000);
      expect((await harness.get(id)).state).toBe(isListed ? 'closed' : 'unknown');
      expect(await harness.desk.askToClose(REQUESTER, UNIT, 'again')).toMatchObject({ ok: false });
      expect(harness.exchange.deletes).toEqual([UNIT]);
    }
  });
});

describe('what counts as evidence', () => {
  const row = (harness: DeskHarness, changes: Partial<ClosedUnit>): ClosedUnit => ({
    groupId: UNIT,
    parentEmail: 'p@test.com',
    creditEmail: `credit${UNIT}@test.com`,
    enabled: false,
    createdAtMs: 1,
    closedAtMs: harness.nowMs,
    ...changes,
  });
  const ROWS: readonly (readonly [string, Partial<ClosedUnit>, boolean])[] = [
    ["fault T8: a row of another account's list", { creditEmail: 'other@test.com' }, false],
    ['fault T8, relative: its own row, still enabled', { enabled: true }, true],
    ['fault T8, relative: an older row of a reused id', { closedAtMs: 1_000 }, false],
    ['fault T8, relative: a fitting row of a unit that is also active', {}, true],
  ];

  it.each(ROWS)('%s supersedes nothing while it is pending or approved', async (_, changes, isActive) => {
    for (const isPending of [true, false]) {
      const harness = new DeskHarness();
      harness.heldBack.add('execute');
      const { id } = isPending ? await harness.open() : await approved(harness);
      harness.exchange.closed.push(row(harness, changes));
      if (!isActive) harness.exchange.units.delete(UNIT);
      await harness.pass(6 * 60_000);
      const open = await harness.get(id);
      expect(open.ending?.kind ?? null).toBe(isPending || !isActive ? null : 'read-back');
      if (isPending || !isActive) expect(open.evidence).toBeNull();
    }
  });

  it.each(ROWS)('%s is not the end of a close whose outcome is unknown', async (_, changes) => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.takesEffect = false;
    harness.exchange.closed.push(row(harness, changes));
    const { id } = await approved(harness);
    await harness.pass(30_000);
    expect(await harness.get(id)).toMatchObject({ state: 'unknown', evidence: null });
  });

  it('fault T8, relative: a unit in both lists is neither closed nor "not executed", however often it is read', async () => {
    const harness = new DeskHarness();
    harness.exchange.outcome = outcome('unknown');
    harness.exchange.takesEffect = false;
    const sent = await approved(harness);
    harness.exchange.closed.push(row(harness, { closedAtMs: harness.nowMs + 1 }));
    for (let round = 0; round < 20; round += 1) await harness.pass(60_000);
    expect(await harness.get(sent.id)).toMatchObject({
      state: 'unknown',
      readBack: { agreeingActiveReads: 0, lastSeen: { kind: 'in-both-lists' } },
    });
  });
});

describe('a store that forgets what was written last', () => {
  /** What others do to the record that went back to before the mark, while the DELETE is under way. */
  async function forgetful(
    meanwhile: (harness: DeskHarness, id: string) => Promise<unknown> = async () => {},
  ) {
    const harness = new DeskHarness();
    const { exchange, store } = harness;
    let goBack = () => {};
    harness.restart(
      {},
      {
        reader: withMethods(exchange, {
          riskUnitAsCreditAccount: (groupId) => {
            goBack = store.snapshot();
            return exchange.riskUnitAsCreditAccount(groupId);
          },
        }),
      },
    );
    const request = await harness.open();
    exchange.beforeSend = async () => {
      goBack();
      exchange.beforeSend = async () => {};
      await meanwhile(harness, request.id);
    };
    return { harness, id: request.id };
  }

  it.each([
    ['fault N7: the mark is lost, and the answer says closed', outcome('closed'), true, 'closed'],
    ['fault N7, relative: and the answer is not known', outcome('unknown'), false, 'failed'],
    ['fault N7, relative: and the close was refused', REFUSED, false, 'failed'],
    ['fault N7, relative: and it never left', outcome('not-sent'), false, 'failed'],
  ])('%s: put back, told, and never sent again', async (_, answer, takesEffect, state) => {
    const { harness, id } = await forgetful();
    harness.exchange.outcome = answer;
    harness.exchange.takesEffect = takesEffect;
    const request = await harness.get(id);
    await harness.approve(ALICE, request);
    await harness.approve(BOB, request);
    await harness.settled();
    expect((await harness.get(id)).answer).toMatchObject({ kind: answer.kind });
    for (let minute = 0; minute < 6; minute += 1) await harness.pass(61_000);
    expect(await harness.get(id)).toMatchObject({ state, sent: { recvWindowMs: 5_000 } });
    expect(harness.threadOf(id)).toContain('mark-restored');
    expect(approversTold(harness, request.id)).toContain('mark-restored');
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  /** Another process finds the claim left behind. */
  async function abandon(harness: DeskHarness): Promise<void> {
    harness.nowMs += 61_000;
    await harness.replica().attendRequests();
    while ((await harness.store.listOpen())[0]?.state === 'sending') await new Promise(setImmediate);
  }

  it.each<[string, CloseState, (harness: DeskHarness, id: string) => Promise<unknown>]>([
    [
      'expired',
      'expired',
      async (harness) => {
        await abandon(harness);
        harness.nowMs += 5 * 3_600_000;
        await harness.replica().attendRequests();
        while ((await harness.store.listOpen()).length > 0) await new Promise(setImmediate);
      },
    ],
    [
      'was taken back by its requester',
      'withdrawn',
      async (harness, id) => {
        await abandon(harness);
        await harness.desk.withdraw(REQUESTER, id);
      },
    ],
    ['waits to be sent again', 'approved', abandon],
  ])('fault N7, relative: onto a record that meanwhile %s', async (_, stateBefore, meanwhile) => {
    const { harness, id } = await forgetful(meanwhile);
    harness.exchange.takesEffect = false;
    harness.exchange.outcome = outcome('unknown');
    const request = await harness.get(id);
    await harness.approve(ALICE, request);
    await harness.approve(BOB, request);
    await harness.settled();
    expect(await harness.get(id)).toMatchObject({
      sent: { recvWindowMs: 5_000 },
      answer: { kind: 'unknown' },
    });
    const events: RequestEvent[] = [];
    for (const { body } of await all(harness.store.audit, id)) events.push(body.event);
    expect(events.find(({ type }) => type === 'mark-restored')).toMatchObject({ stateBefore });
    expect(await harness.desk.askToClose(REQUESTER, UNIT, 'again')).toMatchObject({ ok: false });
    for (let minute = 0; minute < 6; minute += 1) await harness.pass(61_000);
    expect(await harness.get(id)).toMatchObject({ state: 'failed', ending: { kind: 'not-executed' } });
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('fault N7, relative: found out after the answer was stored, at the next reconnect', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const request = await approved(harness);
    harness.heldBack.delete('execute');
    harness.exchange.takesEffect = false;
    harness.exchange.outcome = outcome('unknown');
    const goBack = harness.store.snapshot();
    await harness.pass(6_000);
    expect((await harness.get(request.id)).state).toBe('unknown');
    goBack();
    expect((await harness.get(request.id)).state).toBe('approved');
    await harness.work.restoreSentCloses();
    expect(await harness.get(request.id)).toMatchObject({ state: 'unknown', answer: { kind: 'unknown' } });
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('fault N7, relative: the same process never sends twice, even when the loss went unnoticed', async () => {
    const harness = new DeskHarness();
    harness.heldBack.add('execute');
    const request = await approved(harness);
    harness.heldBack.delete('execute');
    harness.exchange.takesEffect = false;
    harness.exchange.outcome = outcome('unknown');
    const goBack = harness.store.snapshot();
    await harness.pass(6_000);
    goBack();
    await harness.pass(6_000);
    expect((await harness.get(request.id)).state).toBe('unknown');
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('fault N7, relative: a store that is away keeps nothing from being told later', async () => {
    const harness = new DeskHarness();
    let isAway = false;
    const gone = () => Promise.reject(new StoreUnavailable(new Error('connection lost')));
    harness.restart(
      {},
      { store: withMethods(harness.store, { load: (id) => (isAway ? gone() : harness.store.load(id)) }) },
    );
    harness.exchange.beforeSend = async () => {
      isAway = true;
    };
    const request = await harness.open();
    harness.heldBack.add('deliver');
    harness.heldBack.add('execute');
    await harness.approve(ALICE, request);
    await harness.approve(BOB, request);
    harness.nowMs += 6_000;
    await harness.work.attendRequests();
    await harness.settled();
    expect((await harness.get(request.id)).answer).toBeNull();
    isAway = false;
    await harness.work.attendRequests();
    await harness.settled();
    expect((await harness.get(request.id)).answer).toMatchObject({ kind: 'closed' });
  });

  it('fault A7, relative: a sent close whose record cannot be read keeps no other request waiting', async () => {
    const harness = new DeskHarness();
    harness.exchange.units.set(longId('8'), repaidUnit(longId('8')));
    const other = await harness.desk.askToClose(REQUESTER, '8', 'repaid');
    if (!other.ok) throw new Error(other.refusal.code);
    let trouble: Error | null = null;
    harness.restart(
      {},
      {
        store: withMethods(harness.store, {
          load: async (id) => {
            if (trouble !== null && id === request.id) throw trouble;
            return harness.store.load(id);
          },
        }),
      },
    );
    harness.exchange.beforeSend = async () => {
      trouble = new StoreUnavailable(new Error('connection lost'));
    };
    const request = await harness.open();
    harness.heldBack.add('deliver');
    harness.heldBack.add('execute');
    await harness.approve(ALICE, request);
    await harness.approve(BOB, request);
    harness.nowMs += 6_000;
    await harness.work.attendRequests();
    await harness.settled();
    trouble = new UnreadableRecord(request.id, "it doesn't match its seal");
    harness.nowMs = other.value.expiresAtMs;
    await harness.work.attendRequests();
    await harness.settled();
    expect((await harness.get(other.value.id)).state).toBe('expired');
    trouble = null;
    await harness.work.restoreSentCloses();
    expect((await harness.get(request.id)).answer).toMatchObject({ kind: 'closed' });
    expect(harness.exchange.deletes).toEqual([UNIT]);
  });

  it('fault N7, relative: the card that showed what was lost shows what happened in its place', async () => {
    const harness = new DeskHarness();
    const request = await harness.open();
    const goBack = harness.store.snapshot();
    await harness.approve(ALICE, request);
    await harness.settled();
    const lost = await harness.get(request.id);
    goBack();
    await harness.desk.reject(BOB, request.id, request.version, 'no');
    await harness.settled();
    expect((await harness.get(request.id)).revision).toBe(lost.revision);
    const card = harness.notifier.delivered.findLast(({ notice }) => notice.kind === 'card');
    expect(card?.request.state).toBe('rejected');
  });
});
