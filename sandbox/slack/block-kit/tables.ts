/** What Slack accepts in `table`, `data_table` and `data_visualization`. Pure. */

import { LIMITS } from '../../../src/slack/views/limits.ts';
import {
  addFault,
  anything,
  array,
  boolean,
  byType,
  type Check,
  finiteNumber,
  type Inspection,
  integer,
  isObject,
  object,
  oneOf,
  optional,
  required,
  string,
} from './checks.ts';
import { richTextElements } from './rich-text.ts';

const type = required(anything);
const blockId = optional(string(LIMITS.blockId));
const cellText = required(string(LIMITS.dataTable.characters));

const rawCells = {
  raw_text: object({ type, text: cellText }),
  raw_number: object({ type, value: required(finiteNumber), text: cellText }),
};
const richCell = object({ type, block_id: blockId, elements: richTextElements });
const cell: Check = byType(() => ({ ...rawCells, rich_text: richCell }));
const headerCell: Check = byType(() => rawCells);

/** Characters that Slack counts in table cells: what is shown, not the JSON around it. */
export function countCellCharacters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countCellCharacters(entry), 0);
  if (!isObject(value)) return 0;
  return (typeof value.text === 'string' ? value.text.length : 0) + countCellCharacters(value.elements);
}

function checkRows(
  inspection: Inspection,
  pointer: string,
  rows: unknown,
  limits: { minRows: number; rows: number; columns: number; plainHeader: boolean },
): void {
  array(anything, limits.rows, limits.minRows)(inspection, pointer, rows);
  if (!Array.isArray(rows)) return;
  const width = Array.isArray(rows[0]) ? rows[0].length : 0;
  rows.forEach((row: unknown, index) => {
    const check = index === 0 && limits.plainHeader ? headerCell : cell;
    array(check, limits.columns)(inspection, `${pointer}/${index}`, row);
    if (Array.isArray(row) && row.length !== width)
      addFault(inspection, `${pointer}/${index}`, 'all rows must have the same number of values');
  });
}

function tooManyCharacters(inspection: Inspection, pointer: string, rows: unknown, max: number): void {
  const total = countCellCharacters(rows);
  if (total > max)
    addFault(inspection, pointer, `no more than ${max} characters allowed in all cells (${total})`);
}

export const table: Check = object(
  {
    type,
    block_id: blockId,
    rows: required(anything),
    column_settings: optional(
      array(
        (inspection, pointer, value) => {
          // A column without settings may be null: Slack's own example skips columns that way.
          if (value === null) return;
          object({ align: optional(oneOf('left', 'center', 'right')), is_wrapped: optional(boolean) })(
            inspection,
            pointer,
            value,
          );
        },
        LIMITS.table.columnSettings,
        0,
      ),
    ),
  },
  (inspection, pointer, value) => {
    if (!isObject(value)) return;
    const limits = { minRows: 1, rows: LIMITS.table.rows, columns: LIMITS.table.columns, plainHeader: false };
    checkRows(inspection, `${pointer}/rows`, value.rows, limits);
    tooManyCharacters(inspection, `${pointer}/rows`, value.rows, LIMITS.table.characters);
  },
);

export const dataTable: Check = object(
  {
    type,
    block_id: blockId,
    caption: required(string(LIMITS.text)),
    rows: required(anything),
    page_size: optional(integer(1, LIMITS.dataTable.pageSize)),
    row_header_column_index: optional(integer(0, LIMITS.dataTable.columns - 1)),
  },
  (inspection, pointer, value) => {
    if (!isObject(value)) return;
    checkRows(inspection, `${pointer}/rows`, value.rows, { ...LIMITS.dataTable, plainHeader: true });
    tooManyCharacters(inspection, `${pointer}/rows`, value.rows, LIMITS.dataTable.characters);
    const width = Array.isArray(value.rows) && Array.isArray(value.rows[0]) ? value.rows[0].length : 0;
    const index = value.row_header_column_index;
    if (typeof index === 'number' && index >= width)
      addFault(inspection, `${pointer}/row_header_column_index`, 'must be the index of a column');
  },
);

const label = required(string(LIMITS.chart.label));

const everyCategoryOnce: Check = (inspection, pointer, value) => {
  if (!isObject(value) || !isObject(value.axis_config) || !Array.isArray(value.series)) return;
  const categories: unknown[] = Array.isArray(value.axis_config.categories)
    ? value.axis_config.categories
    : [];
  const names = new Set<unknown>();
  value.series.forEach((series: unknown, index) => {
    if (!isObject(series) || !Array.isArray(series.data)) return;
    if (names.has(series.name))
      addFault(inspection, `${pointer}/series/${index}/name`, 'series names must be unique');
    names.add(series.name);
    const labels = series.data.map((point: unknown) => (isObject(point) ? point.label : undefined));
    const complete =
      labels.length === categories.length && categories.every((entry) => labels.includes(entry));
    if (!complete)
      addFault(inspection, `${pointer}/series/${index}/data`, 'must have one entry for every category');
  });
};

const seriesChart = object(
  {
    type,
    series: required(
      array(
        object({
          name: label,
          data: required(array(object({ label, value: required(finiteNumber) }), LIMITS.chart.points)),
        }),
        LIMITS.chart.series,
      ),
    ),
    axis_config: required(
      object({
        categories: required(array(string(LIMITS.chart.label), LIMITS.chart.points)),
        x_label: optional(string(LIMITS.chart.axisLabel)),
        y_label: optional(string(LIMITS.chart.axisLabel)),
      }),
    ),
  },
  everyCategoryOnce,
);

const positive: Check = (inspection, pointer, value) => {
  if (typeof value !== 'number' || !(value > 0)) addFault(inspection, pointer, 'must be greater than 0');
};

export const dataVisualization: Check = object({
  type,
  block_id: blockId,
  title: required(string(LIMITS.chart.title)),
  chart: required(
    byType(() => ({
      line: seriesChart,
      bar: seriesChart,
      area: seriesChart,
      pie: object({
        type,
        segments: required(array(object({ label, value: required(positive) }), LIMITS.chart.series)),
      }),
    })),
  ),
});
