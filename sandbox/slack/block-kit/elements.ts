/** What Slack accepts as interactive elements, put together from small checks. Pure. */

import { LIMITS } from '../../../src/slack/views/limits.ts';
import {
  addFault,
  anyText,
  anything,
  array,
  boolean,
  byType,
  type Check,
  type Field,
  finiteNumber,
  integer,
  isObject,
  matching,
  object,
  oneOf,
  optional,
  plainText,
  required,
  string,
} from './checks.ts';

const type = required(anything);
const actionId = optional(string(LIMITS.actionId));

const confirm = optional(
  object({
    title: optional(plainText(LIMITS.confirm.title)),
    text: required(anyText(LIMITS.confirm.text)),
    confirm: optional(plainText(LIMITS.confirm.confirm)),
    deny: optional(plainText(LIMITS.confirm.deny)),
    style: optional(oneOf('primary', 'danger')),
  }),
);

const placeholder = optional(plainText(LIMITS.select.placeholder));
const focus = optional(boolean);

function option(text: Check, withUrl = false): Check {
  return object({
    text: required(text),
    value: required(string(LIMITS.option.value)),
    description: optional(plainText(LIMITS.option.description)),
    ...(withUrl ? { url: optional(string(LIMITS.option.url)) } : {}),
  });
}

/** Values must differ, and what is chosen at first must be one of the options, exactly. */
const coherentOptions: Check = (inspection, pointer, value) => {
  if (!isObject(value) || !Array.isArray(value.options)) return;
  const values = value.options.map((entry: unknown) => (isObject(entry) ? entry.value : undefined));
  values.forEach((entry, index) => {
    if (entry !== undefined && values.indexOf(entry) !== index)
      addFault(inspection, `${pointer}/options/${index}/value`, 'duplicate option value');
  });
  const chosen = Array.isArray(value.initial_options) ? value.initial_options : [value.initial_option];
  for (const entry of chosen) {
    if (isObject(entry) && !values.includes(entry.value))
      addFault(inspection, pointer, 'initial option must match one of the options');
  }
};

function choice(extra: Record<string, Field>): Check {
  return object(
    {
      type,
      action_id: actionId,
      options: required(array(option(anyText(LIMITS.option.text)), LIMITS.choices.options)),
      confirm,
      focus_on_load: focus,
      ...extra,
    },
    coherentOptions,
  );
}

const menu = { type, action_id: actionId, placeholder, confirm, focus_on_load: focus };
const many = { max_selected_items: optional(integer(1, 100)) };
const plainOption = option(plainText(LIMITS.option.text));

const eitherOptionsOrGroups: Check = (inspection, pointer, value) => {
  if (!isObject(value)) return;
  if ((value.options === undefined) === (value.option_groups === undefined))
    addFault(inspection, pointer, 'must have either options or option_groups');
  coherentOptions(inspection, pointer, value);
};

function staticMenu(extra: Record<string, Field>): Check {
  const group = object({
    label: required(plainText(LIMITS.select.groupLabel)),
    options: required(array(plainOption, LIMITS.select.options)),
  });
  return object(
    {
      ...menu,
      options: optional(array(plainOption, LIMITS.select.options)),
      option_groups: optional(array(group, LIMITS.select.optionGroups)),
      ...extra,
    },
    eitherOptionsOrGroups,
  );
}

const ids = optional(array(string(255), 100));
const id = optional(string(255));
const conversation = { default_to_current_conversation: optional(boolean), filter: optional(anything) };
const respondable = { response_url_enabled: optional(boolean) };

const buttonStyle = optional(oneOf('primary', 'danger'));
const accessibilityLabel = optional(string(LIMITS.button.accessibilityLabel));

export const button: Check = object({
  type,
  text: required(plainText(LIMITS.button.text)),
  action_id: actionId,
  value: optional(string(LIMITS.button.value)),
  url: optional(string(LIMITS.button.url)),
  style: buttonStyle,
  confirm,
  accessibility_label: accessibilityLabel,
});

export const imageElement: Check = object({
  type,
  alt_text: required(string(LIMITS.image.altText)),
  image_url: optional(string(LIMITS.image.url)),
  slack_file: optional(anything),
});

const date = matching(/^\d{4}-\d{2}-\d{2}$/, 'a date YYYY-MM-DD');
const time = matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time HH:mm');

const picking: Record<string, Check> = {
  checkboxes: choice({
    initial_options: optional(array(option(anyText(LIMITS.option.text)), LIMITS.choices.options)),
  }),
  radio_buttons: choice({ initial_option: optional(option(anyText(LIMITS.option.text))) }),
  datepicker: object({ ...menu, initial_date: optional(date) }),
  timepicker: object({ ...menu, initial_time: optional(time), timezone: optional(string(255)) }),
  datetimepicker: object({
    type,
    action_id: actionId,
    confirm,
    focus_on_load: focus,
    initial_date_time: optional(integer(1_000_000_000, 9_999_999_999)),
  }),
  static_select: staticMenu({ initial_option: optional(plainOption) }),
  multi_static_select: staticMenu({ initial_options: optional(array(plainOption, 100)), ...many }),
  external_select: object({
    ...menu,
    initial_option: optional(plainOption),
    min_query_length: optional(finiteNumber),
  }),
  multi_external_select: object({
    ...menu,
    ...many,
    initial_options: optional(array(plainOption, 100)),
    min_query_length: optional(finiteNumber),
  }),
  users_select: object({ ...menu, initial_user: id }),
  multi_users_select: object({ ...menu, ...many, initial_users: ids }),
  conversations_select: object({ ...menu, ...conversation, ...respondable, initial_conversation: id }),
  multi_conversations_select: object({ ...menu, ...conversation, ...many, initial_conversations: ids }),
  channels_select: object({ ...menu, ...respondable, initial_channel: id }),
  multi_channels_select: object({ ...menu, ...many, initial_channels: ids }),
};

const typed = {
  type,
  action_id: actionId,
  placeholder,
  focus_on_load: focus,
  dispatch_action_config: optional(anything),
};
const value = optional(string(LIMITS.plainTextInput.value, 0));

const lengthsInOrder: Check = (inspection, pointer, element) => {
  if (!isObject(element)) return;
  const { min_length: min, max_length: max } = element;
  if (typeof min === 'number' && typeof max === 'number' && min > max)
    addFault(inspection, pointer, 'min_length must not be greater than max_length');
};

const typing: Record<string, Check> = {
  plain_text_input: object(
    {
      ...typed,
      initial_value: value,
      multiline: optional(boolean),
      min_length: optional(integer(0, LIMITS.plainTextInput.value)),
      max_length: optional(integer(1, LIMITS.plainTextInput.value)),
    },
    lengthsInOrder,
  ),
  email_text_input: object({ ...typed, initial_value: value }),
  url_text_input: object({ ...typed, initial_value: value }),
  number_input: object({
    ...typed,
    is_decimal_allowed: required(boolean),
    initial_value: value,
    min_value: optional(string(255)),
    max_value: optional(string(255)),
  }),
  rich_text_input: object({
    ...typed,
    initial_value: optional(anything),
    min_lines: optional(integer(1, 100)),
    max_lines: optional(integer(1, 100)),
  }),
  file_input: object({
    type,
    action_id: actionId,
    filetypes: optional(array(string(255), 100)),
    max_files: optional(integer(1, 10)),
  }),
};

const overflow: Check = object({
  type,
  action_id: actionId,
  options: required(array(option(plainText(LIMITS.option.text), true), LIMITS.overflow.options)),
  confirm,
});

const workflowButton: Check = object({
  type,
  action_id: actionId,
  text: required(plainText(LIMITS.button.text)),
  workflow: required(anything),
  style: buttonStyle,
  accessibility_label: accessibilityLabel,
});

const { rich_text_input: richTextInput = anything } = typing;
const { datetimepicker: _dateTime, ...pickingForSections } = picking;

/** Elements of an `actions` block. */
export const actionsElement: Check = byType(() => ({
  button,
  overflow,
  workflow_button: workflowButton,
  rich_text_input: richTextInput,
  ...picking,
}));

/** `accessory` of a section. */
export const sectionAccessory: Check = byType(() => ({
  button,
  overflow,
  workflow_button: workflowButton,
  image: imageElement,
  ...pickingForSections,
}));

/** `element` of an `input` block. */
export const inputElement: Check = byType(() => ({ ...picking, ...typing }));

const feedbackButton = object({
  text: required(plainText(LIMITS.button.text)),
  accessibility_label: accessibilityLabel,
  value: required(string(LIMITS.button.value)),
});

/** Elements of a `context_actions` block. */
export const contextActionsElement: Check = byType(() => ({
  feedback_buttons: object({
    type,
    action_id: actionId,
    positive_button: required(feedbackButton),
    negative_button: required(feedbackButton),
  }),
  icon_button: object({
    type,
    action_id: actionId,
    icon: required(string(255)),
    text: required(plainText(LIMITS.button.text)),
    accessibility_label: accessibilityLabel,
    value: optional(string(LIMITS.button.value)),
    visible_to_user_ids: ids,
    confirm,
  }),
}));
