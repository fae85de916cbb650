/** A message as text, and the labels of its buttons. */
import { renderText } from '../../../sandbox/slack/render-text.ts';
import type { Message } from '../../../src/slack/views/blocks.ts';

export function shownText({ blocks }: Message): string {
  return renderText({ blocks: blocks.map((block) => ({ ...block })) }, (id) => `@${id}`);
}

export function shownButtons(message: Message): string[] {
  return [...shownText(message).matchAll(/\[([^\]]+)\]/g)].map(([, label = '']) => label);
}
