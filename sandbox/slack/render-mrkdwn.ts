/** Slack's text formats as plain text for a terminal. Times are UTC. Pure. */

/** The name to show for an id, e.g. `@Ada Lindqvist` or `#loan-desk`. */
export type NameOf = (id: string) => string;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const UNITS_S = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** "in 4 hours", "2 minutes ago", "now", as a client words `{ago}`. */
function relative(seconds: number): string {
  for (const [unit, size] of UNITS_S) {
    const count = Math.round(Math.abs(seconds) / size);
    if (count === 0) continue;
    const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
    return seconds > 0 ? `in ${words}` : `${words} ago`;
  }
  return 'now';
}

/** `Nov 20, 2026`, `14:05` and so on for the tokens of a date format; `{ago}` counts from `nowMs`. */
export function renderDate(timestampS: number, format: string, nowMs = Date.now()): string {
  const at = new Date(timestampS * 1000);
  if (Number.isNaN(at.getTime())) return format;
  const iso = at.toISOString();
  const date = `${MONTHS[at.getUTCMonth()] ?? ''} ${at.getUTCDate()}, ${at.getUTCFullYear()}`;
  return format.replaceAll(/\{(\w+)\}/g, (whole, token: string) => {
    if (token === 'date_num') return iso.slice(0, 10);
    if (token === 'time') return `${iso.slice(11, 16)} UTC`;
    if (token === 'time_secs') return `${iso.slice(11, 19)} UTC`;
    if (token === 'ago') return relative(timestampS - nowMs / 1000);
    return token.startsWith('date') || token === 'day_divider_pretty' ? date : whole;
  });
}

function renderToken(token: string, nameOf: NameOf): string {
  const [target = '', label] = token.split('|', 2);
  if (target.startsWith('@') || target.startsWith('#')) return nameOf(target.slice(1));
  if (target.startsWith('!date^')) {
    const [, seconds, format = ''] = target.split('^');
    return Number.isFinite(Number(seconds)) ? renderDate(Number(seconds), format) : (label ?? '');
  }
  if (target.startsWith('!subteam^')) return nameOf(target.slice('!subteam^'.length));
  if (target.startsWith('!')) return `@${target.slice(1)}`;
  // A profile link is shown as the person's name.
  if (label !== undefined && /\/team\/[UW][A-Z0-9]+$/.test(target)) return label;
  return label === undefined ? target : `${label} (${target})`;
}

/** The three entities back to what they stand for. */
export function unescapeEntities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** mrkdwn with mentions, dates and links told in words. Bold and code marks stay: they read well as text. */
export function renderMrkdwn(text: string, nameOf: NameOf): string {
  return unescapeEntities(
    text.replaceAll(/<([^<>]+)>/g, (_whole, token: string) => renderToken(token, nameOf)),
  );
}
