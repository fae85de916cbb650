/**
 * Delivers the watch's messages: cards and their edits, replies, direct messages, and what the watch itself says. Each
 * is drawn from the record and has a key; one that an earlier attempt may have posted is looked for first. Failures are
 * returned, because the outbox decides what follows.
 */
import type { CardLocation } from '../domain/card-location.ts';
import type { PersonId } from '../domain/person.ts';
import type { Episode, EpisodeEvent } from '../domain/watch/episode.ts';
import type { EpisodeNotice, WatchNotice, WatchRules } from '../domain/watch/watch.ts';
import {
  type Delivery,
  type Directory,
  type NewId,
  type SeenOnce,
  StoreUnavailable,
} from '../usecases/ports.ts';
import type { AlertMessage, AlertNotifier, TellUnreadable, WatchHistory } from '../usecases/watch-ports.ts';
import { hintsOf, searchAttempt } from './message-search.ts';
import {
  DELIVERED,
  delivery,
  Messenger,
  type MessengerParts,
  placeDelivery,
  refusedForOne,
  TOLD_DIRECTLY_AT_MOST,
} from './messenger.ts';
import type { SlackAnswer } from './slack-call.ts';
import { alertCard } from './views/alert-card.ts';
import { alertDirect, alertReply, insteadOfChannel, withHints, withMention } from './views/alert-message.ts';
import type { Message } from './views/blocks.ts';
import { groupMention } from './views/format.ts';
import { noticeMessage } from './views/notice-message.ts';
import type { Trend } from './views/trend-view.ts';
import { unreadableMessage, watchMessage } from './views/watch-message.ts';

/** Longer than an undelivered message is kept. */
const TOLD_REMEMBERED_MS = 8 * 24 * 3_600_000;
const TREND_MS = 3_600_000;
const TREND_STEP = { name: '15s', ms: 15_000 } as const;

export interface AlertNotifierParts extends MessengerParts {
  readonly directory: Pick<Directory, 'person' | 'members'>;
  /** WATCH_CHANNEL. */
  readonly channel: string;
  /** WATCH_GROUP: user and user-group ids. */
  readonly group: readonly string[];
  readonly rules: WatchRules;
  /** For the trend on the card. */
  readonly history: Pick<WatchHistory, 'read'>;
  /** So that no replica tells a person the same twice. */
  readonly seenOnce: SeenOnce;
  /** For messages that the channel reads: people by name, without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
  readonly newId: NewId;
}

/** A message of the watch's channel, on its way. */
interface Post {
  readonly message: Message;
  /** In whose thread; null: in the channel. */
  readonly parent: CardLocation | null;
  readonly mention: boolean;
}

export class SlackAlertNotifier implements AlertNotifier {
  readonly #parts: AlertNotifierParts;
  readonly #messenger: Messenger;

  constructor(parts: AlertNotifierParts) {
    this.#parts = parts;
    this.#messenger = new Messenger(parts);
  }

  deliver(about: AlertMessage): Promise<Delivery> {
    return orTryAgain(() => this.#deliver(about));
  }

  /** Nothing is stored of it, so each attempt is a first one. */
  readonly tellUnreadable: TellUnreadable = ({ key, records }) =>
    orTryAgain(() => this.#tellPeople({ key, mayBeThere: false }, 'group', () => unreadableMessage(records)));

  #deliver(about: AlertMessage): Promise<Delivery> {
    const { notice, episode } = about;
    if (notice.kind === 'watch-message') return this.#watchMessage(about, notice);
    if (notice.kind === 'watch-direct') {
      const message = watchMessage(notice.event, this.#parts.rules.levels);
      return this.#tellPeople(about, notice.to, () => withHints(message, hintsOf(about, false)));
    }
    if (episode === null) return Promise.resolve(refusedForOne(false, 'the message names no alert'));
    switch (notice.kind) {
      case 'alert-card':
        return this.#card(about, episode, notice);
      case 'alert-thread':
        return this.#post(about, this.#reply(episode, notice.event, notice.mention));
      case 'alert-direct':
        return this.#tell(about, episode, notice);
    }
  }

  /** Posted; a summary that names more units is drawn again where it is. */
  async #watchMessage(
    about: AlertMessage,
    { event, mention }: Extract<WatchNotice, { kind: 'watch-message' }>,
  ): Promise<Delivery> {
    const message = watchMessage(event, this.#parts.rules.levels);
    const place = this.#inChannel(about.under);
    if (place === null) return this.#post(about, { message, parent: null, mention });
    const edited = await this.#messenger.edit(place, await this.#parts.quiet(message), { key: about.key });
    // Each unit has its card; a summary that is gone must not hold up what the watch says next.
    return edited.kind === 'answered' ? edited.delivery : DELIVERED;
  }

  #reply(episode: Episode, event: EpisodeEvent, mention: boolean): Post {
    const message = alertReply(event, episode, this.#parts.rules.levels);
    return { message, parent: this.#threadOf(episode), mention };
  }

  /** A card in a summary's thread has none of its own: Slack's threads have one level. */
  #threadOf(episode: Episode): CardLocation | null {
    const card = this.#cardOf(episode);
    if (card === null || card.threadTs === undefined) return card;
    return { channelId: card.channelId, messageTs: card.threadTs };
  }

  #cardOf({ card }: Episode): CardLocation | null {
    return this.#inChannel(card);
  }

  /** Messages are in WATCH_CHANNEL: after a change of that setting they are posted again. */
  #inChannel(place: CardLocation | null): CardLocation | null {
    return place?.channelId === this.#parts.channel ? place : null;
  }

  async #card(
    about: AlertMessage,
    episode: Episode,
    { mention }: Extract<EpisodeNotice, { kind: 'alert-card' }>,
  ): Promise<Delivery> {
    const message = await this.#drawCard(episode, about.nowMs);
    const parent = this.#inChannel(about.under);
    const place = this.#cardOf(episode);
    if (place === null) return this.#post(about, { message, parent, mention });
    const quiet = await this.#parts.quiet(message);
    const edited = await this.#messenger.edit(place, quiet, { caseId: episode.id });
    switch (edited.kind) {
      case 'answered':
        // What is said in the thread, loudly, must not wait for a redrawing that the channel refuses.
        return keptAtOnce(edited.delivery);
      case 'gone':
        return this.#post(about, { message, parent, mention: false });
      case 'frozen': {
        const note = noticeMessage(
          `Slack won't let this card be updated (${edited.error}), so its buttons and figures may be out of date. Now: ${message.text}`,
        );
        const thread = this.#threadOf(episode);
        const noted = await this.#post(about, { message: note, parent: thread, mention: false });
        return noted.ok ? DELIVERED : noted;
      }
    }
  }

  async #drawCard(episode: Episode, nowMs: number): Promise<Message> {
    const { rules, newId } = this.#parts;
    return alertCard(episode, { rules, trend: await this.#trendOf(episode, nowMs), edition: newId() });
  }

  /** Null: it is not known, or the figures are made up. */
  async #trendOf({ groupId, drill, state }: Episode, nowMs: number): Promise<Trend | null> {
    if (drill !== null || state !== 'open') return null;
    const sinceMs = nowMs - TREND_MS;
    const { history, rules, log } = this.#parts;
    try {
      const points = await history.read(groupId, TREND_STEP.name, sinceMs);
      const [first] = points;
      const stepMs = Math.max(TREND_STEP.ms, rules.everyMs);
      // What was not read before the watch began is no gap.
      return first === undefined ? null : { fromMs: first.fromMs, toMs: nowMs, stepMs, points };
    } catch (error) {
      // A card without its trend is better than no card.
      log.warn({ groupId, why: error instanceof Error ? error.name : 'unknown' }, 'trend not read');
      return null;
    }
  }

  /** In the channel, once, whatever happened to earlier attempts. */
  async #post(about: AlertMessage, { message, parent, mention }: Post): Promise<Delivery> {
    const { channel, log } = this.#parts;
    // A reply's place is of no use to anyone.
    const isPlaceKept = about.notice.kind !== 'alert-thread';
    const searched = await searchAttempt(this.#parts, about, {
      channelId: channel,
      threadTs: parent?.messageTs ?? null,
    });
    if (searched.kind === 'failed') return delivery({ ok: false, failure: searched.failure });
    if (searched.kind === 'found') {
      log.info({ key: about.key }, 'message was there already');
      return isPlaceKept ? { ok: true, card: searched.place } : DELIVERED;
    }
    const quiet = withHints(await this.#parts.quiet(message), hintsOf(about, searched.kind === 'unknown'));
    const named = mention ? withMention(quiet, groupMention(this.#parts.group)) : quiet;
    const answer = await this.#send(parent, named, about.key, mention);
    const delivered = isPlaceKept ? placeDelivery(answer) : delivery(answer);
    // The channel refuses: it is gone, archived, read-only, or the bot isn't in it.
    if (!delivered.ok && mention && delivered.retry && delivered.onlyThis === true)
      await this.#tellInstead(about, quiet);
    return delivered;
  }

  #send(
    parent: CardLocation | null,
    message: Message,
    key: string,
    isBroadcast: boolean,
  ): Promise<SlackAnswer<CardLocation>> {
    return parent === null
      ? this.#messenger.post(this.#parts.channel, message, { key })
      : this.#messenger.reply(parent, message, { key, isBroadcast });
  }

  /** The message itself stays in the outbox until the channel takes it. */
  async #tellInstead(about: AlertMessage, message: Message): Promise<void> {
    const { channel, log } = this.#parts;
    const told = await this.#tellPeople(about, 'group', () =>
      insteadOfChannel(message, channel, about.episode),
    );
    if (!told.ok)
      log.error({ key: about.key, why: told.why }, 'the channel is gone, and people could not be told');
  }

  async #tell(
    about: AlertMessage,
    episode: Episode,
    { event, to }: Extract<EpisodeNotice, { kind: 'alert-direct' }>,
  ): Promise<Delivery> {
    const { levels } = this.#parts.rules;
    const hints = hintsOf(about, false);
    return this.#tellPeople(about, to, (url) => withHints(alertDirect(event, episode, levels, url), hints));
  }

  async #tellPeople(
    about: Pick<AlertMessage, 'key' | 'mayBeThere'>,
    to: 'group' | readonly string[],
    write: (workspaceUrl: string | null) => Message,
  ): Promise<Delivery> {
    const { directory, group, home, log } = this.#parts;
    const workspace = await home.read();
    if (!workspace.ok) return { ok: false, retry: true, why: workspace.why, retryAfterMs: null };
    const members = to === 'group' ? await directory.members(group) : null;
    if (members?.ok === false && members.known.size === 0) return refusedForOne(true, members.why);
    const people = [
      ...(members === null ? (to === 'group' ? [] : to) : members.ok ? members.value : members.known),
    ];
    if (people.length === 0) return refusedForOne(true, 'WATCH_GROUP names nobody');
    if (people.length > TOLD_DIRECTLY_AT_MOST)
      log.warn({ key: about.key, people: people.length, told: TOLD_DIRECTLY_AT_MOST }, 'not all people told');
    const { teamId } = workspace.value;
    const first = people.slice(0, TOLD_DIRECTLY_AT_MOST);
    const told = await this.#messenger.tellEach(first, { key: about.key }, async (userId) => {
      if (!(await this.#mayBeTold({ teamId, userId }))) return DELIVERED;
      return this.#tellOnce(`alert-direct:${about.key}:${userId}`, about.mayBeThere, () =>
        this.#messenger.tellPerson({ teamId, userId }, write),
      );
    });
    // Those of a group that couldn't be read are told when it can be.
    return told.ok && members?.ok === false ? refusedForOne(true, members.why) : told;
  }

  /** Figures go to full members; a person who can't be looked up is told, because the call matters more. */
  async #mayBeTold(id: PersonId): Promise<boolean> {
    const person = await this.#parts.directory.person(id);
    if (!person.ok || person.value.kind === 'member') return true;
    const { kind } = person.value;
    this.#parts.log.warn({ userId: id.userId, kind }, 'person is not a full member, not told');
    return false;
  }

  /**
   * Over all replicas. The first attempt sends and then notes it; a later one notes it first, so that a crash between
   * the two costs a repeat at the first attempt and at worst one person's message at a later one.
   */
  async #tellOnce(key: string, isLater: boolean, tell: () => Promise<Delivery>): Promise<Delivery> {
    const { seenOnce } = this.#parts;
    if (isLater && !(await seenOnce.first(key, TOLD_REMEMBERED_MS))) return DELIVERED;
    const told = await tell();
    const isSettled = told.ok || !told.retry;
    if (!isLater && isSettled) await seenOnce.first(key, TOLD_REMEMBERED_MS);
    if (isLater && !isSettled) await seenOnce.forget(key);
    return told;
  }
}

function keptAtOnce(delivery: Delivery): Delivery {
  return delivery.ok || delivery.onlyThis !== true ? delivery : { ...delivery, keepAtOnce: true };
}

async function orTryAgain(deliver: () => Promise<Delivery>): Promise<Delivery> {
  try {
    return await deliver();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return { ok: false, retry: true, why: error.message, retryAfterMs: null };
  }
}
