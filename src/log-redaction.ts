/** What keeps secrets out of every log line: by the name of a field, at any depth, and by their shape in free text. */
import { pino } from 'pino';

/** Field names whose values never reach a log. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
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
]);

const REMOVED = '[removed]';

/** Nothing that is logged here is deeper; a library's error that drags its sockets along is, and goes in circles. */
const DEEPEST = 8;

/** A copy of the fields as JSON would show them, secret ones replaced. */
export function withoutSecretFields(fields: object): Record<string, unknown> {
  return cleanFields({ ...fields }, 0);
}

/** Changes `fields`, which is a copy. */
function cleanFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (SECRET_FIELDS.has(name) && value !== undefined) fields[name] = REMOVED;
    else if (typeof value === 'object' && value !== null) fields[name] = cleanValue(value, depth + 1);
  }
  return fields;
}

function cleanValue(value: object, depth: number): unknown {
  if (depth > DEEPEST) return '[too deep]';
  // With its type, message, stack and causes; JSON would show only what was hung on it.
  if (value instanceof Error) return cleanFields({ ...pino.stdSerializers.err(value) }, depth);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const shown: unknown = value.toJSON();
    return typeof shown === 'object' && shown !== null ? cleanValue(shown, depth + 1) : shown;
  }
  if (!Array.isArray(value)) return cleanFields({ ...value }, depth);
  return value.map((each: unknown) =>
    typeof each === 'object' && each !== null ? cleanValue(each, depth + 1) : each,
  );
}

/** Secrets inside free text: error messages of libraries quote URLs and headers. */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/xox[a-z]-[A-Za-z0-9-]+/g, '[token]'],
  [/xapp-[A-Za-z0-9-]+/g, '[token]'],
  [/signature=[^\s&"']+/gi, 'signature=[removed]'],
  [/(rediss?:\/\/)[^\s/@"']*@/g, '$1[removed]@'],
  [/https:\/\/hooks\.slack\.com\/[^\s"']+/g, '[response url]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[private key]'],
];

/** One look for what begins each of them: most lines hold none. */
const MAY_HOLD_SECRETS = /xox|xapp-|signature=|rediss?:\/\/|hooks\.slack|PRIVATE KEY/i;

export function withoutSecrets(text: string): string {
  if (!MAY_HOLD_SECRETS.test(text)) return text;
  return SECRET_TEXTS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}
