/** A read, repeated where that is safe and may help: at most three tries, each signed anew. */

import type { CallResult } from './call-result.ts';
import type { Call, Caller } from './caller.ts';
import type { Delay } from './delay.ts';

export interface ReadCallOptions {
  readonly caller: Pick<Caller, 'call'>;
  readonly clock: { sync(): Promise<boolean> };
  readonly delay: Delay;
  /** In [0, 1). */
  readonly random: () => number;
  /** Asks the exchange whether it is under maintenance; called after its 5xx. */
  readonly isUnderMaintenance: () => Promise<boolean>;
}

export type ReadCall = (call: Call) => Promise<CallResult>;

const MOST_TRIES = 3;
const FIRST_PAUSE_MS = 250;
const TIMESTAMP_REFUSED = -1021;

export function createReadCall(options: ReadCallOptions): ReadCall {
  return async (call) => {
    let resynced = false;
    for (let tries = 1; ; tries += 1) {
      const result = await options.caller.call(call);
      if (result.kind === 'rejected' && result.code === TIMESTAMP_REFUSED && !resynced) {
        resynced = true;
        await options.clock.sync();
        continue;
      }
      if (!mayPass(result)) return result;
      if (tries >= MOST_TRIES)
        return (await isMaintenance(result, options)) ? { kind: 'maintenance' } : result;
      await options.delay(FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + options.random()));
    }
  };
}

/** Network failures and 5xx: the next try may fare better. */
function mayPass(result: CallResult): boolean {
  if (result.kind === 'network') return result.fault !== 'tls' && result.fault !== 'too-large';
  return result.kind === 'rejected' && result.httpStatus >= 500;
}

async function isMaintenance(result: CallResult, options: ReadCallOptions): Promise<boolean> {
  return result.kind === 'rejected' && (await options.isUnderMaintenance());
}
