import type { Directory } from './directory.ts';
import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import type { StoredView } from './store.ts';

/** What a person typed, or the value of what they chose. */
export type InputValue = string;

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

const STATELESS: readonly unknown[] = ['button', 'overflow', 'image'];

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
      .filter((element) => !STATELESS.includes(element.type))
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

export function readOptions(element: JsonObject): readonly JsonObject[] {
  return readObjects(element.options);
}

/** The option with that value. @throws when the element has none. */
export function pickOption(element: JsonObject, value: unknown): JsonObject {
  const option = readOptions(element).find((entry) => entry.value === value);
  if (option === undefined) throw new Error(`No option "${String(value)}" in ${String(element.action_id)}`);
  return option;
}

/** The entry of `state.values` (and of an action) for one element, as Slack shapes it by type. */
export function toStateValue(element: JsonObject, value: InputValue | undefined): JsonObject {
  const type = String(element.type);
  if (type === 'static_select' || type === 'radio_buttons') {
    const chosen = value === undefined ? element.initial_option : pickOption(element, value);
    return { type, selected_option: chosen ?? null };
  }
  const typed = value ?? element.initial_value;
  return { type, value: typed === '' ? null : (typed ?? null) };
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
