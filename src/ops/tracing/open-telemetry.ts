/**
 * The OpenTelemetry SDK: where spans go, and what of its troubles is told. Loaded only if traces are asked for
 * (start-tracing.ts). Registers nothing globally but the listener to its warnings.
 */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  type Sampler,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../../usecases/ports.ts';
import type { OpenTelemetrySettings } from './open-telemetry-settings.ts';
import { createOpenTelemetryTracer } from './open-telemetry-tracer.ts';
import type { Tracer } from './tracer.ts';

/** A collector that is away is one line of log in this time, not one a batch. */
const SAID_AT_MOST_EVERY_MS = 60_000;
/** ExportResultCode.SUCCESS of a package that is not imported for this one number. */
const DELIVERED = 0;

export interface OpenTelemetryParts {
  readonly version: string;
  readonly log: Log;
}

export function startOpenTelemetry(
  settings: OpenTelemetrySettings,
  { version, log }: OpenTelemetryParts,
): Tracer {
  listenToWarnings(log);
  const provider = new TracerProvider({
    resource: resourceOf(version),
    sampler: samplerOf(settings),
    spanProcessors: settings.exporters.map((name): SpanProcessor => {
      if (name === 'console') return new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() });
      return new BatchSpanProcessor({
        ...batchOf(settings),
        exporter: watched(new OTLPTraceExporter(), log),
      });
    }),
  });
  return {
    ...createOpenTelemetryTracer(provider.getTracer('loandesk', version)),
    // What could not be delivered has been told by the watched exporter.
    stop: () => provider.shutdown().catch(() => {}),
  };
}

/** OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win over ours. */
function resourceOf(version: string): Resource {
  const ours = { 'service.name': 'loandesk', 'service.version': version };
  const detectors = [serviceInstanceIdDetector, resourceAttributesEnvDetector, serviceNameEnvDetector];
  return defaultResource().merge(resourceFromAttributes(ours)).merge(detectResources({ detectors }));
}

function samplerOf({ sampler, samplingRatio }: OpenTelemetrySettings): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(samplingRatio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplingRatio) });
  }
}

/** Only what is set: the SDK's defaults bound the rest (2,048 spans wait at most, 512 go at once, every 5 s). */
function batchOf({ batch }: OpenTelemetrySettings) {
  return Object.fromEntries(Object.entries(batch).filter(([, value]) => value !== undefined));
}

/** Tells of what could not be delivered, now and then, and of the first delivery after that. */
function watched(exporter: SpanExporter, log: Log): SpanExporter {
  let lost = 0;
  let saidAtMs = Number.NEGATIVE_INFINITY;
  const failed = (spans: number, why: string) => {
    lost += spans;
    if (performance.now() - saidAtMs < SAID_AT_MOST_EVERY_MS) return;
    saidAtMs = performance.now();
    log.warn({ why, lostSpans: lost }, 'traces cannot be delivered; the bot goes on without');
  };
  const delivered = () => {
    if (lost > 0) log.info({ lostSpans: lost }, 'traces are delivered again');
    lost = 0;
    saidAtMs = Number.NEGATIVE_INFINITY;
  };
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === DELIVERED) delivered();
        else failed(spans.length, reasonOf(result.error));
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

/** A code, never a message: those of collectors and of HTTP libraries may quote headers and addresses. */
function reasonOf(error: Error | undefined): string {
  if (error === undefined) return 'unknown';
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return `HTTP ${code}`;
  return typeof code === 'string' ? code : error.name;
}

/** Mistakes in its variables, and spans it had to drop. Only up to the first value: headers hold tokens. */
function listenToWarnings(log: Log): void {
  const saidAtMs = new Map<string, number>();
  const silent = () => {};
  const warn = (message: string) => {
    const [text = ''] = message.split(/['"({\d]/, 1);
    if (performance.now() - (saidAtMs.get(text) ?? Number.NEGATIVE_INFINITY) < SAID_AT_MOST_EVERY_MS) return;
    saidAtMs.set(text, performance.now());
    log.warn({ warning: text }, 'OpenTelemetry warns');
  };
  diag.setLogger(
    { error: silent, warn, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
