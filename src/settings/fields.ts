/** The forms that several settings have. No message repeats a value, which may be a secret. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { type Amount, parseAmount } from '../domain/amount.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== ''),
);
export const PERSON_OR_GROUP = /^[UWS][A-Z0-9]{2,}$/;
export const CHANNEL = /^[CG][A-Z0-9]{2,}$/;

export const people = (name: string) =>
  list.refine((ids) => ids.length > 0 && ids.every((id) => PERSON_OR_GROUP.test(id)), {
    error: `${name}: expected Slack user ids (U…, W…) and user-group ids (S…), separated by commas`,
  });

const beginsWith = (schemes: readonly string[], text: string) =>
  URL.canParse(text) && schemes.some((scheme) => text.toLowerCase().startsWith(scheme));

/** The base URL of a web API. No credentials: they would end up in error messages. */
export const apiUrl = (name: string) =>
  z
    .string()
    .refine((text) => beginsWith(['https://', 'http://'], text), {
      error: `${name}: expected a URL that begins with https:// or http://`,
      abort: true,
    })
    .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
      error: `${name}: expected a URL without user and password`,
    });

/** For what leaves Slack: it may name units, and the URL itself may be a secret. Plain HTTP goes to this machine only. */
export const outsideUrl = (name: string) =>
  apiUrl(name).refine((text) => isEncryptedOrLocal(new URL(text)), {
    error: `${name}: expected a URL that begins with https://`,
  });

function isEncryptedOrLocal({ protocol, hostname }: URL): boolean {
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  return protocol === 'https:' || isLocal;
}

/** Ends a message about a URL that holds a user and a password. */
export const PERCENT_ENCODED =
  'special characters in user and password percent-encoded (% as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23)';

/** redis-settings.ts checks the rest, together with related settings. */
export const redisUrl = z.string().refine((text) => beginsWith(['redis://', 'rediss://'], text), {
  error: `REDIS_URL: expected a URL that begins with redis:// or rediss://, ${PERCENT_ENCODED}`,
});

/** Node takes an IPv6 address without the brackets used in URLs. */
export const host = z
  .string()
  .transform((text) => text.replace(/^\[(.*)\]$/, '$1'))
  .refine((text) => isIP(text) !== 0 || /^[A-Za-z0-9_.-]+$/.test(text), {
    error:
      'HOST: expected an address or a name alone, such as 127.0.0.1, 0.0.0.0 or ::1 (the port has a setting of its own)',
  });

export const slackToken = (name: string, what: string, begin: string) =>
  z.string(missing(name, `the ${what} of the Slack app (${begin}…)`)).regex(new RegExp(`^${begin}[\\w-]+$`), {
    error: `${name}: expected ${begin === 'xapp-' ? 'an' : 'a'} ${what}, which begins with ${begin}, and nothing else`,
  });

export const fraction = (name: string) =>
  z.string().transform((text, context): Amount => {
    const value = parseAmount(text);
    if (value?.gt('0') && value.lt('1')) return value;
    context.addIssue({
      code: 'custom',
      message: `${name}: expected a fraction between 0 and 1, such as 0.85`,
    });
    return z.NEVER;
  });

const UNITS_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** From `least` to `most`, both as they are written: `1m`, `7d`. */
export const duration = (name: string, least = '1m', most = '7d', examples = '90m or 4h') => {
  const message = `${name}: expected a time from ${least} to ${most}, such as ${examples}`;
  return z.string({ error: message }).transform((text, context): number => {
    const milliseconds = millisecondsIn(text.trim());
    if (milliseconds >= millisecondsIn(least) && milliseconds <= millisecondsIn(most)) return milliseconds;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
};

/** NaN: not written as a whole number and s, m, h or d. */
function millisecondsIn(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  return match ? Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 0) : Number.NaN;
}

export const hostPorts = (name: string) =>
  list.transform((entries, context): HostPort[] =>
    entries.map((entry) => {
      const match = /^\[?([^\s[\]]+?)\]?:(\d{1,5})$/.exec(entry);
      if (match?.[1] && Number(match[2]) <= 65_535) return { host: match[1], port: Number(match[2]) };
      context.addIssue({ code: 'custom', message: `${name}: expected host:port, separated by commas` });
      return z.NEVER;
    }),
  );

export const wholeNumber = (name: string, least: number, most: number) =>
  z.string().transform((text, context): number => {
    if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    context.addIssue({
      code: 'custom',
      message: `${name}: expected a whole number from ${least} to ${most}`,
    });
    return z.NEVER;
  });

export const missing = (name: string, what: string) => ({ error: `${name} is missing: ${what}` });

/** Clients decode user and password, and throw where a % is not the beginning of an encoded byte. */
export function hasReadableCredentials({ username, password }: URL): boolean {
  return isDecodable(username) && isDecodable(password);
}

function isDecodable(text: string): boolean {
  try {
    // Without using the result, the bundler would drop the call.
    return decodeURIComponent(text).length <= text.length;
  } catch {
    return false;
  }
}

/** An unencoded `?`, `#` or `/` in a password ends it early, and the rest appears here. */
export function hasNothingAfterHost({ pathname, search, hash }: URL): boolean {
  return (pathname === '' || pathname === '/') && search === '' && hash === '';
}
