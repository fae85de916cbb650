/** Keeps tokens and URLs (a response_url is a secret) out of all log lines, Bolt's included. */
import { type Logger, LogLevel } from '@slack/bolt';
import { withoutSecrets } from '../shared/secret-text.ts';
import type { Log } from '../usecases/ports.ts';

export function redact(text: string): string {
  // Secrets first: a password may hold what ends a URL in a sentence.
  return withoutSecrets(text).replace(/https?:\/\/[^\s"'<>)]+/g, '[url]');
}

/** An unexpected error as fields for the log: the chain of causes, without secrets. */
export function errorFields(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { thrown: redact(String(error)) };
  return {
    name: error.name,
    message: redact(error.message),
    stack: redact(error.stack ?? ''),
    ...(error.cause === undefined || depth >= 3 ? {} : { cause: errorFields(error.cause, depth + 1) }),
  };
}

function joined(parts: readonly unknown[]): string {
  return redact(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
}

export function boltLogger(log: Log): Logger {
  const fields = { part: 'slack-sdk' };
  return {
    debug: () => {},
    info: (...parts) => log.debug(fields, joined(parts)),
    warn: (...parts) => log.warn(fields, joined(parts)),
    error: (...parts) => log.error(fields, joined(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
