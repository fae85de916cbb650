/** The one logger: JSON lines, redacted. Bolt logs through it, too. */
import { type DestinationStream, type Logger, pino } from 'pino';

/** Field names whose values never reach a log, at any of the depths that objects here have. */
const SECRET_FIELDS = [
  'token',
  'botToken',
  'appToken',
  'signingSecret',
  'apiKey',
  'secret',
  'signature',
  'passphrase',
  'password',
  'authorization',
  'response_url',
  'responseUrl',
  'cookie',
];

const REDACTED_PATHS = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]);

/** A second line of defence for secrets inside free text: error messages of libraries quote URLs and headers. */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/xox[a-z]-[A-Za-z0-9-]+/g, '[token]'],
  [/xapp-[A-Za-z0-9-]+/g, '[token]'],
  [/signature=[^\s&"']+/gi, 'signature=[removed]'],
  [/(rediss?:\/\/)[^\s/@"']*@/g, '$1[removed]@'],
  [/https:\/\/hooks\.slack\.com\/[^\s"']+/g, '[response url]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[private key]'],
];

export function withoutSecrets(text: string): string {
  return SECRET_TEXTS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}

export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { app: 'loandesk' },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACTED_PATHS, censor: '[removed]' },
      hooks: { streamWrite: withoutSecrets },
    },
    destination ?? pino.destination(1),
  );
}
