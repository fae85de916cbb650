/** After a start, and when Redis or Slack is back: which cards are drawn anew, and what is tried again. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Episode } from '../../src/domain/watch/episode.ts';
import { createRedrawAfterReconnect } from '../../src/ops/redraw-after-reconnect.ts';
import { readable } from '../contracts/outbox.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { REQUESTER } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { openCase } from '../support/episodes.ts';
import { memoryLog } from '../support/logs.ts';

const DAY_MS = 24 * 3_600_000;

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

function scene(harness: DeskHarness, listEpisodes: () => Promise<readonly Episode[]> = async () => []) {
  const log = memoryLog();
  const redrawn: string[] = [];
  const tasks: Promise<unknown>[] = [];
  const catchUp = createRedrawAfterReconnect({
    listOpen: () => harness.store.listOpen(),
    listRecent: (limit) => harness.store.listRecent(limit),
    nowMs: () => harness.store.nowMs(),
    listEpisodes,
    redrawCard: async (subjectId) => void redrawn.push(subjectId),
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
  const why = 'Slack is back';
  expect(log.lines).toMatchObject([
    { fields: { why, kept: 0 } },
    { fields: { why, what: 'requests', cards: 2, redrawn: 2 } },
    { fields: { why, what: 'alerts', cards: 0, redrawn: 0 } },
  ]);
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

it('fault N1 of the watch: open alerts that have a card, fifty at the most, once for several causes at a time', async () => {
  const alert = (number: number, changes: Partial<Episode> = {}) =>
    openCase({ id: `C-${number}`, card: { channelId: 'C0WATCH', messageTs: `${number}.1` }, ...changes });
  const open = Array.from({ length: 60 }, (_, index) => alert(index));
  const others = [alert(97, { state: 'recovered' }), alert(98, { card: null })];
  const { redrawn, catchUp, settled } = scene(new DeskHarness(), async () => [...others, ...open]);
  catchUp('start');
  catchUp('Redis is back');
  await settled();
  catchUp('Slack is back');
  await settled();
  expect(redrawn).toEqual(open.slice(0, 50).map(({ id }) => id));
});

it('fault N1 of the watch, relative: requests are drawn again though the watch cannot be read', async () => {
  const harness = new DeskHarness();
  const { id } = await harness.open();
  const { redrawn, catchUp, settled } = scene(harness, () => Promise.reject(new Error('damaged')));
  catchUp('Redis is back');
  await expect(settled()).rejects.toThrow('damaged');
  expect(redrawn).toEqual([id]);
});
