/** What ends a start, in the words of its settings; for a Redis that is away, the start waits. */

import { setTimeout as pause } from 'node:timers/promises';
import type { RedisConnection } from '../redis/connection.ts';
import { checkRedis } from '../redis/startup-check.ts';
import { ConfigFaults } from '../settings/config.ts';
import type { Log } from '../usecases/ports.ts';

const ASKED_AGAIN_AFTER_MS = 2_000;

/** Throws ConfigFaults for a Redis that would lose approvals, unless the settings allow it. */
export async function waitForRedis(
  redis: RedisConnection,
  mayForget: boolean,
  log: Log,
  stopping: AbortSignal,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      const findings = await checkRedis(redis);
      const faults = findings.filter(({ level }) => level === 'fault');
      for (const { level, text, advice } of findings) {
        if (level !== 'ok') log.warn({ finding: text, advice }, 'Redis check finding');
      }
      if (faults.length === 0 || mayForget) return;
      throw new ConfigFaults(
        faults.map(
          ({ text, advice }) => `Redis: ${text}. ${advice} (REDIS_MAY_FORGET=true starts all the same)`,
        ),
      );
    } catch (error) {
      if (error instanceof ConfigFaults) throw error;
      if (redis.noDatabase !== null) {
        throw new ConfigFaults([`REDIS_URL: Redis refuses its database number (${redis.noDatabase})`]);
      }
      log.warn({ askedAgainInMs: ASKED_AGAIN_AFTER_MS }, 'waiting for Redis');
      await pause(ASKED_AGAIN_AFTER_MS, null, { signal: stopping }).catch(() => {});
    }
  }
}

const LISTENING_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'PORT: already in use by another process',
  EACCES: 'PORT: this user may not listen there (ports below 1024 need more rights)',
  EADDRNOTAVAIL: 'HOST: this machine has no such address',
  EAFNOSUPPORT: 'HOST: this machine has no addresses of this kind (IPv6?)',
  EINVAL: "HOST: this machine can't listen on this address",
  ENOTFOUND: 'HOST: unknown name; expected a name or an address of this machine',
  EAI_AGAIN: "HOST: the name couldn't be looked up",
};

/** Throws ConfigFaults if the settings are the cause, else the same error. */
export function throwListeningFault(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const fault = LISTENING_FAULTS[code];
  throw fault === undefined ? error : new ConfigFaults([`${fault} (${code})`]);
}
