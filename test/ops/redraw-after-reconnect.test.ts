/** After a start, and when Redis or Slack is back: which cards are drawn anew, and what is tried again. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRedrawAfterReconnect } from '../../src/ops/redraw-after-reconnect.ts';
import { readable } from '../contracts/outbox.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { REQUESTER } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { memoryLog } from '../support/logs.ts';

const DAY_MS = 24 * 3_600_000;

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

function scene(harness: DeskHarness) {
  const log = memoryLog();
  const redrawn: string[] = [];
  const tasks: Promise<unknown>[] = [];
  const catchUp = createRedrawAfterReconnect({
    listOpen: () => harness.store.listOpen(),
    listRecent: (limit) => harness.store.listRecent(limit),
    nowMs: () => harness.store.nowMs(),
    redrawCard: async (requestId) => void redrawn.push(requestId),
    outbox: harness.store.outbox,
    seenOnce: new MemorySeenOnce(() => harness.nowMs),
    inBackground: (_, work) => void tasks.push(work()),
    log,
  });
  return {
    ...{ log, redrawn, catchUp },
    settled: async () => {
      vi.runAllTimers();
      await Promise.all(tasks);
    },
  };
}

async function ended(harness: DeskHarness): Promise<string> {
  const { id } = await harness.open();
  await harness.desk.withdraw(REQUESTER, id);
  await harness.settled();
  return id;
}

it('fault N1: open requests and those that ended within a day, once for several causes at a time', async () => {
  const harness = new DeskHarness();
  await ended(harness);
  harness.nowMs += DAY_MS + 1;
  const lately = await ended(harness);
  const { id: open } = await harness.open();
  const { redrawn, catchUp, settled, log } = scene(harness);
  catchUp('start');
  catchUp('Slack is back');
  await settled();
  expect(redrawn).toEqual([open, lately]);
  expect(log.lines).toMatchObject([{ fields: { why: 'Slack is back', cards: 2, redrawn: 2 } }]);
});

it('fault N1, relative: what was kept is tried again, and one process of several draws a card', async () => {
  const harness = new DeskHarness();
  const { id } = await harness.open();
  await harness.store.outbox.redraw(id);
  const [item] = await harness.store.outbox.take(0, 1);
  if (item === undefined) throw new Error('nothing is due');
  await harness.store.outbox.keep(readable(item));
  const { redrawn, catchUp, settled } = scene(harness);
  catchUp('Slack is back');
  await settled();
  catchUp('Redis is back');
  await settled();
  expect(redrawn).toEqual([id]);
  expect(harness.store.outbox.kept).toEqual([]);
  expect(harness.store.outbox.undelivered(id)).toHaveLength(1);
});
