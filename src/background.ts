/** Work that nobody waits for: rounds on a timer and tasks set off by clicks. Knows how to stop and wait for both. */
import type { Log } from './usecases/ports.ts';

export interface Background {
  /** Runs `work` every `everyMs` after it last ended, until `stop`; a failure is logged and the round goes on. */
  every(what: string, everyMs: number, work: () => Promise<unknown>): void;
  /** Runs `work` once, now. */
  run(what: string, work: () => Promise<unknown>): void;
  /** Milliseconds since each round last ended, well or not: how a liveness probe sees that one is stuck. */
  sinceLastRoundMs(): ReadonlyMap<string, number>;
  /** No new rounds; waits for what runs. */
  stop(): Promise<void>;
}

export function createBackground(log: Log, now: () => number): Background {
  const running = new Set<Promise<void>>();
  const timers = new Map<string, NodeJS.Timeout>();
  const lastRoundAtMs = new Map<string, number>();
  let stopped = false;

  function run(what: string, work: () => Promise<unknown>): Promise<void> {
    const task = work().then(
      () => {},
      (error: unknown) => log.error({ what, err: error }, 'background work failed'),
    );
    running.add(task);
    return task.finally(() => running.delete(task));
  }

  return {
    every(what, everyMs, work) {
      lastRoundAtMs.set(what, now());
      const next = () => {
        if (stopped) return;
        timers.set(
          what,
          setTimeout(async () => {
            await run(what, work);
            lastRoundAtMs.set(what, now());
            next();
          }, everyMs),
        );
      };
      next();
    },
    run(what, work) {
      void run(what, work);
    },
    sinceLastRoundMs() {
      const nowMs = now();
      return new Map([...lastRoundAtMs].map(([what, atMs]) => [what, nowMs - atMs]));
    },
    async stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      while (running.size > 0) await Promise.all(running);
    },
  };
}
