/** Bolt's and WebClient's log lines, through ours. Their debug lines hold whole bodies, so those are dropped. */
import { type Logger, LogLevel } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import { redact } from './redaction.ts';

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
