/** Approval case 9: two last votes reach two replicas at one instant. Counted on the wire, at the exchange. */
import { expect, it } from 'vitest';
import { verdictOf } from '../contracts/audit-trail.ts';
import { AUDIT_KEY } from '../redis/redis-parts.ts';
import { ALICE, BOB, CAROL } from '../support/close-requests.ts';
import { approve, loaded, Replicas, rounds } from './replicas.ts';

const ROUNDS = rounds(500);

it(`approval case 9: two last votes on two replicas at one instant, ${ROUNDS} times: one DELETE on the wire each time`, async () => {
  const replicas = await Replicas.start();
  const [one, other] = [await replicas.add(), await replicas.add()];
  const tally = { closed: 0, bothVotesTaken: 0, oneVoteTaken: 0 };

  for (let round = 0; round < ROUNDS; round += 1) {
    const request = await replicas.open(round % 2 === 0 ? one : other);
    // In every third round there is no vote yet: each of the two may turn out to be the last one.
    if (round % 3 !== 0) expect(await approve(one, ALICE, request)).toMatchObject({ ok: true });
    const votes = await Promise.all([approve(one, BOB, request), approve(other, CAROL, request)]);
    // Whoever sees the approved request may start it by hand, on any replica, and the rounds may come by.
    await Promise.all([
      one.work.desk.startSending(BOB, request.id, request.version),
      other.work.desk.startSending(CAROL, request.id, request.version),
      one.work.attendRequests(),
      other.work.attendRequests(),
    ]);
    await replicas.settled();

    expect(replicas.deletesOf(request), `DELETEs for unit ${request.groupId}`).toBe(1);
    const end = await loaded(other.redis, request.id);
    expect(end).toMatchObject({ state: 'closed', ending: { kind: 'read-back' } });
    expect(end.votes).toHaveLength(2);
    tally.closed += 1;
    tally[votes.every(({ ok }) => ok) ? 'bothVotesTaken' : 'oneVoteTaken'] += 1;
  }

  expect(replicas.failures).toEqual([]);
  expect(tally.closed).toBe(ROUNDS);
  expect(replicas.exchange.requests({ method: 'DELETE' })).toHaveLength(ROUNDS);
  expect(replicas.exchange.requests({ status: 429 })).toHaveLength(0);
  expect(await verdictOf(one.redis.audit, AUDIT_KEY)).toMatchObject({ requests: ROUNDS, fault: null });
}, 120_000);
