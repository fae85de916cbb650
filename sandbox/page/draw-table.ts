/** `data_table` and `table`: drawn here, since the library shows nothing for one and throws on numbers in the other. */
import { isObject, type JsonObject, readObjects, readString } from '../slack/json.ts';
import { attributes, html, type Markup } from './html.ts';

interface Column {
  readonly index: number;
  readonly isNumeric: boolean;
  readonly align: 'left' | 'center' | 'right';
}

function cellText(cell: JsonObject): string {
  const own = readString(cell, 'text');
  if (own !== undefined) return own;
  return readObjects(cell.elements).map(cellText).join('');
}

function columnsOf(rows: readonly (readonly JsonObject[])[], block: JsonObject): readonly Column[] {
  const settings: readonly unknown[] = Array.isArray(block.column_settings) ? block.column_settings : [];
  return (rows[0] ?? []).map((_, index) => {
    const isNumeric = rows.length > 1 && rows.slice(1).some((row) => row[index]?.type === 'raw_number');
    const setting = settings[index];
    const asked = isObject(setting) ? setting.align : undefined;
    const align = asked === 'right' || asked === 'center' ? asked : isNumeric ? 'right' : 'left';
    return { index, isNumeric, align };
  });
}

function drawHeading(cell: JsonObject, { index, align }: Column, isSortable: boolean): Markup {
  const text = cellText(cell);
  const label = isSortable
    ? html`<button type="button" class="sort" data-sort="${index}">${text}</button>`
    : text;
  return html`<th scope="col" class="align-${align}">${label}</th>`;
}

function drawCell(cell: JsonObject = {}, { align }: Column, isHeader: boolean): Markup {
  const number = cell.type === 'raw_number' && typeof cell.value === 'number' ? cell.value : undefined;
  const given = attributes({ class: `align-${align}`, 'data-number': number });
  return isHeader
    ? html`<th scope="row" ${given}>${cellText(cell)}</th>`
    : html`<td ${given}>${cellText(cell)}</td>`;
}

export function drawTable(block: JsonObject): Markup {
  const [header = [], ...rows] = Array.isArray(block.rows) ? block.rows.map(readObjects) : [];
  const columns = columnsOf([header, ...rows], block);
  const isData = block.type === 'data_table';
  const headerColumn = isData ? Number(block.row_header_column_index ?? -1) : -1;
  const caption = readString(block, 'caption') ?? 'Table';
  const head = columns.map((column) => drawHeading(header[column.index] ?? {}, column, isData));
  const body = rows.map((row) => {
    const cells = columns.map((column) => drawCell(row[column.index], column, column.index === headerColumn));
    return html`<tr>${cells}</tr>`;
  });
  return html`<div class="table-frame" role="group" aria-label="${caption}" tabindex="0"><table class="block-table">
    <caption class="${!isData && 'only-heard'}">${caption}</caption>
    <thead><tr>${head}</tr></thead><tbody>${body}</tbody>
  </table></div>`;
}
