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

/** Nothing that is logged here is deeper or larger; a library's error that drags its sockets along is both. */
const DEEPEST = 8;
const MOST_VALUES = 2_000;

/** A copy of the fields as JSON would show them, secret ones replaced. Never throws: a log call must not fail. */
export function withoutSecretFields(fields: object): Record<string, unknown> {
  try {
    return new Cleaning().fields(fields, 0);
  } catch (error) {
    return { unloggable: error instanceof Error ? error.message : String(error) };
  }
}

class Cleaning {
  #left = MOST_VALUES;

  fields(given: object, depth: number): Record<string, unknown> {
    const fields: Record<string, unknown> = { ...given };
    for (const name of Object.keys(fields)) {
      const value = fields[name];
      if (SECRET_FIELDS.has(name) && value !== undefined) fields[name] = REMOVED;
      else if (typeof value === 'object' && value !== null) fields[name] = this.#value(value, depth + 1);
    }
    return fields;
  }

  #value(value: object, depth: number): unknown {
    this.#left -= 1;
    if (depth > DEEPEST) return '[too deep]';
    if (this.#left < 0) return '[too much]';
    // With its type, message, stack and causes; JSON would show only what was hung on it.
    if (value instanceof Error) return this.fields(pino.stdSerializers.err(value), depth);
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const shown: unknown = value.toJSON();
      return typeof shown === 'object' && shown !== null ? this.#value(shown, depth + 1) : shown;
    }
    if (!Array.isArray(value)) return this.fields(value, depth);
    return value.map((each: unknown) =>
      typeof each === 'object' && each !== null ? this.#value(each, depth + 1) : each,
    );
  }
}

/**
 * Secrets inside free text: error messages of libraries quote URLs and headers. Lines are cleaned as they are written,
 * in JSON, so none of these may eat a backslash or a quotation mark.
 */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  // First, so that nothing else takes its beginning away.
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^"]*?-----END [A-Z ]*PRIVATE KEY-----|(?:[^"\\]|\\n)*)/g,
    '[private key]',
  ],
  [/xox[a-z]-[A-Za-z0-9-]+/g, '[token]'],
  [/xapp-[A-Za-z0-9-]+/g, '[token]'],
  [/signature=[^\s&"'\\]+/gi, 'signature=[removed]'],
  // User and password of any URL, up to the last @: an unencoded password may hold slashes and more of them.
  [/(:\/\/)[^\s"'\\]*@/g, '$1[removed]@'],
  [/https:\/\/hooks\.slack\.com\/[^\s"'\\]+/g, '[response url]'],
];

/** One look for what begins each of them: most lines hold none. */
const MAY_HOLD_SECRETS = /xox|xapp-|signature=|:\/\/|PRIVATE KEY/i;

export function withoutSecrets(text: string): string {
  if (!MAY_HOLD_SECRETS.test(text)) return text;
  return SECRET_TEXTS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}

/** An error as its stack and those of its causes; what libraries hang on their errors (arguments, URLs) is left out. */
export function errorText(error: unknown): string {
  const stacks: string[] = [];
  for (let each = error; each !== undefined && stacks.length < DEEPEST; ) {
    stacks.push(each instanceof Error ? (each.stack ?? String(each)) : String(each));
    each = each instanceof Error ? each.cause : undefined;
  }
  return withoutSecrets(stacks.join('\ncaused by '));
}
