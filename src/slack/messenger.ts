/**
 * What both notifiers do with Slack: post, redraw, reply, tell one person; and what each answer means for the outbox.
 * Failures are returned, because the outbox decides what follows.
 */
import type { WebClient } from '@slack/web-api';
import type { CardLocation } from '../domain/card-location.ts';
import type { PersonId } from '../domain/person.ts';
import type { Delivery, Directory, Log } from '../usecases/ports.ts';
import type { HomeWorkspace } from './home-workspace.ts';
import { type PostOptions, postMessage, SHAPE_FAULTS, sendMessage } from './send-message.ts';
import { failureText, type SlackAnswer, type SlackFailure, TOKEN_REFUSED } from './slack-call.ts';
import type { Message } from './views/blocks.ts';
import { isUserId } from './views/format.ts';

export const DELIVERED: Delivery = { ok: true, card: null };

/** This message can never be edited again (docs.slack.dev, chat.update), so a thread reply says what it would say. */
const EDIT_IS_OVER: ReadonlySet<string> = new Set(['edit_window_closed', 'cant_update_message']);

/** Slack lets an app post about one message per second and person, and a message is leased for 30 s. */
export const TOLD_DIRECTLY_AT_MOST = 25;

/** What became of an edit that Slack was asked for. */
export type Edited =
  /** Edited, or refused for a reason of which the outbox decides what follows. */
  | { readonly kind: 'answered'; readonly delivery: Delivery }
  /** Somebody deleted the message. */
  | { readonly kind: 'gone' }
  /** It can never be edited again. */
  | { readonly kind: 'frozen'; readonly error: string };

/** The message to reply to is gone, or takes no replies, so the reply is posted in the channel. */
const PARENT_IS_GONE: ReadonlySet<string> = new Set([
  'message_not_found',
  'thread_not_found',
  'cannot_reply_to_message',
  'restricted_action_thread_locked',
]);

/**
 * The only errors of chat.postMessage and chat.update (docs.slack.dev) that make a notice final: they are about this
 * text, or this person. Everything else (token, scopes, app, channel, unknown codes) is retried.
 */
const ABOUT_THIS_MESSAGE: ReadonlySet<string> = new Set([
  ...SHAPE_FAULTS,
  'msg_too_long',
  'no_text',
  'too_many_attachments',
]);
const ABOUT_THIS_PERSON: ReadonlySet<string> = new Set(['user_not_found', 'user_disabled', 'cannot_dm_bot']);

export interface MessengerParts {
  readonly client: WebClient;
  readonly home: HomeWorkspace;
  /** To find out whether a person who can't be reached still exists. */
  readonly directory: Pick<Directory, 'person'>;
  readonly log: Log;
}

export class Messenger {
  readonly #parts: MessengerParts;

  constructor(parts: MessengerParts) {
    this.#parts = parts;
  }

  async post(
    channel: string,
    message: Message,
    options: PostOptions = {},
  ): Promise<SlackAnswer<CardLocation>> {
    const { client, log } = this.#parts;
    const answer = await sendMessage(message, log, (form) => postMessage(client, channel, form, options));
    if (!answer.ok) return answer;
    const { ts, channel: channelId = channel } = answer.value;
    const { threadTs } = options;
    return ts === undefined
      ? { ok: false, failure: { kind: 'unreachable', why: 'the answer names no message' } }
      : { ok: true, value: { channelId, messageTs: ts, ...(threadTs === undefined ? {} : { threadTs }) } };
  }

  update({ channelId, messageTs }: CardLocation, message: Message): Promise<SlackAnswer<unknown>> {
    const { client, log } = this.#parts;
    return sendMessage(message, log, (form) =>
      client.chat.update({ channel: channelId, ts: messageTs, ...form }),
    );
  }

  /** The same, with what it means for the message. `about`: for the log. */
  async edit(place: CardLocation, message: Message, about: object): Promise<Edited> {
    const answer = await this.update(place, message);
    if (answer.ok || answer.failure.kind !== 'refused')
      return { kind: 'answered', delivery: delivery(answer) };
    const { error } = answer.failure;
    this.#parts.log.warn({ ...about, why: failureText(answer.failure) }, 'message could not be redrawn');
    if (error === 'message_not_found') return { kind: 'gone' };
    return EDIT_IS_OVER.has(error)
      ? { kind: 'frozen', error }
      : { kind: 'answered', delivery: delivery(answer) };
  }

  /**
   * Tells one after the other. An outage stops it; one person who can't be reached doesn't keep the others from being
   * told. `about`: for the log.
   */
  async tellEach(
    userIds: readonly string[],
    about: object,
    tell: (userId: string) => Promise<Delivery>,
  ): Promise<Delivery> {
    let missed: Delivery | null = null;
    for (const userId of userIds) {
      const told = await tell(userId);
      if (told.ok) continue;
      if (told.retry && told.onlyThis !== true) return told;
      this.#parts.log.warn({ ...about, userId, why: told.why }, 'person could not be told');
      if (told.retry) missed = told;
    }
    return missed ?? DELIVERED;
  }

  /** In the thread of `parent`; in its channel if that message is gone or takes no replies. */
  async reply(
    parent: CardLocation,
    message: Message,
    options: Omit<PostOptions, 'threadTs'> = {},
  ): Promise<SlackAnswer<CardLocation>> {
    const { channelId, messageTs: threadTs } = parent;
    const answer = await this.post(channelId, message, { ...options, threadTs });
    const isGone =
      !answer.ok && answer.failure.kind === 'refused' && PARENT_IS_GONE.has(answer.failure.error);
    return isGone ? this.post(channelId, message, { key: options.key }) : answer;
  }

  /** Directly, with e-mails in full, so only to a person of this workspace. */
  async tellPerson(to: PersonId, write: (workspaceUrl: string | null) => Message): Promise<Delivery> {
    if (!isUserId(to.userId)) return refusedForOne(false, 'the addressee is not a person');
    const home = await this.#parts.home.read();
    if (!home.ok) return { ok: false, retry: true, why: home.why, retryAfterMs: null };
    if (to.teamId !== home.value.teamId) return refusedForOne(true, 'the addressee is of another workspace');
    const answer = await this.post(to.userId, write(home.value.url));
    if (answer.ok) return DELIVERED;
    return (await this.#isGone(to, answer.failure)) ? finalRefusal(answer.failure) : delivery(answer);
  }

  /** channel_not_found means a person without direct messages or a wrong token: users.info shows which. */
  async #isGone(to: PersonId, failure: SlackFailure): Promise<boolean> {
    if (failure.kind !== 'refused') return false;
    if (ABOUT_THIS_PERSON.has(failure.error)) return true;
    if (failure.error !== 'channel_not_found') return false;
    const person = await this.#parts.directory.person(to, { fresh: true });
    return person.ok && person.value.kind !== 'member' && person.value.kind !== 'guest';
  }
}

export function delivery(answer: SlackAnswer<unknown>): Delivery {
  return answer.ok ? DELIVERED : undelivered(answer.failure);
}

/** The same for a message whose place is kept: where it is now. */
export function placeDelivery(answer: SlackAnswer<CardLocation>): Delivery {
  return answer.ok ? { ok: true, card: answer.value } : undelivered(answer.failure);
}

function undelivered(failure: SlackFailure): Delivery {
  const why = failureText(failure);
  switch (failure.kind) {
    case 'rate-limited':
      return { ok: false, retry: true, why, retryAfterMs: failure.retryAfterMs };
    case 'unreachable':
      return { ok: false, retry: true, why, retryAfterMs: null };
    case 'refused':
      if (ABOUT_THIS_MESSAGE.has(failure.error)) return finalRefusal(failure);
      return TOKEN_REFUSED.has(failure.error)
        ? { ok: false, retry: true, why, retryAfterMs: null }
        : refusedForOne(true, why);
  }
}

/** Final: Slack would answer the same every time. */
function finalRefusal(failure: SlackFailure): Delivery {
  return refusedForOne(false, failureText(failure));
}

/** It doesn't concern other messages. */
export function refusedForOne(retry: boolean, why: string): Delivery {
  return { ok: false, retry, onlyThis: true, why, retryAfterMs: null };
}
