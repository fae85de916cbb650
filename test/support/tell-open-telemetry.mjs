/** Preloaded into a process: each module of OpenTelemetry that is loaded is a line on standard error. */
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    if (/opentelemetry|\/src\/ops\/tracing\/open-telemetry/.test(url)) writeSync(2, `loaded ${url}\n`);
    return next(url, context);
  },
});
