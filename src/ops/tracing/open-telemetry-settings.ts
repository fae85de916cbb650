/**
 * Whether traces are asked for, and the variables that decide before OpenTelemetry is loaded or that its tracing SDK
 * leaves to its caller (only its large Node bundle reads those). Endpoints, headers, certificates, time limits,
 * compression, the service's name and the resource's attributes are read by the SDK's own packages.
 *
 * Nothing here stops a start: what cannot be understood is warned of, without its value, and has its default.
 */

const EXPORTERS = ['otlp', 'console'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export type TraceExporter = (typeof EXPORTERS)[number];
export type TraceSampler = (typeof SAMPLERS)[number];

export interface OpenTelemetrySettings {
  /** Empty: no traces. */
  readonly exporters: readonly TraceExporter[];
  readonly sampler: TraceSampler;
  /** 0 to 1, for the samplers that take one. */
  readonly samplingRatio: number;
  /** Undefined: the SDK's default. */
  readonly batch: {
    readonly maxQueueSize: number | undefined;
    readonly maxExportBatchSize: number | undefined;
    readonly scheduledDelayMillis: number | undefined;
    readonly exportTimeoutMillis: number | undefined;
  };
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

export function readOpenTelemetrySettings(environment: Environment): OpenTelemetrySettings {
  const warnings: string[] = [];
  /** An empty variable counts as absent. */
  const given = (name: string): string | undefined => environment[name]?.trim() || undefined;

  function wantedExporters(): TraceExporter[] {
    if (given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return [];
    const named = given('OTEL_TRACES_EXPORTER');
    if (named === undefined) {
      const endpoint = given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? given('OTEL_EXPORTER_OTLP_ENDPOINT');
      return endpoint === undefined ? [] : ['otlp'];
    }
    const names = named.split(',').map((name) => name.trim());
    if (names.includes('none')) return [];
    if (names.some((name) => !isOneOf(EXPORTERS, name)))
      warnings.push('OTEL_TRACES_EXPORTER: expected otlp, console or none; what else it names is left out');
    return EXPORTERS.filter((name) => names.includes(name));
  }

  function wantedSampler(): TraceSampler {
    const name = given('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
    if (isOneOf(SAMPLERS, name)) return name;
    warnings.push(`OTEL_TRACES_SAMPLER: expected one of ${SAMPLERS.join(', ')}; everything is sampled`);
    return 'parentbased_always_on';
  }

  function ratioFor(sampler: TraceSampler): number {
    if (!sampler.endsWith('traceidratio')) return 1;
    const ratio = Number(given('OTEL_TRACES_SAMPLER_ARG') ?? Number.NaN);
    if (ratio >= 0 && ratio <= 1) return ratio;
    warnings.push('OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1; everything is sampled');
    return 1;
  }

  function count(name: string): number | undefined {
    const text = given(name);
    if (text === undefined) return undefined;
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
    warnings.push(`${name}: expected a whole number above 0; the default is used`);
    return undefined;
  }

  const exporters = wantedExporters();
  if (exporters.length === 0) return { ...OFF, warnings };
  const protocol = given('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? given('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (exporters.includes('otlp') && protocol !== undefined && protocol !== 'http/protobuf')
    warnings.push('OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is there, and it is what is used');
  const sampler = wantedSampler();
  return {
    exporters,
    sampler,
    samplingRatio: ratioFor(sampler),
    batch: {
      maxQueueSize: count('OTEL_BSP_MAX_QUEUE_SIZE'),
      maxExportBatchSize: count('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
      scheduledDelayMillis: count('OTEL_BSP_SCHEDULE_DELAY'),
      exportTimeoutMillis: count('OTEL_BSP_EXPORT_TIMEOUT'),
    },
    warnings,
  };
}

const OFF: Omit<OpenTelemetrySettings, 'warnings'> = {
  exporters: [],
  sampler: 'parentbased_always_on',
  samplingRatio: 1,
  batch: {
    maxQueueSize: undefined,
    maxExportBatchSize: undefined,
    scheduledDelayMillis: undefined,
    exportTimeoutMillis: undefined,
  },
};

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return names.some((known) => known === name);
}
