/**
 * Time that can be skipped: in a process that imports this file, `Date` is ahead of the machine's clock by what was
 * skipped. Timers still take their real time.
 */
const machineNow = Date.now;
let skippedMs = 0;

Date.now = () => machineNow() + skippedMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, given, made) =>
    Reflect.construct(target, given.length > 0 ? given : [Date.now()], made),
});

export function skippedSoFarMs(): number {
  return skippedMs;
}

/** How far ahead the clock is from now on, in all. */
export function setSkipped(totalMs: number): void {
  skippedMs = totalMs;
}

export function skipMinutes(minutes: number): void {
  skippedMs += minutes * 60_000;
}
