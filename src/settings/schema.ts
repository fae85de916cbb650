/** Format, default and error message of each setting. No message repeats a value, which may be a secret. */
import { z } from 'zod';
import { PUBLISHED_THRESHOLDS } from '../domain/unit/risk-unit.ts';
import { closeDelay } from './close-rules-file.ts';
import {
  apiUrl,
  CHANNEL,
  duration,
  fraction,
  host,
  hostPorts,
  list,
  missing,
  people,
  redisUrl,
  slackToken,
  wholeNumber,
} from './fields.ts';
import { watchShape } from './watch-settings.ts';

const IS_HEX = /^(?:[0-9a-fA-F]{2})+$/;
const LEAST_KEY_BYTES = 32;

/** Null: neither hex nor base64, or too short. */
function keyBytes(text: string): Uint8Array | null {
  const isHex = IS_HEX.test(text);
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
  const bytes = Buffer.from(text, isHex ? 'hex' : 'base64');
  return (isHex || isBase64) && bytes.length >= LEAST_KEY_BYTES ? new Uint8Array(bytes) : null;
}

/** 32 random bytes have about 30 different values; fewer than this practically never happens. */
const LEAST_DIFFERENT_BYTES = 16;

/** Repeated or counting bytes, or words as base64, could be guessed. */
function isRegular(text: string, bytes: Uint8Array): boolean {
  const steps = bytes.slice(1).map((byte, index) => byte - (bytes[index] ?? 0));
  const isTyped = !IS_HEX.test(text) && (text === text.toLowerCase() || text === text.toUpperCase());
  return new Set(bytes).size < LEAST_DIFFERENT_BYTES || new Set(steps).size === 1 || isTyped;
}

const auditKey = z.string().transform((text, context): Uint8Array => {
  const bytes = keyBytes(text);
  if (bytes !== null && !isRegular(text, bytes)) return bytes;
  const message =
    bytes === null
      ? 'AUDIT_KEY: expected at least 32 random bytes in hex or base64 (openssl rand -hex 32)'
      : 'AUDIT_KEY: too regular to be random, so it could be guessed (openssl rand -hex 32)';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** Separated by commas or lines. Accepts keys that AUDIT_KEY would refuse, because old entries are sealed with them. */
const previousAuditKeys = z.string().transform((text, context): Uint8Array[] => {
  const keys = text
    .split(/[\s,]+/)
    .filter((each) => each !== '')
    .map(keyBytes);
  if (!keys.includes(null)) return keys.filter((key) => key !== null);
  context.addIssue({
    code: 'custom',
    message: 'AUDIT_KEY_PREVIOUS: expected former values of AUDIT_KEY, separated by commas',
  });
  return z.NEVER;
});

/** Each setting on its own; config.ts checks combinations. */
export const schema = z.object({
  SLACK_BOT_TOKEN: slackToken('SLACK_BOT_TOKEN', 'bot token', 'xoxb-'),
  SLACK_SIGNING_SECRET: z
    .string()
    .regex(/^[\w-]{16,}$/, {
      error:
        'SLACK_SIGNING_SECRET: expected the signing secret from “Basic Information”, 32 letters and digits',
    })
    .optional(),
  SLACK_APP_TOKEN: slackToken('SLACK_APP_TOKEN', 'app token', 'xapp-').optional(),
  SLACK_API_URL: apiUrl('SLACK_API_URL').default('https://slack.com/api/'),
  HOST: host.prefault('127.0.0.1'),
  PORT: wholeNumber('PORT', 0, 65_535).prefault('3000'),
  REDIS_URL: redisUrl.optional(),
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
  BINANCE_API_URL: apiUrl('BINANCE_API_URL').default('https://api.binance.com'),
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
    .string(missing('CLOSE_REQUESTERS', 'who may request a close'))
    .pipe(people('CLOSE_REQUESTERS')),
  CLOSE_APPROVERS: z
    .string(missing('CLOSE_APPROVERS', 'who may approve a close'))
    .pipe(people('CLOSE_APPROVERS')),
  CLOSE_NOTIFY: z
    .enum(['direct', 'channel'], { error: 'CLOSE_NOTIFY: expected direct or channel' })
    .default('direct'),
  VIEWERS: z.union([z.literal('*'), people('VIEWERS')]).optional(),
  CLOSE_QUORUM: wholeNumber('CLOSE_QUORUM', 1, 20).prefault('2'),
  CLOSE_REQUESTER_MAY_APPROVE: z
    .stringbool({ error: 'CLOSE_REQUESTER_MAY_APPROVE: expected true or false' })
    .prefault('false'),
  CLOSE_EXPIRES: duration('CLOSE_EXPIRES').prefault('4h'),
  CLOSE_DELAY: closeDelay('CLOSE_DELAY').prefault('0s'),
  CLOSE_RULES_FILE: z.string().optional(),
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
  LTV_INITIAL: fraction('LTV_INITIAL').default(PUBLISHED_THRESHOLDS.initial),
  LTV_TRANSFER_OUT: fraction('LTV_TRANSFER_OUT').default(PUBLISHED_THRESHOLDS.transferOut),
  LTV_MARGIN_CALL: fraction('LTV_MARGIN_CALL').default(PUBLISHED_THRESHOLDS.marginCall),
  LTV_LIQUIDATION: fraction('LTV_LIQUIDATION').default(PUBLISHED_THRESHOLDS.liquidation),
  AUDIT_KEY: z
    .string(missing('AUDIT_KEY', 'at least 32 random bytes in hex or base64 (openssl rand -hex 32)'))
    .pipe(auditKey),
  AUDIT_KEY_PREVIOUS: previousAuditKeys.prefault(''),
  ...watchShape,
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'LOG_LEVEL: expected a pino level: trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
});

export type Settings = z.output<typeof schema>;
