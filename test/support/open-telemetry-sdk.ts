/**
 * An OpenTelemetry SDK as an operator preloads one. It sends to OTEL_EXPORTER_OTLP_ENDPOINT; its context manager is the
 * least that `@opentelemetry/api` asks for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { AlwaysOffSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** In place of another; `context.disable()` takes it away. */
export function registerContextManager(): void {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...given) =>
      storage.run(active, () => Reflect.apply(work, self, given) as ReturnType<typeof work>),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  context.disable();
  context.setGlobalContextManager(manager);
}

/** In place of another one of this process. `delayMs`: how long an ended span may wait for others. */
export function startSdk(delayMs: number): TracerProvider {
  registerContextManager();
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  const provider = new TracerProvider({
    resource: defaultResource().merge(detectResources({ detectors })),
    ...(process.env.OTEL_TRACES_SAMPLER === 'always_off' && { sampler: new AlwaysOffSampler() }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: delayMs }),
    ],
  });
  trace.disable();
  trace.setGlobalTracerProvider(provider);
  return provider;
}
