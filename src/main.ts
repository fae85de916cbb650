/** The entry: reads the settings, starts the app, stops it on a signal. (check-node.mjs runs before it.) */
import { enableCompileCache } from 'node:module';

/** sysexits(3): EX_CONFIG. */
const EXIT_BAD_SETTINGS = 78;
const DRAIN_WITHIN_MS = 10_000;
/** A reader of the log that stands still does not keep the process. */
const LOG_WITHIN_MS = 500;

// Compiled code is kept between starts.
enableCompileCache();

const { ConfigFaults, loadConfig } = await import('./settings/config.ts');
const { createLogger } = await import('./ops/logger.ts');

try {
  const config = loadConfig();
  const log = createLogger(config.logLevel);
  const { createApp } = await import('./app.ts');
  const app = await createApp(config, log);

  const exit = (status: number) => {
    setTimeout(() => process.exit(status), LOG_WITHIN_MS);
    log.flush(() => process.exit(status));
  };

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), DRAIN_WITHIN_MS).unref();
    app.stop().then(
      () => exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the stop failed');
        exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => void app.reloadAccounts());
  process.on('unhandledRejection', (error) => {
    // Libraries reject where nobody listens (Bolt's sockets do); the process lives, the log tells.
    log.error({ err: error }, 'a rejection nobody handled');
  });

  await app.start();
} catch (error) {
  if (!(error instanceof ConfigFaults)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(EXIT_BAD_SETTINGS);
}
