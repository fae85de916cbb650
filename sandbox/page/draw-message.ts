/** A message with its author, its mark if nobody else sees it, and its thread; a modal; a Home tab. */
import type { ReactElement, ReactNode } from 'react';
import { readObjects } from '../slack/json.ts';
import type { Store, StoredMessage, StoredView } from '../slack/store.ts';
import { drawBlocks, drawText } from './draw-blocks.ts';
import { plainText } from './draw-element.ts';
import { h, toHtml } from './html.ts';
import { type Reader, timeText } from './reader.ts';

const MESSAGES_SHOWN = 60;

function avatar(userId: string, name: string): ReactElement {
  const hue = [...userId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  const isBot = name === 'Loandesk';
  const className = `avatar ${isBot ? 'bot' : `hue-${Math.floor(hue / 60)}`}`;
  return h('span', { className, 'aria-hidden': true }, name.slice(0, 1));
}

const sentAtMs = (ts: string) => Math.floor(Number(ts) * 1000);

function drawBody(message: StoredMessage, reader: Reader): ReactNode {
  if (message.blocks.length > 0) return drawBlocks(message.blocks, reader);
  return message.text === '' ? null : drawText(message.text, reader);
}

function drawFiles({ files = [] }: StoredMessage): ReactNode {
  return files.map(({ id, name }) =>
    h('p', { key: id }, h('a', { className: 'file', href: `/file/${id}`, download: name }, `File: ${name}`)),
  );
}

function drawThread(replies: readonly StoredMessage[], reader: Reader): ReactNode {
  if (replies.length === 0) return null;
  const count = `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`;
  return h(
    'details',
    { className: 'thread', open: true },
    h('summary', null, count),
    h(
      'ol',
      { className: 'messages' },
      replies.map((reply) => drawMessage(reply, [], reader)),
    ),
  );
}

function drawMessage(
  message: StoredMessage,
  replies: readonly StoredMessage[],
  reader: Reader,
): ReactElement {
  const { directory } = reader;
  const name = directory.people.get(message.userId)?.realName ?? message.userId;
  const isApp = directory.people.get(message.userId)?.isBot === true;
  const time = timeText(reader, sentAtMs(message.ts));
  const isPrivate = message.viewerId !== undefined;
  return h(
    'li',
    {
      key: message.ts,
      className: isPrivate ? 'message private' : 'message',
      'data-key': message.ts,
      'data-channel': message.channelId,
      'data-ts': message.ts,
    },
    avatar(message.userId, name),
    h(
      'div',
      { className: 'message-body' },
      isPrivate ? h('p', { className: 'only-you' }, 'Only visible to you') : null,
      h(
        'p',
        { className: 'byline' },
        h('strong', null, name),
        isApp ? h('span', { className: 'app' }, 'APP') : null,
        h('time', { dateTime: new Date(sentAtMs(message.ts)).toISOString() }, time),
      ),
      drawBody(message, reader),
      drawFiles(message),
      drawThread(replies, reader),
    ),
  );
}

/** The newest messages of a channel, each with its thread, oldest first. */
export function conversationHtml(store: Store, channelId: string, reader: Reader): string {
  const all = store.messages(channelId, reader.person.id);
  const isTop = (message: StoredMessage) =>
    message.threadTs === undefined ||
    message.threadTs === message.ts ||
    store.message(channelId, message.threadTs) === undefined;
  const shown = all.filter(isTop).slice(-MESSAGES_SHOWN);
  if (shown.length === 0) return toHtml(emptyConversation());
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

function emptyConversation(): ReactElement {
  return h(
    'li',
    { className: 'empty' },
    h('p', null, 'Nothing here yet. Type a command below: '),
    h('p', null, h('code', null, '/ltv'), ' shows where every risk unit stands.'),
  );
}

/** The Home tab that the bot published for this person. */
export function homeHtml(view: StoredView | undefined, reader: Reader): string {
  if (view === undefined) return toHtml(h('p', { className: 'quiet' }, 'The bot has not published it yet.'));
  const blocks = drawBlocks(readObjects(view.payload.blocks), reader);
  return toHtml(h('div', { className: 'home', 'data-view': view.id, 'data-key': view.id }, blocks));
}

/** The modal on top: a form whose fields are named by their block ids. */
export function modalHtml(view: StoredView, reader: Reader): string {
  const { payload, errors } = view;
  const submit = plainText(payload.submit);
  return toHtml(
    h(
      'form',
      { className: 'modal', 'data-view': view.id, 'data-key': view.id },
      h('h2', { id: 'modal-title' }, plainText(payload.title)),
      h(
        'div',
        { className: 'modal-blocks', tabIndex: 0, role: 'group', 'aria-labelledby': 'modal-title' },
        drawBlocks(readObjects(payload.blocks), reader, errors),
      ),
      h(
        'div',
        { className: 'modal-buttons' },
        h(
          'button',
          { type: 'button', className: 'button', 'data-close-view': view.id },
          plainText(payload.close) || 'Close',
        ),
        submit === '' ? null : h('button', { type: 'submit', className: 'button primary' }, submit),
      ),
    ),
  );
}
