/** Clicks that race on two replicas of a real store, and an answer of Redis that is lost at the worst moment. */
import { expect, inject, it, onTestFinished } from 'vitest';
import { startTcpProxy } from '../../sandbox/tcp-proxy.ts';
import { all, verdictOf } from '../contracts/audit-trail.ts';
import { AUDIT_KEY } from '../redis/redis-parts.ts';
import { ALICE, BOB, CAROL, REQUESTER } from '../support/close-requests.ts';
import { approve, loaded, Replicas, rounds } from './replicas.ts';

const REFUSAL_RACES = rounds(150);

it('approval case 5: five clicks of one approver on both replicas count once, 30 times', async () => {
  const replicas = await Replicas.start();
  const [one, other] = [await replicas.add(), await replicas.add()];
  for (let round = 0; round < 30; round += 1) {
    const request = await replicas.open(one);
    const clicks = await Promise.all(
      [one, other, one, other, one].map((replica) => approve(replica, ALICE, request)),
    );
    expect(clicks.filter(({ ok }) => ok)).toHaveLength(1);
    const refusals = clicks.flatMap((click) => (click.ok ? [] : [click.refusal.code]));
    expect(refusals).toEqual(Array(4).fill('already-voted'));
    expect(await loaded(other.redis, request.id)).toMatchObject({ state: 'pending', votes: [{}] });
    expect(replicas.deletesOf(request)).toBe(0);
  }
});

it(`approval case 11: approve, reject and withdraw race on the last vote, ${REFUSAL_RACES} times: one wins, and a lost approve sends nothing`, async () => {
  const replicas = await Replicas.start();
  const [one, other] = [await replicas.add(), await replicas.add()];
  const ends = new Map<string, number>();
  for (let round = 0; round < REFUSAL_RACES; round += 1) {
    const request = await replicas.open(one);
    expect(await approve(one, ALICE, request)).toMatchObject({ ok: true });
    const refuse = () =>
      round % 4 < 2
        ? other.work.desk.reject(CAROL, request.id, request.version, 'the transfer is still under way')
        : other.work.desk.withdraw(REQUESTER, request.id);
    // An approval reads the facts first. In two rounds of three the refusal waits for that, or it would always win.
    const stage = round % 3 === 1 ? 'received' : 'answered';
    const factsRead = replicas.exchange.nextRequest({ endpoint: 'ltv-details' }, { stage });
    const start = round % 3 === 0 ? Promise.resolve() : factsRead;
    const [approved, refused] = await Promise.all([approve(one, BOB, request), start.then(refuse)]);
    await replicas.settled();
    const end = await loaded(one.redis, request.id);
    ends.set(end.state, (ends.get(end.state) ?? 0) + 1);
    expect(replicas.deletesOf(request), end.state).toBe(end.state === 'closed' ? 1 : 0);
    expect(refused.ok, 'the refusal won exactly when nothing was closed').toBe(end.state !== 'closed');
    if (!refused.ok) expect(['already-executing', 'already-decided']).toContain(refused.refusal.code);
    if (end.state === 'closed') expect(approved.ok).toBe(true);
    expect(await other.work.desk.startSending(BOB, request.id, request.version)).toMatchObject({ ok: false });
    expect(replicas.deletesOf(request)).toBe(end.state === 'closed' ? 1 : 0);
  }
  expect([...ends.keys()].filter((state) => !['closed', 'rejected', 'withdrawn'].includes(state))).toEqual(
    [],
  );
  expect(replicas.failures).toEqual([]);
});

it('approval case 16: two people ask for one unit on two replicas at once, 60 times: one request, one card', async () => {
  const replicas = await Replicas.start();
  const [one, other] = [await replicas.add(), await replicas.add()];
  for (let round = 0; round < 60; round += 1) {
    const unit = replicas.newUnit();
    const asks = await Promise.all(
      [one, other, one].map(({ work }) => work.desk.askToClose(REQUESTER, unit, 'Loan repaid')),
    );
    await replicas.settled();
    const opened = asks.flatMap((ask) => (ask.ok ? [ask.value.id] : []));
    expect(opened).toHaveLength(1);
    const refused = asks.flatMap((ask) => (ask.ok ? [] : [ask.refusal]));
    expect(refused).toEqual([
      expect.objectContaining({ code: 'already-open', requestId: opened[0] }),
      expect.objectContaining({ code: 'already-open', requestId: opened[0] }),
    ]);
    const cards = [one, other].flatMap(({ notifier }) =>
      notifier.delivered.filter(({ notice, request }) => notice.kind === 'card' && request.groupId === unit),
    );
    expect(cards).toHaveLength(1);
  }
  expect(await verdictOf(one.redis.audit, AUDIT_KEY)).toMatchObject({ requests: 60, fault: null });
});

it('approval case 32: whichever answer of Redis is lost on the way to the DELETE, it is one claim and one DELETE', async () => {
  const replicas = await Replicas.start();
  const proxy = await startTcpProxy(inject('redisUrl'));
  onTestFinished(() => proxy.close());
  const [one, behindProxy] = [await replicas.add(), await replicas.add({ redisUrl: proxy.url })];
  const ends = new Map<string, number>();
  let lost = 0;
  // The n-th answer after the last vote is lost: votes, claim, recount, mark and answer are all among them.
  for (let nth = 0; nth < 24; nth += 1) {
    const request = await replicas.open(one);
    await approve(one, ALICE, request);
    proxy.dropReplyAfter(nth);
    await approve(behindProxy, BOB, request).catch(() => {});
    await replicas.settled();
    await behindProxy.redis.connection.ready(5_000);
    lost += proxy.lost - lost;
    proxy.heal();
    let end = await loaded(one.redis, request.id);
    if (end.state === 'pending') await approve(one, BOB, request);
    await replicas.settled();
    end = await loaded(one.redis, request.id);
    if (end.state === 'approved') await one.work.desk.startSending(BOB, request.id, request.version);
    end = await loaded(one.redis, request.id);
    ends.set(end.state, (ends.get(end.state) ?? 0) + 1);

    expect(replicas.deletesOf(request), `answer ${nth} lost, now ${end.state}`).toBe(
      end.sent === null ? 0 : 1,
    );
    const trail = (await all(one.redis.audit, request.id)).map(({ body }) => body.event.type);
    expect(trail.filter((type) => type === 'claimed')).toHaveLength(1);
    expect(trail.filter((type) => type === 'sent').length).toBeLessThanOrEqual(1);
    expect(trail.filter((type) => type === 'approved')).toHaveLength(2);
  }
  expect(lost).toBeGreaterThan(10);
  expect(ends.get('closed')).toBeGreaterThan(10);
  expect(await verdictOf(one.redis.audit, AUDIT_KEY)).toMatchObject({ requests: 24, fault: null });
});
