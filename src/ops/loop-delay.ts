/** How late the event loop is: a process that turns too slowly to do anything should be started again. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopDelay {
  /** Typical (median) delay of a turn in the last half minute to a minute, in milliseconds. */
  typicalMs(): number;
  stop(): void;
}

const WINDOW_MS = 30_000;
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

export function watchLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let lastWindowMs = 0;
  const median = () => (histogram.count === 0 ? 0 : histogram.percentile(50) / NS_PER_MS);
  const window = setInterval(() => {
    lastWindowMs = median();
    histogram.reset();
  }, WINDOW_MS);
  window.unref();
  return {
    typicalMs: () => Math.min(median(), lastWindowMs === 0 ? median() : lastWindowMs),
    stop() {
      clearInterval(window);
      histogram.disable();
    },
  };
}
