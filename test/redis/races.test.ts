/** Two processes on one Redis at the same instant. */
import { describe, expect, inject, it } from 'vitest';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { all, verdictOf } from '../contracts/audit-trail.ts';
import {
  advance,
  approval,
  CARD,
  changeBy,
  newRequest,
  newUnit,
  opening,
  openOne,
  person,
} from '../contracts/requests.ts';
import { AUDIT_KEY, type RedisParts, redisParts } from './redis-parts.ts';

/** Long enough never to run out in a test. */
const LEASE_MS = 60_000;

async function twoProcesses(): Promise<[RedisParts, RedisParts]> {
  const one = await redisParts(inject('redisUrl'));
  return [one, await redisParts(inject('redisUrl'), one.prefix)];
}

describe('two processes', () => {
  it('save on one revision: one wins, 200 times', async () => {
    const [one, other] = await twoProcesses();
    for (let round = 0; round < 200; round += 1) {
      const request = await advance(one.store, await openOne(one.store), CARD);
      const nowMs = await one.store.nowMs();
      const saved = await Promise.all([
        one.store.save(changeBy(request, approval(request, 'U_BEN'), nowMs)),
        other.store.save(changeBy(request, { type: 'withdraw', by: person('U_ANN') }, nowMs)),
      ]);
      expect(saved.map(({ kind }) => kind).sort()).toEqual(['conflict', 'saved']);
      const winner = saved.find((each) => each.kind === 'saved');
      const stored = (await other.store.load(request.id))?.request;
      expect(stored).toEqual(winner?.request);
      expect(await other.store.openRequestFor(request.groupId)).toEqual(
        stored?.state === 'withdrawn' ? null : stored,
      );
    }
    expect(await verdictOf(one.audit, AUDIT_KEY)).toMatchObject({ entries: 600, requests: 200, fault: null });
  });

  it('open for one unit: one opens, the other is shown it, 100 times', async () => {
    const [one, other] = await twoProcesses();
    for (let round = 0; round < 100; round += 1) {
      const groupId = newUnit();
      const nowMs = await one.store.nowMs();
      const ask = (parts: RedisParts) => parts.store.open(opening(newRequest(nowMs, { groupId })));
      const answers = await Promise.all([ask(one), ask(other)]);
      expect(answers.map(({ kind }) => kind).sort()).toEqual(['exists', 'opened']);
      expect(answers[0].request).toEqual(answers[1].request);
    }
    expect(await verdictOf(other.audit, AUDIT_KEY)).toMatchObject({ entries: 100, fault: null });
  });

  it('open for many units at once: one chain of openings', async () => {
    const [one, other] = await twoProcesses();
    const nowMs = await one.store.nowMs();
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? one : other).store.open(opening(newRequest(nowMs))),
      ),
    );
    expect(await verdictOf(one.audit, AUDIT_KEY)).toMatchObject({ entries: 40, requests: 40, fault: null });
  });

  it('take attention and notices: each is given to one of them', async () => {
    const [one, other] = await twoProcesses();
    const nowMs = await one.store.nowMs();
    const requests: CloseRequest[] = [];
    for (let i = 0; i < 30; i += 1) requests.push(await openOne(one.store, {}, nowMs - 1));
    const watched = await Promise.all(
      [one, other, one, other].map(({ store }) => store.takeAttention(LEASE_MS, 10)),
    );
    expect(
      watched
        .flat()
        .map(({ request }) => request.id)
        .sort(),
    ).toEqual(requests.map(({ id }) => id).sort());
    const notices = await Promise.all(
      [one, other, one, other].map(({ outbox }) => outbox.take(LEASE_MS, 10)),
    );
    expect(
      notices
        .flat()
        .map(({ subjectId }) => subjectId)
        .sort(),
    ).toEqual(requests.map(({ id }) => id).sort());
  });

  it('approve five times each with one person’s vote: it counts once', async () => {
    const [one, other] = await twoProcesses();
    const request = await advance(one.store, await openOne(one.store), CARD);
    const nowMs = await one.store.nowMs();
    const saved = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? one : other).store.save(changeBy(request, approval(request, 'U_BEN'), nowMs)),
      ),
    );
    expect(saved.filter(({ kind }) => kind === 'saved')).toHaveLength(1);
    expect((await one.store.load(request.id))?.request.votes).toHaveLength(1);
    expect(await all(one.audit)).toHaveLength(3);
  });
});
