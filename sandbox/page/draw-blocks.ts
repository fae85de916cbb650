/** Block Kit on the page: `slack-blocks-to-jsx` draws what only shows, this file and its neighbours what acts. */
import { type Block, Message, type MessageProps } from 'slack-blocks-to-jsx';
import { isObject, type JsonObject, readObjects } from '../slack/json.ts';
import { drawActionElement, drawInput, plainText } from './draw-element.ts';
import { drawTable } from './draw-table.ts';
import { type Content, drawReact, h, html, type Markup } from './html.ts';
import { drawDate, type Reader } from './reader.ts';

const LIBRARY_DRAWS = [
  'header',
  'section',
  'context',
  'divider',
  'rich_text',
  'image',
  'alert',
  'data_visualization',
];

function isLibraryBlock(block: JsonObject): block is JsonObject & Block {
  return LIBRARY_DRAWS.includes(String(block.type));
}

/** Two asterisks or more mean nothing in Slack's mrkdwn; the library would draw a masked address in bold. */
const ASTERISKS = /\*{2,}/g;
const LOOKS_LIKE_AN_ASTERISK = '\u2217';

/**
 * Blocks as the library needs them to draw what Slack would. Slack parses mrkdwn that says `verbatim`, too (it only
 * leaves bare names and addresses alone); the library shows it raw.
 */
function forLibrary(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forLibrary);
  if (!isObject(value)) return value;
  const { verbatim: _verbatim, ...fields } = value;
  const mapped = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, forLibrary(field)]));
  if (value.type !== 'mrkdwn' || typeof value.text !== 'string') return mapped;
  const text = value.text.replaceAll(ASTERISKS, (run) => LOOKS_LIKE_AN_ASTERISK.repeat(run.length));
  return { ...mapped, text };
}

function namesFor({ directory }: Reader): Pick<MessageProps, 'data'> {
  const named = (id: string) => directory.nameOf(id).slice(1);
  return {
    data: {
      users: [...directory.people.keys()].map((id) => ({ id, name: named(id) })),
      channels: [...directory.channels.keys()].map((id) => ({ id, name: named(id) })),
      user_groups: [...directory.userGroups.keys()].map((id) => ({ id, name: named(id) })),
    },
  };
}

const mention = (text: string) => h('span', { className: 'mention' }, text);

function hooksFor(reader: Reader): NonNullable<MessageProps['hooks']> {
  return {
    user: ({ id, name }) => mention(`@${name || id}`),
    channel: ({ id, name }) => mention(`#${name || id}`),
    usergroup: ({ id, name }) => mention(`@${name || id}`),
    date: ({ timestamp, format, fallback }) => drawDate(reader, Number(timestamp), format, fallback),
    // ":45:" in a time is not an emoji.
    emoji: (emoji, parse) => {
      const drawn = parse(emoji);
      return drawn === emoji.name ? `:${emoji.name}:` : drawn;
    },
    link: ({ href, children }) => {
      // Addresses that the library found by itself, and people's profiles, lead nowhere here.
      if (href.startsWith('mailto:')) return h('span', null, children);
      if (href.includes('/team/')) return h('span', { className: 'mention' }, children);
      const card = /\/archives\/([A-Z0-9]+)\/p\d+/.exec(href)?.[1];
      return h('a', { href: card === undefined ? href : `#/at=${card}` }, children);
    },
  };
}

function drawByLibrary(blocks: readonly JsonObject[], reader: Reader): Markup {
  const drawable = blocks.map(forLibrary).filter(isObject).filter(isLibraryBlock);
  const names = namesFor(reader);
  const hooks = hooksFor(reader);
  return drawReact(
    h(Message, {
      ...names,
      blocks: drawable,
      hooks,
      logo: '',
      name: '',
      withoutWrapper: true,
      unstyled: true,
    }),
  );
}

/** mrkdwn alone, as in messages without blocks. */
export function drawText(text: string, reader: Reader): Markup {
  return drawByLibrary([{ type: 'section', text: { type: 'mrkdwn', text } }], reader);
}

function drawContainer(block: JsonObject, reader: Reader): Markup {
  const title = plainText(block.title);
  const inside = drawBlocks(readObjects(block.child_blocks), reader);
  if (block.is_collapsible !== true)
    return html`<div class="container"><p class="container-title">${title}</p>${inside}</div>`;
  const open = block.default_collapsed !== true && html`open`;
  return html`<details class="container" ${open}><summary>${title}</summary>${inside}</details>`;
}

function drawSection({ accessory, ...shown }: JsonObject, reader: Reader): Markup {
  const text = drawByLibrary([shown], reader);
  if (!isObject(accessory)) return html`<div>${text}</div>`;
  return html`<div class="with-accessory">${text}${drawActionElement(accessory, String(shown.block_id))}</div>`;
}

/** `errors`: what a modal's last submission was refused with, by block id. */
export function drawBlocks(
  blocks: readonly JsonObject[],
  reader: Reader,
  errors: Readonly<Record<string, string>> = {},
): Content {
  return blocks.map((block) => {
    const blockId = String(block.block_id);
    switch (block.type) {
      case 'actions': {
        const elements = readObjects(block.elements).map((element) => drawActionElement(element, blockId));
        return html`<div class="actions">${elements}</div>`;
      }
      case 'input':
        return drawInput(block, errors[blockId]);
      case 'table':
      case 'data_table':
        return drawTable(block);
      case 'container':
        return drawContainer(block, reader);
      case 'section':
        return drawSection(block, reader);
      default:
        return isLibraryBlock(block)
          ? drawByLibrary([block], reader)
          : html`<p class="quiet">(${String(block.type)}: not drawn here)</p>`;
    }
  });
}
