/** What one vote and one notice cost in round trips to Redis: the store's, without those of the exchange client. */
import { expect, it } from 'vitest';
import { approve, type Replica, Replicas } from '../races/replicas.ts';
import { ALICE } from '../support/close-requests.ts';

/** Of the exchange client: its weights, and the answers that replicas share. */
const OF_EXCHANGE = /^(get|set|takeToken|releaseToken|reserveWeight|raiseWeight|stopsInForce|sinceLift)$/;

/** The names of the commands from now on, each one round trip. */
function watched({ redis }: Replica): string[] {
  const { connection } = redis;
  const run = connection.run.bind(connection);
  const names: string[] = [];
  connection.run = (what, call) => {
    if (!OF_EXCHANGE.test(what)) names.push(what);
    return run(what, call);
  };
  return names;
}

it('a vote costs four, and each notice two: taken with its record, and struck off', async () => {
  const replicas = await Replicas.start();
  const replica = await replicas.add();
  const request = await replicas.open(replica);
  await replicas.settled();
  const atTheAsk = replica.notifier.delivered.length;
  const names = watched(replica);
  expect(await approve(replica, ALICE, request)).toMatchObject({ ok: true });
  await replicas.settled();
  expect(replica.notifier.delivered.slice(atTheAsk).map(({ notice }) => notice.kind)).toEqual([
    'card',
    'thread',
  ]);
  const vote = ['loadRequest', 'nowMs', 'requestTrail', 'saveRequest'];
  const notice = ['outboxTake', 'outboxRemove'];
  expect(names).toEqual([...vote, ...notice, ...notice]);
});
