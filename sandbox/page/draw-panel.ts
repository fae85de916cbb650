/** Small parts that the side panel's sections are made of. */
import type { ReactElement, ReactNode } from 'react';
import { h } from './html.ts';

/** "14:05:09", UTC. */
export function clockText(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 19) : '–';
}

/** A button that posts a JSON body to a path of the page's server. */
export function postButton(
  label: string,
  path: string,
  body: object,
  more: { readonly spoken?: string; readonly className?: string; readonly pressed?: boolean } = {},
): ReactElement {
  return h(
    'button',
    {
      type: 'button',
      className: `button small ${more.className ?? ''}`.trim(),
      'data-post': path,
      'data-body': JSON.stringify(body),
      'aria-label': more.spoken,
      'aria-pressed': more.pressed,
    },
    label,
  );
}

/**
 * A form whose fields are posted as one JSON object, over `body`. A field's name is its place in the object; one
 * marked `data-number` is a number; one marked `data-merge` holds JSON whose fields join the object.
 */
export function postForm(path: string, body: object, key: string, ...children: ReactNode[]): ReactElement {
  return h(
    'form',
    { className: 'row', 'data-post': path, 'data-body': JSON.stringify(body), 'data-key': key },
    ...children,
  );
}

export function submitButton(label: string): ReactElement {
  return h('button', { type: 'submit', className: 'button small' }, label);
}

export function labelled(label: string, control: ReactElement): ReactElement {
  return h('label', { className: 'labelled' }, h('span', null, label), control);
}

/** A menu whose options carry JSON; see `data-merge` above. */
export function mergeMenu(
  label: string,
  options: readonly (readonly [text: string, fields: object])[],
): ReactElement {
  return labelled(
    label,
    h(
      'select',
      { 'data-merge': '' },
      options.map(([text, fields]) => h('option', { key: text, value: JSON.stringify(fields) }, text)),
    ),
  );
}

export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly ReactNode[])[],
): ReactElement {
  return h(
    'div',
    { className: 'table-frame', role: 'group', 'aria-label': caption, tabIndex: 0 },
    h(
      'table',
      { className: 'panel-table' },
      h('caption', { className: 'only-heard' }, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          headings.map((text) => h('th', { key: text, scope: 'col' }, text)),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((row, index) =>
          h(
            'tr',
            { key: index },
            row.map((cell, at) => h('td', { key: headings[at] ?? at }, cell)),
          ),
        ),
      ),
    ),
  );
}
