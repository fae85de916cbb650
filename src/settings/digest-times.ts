/** DIGEST_AT: `HH:MM Zone [days]`, on the clocks of that zone, whatever daylight saving does there. */
import { Cron } from 'croner';
import type { DigestTimes } from '../usecases/watch-ports.ts';

const WRITTEN = /^(\d{1,2}):(\d{2}) +([A-Za-z][\w+/-]*)(?: +([a-z,-]+))?$/i;
const DAYS = /^(?:sun|mon|tue|wed|thu|fri|sat)(?:[,-](?:sun|mon|tue|wed|thu|fri|sat))*$/;

/** Null: not readable, or an unknown zone. Without days: every day. */
export function parseDigestTimes(text: string): DigestTimes | null {
  const [, hour, minute, timeZone = '', given = 'daily'] = WRITTEN.exec(text.trim()) ?? [];
  const days = given.toLowerCase();
  if (hour === undefined || minute === undefined || (days !== 'daily' && !DAYS.test(days))) return null;
  let times: Cron;
  try {
    // Throws for hours, minutes and days that don't exist; the look at the first one, for zones.
    times = new Cron(`0 ${Number(minute)} ${Number(hour)} * * ${days === 'daily' ? '*' : days}`, {
      timezone: timeZone,
      mode: '6-part',
      paused: true,
    });
    times.nextRun(new Date(0));
  } catch {
    return null;
  }
  return {
    timeZone,
    latest: (nowMs) => times.previousRuns(1, new Date(nowMs + 1))[0]?.getTime() ?? null,
    before: (atMs) => times.previousRuns(1, new Date(atMs))[0]?.getTime() ?? null,
    next: (nowMs) => times.nextRun(new Date(nowMs))?.getTime() ?? null,
  };
}
