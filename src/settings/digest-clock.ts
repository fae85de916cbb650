/** DIGEST_AT: `HH:MM Zone [days]`, on the clocks of that zone, whatever daylight saving does there. */
import { Cron } from 'croner';
import type { DigestClock } from '../usecases/watch-ports.ts';

const WRITTEN = /^(\d{1,2}):(\d{2}) +([A-Za-z][\w+/-]*)(?: +([a-z,-]+))?$/i;
const DAYS = /^(?:sun|mon|tue|wed|thu|fri|sat)(?:[,-](?:sun|mon|tue|wed|thu|fri|sat))*$/;

/** Null: not readable, or an unknown zone. Without days: every day. */
export function parseDigestClock(text: string): DigestClock | null {
  const [, hour, minute, timeZone = '', given = 'daily'] = WRITTEN.exec(text.trim()) ?? [];
  const days = given.toLowerCase();
  if (hour === undefined || minute === undefined || (days !== 'daily' && !DAYS.test(days))) return null;
  let times: Cron;
  let noons: Cron;
  let midnights: Cron;
  try {
    const zoned = { timezone: timeZone, mode: '6-part', paused: true } as const;
    // Throws for hours, minutes and days that don't exist; the look at the first one, for zones.
    times = new Cron(`0 ${Number(minute)} ${Number(hour)} * * ${days === 'daily' ? '*' : days}`, zoned);
    noons = new Cron('0 0 12 * * *', zoned);
    midnights = new Cron('0 0 0 * * *', zoned);
    times.nextRun(new Date(0));
  } catch {
    return null;
  }
  const last = (cron: Cron, beforeMs: number) =>
    cron.previousRuns(1, new Date(beforeMs))[0]?.getTime() ?? null;
  const next = (cron: Cron, afterMs: number) => cron.nextRun(new Date(afterMs))?.getTime() ?? null;
  return {
    timeZone,
    latest: (nowMs) => last(times, nowMs + 1),
    before: (atMs) => last(times, atMs),
    next: (nowMs) => next(times, nowMs),
    noonOf: (atMs) => last(noons, next(midnights, atMs) ?? atMs) ?? atMs,
    dayBefore(atMs) {
      const toMs = last(midnights, atMs + 1) ?? atMs;
      return { fromMs: last(midnights, toMs) ?? toMs, toMs };
    },
  };
}
