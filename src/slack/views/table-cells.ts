/** Cells of tables (text, numbers that sort, people, times in the reader's zone, links), and tables made of them. */
import type {
  DataTableBlock,
  RawNumberElement,
  RawTextElement,
  RichTextBlock,
  RichTextElement,
  TableBlock,
} from '@slack/types';
import type { CardLocation } from '../../domain/card-location.ts';
import type { PersonId } from '../../domain/person.ts';
import { cardLink, DATE_FORMAT, isUserId, utcText } from './format.ts';
import { LIMITS, shorten } from './limits.ts';

export type TableCell = RawNumberElement | RawTextElement | RichTextBlock;

/** Slack refuses an empty cell. */
const NONE = '–';

export function textCell(text: string, max = 200): RawTextElement {
  return { type: 'raw_text', text: text.trim() === '' ? NONE : shorten(text, max) };
}

/** `value` serves sorting only; what is read is `text`. */
export function numberCell(value: number, text: string): RawNumberElement | RawTextElement {
  return Number.isFinite(value) ? { type: 'raw_number', value, text } : textCell(text);
}

/** As a number where it is exactly one, so that Slack sorts it as one; a LONG beyond 2^53 stays text. */
export function idCell(id: string, shown = id): RawNumberElement | RawTextElement {
  const value = Number(id);
  return Number.isSafeInteger(value) ? numberCell(value, shown) : textCell(shown);
}

function richCell(elements: RichTextElement[]): RichTextBlock {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] };
}

/** By user id, as Slack shows it; nobody is pinged, for only private answers and Home have such tables. */
export function peopleCell(people: readonly PersonId[], max = 5): TableCell {
  if (people.length === 0) return textCell('');
  const pieces = people.slice(0, max).flatMap(({ userId }, index): RichTextElement[] => {
    const person: RichTextElement = isUserId(userId)
      ? { type: 'user', user_id: userId }
      : { type: 'text', text: shorten(userId, 40) };
    return index === 0 ? [person] : [{ type: 'text', text: ', ' }, person];
  });
  const left = people.length - max;
  return richCell(left > 0 ? [...pieces, { type: 'text', text: ` and ${left} more` }] : pieces);
}

/** In the reader's own zone; UTC where that is not rendered. */
export function timeCell(atMs: number | null): TableCell {
  if (atMs === null) return textCell('');
  const fallback = utcText(atMs);
  if (!fallback.endsWith('UTC')) return textCell(fallback);
  return richCell([{ type: 'date', timestamp: Math.floor(atMs / 1000), format: DATE_FORMAT, fallback }]);
}

/** A request's id, as a link to its card where there is one. */
export function requestCell(id: string, workspaceUrl: string | null, card: CardLocation | null): TableCell {
  const url = cardLink(workspaceUrl, card);
  const text = shorten(id, 40);
  return url === null ? textCell(text) : richCell([{ type: 'link', url, text }]);
}

/** A table that people can sort. `rows` must not be empty: Slack refuses a table of headings alone. */
export function sortableTable(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly TableCell[])[],
): DataTableBlock {
  return {
    type: 'data_table',
    caption: shorten(caption, LIMITS.text),
    rows: [headings.map((heading) => textCell(heading)), ...rows.map((row) => [...row])],
    page_size: 15,
    row_header_column_index: 0,
  };
}

/** For a container, which takes no data_table. Text wraps in the last column. */
export function wrappedTable(
  headings: readonly string[],
  rows: readonly (readonly TableCell[])[],
  right: readonly number[] = [],
): TableBlock {
  return {
    type: 'table',
    rows: [headings.map((heading) => textCell(heading)), ...rows.map((row) => [...row])],
    column_settings: headings.map((_, index) => ({
      align: right.includes(index) ? 'right' : 'left',
      is_wrapped: index === headings.length - 1,
    })),
  };
}
