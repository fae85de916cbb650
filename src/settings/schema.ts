/** What each setting must look like, its default, and what is said when it does not. No message repeats a value. */
import { z } from 'zod';
import { type Amount, parseAmount } from '../domain/amount.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== ''),
);
const PERSON_OR_GROUP = /^[UWS][A-Z0-9]{2,}$/;
const CHANNEL = /^[CG][A-Z0-9]{2,}$/;

const people = (name: string) =>
  list.refine((ids) => ids.length > 0 && ids.every((id) => PERSON_OR_GROUP.test(id)), {
    error: `${name}: expected Slack user ids (U…, W…) and user-group ids (S…), separated by commas`,
  });

const url = (name: string, schemes: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `${name}: expected a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  });

const fraction = (name: string) =>
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
const LONGEST_LIFETIME_MS = 7 * 86_400_000;

const duration = (name: string) =>
  z.string().transform((text, context): number => {
    const match = /^(\d{1,6})([smhd])$/.exec(text.trim());
    const milliseconds = match ? Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 0) : 0;
    if (milliseconds >= 60_000 && milliseconds <= LONGEST_LIFETIME_MS) return milliseconds;
    context.addIssue({
      code: 'custom',
      message: `${name}: expected a time from 1m to 7d, such as 90m or 4h`,
    });
    return z.NEVER;
  });

const hostPorts = (name: string) =>
  list.transform((entries, context): HostPort[] =>
    entries.map((entry) => {
      const match = /^\[?([^\s[\]]+?)\]?:(\d{1,5})$/.exec(entry);
      if (match?.[1] && Number(match[2]) <= 65_535) return { host: match[1], port: Number(match[2]) };
      context.addIssue({ code: 'custom', message: `${name}: expected host:port, separated by commas` });
      return z.NEVER;
    }),
  );

const auditKey = z.string().transform((text, context): Uint8Array => {
  const trimmed = text.trim();
  const isHex = /^(?:[0-9a-fA-F]{2})+$/.test(trimmed);
  const bytes = Buffer.from(trimmed, isHex ? 'hex' : 'base64');
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed);
  if ((isHex || isBase64) && bytes.length >= 32) return new Uint8Array(bytes);
  context.addIssue({
    code: 'custom',
    message: 'AUDIT_KEY: expected at least 32 random bytes in hex or base64 (openssl rand -hex 32)',
  });
  return z.NEVER;
});

const wholeNumber = (name: string, least: number, most: number) =>
  z.string().transform((text, context): number => {
    if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    context.addIssue({
      code: 'custom',
      message: `${name}: expected a whole number from ${least} to ${most}`,
    });
    return z.NEVER;
  });

const missing = (name: string, what: string) => ({ error: `${name} is missing: ${what}` });

/** Every setting by itself; what only several of them show is checked in config.ts. */
export const schema = z.object({
  SLACK_BOT_TOKEN: z
    .string(missing('SLACK_BOT_TOKEN', 'the bot token of the Slack app (xoxb-…)'))
    .startsWith('xoxb-', { error: 'SLACK_BOT_TOKEN: expected a bot token, which begins with xoxb-' }),
  SLACK_SIGNING_SECRET: z
    .string()
    .min(16, { error: 'SLACK_SIGNING_SECRET: too short to be a signing secret' })
    .optional(),
  SLACK_APP_TOKEN: z
    .string()
    .startsWith('xapp-', { error: 'SLACK_APP_TOKEN: expected an app token, which begins with xapp-' })
    .optional(),
  SLACK_API_URL: url('SLACK_API_URL', ['https:', 'http:']).default('https://slack.com/api/'),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber('PORT', 0, 65_535).prefault('3000'),
  REDIS_URL: url('REDIS_URL', ['redis:', 'rediss:']).optional(),
  REDIS_SENTINELS: hostPorts('REDIS_SENTINELS').optional(),
  REDIS_SENTINEL_NAME: z.string().optional(),
  REDIS_SENTINEL_USERNAME: z.string().optional(),
  REDIS_SENTINEL_PASSWORD: z.string().optional(),
  REDIS_CLUSTER_NODES: hostPorts('REDIS_CLUSTER_NODES').optional(),
  REDIS_TLS_CA_FILE: z.string().optional(),
  REDIS_TLS_SERVER_NAME: z.string().optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,64}$/, {
      error: 'REDIS_PREFIX: expected up to 64 letters, digits and _ . : -',
    })
    .default('loandesk'),
  REDIS_MAY_FORGET: z.stringbool({ error: 'REDIS_MAY_FORGET: expected true or false' }).prefault('false'),
  REDIS_WAIT_REPLICAS: wholeNumber('REDIS_WAIT_REPLICAS', 0, 9).prefault('0'),
  BINANCE_API_URL: url('BINANCE_API_URL', ['https:', 'http:']).default('https://api.binance.com'),
  BINANCE_ACCOUNTS_FILE: z.string(
    missing('BINANCE_ACCOUNTS_FILE', 'the JSON file with the accounts and their keys'),
  ),
  BINANCE_KEY_PASSPHRASE: z.string().optional(),
  CLOSE_CHANNEL: z
    .string(missing('CLOSE_CHANNEL', 'the id of the approvals channel (C…)'))
    .regex(CHANNEL, { error: 'CLOSE_CHANNEL: expected a channel id (C… or G…), not a name' }),
  ALLOWED_CHANNELS: list
    .refine((ids) => ids.every((id) => CHANNEL.test(id)), {
      error: 'ALLOWED_CHANNELS: expected channel ids (C…, G…), separated by commas',
    })
    .prefault(''),
  AUDIT_CHANNEL: z
    .string()
    .regex(CHANNEL, { error: 'AUDIT_CHANNEL: expected a channel id (C… or G…)' })
    .optional(),
  CLOSE_REQUESTERS: z
    .string(missing('CLOSE_REQUESTERS', 'who may ask for a close'))
    .pipe(people('CLOSE_REQUESTERS')),
  CLOSE_APPROVERS: z
    .string(missing('CLOSE_APPROVERS', 'who may approve a close'))
    .pipe(people('CLOSE_APPROVERS')),
  VIEWERS: z.union([z.literal('*'), people('VIEWERS')]).optional(),
  CLOSE_QUORUM: wholeNumber('CLOSE_QUORUM', 1, 20).prefault('2'),
  CLOSE_REQUESTER_MAY_APPROVE: z
    .stringbool({ error: 'CLOSE_REQUESTER_MAY_APPROVE: expected true or false' })
    .prefault('false'),
  CLOSE_EXPIRES: duration('CLOSE_EXPIRES').prefault('4h'),
  CLOSE_MODE: z.enum(['live', 'dry-run'], { error: 'CLOSE_MODE: expected live or dry-run' }).default('live'),
  CLOSE_SAME_PERSON: list
    .transform((groups) => groups.map((group) => group.split('=').map((id) => id.trim())))
    .refine(
      (groups) => groups.every((ids) => ids.length > 1 && ids.every((id) => /^[UW][A-Z0-9]{2,}$/.test(id))),
      {
        error:
          'CLOSE_SAME_PERSON: expected accounts of one person joined by =, people separated by commas (U1=U2,U3=U4)',
      },
    )
    .prefault(''),
  LTV_INITIAL: fraction('LTV_INITIAL').prefault('0.80'),
  LTV_TRANSFER_OUT: fraction('LTV_TRANSFER_OUT').prefault('0.83'),
  LTV_MARGIN_CALL: fraction('LTV_MARGIN_CALL').prefault('0.85'),
  LTV_LIQUIDATION: fraction('LTV_LIQUIDATION').prefault('0.90'),
  AUDIT_KEY: z
    .string(missing('AUDIT_KEY', 'at least 32 random bytes in hex or base64 (openssl rand -hex 32)'))
    .pipe(auditKey),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'LOG_LEVEL: expected a pino level: trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
});

export type Settings = z.output<typeof schema>;
