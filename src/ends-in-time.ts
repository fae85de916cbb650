/** Waiting for work, but not for ever. */
import { setTimeout as pause } from 'node:timers/promises';

/** False: it did not end in time, and goes on unobserved. Its failure within that time is passed on. */
export async function endsInTime(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = pause(patienceMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
