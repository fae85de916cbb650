/** The entry point: reads the settings, starts the app, stops it on a signal. check-node.mjs runs before it. */
import { enableCompileCache } from 'node:module';

/** sysexits(3): EX_CONFIG. */
const EXIT_BAD_SETTINGS = 78;
const EXIT_FAILED = 1;
const DRAIN_WITHIN_MS = 10_000;

enableCompileCache();

const { ConfigFaults, loadConfig } = await import('./settings/config.ts');
const { LogOutput } = await import('./ops/log-output.ts');
const { createProcessLogger } = await import('./ops/logger.ts');
const { errorText } = await import('./ops/logger.ts');

const output = new LogOutput();

/** Node's own report would print what libraries hang on their errors, such as a URL with its password. */
function endWith(error: unknown): void {
  process.stderr.write(error instanceof ConfigFaults ? `${error.message}\n` : `${errorText(error)}\n`);
  output.endProcess(error instanceof ConfigFaults ? EXIT_BAD_SETTINGS : EXIT_FAILED);
}

try {
  const config = loadConfig();
  const log = createProcessLogger(config.logLevel, output);
  process.on('uncaughtException', (error) => {
    // Not to standard error: a reader of both that has stopped would hold the process here.
    log.fatal({ error: errorText(error) }, 'uncaught exception');
    output.endProcess(EXIT_FAILED);
  });
  const { createApp } = await import('./app.ts');
  const app = await createApp(config, log, { logState: () => output.state() });

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => output.endProcess(EXIT_FAILED, 0), DRAIN_WITHIN_MS).unref();
    app.stop().then(
      () => output.endProcess(0),
      (error: unknown) => {
        log.error({ err: error }, 'stop failed');
        output.endProcess(EXIT_FAILED);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => void app.reloadFiles());
  process.on('unhandledRejection', (error) => {
    // Some libraries reject without a handler (Bolt's sockets do): log it and keep running.
    log.error({ err: error }, 'unhandled rejection');
  });

  await app.start();
} catch (error) {
  endWith(error);
}
