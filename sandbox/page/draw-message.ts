/** A message with its author, its mark if nobody else sees it, and its thread; a modal; a Home tab. */
import { readObjects } from '../slack/json.ts';
import type { Store, StoredMessage, StoredView } from '../slack/store.ts';
import { drawBlocks, drawText } from './draw-blocks.ts';
import { plainText } from './draw-element.ts';
import { type Content, html, type Markup, toHtml } from './html.ts';
import { type Reader, timeText } from './reader.ts';

const MESSAGES_SHOWN = 60;

function avatar(userId: string, name: string): Markup {
  const hue = [...userId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  const look = name === 'Loandesk' ? 'bot' : `hue-${Math.floor(hue / 60)}`;
  return html`<span class="avatar ${look}" aria-hidden="true">${name.slice(0, 1)}</span>`;
}

const sentAtMs = (ts: string) => Math.floor(Number(ts) * 1000);

function drawBody(message: StoredMessage, reader: Reader): Content {
  if (message.blocks.length > 0) return drawBlocks(message.blocks, reader);
  return message.text === '' ? null : drawText(message.text, reader);
}

function drawFiles({ files = [] }: StoredMessage): Content {
  return files.map(
    ({ id, name }) => html`<p><a class="file" href="/file/${id}" download="${name}">File: ${name}</a></p>`,
  );
}

function drawThread(replies: readonly StoredMessage[], reader: Reader): Content {
  if (replies.length === 0) return null;
  const count = `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`;
  const drawn = replies.map((reply) => drawMessage(reply, [], reader));
  return html`<details class="thread" open><summary>${count}</summary><ol class="messages">${drawn}</ol></details>`;
}

function drawMessage(message: StoredMessage, replies: readonly StoredMessage[], reader: Reader): Markup {
  const { userId, channelId, ts } = message;
  const person = reader.directory.people.get(userId);
  const name = person?.realName ?? userId;
  const isPrivate = message.viewerId !== undefined;
  const at = new Date(sentAtMs(ts)).toISOString();
  return html`<li id="message-${ts}" class="message ${isPrivate && 'private'}" data-channel="${channelId}" data-ts="${ts}">
    ${avatar(userId, name)}
    <div class="message-body">
      ${isPrivate && html`<p class="only-you">Only visible to you</p>`}
      <p class="byline"><strong>${name}</strong>
        ${person?.isBot === true && html`<span class="app">APP</span>`}
        <time datetime="${at}">${timeText(reader, sentAtMs(ts))}</time></p>
      ${drawBody(message, reader)}${drawFiles(message)}${drawThread(replies, reader)}
    </div>
  </li>`;
}

/** The newest messages of a channel, each with its thread, oldest first. */
export function conversationHtml(store: Store, channelId: string, reader: Reader): string {
  const all = store.messages(channelId, reader.person.id);
  const isTop = (message: StoredMessage) =>
    message.threadTs === undefined ||
    message.threadTs === message.ts ||
    store.message(channelId, message.threadTs) === undefined;
  const shown = all.filter(isTop).slice(-MESSAGES_SHOWN);
  if (shown.length === 0) return toHtml(EMPTY);
  return shown
    .map((message) => {
      const replies = all.filter(
        (other) => other !== message && !isTop(other) && other.threadTs === message.ts,
      );
      return messageHtml(message, replies, reader);
    })
    .join('');
}

/** Where a block cannot be drawn, the message's text stands in for it, as in a notification. */
function messageHtml(message: StoredMessage, replies: readonly StoredMessage[], reader: Reader): string {
  try {
    return toHtml(drawMessage(message, replies, reader));
  } catch {
    return toHtml(drawMessage({ ...message, blocks: [] }, replies, reader));
  }
}

const EMPTY = html`<li class="empty"><p>Nothing here yet. Type a command below: </p>
  <p><code>/ltv</code> shows where every risk unit stands.</p></li>`;

/** The Home tab that the bot published for this person. */
export function homeHtml(view: StoredView | undefined, reader: Reader): string {
  if (view === undefined) return toHtml(html`<p class="quiet">The bot has not published it yet.</p>`);
  const blocks = drawBlocks(readObjects(view.payload.blocks), reader);
  return toHtml(html`<div class="home" data-view="${view.id}" id="${view.id}">${blocks}</div>`);
}

/** The modal on top: a form whose fields are named by their block ids. */
export function modalHtml({ id, payload, errors }: StoredView, reader: Reader): string {
  const submit = plainText(payload.submit);
  return toHtml(html`<form class="modal" data-view="${id}" id="${id}">
    <h2 id="modal-title">${plainText(payload.title)}</h2>
    <div class="modal-blocks" tabindex="0" role="group" aria-labelledby="modal-title">
      ${drawBlocks(readObjects(payload.blocks), reader, errors)}
    </div>
    <div class="modal-buttons">
      <button type="button" class="button" data-close-view="${id}">${plainText(payload.close) || 'Close'}</button>
      ${submit !== '' && html`<button type="submit" class="button primary">${submit}</button>`}
    </div>
  </form>`);
}
