/** What people do with messages, modals and the side panel, on its way to the server. */
import { around, element, now, post } from './desk.ts';
import { morph } from './morph.ts';
import { sort, turn } from './tables.ts';

export interface ShownModal {
  readonly id: string;
  readonly html: string;
}

const FIELD = 'input, textarea, select';
let shownId = '';
/** What gets the focus as soon as it is there: a form may come after a "reading…" view, an error after the answer. */
let wanted = '';

/** The modal on top of a person's stack, or none. */
export function showModal(shown: ShownModal | null): void {
  const box = element<HTMLDialogElement>('modal', HTMLDialogElement);
  if (shown === null) box.close();
  if (shown !== null && shown.id !== shownId) wanted = FIELD;
  shownId = shown?.id ?? '';
  if (shown === null) return;
  morph(box, shown.html);
  if (!box.open) box.showModal();
  const found = wanted === '' ? null : box.querySelector<HTMLElement>(wanted);
  if (found !== null) wanted = '';
  else if (wanted === FIELD) box.querySelector<HTMLElement>('.modal-blocks')?.focus();
  found?.focus();
}

/** Asks, if the element says so; true unless the person says no. */
function confirmed({ dataset: { confirm: json } }: HTMLElement): Promise<boolean> {
  if (json === undefined) return Promise.resolve(true);
  const texts: Record<string, string> = JSON.parse(json);
  for (const [part, text] of Object.entries(texts)) element(`confirm-${part}`).textContent = text;
  const box = element<HTMLDialogElement>('confirm', HTMLDialogElement);
  box.returnValue = 'no';
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener('close', () => resolve(box.returnValue === 'yes'), { once: true });
  });
}

const typedIn = (form: HTMLFormElement) => Object.fromEntries(new FormData(form));

/** Posts for a control; a second press before the answer does nothing. */
async function postOnce(control: Element | null, path: string, body: object): Promise<boolean> {
  if (control?.ariaBusy === 'true') return false;
  control?.setAttribute('aria-busy', 'true');
  const done = await post(path, body);
  control?.removeAttribute('aria-busy');
  return done;
}

/** A click or a choice in a message, a Home tab or a modal. */
async function act(control: HTMLElement, value: string | undefined): Promise<void> {
  if (control.ariaBusy === 'true' || !(await confirmed(control))) return;
  const view = control.closest<HTMLElement>('[data-view]');
  const { channel, ts } = control.closest<HTMLElement>('[data-ts]')?.dataset ?? {};
  const values = view instanceof HTMLFormElement ? typedIn(view) : undefined;
  const place = { channel, ts, view: view?.dataset.view, values };
  await postOnce(control, '/slack/click', {
    user: now().as,
    actionId: control.dataset.action,
    value,
    ...place,
  });
}

async function submitModal(form: HTMLFormElement): Promise<void> {
  wanted = '[aria-invalid]';
  const body = { user: now().as, view: shownId, values: typedIn(form) };
  await postOnce(form.querySelector('[type=submit]'), '/slack/submit', body);
}

/** The JSON that a form of the panel posts; see `postForm` on the server's side. */
function bodyOf(form: HTMLFormElement): object {
  const { json: _, ...fields } = typedIn(form);
  const chosen = new FormData(form).getAll('json').map((json) => JSON.parse(String(json)));
  return Object.assign(JSON.parse(form.dataset.body ?? '{}'), fields, ...chosen);
}

/** `refreshPanel`: called after what changes the other side. */
export function listenToForms(refreshPanel: () => Promise<void>): void {
  const closeModal = () => post('/slack/close', { user: now().as, view: shownId });
  element('modal').addEventListener('cancel', (event) => {
    event.preventDefault();
    void closeModal();
  });
  document.addEventListener('click', async (event) => {
    const button = around(event, 'button');
    if (button === null) return;
    const { sort: column, turn: pages, action, value, closeView, post: path, body = '{}' } = button.dataset;
    if (column !== undefined) sort(button);
    else if (pages !== undefined) turn(button, Number(pages));
    else if (action !== undefined) await act(button, value);
    else if (closeView !== undefined) await closeModal();
    else if (path !== undefined) {
      await postOnce(button, path, JSON.parse(body));
      await refreshPanel();
    }
  });
  document.addEventListener('submit', async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method === 'dialog') return;
    event.preventDefault();
    if (form.dataset.view !== undefined) await submitModal(form);
    const { post: path } = form.dataset;
    if (path === undefined) return;
    if (await post(path, bodyOf(form))) form.reset();
    await refreshPanel();
  });
}
