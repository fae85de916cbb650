/**
 * Delivers notices to Slack: the card and its edits, replies in its thread, direct messages. Everything is drawn from
 * the record, can be repeated, and is never read back. Failures are returned, because the outbox decides what follows.
 */
import type { CardLocation } from '../domain/card-location.ts';
import type { CloseRequest, PeopleNow, RequestEvent } from '../domain/close/close-request.ts';
import { isTerminal } from '../domain/close/close-state.ts';
import type { Notice } from '../domain/close/notices.ts';
import type { Delivery, NewId, Notifier } from '../usecases/ports.ts';
import type { SlackSettings } from './adapter-settings.ts';
import {
  DELIVERED,
  delivery,
  Messenger,
  type MessengerParts,
  placeDelivery,
  refusedForOne,
  TOLD_DIRECTLY_AT_MOST,
} from './messenger.ts';
import { failureText } from './slack-call.ts';
import { type Message, section } from './views/blocks.ts';
import { approverMessage, approversReply, directMessage, namesOfApprovers } from './views/direct-message.ts';
import { threadText } from './views/event-text.ts';
import { noticeMessage } from './views/notice-message.ts';
import { copyText, requestCard } from './views/request-card.ts';
import { stillToVote } from './views/request-facts.ts';
import { dryRunPrefix, standingText } from './views/request-text.ts';

const COPIES_REMEMBERED = 1_000;

export interface CardNotifierParts extends MessengerParts {
  readonly closeChannel: string;
  /** Each in a direct message, or all with one mention in the card's thread. */
  readonly tellApprovers: SlackSettings['tellApprovers'];
  /** For messages that the channel reads: people by name, without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
  readonly newId: NewId;
}

export class CardNotifier implements Notifier {
  readonly #parts: CardNotifierParts;
  readonly #messenger: Messenger;
  /** Direct messages already delivered by this process, so that a retry of a group does not repeat them. */
  readonly #told = new Set<string>();
  /** Copies of cards that were redrawn to link to the card, by channel and time stamp. */
  readonly #pointedAway = new Set<string>();

  constructor(parts: CardNotifierParts) {
    this.#parts = parts;
    this.#messenger = new Messenger(parts);
  }

  async deliver(
    notice: Notice,
    request: CloseRequest,
    approvers: ReadonlySet<string> | null,
    seats?: PeopleNow['seats'],
  ): Promise<Delivery> {
    const draw = () =>
      this.#parts.quiet(requestCard(request, { approvers, seats, edition: this.#parts.newId() }));
    const place = this.#placeOf(request);
    switch (notice.kind) {
      case 'card':
        if (place !== null) return this.#redrawCard(request, place, await draw());
        // A request that ended without a card needs none.
        return isTerminal(request.state) ? DELIVERED : this.#postCard(await draw());
      case 'thread':
        return this.#reply(noticeMessage(threadText(notice.event, request)), place);
      case 'direct':
        return this.#messenger.tellPerson(notice.to, (url) =>
          directMessage(notice.event, request, notice.to, url),
        );
      case 'approvers':
        return this.#tellApprovers(notice.event, request, approvers, place);
    }
  }

  async pointAway(copy: CardLocation, request: CloseRequest): Promise<void> {
    const card = this.#placeOf(request);
    const key = `${copy.channelId}:${copy.messageTs}`;
    if (card === null || copy.channelId !== this.#parts.closeChannel || this.#pointedAway.has(key)) return;
    if (this.#pointedAway.size >= COPIES_REMEMBERED) this.#pointedAway.clear();
    this.#pointedAway.add(key);
    await this.#parts.home.read();
    const answer = await this.#messenger.update(copy, noticeMessage(copyText(request, this.#parts.home.url)));
    if (answer.ok) return;
    this.#pointedAway.delete(key);
    const why = failureText(answer.failure);
    this.#parts.log.warn({ requestId: request.id, why }, 'copy of a card was not redrawn');
  }

  /** Cards are in the approvals channel and nowhere else, whatever the record says. */
  #placeOf({ id, card }: CloseRequest): CardLocation | null {
    if (card === null || card.channelId === this.#parts.closeChannel) return card;
    this.#parts.log.warn({ requestId: id }, 'the record names a card outside the approvals channel');
    return null;
  }

  async #postCard(card: Message): Promise<Delivery> {
    return placeDelivery(await this.#messenger.post(this.#parts.closeChannel, card));
  }

  async #redrawCard(request: CloseRequest, place: CardLocation, card: Message): Promise<Delivery> {
    const edited = await this.#messenger.edit(place, card, { requestId: request.id });
    switch (edited.kind) {
      case 'answered':
        return edited.delivery;
      case 'gone':
        // People must be able to decide. The outbox records where it is now.
        return placeDelivery(await this.#messenger.post(place.channelId, card));
      case 'frozen': {
        const note = `${dryRunPrefix(request.policy.mode)}Slack won't let this card be updated (${edited.error}), so its buttons may be out of date. Unit ${request.groupId} now: ${standingText(request)}`;
        return this.#reply(noticeMessage(note), place);
      }
    }
  }

  /** In the card's thread; in the channel if there is no card to reply to. */
  async #reply(loud: Message, card: CardLocation | null): Promise<Delivery> {
    return this.#postReply(await this.#parts.quiet(loud), card);
  }

  async #postReply(message: Message, card: CardLocation | null): Promise<Delivery> {
    return delivery(
      card === null
        ? await this.#messenger.post(this.#parts.closeChannel, message)
        : await this.#messenger.reply(card, message),
    );
  }

  async #tellApprovers(
    event: RequestEvent,
    request: CloseRequest,
    approvers: ReadonlySet<string> | null,
    place: CardLocation | null,
  ): Promise<Delivery> {
    if (approvers === null) return refusedForOne(true, 'the approvers are not known at present');
    const addressees = addresseesOf(event, request, approvers);
    if (addressees.length === 0) return DELIVERED;
    if (this.#parts.tellApprovers === 'channel' || addressees.length > TOLD_DIRECTLY_AT_MOST)
      return this.#nameApprovers(event, request, namesOfApprovers(request, addressees), place);
    const { teamId } = request.requester;
    return this.#messenger.tellEach(addressees, { requestId: request.id }, (userId) =>
      this.#tellOnce(`${request.id}:${event.type}:${event.atMs}:${userId}`, () =>
        this.#messenger.tellPerson({ teamId, userId }, (url) => approverMessage(event, request, url)),
      ),
    );
  }

  async #tellOnce(key: string, tell: () => Promise<Delivery>): Promise<Delivery> {
    if (this.#told.has(key)) return DELIVERED;
    const told = await tell();
    if (told.ok || !told.retry) {
      if (this.#told.size > 10_000) this.#told.clear();
      this.#told.add(key);
    }
    return told;
  }

  /** One reply in the card's thread that notifies them all. */
  async #nameApprovers(
    event: RequestEvent,
    request: CloseRequest,
    names: string,
    place: CardLocation | null,
  ): Promise<Delivery> {
    const { text, blocks } = await this.#parts.quiet(approversReply(event, request));
    return this.#postReply({ text: `${names} ${text}`, blocks: [section(names), ...blocks] }, place);
  }
}

/** While the outcome is unknown, every approver but the one who acted; else those who haven't voted yet. */
function addresseesOf(
  event: RequestEvent,
  request: CloseRequest,
  approvers: ReadonlySet<string>,
): readonly string[] {
  if (request.state !== 'unknown') return stillToVote(request, approvers);
  return [...approvers].filter((userId) => userId !== event.by?.userId);
}
