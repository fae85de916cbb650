/** Processes that change what is kept beside the rules at the same instant, and connections cut after the script ran. */
import { describe, expect, inject, it } from 'vitest';
import { createRuleBook } from '../../src/usecases/rule-book.ts';
import { checkOf } from '../contracts/audit-trail.ts';
import { drain } from '../contracts/outbox.ts';
import { openOne } from '../contracts/requests.ts';
import { awayCommand, change, deciding } from '../contracts/rule-book.ts';
import { openEpisode } from '../contracts/watch.ts';
import { rounds } from '../races/replicas.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { newPrefix, type RedisParts, redisParts } from './redis-parts.ts';

const MINUTE_MS = 60_000;

async function processes(count: number): Promise<RedisParts[]> {
  const prefix = newPrefix();
  return Promise.all(Array.from({ length: count }, () => redisParts(inject('redisUrl'), prefix)));
}

const awayAt = (approver: string) => (nowMs: number) =>
  awayCommand(approver, 'U0EVE', nowMs + 10 * MINUTE_MS);

const RUNS = rounds(200);

it(`two processes save at once, ${RUNS} times: one wins, nothing is lost and nothing is told twice`, async () => {
  const [one, other] = await processes(2);
  if (one === undefined || other === undefined) throw new Error('no process');
  const told: string[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const from = await Promise.all([one.ruleBook.load(), other.ruleBook.load()]);
    const saved = await Promise.all([
      one.ruleBook.save(deciding(from[0], awayAt(`U0ONE${run}`))),
      other.ruleBook.save(deciding(from[1], awayAt(`U0OTHER${run}`))),
    ]);
    expect([...saved].sort()).toEqual(['conflict', 'saved']);
    told.push(saved[0] === 'saved' ? `U0ONE${run}` : `U0OTHER${run}`);
  }
  const { book } = await other.ruleBook.load();
  expect(book?.absences.map(({ approver }) => approver)).toEqual(told);
  const delivered = await drain(one.outbox);
  expect(delivered.map(({ notice }) => 'event' in notice && notice.event)).toMatchObject(
    told.map((approver) => ({ type: 'away', approver })),
  );
  expect(new Set(delivered.map(({ key }) => key)).size).toBe(RUNS);
  expect(await checkOf(one).verify()).toMatchObject({ entries: RUNS, fault: null });
}, 60_000);

it('many who are away at once are all kept: each process loads again where another one was first', async () => {
  const all = await processes(4);
  const books = all.map(({ ruleBook, log }) =>
    createRuleBook({ ruleBookStore: ruleBook, log, afterChange: () => {} }),
  );
  const people = Array.from({ length: 12 }, (_, at) => `U0APPROVER${at}`);
  const nowMs = (await all[0]?.store.nowMs()) ?? 0;
  const applied = await Promise.all(
    people.map((approver, at) => books[at % books.length]?.apply(awayAt(approver)(nowMs))),
  );
  expect(applied.every((each) => each?.ok === true)).toBe(true);
  const absences = (await books[0]?.absences()) ?? [];
  expect(absences.map(({ approver }) => approver).sort()).toEqual([...people].sort());
});

it('what begins while requests and cases are opened is one more opening of one chain', async () => {
  for (let run = 0; run < rounds(25); run += 1) {
    const [one, other] = await processes(2);
    if (one === undefined || other === undefined) throw new Error('no process');
    await Promise.all([
      openOne(one.store),
      openOne(other.store),
      openEpisode(one.watch),
      change(one.ruleBook, awayAt('U0ANN')),
    ]);
    expect(await checkOf(other).verify()).toMatchObject({
      ...{ entries: 5, requests: 2, episodes: 1, fault: null },
    });
    expect(await checkOf(other).verifySubject('rules')).toMatchObject({ entries: 1, fault: null });
  }
});

describe('a connection that is cut after the script ran', () => {
  async function cut() {
    const prefix = newPrefix();
    const proxy = await cuttingProxy(inject('redisUrl'));
    const through = await redisParts(proxy.url, prefix);
    return { proxy, through, beside: await redisParts(inject('redisUrl'), prefix) };
  }

  it('sends the save again, which is one save', async () => {
    const { proxy, through, beside } = await cut();
    const from = await through.ruleBook.load();
    proxy.loseNextAnswer();
    expect(await through.ruleBook.save(deciding(from, awayAt('U0ANN')))).toBe('saved');
    expect(proxy.lost()).toBe(1);
    expect((await beside.ruleBook.load()).book).toMatchObject({ revision: 1 });
    expect(await drain(beside.outbox)).toHaveLength(1);
    expect(await checkOf(beside).verify()).toMatchObject({ entries: 1, fault: null });
  });

  it('is one save also where another process saved meanwhile', async () => {
    const { proxy, through, beside } = await cut();
    await change(through.ruleBook, awayAt('U0ANN'));
    const from = await through.ruleBook.load();
    proxy.loseNextAnswer();
    const first = through.ruleBook.save(deciding(from, awayAt('U0MINE')));
    let second = 'conflict';
    while (second === 'conflict') {
      const now = await beside.ruleBook.load();
      if (now.book?.revision === 1) continue;
      second = await beside.ruleBook.save(deciding(now, awayAt('U0THEIRS')));
    }
    expect(await first).toBe('saved');
    const { book } = await beside.ruleBook.load();
    expect(book?.absences.map(({ approver }) => approver)).toEqual(['U0ANN', 'U0MINE', 'U0THEIRS']);
    expect(await checkOf(beside).verify()).toMatchObject({ entries: 3, fault: null });
  });
});
