/** Tables drawn with lines for a terminal. Pure. */

export interface TableCell {
  readonly text: string;
  /** Numbers are on the right. */
  readonly align: 'left' | 'right' | 'center';
}

/** Columns that a text takes: wide characters (CJK, emoji) two, marks and joiners none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)) {
    const isWide =
      /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]/u.test(
        segment,
      );
    width += isWide ? 2 : 1;
  }
  return width;
}

function pad(cell: TableCell, width: number): string {
  const free = Math.max(0, width - displayWidth(cell.text));
  if (cell.align === 'right') return ' '.repeat(free) + cell.text;
  const left = cell.align === 'center' ? Math.floor(free / 2) : 0;
  return ' '.repeat(left) + cell.text + ' '.repeat(free - left);
}

/** The first row is the header. */
export function renderTable(rows: readonly (readonly TableCell[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(1, ...rows.map((row) => displayWidth(row[column]?.text ?? ''))),
  );
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right;
  const line = (row: readonly TableCell[]) =>
    `│${widths.map((width, column) => ` ${pad(row[column] ?? { text: '', align: 'left' }, width)} `).join('│')}│`;
  const [header, ...body] = rows;
  if (header === undefined) return [];
  const middle = body.length > 0 ? [rule('├', '┼', '┤'), ...body.map(line)] : [];
  return [rule('┌', '┬', '┐'), line(header), ...middle, rule('└', '┴', '┘')];
}
