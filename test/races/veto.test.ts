/** A veto against the end of the time to stop a close, and an approval against a group that is emptied, on a real store. */
import { expect, it } from 'vitest';
import { ALICE, BOB, CAROL, policy, REQUESTER } from '../support/close-requests.ts';
import { approve, loaded, Replicas, rounds } from './replicas.ts';

const RACES = rounds(60);

it(`a veto races the end of the time to stop a close, ${RACES} times: one of them wins, and a veto that won sent nothing`, async () => {
  const replicas = await Replicas.start();
  const delayMs = 40;
  const [one, other] = [
    await replicas.add({ policy: policy({ delayMs }) }),
    await replicas.add({ policy: policy({ delayMs }) }),
  ];
  const ends = new Map<string, number>();
  for (let round = 0; round < RACES; round += 1) {
    const request = await replicas.open(one);
    await approve(one, ALICE, request);
    expect(await approve(other, BOB, request)).toMatchObject({ ok: true, value: { state: 'approved' } });
    await replicas.settled();
    const { votes } = await loaded(one.redis, request.id);
    const endsAtMs = Math.max(...votes.map(({ atMs }) => atMs)) + delayMs;
    const veto = () =>
      round % 2 === 0
        ? other.work.desk.reject(CAROL, request.id, request.version, 'wait')
        : other.work.desk.withdraw(REQUESTER, request.id);
    // Before the end, at it, and once the facts are being read for the last time.
    const factsRead = replicas.exchange.nextRequest({ endpoint: 'ltv-details' }, { stage: 'answered' });
    const begin =
      round % 3 === 0
        ? Promise.resolve()
        : round % 3 === 1
          ? factsRead
          : until(async () => (await one.redis.store.nowMs()) >= endsAtMs);
    const send = async () => {
      while ((await loaded(one.redis, request.id)).state === 'approved')
        await one.work.desk.startSending(ALICE, request.id, request.version);
    };
    const [vetoed] = await Promise.all([begin.then(veto), send()]);
    await replicas.settled();
    const { state, sent } = await loaded(one.redis, request.id);
    ends.set(state, (ends.get(state) ?? 0) + 1);
    expect(vetoed.ok, `the veto won exactly when nothing was closed (${state})`).toBe(state !== 'closed');
    expect(replicas.deletesOf(request), state).toBe(state === 'closed' ? 1 : 0);
    if (sent !== null) expect(sent.atMs).toBeGreaterThanOrEqual(endsAtMs);
    if (!vetoed.ok) expect(['already-executing', 'already-decided']).toContain(vetoed.refusal.code);
  }
  expect([...ends.keys()].filter((state) => !['closed', 'rejected', 'withdrawn'].includes(state))).toEqual(
    [],
  );
  expect(replicas.failures).toEqual([]);
});

it(`an approval races the emptying of its group, ${RACES} times: nothing is sent without somebody of each group`, async () => {
  const replicas = await Replicas.start();
  const rule = {
    units: '*' as const,
    releasesOver: null,
    need: [
      { from: ['S0TREASURY'], count: 1 },
      { from: ['S0RISK'], count: 1 },
    ],
    delayMs: null,
  };
  const rules = () => ({ rules: [rule], away: [] });
  const [one, other] = [await replicas.add({ rules }), await replicas.add({ rules })];
  const { groups } = replicas.directory;
  for (let round = 0; round < RACES; round += 1) {
    groups.set('S0TREASURY', [ALICE.userId]);
    groups.set('S0RISK', [BOB.userId, CAROL.userId]);
    const request = await replicas.open(one);
    await approve(one, ALICE, request);
    // At once, while the approval reads the facts, or while the last check reads them: it looks at the people after that.
    const read = () => replicas.exchange.nextRequest({ endpoint: 'ltv-details' }, { stage: 'received' });
    const empty = async () => {
      if (round % 3 > 0) await read();
      if (round % 3 > 1) await read();
      groups.set('S0RISK', []);
    };
    await Promise.all([empty(), approve(other, BOB, request)]);
    await replicas.settled();
    const { state } = await loaded(one.redis, request.id);
    expect(replicas.deletesOf(request), state).toBe(0);
    expect(state).toBe('pending');
    expect(await one.work.desk.withdraw(REQUESTER, request.id)).toMatchObject({ ok: true });
  }
  expect(replicas.failures).toEqual([]);
});

/** Asks again and again: the clock of Redis is not turned here. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}
