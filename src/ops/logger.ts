/** The one logger: JSON lines, redacted. Bolt logs through it, too. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutSecrets } from '../shared/secret-text.ts';
import { LogOutput } from './log-output.ts';
import { withoutSecretFields } from './log-redaction.ts';

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
