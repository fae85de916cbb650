/** Messages of cases and of the watch: posted once, in order, late rather than never, and never when they would be false. */
import { expect, it } from 'vitest';
import type { CardLocation } from '../../src/domain/card-location.ts';
import type { Episode, EpisodeEvent } from '../../src/domain/watch/episode.ts';
import type { EpisodeNotice, WatchEvent } from '../../src/domain/watch/watch.ts';
import { createAccess } from '../../src/usecases/access.ts';
import { createDeliverOutbox } from '../../src/usecases/deliver-outbox.ts';
import {
  type Delivery,
  type MissedNotice,
  StoreUnavailable,
  UnreadableRecord,
} from '../../src/usecases/ports.ts';
import type { RequestBook } from '../../src/usecases/request-book.ts';
import { createWatchBook } from '../../src/usecases/watch-book.ts';
import type { AlertMessage } from '../../src/usecases/watch-ports.ts';
import { CARD_NOTICE, loadEpisode, newEpisode, noted, opening, threadOf } from '../contracts/watch.ts';
import { MemoryCloseRequestStore } from '../fakes/memory-close-request-store.ts';
import { FakeDirectory, FakeNotifier, FakeRuleNotifier } from '../fakes/people.ts';
import { START_MS, settingsOnly } from '../support/close-requests.ts';
import { withMethods } from '../support/desk-harness.ts';
import { memoryLog } from '../support/logs.ts';
import { watchRules } from '../support/watch-rounds.ts';

const CHANNEL = 'C0WATCH';
const OF_SLACK: Delivery = { ok: false, retry: true, why: 'timeout', retryAfterMs: null };
const OF_CHANNEL: Delivery = { ...OF_SLACK, onlyThis: true, why: 'is_archived' };
const LEASE_MS = 30_000;

/** A desk that delivers the watch's messages to a list. */
class Scene {
  nowMs = START_MS;
  readonly store = new MemoryCloseRequestStore({
    now: () => this.nowMs,
    auditKey: new Uint8Array(32).fill(1),
  });
  readonly log = memoryLog();
  readonly tried: AlertMessage[] = [];
  readonly posted: AlertMessage[] = [];
  readonly missed: MissedNotice[] = [];
  /** Answers to give before deliveries work again. */
  readonly failures: Delivery[] = [];
  /** Errors that recording throws before it works again. */
  readonly troubles: Error[] = [];
  isHard: (message: AlertMessage) => boolean = () => false;
  readonly deliver = this.replica();

  replica({ isWatching = true } = {}) {
    const { store, log } = this;
    const book = createWatchBook({
      store: store.watch,
      events: { alertRaised: () => {} },
      afterChange: () => {},
    });
    const recording = withMethods(book, {
      recordAlertCard: async (episodeId, card) => {
        const trouble = this.troubles.shift();
        if (trouble !== undefined) throw trouble;
        await book.recordAlertCard(episodeId, card);
      },
    });
    const alerts = {
      notifier: { deliver: (message: AlertMessage) => this.#post(message) },
      book: recording,
      levels: watchRules().levels,
    };
    return createDeliverOutbox({
      outbox: store.outbox,
      store,
      // No request is among these messages.
      book: {} as RequestBook,
      access: createAccess(
        new FakeDirectory(),
        { requesters: [], approvers: [], viewers: [] },
        settingsOnly(),
      ),
      notifier: new FakeNotifier(),
      ruleNotifier: new FakeRuleNotifier(),
      log,
      withRequest: (_, work) => work(),
      events: { noticeMissed: (notice) => void this.missed.push(notice) },
      ...(isWatching ? { alerts } : {}),
    });
  }

  async #post(message: AlertMessage): Promise<Delivery> {
    if (this.isHard(message)) throw new TypeError('undefined is not iterable');
    this.tried.push(message);
    const failure = this.failures.shift();
    if (failure !== undefined) return failure;
    this.posted.push(message);
    const { kind } = message.notice;
    const isNew =
      (kind === 'watch-message' && message.under === null) ||
      (kind === 'alert-card' && message.episode?.card === null);
    return { ok: true, card: isNew ? placeOf(this.posted.length) : null };
  }

  async open(changes: Partial<Episode> = {}, events: readonly WatchEvent[] = []): Promise<string> {
    const from = await this.store.watch.load();
    const episode = newEpisode(this.nowMs, changes);
    const save = opening(from, episode);
    const notices = events.map(
      (event) => ({ kind: 'watch-message', event, mention: !('mention' in event) || event.mention }) as const,
    );
    const summary = events.find((event) => event.type === 'summary');
    const next =
      summary === undefined
        ? save.next
        : { ...save.next, summary: { ...summary, episodeIds: [], message: null } };
    await this.store.watch.save({ ...save, next: withoutType(next), events, notices });
    return episode.id;
  }

  /** One more event of the episode, with these messages. */
  async add(id: string, event: EpisodeEvent | null, changes: Partial<Episode>, ...notices: EpisodeNotice[]) {
    const from = await this.store.watch.load();
    const episode = from.episodes.get(id);
    if (from.watch === null || episode === undefined) throw new Error(`no episode ${id}`);
    const next = { ...episode, ...changes };
    const change = { next, events: event === null ? [] : [event], notices };
    await this.store.watch.save({ from, next: from.watch, events: [], notices: [], episodes: [change] });
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.deliver();
  }

  kinds(): string[] {
    return this.posted.map(({ notice }) => ('event' in notice ? notice.event.type : notice.kind));
  }
}

type State = Parameters<MemoryCloseRequestStore['watch']['save']>[0]['next'];

function withoutType(next: State): State {
  if (next.summary === null) return next;
  const { id, atMs, episodeIds, message } = next.summary;
  return { ...next, summary: { id, atMs, episodeIds, message } };
}

function placeOf(number: number): CardLocation {
  return { channelId: CHANNEL, messageTs: `1700000000.${String(number).padStart(6, '0')}` };
}

function repeated(scene: Scene, level: Episode['level'] = 'margin-call'): EpisodeEvent {
  const { figures } = newEpisode(0);
  return { type: 'repeated', level, figures, mention: true, by: null, atMs: scene.nowMs };
}

const SUMMARY = (scene: Scene) =>
  ({
    type: 'summary',
    id: 'S1',
    episodes: [],
    mention: true,
    atMs: scene.nowMs,
  }) as const satisfies WatchEvent;

it('posts the card, records where it is, and then what belongs in its thread', async () => {
  const scene = new Scene();
  const id = await scene.open();
  await scene.add(id, noted('called them', scene.nowMs), {}, threadOf(noted('called them', scene.nowMs)));
  await scene.deliver();
  expect(scene.kinds()).toEqual(['alert-card', 'noted']);
  expect((await loadEpisode(scene.store.watch, id)).card).toEqual(placeOf(1));
  expect(scene.posted[1]?.episode?.card).toEqual(placeOf(1));
  expect(scene.posted.map(({ key }) => key)).toEqual([`${id}/1.1`, `${id}/2.1`]);
  expect(scene.posted.map(({ mayBeThere }) => mayBeThere)).toEqual([false, false]);
});

it('has the same key at every attempt, and says that it may be there', async () => {
  const scene = new Scene();
  await scene.open();
  scene.failures.push(OF_SLACK, OF_SLACK);
  await scene.deliver();
  await scene.pass(1_000);
  await scene.pass(2_000);
  expect(scene.tried.map(({ mayBeThere }) => mayBeThere)).toEqual([false, true, true]);
  expect(new Set(scene.tried.map(({ key }) => key)).size).toBe(1);
  const [message] = scene.posted;
  expect([message?.createdAtMs, message?.nowMs]).toEqual([START_MS, START_MS + 3_000]);
});

it('a replica that died after posting: the next one looks for the message first', async () => {
  const scene = new Scene();
  await scene.open();
  expect(await scene.store.outbox.take(LEASE_MS, 1)).toHaveLength(1);
  await scene.pass(LEASE_MS - 1);
  expect(scene.tried).toEqual([]);
  await scene.pass(1);
  expect(scene.tried).toMatchObject([{ mayBeThere: true }]);
});

it('a card that was posted but could not be recorded is looked for and recorded', async () => {
  const scene = new Scene();
  const id = await scene.open();
  scene.troubles.push(new StoreUnavailable(new Error('down')));
  await expect(scene.deliver()).rejects.toThrow(StoreUnavailable);
  await scene.pass(LEASE_MS);
  expect(scene.tried.map(({ mayBeThere }) => mayBeThere)).toEqual([false, true]);
  expect((await loadEpisode(scene.store.watch, id)).card).toEqual(placeOf(2));
});

it('a card that cannot be recorded because others save at the same time is looked for and recorded, too', async () => {
  const scene = new Scene();
  const id = await scene.open();
  const { watch } = scene.store;
  const save = watch.save.bind(watch);
  watch.save = async () => 'conflict';
  await expect(scene.deliver()).rejects.toThrow('not recorded');
  watch.save = save;
  await scene.pass(LEASE_MS);
  expect(scene.tried.map(({ mayBeThere }) => mayBeThere)).toEqual([false, true]);
  expect((await loadEpisode(watch, id)).card).toEqual(placeOf(2));
});

it('a card that was posted but cannot be recorded, as a record is damaged, is posted once', async () => {
  const scene = new Scene();
  const id = await scene.open();
  scene.troubles.push(new UnreadableRecord('C-00000000', "it doesn't match its seal"));
  await scene.deliver();
  for (let round = 0; round < 10; round += 1) await scene.pass(60_000);
  expect(scene.tried).toHaveLength(1);
  const error = scene.log.lines.find(({ level }) => level === 'error');
  expect(error).toMatchObject({ message: 'posted message not recorded', fields: { episodeId: id } });
});

it('a card of a summary waits for it, and goes into its thread', async () => {
  const scene = new Scene();
  const id = await scene.open({ summaryId: 'S1' }, [SUMMARY(scene)]);
  scene.failures.push(OF_SLACK);
  await scene.deliver(id);
  expect(scene.tried).toEqual([]);
  await scene.deliver('watch');
  await scene.pass(1_000);
  expect(scene.kinds()).toEqual(['summary']);
  await scene.pass(1_000);
  expect(scene.kinds()).toEqual(['summary', 'alert-card']);
  expect(scene.posted.at(-1)).toMatchObject({ under: placeOf(1), mayBeThere: false });
  expect((await scene.store.watch.load()).watch?.summary?.message).toEqual(placeOf(1));
});

it('a summary that names more is drawn where it is, or not at all', async () => {
  const scene = new Scene();
  await scene.open({ summaryId: 'S1' }, [SUMMARY(scene), { ...SUMMARY(scene), mention: false }]);
  await scene.pass(0);
  await scene.pass(2_000);
  const [first, more] = scene.posted.filter(({ notice }) => notice.kind === 'watch-message');
  expect([first?.under, more?.under]).toEqual([null, placeOf(1)]);
  const lost = new Scene();
  await lost.open({}, [{ ...SUMMARY(lost), mention: false }]);
  await lost.pass(60_000);
  expect(lost.kinds()).not.toContain('summary');
});

it('a card waits for its summary for a minute, then it goes to the channel', async () => {
  const scene = new Scene();
  const id = await scene.open({ summaryId: 'S1' }, [SUMMARY(scene)]);
  for (let second = 0; second < 60; second += 1) {
    await scene.deliver(id);
    scene.nowMs += 1_000;
  }
  expect(scene.tried).toEqual([]);
  await scene.deliver(id);
  expect(scene.posted).toMatchObject([{ under: null, mayBeThere: false, notice: { kind: 'alert-card' } }]);
});

it('"still so" is not said once it no longer is, nor "nobody has it" once somebody does', async () => {
  const scene = new Scene();
  const id = await scene.open();
  await scene.deliver();
  const later = (event: EpisodeEvent) => threadOf(event);
  const escalated = {
    type: 'escalated',
    unownedForMs: 1,
    mention: true,
    by: null,
    atMs: scene.nowMs,
  } as const;
  const direct: EpisodeNotice = { kind: 'alert-direct', event: escalated, to: 'group' };
  await scene.add(id, repeated(scene), {}, later(repeated(scene)));
  await scene.add(id, escalated, {}, direct);
  const by = { teamId: 'T', userId: 'U_ANN' };
  const owner = { by, sinceMs: scene.nowMs, untilMs: scene.nowMs + 1 };
  await scene.add(id, { type: 'taken', untilMs: 1, by, atMs: scene.nowMs }, { owner }, direct);
  await scene.deliver();
  expect(scene.kinds()).toEqual(['alert-card', 'repeated']);
  await scene.add(id, repeated(scene), {}, later(repeated(scene, 'liquidation')));
  await scene.add(id, repeated(scene), { state: 'recovered' }, later(repeated(scene)));
  const { figures } = newEpisode(0);
  const worsened: EpisodeEvent = {
    type: 'worsened',
    from: 'margin-call',
    to: 'liquidation',
    figures,
    mention: true,
    by: null,
    atMs: scene.nowMs,
  };
  await scene.add(id, null, {}, later(worsened));
  await scene.deliver();
  expect(scene.kinds()).toEqual(['alert-card', 'repeated', 'worsened']);
});

it('"still at margin call" is said of a case that was at liquidation and is not known to be calmer', async () => {
  const scene = new Scene();
  const id = await scene.open({ level: 'liquidation' });
  await scene.deliver();
  await scene.add(id, repeated(scene), {}, threadOf(repeated(scene)));
  await scene.deliver();
  expect(scene.kinds()).toEqual(['alert-card', 'repeated']);
});

it('several redraws of one state need one edit; a card that mentions is always posted', async () => {
  const scene = new Scene();
  const id = await scene.open();
  await scene.deliver();
  const quiet: EpisodeNotice = { kind: 'alert-card', mention: false };
  await scene.add(id, null, { worstLtv: '0.9' }, quiet, quiet, quiet);
  await scene.deliver();
  expect(scene.posted).toHaveLength(2);
  await scene.add(id, null, {}, quiet);
  await scene.deliver();
  expect(scene.posted).toHaveLength(2);
  await scene.store.outbox.redraw(id);
  await scene.add(id, null, {}, CARD_NOTICE);
  await scene.deliver();
  expect(scene.posted).toHaveLength(4);
});

it('what its channel refuses for a minute is kept, so that it holds up nothing, and tried again', async () => {
  const scene = new Scene();
  const id = await scene.open();
  await scene.add(id, noted('x', scene.nowMs), {}, threadOf(noted('x', scene.nowMs)));
  for (let attempt = 0; attempt < 7; attempt += 1) scene.failures.push(OF_CHANNEL);
  for (let second = 0; second < 70; second += 1) await scene.pass(1_000);
  expect(scene.missed).toEqual([{ notice: 'alert-card', outcome: 'kept' }]);
  expect(scene.kinds()).toEqual(['noted']);
  expect(scene.posted[0]?.episode?.card).toBeNull();
  const refused = await scene.store.watch.episode(id);
  expect(refused?.episode.cardAgainAtMs).toBe(START_MS + 64_000);
  const error = scene.log.lines.find(({ level }) => level === 'error');
  expect(error).toMatchObject({ message: 'message kept', fields: { episodeId: id, notice: 'alert-card' } });
  await scene.store.outbox.retryKept();
  await scene.deliver();
  expect(scene.posted.at(-1)).toMatchObject({ key: `${id}/1.1`, mayBeThere: true });
});

it('while Slack takes nothing, the order is kept', async () => {
  const scene = new Scene();
  const id = await scene.open();
  await scene.add(id, noted('x', scene.nowMs), {}, threadOf(noted('x', scene.nowMs)));
  for (let attempt = 0; attempt < 15; attempt += 1) scene.failures.push(OF_SLACK);
  for (let minute = 0; minute < 20; minute += 1) await scene.pass(60_000);
  expect(scene.kinds()).toEqual(['alert-card', 'noted']);
  expect(scene.missed).toEqual([]);
});

it('what cannot be drawn is set aside after ten minutes, and those behind it are told', async () => {
  const scene = new Scene();
  const id = await scene.open();
  await scene.add(id, noted('x', scene.nowMs), {}, threadOf(noted('x', scene.nowMs)));
  scene.isHard = ({ notice }) => notice.kind === 'alert-card';
  for (let round = 0; round < 250; round += 1) await scene.pass(5_000);
  expect(scene.store.outbox.putAside.map(({ subjectId }) => subjectId)).toEqual([id, id]);
  expect(scene.kinds()).toEqual(['noted']);
});

it('while the watch is off everywhere its messages wait, and are told when it is on again', async () => {
  const scene = new Scene();
  await scene.open();
  const deliver = scene.replica({ isWatching: false });
  for (let times = 0; times < 150; times += 1) {
    await deliver();
    scene.nowMs += 5_000;
  }
  expect(scene.store.outbox.putAside).toEqual([]);
  await scene.pass(5_000);
  expect(scene.posted).toMatchObject([{ notice: CARD_NOTICE }]);
});

it('a process without the watch leaves its messages to those with it', async () => {
  const scene = new Scene();
  const id = await scene.open();
  await scene.replica({ isWatching: false })();
  expect(scene.tried).toEqual([]);
  const { message, fields } = scene.log.lines.at(-1) ?? {};
  expect([message, fields]).toMatchObject(['unreadable notice left to other replicas', { episodeId: id }]);
  await scene.pass(5_000);
  expect(scene.posted).toMatchObject([{ mayBeThere: false, notice: CARD_NOTICE }]);
});
