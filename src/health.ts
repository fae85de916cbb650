/** What an orchestrator asks: is the process alive (restart it if not), is it ready (send it work if so)? */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Background } from './background.ts';
import type { RedisConnection } from './redis/connection.ts';

/** A round that has not ended for this long is stuck, and with it everything people wait for. */
const STUCK_AFTER_MS = 120_000;
const READY_WITHIN_MS = 1_000;

export interface HealthParts {
  readonly background: Background;
  readonly redis: RedisConnection;
  readonly slackConnected: () => boolean;
}

export interface Health {
  readonly routes: readonly {
    path: string;
    handler: (request: IncomingMessage, response: ServerResponse) => void;
  }[];
  markStarted(): void;
}

export function createHealth({ background, redis, slackConnected }: HealthParts): Health {
  let started = false;

  function liveness(): readonly string[] {
    return [...background.sinceLastRoundMs()]
      .filter(([, sinceMs]) => sinceMs > STUCK_AFTER_MS)
      .map(([what, sinceMs]) => `${what}: no round has ended for ${Math.round(sinceMs / 1000)} s`);
  }

  async function readiness(): Promise<readonly string[]> {
    const faults: string[] = [];
    if (!started) faults.push('starting');
    if (!slackConnected()) faults.push('Slack has not confirmed the token');
    try {
      await redis.ready(READY_WITHIN_MS);
    } catch {
      faults.push('Redis cannot be reached');
    }
    return faults;
  }

  return {
    markStarted() {
      started = true;
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
