/**
 * What an orchestrator asks: is the process alive (restart it if not), is it ready (send it work if so)? A restart
 * mends neither Redis nor the exchange, so neither makes the process count as dead.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { RedisConnection } from '../redis/connection.ts';
import type { Background } from './background.ts';

/** No round has started or ended for this long: all that may run at once are stuck, or the timer is gone. */
const STUCK_AFTER_MS = 240_000;
const SOCKET_DOWN_AFTER_MS = 60_000;
/** Half of all turns of the event loop take longer: nothing is answered in time any more. */
const LOOP_DELAY_AT_MOST_MS = 1_000;
const READY_WITHIN_MS = 1_000;

export interface HealthParts {
  readonly background: Pick<Background, 'sinceLastRoundMs'>;
  readonly redis: Pick<RedisConnection, 'ready'>;
  /** Slack has confirmed the token and can reach us. */
  readonly slackConnected: () => boolean;
  /** The way in from Slack is open: the HTTP server listens, or the socket is connected. */
  readonly slackReachable: () => boolean;
  /** Whether the exchange has answered since the start; maintenance is an answer. */
  readonly exchangeSeen: () => boolean;
  readonly loopDelayMs: () => number;
  /** UTC milliseconds. */
  readonly now: () => number;
}

export interface Health {
  readonly routes: readonly {
    path: string;
    handler: (request: IncomingMessage, response: ServerResponse) => void;
  }[];
  /** What is wrong, a line each; empty: alive. */
  liveness(): readonly string[];
  /** As above: ready for work. */
  readiness(): Promise<readonly string[]>;
  /** Listening: from now on a way in that is closed counts against the process. */
  markListening(): void;
  markStarted(): void;
  /** Not ready any more, whatever else is well. */
  markStopping(): void;
}

export function createHealth(parts: HealthParts): Health {
  let life: 'new' | 'starting' | 'started' | 'stopping' = 'new';
  let exchangeSeen = false;
  let downSinceMs: number | null = null;

  /** Since a probe first saw it down: seldom probes can make it late, never wrong. */
  function unreachableForMs(): number {
    const counts = life === 'starting' || life === 'started';
    if (!counts || parts.slackReachable()) downSinceMs = null;
    else downSinceMs ??= parts.now();
    return downSinceMs === null ? 0 : parts.now() - downSinceMs;
  }

  function liveness(): readonly string[] {
    const faults = [...parts.background.sinceLastRoundMs()]
      .filter(([, sinceMs]) => sinceMs > STUCK_AFTER_MS)
      .map(([what, sinceMs]) => `${what}: no round has started or ended for ${Math.round(sinceMs / 1000)} s`);
    const downMs = unreachableForMs();
    if (downMs > SOCKET_DOWN_AFTER_MS) {
      faults.push(`the connection to Slack has been down for ${Math.round(downMs / 1000)} s`);
    }
    const delayMs = parts.loopDelayMs();
    if (delayMs > LOOP_DELAY_AT_MOST_MS) {
      faults.push(`the event loop is ${Math.round(delayMs)} ms late`);
    }
    return faults;
  }

  async function readiness(): Promise<readonly string[]> {
    const faults: string[] = [];
    if (life === 'stopping') faults.push('stopping');
    else if (life !== 'started') faults.push('starting');
    if (!parts.slackConnected()) faults.push("Slack hasn't confirmed the token");
    // Once is enough: if Binance goes away later, people get an answer that says so, and for that the bot must be ready.
    exchangeSeen ||= parts.exchangeSeen();
    if (!exchangeSeen) faults.push("Binance hasn't answered yet");
    try {
      await parts.redis.ready(READY_WITHIN_MS);
    } catch {
      faults.push("Redis can't be reached");
    }
    return faults;
  }

  return {
    liveness,
    readiness,
    markListening() {
      life = 'starting';
    },
    markStarted() {
      if (life === 'starting') life = 'started';
    },
    markStopping() {
      life = 'stopping';
    },
    routes: [
      { path: '/livez', handler: (_, response) => answer(response, liveness()) },
      {
        path: '/readyz',
        handler: (_, response) => void readiness().then((faults) => answer(response, faults)),
      },
    ],
  };
}

function answer(response: ServerResponse, faults: readonly string[]): void {
  response.writeHead(faults.length === 0 ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${faults.length === 0 ? 'ok' : faults.join('\n')}\n`);
}

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
