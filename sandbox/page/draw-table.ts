/** `data_table` and `table`: drawn here, since the library shows nothing for one and throws on numbers in the other. */
import type { ReactElement } from 'react';
import { isObject, type JsonObject, readObjects, readString } from '../slack/json.ts';
import { h } from './html.ts';

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

function drawHeading(cell: JsonObject, column: Column, sortable: boolean): ReactElement {
  const text = cellText(cell);
  const label = sortable
    ? h('button', { type: 'button', className: 'sort', 'data-sort': column.index }, text)
    : text;
  return h('th', { key: column.index, scope: 'col', className: `align-${column.align}` }, label);
}

function drawCell(cell: JsonObject | undefined, column: Column, isHeader: boolean): ReactElement {
  const value = cell?.type === 'raw_number' && typeof cell.value === 'number' ? cell.value : undefined;
  const attributes = {
    key: column.index,
    className: `align-${column.align}`,
    ...(value === undefined ? {} : { 'data-number': value }),
  };
  const text = cell === undefined ? '' : cellText(cell);
  return isHeader ? h('th', { ...attributes, scope: 'row' }, text) : h('td', attributes, text);
}

export function drawTable(block: JsonObject, key: string): ReactElement {
  const rows = Array.isArray(block.rows) ? block.rows.map(readObjects) : [];
  const columns = columnsOf(rows, block);
  const isData = block.type === 'data_table';
  const headerColumn = isData ? Number(block.row_header_column_index ?? -1) : -1;
  const caption = readString(block, 'caption') ?? 'Table';
  const body = rows.slice(1).map((row, index) =>
    h(
      'tr',
      { key: index },
      columns.map((column) => drawCell(row[column.index], column, column.index === headerColumn)),
    ),
  );
  return h(
    'div',
    { key, className: 'table-frame', role: 'group', 'aria-label': caption, tabIndex: 0 },
    h(
      'table',
      { className: 'block-table' },
      h('caption', { className: isData ? undefined : 'only-heard' }, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((column) => drawHeading(rows[0]?.[column.index] ?? {}, column, isData)),
        ),
      ),
      h('tbody', null, body),
    ),
  );
}
