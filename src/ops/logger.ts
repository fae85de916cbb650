/**
 * The one logger: JSON lines that carry what ties them together, redacted by the names of fields at any depth (by shape:
 * shared/secret-text.ts). Bolt logs through it, too.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutSecrets } from '../shared/secret-text.ts';
import type { Log } from '../usecases/ports.ts';
import { LogOutput } from './log-output.ts';

/** Without `child`: pino would not clean what a child repeats. */
export type CleanLogger = Pick<
  Logger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'flush' | 'level' | 'isLevelEnabled'
>;

/** Logs to standard output, or to `destination`. */
export function createLogger(level: string, destination: DestinationStream = new LogOutput()): CleanLogger {
  return pino(
    {
      level,
      base: { app: 'loandesk' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: withoutSecretFields },
      // Errors are made plain above, wherever they stand.
      serializers: { err: (error: unknown) => error },
      hooks: { streamWrite: withoutSecrets },
    },
    destination,
  );
}

/** The log of a process: it says by itself when lines could not be written for a while. */
export function createProcessLogger(level: string, output: LogOutput): CleanLogger {
  const logger = createLogger(level, output);
  output.onRecovered = (lost) => logger.warn({ lost }, 'log output recovered');
  return logger;
}

export interface CorrelationFields {
  /** Of one interaction or one background round; shown to people when something unexpected happens. */
  readonly reference?: string;
  readonly requestId?: string;
}

export class Correlation {
  readonly #storage = new AsyncLocalStorage<CorrelationFields>();
  readonly #more: () => object;

  /** `more`: further fields for every line, asked when it is written. */
  constructor(more: () => object = () => ({})) {
    this.#more = more;
  }

  /** Runs `work`; whatever it starts, awaited or not, has these fields and those around it. */
  within<Value>(fields: CorrelationFields, work: () => Value): Value {
    return this.#storage.run({ ...this.#storage.getStore(), ...fields }, work);
  }

  get fields(): CorrelationFields {
    return { ...this.#storage.getStore(), ...this.#more() };
  }

  /** The same log, its lines with the fields in force; a line's own fields win. */
  log(log: Log): Log {
    return {
      debug: (fields, message) => log.debug({ ...this.fields, ...fields }, message),
      info: (fields, message) => log.info({ ...this.fields, ...fields }, message),
      warn: (fields, message) => log.warn({ ...this.fields, ...fields }, message),
      error: (fields, message) => log.error({ ...this.fields, ...fields }, message),
    };
  }
}

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
  'routingKey',
  'routing_key',
  'heartbeatUrl',
  'webhook-signature',
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

/** An error as its stack and those of its causes; what libraries hang on their errors (arguments, URLs) is left out. */
export function errorText(error: unknown): string {
  const stacks: string[] = [];
  for (let each = error; each !== undefined && stacks.length < DEEPEST; ) {
    stacks.push(each instanceof Error ? (each.stack ?? String(each)) : String(each));
    each = each instanceof Error ? each.cause : undefined;
  }
  return withoutSecrets(stacks.join('\ncaused by '));
}
