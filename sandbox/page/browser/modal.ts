/** The modal on top of a person's stack, and the confirm dialog of a button. */
import { dialog, element } from './elements.ts';
import { morph } from './morph.ts';
import { post } from './server.ts';
import { now } from './state.ts';

export interface ShownModal {
  readonly id: string;
  readonly html: string;
}

let shownId = '';
/** The form may come after a "reading…" view: the first field gets the focus when it is there. */
let wantsField = false;
let wantsError = false;

export function showModal(shown: ShownModal | null): void {
  const box = dialog('modal');
  if (shown === null) {
    if (box.open) box.close();
    shownId = '';
    return;
  }
  if (shown.id !== shownId) {
    shownId = shown.id;
    wantsField = true;
  }
  morph(box, shown.html);
  if (!box.open) box.showModal();
  const field = box.querySelector<HTMLElement>('input, textarea, select');
  if (wantsField) (field ?? box.querySelector<HTMLElement>('.modal-blocks'))?.focus();
  if (field !== null) wantsField = false;
  const refused = box.querySelector<HTMLElement>('[aria-invalid]');
  if (wantsError && refused !== null) {
    refused.focus();
    wantsError = false;
  }
}

/** What is typed and chosen, by block id. */
export function typedIn(form: HTMLFormElement): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = {};
  const data = new FormData(form);
  for (const name of new Set(data.keys())) {
    const all = data.getAll(name).map(String);
    const isList = form.querySelector(`input[type=checkbox][name="${CSS.escape(name)}"]`) !== null;
    values[name] = isList ? all : (all[0] ?? '');
  }
  return values;
}

export function listenToModal(): void {
  const box = dialog('modal');
  const close = () => post('/slack/close', { user: now().as, view: shownId });
  box.addEventListener('cancel', (event) => {
    event.preventDefault();
    void close();
  });
  box.addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('[data-close-view]')) void close();
  });
  box.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    const button = event.target.querySelector<HTMLButtonElement>('button[type=submit]');
    if (button?.ariaBusy === 'true') return;
    button?.setAttribute('aria-busy', 'true');
    wantsError = true;
    await post('/slack/submit', { user: now().as, view: shownId, values: typedIn(event.target) });
    button?.removeAttribute('aria-busy');
  });
}

interface ConfirmTexts {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
}

/** Asks; true if the person says yes. */
export function confirmed(json: string | undefined): Promise<boolean> {
  if (json === undefined) return Promise.resolve(true);
  const texts: ConfirmTexts = JSON.parse(json);
  element('confirm-title').textContent = texts.title;
  element('confirm-text').textContent = texts.text;
  element('confirm-yes').textContent = texts.yes;
  element('confirm-no').textContent = texts.no;
  const box = dialog('confirm');
  box.returnValue = 'no';
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener('close', () => resolve(box.returnValue === 'yes'), { once: true });
  });
}
