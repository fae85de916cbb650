/**
 * Work in the background: rounds on a timer, and tasks that clicks start. Stops both, and waits for what is running.
 *
 * A round that takes long (an exchange that hangs) does not hold up the others: after a while the next one starts
 * beside it. What they look at is leased in the store, one request to one round.
 */
import type { Log } from '../usecases/ports.ts';

export interface Background {
  /** Runs `work` every `everyMs` after it last ended, until `stop`; a failure is logged and the round goes on. */
  every(what: string, everyMs: number, work: () => Promise<unknown>): void;
  /** Runs `work` once, now. */
  run(what: string, work: () => Promise<unknown>): void;
  /** Milliseconds since a round of each kind last started or ended: how a liveness probe sees that one is dead. */
  sinceLastRoundMs(): ReadonlyMap<string, number>;
  /** No new rounds; waits for what runs. */
  stop(): Promise<void>;
  /** What runs now, by name, for the log of a stop that cannot wait any longer. */
  underWay(): readonly string[];
}

/** A round that has not ended after this long is left to itself, and the next one starts. */
const WAITS_FOR_A_ROUND_MS = 20_000;
/** Rounds of one kind at once; with as many stuck, no more are started and the probe turns red. */
const ROUNDS_AT_ONCE = 4;

export interface BackgroundOptions {
  readonly log: Log;
  readonly now: () => number;
  /** Runs a round so that its log lines can be told from those of others. */
  readonly within?: (work: () => Promise<unknown>) => Promise<unknown>;
  readonly waitsForARoundMs?: number;
}

export function createBackground(options: BackgroundOptions): Background {
  const { log, now } = options;
  const within = options.within ?? ((work) => work());
  const waitsForARoundMs = options.waitsForARoundMs ?? WAITS_FOR_A_ROUND_MS;
  const running = new Map<Promise<void>, string>();
  const timers = new Map<string, NodeJS.Timeout>();
  const lastRoundAtMs = new Map<string, number>();
  const stopped = new AbortController();

  function run(what: string, work: () => Promise<unknown>): Promise<void> {
    // Started inside a promise, so that work which throws before it returns one is a failure like any other.
    const task: Promise<void> = new Promise((resolve) => resolve(work()))
      .then(
        () => {},
        (error: unknown) => log.error({ what, err: error }, 'background work failed'),
      )
      .finally(() => running.delete(task));
    running.set(task, what);
    return task;
  }

  /** Ends with the round, or when it has taken too long, or with the stop. */
  function roundOrLate(round: Promise<void>, what: string): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(late);
        stopped.signal.removeEventListener('abort', done);
        resolve();
      };
      const late = setTimeout(() => {
        log.warn({ what, afterMs: waitsForARoundMs }, 'background round slow, next one started');
        done();
      }, waitsForARoundMs);
      stopped.signal.addEventListener('abort', done);
      void round.then(done);
    });
  }

  return {
    every(what, everyMs, work) {
      lastRoundAtMs.set(what, now());
      const seen = () => lastRoundAtMs.set(what, now());
      const unfinished = new Set<Promise<void>>();
      const turn = async () => {
        if (unfinished.size < ROUNDS_AT_ONCE) {
          seen();
          const round = run(what, () => within(work)).then(() => {
            unfinished.delete(round);
            seen();
          });
          unfinished.add(round);
          await roundOrLate(round, what);
        }
        next();
      };
      const next = () => {
        if (!stopped.signal.aborted)
          timers.set(
            what,
            setTimeout(() => void turn(), everyMs),
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
      stopped.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      while (running.size > 0) await Promise.all(running.keys());
    },
    underWay: () => [...running.values()],
  };
}
