/** Records and trail of the watch that somebody changed in Redis: named, never believed. */
import { describe, expect, inject, it } from 'vitest';
import { Seals } from '../../src/redis/seals.ts';
import { UnreadableRecord } from '../../src/usecases/ports.ts';
import { checkOf, onlyKey } from '../contracts/audit-trail.ts';
import { advance, CARD, openOne } from '../contracts/requests.ts';
import { began, loadEpisode, newEpisode, noting, openEpisode, opening } from '../contracts/watch.ts';
import { AUDIT_KEY, bareClient, redisParts } from './redis-parts.ts';
import { isOf, RedisWriter } from './redis-writer.ts';

async function scene() {
  const parts = await redisParts(inject('redisUrl'));
  const { store, watch, keys } = parts;
  const writer = new RedisWriter(bareClient(inject('redisUrl')), keys);
  const check = checkOf(parts);
  await advance(store, await openOne(store), CARD);
  const first = await openEpisode(watch);
  await watch.save(noting(await watch.load(), first.id, 'called the desk'));
  const second = await openEpisode(watch);
  expect((await check.verify()).fault).toBeNull();
  return { ...parts, writer, check, first: await loadEpisode(watch, first.id), second };
}

describe('the record of an episode', () => {
  it.each([
    ['changed', /doesn't match its seal/],
    ['of another episode', /doesn't match its seal/],
    ['without its seal', /doesn't match its seal/],
    ['of a newer schema', /schema 2, this version of Loandesk reads schema 1/],
    ['gone', /it is missing/],
  ])('%s: nothing is decided on it, it is named, and the other is loaded', async (what, why) => {
    const { watch, writer, check, log, first, second } = await scene();
    const key = writer.keys.record(first.id);
    if (what === 'changed') await writer.forge(first.id, { level: 'initial' });
    if (what === 'of another episode') await writer.redis.copy(writer.keys.record(second.id), key, 'REPLACE');
    if (what === 'without its seal') await writer.redis.hdel(key, 'seal');
    if (what === 'of a newer schema') await writer.redis.hset(key, 'schema', '2');
    if (what === 'gone') await writer.redis.del(key);
    const loaded = await watch.load();
    expect([...loaded.episodes.keys()]).toEqual([second.id]);
    const unreadable = loaded.unreadable.get(first.id);
    expect(unreadable).toBeInstanceOf(UnreadableRecord);
    expect(unreadable?.message).toContain(`the record of case ${first.id} can't be read`);
    expect(unreadable?.message).toMatch(why);
    expect(await check.verify()).toMatchObject({ fault: { subjectId: first.id } });
    expect((await check.verifySubject(second.id))?.fault).toBeNull();
    expect((await watch.recentEpisodes(10)).map(({ id }) => id)).toEqual([second.id]);
    const listed = what === 'gone' ? 'it is missing' : first.id;
    expect(log.lines.at(-1)).toMatchObject({ level: 'error', message: 'episode unreadable' });
    expect(JSON.stringify(log.lines.at(-1))).toContain(listed);
  });

  it('put back to what it was, under its own seal, is not the newest: nothing is decided on it', async () => {
    const { watch, writer, check, first, second } = await scene();
    const before = await writer.redis.hgetall(writer.keys.record(first.id));
    await watch.save(noting(await watch.load(), first.id, 'and again'));
    // It names the newest entry of an episode also where a later save didn't change that one.
    await watch.save(noting(await watch.load(), second.id, 'of another'));
    await writer.redis.hset(writer.keys.record(first.id), before);
    for (const save of ['another', 'and one more']) {
      const loaded = await watch.load();
      expect([...loaded.episodes.keys()]).toEqual([second.id]);
      expect(loaded.unreadable.get(first.id)?.message).toBe(
        `the record of case ${first.id} can't be read: it isn't the newest: it ends at entry 2 of its audit trail, the watch's record names entry 3`,
      );
      await watch.save(noting(loaded, second.id, save));
    }
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: first.id, sequence: 3, what: expect.stringContaining('older than the trail') },
    });
  });
});

describe("the watch's own record", () => {
  it('changed: nothing is decided, and it is named', async () => {
    const { watch, writer, check } = await scene();
    await writer.forge('watch', { blind: null, units: {} });
    await expect(watch.load()).rejects.toThrow(
      "the record of the watch can't be read: it doesn't match its seal",
    );
    expect(await check.verify()).toMatchObject({ fault: { subjectId: 'watch' } });
  });

  it('put back to what it was before an episode went on is not the newest', async () => {
    const { watch, writer, first } = await scene();
    const before = await writer.redis.hgetall(writer.keys.record('watch'));
    await watch.save(noting(await watch.load(), first.id, 'and again'));
    await writer.redis.hset(writer.keys.record('watch'), before);
    await expect(watch.load()).rejects.toThrow(
      `the record of the watch can't be read: it isn't the newest: it names entry 2 of case ${first.id}, whose record ends at entry 3`,
    );
  });

  it('put back to what it was before the watch said something is not the newest', async () => {
    const { watch, writer, check } = await scene();
    const before = await writer.redis.hgetall(writer.keys.record('watch'));
    const from = await watch.load();
    await watch.save({ ...opening(from), events: [began(from.nowMs)] });
    await writer.redis.hset(writer.keys.record('watch'), before);
    await expect(watch.load()).rejects.toThrow(
      "the record of the watch can't be read: it isn't the newest: it ends at entry 1 of its audit trail, Redis names entry 2",
    );
    expect(await check.verify()).toMatchObject({ fault: { subjectId: 'watch' } });
  });

  it('from a version that named no entries of episodes is read, and names them at the next save', async () => {
    const { watch, writer, first } = await scene();
    const { newest, ...older } = await writer.record('watch');
    expect(newest).toMatchObject({ [first.id]: first.audit });
    const record = JSON.stringify(older);
    const seal = new Seals(onlyKey(AUDIT_KEY), 'record').seal('watch', record);
    await writer.redis.hset(writer.keys.record('watch'), { record, seal });
    const from = await watch.load();
    expect(from.episodes.get(first.id)).toEqual(first);
    await watch.save({ ...opening(from), events: [] });
    expect(await writer.record('watch')).toMatchObject({ newest: { [first.id]: first.audit } });
  });

  it('changed between loading and saving: the save is refused', async () => {
    const { watch, writer } = await scene();
    const from = await watch.load();
    const before = await writer.forge('watch', { units: {} });
    expect(await watch.save(opening(from, newEpisode(from.nowMs)))).toBe('conflict');
    expect(await writer.redis.hget(writer.keys.record('watch'), 'record')).toBe(before);
  });

  it('with ids of episodes taken away beside it is not believed', async () => {
    const { watch, writer, first } = await scene();
    await writer.redis.hset(writer.keys.record('watch'), 'episodes', '');
    expect((await watch.load()).unreadable.get(first.id)?.what).toBe('it is missing');
  });
});

describe('security: what a writer to Redis without the audit key can still do to the watch', () => {
  it('security: undo: its record, those of all its cases and what names its newest entry, until the trail is checked', async () => {
    const { watch, writer, check, first, second } = await scene();
    const { redis, keys } = writer;
    const ids = ['watch', first.id, second.id];
    const before = await Promise.all(
      ids.map(async (id) => [id, await redis.hgetall(keys.record(id))] as const),
    );
    await watch.save(noting(await watch.load(), first.id, 'and again'));
    for (const [id, hash] of before) await redis.hset(keys.record(id), hash);
    expect((await watch.load()).episodes.get(first.id)).toEqual(first);
    expect(await check.verify()).toMatchObject({ fault: { subjectId: first.id } });
  });

  it('security: repeat: its record from before a round that said nothing', async () => {
    const { watch, writer } = await scene();
    const before = await writer.redis.hgetall(writer.keys.record('watch'));
    const from = await watch.load();
    await watch.save({ ...opening(from), events: [] });
    await writer.redis.hset(writer.keys.record('watch'), before);
    expect((await watch.load()).watch).toEqual(from.watch);
  });
});

describe('the trail of an episode', () => {
  it('its end cut off is named by the record', async () => {
    const { writer, check, first } = await scene();
    await writer.rewrite((all) =>
      all.filter((entry) => !isOf(entry, first.id) || !entry[1].join().includes('noted')),
    );
    expect(await check.verify()).toMatchObject({ fault: { subjectId: first.id, sequence: 2 } });
    expect((await check.verifySubject(first.id))?.fault).toMatchObject({ sequence: 2 });
  });

  it('an altered entry is named', async () => {
    const { writer, check, first } = await scene();
    await writer.rewrite((all) =>
      all.map(([id, fields]) => [
        id,
        fields.map((text) => text.replace('called the desk', 'slept all night')),
      ]),
    );
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: first.id, what: expect.stringContaining('altered') },
    });
  });

  it('an episode erased whole is named by the opening after it', async () => {
    const { writer, check, first, second } = await scene();
    await writer.rewrite((all) => all.filter((entry) => !isOf(entry, first.id)));
    await writer.redis.del(writer.keys.record(first.id));
    await writer.redis.zrem(writer.keys.episodes, first.id);
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: second.id, what: expect.stringContaining('what was opened before this one') },
    });
  });

  it('a body that names two subjects cannot be read', async () => {
    const { writer, check, first } = await scene();
    await writer.rewrite((all) =>
      all.map(([id, fields]) => [
        id,
        fields.map((text) => text.replace('{"episodeId"', '{"requestId":"R","episodeId"')),
      ]),
    );
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: first.id, what: 'its text is not as it was written' },
    });
  });
});

it('what is not bounded stays verifiable: an episode outside the index is found by its id and by its entries', async () => {
  const { watch, writer, check, first } = await scene();
  await writer.redis.zrem(writer.keys.episodes, first.id);
  expect((await watch.recentEpisodes(10)).map(({ id }) => id)).not.toContain(first.id);
  expect(await loadEpisode(watch, first.id)).toEqual(first);
  expect((await check.verify()).fault).toBeNull();
  await writer.redis.del(writer.keys.record(first.id));
  expect(await check.verify()).toMatchObject({ fault: { subjectId: first.id } });
});

it('the index holds the newest thousand episodes', async () => {
  const { watch, connection, keys } = await redisParts(inject('redisUrl'));
  const oldest = await openEpisode(watch, { openedAtMs: 5 });
  const others = Array.from({ length: 999 }, (_, index) => [
    index + 10,
    `C-${String(index).padStart(8, '0')}`,
  ]);
  await connection.client.zadd(keys.episodes, ...others.flat());
  expect((await watch.episodeIds())[0]).toBe(oldest.id);
  const newest = await openEpisode(watch, { openedAtMs: 5_000 });
  const ids = await watch.episodeIds();
  expect([ids.length, ids.at(-1), ids.includes(oldest.id)]).toEqual([1_000, newest.id, false]);
  expect(await loadEpisode(watch, oldest.id)).toMatchObject({ openedAtMs: 5 });
});
