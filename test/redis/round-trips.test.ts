/** What votes, rounds of the watch and messages cost in round trips to Redis: the stores', without the exchange client's. */
import { expect, inject, it } from 'vitest';
import { createAlertMessages } from '../../src/usecases/deliver-alert.ts';
import { createWatchBook } from '../../src/usecases/watch-book.ts';
import { checkOf } from '../contracts/audit-trail.ts';
import { openOne } from '../contracts/requests.ts';
import { newEpisode, noting, openEpisode, opening } from '../contracts/watch.ts';
import { approve, Replicas } from '../races/replicas.ts';
import { ALICE } from '../support/close-requests.ts';
import { type RedisParts, redisParts } from './redis-parts.ts';

/** Of the exchange client: its weights, and the answers that replicas share. */
const OF_EXCHANGE = /^(get|set|takeToken|releaseToken|reserveWeight|raiseWeight|stopsInForce|sinceLift)$/;

/** The names of the commands from now on, each one round trip. */
function watched({ connection }: RedisParts): string[] {
  const run = connection.run.bind(connection);
  const names: string[] = [];
  connection.run = (what, call) => {
    if (!OF_EXCHANGE.test(what)) names.push(what);
    return run(what, call);
  };
  return names;
}

it('a vote costs five, and each notice two: taken with its record, and struck off; a card asks who is away, too', async () => {
  const replicas = await Replicas.start();
  const replica = await replicas.add();
  const request = await replicas.open(replica);
  await replicas.settled();
  const atTheAsk = replica.notifier.delivered.length;
  const names = watched(replica.redis);
  expect(await approve(replica, ALICE, request)).toMatchObject({ ok: true });
  await replicas.settled();
  expect(replica.notifier.delivered.slice(atTheAsk).map(({ notice }) => notice.kind)).toEqual([
    'card',
    'thread',
  ]);
  const vote = ['loadRequest', 'loadRules', 'nowMs', 'requestTrail', 'saveRequest'];
  const card = ['outboxTake', 'loadRules', 'outboxRemove'];
  const notice = ['outboxTake', 'outboxRemove'];
  expect(names).toEqual([...vote, ...card, ...notice]);
});

it('a round of the watch costs four, that of another replica one; a card four, other messages two', async () => {
  const redis = await redisParts(inject('redisUrl'));
  const { watch, history, outbox } = redis;
  const book = createWatchBook({ store: watch, events: { alertRaised: () => {} }, afterChange: () => {} });
  const card = { channelId: 'C', messageTs: '1700000000.000100' };
  const notifier = { deliver: async () => ({ ok: true, card }) as const };
  const messages = createAlertMessages({ notifier, book, levels: [] });
  const names = watched(redis);
  const ofLastStep = () => names.splice(0);

  expect(await watch.takeRound(60_000)).not.toBeNull();
  const from = await watch.load();
  const episode = newEpisode(from.nowMs);
  await watch.save(opening(from, episode));
  await history.add([{ groupId: episode.groupId, ltv: '0.86' }], from.nowMs);
  expect(ofLastStep()).toEqual(['takeRound', 'loadWatch', 'saveWatch', 'addSamples']);
  expect(await watch.takeRound(60_000)).toBeNull();
  expect(ofLastStep()).toEqual(['takeRound']);
  await watch.save(noting(await watch.load(), episode.id, 'x'));
  expect(ofLastStep()).toEqual(['loadWatch', 'saveWatch']);

  for (const trips of [
    ['outboxTake', 'loadWatch', 'saveWatch', 'outboxRemove'],
    ['outboxTake', 'outboxRemove'],
  ]) {
    const [item] = await outbox.take(60_000, 1, episode.id);
    if (item?.subject !== 'episode' || item.notice.kind === 'unreadable') throw new Error('nothing was due');
    if (item.stored === null || item.stored instanceof Error) throw new Error('no record');
    const outgoing = messages.ofEpisode(item, item.notice, item.stored);
    const delivery = await outgoing.send();
    if (delivery === null || !('ok' in delivery) || !delivery.ok) throw new Error('not delivered');
    await outgoing.delivered(item.notice.kind === 'alert-card' ? delivery.card : null);
    await outbox.done(item);
    expect(ofLastStep()).toEqual(trips);
  }
});

it('a check of the trail costs one for each hundred records, and one for each page of the trail', async () => {
  const redis = await redisParts(inject('redisUrl'));
  const { store, watch } = redis;
  for (let opened = 0; opened < 120; opened += 1) await openOne(store);
  const { id } = await openEpisode(watch);
  await redis.connection.client.hset(redis.keys.record(id), 'seal', 'x');
  const names = watched(redis);
  const check = checkOf(redis);
  const { entries, fault } = await check.verify();
  expect([entries, fault?.subjectId]).toEqual([122, id]);
  const ofRecords = names.slice(0, names.indexOf('requestTrail')).filter((name) => name === 'loadRecords');
  // Two hundreds, requests and cases apart, and the faulty one once more.
  expect(ofRecords.length).toBeLessThanOrEqual(5);
  expect(names).not.toContain('loadRequest');
});
