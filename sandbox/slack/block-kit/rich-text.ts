/** What Slack accepts as the elements of a `rich_text` block. Pure. */

import { LIMITS } from '../../../src/slack/views/limits.ts';
import {
  anything,
  array,
  boolean,
  byType,
  type Field,
  finiteNumber,
  integer,
  matching,
  object,
  oneOf,
  optional,
  required,
  string,
} from './checks.ts';

const type = required(anything);
const style = optional(anything);
const longText = required(string(LIMITS.text * 4));
const richPiece = byType(() => ({
  text: object({ type, text: longText, style }),
  link: object({
    type,
    url: required(string(LIMITS.button.url)),
    text: optional(string(LIMITS.text)),
    unsafe: optional(boolean),
    style,
  }),
  user: object({ type, user_id: required(string(255)), style }),
  usergroup: object({ type, usergroup_id: required(string(255)), style }),
  channel: object({ type, channel_id: required(string(255)), style }),
  team: object({ type, team_id: required(string(255)), style }),
  broadcast: object({ type, range: required(oneOf('here', 'channel', 'everyone')), style }),
  emoji: object({
    type,
    name: required(string(255)),
    unicode: optional(string(255)),
    url: optional(string(3000)),
    style,
  }),
  color: object({ type, value: required(matching(/^#[0-9A-Fa-f]{6}$/, 'a hex colour')), style }),
  date: object({
    type,
    timestamp: required(integer(0, 99_999_999_999)),
    format: required(string(255)),
    url: optional(string(3000)),
    fallback: optional(string(LIMITS.text)),
    style,
  }),
}));
const richPieces = required(array(richPiece, 3000, 0));
const border = optional(integer(0, 1));
const richSection = object({ type, elements: richPieces });

/** `elements` of a `rich_text` block. */
export const richTextElements: Field = required(
  array(
    byType(() => ({
      rich_text_section: richSection,
      rich_text_list: object({
        type,
        style: required(oneOf('bullet', 'ordered')),
        elements: required(
          array(
            byType(() => ({ rich_text_section: richSection })),
            3000,
          ),
        ),
        indent: optional(integer(0, 8)),
        offset: optional(finiteNumber),
        border,
      }),
      rich_text_quote: object({ type, elements: richPieces, border }),
      rich_text_preformatted: object({ type, elements: richPieces, border, language: optional(string(255)) }),
    })),
    3000,
    0,
  ),
);
