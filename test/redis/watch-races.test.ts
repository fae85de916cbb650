/** Replicas that save the watch at the same instant, and connections that are cut after a script ran. */
import { describe, expect, inject, it } from 'vitest';
import { checkOf } from '../contracts/audit-trail.ts';
import { drain } from '../contracts/outbox.ts';
import { openOne } from '../contracts/requests.ts';
import { loadEpisode, newEpisode, noting, openEpisode, opening } from '../contracts/watch.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { newPrefix, type RedisParts, redisParts } from './redis-parts.ts';

const LEASE_MS = 60_000;
const EMBEDDED = inject('redisKind') === 'embedded';

async function twoProcesses(): Promise<[RedisParts, RedisParts]> {
  const one = await redisParts(inject('redisUrl'));
  return [one, await redisParts(inject('redisUrl'), one.prefix)];
}

describe('a turn to read', () => {
  it.each([
    ['without an end', []],
    ['that ends long after WATCH_EVERY, as after a clock that was wrong', ['PX', '3600000']],
  ])('is not held back by a token %s', async (_, end) => {
    const { watch, connection, keys } = await redisParts(inject('redisUrl'));
    await connection.run('set', (client) => client.call('SET', keys.watchRound, 'somebody', ...end));
    expect(await watch.takeRound(15_000)).not.toBeNull();
    expect(await watch.takeRound(15_000)).toBeNull();
  });
});

describe('two replicas', () => {
  const RUNS = EMBEDDED ? 8 : 200;

  it(`save at once, ${RUNS} times: one wins, nothing is lost and nothing is told twice`, async () => {
    const [one, other] = await twoProcesses();
    const { id } = await openEpisode(one.watch);
    await drain(one.outbox);
    const told: string[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const from = await Promise.all([one.watch.load(), other.watch.load()]);
      const saved = await Promise.all([
        one.watch.save(noting(from[0], id, `one ${run}`)),
        other.watch.save(noting(from[1], id, `other ${run}`)),
      ]);
      expect([...saved].sort()).toEqual(['conflict', 'saved']);
      told.push(`${saved[0] === 'saved' ? 'one' : 'other'} ${run}`);
    }
    const notes = (await loadEpisode(other.watch, id)).notes.map(({ text }) => text);
    expect(notes).toEqual(told.slice(-20));
    const delivered = await drain(other.outbox);
    const texts = delivered.map(({ notice }) =>
      notice.kind === 'alert-thread' && notice.event.type === 'noted' ? notice.event.text : notice.kind,
    );
    expect(texts).toEqual(told);
    expect(new Set(delivered.map(({ key }) => key)).size).toBe(RUNS);
    expect(await checkOf(one).verify()).toMatchObject({ entries: RUNS + 2, fault: null });
  }, 60_000);

  it('begin at once: one begins, and there is one chain', async () => {
    for (let run = 0; run < (EMBEDDED ? 2 : 20); run += 1) {
      const [one, other] = await twoProcesses();
      const from = await Promise.all([one.watch.load(), other.watch.load()]);
      const saved = await Promise.all([
        one.watch.save(opening(from[0], newEpisode(from[0].nowMs))),
        other.watch.save(opening(from[1], newEpisode(from[1].nowMs))),
      ]);
      expect([...saved].sort()).toEqual(['conflict', 'saved']);
      expect(await checkOf(one).verify()).toMatchObject({ entries: 2, episodes: 1, fault: null });
    }
  });

  it('open cases while others open requests: one chain of openings', async () => {
    const [one, other] = await twoProcesses();
    const count = EMBEDDED ? 4 : 25;
    const cases = async () => {
      for (let opened = 0; opened < count; opened += 1) await openEpisode(one.watch);
    };
    const requests = async () => {
      for (let opened = 0; opened < count; opened += 1) await openOne(other.store);
    };
    await Promise.all([cases(), requests()]);
    expect(await checkOf(one).verify()).toMatchObject({
      ...{ entries: 2 * count + 1, requests: count, episodes: count, fault: null },
    });
  });

  it('take a round: one of them, however often they ask', async () => {
    const [one, other] = await twoProcesses();
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).watch.takeRound(LEASE_MS)),
    );
    expect(asked.filter((token) => token !== null)).toHaveLength(1);
  });
});

describe('a connection that is cut after the script ran', () => {
  async function cut() {
    const prefix = newPrefix();
    const proxy = await cuttingProxy(inject('redisUrl'));
    return {
      proxy,
      through: await redisParts(proxy.url, prefix),
      beside: await redisParts(inject('redisUrl'), prefix),
    };
  }

  it('sends the save again, which is one save', async () => {
    const { proxy, through, beside } = await cut();
    const { id } = await openEpisode(through.watch);
    const from = await through.watch.load();
    proxy.loseNextAnswer();
    expect(await through.watch.save(noting(from, id, 'once'))).toBe('saved');
    expect(proxy.lost()).toBe(1);
    expect((await loadEpisode(beside.watch, id)).notes).toHaveLength(1);
    expect((await drain(beside.outbox)).filter(({ subjectId }) => subjectId === id)).toHaveLength(2);
    expect(await checkOf(beside).verify()).toMatchObject({ entries: 3, fault: null });
  });

  it('is one save also where another replica saved meanwhile', async () => {
    const { proxy, through, beside } = await cut();
    const { id } = await openEpisode(through.watch);
    const from = await through.watch.load();
    // The re-sent command is held back until another save came between.
    const save = beside.watch.save.bind(beside.watch);
    proxy.loseNextAnswer();
    const first = through.watch.save(noting(from, id, 'mine'));
    let second = 'conflict';
    while (second === 'conflict') {
      const now = await beside.watch.load();
      if (now.episodes.get(id)?.notes.length === 0) continue;
      second = await save(noting(now, id, 'theirs'));
    }
    expect(await first).toBe('saved');
    expect((await loadEpisode(beside.watch, id)).notes.map(({ text }) => text)).toEqual(['mine', 'theirs']);
    expect(await checkOf(beside).verify()).toMatchObject({ entries: 4, fault: null });
  });

  it('takes a round once, and knows that it did', async () => {
    const { proxy, through, beside } = await cut();
    proxy.loseNextAnswer();
    expect(await through.watch.takeRound(LEASE_MS)).not.toBeNull();
    expect(await beside.watch.takeRound(LEASE_MS)).toBeNull();
  });

  it('adds a reading to the history twice, which is once', async () => {
    const { proxy, through, beside } = await cut();
    const { groupId } = newEpisode(0);
    const atMs = 1_800_000_000_000;
    await through.history.add([{ groupId, ltv: '0.8' }], atMs);
    proxy.loseNextAnswer();
    await through.history.add([{ groupId, ltv: '0.85' }], atMs + 1_000);
    expect(proxy.lost()).toBe(1);
    expect(await beside.history.read(groupId, '15s', 0)).toEqual([
      { fromMs: atMs, lowest: '0.8', highest: '0.85', last: '0.85' },
    ]);
  });
});
