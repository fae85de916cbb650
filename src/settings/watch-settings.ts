/** The settings of the watch: their forms, what contradicts what, and what the parts are handed. */
import { z } from 'zod';
import type { Amount } from '../domain/amount.ts';
import type { DigestClock } from '../usecases/watch-ports.ts';
import { parseDigestClock } from './digest-clock.ts';
import { CHANNEL, duration, fraction, list, outsideUrl, people } from './fields.ts';

export interface WatchSettings {
  readonly channel: string;
  /** User and user-group ids that alerts mention and escalations reach. */
  readonly group: readonly string[];
  readonly everyMs: number;
  /** The desk's own levels, below the margin call. */
  readonly levels: readonly Amount[];
  readonly escalateAfterMs: number;
  readonly pageAfterMs: number;
  readonly hasTripwire: boolean;
  /** Null: no digest. */
  readonly digest: DigestClock | null;
  readonly pagerDuty: { readonly apiUrl: string; readonly routingKey: string } | null;
  readonly webhook: { readonly url: string; readonly secret: string } | null;
  readonly heartbeatUrl: string | null;
}

/** `NAME_FILE` is read for each, because a URL alone lets its holder post. */
export const WATCH_SECRETS = [
  'PAGERDUTY_ROUTING_KEY',
  'ALERT_WEBHOOK_URL',
  'ALERT_WEBHOOK_SECRET',
  'HEARTBEAT_URL',
] as const;

/** Standard Webhooks: 24 to 64 bytes in base64 after `whsec_`. */
const WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/;
const LEVELS_AT_MOST = 10;

const levels = list.transform((texts, context): Amount[] => {
  const read = texts.map((text) => fraction('WATCH_LEVELS').safeParse(text));
  const found = read.flatMap((each) => (each.success ? [each.data] : []));
  if (found.length === texts.length && texts.length <= LEVELS_AT_MOST) return found;
  context.addIssue({
    code: 'custom',
    message: `WATCH_LEVELS: expected up to ${LEVELS_AT_MOST} fractions between 0 and LTV_MARGIN_CALL, such as 0.70,0.75`,
  });
  return z.NEVER;
});

const digestClock = z.string().transform((text, context): DigestClock => {
  const times = parseDigestClock(text);
  if (times !== null) return times;
  context.addIssue({
    code: 'custom',
    message:
      'DIGEST_AT: expected a time, a time zone and days, such as 08:00 Europe/London mon-fri (or daily, or mon,wed,fri)',
  });
  return z.NEVER;
});

export const watchShape = {
  WATCH: z.enum(['on', 'off'], { error: 'WATCH: expected on or off' }).default('on'),
  WATCH_CHANNEL: z
    .string()
    .regex(CHANNEL, { error: 'WATCH_CHANNEL: expected a channel id (C… or G…), not a name' })
    .optional(),
  WATCH_EVERY: duration('WATCH_EVERY', '5s', '5m', '15s or 1m').prefault('15s'),
  WATCH_LEVELS: levels.prefault(''),
  WATCH_GROUP: people('WATCH_GROUP').optional(),
  WATCH_ESCALATE_AFTER: duration('WATCH_ESCALATE_AFTER', '10s', '1d', '3m').prefault('3m'),
  WATCH_PAGE_AFTER: duration('WATCH_PAGE_AFTER', '10s', '1d', '8m').prefault('8m'),
  PAGERDUTY_ROUTING_KEY: z
    .string()
    .regex(/^[A-Za-z0-9]{32}$/, {
      error: 'PAGERDUTY_ROUTING_KEY: expected the integration key of Events API v2, 32 letters and digits',
    })
    .optional(),
  PAGERDUTY_API_URL: outsideUrl('PAGERDUTY_API_URL').default('https://events.pagerduty.com'),
  ALERT_WEBHOOK_URL: outsideUrl('ALERT_WEBHOOK_URL').optional(),
  ALERT_WEBHOOK_SECRET: z
    .string()
    .regex(WEBHOOK_SECRET, {
      error: 'ALERT_WEBHOOK_SECRET: expected whsec_ and 24 to 64 random bytes in base64 (Standard Webhooks)',
    })
    .optional(),
  HEARTBEAT_URL: outsideUrl('HEARTBEAT_URL').optional(),
  WATCH_TRIPWIRE: z.stringbool({ error: 'WATCH_TRIPWIRE: expected true or false' }).prefault('false'),
  DIGEST_AT: digestClock.optional(),
};

type Given = Readonly<Record<string, string>>;

/** Faults of these settings in combination. */
export function watchFaults(given: Given, marginCall: Amount | undefined): string[] {
  const faults: string[] = [];
  const isGiven = (name: string) => given[name] !== undefined || given[`${name}_FILE`] !== undefined;
  if (isGiven('ALERT_WEBHOOK_URL') !== isGiven('ALERT_WEBHOOK_SECRET')) {
    faults.push('ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET belong together: one of them is missing');
  }
  const own = levels.safeParse(given.WATCH_LEVELS ?? '');
  if (marginCall !== undefined && own.success && own.data.some((level) => level.gte(marginCall))) {
    faults.push('WATCH_LEVELS: expected fractions below LTV_MARGIN_CALL, where a case begins');
  }
  return faults;
}

type WatchValues = z.output<z.ZodObject<typeof watchShape>>;

/** Null: the watch is off. */
export function watchSettings(
  settings: WatchValues,
  defaults: Pick<WatchSettings, 'channel' | 'group'>,
): WatchSettings | null {
  if (settings.WATCH === 'off') return null;
  const {
    PAGERDUTY_ROUTING_KEY: routingKey,
    ALERT_WEBHOOK_URL: url,
    ALERT_WEBHOOK_SECRET: secret,
  } = settings;
  return {
    channel: settings.WATCH_CHANNEL ?? defaults.channel,
    group: settings.WATCH_GROUP ?? defaults.group,
    everyMs: settings.WATCH_EVERY,
    levels: settings.WATCH_LEVELS,
    escalateAfterMs: settings.WATCH_ESCALATE_AFTER,
    pageAfterMs: settings.WATCH_PAGE_AFTER,
    hasTripwire: settings.WATCH_TRIPWIRE,
    digest: settings.DIGEST_AT ?? null,
    pagerDuty: routingKey === undefined ? null : { routingKey, apiUrl: settings.PAGERDUTY_API_URL },
    webhook: url === undefined || secret === undefined ? null : { url, secret },
    heartbeatUrl: settings.HEARTBEAT_URL ?? null,
  };
}
