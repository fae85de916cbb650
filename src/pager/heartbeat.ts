/** HEARTBEAT_URL, a dead man's switch of the desk's own: a call that stays away is what alarms there. */
import type { Log } from '../usecases/ports.ts';
import type { Heartbeat } from '../usecases/watch-ports.ts';
import type { Call } from './outgoing-call.ts';

export function createHeartbeat(heartbeatUrl: string, call: Call, log: Log): Heartbeat {
  const seeing = new URL(heartbeatUrl);
  const blind = new URL(heartbeatUrl);
  blind.pathname = `${blind.pathname.replace(/\/+$/, '')}/fail`;
  return async (isSeeing) => {
    const called = await call({ method: 'GET', url: (isSeeing ? seeing : blind).href });
    if (!called.ok) log.warn({ why: called.why, isSeeing }, 'heartbeat failed');
  };
}
