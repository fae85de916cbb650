/** Preloaded into a process: OpenTelemetry's packages are not there, as after `npm ci --omit=dev`. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    const ours = context.parentURL?.includes('/src/ops/tracing/') ?? false;
    if (!ours || !specifier.startsWith('@opentelemetry/') || specifier === '@opentelemetry/api')
      return next(specifier, context);
    const error = new Error(`Cannot find package '${specifier}' imported from ${context.parentURL}`);
    throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
  },
});
