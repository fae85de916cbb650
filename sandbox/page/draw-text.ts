/** Text as the reader's Slack would show it: `slack-blocks-to-jsx` draws it with the names and times from here. */
import { createElement as h, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { type Block, Message, type MessageProps } from 'slack-blocks-to-jsx';
import type { Directory, Person } from '../slack/directory.ts';
import { isObject, type JsonObject } from '../slack/json.ts';
import { Markup } from './html.ts';

/** Who looks at the page. */
export interface Reader {
  readonly person: Person;
  readonly directory: Directory;
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;
const NEAR_DAYS: Readonly<Record<number, string>> = { [-1]: 'Yesterday', 0: 'Today', 1: 'Tomorrow' };
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

function dateText({ person: { tz: timeZone }, nowMs }: Reader, atMs: number, isPretty: boolean): string {
  const dayOf = (ms: number) => Date.parse(new Date(ms).toLocaleDateString('en-CA', { timeZone }));
  const near = isPretty ? NEAR_DAYS[(dayOf(atMs) - dayOf(nowMs)) / DAY_MS] : undefined;
  return near ?? new Date(atMs).toLocaleDateString('en-GB', { timeZone, dateStyle: 'medium' });
}

export function timeText({ person }: Reader, atMs: number, timeStyle: 'short' | 'medium' = 'short'): string {
  return new Date(atMs).toLocaleTimeString('en-GB', { timeZone: person.tz, timeStyle });
}

function agoText(awayMs: number): string {
  const [unit, lengthMs] = STEPS.find(([, step]) => Math.abs(awayMs) >= step) ?? ['second', 1_000];
  return new Intl.RelativeTimeFormat('en').format(Math.round(awayMs / lengthMs), unit);
}

/** A `<!date^…>` token in the reader's own zone. `seconds` is a Unix time. */
function drawDate(reader: Reader, seconds: number, format: string, fallback: string): ReactElement {
  const atMs = seconds * 1000;
  if (!Number.isFinite(atMs)) return h('span', null, fallback);
  const text = format.replaceAll(/\{(\w+)\}/g, (whole, token: string) => {
    if (token === 'time') return timeText(reader, atMs);
    if (token === 'time_secs') return timeText(reader, atMs, 'medium');
    if (token === 'ago') return agoText(atMs - reader.nowMs);
    return token.startsWith('date') ? dateText(reader, atMs, token.endsWith('_pretty')) : whole;
  });
  return h('time', { dateTime: new Date(atMs).toISOString(), title: fallback }, text);
}

const mention = (text: unknown) => h('span', { className: 'mention' }, String(text));

/** A link to a message leads to its conversation in the page. */
export function placeOf(href: string): string {
  const channel = /\/archives\/([A-Z0-9]+)\/p\d+/.exec(href)?.[1];
  return channel === undefined ? href : `#/at=${channel}`;
}

function hooksFor(reader: Reader): NonNullable<MessageProps['hooks']> {
  const named = ({ id }: { readonly id: string }) => mention(reader.directory.nameOf(id));
  return {
    user: named,
    channel: named,
    usergroup: named,
    date: ({ timestamp, format, fallback }) => drawDate(reader, Number(timestamp), format, fallback),
    // ":45:" in a time is not an emoji.
    emoji: (emoji, parse) => {
      const drawn = parse(emoji);
      return drawn === emoji.name ? `:${emoji.name}:` : drawn;
    },
    link: ({ href, children }) => {
      // E-mail addresses and people's profiles open nothing here.
      if (href.startsWith('mailto:')) return h('span', null, children);
      if (href.includes('/team/')) return h('span', { className: 'mention' }, children);
      return h('a', { href: placeOf(href) }, children);
    },
  };
}

/** Blocks that the library draws as Slack would; the others need drawing of their own. */
const DRAWN = [
  'header',
  'section',
  'context',
  'divider',
  'rich_text',
  'image',
  'alert',
  'data_visualization',
];

function isDrawn(block: JsonObject): block is JsonObject & Block {
  return DRAWN.includes(String(block.type));
}

/**
 * Slack parses mrkdwn that says `verbatim`, too (it only leaves bare names and addresses alone); the library shows it
 * raw. Two asterisks or more mean nothing in Slack's mrkdwn; the library would draw a masked address in bold.
 */
function forLibrary(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(forLibrary);
  if (!isObject(value)) return value;
  const { verbatim: _verbatim, ...fields } = value;
  const mapped = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, forLibrary(field)]));
  if (value.type !== 'mrkdwn' || typeof value.text !== 'string') return mapped;
  return { ...mapped, text: value.text.replaceAll(/\*{2,}/g, (run) => '\u2217'.repeat(run.length)) };
}

/** What the library makes of a block; null for one that it does not draw. */
export function drawByLibrary(block: JsonObject, reader: Reader): Markup | null {
  const given = forLibrary(block);
  if (!isObject(given) || !isDrawn(given)) return null;
  const hooks = hooksFor(reader);
  const message = h(Message, {
    blocks: [given],
    hooks,
    logo: '',
    name: '',
    withoutWrapper: true,
    unstyled: true,
  });
  // The library gives every message the same id; ids must be unique in a page.
  return new Markup(renderToStaticMarkup(message).replaceAll(' id="slack_blocks_to_jsx"', ''));
}
