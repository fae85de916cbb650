/**
 * Background work leaves room for commands in every minute: half of a bucket's limit is there for it at once, the rest
 * comes evenly until second 50. What commands took counts, so it steps back while they are many; and with nothing else
 * going on it still gets all of a minute.
 */
import { LEDGER_MINUTE_MS } from './minutes.ts';

const AT_ONCE = 0.5;
const WHOLE_AFTER_MS = 50_000;

/** How much of the minute's limit may be used, all together, by a background call that leaves at `serverMs`. */
export function backgroundLimit(limit: number, minute: number, serverMs: number): number {
  const sinceMs = Math.max(0, serverMs - minute * LEDGER_MINUTE_MS);
  return Math.floor(limit * Math.min(1, AT_ONCE + (1 - AT_ONCE) * (sinceMs / WHOLE_AFTER_MS)));
}

/** When a minute's background may have used that much of the limit; server time. */
export function backgroundMayUseAtMs(limit: number, minute: number, used: number): number {
  const share = Math.max(0, Math.ceil(used) / limit - AT_ONCE) / (1 - AT_ONCE);
  return minute * LEDGER_MINUTE_MS + Math.ceil(share * WHOLE_AFTER_MS);
}
