/** A process that must end: whoever still waits is told, also in line behind others; metrics and references. */
import { expect, it } from 'vitest';
import { createGuard, type NamedListener } from '../../src/slack/guard.ts';
import { handled } from '../../src/slack/listener.ts';
import type { HandledInteraction } from '../../src/slack/slack-events.ts';
import { WorkQueue } from '../../src/slack/work-queue.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { QUIET } from '../support/logs.ts';
import { notingTurn } from './support/turn.ts';

function scene() {
  const told: string[] = [];
  const records: HandledInteraction[] = [];
  const references: string[] = [];
  const shutdown = new AbortController();
  const turn = notingTurn(told);
  const queue = new WorkQueue({ atOnce: 1, waitingAtMost: 5 });
  const guard = createGuard({
    seenOnce: new MemorySeenOnce(() => 0),
    lanes: { decision: queue, read: queue },
    overflowQueue: new WorkQueue({ atOnce: 1, waitingAtMost: 0 }),
    log: QUIET,
    now: () => 0,
    newReference: () => `ref-${references.length}`,
    redrawCard: async () => {},
    events: { interactionHandled: (record) => void records.push(record) },
    within: (reference, work) => {
      references.push(reference);
      return work();
    },
    shutdownSignal: shutdown.signal,
  });
  const click = (listener: NamedListener, deliveryKey: string) =>
    guard(listener, {
      turn,
      deliveryKey: () => deliveryKey,
      ack: async () => {},
      answerInAck: async () => false,
    });
  return { told, records, references, shutdown, click };
}

it('tells all who wait when the process must end, and counts them', async () => {
  const { told, records, references, shutdown, click } = scene();
  const never: NamedListener = { name: 'never', work: () => new Promise(() => {}) };
  const running = [click(never, 'a'), click(never, 'b')];
  await Promise.resolve();
  shutdown.abort();
  await Promise.all(running);
  expect(told).toEqual([expect.stringContaining('is restarting'), expect.stringContaining('is restarting')]);
  const record = { listener: 'never', actor: 'T0HOME/U0ALICE', requestId: null, durationMs: 0 };
  expect(records).toEqual([
    { ...record, outcome: 'restarting' },
    { ...record, outcome: 'restarting' },
  ]);
  expect(references).toEqual(['ref-0', 'ref-1']);
});

it('leaves alone what ends in time', async () => {
  const { told, records, shutdown, click } = scene();
  await click({ name: 'quick', work: async () => handled() }, 'a');
  shutdown.abort();
  expect(told).toEqual([]);
  expect(records).toMatchObject([{ listener: 'quick', outcome: 'done' }]);
});
