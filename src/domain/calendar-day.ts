/** Calendar days in a person's time zone, as typed and as moments; and moments in UTC, as files and logs have them. */

const DAY_MS = 86_400_000;

export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** "30d", "30days", "1day" after `last`: how many; null: something else. */
export function lastDays(word: string): number | null {
  const match = /^(\d{1,4})d(?:ays?)?$/.exec(word);
  return match === null ? null : Number(match[1]);
}

/** `2026-01-31`, `today`, `yesterday`; null for anything else. */
export function parseDay(word: string, nowMs: number, timeZone: string): Day | null {
  if (word === 'today') return dayOf(nowMs, timeZone);
  if (word === 'yesterday') return addDays(dayOf(nowMs, timeZone), -1);
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(word);
  if (!match) return null;
  const day = { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
  // Refuse 2026-02-30 instead of reading it as 2 March.
  return iso(addDays(day, 0)) === word ? day : null;
}

export function iso({ year, month, day }: Day): string {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

export function addDays({ year, month, day }: Day, days: number): Day {
  const date = new Date(Date.UTC(year, month - 1, day) + days * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

export function dayOf(atMs: number, timeZone: string): Day {
  return calendarOf(timeZone)(atMs);
}

/** The calendar day at a moment in that zone. */
function calendarOf(timeZone: string): (atMs: number) => Day {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (atMs) => {
    const parts = format.formatToParts(atMs);
    const value = (type: Intl.DateTimeFormatPartTypes) =>
      Number(parts.find((part) => part.type === type)?.value);
    return { year: value('year'), month: value('month'), day: value('day') };
  };
}

/** "2026-10-03 14:00", in UTC. */
export function utc(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
}

/** "2026-10-03", in UTC. */
export function utcDay(atMs: number): string {
  return utc(atMs).slice(0, 10);
}

export function inOrder({ year, month, day }: Day): number {
  return (year * 100 + month) * 100 + day;
}

/** No zone is further from UTC than this, including a day that begins at 01:00. */
const FURTHEST_FROM_UTC_MS = 16 * 3_600_000;

/**
 * UTC milliseconds of the first moment of this day in that zone; 01:00 where clocks go forward at midnight (Santiago,
 * Cairo).
 */
export function startOfDayMs(day: Day, timeZone: string): number {
  const asIfUtc = Date.UTC(day.year, day.month - 1, day.day);
  const calendar = calendarOf(timeZone);
  let before = asIfUtc - FURTHEST_FROM_UTC_MS;
  let after = asIfUtc + FURTHEST_FROM_UTC_MS;
  while (after - before > 1) {
    const between = Math.floor((before + after) / 2);
    if (inOrder(calendar(between)) < inOrder(day)) before = between;
    else after = between;
  }
  return after;
}

const MINUTE_MS = 60_000;

/**
 * UTC milliseconds of this time of that day there, `minutes` after midnight by the clock. Where clocks go back over it,
 * the earlier moment; where they skip it, the moment as many minutes before.
 */
export function timeOfDayMs(day: Day, minutes: number, timeZone: string): number {
  const asIfUtc = Date.UTC(day.year, day.month - 1, day.day) + minutes * MINUTE_MS;
  const offsetMs = offsetsOf(timeZone);
  // Clocks change at most once a day, so one of these offsets is in force then.
  const possible = [startOfDayMs(day, timeZone), startOfDayMs(addDays(day, 1), timeZone)].map(
    (atMs) => asIfUtc - offsetMs(atMs),
  );
  const real = possible.filter((atMs) => atMs + offsetMs(atMs) === asIfUtc);
  return Math.min(...(real.length > 0 ? real : possible));
}

/** How far the clocks of that zone are ahead of UTC at a moment, in milliseconds. */
function offsetsOf(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (atMs) => {
    const parts = format.formatToParts(atMs);
    const value = (type: Intl.DateTimeFormatPartTypes) =>
      Number(parts.find((part) => part.type === type)?.value);
    const clock = Date.UTC(
      ...([value('year'), value('month') - 1, value('day')] as const),
      ...([value('hour'), value('minute'), value('second')] as const),
    );
    return clock - Math.floor(atMs / 1_000) * 1_000;
  };
}
