/**
 * What Slack would refuse in a message, a modal or a Home tab, told before sending it.
 * Stricter than Slack nowhere on purpose; where two copies of Slack's documents disagree, the number in
 * `block-kit-limits.ts` says which was taken. Pure.
 */

import { LIMITS } from '../../../src/slack/views/limits.ts';
import { block } from './blocks.ts';
import {
  addFault,
  anything,
  array,
  boolean,
  byType,
  type Check,
  type Fault,
  type Inspection,
  isObject,
  object,
  optional,
  plainText,
  required,
  type Surface,
  string,
} from './checks.ts';
import { countCellCharacters } from './tables.ts';

export type { Fault, FaultCode, Surface } from './checks.ts';

const type = required(anything);

interface Placed {
  readonly pointer: string;
  readonly block: Readonly<Record<string, unknown>>;
}

/** All blocks with their pointers, children of containers included. */
function placeBlocks(pointer: string, blocks: unknown): readonly Placed[] {
  if (!Array.isArray(blocks)) return [];
  return blocks.flatMap((entry: unknown, index) => {
    if (!isObject(entry)) return [];
    const here = `${pointer}/${index}`;
    return [{ pointer: here, block: entry }, ...placeBlocks(`${here}/child_blocks`, entry.child_blocks)];
  });
}

function checkIdentifiers(inspection: Inspection, placed: readonly Placed[]): void {
  const blockIds = new Set<unknown>();
  for (const { pointer, block: entry } of placed) {
    if (entry.block_id !== undefined && blockIds.has(entry.block_id))
      addFault(inspection, `${pointer}/block_id`, `\`block_id\` "${String(entry.block_id)}" already exists`);
    blockIds.add(entry.block_id);
    const actionIds = new Set<unknown>();
    const elements: readonly unknown[] = Array.isArray(entry.elements) ? entry.elements : [];
    elements.forEach((element, index) => {
      const actionId = isObject(element) ? element.action_id : undefined;
      if (actionId === undefined) return;
      if (actionIds.has(actionId))
        addFault(
          inspection,
          `${pointer}/elements/${index}/action_id`,
          `\`action_id\` "${String(actionId)}" already exists`,
        );
      actionIds.add(actionId);
    });
  }
}

const isTable = ({ block: entry }: Placed): boolean => entry.type === 'table' || entry.type === 'data_table';

/** Characters of text in blocks, tables apart: they have their own budget. */
function countTextCharacters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countTextCharacters(entry), 0);
  if (!isObject(value) || value.type === 'table' || value.type === 'data_table') return 0;
  return Object.entries(value).reduce((sum, [name, entry]) => {
    if (typeof entry === 'string') return sum + (name === 'text' ? entry.length : 0);
    return sum + countTextCharacters(entry);
  }, 0);
}

function checkWholeMessage(inspection: Inspection, blocks: unknown, placed: readonly Placed[]): void {
  const tables = placed.filter(isTable);
  for (const extra of tables.slice(LIMITS.message.tables))
    addFault(inspection, extra.pointer, 'only_one_table_allowed', 'invalid_attachments');
  const cells = tables.reduce((sum, entry) => sum + countCellCharacters(entry.block.rows), 0);
  if (cells > LIMITS.dataTable.characters)
    addFault(
      inspection,
      '/blocks',
      `no more than ${LIMITS.dataTable.characters} characters in all table cells`,
    );
  const charts = placed.filter(({ block: entry }) => entry.type === 'data_visualization');
  if (charts.length > LIMITS.message.charts)
    addFault(inspection, '/blocks', 'too many data_visualization blocks');
  const markdown = placed.reduce(
    (sum, { block: entry }) =>
      sum + (entry.type === 'markdown' && typeof entry.text === 'string' ? entry.text.length : 0),
    0,
  );
  if (
    markdown > LIMITS.message.markdownCharacters ||
    countTextCharacters(blocks) > LIMITS.message.blocksCharacters
  )
    addFault(inspection, '/blocks', 'message blocks are too long in total', 'msg_blocks_too_long');
}

const view = {
  type,
  blocks: required(array(block, LIMITS.view.blocks, 0)),
  private_metadata: optional(string(LIMITS.view.privateMetadata, 0)),
  callback_id: optional(string(LIMITS.view.callbackId, 0)),
  external_id: optional(string(LIMITS.view.externalId, 0)),
};

const inputNeedsSubmit: Check = (inspection, pointer, value) => {
  if (!isObject(value) || value.submit !== undefined) return;
  const hasInput = placeBlocks('/blocks', value.blocks).some(({ block: entry }) => entry.type === 'input');
  if (hasInput) addFault(inspection, pointer, 'missing required field: submit');
};

const modal: Check = object(
  {
    ...view,
    title: required(plainText(LIMITS.view.title)),
    submit: optional(plainText(LIMITS.view.submit)),
    close: optional(plainText(LIMITS.view.close)),
    clear_on_close: optional(boolean),
    notify_on_close: optional(boolean),
    submit_disabled: optional(boolean),
  },
  inputNeedsSubmit,
);

const home: Check = object(view);

/**
 * All faults that would make Slack refuse `payload`; none means that it would be taken.
 * @param surface `message`: payload `{text?, blocks?}`; `modal` and `home`: the view object.
 * @param options `update`: the text limit of chat.update applies (4,000; `msg_too_long`).
 */
export function findBlockKitFaults(
  surface: Surface,
  payload: unknown,
  options: { readonly update?: boolean } = {},
): readonly Fault[] {
  const faults: Fault[] = [];
  const defaultCode = surface === 'message' ? 'invalid_blocks' : 'invalid_arguments';
  const inspection: Inspection = { surface, faults, defaultCode };
  if (!isObject(payload)) {
    addFault(inspection, '', 'must provide an object');
    return faults;
  }
  if (surface === 'message') {
    if (payload.blocks !== undefined)
      array(block, LIMITS.message.blocks, 0)(inspection, '/blocks', payload.blocks);
    const longest = options.update === true ? LIMITS.message.updateText : Number.POSITIVE_INFINITY;
    if (typeof payload.text === 'string' && payload.text.length > longest)
      addFault(inspection, '/text', `must be less than ${longest + 1} characters`, 'msg_too_long');
  } else {
    byType(() => (surface === 'modal' ? { modal } : { home }))(inspection, '', payload);
  }
  const placed = placeBlocks('/blocks', payload.blocks);
  checkIdentifiers(inspection, placed);
  if (surface === 'message') checkWholeMessage(inspection, payload.blocks, placed);
  return faults;
}
