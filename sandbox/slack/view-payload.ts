import type { Directory } from './directory.ts';
import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import type { StoredView } from './store.ts';

/** What a person typed or chose: one text, or several for checkboxes and multi-selects. */
export type InputValue = string | readonly string[];

/** What was typed, by block id or action id. */
export type InputValues = Readonly<Record<string, InputValue>>;

/** An element that keeps a value, with the block it is in. */
export interface StatefulElement {
  readonly blockId: string;
  readonly actionId: string;
  readonly element: JsonObject;
  /** From an `input` block that is not optional. */
  readonly isRequired: boolean;
  readonly isInput: boolean;
}

const STATELESS = new Set([
  'button',
  'overflow',
  'image',
  'workflow_button',
  'icon_button',
  'feedback_buttons',
]);

/** Every element of the blocks that keeps a value, containers included. */
export function findStatefulElements(blocks: readonly JsonObject[]): readonly StatefulElement[] {
  return blocks.flatMap((block) => {
    const children = findStatefulElements(readObjects(block.child_blocks));
    const isInput = block.type === 'input';
    const candidates = [
      ...(isObject(block.element) ? [block.element] : []),
      ...(isObject(block.accessory) ? [block.accessory] : []),
      ...(block.type === 'actions' ? readObjects(block.elements) : []),
    ];
    const own = candidates
      .filter((element) => !STATELESS.has(String(element.type)))
      .map((element) => ({
        blockId: String(block.block_id),
        actionId: String(element.action_id),
        element,
        isRequired: isInput && block.optional !== true,
        isInput,
      }));
    return [...own, ...children];
  });
}

/** The options of a select, radio or checkbox element, groups flattened. */
export function readOptions(element: JsonObject): readonly JsonObject[] {
  const groups = readObjects(element.option_groups).flatMap((group) => readObjects(group.options));
  return [...readObjects(element.options), ...groups];
}

function pickOptions(element: JsonObject, values: readonly string[]): readonly JsonObject[] {
  return values.map((value) => {
    const option = readOptions(element).find((entry) => entry.value === value);
    if (option === undefined) throw new Error(`No option "${value}" in ${String(element.action_id)}`);
    return option;
  });
}

const asList = (value: InputValue): readonly string[] => (typeof value === 'string' ? [value] : value);

const SELECTED: Readonly<Record<string, string>> = {
  datepicker: 'selected_date',
  timepicker: 'selected_time',
  users_select: 'selected_user',
  conversations_select: 'selected_conversation',
  channels_select: 'selected_channel',
  multi_users_select: 'selected_users',
  multi_conversations_select: 'selected_conversations',
  multi_channels_select: 'selected_channels',
};

const INITIAL: Readonly<Record<string, string>> = {
  datepicker: 'initial_date',
  timepicker: 'initial_time',
  users_select: 'initial_user',
  conversations_select: 'initial_conversation',
  channels_select: 'initial_channel',
  multi_users_select: 'initial_users',
  multi_conversations_select: 'initial_conversations',
  multi_channels_select: 'initial_channels',
};

/** The entry of `state.values` (and of an action) for one element, as Slack shapes it by type. */
export function toStateValue(element: JsonObject, value: InputValue | undefined): JsonObject {
  const type = String(element.type);
  switch (type) {
    case 'static_select':
    case 'external_select':
    case 'radio_buttons': {
      const chosen = value === undefined ? element.initial_option : pickOptions(element, asList(value))[0];
      return { type, selected_option: chosen ?? null };
    }
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes': {
      const chosen = value === undefined ? element.initial_options : pickOptions(element, asList(value));
      return { type, selected_options: chosen ?? [] };
    }
    case 'datetimepicker': {
      const chosen = value === undefined ? element.initial_date_time : Number(value);
      return { type, selected_date_time: chosen ?? null };
    }
    default: {
      const name = SELECTED[type];
      const empty = type.startsWith('multi_') ? [] : null;
      if (name !== undefined) return { type, [name]: value ?? element[INITIAL[type] ?? ''] ?? empty };
      const typed = value ?? element.initial_value;
      return { type, value: typed === '' ? null : (typed ?? null) };
    }
  }
}

/** `state.values` for these blocks. A value under a name that no element has is a mistake of the caller. */
export function toState(blocks: readonly JsonObject[], values: InputValues): JsonObject {
  const elements = findStatefulElements(blocks);
  for (const name of Object.keys(values)) {
    if (!elements.some(({ blockId, actionId }) => blockId === name || actionId === name))
      throw new Error(
        `No input "${name}"; there are: ${elements.map(({ actionId }) => actionId).join(', ')}`,
      );
  }
  const state: Record<string, Record<string, JsonObject>> = {};
  for (const { blockId, actionId, element } of elements) {
    const value = Object.hasOwn(values, actionId) ? values[actionId] : values[blockId];
    state[blockId] = { ...state[blockId], [actionId]: toStateValue(element, value) };
  }
  return { values: state };
}

/** The `view` object of interaction payloads and of views.* answers. */
export function toSlackView(view: StoredView, directory: Directory, values: InputValues = {}): JsonObject {
  const { payload } = view;
  return {
    id: view.id,
    team_id: directory.team.id,
    type: payload.type,
    blocks: payload.blocks,
    private_metadata: readString(payload, 'private_metadata') ?? '',
    callback_id: readString(payload, 'callback_id') ?? '',
    state: toState(readObjects(payload.blocks), values),
    hash: view.hash,
    title: payload.title ?? { type: 'plain_text', text: 'View Title', emoji: true },
    clear_on_close: payload.clear_on_close === true,
    notify_on_close: payload.notify_on_close === true,
    close: payload.close ?? null,
    submit: payload.submit ?? null,
    previous_view_id: view.previousViewId ?? null,
    root_view_id: view.rootViewId,
    app_id: directory.appId,
    external_id: readString(payload, 'external_id') ?? '',
    app_installed_team_id: directory.team.id,
    bot_id: directory.botId,
  };
}
