/** The side panel: which section it shows, and what its buttons and forms post. */
import { around, element } from './elements.ts';
import { morph } from './morph.ts';
import { get, oneAtATime, post } from './server.ts';

let show = 'units';
let requestId: string | null = null;

export const refreshSide = oneAtATime(async () => {
  const query = new URLSearchParams({ show, ...(requestId === null ? {} : { request: requestId }) });
  const asked = show;
  const answer = await get<{ html: string }>(`/side?${query}`);
  if (answer !== undefined && asked === show) morph(element('panel-body'), answer.html);
});

function choose(button: HTMLElement): void {
  show = button.dataset.panel ?? 'units';
  for (const other of document.querySelectorAll<HTMLElement>('button[data-panel]'))
    other.ariaPressed = String(other === button);
  element('panel-body').ariaLabel = button.textContent;
  element('panel-body').scrollTop = 0;
  void refreshSide();
}

/** The JSON that a form stands for; see `postForm` on the server's side. */
function bodyOf(form: HTMLFormElement): object {
  const body: Record<string, unknown> = JSON.parse(form.dataset.body ?? '{}');
  for (const field of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select')) {
    if (field.dataset.merge !== undefined) Object.assign(body, JSON.parse(field.value));
    else body[field.name] = field.dataset.number === undefined ? field.value : Number(field.value);
  }
  return body;
}

export function listenToSide(): void {
  element('panel').addEventListener('click', async (event) => {
    const choice = around(event, 'button[data-panel]');
    if (choice !== null) return choose(choice);
    const button = around(event, 'button[data-post]');
    if (button?.dataset.post === undefined) return;
    await post(button.dataset.post, JSON.parse(button.dataset.body ?? '{}'));
    await refreshSide();
  });
  element('panel').addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.dataset.post === undefined) return;
    if (await post(form.dataset.post, bodyOf(form))) form.reset();
    await refreshSide();
  });
  element('panel').addEventListener('change', (event) => {
    if (!(event.target instanceof HTMLSelectElement) || event.target.id !== 'record-choice') return;
    requestId = event.target.value;
    void refreshSide();
  });
}
