/** Block Kit on the page: buttons, inputs, containers, and tables, which the library does not draw. */
import { isObject, type JsonObject, readObjects, readString } from '../slack/json.ts';
import { readOptions } from '../slack/view-payload.ts';
import { drawByLibrary, placeOf, type Reader } from './draw-text.ts';
import { type Attributes, type Content, html, type Markup } from './html.ts';

export function plainText(value: unknown): string {
  return isObject(value) ? (readString(value, 'text') ?? '') : '';
}

/** What the browser needs to act on an element. */
function actionData({ action_id: id, confirm }: JsonObject): Attributes {
  if (!isObject(confirm)) return { 'data-action': String(id) };
  const texts = {
    title: plainText(confirm.title),
    text: plainText(confirm.text),
    yes: plainText(confirm.confirm) || 'Yes',
    no: plainText(confirm.deny) || 'Cancel',
  };
  return { 'data-action': String(id), 'data-confirm': JSON.stringify(texts) };
}

function drawButton(element: JsonObject): Markup {
  const text = plainText(element.text);
  const label = readString(element, 'accessibility_label');
  // Speech input uses the text on the button, so the accessible name must contain it.
  const spoken = label?.toLowerCase().includes(text.toLowerCase()) === false ? `${text} ${label}` : label;
  const look = { class: `button ${readString(element, 'style') ?? ''}`, 'aria-label': spoken };
  const url = readString(element, 'url');
  if (url !== undefined) return html`<a ${{ ...look, href: placeOf(url) }}>${text}</a>`;
  const acts = { ...actionData(element), 'data-value': readString(element, 'value') };
  return html`<button type="button" ${{ ...look, ...acts }}>${text}</button>`;
}

function drawChoices(element: JsonObject, given: Attributes): Markup[] {
  const initial = isObject(element.initial_option) ? element.initial_option.value : undefined;
  return readOptions(element).map(({ value, text }) => {
    const own = { ...given, value: String(value), checked: value === initial };
    return html`<label class="choice"><input type="radio" ${own}> ${plainText(text)}</label>`;
  });
}

const notDrawn = ({ type }: JsonObject) => html`<span class="quiet">(${String(type)}: not drawn here)</span>`;

function drawControl(element: JsonObject, given: Attributes, { directory }: Reader): Markup {
  if (element.type === 'users_select') {
    const people = [...directory.people.values()].filter(({ deleted }) => deleted !== true);
    return html`<select ${given}><option value="">Choose a person</option>
      ${people.map(({ id, realName }) => html`<option value="${id}">${realName}</option>`)}</select>`;
  }
  const { min_length: min, max_length: max } = element;
  const typed = {
    ...given,
    minlength: typeof min === 'number' && min,
    maxlength: typeof max === 'number' && max,
    placeholder: plainText(element.placeholder) || undefined,
  };
  const value = readString(element, 'initial_value');
  if (element.multiline === true) return html`<textarea rows="4" ${typed}>${value}</textarea>`;
  return html`<input type="text" autocomplete="off" ${{ ...typed, value }}>`;
}

/** An `input` block with its label, hint and what its last submission was refused with. */
function drawInput(block: JsonObject, reader: Reader, error: string | undefined): Markup {
  const name = String(block.block_id);
  const element = isObject(block.element) ? block.element : {};
  const id = `field-${name}`;
  const hint = plainText(block.hint);
  const required = block.optional !== true;
  const label = plainText(block.label) + (required ? '' : ' (optional)');
  const parts = [...(hint === '' ? [] : ['hint']), ...(error === undefined ? [] : ['error'])];
  const described = parts.map((part) => `${id}-${part}`).join(' ') || undefined;
  const below = [
    hint !== '' && html`<p id="${id}-hint" class="quiet">${hint}</p>`,
    error !== undefined && html`<p id="${id}-error" class="bad" role="alert">${error}</p>`,
  ];
  if (element.type === 'radio_buttons')
    return html`<fieldset class="field" ${{ 'aria-describedby': described }}><legend>${label}</legend>
      ${drawChoices(element, { name })}${below}</fieldset>`;
  const invalid = error === undefined ? undefined : 'true';
  const given = { id, name, required, 'aria-describedby': described, 'aria-invalid': invalid };
  return html`<div class="field"><label for="${id}">${label}</label>${drawControl(element, given, reader)}${below}</div>`;
}

function drawCellContent(cell: JsonObject, reader: Reader): Content {
  return cell.type === 'rich_text' ? drawByLibrary(cell, reader) : (readString(cell, 'text') ?? '');
}

/** What Slack takes where a data table does not say. Source: docs.slack.dev/reference/block-kit/blocks/data-table-block */
const ROWS_PER_PAGE = 5;

/** Columns of numbers are on the right unless the block says otherwise; a data table can be sorted and has pages. */
function drawTable(block: JsonObject, reader: Reader): Markup {
  const [header = [], ...rows] = Array.isArray(block.rows) ? block.rows.map(readObjects) : [];
  const settings = Array.isArray(block.column_settings) ? block.column_settings : [];
  const isData = block.type === 'data_table';
  const caption = readString(block, 'caption') ?? 'Table';
  const alignOf = (column: number): string => {
    const { align: asked, is_wrapped: isWrapped } = isObject(settings[column]) ? settings[column] : {};
    const isNumeric =
      column !== block.row_header_column_index && rows.some((row) => row[column]?.type === 'raw_number');
    const align = `align-${asked ?? (isNumeric ? 'right' : 'left')}`;
    return isWrapped === true ? `${align} wrapped` : align;
  };
  const head = header.map((cell, column) => {
    const text = readString(cell, 'text');
    const sort = html`<button type="button" class="sort" data-sort="${column}">${text}</button>`;
    return html`<th scope="col" class="${alignOf(column)}">${isData ? sort : text}</th>`;
  });
  const drawCell = (cell: JsonObject, column: number): Markup => {
    const number = cell.type === 'raw_number' && Number(cell.value);
    const given = { class: alignOf(column), 'data-number': number };
    return isData && column === block.row_header_column_index
      ? html`<th scope="row" ${given}>${drawCellContent(cell, reader)}</th>`
      : html`<td ${given}>${drawCellContent(cell, reader)}</td>`;
  };
  const size = isData ? Number(block.page_size ?? ROWS_PER_PAGE) : rows.length;
  const body = rows.map((row, index) => html`<tr ${{ hidden: index >= size }}>${row.map(drawCell)}</tr>`);
  const pager = html`<div class="row pager"><span class="quiet">1–${size} of ${rows.length}</span>
    <button type="button" data-turn="-1" aria-label="Previous rows" disabled>‹</button>
    <button type="button" data-turn="1" aria-label="Next rows">›</button></div>`;
  return html`<div class="table-block" data-page-size="${size}" data-page="0">
    <div class="table-frame" role="group" aria-label="${caption}" tabindex="0"><table class="block-table">
      <caption class="${!isData && 'only-heard'}">${caption}</caption>
      <thead><tr>${head}</tr></thead><tbody>${body}</tbody>
    </table><p class="scrolls quiet" aria-hidden="true">More columns →</p></div>${rows.length > size && pager}
  </div>`;
}

function drawContainer(block: JsonObject, reader: Reader): Markup {
  const rich = isObject(block.rich_text_title) ? block.rich_text_title : {};
  const subtitle = plainText(block.subtitle);
  const title = html`${plainText(block.title) || drawCellContent(rich, reader)}
    ${subtitle !== '' && html`<span class="quiet">${subtitle}</span>`}`;
  const inside = drawBlocks(readObjects(block.child_blocks), reader);
  if (block.is_collapsible !== true)
    return html`<div class="container"><p class="container-title">${title}</p>${inside}</div>`;
  const open = { open: block.default_collapsed !== true };
  return html`<details class="container" ${open}><summary>${title}</summary>${inside}</details>`;
}

function drawSection({ accessory, ...shown }: JsonObject, reader: Reader): Markup {
  const text = drawByLibrary(shown, reader);
  if (!isObject(accessory)) return html`<div>${text}</div>`;
  return html`<div class="with-accessory">${text}${drawButton(accessory)}</div>`;
}

/** `errors`: what a modal's last submission was refused with, by block id. */
export function drawBlocks(
  blocks: readonly JsonObject[],
  reader: Reader,
  errors: Readonly<Record<string, string>> = {},
): Content {
  return blocks.map((block) => {
    const blockId = String(block.block_id);
    switch (block.type) {
      case 'actions': {
        return html`<div class="row actions">${readObjects(block.elements).map(drawButton)}</div>`;
      }
      case 'input':
        return drawInput(block, reader, errors[blockId]);
      case 'table':
      case 'data_table':
        return drawTable(block, reader);
      case 'container':
        return drawContainer(block, reader);
      case 'section':
        return drawSection(block, reader);
      default:
        return drawByLibrary(block, reader) ?? notDrawn(block);
    }
  });
}
