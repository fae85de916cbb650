import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after that long, or at once when the signal fires; never rejects. */
export type Delay = (ms: number, signal?: AbortSignal) => Promise<void>;

export const realDelay: Delay = async (ms, signal) => {
  try {
    await sleep(Math.max(0, ms), undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: whoever aborted knows.
  }
};
