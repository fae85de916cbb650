/** Markup as templates: what is put into one is escaped, unless it is markup itself. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Of a start tag; those that are undefined or false are left out, `true` is an empty one. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Text, numbers, markup and attributes, or lists of them; null, undefined and false are nothing. */
export type Content = Markup | Attributes | string | number | false | null | undefined | readonly Content[];

export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const text = parts.reduce((sum, part, index) => sum + toHtml(contents[index - 1]) + part);
  return new Markup(text.trim());
}

export function toHtml(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') return String(content);
  if (!content) return '';
  return isList(content) ? content.map(toHtml).join('') : attributesHtml(content);
}

function isList(content: Attributes | readonly Content[]): content is readonly Content[] {
  return Array.isArray(content);
}

function attributesHtml(attributes: Attributes): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => `${name}="${value === true ? '' : escapeHtml(String(value))}"`)
    .join(' ');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** "14:05:09", UTC. */
export function clockText(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 19) : '–';
}

/** A button that posts a JSON body to a path of the control. `spoken`: its name where the label alone says too little. */
export function postButton(label: string, path: string, body: object, spoken?: string, look = ''): Markup {
  const given = { 'data-post': path, 'data-body': JSON.stringify(body), 'aria-label': spoken };
  return html`<button type="button" class="button small ${look}" ${given}>${label}</button>`;
}

/** A form whose fields are posted as one JSON object, over `body`; a field `json` holds JSON whose fields join it. */
export function postForm(
  path: string,
  body: object,
  id: string,
  submit: string,
  ...fields: Content[]
): Markup {
  return html`<form class="row" id="${id}" data-post="${path}" data-body="${JSON.stringify(body)}">
    ${fields}<button type="submit" class="button small">${submit}</button></form>`;
}

export function labelled(label: string, control: Markup): Markup {
  return html`<label class="labelled"><span>${label}</span>${control}</label>`;
}

/** The fields that come with each choice, as JSON. */
export function menu(label: string, options: readonly (readonly [text: string, fields: object])[]): Markup {
  const drawn = options.map(
    ([text, fields]) => html`<option value="${JSON.stringify(fields)}">${text}</option>`,
  );
  return labelled(label, html`<select name="json">${drawn}</select>`);
}

export const decimal = (name: string, given: string) =>
  html`<input name="${name}" required inputmode="decimal" pattern="-?[0-9]+(\\.[0-9]+)?" autocomplete="off"
    size="9" value="${given}">`;

export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly Content[])[],
): Markup {
  const head = headings.map((text) => html`<th scope="col">${text}</th>`);
  const body = rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`);
  return html`<div class="table-frame" role="group" aria-label="${caption}" tabindex="0"><table class="panel-table">
    <caption class="only-heard">${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody>
  </table></div>`;
}
