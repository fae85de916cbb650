/** Times for people: Slack's date tokens where it renders them, plain UTC where it does not. */
import { knownTimeZone } from '../../domain/person.ts';

function isSayable(ms: number): boolean {
  return Number.isFinite(ms) && Math.abs(ms) <= 8_640_000_000_000_000;
}

/** "2026-11-20 14:05 UTC"; with seconds for evidence. Safe in plain text. */
export function utcText(ms: number, precision: 'minutes' | 'seconds' = 'minutes'): string {
  if (!isSayable(ms)) return 'an unreadable time';
  const iso = new Date(ms).toISOString();
  const end = precision === 'minutes' ? iso.lastIndexOf(':') : iso.lastIndexOf('.');
  return `${iso.slice(0, end).replace('T', ' ')} UTC`;
}

/** A mrkdwn token that each reader's device shows in its own time zone; UTC where tokens are not rendered. */
export function dateToken(ms: number): string {
  if (!isSayable(ms)) return utcText(ms);
  return `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time}|${utcText(ms)}>`;
}

/** The same with seconds: figures move while people read. */
export function secondsToken(ms: number): string {
  if (!isSayable(ms)) return utcText(ms);
  return `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time_secs}|${utcText(ms, 'seconds')}>`;
}

/** The same with a countdown ("in 3 hours") where the client knows it. */
export function countdownToken(ms: number): string {
  if (!isSayable(ms)) return utcText(ms);
  return `<!date^${Math.floor(ms / 1000)}^{date_short_pretty} {time} ({ago})|${utcText(ms)}>`;
}

/** Both: the token for the eye, UTC for the record. */
export function dateAndUtc(ms: number): string {
  return `${dateToken(ms)} (${utcText(ms, 'seconds')})`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units: "3 d 4 h", "12 min 5 s". */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return 'an unknown time';
  const total = Math.max(0, Math.floor(ms));
  const parts: [number, string][] = [
    [Math.floor(total / DAY), 'd'],
    [Math.floor((total % DAY) / HOUR), 'h'],
    [Math.floor((total % HOUR) / MINUTE), 'min'],
    [Math.floor((total % MINUTE) / 1000), 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** In the reader's own zone, for cells where date tokens are not rendered: "2026-11-20 15:05" (the zone is said once). */
export function zonedText(ms: number, timeZone: string): string {
  if (!isSayable(ms)) return utcText(ms);
  return new Date(ms).toLocaleString('sv-SE', {
    timeZone: knownTimeZone(timeZone),
    dateStyle: 'short',
    timeStyle: 'short',
  });
}
