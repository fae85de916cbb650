/** Buttons and forms that post JSON to the control of the sandbox, and tables. */
import { type Content, html, type Markup } from './html.ts';

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
