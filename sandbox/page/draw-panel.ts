/** Small parts that the side panel's sections are made of. */
import { attributes, type Content, html, type Markup } from './html.ts';

/** "14:05:09", UTC. */
export function clockText(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 19) : '–';
}

/** A button that posts a JSON body to a path of the page's server. */
export function postButton(
  label: string,
  path: string,
  body: object,
  more: { readonly spoken?: string; readonly className?: string } = {},
): Markup {
  const given = attributes({
    class: `button small ${more.className ?? ''}`.trim(),
    'data-post': path,
    'data-body': JSON.stringify(body),
    'aria-label': more.spoken,
  });
  return html`<button type="button" ${given}>${label}</button>`;
}

/**
 * A form whose fields are posted as one JSON object, over `body`. A field's name is its place in the object; one
 * marked `data-number` is a number; one marked `data-merge` holds JSON whose fields join the object.
 */
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

/** A menu whose options carry JSON; see `data-merge` above. */
export function mergeMenu(
  label: string,
  options: readonly (readonly [text: string, fields: object])[],
): Markup {
  const drawn = options.map(
    ([text, fields]) => html`<option value="${JSON.stringify(fields)}">${text}</option>`,
  );
  return labelled(label, html`<select data-merge="">${drawn}</select>`);
}

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
