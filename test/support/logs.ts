/**
 * Logs for parts that are built without the production logger. What they are told is also printed by that logger, to
 * nowhere: `test/support/leaks` hears it as it would be printed. No test makes a log of its own.
 */
import { inspect } from 'node:util';
import { createLogger } from '../../src/ops/logger.ts';
import type { Log } from '../../src/usecases/ports.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

export function keepingLog(keep: (line: LogLine) => void): Log {
  const printer = createLogger('debug', { write() {} });
  const tell = (level: LogLine['level']) => (fields: object, message: string) => {
    printer[level](fields, message);
    keep({ level, fields, message });
  };
  return { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };
}

export const QUIET: Log = keepingLog(() => {});

/** Keeps every line as it was told. */
export function memoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { ...keepingLog((line) => lines.push(line)), lines };
}

/** Keeps every line as a person or a log collector would see it if nothing were struck out. */
export function capturingLog(): Log & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  const keep = ({ level, fields, message }: LogLine) =>
    lines.push(`${level} ${message} ${JSON.stringify(fields)} ${inspect(fields, { depth: 10 })}`);
  return { ...keepingLog(keep), lines };
}
