/** Markup as templates: what is put into one is escaped, unless it is markup itself. */
import { createElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Text, numbers and markup, or lists of them; null, undefined and false are nothing. */
export type Content = Markup | string | number | false | null | undefined | readonly Content[];

export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const text = parts.reduce((sum, part, index) => sum + toHtml(contents[index - 1]) + part);
  return new Markup(text.trim());
}

export function toHtml(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  return Array.isArray(content) ? content.map(toHtml).join('') : '';
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Attributes for a start tag; those that are undefined or false are left out, `true` is an empty one. */
export function attributes(wanted: Readonly<Record<string, string | number | boolean | undefined>>): Markup {
  const written = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined || value === false
      ? []
      : [`${name}="${value === true ? '' : escapeHtml(String(value))}"`],
  );
  return new Markup(written.join(' '));
}

/** For what `slack-blocks-to-jsx` draws. */
export const h = createElement;

/** The library gives every message the same id; an id may stand in a page only once. */
const REPEATED_ID = ' id="slack_blocks_to_jsx"';

export function drawReact(node: ReactNode): Markup {
  return new Markup(renderToStaticMarkup(node).replaceAll(REPEATED_ID, ''));
}
