/** Whether the exchange is under maintenance (GET /sapi/v1/system/status, unsigned, weight 1). */
import type { Caller } from './caller.ts';
import { ENDPOINTS } from './endpoints.ts';
import { systemStatusAnswer } from './schemas.ts';

export interface SystemStatus {
  /** Asks now. Null: no answer, which proves nothing. */
  ask(): Promise<boolean | null>;
  /** What is known; while it is "maintenance", asked again every few seconds. */
  isUnderMaintenance(): Promise<boolean>;
  readonly lastKnown: boolean;
}

const ASK_AGAIN_MS = 5_000;
const PATIENCE_MS = 2_000;
/** It is asked while somebody waits for another answer. */
const TIMEOUT_MS = 3_000;
const MAINTENANCE = 1;

export function createSystemStatus(caller: Pick<Caller, 'call'>, now: () => number): SystemStatus {
  let maintenance = false;
  let askedAtMs = 0;

  async function ask(): Promise<boolean | null> {
    askedAtMs = now();
    const result = await caller.call({
      endpoint: ENDPOINTS.systemStatus,
      account: null,
      parameters: [],
      priority: 'interactive',
      patienceMs: PATIENCE_MS,
      timeoutMs: TIMEOUT_MS,
    });
    const parsed = systemStatusAnswer.safeParse(result.kind === 'answered' ? result.json : null);
    if (!parsed.success) return null;
    maintenance = parsed.data.status === MAINTENANCE;
    return maintenance;
  }

  return {
    ask,
    async isUnderMaintenance() {
      // Either way: a clock that was ahead must not keep an old answer.
      if (maintenance && Math.abs(now() - askedAtMs) >= ASK_AGAIN_MS) await ask();
      return maintenance;
    },
    get lastKnown() {
      return maintenance;
    },
  };
}
