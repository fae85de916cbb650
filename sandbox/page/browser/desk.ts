/** What the other scripts share: finding elements, who is acting and where they look, and requests to the server. */

/** The element of that id. @throws when the page has none, or one of another kind. */
export function element<Kind extends HTMLElement = HTMLElement>(
  id: string,
  kind: abstract new () => HTMLElement = HTMLElement,
): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found as Kind;
}

/** The nearest element around an event's target that fits. */
export function around(event: Event, selector: string): HTMLElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
}

/** Presses one button of a group, whose members have this data attribute, and releases the others. */
export function press(button: HTMLElement, attribute: string): void {
  for (const other of document.querySelectorAll<HTMLElement>(`button[data-${attribute}]`))
    other.ariaPressed = String(other === button);
}

export interface Where {
  /** A person's id. */
  readonly as: string;
  /** A channel's id, or `home`. */
  readonly at: string;
}

let where: Where = { as: '', at: '' };
const { promise, resolve } = Promise.withResolvers<void>();
/** Settles when it is known which channel is open. */
export const placed: Promise<void> = promise;

export function now(): Where {
  return where;
}

/** Reads person and place from the address, so that two windows can be two people; a missing part keeps its value. */
export function readAddress(firstPerson: string): Where {
  const asked = new URLSearchParams(location.hash.slice(2));
  where = { as: asked.get('as') ?? (where.as || firstPerson), at: asked.get('at') ?? where.at };
  if (where.at !== '') resolve();
  return where;
}

export function go(change: Partial<Where>): void {
  location.hash = `/${new URLSearchParams({ ...where, ...change })}`;
}

const NOTICE_STAYS_MS = 8_000;
let noticeTimer: ReturnType<typeof setTimeout> | undefined;

/** Says at the bottom of the page what went wrong. */
export function notice(text: string): void {
  element('notice').textContent = text;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => notice(''), NOTICE_STAYS_MS);
}

/** Posts JSON. False when it was refused; the page then shows why. */
export async function post(path: string, body: object): Promise<boolean> {
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    const { error, failure }: { error?: string; failure?: string } = await response.json();
    if (error !== undefined) notice(error.replace(/^Error: /, ''));
    else if (failure !== undefined) notice(`Slack shows the error "${failure}": the bot did not answer.`);
    return error === undefined && failure === undefined;
  } catch {
    notice('The sandbox does not answer. Is it still running?');
    return false;
  }
}

/** Gets JSON; undefined when the server is away. */
export async function get<Answer>(
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Answer | undefined> {
  try {
    const response = await fetch(`${path}?${new URLSearchParams(query)}`);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `refresh` now, or once more after the run under way: never two at a time. */
export function oneAtATime(refresh: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await refresh();
    } while (again);
    running = null;
  };
  return () => {
    again = true;
    running ??= run();
    return running;
  };
}
