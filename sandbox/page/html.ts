/** Markup is made with React's elements and becomes text on the server: everything in it is escaped. */
import { createElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

export const h = createElement;

/** `slack-blocks-to-jsx` gives every message the same id; an id may stand in a page only once. */
const REPEATED_ID = ' id="slack_blocks_to_jsx"';

export function toHtml(node: ReactNode): string {
  return renderToStaticMarkup(node).replaceAll(REPEATED_ID, '');
}
