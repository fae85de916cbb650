import type { Directory } from './directory.ts';
import { isObject, type JsonObject, readObjects, readString } from './json.ts';
import type { StoredView } from './store.ts';

/** What was typed, or the value of what was chosen, by block id or action id. */
export type InputValues = Readonly<Record<string, string>>;

/** The element of an `input` block. */
export interface InputElement {
  readonly blockId: string;
  readonly actionId: string;
  readonly element: JsonObject;
  readonly isRequired: boolean;
}

/** Every element of the blocks that keeps a value, containers included. */
export function findInputs(blocks: readonly JsonObject[]): readonly InputElement[] {
  return blocks.flatMap(({ element, block_id, optional, child_blocks }) => {
    if (!isObject(element)) return findInputs(readObjects(child_blocks));
    return {
      blockId: String(block_id),
      actionId: String(element.action_id),
      element,
      isRequired: optional !== true,
    };
  });
}

export function readOptions(element: JsonObject): readonly JsonObject[] {
  return readObjects(element.options);
}

/** The entry of `state.values` for one element, as Slack shapes it by type. */
function toStateValue(element: JsonObject, value: string | undefined): JsonObject {
  const type = String(element.type);
  if (type === 'radio_buttons') {
    const chosen =
      value === undefined
        ? element.initial_option
        : readOptions(element).find((option) => option.value === value);
    if (value !== undefined && chosen === undefined)
      throw new Error(`No option "${value}" in ${String(element.action_id)}`);
    return { type, selected_option: chosen ?? null };
  }
  if (type === 'users_select')
    return { type, selected_user: (value === '' ? null : value) ?? element.initial_user ?? null };
  const typed = value ?? element.initial_value;
  return { type, value: typed === '' ? null : (typed ?? null) };
}

/** `state.values` for these blocks. A value under a name that no element has is a mistake of the caller. */
export function toState(blocks: readonly JsonObject[], values: InputValues): JsonObject {
  const elements = findInputs(blocks);
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
    clear_on_close: false,
    notify_on_close: false,
    close: payload.close ?? null,
    submit: payload.submit ?? null,
    previous_view_id: null,
    root_view_id: view.id,
    app_id: directory.appId,
    external_id: '',
    app_installed_team_id: directory.team.id,
    bot_id: directory.botId,
  };
}
