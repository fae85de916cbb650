/** A notice that cannot be put into words holds up those behind it for ten minutes, and then nobody any more. */
import { expect, it } from 'vitest';
import type { Notice } from '../../src/domain/close/notices.ts';
import type { Notifier } from '../../src/usecases/ports.ts';
import { awayCommand, change } from '../contracts/rule-book.ts';
import { ALICE, BOB, CAROL, REQUESTER } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { memoryLog } from '../support/logs.ts';

const TEN_MINUTES_MS = 10 * 60_000;
const EVERY_MS = 5_000;

/** Lets time pass with rounds of delivery at their pace. */
async function roundsFor(harness: DeskHarness, deliver: () => Promise<unknown>, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += EVERY_MS) {
    harness.nowMs += EVERY_MS;
    await deliver();
  }
}

/** A notifier that fails in the drawing, as code does on a text it does not know. */
function stumblesOver(harness: DeskHarness, isHard: (notice: Notice) => boolean): Notifier {
  return {
    deliver: async (notice, request) => {
      if (isHard(notice)) throw new TypeError('undefined is not iterable');
      return harness.notifier.deliver(notice, request);
    },
    pointAway: async () => {},
  };
}

it('one that cannot be drawn is set aside after ten minutes, and those behind it are told', async () => {
  const harness = new DeskHarness();
  const log = memoryLog();
  const isVote = (notice: Notice) => notice.kind === 'thread' && notice.event.type === 'approved';
  const { desk, deliverOutbox } = harness.replica({ notifier: stumblesOver(harness, isVote), log });
  const request = await harness.open();
  harness.heldBack.add('deliver');
  await harness.approve(ALICE, request);
  await desk.withdraw(REQUESTER, request.id);
  await deliverOutbox();
  expect(harness.threadOf(request.id)).toEqual([]);
  await roundsFor(harness, deliverOutbox, TEN_MINUTES_MS - EVERY_MS);
  expect(harness.threadOf(request.id)).toEqual([]);
  await roundsFor(harness, deliverOutbox, EVERY_MS);
  expect(harness.threadOf(request.id)).toEqual(['withdrawn']);
  expect(harness.store.outbox.putAside).toHaveLength(1);
  const ofThis = log.lines.filter(({ message }) => message.startsWith('unreadable notice'));
  expect(ofThis.map(({ level, message }) => [level, message])).toEqual([
    ['warn', 'unreadable notice left to other replicas'],
    ['error', 'unreadable notice set aside'],
  ]);
});

it('a process that can draw it does so meanwhile', async () => {
  const harness = new DeskHarness();
  const isVote = (notice: Notice) => notice.kind === 'thread';
  const older = harness.replica({ notifier: stumblesOver(harness, isVote) });
  const request = await harness.open();
  harness.heldBack.add('deliver');
  await harness.approve(ALICE, request);
  await older.deliverOutbox();
  harness.nowMs += TEN_MINUTES_MS / 2;
  await harness.work.deliverOutbox();
  expect(harness.threadOf(request.id)).toEqual(['approved']);
  expect(harness.store.outbox.putAside).toEqual([]);
});

it('attempts of a long outage do not shorten the ten minutes of one that a replica cannot draw', async () => {
  const harness = new DeskHarness();
  const older = harness.replica({ notifier: stumblesOver(harness, () => true) });
  const request = await harness.open();
  harness.heldBack.add('deliver');
  await harness.approve(ALICE, request);
  for (let minute = 0; minute < 150; minute += 1) {
    harness.notifier.failures.push({ ok: false, retry: true, why: 'invalid_auth', retryAfterMs: null });
    harness.nowMs += 60_000;
    await harness.work.deliverOutbox();
  }
  harness.nowMs += 60_000;
  await older.deliverOutbox();
  expect(harness.store.outbox.putAside).toEqual([]);
  harness.nowMs += EVERY_MS;
  await harness.work.deliverOutbox();
  expect(harness.threadOf(request.id)).toEqual(['approved']);
});

it('ends a request whose first card cannot be drawn, and tells the requester', async () => {
  const harness = new DeskHarness();
  const isCard = (notice: Notice) => notice.kind === 'card';
  const { desk, deliverOutbox } = harness.replica({ notifier: stumblesOver(harness, isCard) });
  const asked = await desk.askToClose(REQUESTER, '7', 'repaid');
  if (!asked.ok) throw new Error(asked.refusal.code);
  await harness.settled();
  await roundsFor(harness, deliverOutbox, TEN_MINUTES_MS);
  await harness.settled();
  await deliverOutbox();
  expect(await harness.get(asked.value.id)).toMatchObject({
    state: 'failed',
    ending: { kind: 'card-undeliverable', why: 'it could not be drawn' },
  });
  const told = harness.notifier.delivered.map(({ notice }) => notice);
  const { teamId, userId } = REQUESTER;
  expect(told).toEqual([expect.objectContaining({ kind: 'direct', to: { teamId, userId } })]);
});

it('sends no call for approval after the deadline, although the expiry is not stored yet', async () => {
  const harness = new DeskHarness();
  harness.heldBack.add('deliver');
  const { id, expiresAtMs } = await harness.open();
  harness.nowMs = expiresAtMs;
  await harness.work.deliverOutbox();
  expect(harness.approversTold(id)).toEqual([]);
});

it('tells what is said about the rules in order, and looks first for what an earlier attempt may have posted', async () => {
  const harness = new DeskHarness();
  const { ruleBook } = harness.store;
  harness.ruleNotifier.failures.push({
    ...{ ok: false, retry: true, why: 'Slack did not answer', retryAfterMs: null },
  });
  await change(ruleBook, (nowMs) => awayCommand(CAROL.userId, BOB.userId, nowMs + TEN_MINUTES_MS));
  await change(ruleBook, () => ({ type: 'back', by: CAROL, approver: CAROL.userId }));
  await harness.work.deliverOutbox();
  expect(harness.ruleNotifier.delivered).toEqual([]);
  await roundsFor(harness, harness.work.deliverOutbox, EVERY_MS);
  const { delivered } = harness.ruleNotifier;
  expect(delivered.map(({ event, mayBeThere }) => [event.type, mayBeThere])).toEqual([
    ['away', true],
    ['back', false],
  ]);
  expect(new Set(delivered.map(({ key }) => key)).size).toBe(2);
});
