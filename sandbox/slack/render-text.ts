import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import { type NameOf, renderDate, renderMrkdwn } from './render-mrkdwn.ts';

/** A message, a modal or a Home tab: anything with text or blocks. */
export interface Renderable {
  readonly text?: string;
  readonly blocks?: readonly JsonObject[];
  /** A view's title, submit and close. */
  readonly title?: unknown;
  readonly submit?: unknown;
  readonly close?: unknown;
}

const RULE_WIDTH = 60;

/** Block Kit as plain text for a terminal. Times in UTC; ids as names. No colours. */
export function renderText({ text = '', blocks = [], ...frame }: Renderable, nameOf: NameOf): string {
  const told = withNames(blocks, nameOf);
  const body = blocks.length > 0 ? renderBlocks(readObjects(told)) : renderMrkdwn(text, nameOf).split('\n');
  const title = textOf(frame.title);
  const buttons = [frame.submit, frame.close]
    .map(textOf)
    .filter((label) => label !== '')
    .map((label) => `[${label}]`);
  const head = title === '' ? [] : [title, '═'.repeat(displayWidth(title)), ''];
  const foot = buttons.length === 0 ? [] : ['', buttons.join(' ')];
  return [...head, ...body, ...foot].map((line) => line.trimEnd()).join('\n');
}

/** The blocks with the mrkdwn in them told in words. */
function withNames(value: unknown, nameOf: NameOf): unknown {
  if (Array.isArray(value)) return value.map((entry) => withNames(entry, nameOf));
  if (!isObject(value)) return value;
  if (value.type === 'mrkdwn') return { ...value, text: renderMrkdwn(String(value.text), nameOf) };
  if (value.type === 'user') return { ...value, text: nameOf(String(value.user_id)) };
  if (value.type === 'date')
    return { ...value, text: renderDate(Number(value.timestamp), String(value.format)) };
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withNames(entry, nameOf)]));
}

/** Blocks one under the other; parts that need air get an empty line around them. */
function renderBlocks(blocks: readonly JsonObject[]): string[] {
  const lines: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const own = renderBlock(block);
    const needsAir = index > 0 && own.length > 0 && lines.length > 0 && block.type !== 'context';
    lines.push(...(needsAir ? [''] : []), ...own);
  }
  return lines;
}

function textOf(value: unknown): string {
  return isObject(value) ? (readString(value, 'text') ?? '') : '';
}

const indent = (lines: readonly string[], by: string): string[] => lines.map((line) => `${by}${line}`);

function renderBlock(block: JsonObject): string[] {
  const elements = readObjects(block.elements);
  switch (block.type) {
    case 'header': {
      const text = textOf(block.text);
      return [text, '─'.repeat(displayWidth(text))];
    }
    case 'divider':
      return ['─'.repeat(RULE_WIDTH)];
    case 'section':
      return renderSection(block);
    case 'context':
      return [elements.map(textOf).join('  ')];
    case 'actions':
      return [elements.map(renderElement).join(' ')];
    case 'rich_text':
      return renderRichText(elements);
    case 'table':
    case 'data_table':
      return renderTableBlock(block);
    case 'container':
      return renderContainer(block);
    case 'alert':
      return [`${String(block.level ?? 'note').toUpperCase()}: ${textOf(block.text)}`];
    case 'input':
      return renderInput(block);
    case 'data_visualization':
      return renderChart(block);
    default:
      return [`(${String(block.type)})`];
  }
}

function renderSection(block: JsonObject): string[] {
  const text = textOf(block.text);
  const accessory = isObject(block.accessory) ? ` ${renderElement(block.accessory)}` : '';
  const lines = text === '' ? [] : text.split('\n');
  if (accessory !== '') lines.splice(0, 1, `${lines[0] ?? ''}${accessory}`.trim());
  const fields = readObjects(block.fields).map(textOf);
  return [...lines, ...renderFields(fields)];
}

/** Fields in two columns, as in Slack; a field of two lines is a label over its value. */
function renderFields(fields: readonly string[]): string[] {
  const cells = fields.map((field) => field.split('\n'));
  const left = cells.filter((_, index) => index % 2 === 0);
  const width = Math.max(0, ...left.flat().map(displayWidth));
  const lines: string[] = [];
  for (let index = 0; index < cells.length; index += 2) {
    const [first = [], second = []] = cells.slice(index, index + 2);
    for (let row = 0; row < Math.max(first.length, second.length); row += 1) {
      const start = first[row] ?? '';
      lines.push(`${start}${' '.repeat(width - displayWidth(start))}   ${second[row] ?? ''}`.trimEnd());
    }
  }
  return lines;
}

/** `[Approve]` for a button, `(•) yes` for choices, `[typed]` for an input. */
function renderElement(element: JsonObject): string {
  if (element.type === 'button') return `[${textOf(element.text)}]`;
  if (element.type === 'radio_buttons') return renderChoices(element);
  if (element.type === 'users_select') return '[a person ▾]';
  const shown = readString(element, 'initial_value') ?? textOf(element.placeholder);
  return `[${shown || '________'}]`;
}

function renderChoices(element: JsonObject): string {
  const chosen = isObject(element.initial_option) ? element.initial_option.value : undefined;
  return readObjects(element.options)
    .map(({ value, text }) => `${value === chosen ? '(•)' : '( )'} ${textOf(text)}`)
    .join('   ');
}

function renderInput(block: JsonObject): string[] {
  const label = textOf(block.label) + (block.optional === true ? ' (optional)' : '');
  const hint = textOf(block.hint);
  const element = isObject(block.element) ? renderElement(block.element) : '';
  return [`${label}:`, `  ${element}`, ...(hint === '' ? [] : [`  ${hint}`])];
}

function renderContainer(block: JsonObject): string[] {
  const rich = isObject(block.rich_text_title) ? renderBlock(block.rich_text_title).join(' ') : '';
  const title = rich === '' ? textOf(block.title) : rich;
  const subtitle = textOf(block.subtitle);
  const mark = block.is_collapsible === true ? (block.default_collapsed === true ? '▸ ' : '▾ ') : '';
  const head = `${mark}${title}${subtitle === '' ? '' : ` · ${subtitle}`}`;
  return [head, ...indent(renderBlocks(readObjects(block.child_blocks)), '  ')];
}

const BARS = '▁▂▃▄▅▆▇█';

/** Each series as a row of bars on one scale, with its last value; a pie's segments likewise, one after the other. */
function renderChart({ title, chart }: JsonObject): string[] {
  const { type, series, segments } = isObject(chart) ? chart : {};
  const drawn = type === 'pie' ? [{ name: '', data: segments }] : readObjects(series);
  const valuesOf = ({ data }: JsonObject) => readObjects(data).map(({ value }) => Number(value));
  const all = drawn.flatMap(valuesOf);
  const low = Math.min(...all);
  const span = Math.max(...all) - low || 1;
  const width = Math.max(0, ...drawn.map(({ name }) => displayWidth(String(name))));
  const lines = drawn.map((each) => {
    const bars = valuesOf(each).map((value) => BARS[Math.round(((value - low) / span) * 7)] ?? ' ');
    const last = readObjects(each.data).at(-1);
    const name = String(each.name);
    const end = `${String(last?.value)} (${String(last?.label)})`;
    return `${name}${' '.repeat(width - displayWidth(name))}  ${bars.join('')}  ${end}`;
  });
  return [`Chart: ${String(title)}`, ...indent(lines, '  ')];
}

function renderTableBlock(block: JsonObject): string[] {
  const rows: readonly unknown[] = Array.isArray(block.rows) ? block.rows : [];
  const settings: readonly unknown[] = Array.isArray(block.column_settings) ? block.column_settings : [];
  const isNumeric = (column: number) =>
    rows.length > 1 &&
    rows.slice(1).every((row) => {
      const cell: unknown = Array.isArray(row) ? row[column] : undefined;
      return isObject(cell) && cell.type === 'raw_number';
    });
  const alignOf = (column: number): TableCell['align'] => {
    const setting = settings[column];
    if (isObject(setting) && (setting.align === 'right' || setting.align === 'center')) return setting.align;
    return isNumeric(column) ? 'right' : 'left';
  };
  const cells = rows.map((row) =>
    readObjects(row).map((cell, column) => ({ text: renderCell(cell), align: alignOf(column) })),
  );
  const caption = readString(block, 'caption');
  return [...(caption === undefined ? [] : [caption]), ...renderTable(cells)];
}

function renderCell(cell: JsonObject): string {
  if (cell.type === 'rich_text') return renderRichText(readObjects(cell.elements)).join(' ');
  return (readString(cell, 'text') ?? '').replaceAll('\n', ' ');
}

/** Sections, and quotes of people's own words. */
function renderRichText(elements: readonly JsonObject[]): string[] {
  return elements.flatMap(({ type, elements: pieces }) => {
    const lines = readObjects(pieces)
      .map((piece) => readString(piece, 'text') ?? '')
      .join('')
      .split('\n');
    return type === 'rich_text_quote' ? indent(lines, '> ') : lines;
  });
}

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
