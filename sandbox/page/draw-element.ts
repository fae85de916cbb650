/** Buttons, menus and inputs: drawn here, so that what people do with them goes to the bot as Slack would send it. */
import { isObject, type JsonObject, readString } from '../slack/json.ts';
import { readOptions } from '../slack/view-payload.ts';
import { attributes, html, type Markup } from './html.ts';

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

function drawButton(element: JsonObject, blockId: string): Markup {
  const text = plainText(element.text);
  const given = {
    class: `button ${readString(element, 'style') ?? ''}`.trim(),
    'aria-label': spokenName(text, readString(element, 'accessibility_label')),
  };
  const url = readString(element, 'url');
  if (url !== undefined) return html`<a ${attributes({ ...given, href: url })}>${text}</a>`;
  const acts = { ...actionData(element, blockId), 'data-value': readString(element, 'value') };
  return html`<button type="button" ${attributes({ ...given, ...acts })}>${text}</button>`;
}

function drawOptions(element: JsonObject): Markup[] {
  const initial = isObject(element.initial_option) ? element.initial_option.value : undefined;
  return readOptions(element).map(({ value, text }) => {
    const given = attributes({ value: String(value), selected: value === initial });
    return html`<option ${given}>${plainText(text)}</option>`;
  });
}

function drawMenu(element: JsonObject, blockId: string): Markup {
  const label = plainText(element.placeholder) || (element.type === 'overflow' ? 'More' : 'Choose');
  const first = attributes({ value: '', disabled: true, selected: element.initial_option === undefined });
  return html`<select ${attributes({ 'aria-label': label, ...actionData(element, blockId) })}>
    <option ${first}>${label}</option>${drawOptions(element)}</select>`;
}

/** An element of an `actions` block or an accessory. */
export function drawActionElement(element: JsonObject, blockId: string): Markup {
  switch (element.type) {
    case 'button':
      return drawButton(element, blockId);
    case 'static_select':
    case 'overflow':
      return drawMenu(element, blockId);
    case 'radio_buttons':
      return html`<div>${drawChoices(element, blockId, actionData(element, blockId))}</div>`;
    default:
      return html`<span class="quiet">(${String(element.type)}: not drawn here)</span>`;
  }
}

function drawChoices(element: JsonObject, name: string, data: Record<string, string> = {}): Markup[] {
  const initial = isObject(element.initial_option) ? element.initial_option.value : undefined;
  return readOptions(element).map(({ value, text }) => {
    const given = attributes({ name, value: String(value), checked: value === initial, ...data });
    return html`<label class="choice"><input type="radio" ${given}> ${plainText(text)}</label>`;
  });
}

function drawControl(element: JsonObject, given: Parameters<typeof attributes>[0]): Markup {
  const placeholder = plainText(element.placeholder);
  if (element.type === 'static_select')
    return html`<select ${attributes(given)}><option value="">${placeholder || 'Choose'}</option>${drawOptions(element)}</select>`;
  const { min_length: min, max_length: max } = element;
  const typed = attributes({
    ...given,
    minlength: typeof min === 'number' ? min : undefined,
    maxlength: typeof max === 'number' ? max : undefined,
    placeholder: placeholder || undefined,
  });
  const initial = readString(element, 'initial_value');
  if (element.multiline === true) return html`<textarea rows="4" ${typed}>${initial}</textarea>`;
  return html`<input type="text" autocomplete="off" ${typed} ${attributes({ value: initial })}>`;
}

/** An `input` block with its label, hint and what its last submission was refused with. */
export function drawInput(block: JsonObject, error: string | undefined): Markup {
  const name = readString(block, 'block_id') ?? '';
  const element = isObject(block.element) ? block.element : {};
  const id = `field-${name}`;
  const hint = plainText(block.hint);
  const isRequired = block.optional !== true;
  const label = plainText(block.label) + (isRequired ? '' : ' (optional)');
  const described = [hint !== '' && `${id}-hint`, error !== undefined && `${id}-error`]
    .filter(Boolean)
    .join(' ');
  const describedBy = { 'aria-describedby': described || undefined };
  const below = [
    hint !== '' && html`<p id="${id}-hint" class="hint">${hint}</p>`,
    error !== undefined && html`<p id="${id}-error" class="error" role="alert">${error}</p>`,
  ];
  if (element.type === 'radio_buttons')
    return html`<fieldset class="field" ${attributes(describedBy)}><legend>${label}</legend>
      ${drawChoices(element, name)}${below}</fieldset>`;
  const isRefused = error === undefined ? undefined : 'true';
  const control = drawControl(element, {
    id,
    name,
    required: isRequired,
    ...describedBy,
    'aria-invalid': isRefused,
  });
  return html`<div class="field"><label for="${id}">${label}</label>${control}${below}</div>`;
}
