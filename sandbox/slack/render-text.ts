import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import { type NameOf, renderDate, renderMrkdwn } from './render-mrkdwn.ts';
import { displayWidth, renderTable, type TableCell } from './render-table.ts';

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
export function renderText(message: Renderable, nameOf: NameOf): string {
  const blocks = message.blocks ?? [];
  const body =
    blocks.length > 0 ? renderBlocks(blocks, nameOf) : renderMrkdwn(message.text ?? '', nameOf).split('\n');
  const title = renderTextObject(message.title, nameOf);
  const buttons = [message.submit, message.close]
    .map((button) => renderTextObject(button, nameOf))
    .filter((text) => text !== '')
    .map((text) => `[${text}]`);
  const head = title === '' ? [] : [title, '═'.repeat(displayWidth(title)), ''];
  const foot = buttons.length === 0 ? [] : ['', buttons.join(' ')];
  return [...head, ...body, ...foot].map((line) => line.trimEnd()).join('\n');
}

/** Blocks one under the other; parts that need air get an empty line around them. */
function renderBlocks(blocks: readonly JsonObject[], nameOf: NameOf): string[] {
  const lines: string[] = [];
  for (const [index, block] of blocks.entries()) {
    const own = renderBlock(block, nameOf);
    const needsAir = index > 0 && own.length > 0 && lines.length > 0 && block.type !== 'context';
    lines.push(...(needsAir ? [''] : []), ...own);
  }
  return lines;
}

function renderTextObject(value: unknown, nameOf: NameOf): string {
  if (typeof value === 'string') return value;
  if (!isObject(value)) return '';
  const text = readString(value, 'text') ?? '';
  return value.type === 'mrkdwn' ? renderMrkdwn(text, nameOf) : text;
}

const indent = (lines: readonly string[], by: string): string[] => lines.map((line) => `${by}${line}`);

function renderBlock(block: JsonObject, nameOf: NameOf): string[] {
  const elements = readObjects(block.elements);
  switch (block.type) {
    case 'header': {
      const text = renderTextObject(block.text, nameOf);
      return [text, '─'.repeat(displayWidth(text))];
    }
    case 'divider':
      return ['─'.repeat(RULE_WIDTH)];
    case 'section':
      return renderSection(block, nameOf);
    case 'context':
      return [elements.map((element) => renderContextElement(element, nameOf)).join('  ')];
    case 'actions':
      return [elements.map((element) => renderElement(element, nameOf)).join(' ')];
    case 'rich_text':
      return renderRichText(elements, nameOf);
    case 'table':
    case 'data_table':
      return renderTableBlock(block, nameOf);
    case 'container':
      return renderContainer(block, nameOf);
    case 'alert':
      return [`${String(block.level ?? 'note').toUpperCase()}: ${renderTextObject(block.text, nameOf)}`];
    case 'input':
      return renderInput(block, nameOf);
    case 'image':
      return [`(image: ${readString(block, 'alt_text') ?? ''})`];
    case 'data_visualization':
      return renderChart(block);
    default:
      return [`(${String(block.type)})`];
  }
}

function renderSection(block: JsonObject, nameOf: NameOf): string[] {
  const text = renderTextObject(block.text, nameOf);
  const accessory = isObject(block.accessory) ? ` ${renderElement(block.accessory, nameOf)}` : '';
  const lines = text === '' ? [] : text.split('\n');
  if (accessory !== '') lines.splice(0, 1, `${lines[0] ?? ''}${accessory}`.trim());
  const fields = readObjects(block.fields).map((field) => renderTextObject(field, nameOf));
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

function renderContextElement(element: JsonObject, nameOf: NameOf): string {
  return element.type === 'image'
    ? `(${readString(element, 'alt_text') ?? 'image'})`
    : renderTextObject(element, nameOf);
}

/** `[Approve]` for a button, `[Choose unit ▾]` for a menu, `(•) yes` for choices. */
function renderElement(element: JsonObject, nameOf: NameOf): string {
  switch (element.type) {
    case 'button':
      return `[${renderTextObject(element.text, nameOf)}]`;
    case 'overflow':
      return '[…]';
    case 'radio_buttons':
      return renderChoices(element, nameOf);
    case 'image':
      return `(image: ${readString(element, 'alt_text') ?? ''})`;
    default: {
      const initial = isObject(element.initial_option)
        ? renderTextObject(element.initial_option.text, nameOf)
        : '';
      const value = readString(element, 'initial_value') ?? initial;
      const shown = value === '' ? renderTextObject(element.placeholder, nameOf) : value;
      return String(element.type).endsWith('_input')
        ? `[${shown === '' ? '________' : shown}]`
        : `[${shown || 'choose'} ▾]`;
    }
  }
}

function renderChoices(element: JsonObject, nameOf: NameOf): string {
  const chosen = isObject(element.initial_option) ? element.initial_option.value : undefined;
  return readObjects(element.options)
    .map(({ value, text }) => `${value === chosen ? '(•)' : '( )'} ${renderTextObject(text, nameOf)}`)
    .join('   ');
}

function renderInput(block: JsonObject, nameOf: NameOf): string[] {
  const label = renderTextObject(block.label, nameOf) + (block.optional === true ? ' (optional)' : '');
  const hint = renderTextObject(block.hint, nameOf);
  const element = isObject(block.element) ? renderElement(block.element, nameOf) : '';
  return [`${label}:`, `  ${element}`, ...(hint === '' ? [] : [`  ${hint}`])];
}

function renderContainer(block: JsonObject, nameOf: NameOf): string[] {
  const rich = isObject(block.rich_text_title) ? renderBlock(block.rich_text_title, nameOf).join(' ') : '';
  const title = rich === '' ? renderTextObject(block.title, nameOf) : rich;
  const subtitle = renderTextObject(block.subtitle, nameOf);
  const mark = block.is_collapsible === true ? (block.default_collapsed === true ? '▸ ' : '▾ ') : '';
  const head = `${mark}${title}${subtitle === '' ? '' : ` · ${subtitle}`}`;
  return [head, ...indent(renderBlocks(readObjects(block.child_blocks), nameOf), '  ')];
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

function renderTableBlock(block: JsonObject, nameOf: NameOf): string[] {
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
    readObjects(row).map((cell, column) => ({ text: renderCell(cell, nameOf), align: alignOf(column) })),
  );
  const caption = readString(block, 'caption');
  return [...(caption === undefined ? [] : [caption]), ...renderTable(cells)];
}

function renderCell(cell: JsonObject, nameOf: NameOf): string {
  if (cell.type === 'rich_text') return renderRichText(readObjects(cell.elements), nameOf).join(' ');
  return (readString(cell, 'text') ?? '').replaceAll('\n', ' ');
}

function renderRichText(elements: readonly JsonObject[], nameOf: NameOf): string[] {
  return elements.flatMap((element) => {
    const children = readObjects(element.elements);
    switch (element.type) {
      case 'rich_text_list':
        return children.map((child, index) => {
          const mark = element.style === 'ordered' ? `${index + 1}.` : '•';
          const by = '  '.repeat(typeof element.indent === 'number' ? element.indent : 0);
          return `${by}${mark} ${renderPieces(readObjects(child.elements), nameOf)}`;
        });
      case 'rich_text_quote':
        return indent(renderPieces(children, nameOf).split('\n'), '> ');
      case 'rich_text_preformatted':
        return indent(renderPieces(children, nameOf).split('\n'), '    ');
      default:
        return renderPieces(children, nameOf).replace(/\n$/, '').split('\n');
    }
  });
}

function renderPieces(pieces: readonly JsonObject[], nameOf: NameOf): string {
  return pieces.map((piece) => renderPiece(piece, nameOf)).join('');
}

function renderPiece(piece: JsonObject, nameOf: NameOf): string {
  switch (piece.type) {
    case 'user':
      return nameOf(String(piece.user_id));
    case 'usergroup':
      return nameOf(String(piece.usergroup_id));
    case 'channel':
      return nameOf(String(piece.channel_id));
    case 'broadcast':
      return `@${String(piece.range)}`;
    case 'emoji':
      return typeof piece.unicode === 'string' ? emojiOf(piece.unicode) : `:${String(piece.name)}:`;
    case 'date':
      return renderDate(Number(piece.timestamp), String(piece.format));
    case 'link':
      return piece.text === undefined ? String(piece.url) : `${String(piece.text)} (${String(piece.url)})`;
    default:
      return readString(piece, 'text') ?? '';
  }
}

function emojiOf(hex: string): string {
  const points = hex.split('-').map((part) => Number.parseInt(part, 16));
  return points.every((point) => point >= 0 && point <= 0x10ffff) ? String.fromCodePoint(...points) : '';
}
