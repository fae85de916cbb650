/** Data tables are sorted and paged in the browser, as Slack's own clients do it. */

/** Sorts by a column: up, then down; and shows the first page. */
export function sort(button: HTMLElement): void {
  const heading = button.closest('th');
  const body = button.closest('table')?.tBodies[0];
  if (heading === null || body === undefined) return;
  const column = Number(button.dataset.sort);
  const direction = heading.ariaSort === 'ascending' ? -1 : 1;
  for (const other of heading.parentElement?.children ?? []) other.ariaSort = null;
  heading.ariaSort = direction < 0 ? 'descending' : 'ascending';
  const keyOf = ({ cells }: HTMLTableRowElement) =>
    cells[column]?.dataset.number ?? cells[column]?.textContent ?? '';
  const order = new Intl.Collator('en', { numeric: true });
  const compare = (a: string, b: string) => Number(a) - Number(b) || order.compare(a, b);
  body.append(...[...body.rows].sort((a, b) => direction * compare(keyOf(a), keyOf(b))));
  showPage(button, () => 0);
}

/** Shows the page that many pages on; back where it is negative. */
export function turn(button: HTMLElement, by: number): void {
  showPage(button, (shown) => shown + by);
}

function showPage(button: HTMLElement, choose: (shown: number) => number): void {
  const block = button.closest<HTMLElement>('.table-block');
  const rows = [...(block?.querySelector('table')?.tBodies[0]?.rows ?? [])];
  if (block === null) return;
  const size = Number(block.dataset.pageSize);
  const page = choose(Number(block.dataset.page));
  const end = Math.min(rows.length, (page + 1) * size);
  block.dataset.page = String(page);
  for (const [index, row] of rows.entries()) row.hidden = index < page * size || index >= end;
  const label = block.querySelector('.pager span');
  if (label !== null) label.textContent = `${page * size + 1}–${end} of ${rows.length}`;
  for (const turner of block.querySelectorAll<HTMLButtonElement>('[data-turn]'))
    turner.disabled = turner.dataset.turn === '-1' ? page === 0 : end === rows.length;
}
