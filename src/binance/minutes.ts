/** Weights are counted in fixed minutes of the exchange's clock (general info; spot WebSocket API, "Rate limits"). */
export const LEDGER_MINUTE_MS = 60_000;

export function minuteOf(serverMs: number): number {
  return Math.floor(serverMs / LEDGER_MINUTE_MS);
}

/**
 * The minutes in which a call that leaves now may be counted: two when a minute begins or ends within the
 * uncertainty of our knowledge of the exchange's clock, else one. Oldest first.
 */
export function minutesAround(serverMs: number, uncertaintyMs: number): readonly number[] {
  const first = minuteOf(serverMs - uncertaintyMs);
  const last = minuteOf(serverMs + uncertaintyMs);
  return first === last ? [first] : [first, last];
}
