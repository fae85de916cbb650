/**
 * Every size limit that Slack puts on what Loandesk sends, and the text tools that keep within them.
 * Pure. The checker that applies the numbers is `sandbox/slack/block-kit/check-blocks.ts`; views use the numbers to split
 * and shorten, the sandbox workspace uses the checker to refuse.
 *
 * Sources, by the letter in each comment:
 *   [T] doc comments of @slack/types 3.2.0
 *   [R] Slack's Block Kit reference, docs.slack.dev/reference/block-kit (the newest copy read, 2026)
 *   [P] docs.slack.dev/reference/methods/chat.postMessage and chat.update
 *   [V] docs.slack.dev/reference/views
 *   [I] observed by users: bolt-js issues 2509 and 2867, incidentbot issue 328
 * Lengths count UTF-16 units: never more generous than a count of code points.
 */
export const LIMITS = {
  message: {
    /** [R] blocks in one message. */
    blocks: 50,
    /** [P] Slack advises at most this much top-level text. */
    textAdvised: 4_000,
    /** [P] chat.postMessage truncates top-level text above this. */
    textTruncatedAbove: 40_000,
    /** [P] chat.update refuses top-level text above this with `msg_too_long`. */
    updateText: 4_000,
    /** [I] undocumented ceiling for the text of all blocks together: `msg_blocks_too_long`. */
    blocksCharacters: 13_200,
    /** What our views aim at: [I] 2867 reports a refusal at 11,341 characters of text alone. */
    blocksCharactersAimed: 10_000,
    /** [R] characters over all `markdown` blocks of a payload. */
    markdownCharacters: 12_000,
    /** [R] older table page: `only_one_table_allowed`; counts `table` and `data_table` together. */
    tables: 1,
    /** [R] data_visualization blocks a message. */
    charts: 2,
  },
  view: {
    /** [V] blocks in a modal or a Home tab. */
    blocks: 100,
    /** [V] title, submit and close. */
    title: 24,
    submit: 24,
    close: 24,
    /** [V] */
    privateMetadata: 3_000,
    callbackId: 255,
  },
  /** [T] */
  blockId: 255,
  actionId: 255,
  /** [T] a text object where nothing narrower is said. */
  text: 3_000,
  header: { text: 150 },
  section: { text: 3_000, fields: 10, field: 2_000 },
  context: { elements: 10 },
  actions: { elements: 25 },
  input: { label: 2_000, hint: 2_000 },
  alert: { text: 200 },
  container: { children: 10, title: 150, subtitle: 150 },
  /** [T][R] rows include the header row. */
  table: { rows: 100, columns: 20, columnSettings: 20, characters: 10_000 },
  /** [R] rows include the header row; an older copy of the page says 101 rows and 10,000 characters. */
  dataTable: { minRows: 2, rows: 201, columns: 20, characters: 20_000, pageSize: 100 },
  /** [R] `series` (and segments) is 12 in the newest copy and 6 in an older one: the stricter is taken. */
  chart: { title: 50, series: 6, points: 20, label: 20, axisLabel: 50 },
  button: { text: 75, value: 2_000, url: 3_000, accessibilityLabel: 75 },
  confirm: { title: 100, text: 300, confirm: 30, deny: 30 },
  /** `value` is 75 in [T] and 150 in a newer copy of [R]: the stricter is taken. */
  option: { text: 75, value: 75, description: 75 },
  choices: { options: 10 },
  plainTextInput: { value: 3_000, placeholder: 150 },
} as const;

/** Slack's three special characters become entities, and nothing else changes. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const LOOKALIKES: Readonly<Record<string, string>> = { '*': '∗', _: '＿', '~': '∼', '`': 'ˋ' };

/**
 * What somebody typed, so that nothing in it is drawn: mrkdwn has no escape for its marks, so those that could format
 * something, the colons of an emoji and quotation marks become characters that look like them. Still to be escaped.
 */
export function withoutMarks(text: string): string {
  return text
    .replace(/(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])|`/gu, (mark) => LOOKALIKES[mark] ?? mark)
    .replace(/:(?=[\w+'-]+:)/g, '∶')
    .replace(/[“”„‟]/g, '"');
}

const ELLIPSIS = '…';
/** Things that lose their meaning when cut: entities, and mentions, links and date tokens in `<…>`. */
const UNBREAKABLE = /&(?:amp|lt|gt);|<(?:[@#!]|https?:|mailto:)[^<>]*>/g;

/**
 * Cuts text to at most `maxCharacters` UTF-16 units, the closing `…` included; shorter text is returned
 * unchanged. Give it text that is already escaped: it never cuts inside an entity, a `<…>` token or a
 * surrogate pair, so the result is as valid as the input. With a maximum below 1 the result is empty.
 */
export function shorten(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  if (maxCharacters < 1) return '';
  let end = Math.floor(maxCharacters) - ELLIPSIS.length;
  for (const match of text.matchAll(UNBREAKABLE)) {
    if (match.index >= end) break;
    if (match.index + match[0].length > end) end = match.index;
  }
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return text.slice(0, end).trimEnd() + ELLIPSIS;
}
