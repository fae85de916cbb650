/**
 * Block Kit as far as Loandesk sends it, with Slack's limits. What is not here is not modelled, and so refused.
 * Sources of the limits: `src/slack/views/limits.ts`; where a block may stand: docs.slack.dev/reference/block-kit, 2026.
 */
import { z } from 'zod';
import { LIMITS } from '../../../src/slack/views/limits.ts';

export type Surface = 'message' | 'modal' | 'home';

const text = (max: number) => z.string().min(1).max(max);
const plain = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: text(max), emoji: z.boolean().optional() });
const mrkdwn = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: text(max), verbatim: z.boolean().optional() });
const plainText = (max: number) => z.discriminatedUnion('type', [plain(max)]);
const anyText = (max: number) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);

/** A rule about several fields at once; `at` is where Slack says the fault is. */
type Rule<Value> = (value: Value, say: (message: string, ...at: PropertyKey[]) => void) => void;
const rule =
  <Value>(check: Rule<Value>) =>
  (value: Value, context: z.RefinementCtx<Value>) =>
    check(value, (message, ...path) => context.addIssue({ code: 'custom', message, path }));

const actionId = text(LIMITS.actionId).optional();
const confirm = z
  .strictObject({
    title: plainText(LIMITS.confirm.title).optional(),
    text: anyText(LIMITS.confirm.text),
    confirm: plainText(LIMITS.confirm.confirm).optional(),
    deny: plainText(LIMITS.confirm.deny).optional(),
    style: z.enum(['primary', 'danger']).optional(),
  })
  .optional();

const button = z.strictObject({
  type: z.literal('button'),
  text: plainText(LIMITS.button.text),
  action_id: actionId,
  value: text(LIMITS.button.value).optional(),
  url: text(LIMITS.button.url).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm,
  accessibility_label: text(LIMITS.button.accessibilityLabel).optional(),
});

const option = z.strictObject({
  text: anyText(LIMITS.option.text),
  value: text(LIMITS.option.value),
  description: plainText(LIMITS.option.description).optional(),
});
const radioButtons = z
  .strictObject({
    type: z.literal('radio_buttons'),
    action_id: actionId,
    options: z.array(option).min(1).max(LIMITS.choices.options),
    initial_option: option.optional(),
    confirm,
    focus_on_load: z.boolean().optional(),
  })
  .superRefine(
    rule(({ options, initial_option: initial }, say) => {
      const values = options.map(({ value }) => value);
      values.forEach((value, index) => {
        if (values.indexOf(value) !== index) say('duplicate option value', 'options', index, 'value');
      });
      if (initial !== undefined && !values.includes(initial.value))
        say('initial option must match one of the options');
    }),
  );
const usersSelect = z.strictObject({
  type: z.literal('users_select'),
  action_id: actionId,
  placeholder: plainText(LIMITS.plainTextInput.placeholder).optional(),
  initial_user: text(LIMITS.text).optional(),
  confirm,
  focus_on_load: z.boolean().optional(),
});
const plainTextInput = z
  .strictObject({
    type: z.literal('plain_text_input'),
    action_id: actionId,
    placeholder: plainText(LIMITS.plainTextInput.placeholder).optional(),
    initial_value: z.string().max(LIMITS.plainTextInput.value).optional(),
    multiline: z.boolean().optional(),
    min_length: z.int().min(0).max(LIMITS.plainTextInput.value).optional(),
    max_length: z.int().min(1).max(LIMITS.plainTextInput.value).optional(),
    focus_on_load: z.boolean().optional(),
  })
  .superRefine(
    rule(({ min_length: min, max_length: max }, say) => {
      if (min !== undefined && max !== undefined && min > max)
        say('min_length must not be greater than max_length');
    }),
  );
const blockId = text(LIMITS.blockId).optional();
const richPieces = z.array(
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('text'),
      text: text(LIMITS.text * 4),
      style: z.record(z.string(), z.boolean()).optional(),
    }),
    z.strictObject({ type: z.literal('user'), user_id: text(LIMITS.text) }),
    z.strictObject({ type: z.literal('link'), url: text(LIMITS.text), text: text(LIMITS.text).optional() }),
    z.strictObject({
      type: z.literal('date'),
      timestamp: z.int(),
      format: text(LIMITS.text),
      fallback: text(LIMITS.text).optional(),
    }),
  ]),
);
const richText = z.strictObject({
  type: z.literal('rich_text'),
  block_id: blockId,
  elements: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('rich_text_section'), elements: richPieces }),
      z.strictObject({
        type: z.literal('rich_text_quote'),
        elements: richPieces,
        border: z.int().min(0).max(1).optional(),
      }),
    ]),
  ),
});

const cellText = text(LIMITS.dataTable.characters);
const rawText = z.strictObject({ type: z.literal('raw_text'), text: cellText });
const rawNumber = z.strictObject({ type: z.literal('raw_number'), value: z.number(), text: cellText });
const cell = z.discriminatedUnion('type', [rawText, rawNumber, richText]);
const headerCell = z.discriminatedUnion('type', [rawText, rawNumber]);

/** Characters that Slack counts in table cells: what is shown, not the JSON around it. */
export function countCellCharacters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countCellCharacters(entry), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const own = 'text' in value && typeof value.text === 'string' ? value.text.length : 0;
  return own + ('elements' in value ? countCellCharacters(value.elements) : 0);
}

interface Rows {
  readonly rows: readonly (readonly unknown[])[];
}

const evenRows =
  (mostCharacters: number): Rule<Rows> =>
  (table, say) => {
    const width = table.rows[0]?.length;
    table.rows.forEach((row, index) => {
      if (row.length !== width) say('all rows must have the same number of values', 'rows', index);
    });
    const total = countCellCharacters(table.rows);
    if (total > mostCharacters)
      say(`no more than ${mostCharacters} characters allowed in all cells (${total})`, 'rows');
  };

const table = z
  .strictObject({
    type: z.literal('table'),
    block_id: blockId,
    rows: z.array(z.array(cell).min(1).max(LIMITS.table.columns)).min(1).max(LIMITS.table.rows),
    column_settings: z
      .array(
        // A column without settings may be null: Slack's own example skips columns that way.
        z
          .strictObject({
            align: z.enum(['left', 'center', 'right']).optional(),
            is_wrapped: z.boolean().optional(),
          })
          .nullable(),
      )
      .max(LIMITS.table.columnSettings)
      .optional(),
  })
  .superRefine(rule(evenRows(LIMITS.table.characters)));

const dataTable = z
  .strictObject({
    type: z.literal('data_table'),
    block_id: blockId,
    caption: text(LIMITS.text),
    rows: z
      .tuple(
        [z.array(headerCell).min(1).max(LIMITS.dataTable.columns)],
        z.array(cell).min(1).max(LIMITS.dataTable.columns),
      )
      .superRefine(
        rule((rows, say) => {
          if (rows.length < LIMITS.dataTable.minRows)
            say(`no fewer than ${LIMITS.dataTable.minRows} items allowed`);
          if (rows.length > LIMITS.dataTable.rows) say(`no more than ${LIMITS.dataTable.rows} items allowed`);
        }),
      ),
    page_size: z.int().min(1).max(LIMITS.dataTable.pageSize).optional(),
    row_header_column_index: z.int().min(0).optional(),
  })
  .superRefine(rule(evenRows(LIMITS.dataTable.characters)))
  .superRefine(
    rule(({ rows, row_header_column_index: index }, say) => {
      if (index !== undefined && index >= rows[0].length)
        say('must be the index of a column', 'row_header_column_index');
    }),
  );

const label = text(LIMITS.chart.label);
const seriesChart = z
  .strictObject({
    type: z.enum(['line', 'bar', 'area']),
    series: z
      .array(
        z.strictObject({
          name: label,
          data: z
            .array(z.strictObject({ label, value: z.number() }))
            .min(1)
            .max(LIMITS.chart.points),
        }),
      )
      .min(1)
      .max(LIMITS.chart.series),
    axis_config: z.strictObject({
      categories: z.array(label).min(1).max(LIMITS.chart.points),
      x_label: text(LIMITS.chart.axisLabel).optional(),
      y_label: text(LIMITS.chart.axisLabel).optional(),
    }),
  })
  .superRefine(
    rule(({ series, axis_config: { categories } }, say) => {
      if (new Set(categories).size < categories.length)
        say('categories must be unique', 'axis_config', 'categories');
      series.forEach(({ name, data }, index) => {
        if (series.findIndex((other) => other.name === name) !== index)
          say('series names must be unique', 'series', index, 'name');
        const labels = data.map((point) => point.label);
        if (labels.length !== categories.length || !categories.every((each) => labels.includes(each)))
          say('must have one entry for every category', 'series', index, 'data');
      });
    }),
  );
const pieChart = z.strictObject({
  type: z.literal('pie'),
  segments: z
    .array(z.strictObject({ label, value: z.number().positive() }))
    .min(1)
    .max(LIMITS.chart.series),
});

const actions = z.strictObject({
  type: z.literal('actions'),
  block_id: blockId,
  elements: z
    .array(z.discriminatedUnion('type', [button]))
    .min(1)
    .max(LIMITS.actions.elements),
});
const context = z.strictObject({
  type: z.literal('context'),
  block_id: blockId,
  elements: z
    .array(z.discriminatedUnion('type', [plain(LIMITS.text), mrkdwn(LIMITS.text)]))
    .min(1)
    .max(LIMITS.context.elements),
});
const divider = z.strictObject({ type: z.literal('divider'), block_id: blockId });
const header = z.strictObject({
  type: z.literal('header'),
  block_id: blockId,
  text: plainText(LIMITS.header.text),
});
const input = z.strictObject({
  type: z.literal('input'),
  block_id: blockId,
  label: plainText(LIMITS.input.label),
  hint: plainText(LIMITS.input.hint).optional(),
  optional: z.boolean().optional(),
  dispatch_action: z.boolean().optional(),
  element: z.discriminatedUnion('type', [plainTextInput, radioButtons, usersSelect]),
});
const section = z
  .strictObject({
    type: z.literal('section'),
    block_id: blockId,
    text: anyText(LIMITS.section.text).optional(),
    fields: z.array(anyText(LIMITS.section.field)).min(1).max(LIMITS.section.fields).optional(),
    accessory: z.discriminatedUnion('type', [button]).optional(),
    expand: z.boolean().optional(),
  })
  .superRefine(
    rule((value, say) => {
      if (value.text === undefined && value.fields === undefined) say('must have either text or fields');
    }),
  );

const EVERYWHERE = [actions, context, divider, header, input, richText, section] as const;

const container = z
  .strictObject({
    type: z.literal('container'),
    block_id: blockId,
    title: plainText(LIMITS.container.title).optional(),
    rich_text_title: richText.optional(),
    subtitle: anyText(LIMITS.container.subtitle).optional(),
    child_blocks: z
      .array(z.discriminatedUnion('type', [...EVERYWHERE, table]))
      .min(1)
      .max(LIMITS.container.children),
    width: z.enum(['narrow', 'standard', 'wide', 'full']).optional(),
    is_collapsible: z.boolean().optional(),
    default_collapsed: z.boolean().optional(),
    has_header_divider: z.boolean().optional(),
  })
  .superRefine(
    rule((value, say) => {
      if (value.title === undefined && value.rich_text_title === undefined)
        say('must have either title or rich_text_title');
    }),
  );
const alert = z.strictObject({
  type: z.literal('alert'),
  block_id: blockId,
  text: anyText(LIMITS.alert.text),
  level: z.enum(['default', 'info', 'warning', 'error', 'success']).optional(),
});
const dataVisualization = z.strictObject({
  type: z.literal('data_visualization'),
  block_id: blockId,
  title: text(LIMITS.chart.title),
  chart: z.discriminatedUnion('type', [seriesChart, pieChart]),
});

const ON_SURFACE = {
  message: z.discriminatedUnion('type', [...EVERYWHERE, table, dataTable, container, dataVisualization]),
  modal: z.discriminatedUnion('type', [...EVERYWHERE, alert]),
  home: z.discriminatedUnion('type', [...EVERYWHERE, table, dataTable, container]),
};
/** Types that some surface takes. */
export const BLOCK_TYPES: ReadonlySet<unknown> = new Set(
  [...ON_SURFACE.message.options, ...ON_SURFACE.modal.options].map(({ shape }) => shape.type.value),
);

const view = <S extends 'modal' | 'home'>(surface: S) => ({
  type: z.literal(surface),
  blocks: z.array(ON_SURFACE[surface]).max(LIMITS.view.blocks),
  private_metadata: z.string().max(LIMITS.view.privateMetadata).optional(),
  callback_id: z.string().max(LIMITS.view.callbackId).optional(),
});

export const PAYLOADS: Readonly<Record<Surface, z.ZodType>> = {
  message: z.looseObject({ blocks: z.array(ON_SURFACE.message).max(LIMITS.message.blocks).optional() }),
  home: z.discriminatedUnion('type', [z.strictObject(view('home'))]),
  modal: z.discriminatedUnion('type', [
    z
      .strictObject({
        ...view('modal'),
        title: plainText(LIMITS.view.title),
        submit: plainText(LIMITS.view.submit).optional(),
        close: plainText(LIMITS.view.close).optional(),
      })
      .superRefine(
        rule(({ blocks, submit }, say) => {
          const hasInput = blocks.some((block) => block.type === 'input');
          if (hasInput && submit === undefined) say('missing required field: submit');
        }),
      ),
  ]),
};
