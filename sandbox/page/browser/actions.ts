/** Clicks and choices in messages, Home tabs and modals, on their way to the bot; sorting of tables. */
import { around } from './elements.ts';
import { confirmed, typedIn } from './modal.ts';
import { post } from './server.ts';
import { now } from './state.ts';

async function act(control: HTMLElement, value: string | string[] | undefined): Promise<void> {
  if (control.ariaBusy === 'true' || !(await confirmed(control.dataset.confirm))) return;
  const view = control.closest<HTMLElement>('[data-view]');
  const message = control.closest<HTMLElement>('[data-ts]');
  const place =
    view === null
      ? { channel: message?.dataset.channel, ts: message?.dataset.ts }
      : { view: view.dataset.view };
  control.ariaBusy = 'true';
  await post('/slack/click', {
    user: now().as,
    ...place,
    actionId: control.dataset.action,
    ...(value === undefined ? {} : { value }),
    ...(view instanceof HTMLFormElement ? { values: typedIn(view) } : {}),
  });
  control.ariaBusy = null;
}

function chosenIn(control: HTMLElement): string | string[] {
  if (control instanceof HTMLSelectElement) return control.value;
  if (!(control instanceof HTMLInputElement)) return '';
  if (control.type === 'radio') return control.value;
  const group = control.closest('[data-ts], [data-view]') ?? document;
  const name = CSS.escape(control.name);
  return [...group.querySelectorAll<HTMLInputElement>(`input[name="${name}"]:checked`)].map(
    (one) => one.value,
  );
}

/** Sorts a data table by a column: up, then down. */
function sort(button: HTMLElement): void {
  const heading = button.closest('th');
  const body = button.closest('table')?.tBodies[0];
  if (heading === null || body === undefined) return;
  const column = Number(button.dataset.sort);
  const down = heading.ariaSort === 'ascending';
  for (const other of heading.parentElement?.children ?? []) other.ariaSort = null;
  heading.ariaSort = down ? 'descending' : 'ascending';
  const compare = (a: HTMLTableRowElement, b: HTMLTableRowElement) => {
    const [left, right] = [a.cells[column], b.cells[column]];
    const [x, y] = [Number(left?.dataset.number ?? Number.NaN), Number(right?.dataset.number ?? Number.NaN)];
    const order =
      Number.isNaN(x) || Number.isNaN(y)
        ? (left?.textContent ?? '').localeCompare(right?.textContent ?? '', 'en', { numeric: true })
        : x - y;
    return down ? -order : order;
  };
  body.append(...[...body.rows].sort(compare));
}

export function listenToActions(): void {
  document.addEventListener('click', (event) => {
    const heading = around(event, '[data-sort]');
    if (heading !== null) return sort(heading);
    const control = around(event, 'button[data-action]');
    if (control !== null) void act(control, control.dataset.value);
  });
  document.addEventListener('change', (event) => {
    const control = around(event, 'select[data-action], input[data-action]');
    if (control !== null) void act(control, chosenIn(control));
  });
}
