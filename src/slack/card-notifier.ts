/**
 * Brings notices to Slack: the card and its edits, replies in its thread, direct messages. Everything is drawn from
 * the record, can be repeated, and is never read back. A failed call is an answer, so that the outbox decides.
 */
import type { WebClient } from '@slack/web-api';
import type { CardLocation, CloseRequest, RequestEvent } from '../domain/close/close-request.ts';
import type { Notice } from '../domain/close/notices.ts';
import type { Delivery, Log, NewId, Notifier } from '../usecases/ports.ts';
import { failureText, type SlackAnswer, type SlackFailure, slackCall } from './slack-call.ts';
import { approverText, directText } from './views/direct-text.ts';
import { dryRunPrefix } from './views/dry-run.ts';
import type { Message } from './views/message.ts';
import { noticeMessage } from './views/notice-message.ts';
import { standingText } from './views/outcome-text.ts';
import { requestCard } from './views/request-card.ts';
import { stillToVote } from './views/request-facts.ts';
import { threadText } from './views/thread-text.ts';
import type { HomeWorkspace } from './workspace.ts';

interface Posted {
  readonly channelId: string;
  readonly messageTs: string;
}

const DELIVERED: Delivery = { ok: true, card: null };

/** Slack does not take the blocks as they are: the same is said in simpler ones, then as text alone. */
const SHAPE_FAULTS: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_attachments',
  'msg_blocks_too_long',
  'block_mismatch',
]);

/** The message can never be edited again; what it would say is said elsewhere. */
const EDIT_IS_OVER: ReadonlySet<string> = new Set([
  'edit_window_closed',
  'cant_update_message',
  'is_inactive',
  'channel_not_found',
  'not_in_channel',
  'is_archived',
]);

export interface CardNotifierParts {
  readonly client: WebClient;
  readonly home: HomeWorkspace;
  readonly closeChannel: string;
  /** For messages that the channel reads: people by name, without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
  readonly newId: NewId;
  readonly log: Log;
}

export class CardNotifier implements Notifier {
  readonly #parts: CardNotifierParts;
  /** Direct messages already delivered by this process, so that a retry of a group does not repeat them. */
  readonly #told = new Set<string>();

  constructor(parts: CardNotifierParts) {
    this.#parts = parts;
  }

  async deliver(
    notice: Notice,
    request: CloseRequest,
    approvers: ReadonlySet<string> | null,
  ): Promise<Delivery> {
    switch (notice.kind) {
      case 'card':
        return request.card === null
          ? this.#postCard(request, approvers)
          : this.#redrawCard(request, request.card, approvers);
      case 'thread':
        return this.#reply(noticeMessage(threadText(notice.event, request)), request.card);
      case 'direct': {
        await this.#parts.home.read();
        const text = directText(notice.event, request, notice.to, this.#parts.home.url);
        return delivery(await this.#post(notice.to.userId, noticeMessage(text)));
      }
      case 'approvers':
        return this.#tellApprovers(notice.event, request, approvers);
    }
  }

  async #postCard(request: CloseRequest, approvers: ReadonlySet<string> | null): Promise<Delivery> {
    const answer = await this.#post(this.#parts.closeChannel, await this.#draw(request, approvers));
    return answer.ok ? { ok: true, card: answer.value } : delivery(answer);
  }

  #draw(request: CloseRequest, approvers: ReadonlySet<string> | null): Promise<Message> {
    return this.#parts.quiet(requestCard(request, { approvers, edition: this.#parts.newId() }));
  }

  async #redrawCard(
    request: CloseRequest,
    place: CardLocation,
    approvers: ReadonlySet<string> | null,
  ): Promise<Delivery> {
    const card = await this.#draw(request, approvers);
    const answer = await this.#inSimplerShapes(card, (text, blocks) =>
      this.#parts.client.chat.update({
        channel: place.channelId,
        ts: place.messageTs,
        text,
        blocks,
      }),
    );
    if (answer.ok || answer.failure.kind !== 'refused') return delivery(answer);
    const { error } = answer.failure;
    this.#parts.log.warn(
      { requestId: request.id, why: failureText(answer.failure) },
      'a card could not be redrawn',
    );
    // Deleted by hand: posted anew, so that people can still decide. Its buttons carry the same request and version,
    // and its location is recorded, so that later edits reach this one.
    if (error === 'message_not_found') {
      const anew = await this.#post(place.channelId, card);
      return anew.ok ? { ok: true, card: anew.value } : delivery(anew);
    }
    if (!EDIT_IS_OVER.has(error)) return delivery(answer);
    const note = `${dryRunPrefix(request.policy.mode)}Slack does not let this card be redrawn (${error}), so its buttons may be out of date. Where unit ${request.groupId} stands: ${standingText(request)}`;
    return this.#reply(noticeMessage(note), place);
  }

  /** In the card's thread; in the channel itself when there is no card to reply to. */
  async #reply(loud: Message, card: CardLocation | null): Promise<Delivery> {
    const message = await this.#parts.quiet(loud);
    if (card === null) return delivery(await this.#post(this.#parts.closeChannel, message));
    const answer = await this.#post(card.channelId, message, card.messageTs);
    const parentGone =
      !answer.ok &&
      answer.failure.kind === 'refused' &&
      (answer.failure.error === 'message_not_found' || answer.failure.error === 'thread_not_found');
    return delivery(parentGone ? await this.#post(card.channelId, message) : answer);
  }

  async #tellApprovers(
    event: RequestEvent,
    request: CloseRequest,
    approvers: ReadonlySet<string> | null,
  ): Promise<Delivery> {
    if (approvers === null) {
      return { ok: false, retry: true, why: 'the approvers are not known at present', retryAfterMs: null };
    }
    await this.#parts.home.read();
    const text = noticeMessage(approverText(event, request, this.#parts.home.url));
    for (const userId of stillToVote(request, approvers)) {
      const told = `${request.id}:${event.type}:${event.atMs}:${userId}`;
      if (this.#told.has(told)) continue;
      const answer = await this.#post(userId, text);
      if (!answer.ok && answer.failure.kind !== 'refused') return delivery(answer);
      if (!answer.ok) {
        // One person who cannot be reached must not keep the others from being told.
        this.#parts.log.warn(
          { requestId: request.id, userId, why: failureText(answer.failure) },
          'an approver could not be told',
        );
      }
      if (this.#told.size > 10_000) this.#told.clear();
      this.#told.add(told);
    }
    return DELIVERED;
  }

  #post(channel: string, message: Message, threadTs?: string): Promise<SlackAnswer<Posted>> {
    return this.#inSimplerShapes(message, async (text, blocks) => {
      const posted = await this.#parts.client.chat.postMessage({
        channel,
        text,
        blocks,
        unfurl_links: false,
        unfurl_media: false,
        ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
      });
      return { channelId: posted.channel ?? channel, messageTs: posted.ts ?? '' };
    }).then((answer) =>
      answer.ok && answer.value.messageTs === ''
        ? { ok: false, failure: { kind: 'refused', error: 'no_ts_in_answer', details: [] } }
        : answer,
    );
  }

  /** Tries the message, then each plainer form, then its text alone (without blocks), while Slack refuses the shape. */
  async #inSimplerShapes<Value>(
    message: Message,
    call: (text: string, blocks: Message['blocks'][number][]) => Promise<Value>,
  ): Promise<SlackAnswer<Value>> {
    const shapes: Message[] = [];
    for (let form: Message | undefined = message; form !== undefined; form = form.plainer) shapes.push(form);
    shapes.push({ text: message.text, blocks: [] });
    let last: SlackAnswer<Value> | null = null;
    for (const { text, blocks } of shapes) {
      last = await slackCall(() => call(text, [...blocks]));
      if (last.ok || last.failure.kind !== 'refused' || !SHAPE_FAULTS.has(last.failure.error)) return last;
      this.#parts.log.warn(
        { why: failureText(last.failure) },
        'Slack refused a message, trying a simpler one',
      );
    }
    return last ?? { ok: false, failure: { kind: 'refused', error: 'no_shape', details: [] } };
  }
}

function delivery(answer: SlackAnswer<unknown>): Delivery {
  return answer.ok ? DELIVERED : undelivered(answer.failure);
}

function undelivered(failure: SlackFailure): Delivery {
  const why = failureText(failure);
  switch (failure.kind) {
    case 'rate-limited':
      return { ok: false, retry: true, why, retryAfterMs: failure.retryAfterMs };
    case 'unreachable':
      return { ok: false, retry: true, why, retryAfterMs: null };
    case 'refused':
      return { ok: false, retry: false, why, retryAfterMs: null };
  }
}
