/** Who looks at the page: names and times are shown as this person's Slack would show them. */
import type { ReactElement } from 'react';
import type { Directory, Person } from '../slack/directory.ts';
import { h } from './html.ts';

export interface Reader {
  readonly person: Person;
  readonly directory: Directory;
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;

function dateText(reader: Reader, atMs: number, pretty: boolean): string {
  const zone = { timeZone: reader.person.tz };
  const dayOf = (ms: number) => new Date(ms).toLocaleDateString('en-CA', zone);
  if (pretty) {
    if (dayOf(atMs) === dayOf(reader.nowMs)) return 'Today';
    if (dayOf(atMs) === dayOf(reader.nowMs - DAY_MS)) return 'Yesterday';
    if (dayOf(atMs) === dayOf(reader.nowMs + DAY_MS)) return 'Tomorrow';
  }
  return new Date(atMs).toLocaleDateString('en-GB', {
    ...zone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  });
}

export function timeText(reader: Reader, atMs: number, withSeconds = false): string {
  return new Date(atMs).toLocaleTimeString('en-GB', {
    timeZone: reader.person.tz,
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
  });
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

function agoText(nowMs: number, atMs: number): string {
  const away = atMs - nowMs;
  const [unit, length] = STEPS.find(([, step]) => Math.abs(away) >= step) ?? ['second', 1_000];
  return new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(Math.round(away / length), unit);
}

/** A `<!date^…>` token in the reader's own zone. `seconds` is a Unix time. */
export function drawDate(reader: Reader, seconds: number, format: string, fallback: string): ReactElement {
  const atMs = seconds * 1000;
  if (!Number.isFinite(atMs)) return h('span', null, fallback);
  const text = format.replaceAll(/\{(\w+)\}/g, (whole, token: string) => {
    if (token === 'time') return timeText(reader, atMs);
    if (token === 'time_secs') return timeText(reader, atMs, true);
    if (token === 'ago') return agoText(reader.nowMs, atMs);
    return token.startsWith('date') ? dateText(reader, atMs, token.endsWith('_pretty')) : whole;
  });
  return h('time', { dateTime: new Date(atMs).toISOString(), title: fallback }, text);
}
