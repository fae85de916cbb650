/** People who wait longer than a loading line is believed are told that it goes on, and why. */
import type { Turn } from './turn.ts';
import { noticeMessage } from './views/notice-message.ts';

const SLOW_AFTER_MS = 3_000;

/** The work's result. What was told meanwhile is in Slack before it, so that it cannot take the answer's place. */
export async function tellIfSlow<Value>(
  turn: Turn,
  text: string,
  work: Promise<Value>,
  afterMs = SLOW_AFTER_MS,
): Promise<Value> {
  let telling: Promise<unknown> = Promise.resolve();
  const timer = setTimeout(() => {
    telling = turn.tell(noticeMessage(text));
  }, afterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    await telling;
  }
}

/** For whatever reads the whole closed list: 100 rows a page, a thousand pages at the most. */
export const READING_A_LONG_LIST =
  'Still reading: the closed list is long, and all of it is read before anything is shown. This may take up to a minute.';
