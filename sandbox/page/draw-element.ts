/** Buttons, menus and inputs: drawn here, so that what people do with them goes to the bot as Slack would send it. */
import type { ReactElement } from 'react';
import { isObject, type JsonObject, readObjects, readString } from '../slack/json.ts';
import { readOptions } from '../slack/view-payload.ts';
import { h } from './html.ts';

export function plainText(value: unknown): string {
  return isObject(value) ? (readString(value, 'text') ?? '') : '';
}

/** What the browser needs to act on an element. */
function actionData(element: JsonObject, blockId: string): Record<string, string> {
  return {
    'data-action': readString(element, 'action_id') ?? '',
    'data-block': blockId,
    ...(isObject(element.confirm) ? { 'data-confirm': JSON.stringify(confirmTexts(element.confirm)) } : {}),
  };
}

function confirmTexts(confirm: JsonObject) {
  return {
    title: plainText(confirm.title),
    text: plainText(confirm.text),
    yes: plainText(confirm.confirm) || 'Yes',
    no: plainText(confirm.deny) || 'Cancel',
  };
}

/** Who speaks to the machine says what stands on the button: the name that is read aloud must contain it. */
function spokenName(text: string, label: string | undefined): string | undefined {
  if (label === undefined || label.toLowerCase().includes(text.toLowerCase())) return label;
  return `${text} ${label}`;
}

function drawButton(element: JsonObject, blockId: string, key: string): ReactElement {
  const url = readString(element, 'url');
  const text = plainText(element.text);
  const label = spokenName(text, readString(element, 'accessibility_label'));
  const className = `button ${readString(element, 'style') ?? ''}`.trim();
  if (url !== undefined) return h('a', { key, className, href: url, 'aria-label': label }, text);
  const value = readString(element, 'value');
  return h(
    'button',
    {
      key,
      type: 'button',
      className,
      'aria-label': label,
      ...actionData(element, blockId),
      ...(value === undefined ? {} : { 'data-value': value }),
    },
    text,
  );
}

function drawMenu(element: JsonObject, blockId: string, key: string): ReactElement {
  const initial = isObject(element.initial_option) ? readString(element.initial_option, 'value') : undefined;
  const label = plainText(element.placeholder) || (element.type === 'overflow' ? 'More' : 'Choose');
  return h(
    'select',
    { key, 'aria-label': label, defaultValue: initial ?? '', ...actionData(element, blockId) },
    h('option', { value: '', disabled: true }, label),
    readOptions(element).map((option) =>
      h('option', { key: String(option.value), value: String(option.value) }, plainText(option.text)),
    ),
  );
}

/** An element of an `actions` block or an accessory. */
export function drawActionElement(element: JsonObject, blockId: string, key: string): ReactElement {
  switch (element.type) {
    case 'button':
    case 'workflow_button':
      return drawButton(element, blockId, key);
    case 'static_select':
    case 'overflow':
      return drawMenu(element, blockId, key);
    case 'radio_buttons':
    case 'checkboxes':
      return h('div', { key }, drawChoices(element, blockId, actionData(element, blockId)));
    case 'image':
      return h('span', { key, className: 'quiet' }, `(image: ${readString(element, 'alt_text') ?? ''})`);
    default:
      return h('span', { key, className: 'quiet' }, `(${String(element.type)}: not drawn here)`);
  }
}

function drawChoices(element: JsonObject, name: string, data: Record<string, string> = {}): ReactElement[] {
  const initial = [
    ...readObjects(element.initial_options),
    ...(isObject(element.initial_option) ? [element.initial_option] : []),
  ].map((option) => option.value);
  const type = element.type === 'radio_buttons' ? 'radio' : 'checkbox';
  return readOptions(element).map((option) => {
    const value = String(option.value);
    return h(
      'label',
      { key: value, className: 'choice' },
      h('input', { type, name, value, defaultChecked: initial.includes(value), ...data }),
      ' ',
      plainText(option.text),
    );
  });
}

interface InputParts {
  readonly id: string;
  readonly name: string;
  readonly isRequired: boolean;
  readonly describedBy: string;
  readonly isRefused: boolean;
}

const INPUT_TYPES: Readonly<Record<string, string>> = {
  datepicker: 'date',
  timepicker: 'time',
  email_text_input: 'email',
  url_text_input: 'url',
  number_input: 'number',
};

function drawControl(element: JsonObject, parts: InputParts): ReactElement {
  const common = {
    id: parts.id,
    name: parts.name,
    required: parts.isRequired,
    'aria-describedby': parts.describedBy || undefined,
    'aria-invalid': parts.isRefused || undefined,
  };
  const placeholder = plainText(element.placeholder) || undefined;
  const length = {
    ...(typeof element.min_length === 'number' ? { minLength: element.min_length } : {}),
    ...(typeof element.max_length === 'number' ? { maxLength: element.max_length } : {}),
  };
  const initial = readString(element, 'initial_value') ?? readString(element, 'initial_date');
  if (element.type === 'static_select') {
    return h(
      'select',
      { ...common, defaultValue: '' },
      h('option', { value: '' }, placeholder ?? 'Choose'),
      readOptions(element).map((option) =>
        h('option', { key: String(option.value), value: String(option.value) }, plainText(option.text)),
      ),
    );
  }
  if (element.multiline === true)
    return h('textarea', { ...common, ...length, rows: 4, placeholder, defaultValue: initial });
  const type = INPUT_TYPES[String(element.type)] ?? 'text';
  return h('input', { ...common, ...length, type, placeholder, defaultValue: initial, autoComplete: 'off' });
}

/** An `input` block with its label, hint and what its last submission was refused with. */
export function drawInput(block: JsonObject, error: string | undefined, key: string): ReactElement {
  const name = readString(block, 'block_id') ?? key;
  const element = isObject(block.element) ? block.element : {};
  const id = `field-${name}`;
  const hint = plainText(block.hint);
  const described = [...(hint === '' ? [] : [`${id}-hint`]), ...(error === undefined ? [] : [`${id}-error`])];
  const isRequired = block.optional !== true;
  const label = plainText(block.label) + (isRequired ? '' : ' (optional)');
  const below = [
    hint === '' ? null : h('p', { key: 'hint', id: `${id}-hint`, className: 'hint' }, hint),
    error === undefined
      ? null
      : h('p', { key: 'error', id: `${id}-error`, className: 'error', role: 'alert' }, error),
  ];
  if (element.type === 'radio_buttons' || element.type === 'checkboxes') {
    const ids = described.join(' ') || undefined;
    return h(
      'fieldset',
      { key, className: 'field', 'aria-describedby': ids },
      h('legend', null, label),
      drawChoices(element, name),
      below,
    );
  }
  const isRefused = error !== undefined;
  const control = drawControl(element, { id, name, isRequired, describedBy: described.join(' '), isRefused });
  return h('div', { key, className: 'field' }, h('label', { htmlFor: id }, label), control, below);
}
