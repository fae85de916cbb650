/** What every outbox must do; part of the contract of the stores that write it. */
import { expect, it } from 'vitest';
import type { Notice } from '../../src/domain/close/notices.ts';
import { mayBeThere, type Outbox, type OutboxItem, type TakenItem } from '../../src/usecases/outbox-ports.ts';
import {
  advance,
  approval,
  CARD,
  cardNotice,
  HOUR_MS,
  mustSave,
  openOne,
  person,
  type StoreUnderTest,
  touch,
} from './requests.ts';

/** Long enough never to run out in a test. */
const LEASE_MS = 60_000;
/** Long enough for the two questions that are asked before its end, also on a busy machine. */
const SHORT_LEASE_MS = 200;

export function outboxContract(create: () => Promise<StoreUnderTest>): void {
  const numbered = (from: number, to: number): Notice[] =>
    Array.from({ length: to - from + 1 }, (_, index) => ({
      kind: 'thread',
      event: { type: 'reminded', by: null, stage: 'half', atMs: from + index },
    }));

  it('keeps the order of a request, one notice at a time, across changes', async () => {
    const { store, outbox } = await create();
    const nowMs = await store.nowMs();
    const request = await mustSave(store, touch(await openOne(store), nowMs, { notices: numbered(1, 2) }));
    const [first] = await outbox.take(LEASE_MS, 10);
    expect(first).toMatchObject({ subjectId: request.id, notice: cardNotice(), attempts: 0 });
    await mustSave(store, touch(request, nowMs, { notices: numbered(3, 3) }));
    expect(await outbox.take(LEASE_MS, 10)).toEqual([]);
    if (first !== undefined) await outbox.done(first);
    expect((await drain(outbox)).map(({ notice }) => notice)).toEqual(numbered(1, 3));
    expect(await outbox.take(LEASE_MS, 10)).toEqual([]);
  });

  it('gives out the first notice of each due request, or of the named one', async () => {
    const { store, outbox } = await create();
    const a = await openOne(store);
    const b = await openOne(store);
    const c = await openOne(store);
    expect((await outbox.take(LEASE_MS, 10, b.id)).map(({ subjectId }) => subjectId)).toEqual([b.id]);
    expect(await outbox.take(LEASE_MS, 10, b.id)).toEqual([]);
    expect(await outbox.take(LEASE_MS, 10, 'nobody')).toEqual([]);
    const others = [...(await outbox.take(LEASE_MS, 1)), ...(await outbox.take(LEASE_MS, 10))];
    expect(others.map(({ subjectId }) => subjectId).sort()).toEqual([a.id, c.id].sort());
  });

  it('keeps a failed notice first in line, counts the attempt and waits', async () => {
    const { store, outbox, passTime } = await create();
    const request = await openOne(store);
    await mustSave(store, touch(request, await store.nowMs(), { notices: numbered(1, 1) }));
    let [item] = await outbox.take(LEASE_MS, 1);
    for (const attempts of [1, 2]) {
      if (item === undefined) throw new Error('nothing was due');
      await outbox.retry(item, SHORT_LEASE_MS);
      expect(await outbox.take(LEASE_MS, 1)).toEqual([]);
      expect(await outbox.take(LEASE_MS, 1, request.id)).toEqual([]);
      await passTime(SHORT_LEASE_MS);
      [item] = await outbox.take(LEASE_MS, 1);
      expect(item).toMatchObject({ notice: cardNotice(), attempts });
    }
    if (item !== undefined) await outbox.done(item);
    expect(await outbox.take(LEASE_MS, 1)).toMatchObject([{ notice: numbered(1, 1)[0], attempts: 0 }]);
  });

  it('repeats a notice once when its caller died, and lets a caller that comes back late change nothing', async () => {
    const { store, outbox, passTime } = await create();
    const request = await openOne(store);
    await mustSave(store, touch(request, await store.nowMs(), { notices: numbered(1, 2) }));
    const [dead] = await outbox.take(SHORT_LEASE_MS, 1);
    expect(await outbox.take(LEASE_MS, 1)).toEqual([]);
    await passTime(SHORT_LEASE_MS);
    const [repeat] = await outbox.take(LEASE_MS, 1);
    expect(withoutRecord(repeat)).toEqual({ ...withoutRecord(dead), timesTaken: 2 });
    if (dead === undefined || repeat === undefined) throw new Error('nothing was due');
    await outbox.done(repeat);
    const [next] = await outbox.take(LEASE_MS, 1);
    expect(next?.notice).toEqual(numbered(1, 1)[0]);
    await outbox.done(dead);
    await outbox.retry(dead, 0);
    expect(await outbox.take(LEASE_MS, 1)).toEqual([]);
    if (next !== undefined) await outbox.retry(next, 0);
    expect(await outbox.take(LEASE_MS, 1)).toMatchObject([{ attempts: 1 }]);
  });

  it('tells a message that may have been posted from one that was only given back untried', async () => {
    const { store, outbox, passTime } = await create();
    await mustSave(store, touch(await openOne(store), await store.nowMs(), { notices: numbered(1, 1) }));
    const first = await mustTake(outbox);
    expect([first.key, mayBeThere(first)]).toEqual([`${first.subjectId}/${first.id}`, false]);
    await outbox.leave(first, 0);
    const untried = await mustTake(outbox);
    expect([untried.timesTaken, mayBeThere(untried)]).toEqual([2, false]);
    await outbox.retry(untried, 0);
    const [tried] = await outbox.take(SHORT_LEASE_MS, 1);
    expect(tried && mayBeThere(tried)).toBe(true);
    await passTime(SHORT_LEASE_MS);
    const kept = await mustTake(outbox);
    expect(kept).toMatchObject({ timesTaken: 4, key: first.key });
    await outbox.keep(kept);
    const behind = await mustTake(outbox);
    expect([behind.timesTaken, mayBeThere(behind)]).toEqual([1, false]);
    await outbox.done(behind);
    await outbox.retryKept();
    const again = await mustTake(outbox);
    expect([again.key, again.timesTaken, mayBeThere(again)]).toEqual([first.key, 1, true]);
  });

  it('counts one attempt when two callers report the same one', async () => {
    const { store, outbox } = await create();
    await openOne(store);
    const [item] = await outbox.take(LEASE_MS, 1);
    if (item === undefined) throw new Error('nothing was due');
    await outbox.retry(item, 0);
    await outbox.retry(item, HOUR_MS);
    expect(await outbox.take(LEASE_MS, 1)).toMatchObject([{ attempts: 1 }]);
  });

  it('keeps an unreadable notice first in line, and counts it apart from attempts', async () => {
    const { store, outbox } = await create();
    await openOne(store);
    const first = await mustTake(outbox);
    await outbox.leave(first, 0);
    const again = await mustTake(outbox);
    expect(withoutRecord(again)).toEqual({ ...withoutRecord(first), timesLeft: 1, timesTaken: 2 });
    // A caller whose lease ran out counts nothing.
    await outbox.leave(first, 0);
    expect(await outbox.take(LEASE_MS, 1)).toEqual([]);
    await outbox.retry(again, 0);
    const last = await mustTake(outbox);
    expect(last).toMatchObject({ attempts: 1, timesLeft: 1 });
    await outbox.leave(last, HOUR_MS);
    expect(await outbox.take(LEASE_MS, 1)).toEqual([]);
  });

  it('sets aside for a redraw of the card, counts from 0 for it, and puts no second one in its place', async () => {
    const { store, outbox } = await create();
    const request = await mustSave(
      store,
      touch(await openOne(store), await store.nowMs(), { notices: numbered(1, 2) }),
    );
    await outbox.done(await mustTake(outbox));
    await outbox.leave(await mustTake(outbox), 0);
    const damaged = await mustTake(outbox);
    expect(await outbox.setAside(damaged)).toBe(true);
    expect(await outbox.setAside(damaged)).toBe(false);
    const redraw = await mustTake(outbox);
    const fresh = { subjectId: request.id, origin: 'redraw', attempts: 0, timesLeft: 0 };
    expect(redraw).toMatchObject({ ...fresh, notice: cardNotice() });
    expect(await outbox.setAside(redraw)).toBe(true);
    expect((await drain(outbox)).map(({ notice }) => notice)).toEqual(numbered(2, 2));
  });

  it('fault N1: keeps what is refused out of the line, and puts it back at its end', async () => {
    const { store, outbox } = await create();
    const request = await mustSave(
      store,
      touch(await openOne(store), await store.nowMs(), { notices: numbered(1, 3) }),
    );
    await outbox.done(await mustTake(outbox));
    const refused = await mustTake(outbox);
    await outbox.keep(refused);
    await outbox.keep(refused);
    const second = await mustTake(outbox);
    expect(second.notice).toEqual(numbered(2, 2)[0]);
    expect(await outbox.retryKept()).toBe(1);
    expect(await outbox.retryKept()).toBe(0);
    // Its line is leased: what was kept waits behind.
    expect(await outbox.take(LEASE_MS, 1, request.id)).toEqual([]);
    await outbox.done(second);
    const rest = await drain(outbox);
    expect(rest.map(({ notice }) => notice)).toEqual([...numbered(3, 3), ...numbered(1, 1)]);
    expect(rest.map(({ origin }) => origin)).toEqual(['change', 'kept']);
    expect(rest.at(-1)).toMatchObject({ createdAtMs: refused.createdAtMs });
  });

  it('fault N1, relative: a request without a line has one again, due at once; kept twice it is one', async () => {
    const { store, outbox } = await create();
    const { id } = await openOne(store);
    await outbox.keep(await mustTake(outbox));
    expect(await outbox.take(LEASE_MS, 1)).toEqual([]);
    expect(await outbox.retryKept()).toBe(1);
    const again = await mustTake(outbox);
    expect(again).toMatchObject({ subjectId: id, notice: cardNotice(), attempts: 0 });
    await outbox.keep(again);
    await outbox.redraw(id);
    await outbox.keep(await mustTake(outbox));
    expect(await outbox.retryKept()).toBe(1);
    expect(await mustTake(outbox)).toMatchObject({ subjectId: id, id: again.id });
  });

  it('fault N3: one redraw waits for a request, beside the one that may be on its way', async () => {
    const { store, outbox } = await create();
    const { id } = await openOne(store);
    await outbox.done(await mustTake(outbox));
    await outbox.redraw(id);
    const first = await mustTake(outbox);
    expect(first).toMatchObject({ subjectId: id, notice: cardNotice() });
    for (let count = 0; count < 5; count += 1) await outbox.redraw(id);
    await outbox.done(first);
    expect((await drain(outbox)).map(({ notice }) => notice)).toEqual([cardNotice()]);
  });

  it('gives each notice with the record as it is then, and says whether another one is due', async () => {
    const { store, outbox } = await create();
    const opened = await openOne(store);
    const request = await advance(store, opened, CARD, approval(opened, 'U_BEN'));
    const first = await mustTake(outbox);
    expect(first).toMatchObject({ stored: { request, stored: (await store.load(request.id))?.stored } });
    expect(await outbox.done(first)).toBe(true);
    expect(await outbox.done(first)).toBe(false);
    expect(await outbox.done(await mustTake(outbox))).toBe(true);
    expect(await outbox.done(await mustTake(outbox))).toBe(false);
    expect(await outbox.take(LEASE_MS, 1)).toEqual([]);
  });

  it('still delivers for a request that has ended', async () => {
    const { store, outbox } = await create();
    const request = await openOne(store);
    await advance(store, request, CARD, { type: 'withdraw', by: person('U_ANN') });
    expect((await drain(outbox)).map(({ notice }) => notice.kind)).toEqual(['card', 'card', 'thread']);
  });

  it('gives notices the time of their event and ids of their own', async () => {
    const { store, outbox } = await create();
    const request = await openOne(store);
    await advance(store, request, CARD, approval(request, 'U_BEN'));
    const items = await drain(outbox);
    expect(items[0]?.createdAtMs).toBe(request.createdAtMs);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
  });
}

/** Without the record, and without the time at which it was read. */
export function withoutRecord(item: TakenItem | undefined): object {
  return Object.fromEntries(
    Object.entries(item ?? {}).filter(([name]) => !['stored', 'nowMs'].includes(name)),
  );
}

async function mustTake(outbox: Outbox): Promise<OutboxItem & TakenItem> {
  const [item] = await outbox.take(LEASE_MS, 1);
  if (item === undefined) throw new Error('nothing was due');
  return readable(item);
}

export function readable(item: TakenItem): OutboxItem & TakenItem {
  const { notice } = item;
  if (notice.kind === 'unreadable') throw new Error(notice.why);
  return Object.assign(item, { notice });
}

/** Everything that is due, delivered. */
export async function drain(outbox: Outbox): Promise<TakenItem[]> {
  const delivered: TakenItem[] = [];
  for (;;) {
    const [item] = await outbox.take(LEASE_MS, 1);
    if (item === undefined) return delivered;
    delivered.push(item);
    await outbox.done(item);
  }
}
