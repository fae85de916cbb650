/**
 * What Slack would refuse in a message, a modal or a Home tab: the schema's issues in the words that Slack uses in
 * `response_metadata.messages`, and the rules about a whole payload.
 */
import type { z } from 'zod';
import { LIMITS } from '../../../src/slack/views/limits.ts';
import { isObject, type JsonObject } from '../json.ts';
import { BLOCK_TYPES, countCellCharacters, PAYLOADS, type Surface } from './schema.ts';

export type { Surface } from './schema.ts';

/** Slack's error code for the whole call. */
export type FaultCode =
  | 'invalid_blocks'
  | 'invalid_arguments'
  | 'invalid_attachments'
  | 'msg_blocks_too_long'
  | 'msg_too_long';

export interface Fault {
  /** JSON pointer into the payload, e.g. `/blocks/0/text/text`. */
  readonly pointer: string;
  readonly code: FaultCode;
  readonly text: string;
}

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
  const code: FaultCode = surface === 'message' ? 'invalid_blocks' : 'invalid_arguments';
  const given = withoutNulls(payload);
  const faults: Fault[] = (PAYLOADS[surface].safeParse(given).error?.issues ?? []).flatMap((issue) =>
    wordIssue(issue, given, surface).map((fault) => ({ code, ...fault })),
  );
  if (!isObject(given)) return faults;
  const placed = placeBlocks('/blocks', given.blocks);
  faults.push(...repeatedIds(placed).map((fault) => ({ code, ...fault })));
  if (surface === 'message') faults.push(...findWholeMessageFaults(given, placed, options.update === true));
  return faults;
}

/** Slack takes a property that is null for one that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(entries.map(([name, entry]) => [name, withoutNulls(entry)]));
}

function wordIssue(issue: z.core.$ZodIssue, payload: unknown, surface: Surface): Omit<Fault, 'code'>[] {
  const { path } = issue;
  const at = (text: string, where: readonly PropertyKey[] = path) => [{ pointer: pointerOf(where), text }];
  const value = path.reduce<unknown>(
    (inside, name) => (isObject(inside) || Array.isArray(inside) ? Reflect.get(inside, name) : undefined),
    payload,
  );
  const name = path.at(-1);
  if (value === undefined && typeof name === 'string' && issue.code !== 'custom')
    return at(`missing required field: ${name}`, path.slice(0, -1));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.flatMap((key) => at(`invalid additional property: ${key}`));
    case 'invalid_union': {
      const isKnown = path.length === 3 && BLOCK_TYPES.has(value);
      return at(`unsupported type: ${String(value)}${isKnown ? ` (not allowed in a ${surface})` : ''}`);
    }
    case 'invalid_type':
      return at(issue.expected === 'object' ? 'must provide an object' : `must be a ${issue.expected}`);
    case 'invalid_value':
      return at(`must be a valid enum value: ${issue.values.join(', ')}`);
    case 'too_big':
      if (issue.origin === 'string') return at(`must be less than ${Number(issue.maximum) + 1} characters`);
      return at(`no more than ${issue.maximum}${issue.origin === 'array' ? ' items' : ''} allowed`);
    case 'too_small': {
      const least = Number(issue.minimum);
      if (issue.origin === 'string') return at(`must be more than ${least - 1} characters`);
      if (issue.origin !== 'array') return at(`must be greater than ${least - (issue.inclusive ? 1 : 0)}`);
      return at(`no fewer than ${least} item${least === 1 ? '' : 's'} allowed`);
    }
    default:
      return at(issue.message);
  }
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step)}`).join('');
}

export interface Placed {
  readonly pointer: string;
  readonly block: JsonObject;
}

/** All blocks with their pointers, children of containers included. */
export function placeBlocks(pointer: string, blocks: unknown): readonly Placed[] {
  if (!Array.isArray(blocks)) return [];
  return blocks.flatMap((entry: unknown, index) => {
    if (!isObject(entry)) return [];
    const here = `${pointer}/${index}`;
    return [{ pointer: here, block: entry }, ...placeBlocks(`${here}/child_blocks`, entry.child_blocks)];
  });
}

/** A block id may stand once in a payload, an action id once in a block. */
function repeatedIds(placed: readonly Placed[]): Omit<Fault, 'code'>[] {
  const elementsOf = ({ pointer, block }: Placed): readonly Placed[] =>
    (Array.isArray(block.elements) ? block.elements : []).flatMap((element: unknown, index) =>
      isObject(element) ? [{ pointer: `${pointer}/elements/${index}`, block: element }] : [],
    );
  return [
    ...repeated(placed, 'block_id'),
    ...placed.flatMap((each) => repeated(elementsOf(each), 'action_id')),
  ];
}

function repeated(placed: readonly Placed[], name: string): Omit<Fault, 'code'>[] {
  const seen = new Set<unknown>();
  return placed.flatMap(({ pointer, block }) => {
    const id = block[name];
    if (id === undefined) return [];
    if (seen.has(id))
      return [{ pointer: `${pointer}/${name}`, text: `\`${name}\` "${String(id)}" already exists` }];
    seen.add(id);
    return [];
  });
}

const isTable = (block: JsonObject): boolean => block.type === 'table' || block.type === 'data_table';

/** Characters of text in blocks, tables apart: they have their own budget. */
function countTextCharacters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countTextCharacters(entry), 0);
  if (!isObject(value) || isTable(value)) return 0;
  return Object.entries(value).reduce((sum, [name, entry]) => {
    if (typeof entry === 'string') return sum + (name === 'text' ? entry.length : 0);
    return sum + countTextCharacters(entry);
  }, 0);
}

function findWholeMessageFaults(payload: JsonObject, placed: readonly Placed[], update: boolean): Fault[] {
  const { message, dataTable } = LIMITS;
  const faults: Fault[] = [];
  const say = (pointer: string, code: FaultCode, text: string) => faults.push({ pointer, code, text });
  if (update && typeof payload.text === 'string' && payload.text.length > message.updateText)
    say('/text', 'msg_too_long', `must be less than ${message.updateText + 1} characters`);
  const tables = placed.filter(({ block }) => isTable(block));
  for (const extra of tables.slice(message.tables))
    say(extra.pointer, 'invalid_attachments', 'only_one_table_allowed');
  if (countCellCharacters(tables.map(({ block }) => block.rows)) > dataTable.characters)
    say('/blocks', 'invalid_blocks', `no more than ${dataTable.characters} characters in all table cells`);
  if (placed.filter(({ block }) => block.type === 'data_visualization').length > message.charts)
    say('/blocks', 'invalid_blocks', 'too many data_visualization blocks');
  if (countTextCharacters(payload.blocks) > message.blocksCharacters)
    say('/blocks', 'msg_blocks_too_long', 'message blocks are too long in total');
  return faults;
}
