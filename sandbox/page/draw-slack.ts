/** What Slack shows one person: the places to open, a conversation with its threads, the Home tab, a modal. */
import { readObjects } from '../slack/json.ts';
import { renderMrkdwn } from '../slack/render-mrkdwn.ts';
import type { Store, StoredMessage, StoredView } from '../slack/store.ts';
import { drawBlocks, plainText } from './draw-blocks.ts';
import { drawByLibrary, type Reader, timeText } from './draw-text.ts';
import { type Content, html, type Markup, toHtml } from './html.ts';

const MESSAGES_SHOWN = 60;

/** The id of the bot's Home tab among the places. */
export const HOME = 'home';

/** Something a person can open: a channel, the direct message with the bot, the bot's Home tab. */
export interface Place {
  /** A channel's id, or `home`. */
  readonly id: string;
  readonly label: string;
}

export function placesOf({ directory, person }: Reader): readonly Place[] {
  const channels = [...directory.channels.values()].filter(
    ({ kind, isArchived, members }) => kind === 'channel' && !isArchived && members.has(person.id),
  );
  return [
    ...channels.map(({ id, name }) => ({ id, label: `#${name}` })),
    { id: directory.directMessage(person.id).id, label: '@Loandesk' },
    { id: HOME, label: 'Loandesk Home' },
  ];
}

/** Each link carries the order number of the newest thing behind it: larger than what was seen means unread. */
export function placesHtml(places: readonly Place[], openId: string, store: Store, reader: Reader): string {
  const links = places.map(({ id, label }) => {
    const given = {
      href: `#/at=${id}`,
      'data-newest': store.messages(id, reader.person.id).at(-1)?.order ?? 0,
      'aria-current': id === openId && 'page',
    };
    return html`<li id="place-${id}"><a ${given}>${label}</a></li>`;
  });
  return toHtml(html`<ul class="plain">${links}</ul>`);
}

function drawBody({ text, blocks }: StoredMessage, reader: Reader): Content {
  if (blocks.length > 0) return drawBlocks(blocks, reader);
  return text !== '' && drawByLibrary({ type: 'section', text: { type: 'mrkdwn', text } }, reader);
}

/** What a locked phone shows of a message: its `text` without its marks, and no blocks. */
function drawNotification({ text }: StoredMessage, { directory }: Reader): Markup {
  const told = renderMrkdwn(text, (id) => directory.nameOf(id));
  const unmarked = told.replaceAll(/([*_~`])(?=\S)(.*?\S)\1/g, '$2');
  return html`<p class="notification" data-text="${unmarked}"></p>`;
}

function drawThread(replies: readonly StoredMessage[], reader: Reader): Content {
  if (replies.length === 0) return null;
  const drawn = replies.map((reply) => drawMessage(reply, [], reader));
  return html`<details class="thread" open>
    <summary>${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}</summary>
    <ol class="messages plain">${drawn}</ol></details>`;
}

function drawMessage(message: StoredMessage, replies: readonly StoredMessage[], reader: Reader): Markup {
  const { userId, channelId, ts, viewerId, files = [] } = message;
  const person = reader.directory.people.get(userId);
  const name = person?.realName ?? userId;
  const sentAtMs = Math.floor(Number(ts) * 1000);
  const isBot = person?.isBot === true;
  return html`<li id="message-${ts}" class="message ${viewerId !== undefined && 'private'}"
    data-channel="${channelId}" data-ts="${ts}">
    <span class="avatar ${isBot && 'bot'}" aria-hidden="true">${name.slice(0, 1)}</span>
    <div>
      ${viewerId !== undefined && html`<p class="only-you">◉ Only visible to you</p>`}
      <p class="byline"><strong>${name}</strong> ${isBot && html`<span class="app">APP</span>`}
        <time datetime="${new Date(sentAtMs).toISOString()}">${timeText(reader, sentAtMs)}</time></p>
      ${isBot && viewerId === undefined && drawNotification(message, reader)}
      ${drawBody(message, reader)}
      ${files.map((file) => html`<p><a href="/file/${file.id}" download="${file.name}">File: ${file.name}</a></p>`)}
      ${drawThread(replies, reader)}
    </div>
  </li>`;
}

/** How each message was last drawn: a browser asks for the whole conversation whenever a part of it changes. */
const drawn = new WeakMap<StoredMessage, { readonly of: string; readonly markup: string }>();
const MINUTE_MS = 60_000;

/**
 * If a block cannot be drawn, the message's text is shown instead, as in a notification. A changed message is another
 * object, so only the reader, the replies and the time can differ; "5 seconds ago" may be a minute old.
 */
function messageHtml(message: StoredMessage, replies: readonly StoredMessage[], reader: Reader): string {
  const { person, nowMs } = reader;
  const of = [person.id, Math.floor(nowMs / MINUTE_MS), ...replies.map(({ order }) => order)].join(' ');
  const known = drawn.get(message);
  if (known?.of === of) return known.markup;
  const markup = freshHtml(message, replies, reader);
  drawn.set(message, { of, markup });
  return markup;
}

function freshHtml(message: StoredMessage, replies: readonly StoredMessage[], reader: Reader): string {
  try {
    return toHtml(drawMessage(message, replies, reader));
  } catch {
    return toHtml(drawMessage({ ...message, blocks: [] }, replies, reader));
  }
}

/** The newest messages of a channel, each with its thread, oldest first. */
export function conversationHtml(store: Store, channelId: string, reader: Reader): string {
  const all = store.messages(channelId, reader.person.id);
  /** The message that this one is shown under: none where its parent is not there, as under an ephemeral one. */
  const parentOf = ({ ts, threadTs }: StoredMessage) =>
    threadTs === undefined || threadTs === ts ? undefined : store.message(channelId, threadTs);
  const shown = all.filter((message) => parentOf(message) === undefined).slice(-MESSAGES_SHOWN);
  if (shown.length === 0)
    return toHtml(html`<li class="empty quiet"><p>Nothing here yet. Type a command below: <code>/ltv</code> shows where
      every risk unit stands.</p></li>`);
  return shown
    .map((message) =>
      messageHtml(
        message,
        all.filter((reply) => parentOf(reply)?.ts === message.ts),
        reader,
      ),
    )
    .join('');
}

/** The Home tab that the bot published for this person. */
export function homeHtml(view: StoredView | undefined, reader: Reader): string {
  if (view === undefined) return toHtml(html`<p class="quiet">The bot has not published it yet.</p>`);
  const blocks = drawBlocks(readObjects(view.payload.blocks), reader);
  return toHtml(html`<div data-view="${view.id}" id="${view.id}">${blocks}</div>`);
}

/** The modal on top: a form whose fields are named by their block ids. */
export function modalHtml({ id, payload, errors }: StoredView, reader: Reader): string {
  const submit = plainText(payload.submit);
  return toHtml(html`<form class="modal" data-view="${id}" id="${id}">
    <h2 id="modal-title">${plainText(payload.title)}</h2>
    <div class="modal-blocks" tabindex="0" role="group" aria-labelledby="modal-title">
      ${drawBlocks(readObjects(payload.blocks), reader, errors)}
    </div>
    <div class="row modal-buttons">
      <button type="button" class="button" data-close-view="${id}">${plainText(payload.close) || 'Close'}</button>
      ${submit !== '' && html`<button type="submit" class="button primary">${submit}</button>`}
    </div>
  </form>`);
}
