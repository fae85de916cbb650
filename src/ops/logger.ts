/** The one logger: JSON lines, redacted. Bolt logs through it, too. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutSecretFields, withoutSecrets } from './log-redaction.ts';

/** A reader of the log that stands still must not stop the bot, nor fill its memory: beyond this, lines are lost. */
const UNWRITTEN_AT_MOST_BYTES = 32 * 1024 * 1024;
const WRITE_FROM_BYTES = 8 * 1024;

/** Without `child`: pino would not clean what a child repeats. */
export type CleanLogger = Pick<
  Logger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'flush' | 'level' | 'isLevelEnabled'
>;

export function createLogger(level: string, destination: DestinationStream = standardOutput()): CleanLogger {
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

/** How long a line may wait for others, so that one write takes them together: a write costs more than an ack. */
const WRITE_AFTER_MS = 10;

/** Written in the background, so that no ack waits for whoever reads the log; the rest is written at the exit. */
function standardOutput(): DestinationStream & { flush(callback: () => void): void } {
  const output = pino.destination({
    dest: 1,
    sync: false,
    minLength: WRITE_FROM_BYTES,
    maxLength: UNWRITTEN_AT_MOST_BYTES,
  });
  let unwritten = 0;
  let lost = 0;
  output.on('write', (bytes: number) => {
    unwritten -= bytes;
  });
  output.on('drop', (line: string) => {
    unwritten -= Buffer.byteLength(line);
    lost += 1;
  });
  output.on('drain', () => {
    // A flush does nothing while a write is under way: what came in meanwhile would wait for the next line.
    if (unwritten > 0) output.flush();
    if (lost === 0) return;
    process.stderr.write(`loandesk: ${lost} log lines were lost, because what reads the log stood still\n`);
    lost = 0;
  });
  let due = false;
  const flush = (callback: () => void): void => {
    if (unwritten <= 0) {
      callback();
      return;
    }
    output.once('drain', () => flush(callback));
    output.flush();
  };
  return {
    /** Calls back when everything that was logged is out. */
    flush,
    write(line) {
      unwritten += Buffer.byteLength(line);
      output.write(line);
      if (due) return;
      due = true;
      setTimeout(() => {
        due = false;
        output.flush();
      }, WRITE_AFTER_MS).unref();
    },
  };
}
