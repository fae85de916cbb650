/** Talking to the page's server; what goes wrong is said in the notice at the bottom. */
import { element } from './elements.ts';

const NOTICE_STAYS_MS = 8_000;
let noticeTimer: ReturnType<typeof setTimeout> | undefined;

export function notice(text: string): void {
  element('notice').textContent = text;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => {
    element('notice').textContent = '';
  }, NOTICE_STAYS_MS);
}

interface Posted {
  readonly error?: string;
  readonly failure?: string;
}

/** Posts JSON. False when it was refused; the person has then been told why. */
export async function post(path: string, body: object): Promise<boolean> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { error, failure }: Posted = await response.json();
    if (error !== undefined) notice(error.replace(/^Error: /, ''));
    else if (failure !== undefined) notice(`Slack shows the error "${failure}": the bot did not answer.`);
    return error === undefined && failure === undefined;
  } catch {
    notice('The sandbox does not answer. Is it still running?');
    return false;
  }
}

/** Gets JSON; undefined when the server is away. */
export async function get<Answer>(path: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(path);
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `refresh` now, or once more after the run under way: never two at a time. */
export function oneAtATime(refresh: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  return () => {
    if (running !== null) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await refresh();
      } while (again);
      running = null;
    })();
    return running;
  };
}
