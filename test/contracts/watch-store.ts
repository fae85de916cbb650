/** What every store of the watch must do, with the trail and the outbox it shares with close requests. */
import { describe, expect, it } from 'vitest';
import type { EpisodeNotice } from '../../src/domain/watch/watch.ts';
import type { TakenItem } from '../../src/usecases/outbox-ports.ts';
import { checkOf } from './audit-trail.ts';
import { drain } from './outbox.ts';
import { openOne } from './requests.ts';
import {
  began,
  CARD_NOTICE,
  loadEpisode,
  newEpisode,
  noting,
  openEpisode,
  opening,
  stateWith,
  threadOf,
  type WatchUnderTest,
} from './watch.ts';

const LEASE_MS = 60_000;
/** Longer than ten answers take, short enough to wait for. */
const EVERY_MS = 500;

export function watchStoreContract(name: string, create: () => Promise<WatchUnderTest>): void {
  describe(`${name}: the watch`, () => {
    rounds(create);
    saves(create);
    delivers(create);
    audits(create);
  });
}

type Create = () => Promise<WatchUnderTest>;

function rounds(create: Create): void {
  it('gives a round to one of ten callers, and the next one after its time', async () => {
    const { watch, passTime } = await create();
    const asked = () => Promise.all(Array.from({ length: 10 }, () => watch.takeRound(EVERY_MS)));
    for (let round = 0; round < 2; round += 1) {
      expect((await asked()).filter((token) => token !== null)).toHaveLength(1);
      await passTime(EVERY_MS);
    }
  });

  it('that was given back is given to the next caller soon, and not by one whose turn is over', async () => {
    const { watch, passTime } = await create();
    const first = await watch.takeRound(60_000);
    if (first === null) throw new Error('nobody had it');
    await watch.giveBackRound(first, EVERY_MS);
    expect(await watch.takeRound(60_000)).toBeNull();
    await passTime(EVERY_MS);
    expect(await watch.takeRound(60_000)).not.toBeNull();
    await watch.giveBackRound(first, 0);
    await passTime(EVERY_MS);
    expect(await watch.takeRound(60_000)).toBeNull();
  });
}

function saves(create: Create): void {
  it('remembers nothing at first', async () => {
    const { watch } = await create();
    expect(await watch.load()).toMatchObject({ watch: null, stored: '' });
    expect((await watch.load()).episodes.size).toBe(0);
    expect(await watch.episode('C-00000000')).toBeNull();
    expect(await watch.recentEpisodes(10)).toEqual([]);
    expect((await watch.newestEntries(['watch']))[0]).toBeNull();
  });

  it('brings back what was saved, with its newest entries and a new revision', async () => {
    const { watch } = await create();
    const from = await watch.load();
    const episode = newEpisode(from.nowMs, { notes: [] });
    expect(await watch.save(opening(from, episode))).toBe('saved');
    const first = await watch.load();
    const seal = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(first.watch).toEqual({
      ...stateWith(from.nowMs, episode),
      revision: 1,
      audit: { sequence: 1, seal },
    });
    expect(first.episodes.get(episode.id)).toEqual({ ...episode, audit: { sequence: 1, seal } });
    expect(await loadEpisode(watch, episode.id)).toEqual(first.episodes.get(episode.id));
    const odd = `👩‍👩‍👧‍👦 שלום "\\ \u2028\u0000 <@U1> & \r\n ${'\ud800'}`;
    expect(await watch.save(noting(first, episode.id, odd))).toBe('saved');
    const second = await watch.load();
    expect(second.watch?.revision).toBe(2);
    expect(second.episodes.get(episode.id)).toMatchObject({
      notes: [{ text: odd }],
      audit: { sequence: 2, seal },
    });
    expect((await watch.newestEntries([episode.id]))[0]).toEqual(second.episodes.get(episode.id)?.audit);
    expect((await watch.newestEntries(['watch']))[0]).toEqual(second.watch?.audit);
  });

  it('answers conflict when anything was saved meanwhile, and changes nothing', async () => {
    const { watch, outbox, audit } = await create();
    const { id } = await openEpisode(watch);
    const from = await watch.load();
    // The second note changes the episode alone, not what the watch remembers.
    expect(await watch.save(noting(from, id, 'first'))).toBe('saved');
    const after = await watch.load();
    const entries = await Array.fromAsync(audit.entries());
    expect(await watch.save(noting(from, id, 'second'))).toBe('conflict');
    expect(await watch.save(opening(from, newEpisode(from.nowMs)))).toBe('conflict');
    expect(await watch.save({ ...opening(from), from: { ...from, watch: null, stored: '' } })).toBe(
      'conflict',
    );
    const { nowMs: _, ...unchanged } = after;
    expect(await watch.load()).toMatchObject(unchanged);
    expect(await Array.fromAsync(audit.entries())).toEqual(entries);
    expect((await drain(outbox)).map(({ subjectId }) => subjectId).sort()).toEqual([id, id, 'watch'].sort());
  });

  it('refuses an id that was used for an episode before', async () => {
    const { watch } = await create();
    const { id } = await openEpisode(watch);
    const from = await watch.load();
    await expect(watch.save(opening(from, newEpisode(from.nowMs, { id })))).rejects.toThrow(id);
    expect((await watch.load()).stored).toBe(from.stored);
  });

  it('lists episodes newest first, ended ones among them, and loads the newest of each unit only', async () => {
    const { watch } = await create();
    const first = await openEpisode(watch, { openedAtMs: 1_000, state: 'recovered', recoveredAtMs: 2_000 });
    const second = await openEpisode(watch, { groupId: first.groupId, openedAtMs: 3_000 });
    const other = await openEpisode(watch, { openedAtMs: 2_000 });
    expect((await watch.recentEpisodes(10)).map(({ id }) => id)).toEqual([second.id, other.id, first.id]);
    expect((await watch.recentEpisodes(2)).map(({ id }) => id)).toEqual([second.id, other.id]);
    expect([...(await watch.load()).episodes.keys()].sort()).toEqual([second.id, other.id].sort());
    expect([...(await watch.episodeIds())].sort()).toEqual([first.id, second.id, other.id].sort());
    expect(await loadEpisode(watch, first.id)).toMatchObject({ state: 'recovered' });
  });

  it('loads the drill beside the units', async () => {
    const { watch } = await create();
    const from = await watch.load();
    const drill = newEpisode(from.nowMs, { drill: { by: { teamId: 'T', userId: 'U' }, ownedAfterMs: null } });
    const save = opening(from, drill);
    await watch.save({ ...save, next: { ...stateWith(from.nowMs), drillId: drill.id } });
    expect([...(await watch.load()).episodes.keys()]).toEqual([drill.id]);
  });

  it('begins again where only its record was lost, and its chain goes on', async () => {
    const parts = await create();
    const { watch, loseWatchRecord } = parts;
    await openEpisode(watch);
    expect((await watch.newestEntries(['watch']))[0]).toMatchObject({ sequence: 1 });
    await loseWatchRecord();
    const from = await watch.load();
    expect(from).toMatchObject({ watch: null, stored: '' });
    expect((await checkOf(parts).verify()).fault).toMatchObject({ subjectId: 'watch' });
    await watch.save(opening(from, newEpisode(from.nowMs)));
    expect((await watch.newestEntries(['watch']))[0]).toMatchObject({ sequence: 2 });
    expect((await checkOf(parts).verify()).fault).toBeNull();
  });
}

function delivers(create: Create): void {
  it('gives out the messages of each subject in order, each with its record as it is then', async () => {
    const { watch, outbox } = await create();
    const episode = await openEpisode(watch);
    await watch.save(noting(await watch.load(), episode.id, 'called them'));
    const taken = new Map((await outbox.take(LEASE_MS, 10)).map((item) => [item.subjectId, item]));
    expect([...taken.keys()].sort()).toEqual([episode.id, 'watch'].sort());
    const ofEpisode = taken.get(episode.id);
    expect(ofEpisode).toMatchObject({ subject: 'episode', notice: CARD_NOTICE, origin: 'change' });
    expect(ofEpisode).toMatchObject({ stored: await loadEpisode(watch, episode.id) });
    const own = taken.get('watch');
    expect(own).toMatchObject({
      subject: 'watch',
      notice: { kind: 'watch-message', event: { type: 'began' } },
    });
    for (const item of taken.values()) await outbox.done(item);
    const [note] = await drain(outbox);
    expect(note).toMatchObject({ subjectId: episode.id, notice: { event: { type: 'noted' } } });
    const keys = [ofEpisode, own, note].map((item) => item?.key);
    expect(new Set(keys).size).toBe(3);
    expect(keys.every((key) => key?.includes('/'))).toBe(true);
  });

  it('gives a message the time of its event', async () => {
    const { watch, outbox } = await create();
    const { id } = await openEpisode(watch);
    const from = await watch.load();
    await watch.save(noting(from, id, 'x'));
    const items = (await drain(outbox)).filter(({ subjectId }) => subjectId === id);
    expect(items.at(-1)).toMatchObject({ createdAtMs: from.nowMs });
  });

  it('says since when the oldest message of an episode for the channel waits, without kept ones', async () => {
    const { watch, outbox } = await create();
    const { id } = await openEpisode(watch);
    const from = await watch.load();
    expect([...from.undeliveredSinceMs.keys()]).toEqual([id]);
    const [item] = await outbox.take(LEASE_MS, 1, id);
    if (item === undefined || item.notice.kind === 'unreadable') throw new Error('nothing was due');
    expect(from.undeliveredSinceMs.get(id)).toBe(item.createdAtMs);
    await outbox.keep({ ...item, notice: item.notice });
    expect((await watch.load()).undeliveredSinceMs.size).toBe(0);
    await outbox.retryKept();
    expect((await watch.load()).undeliveredSinceMs.size).toBe(0);
    await drain(outbox);
    expect((await watch.load()).undeliveredSinceMs.size).toBe(0);
  });

  it('lets one redraw of a card wait beside the first in line, however many changes want one', async () => {
    const { watch, outbox } = await create();
    const { id } = await openEpisode(watch);
    const changed = async (text: string, notices: (thread: EpisodeNotice) => EpisodeNotice[]) => {
      const save = noting(await watch.load(), id, text);
      const episodes = save.episodes.map((each) => ({ ...each, notices: each.notices.flatMap(notices) }));
      expect(await watch.save({ ...save, episodes })).toBe('saved');
    };
    const redraw: EpisodeNotice = { kind: 'alert-card', mention: false };
    for (const text of ['first', 'second', 'third']) await changed(text, (thread) => [redraw, thread]);
    await outbox.redraw(id);
    const kinds = async () =>
      (await drain(outbox)).flatMap(({ subjectId, notice }) => (subjectId === id ? [notice.kind] : []));
    expect(await kinds()).toEqual(['alert-card', 'alert-card', ...Array(3).fill('alert-thread')]);

    // While the first is on its way, another one waits; one that calls for somebody is never left out.
    await changed('fourth', () => [redraw]);
    const [onItsWay] = await outbox.take(LEASE_MS, 1, id);
    await changed('fifth', () => [redraw]);
    await changed('sixth', () => [redraw, CARD_NOTICE]);
    if (onItsWay === undefined) throw new Error('nothing was due');
    await outbox.done(onItsWay);
    expect(await kinds()).toEqual(['alert-card', 'alert-card']);
  });

  it('does not count direct messages, which say nothing about the channel', async () => {
    const { watch, outbox } = await create();
    const { id } = await openEpisode(watch);
    await drain(outbox);
    const from = await watch.load();
    const save = noting(from, id, 'x');
    const [change] = save.episodes;
    const [event] = change?.events ?? [];
    if (change === undefined || event === undefined) throw new Error('nothing was noted');
    const direct = { kind: 'alert-direct', event, to: 'group' } as const;
    await watch.save({ ...save, episodes: [{ ...change, notices: [direct] }] });
    expect((await watch.load()).undeliveredSinceMs.size).toBe(0);
  });

  it('puts a redraw of the card in the place of one that is set aside, and nothing for the watch', async () => {
    const { watch, outbox } = await create();
    const { id } = await openEpisode(watch);
    const [card] = await outbox.take(LEASE_MS, 1, id);
    const [own] = await outbox.take(LEASE_MS, 1, 'watch');
    if (card === undefined || own === undefined) throw new Error('nothing was due');
    expect(await outbox.setAside(card)).toBe(true);
    expect(await outbox.setAside(own)).toBe(true);
    await outbox.redraw('watch');
    const waiting = await drain(outbox);
    expect(waiting.map(kindOf)).toEqual([
      { origin: 'redraw', notice: { kind: 'alert-card', mention: false } },
    ]);
  });

  it('adds a message without an event, and keeps its order', async () => {
    const { watch, outbox } = await create();
    const { id } = await openEpisode(watch);
    for (let redraw = 0; redraw < 2; redraw += 1) {
      const from = await watch.load();
      const next = from.episodes.get(id);
      if (from.watch === null || next === undefined) throw new Error('nothing was saved');
      const change = { next, events: [], notices: [CARD_NOTICE] };
      await watch.save({ from, next: from.watch, events: [], notices: [], episodes: [change] });
    }
    const ids = (await drain(outbox)).filter(({ subjectId }) => subjectId === id).map((item) => item.key);
    expect(new Set(ids).size).toBe(3);
  });
}

function audits(create: Create): void {
  it('writes one verified trail for requests, cases and the watch, whole and each apart', async () => {
    const parts = await create();
    const { watch, store, audit } = parts;
    const request = await openOne(store);
    const { id } = await openEpisode(watch);
    const later = await openOne(store);
    await watch.save(noting(await watch.load(), id, 'x'));
    const check = checkOf(parts);
    expect(await check.verify()).toMatchObject({ entries: 5, requests: 2, episodes: 1, fault: null });
    for (const subjectId of [request.id, later.id, id, 'watch'])
      expect((await check.verifySubject(subjectId))?.fault).toBeNull();
    const trail = await check.trailOf(id);
    expect(trail?.entries.map(({ body }) => [body.sequence, body.event.type])).toEqual([
      [1, 'opened'],
      [2, 'noted'],
    ]);
    expect(trail?.entries[0]?.body).toMatchObject({ stateAfter: 'open', levelAfter: 'margin-call' });
    const own = await Array.fromAsync(audit.entries('watch'));
    expect(own.map(({ body }) => body)).toMatchObject([
      { watch: true, stateAfter: 'seeing', event: { type: 'began' } },
    ]);
    expect(await check.verifySubject('C-00000000')).toBeNull();
  });

  it('verifies a watch that has said nothing yet', async () => {
    const parts = await create();
    const { watch } = parts;
    const from = await watch.load();
    await watch.save({ from, next: stateWith(from.nowMs), events: [], notices: [], episodes: [] });
    expect((await watch.newestEntries(['watch']))[0]).toEqual({ sequence: 0, seal: '' });
    expect(await checkOf(parts).verify()).toMatchObject({ entries: 0, fault: null });
    const second = await watch.load();
    const event = began(second.nowMs);
    await watch.save({ ...opening(second), events: [event] });
    expect(await checkOf(parts).verify()).toMatchObject({ entries: 1, fault: null });
  });

  it('chains several events of one save', async () => {
    const parts = await create();
    const { watch, outbox } = parts;
    const { id } = await openEpisode(watch);
    await drain(outbox);
    const save = noting(await watch.load(), id, 'one');
    const [change] = save.episodes;
    const [event] = change?.events ?? [];
    if (change === undefined || event === undefined) throw new Error('nothing to note');
    const both = {
      ...change,
      events: [event, { ...event, atMs: event.atMs + 1 }],
      notices: [threadOf(event)],
    };
    await watch.save({ ...save, episodes: [both] });
    expect((await loadEpisode(watch, id)).audit.sequence).toBe(3);
    expect((await checkOf(parts).verifySubject(id))?.fault).toBeNull();
  });
}

function kindOf(item: TakenItem): object {
  return { origin: item.origin, notice: item.notice };
}
